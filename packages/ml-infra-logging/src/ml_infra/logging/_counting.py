"""Counts that several threads and signal handlers may raise without a lock."""

from __future__ import annotations

from itertools import count


class Counter:
    """
    A number that only grows, exact without a lock.

    >>> lost = Counter()
    >>> lost.add()
    0
    >>> lost.value
    1
    """

    __slots__ = ("_count", "add")

    def __init__(self) -> None:
        self._count = count()
        # One step of an itertools.count cannot be interrupted; returns the old value.
        self.add = self._count.__next__

    @property
    def value(self) -> int:
        """How often `add` was called."""
        # The only way to look at a count without a step, and without a copy, whose
        # support for it ends with Python 3.14.
        return int(repr(self._count)[6:-1])


def add_many(counter: Counter, times: int) -> None:
    """Add `times` to the counter."""
    for _ in range(times):
        counter.add()
