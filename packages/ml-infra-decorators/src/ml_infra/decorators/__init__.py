"""Retry and timer decorators that survive production ML, without dependencies."""

from .retry import retry
from .timing import timer

__all__ = ["__version__", "retry", "timer"]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("ml-infra-decorators")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
