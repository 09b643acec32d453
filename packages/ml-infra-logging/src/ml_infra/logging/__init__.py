"""Structured JSON-lines logging for ML pipelines that can never stop the training."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._redaction import Redactor as Redactor
    from .reading import Log as Log
    from .reading import read_log as read_log
    from .structured import Handle as Handle
    from .structured import Logger as Logger
    from .structured import Span as Span
    from .structured import carry_context as carry_context
    from .structured import configure as configure
    from .structured import context as context
    from .structured import get_logger as get_logger

# Where each name lives; looked up on first use, so that importing costs nothing.
_HOMES = {
    "Handle": "structured",
    "Log": "reading",
    "Logger": "structured",
    "Redactor": "_redaction",
    "Span": "structured",
    "carry_context": "structured",
    "configure": "structured",
    "context": "structured",
    "get_logger": "structured",
    "read_log": "reading",
}

__all__ = [
    "Handle",
    "Log",
    "Logger",
    "Redactor",
    "Span",
    "__version__",
    "carry_context",
    "configure",
    "context",
    "get_logger",
    "read_log",
]


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
