"""Structured JSON-lines logging for ML pipelines that can never stop the training."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .structured import Logger as Logger
    from .structured import configure as configure
    from .structured import get_logger as get_logger

__all__ = ["Logger", "__version__", "configure", "get_logger"]

_HOMES = {
    "Logger": "structured",
    "configure": "structured",
    "get_logger": "structured",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("ml-infra-logging")
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
