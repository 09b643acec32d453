"""A bucket of tokens that keeps retries from becoming a storm."""

from __future__ import annotations

import os
from _thread import allocate_lock

from . import _checks

# One lock for all budgets: it is held for a few additions, and a single one is
# easily replaced in a forked child, where another thread may have held it.
_lock = allocate_lock()


class RetryBudget:
    """
    Tokens that retries spend and successful calls earn back, shared by functions.

    Hand the same budget to every function that calls one dependency. When most
    calls fail the tokens run out and the callers give up at once, stop reason
    "budget", instead of multiplying the load on what is already down.

    Args:
        tokens: Capacity, and the tokens at the start; positive.
        cost: Tokens that one retry takes; positive. A first attempt is free.
        refund: Tokens that one successful call gives back, up to the capacity;
            positive.
        world_size: Processes of the fleet that use the same dependency; each
            keeps `tokens / world_size`.

    Raises:
        TypeError, ValueError: If an option is not a positive number, or no retry could
            ever be paid.

    Safe among threads, and in a child after a fork. A pickled budget starts a
    bucket of its own with the tokens it had.

    >>> budget = RetryBudget(tokens=10, cost=5, refund=1)
    >>> budget.spend(), budget.spend(), budget.spend()
    (True, True, False)
    """

    __slots__ = ("_available", "capacity", "cost", "refund")

    capacity: float
    cost: float
    refund: float

    def __init__(
        self,
        tokens: float = 100,
        cost: float = 5,
        refund: float = 1,
        world_size: int = 1,
    ) -> None:
        self.capacity = _checks.positive("tokens", tokens) / _checks.whole(
            "world_size", world_size
        )
        self.cost = _checks.positive("cost", cost)
        self.refund = _checks.positive("refund", refund)
        if self.cost > self.capacity:
            raise ValueError(
                f"cost {self.cost:g} is above the {self.capacity:g} tokens that one of "
                f"{world_size} processes gets, so nothing would ever be retried: raise "
                "tokens or lower cost"
            )
        self._available = self.capacity

    @property
    def available(self) -> float:
        """The tokens left now, in [0, capacity]."""
        return self._available

    def spend(self) -> bool:
        """Take the cost of one retry; False, and nothing taken, if it is not there."""
        with _lock:
            if self._available < self.cost:
                return False
            self._available -= self.cost
            return True

    def earn(self) -> None:
        """Give back the refund of one successful call."""
        with _lock:
            self._available = min(self.capacity, self._available + self.refund)

    def __repr__(self) -> str:
        return (
            f"<RetryBudget {self._available:g} of {self.capacity:g} tokens, "
            f"cost {self.cost:g}, refund {self.refund:g}>"
        )


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603 - the lock is the module's
    _lock = allocate_lock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_renew_lock)
