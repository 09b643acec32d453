"""Retry and timer decorators that survive production ML, without dependencies."""

from __future__ import annotations

from .retry import RetryBudget, RetryPolicy, is_out_of_memory, retry
from .timing import Timing, timer, timings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .retry import Failure as Failure
    from .retry import RetryEvent as RetryEvent

    __version__: str

__all__ = [
    "Failure",
    "RetryBudget",
    "RetryEvent",
    "RetryPolicy",
    "Timing",
    "is_out_of_memory",
    "retry",
    "timer",
    "timings",
]


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("ml-infra-decorators")
    if name in ("Failure", "RetryEvent"):  # named tuples, and so `typing`, wait
        from . import _events

        return getattr(_events, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
