"""Counting and claiming without ever waiting: for threads, signals and finalizers."""

from __future__ import annotations

import os
import sys
import time
from _thread import allocate_lock
from contextlib import suppress
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TORN_AFTER_S = 1.0
_MAX_RUNS = 256  # of one process; beyond, the oldest is forgotten


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
        self.add: Callable[[], int] = self._count.__next__

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


class Claim:
    """
    Something one thread at a time may do, and the others do without.

    An exception from a signal handler can tear a holder out at any instruction; a claim
    held for a second is therefore taken for abandoned.

    >>> claim = Claim()
    >>> claim.take(), claim.take()
    (True, False)
    """

    __slots__ = ("_lock", "_since")

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._since = 0.0

    def take(self) -> bool:
        """Return whether the caller may go on; it has to `give` back then."""
        if not self._lock.acquire(blocking=False):
            if time.monotonic() - self._since < _TORN_AFTER_S:
                return False
            self._lock = allocate_lock()
            self._lock.acquire()
        self._since = time.monotonic()
        return True

    def give(self) -> None:
        """End what `take` began."""
        with suppress(RuntimeError):  # taken for abandoned by another meanwhile
            self._lock.release()


class Counters:
    """
    What happened to the records of one run in this process.

    `former` holds the ``lost`` and ``dropped`` of outputs that were taken down,
    `ended` whether the record at the exit is written.
    """

    __slots__ = (
        *("ended", "failed", "former", "issued", "renamed"),
        *("salvaged", "suppressed", "truncated"),
    )

    def __init__(self) -> None:
        self.ended = False
        self.issued: Counter = Counter()
        self.failed: Counter = Counter()
        self.salvaged: Counter = Counter()
        self.truncated: Counter = Counter()
        self.renamed: Counter = Counter()
        self.suppressed: Counter = Counter()
        self.former: list[tuple[Counter, Counter]] = []


def counters_of(run: str, attempt: int) -> Counters:
    """
    Return the counts of this run in this process, so that `seq` goes on.

    They live in ``sys``, where they survive that these modules are imported anew: the
    records of one run and process would have equal numbers otherwise.
    """
    known: dict[tuple[object, ...], Counters]
    known = sys.__dict__.setdefault("_ml_infra_logging_counters", {})
    key = (run, attempt, os.getpid(), Counters.__slots__)
    if key not in known:
        for other in list(known):
            if other[2] != key[2]:  # of the process that forked this one
                known.pop(other, None)
        while len(known) >= _MAX_RUNS:
            known.pop(next(iter(known)), None)
    return known.setdefault(key, Counters())
