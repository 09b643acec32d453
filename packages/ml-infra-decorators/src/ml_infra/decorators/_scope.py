"""What an attempt allows the retries inside it: the remaining time and calls."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import TypeVar

    N = TypeVar("N", int, float)
    # (clock time at which the deadline is reached, calls left), None if unlimited
    Allowance = tuple[float | None, int | None]

_allowance: ContextVar[Allowance] = ContextVar(
    "ml_infra_retry_allowance", default=(None, None)
)


def inherited() -> Allowance:
    """Return what the attempt around this call allows."""
    return _allowance.get()


def enter(expires: float | None, calls_left: int | None) -> Token[Allowance]:
    """Begin an attempt that allows so much; hand the token to `leave`."""
    return _allowance.set((expires, calls_left))


def leave(token: Token[Allowance]) -> None:
    """End the attempt."""
    _allowance.reset(token)


def smaller(one: N | None, other: N | None) -> N | None:
    """Return the stricter of two limits."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
