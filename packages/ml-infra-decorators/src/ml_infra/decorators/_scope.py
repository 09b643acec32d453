"""What an attempt allows the retries inside it: the remaining time and calls."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import TypeVar

    N = TypeVar("N", int, float)


class Scope:
    """
    One attempt under way.

    A task that the attempt starts and leaves behind keeps its context, and with it
    this object; so the end of the attempt is noted here and not in the context alone.
    """

    __slots__ = ("calls_left", "expires", "is_over", "outer", "token")

    expires: float | None  # clock time at which the deadline is reached
    calls_left: int | None
    is_over: bool
    outer: Scope | None
    token: Token[Scope | None]

    def __init__(self, expires: float | None, calls_left: int | None) -> None:
        self.expires = expires
        self.calls_left = calls_left
        self.is_over = False
        self.outer = current()
        self.token = _scope.set(self)

    def leave(self) -> None:
        """End the attempt."""
        self.is_over = True
        try:
            _scope.reset(self.token)
        except ValueError:  # closed by the garbage collector, in another context
            return


_scope: ContextVar[Scope | None] = ContextVar("ml_infra_retry_scope", default=None)


def current() -> Scope | None:
    """Return the innermost attempt that is under way around this call."""
    scope = _scope.get()
    while scope is not None and scope.is_over:
        scope = scope.outer
    return scope


def smaller(one: N | None, other: N | None) -> N | None:
    """Return the stricter of two limits."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
