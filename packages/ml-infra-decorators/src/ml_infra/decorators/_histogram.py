"""
A histogram of durations with bounded memory and bounded error.

Buckets are log-linear, 32 to each power of two: the middle of one is at most 1/64 =
1.6 % away from any duration in it. Counts are whole numbers, so merging is exact and
takes any order. The idea is that of HdrHistogram (Gil Tene).
"""

from __future__ import annotations

from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._dicts import HistogramDict

# Sorting durations into buckets one call at a time would take twice as long as
# noting them in a list, so that is done for so many at once.
BATCH = 256

_lock = allocate_lock()


class Histogram:
    """Durations of one name: how many, how many failed, their sum and their spread."""

    __slots__ = (
        "_buckets",
        "_count",
        "_max",
        "_min",
        "_total",
        "errors",
        "name",
        "pending",
    )

    name: str
    errors: int
    pending: list[int]

    def __init__(self, name: str) -> None:
        self.name = name
        self.pending = []
        self.clear()

    def __reduce__(self) -> tuple[Callable[[str], Histogram], tuple[str]]:
        from ._registry import timings

        return timings.histogram, (self.name,)  # of the process that unpickles it

    def clear(self) -> None:
        """Forget all durations."""
        with _lock:
            self.pending.clear()
            self.errors = self._count = self._total = self._min = self._max = 0
            self._buckets: list[int] = []

    def add(self, nanoseconds: int, *, failed: bool = False) -> None:
        """Count one duration."""
        if failed:
            with _lock:
                self.errors += 1
        # Appending to a list is a single step of the interpreter and needs no lock.
        self.pending.append(nanoseconds)
        if len(self.pending) >= BATCH:
            self.fold()

    def fold(self) -> None:
        """Sort the pending durations into their buckets."""
        with _lock:
            self._fold()

    def to_dict(self) -> HistogramDict:
        """Return the state as plain data."""
        with _lock:
            self._fold()
            return {
                "count": self._count,
                "errors": self.errors,
                "total_ns": self._total,
                "min_ns": self._min,
                "max_ns": self._max,
                "buckets": {str(i): n for i, n in enumerate(self._buckets) if n},
            }

    def _fold(self) -> None:
        # Others may append meanwhile: at the end, which stays.
        batch = self.pending[:]
        if not batch:
            return
        del self.pending[: len(batch)]
        low, high = min(batch), max(batch)
        self._min = min(self._min, low) if self._count else low
        self._max = max(self._max, high)
        self._count += len(batch)
        self._total += sum(batch)
        buckets = self._buckets
        missing = bucket(high) + 1 - len(buckets)
        if missing > 0:
            buckets += [0] * missing
        for nanoseconds in batch:
            shift = nanoseconds.bit_length() - 6  # as in `bucket`, without the call
            buckets[
                (shift << 5) + (nanoseconds >> shift) if shift > 0 else nanoseconds
            ] += 1


def bucket(nanoseconds: int) -> int:
    """Return the bucket of a duration; below 64 ns each has its own."""
    shift = nanoseconds.bit_length() - 6
    return (shift << 5) + (nanoseconds >> shift) if shift > 0 else nanoseconds


def middle(index: int) -> float:
    """Return the middle of a bucket, in nanoseconds."""
    if index < 64:
        return index
    shift = (index >> 5) - 1
    return ((32 + (index & 31)) << shift) + ((1 << shift) - 1) / 2


def percentile(state: HistogramDict, fraction: float) -> float:
    """
    Return the duration that `fraction` of all do not exceed, in nanoseconds.

    Args:
        state: A histogram with at least one duration.
        fraction: In (0, 1].

    By nearest rank: the smallest duration with at least that share at or below it.
    """
    rank = max(1, -int(-fraction * state["count"] // 1))
    if rank >= state["count"]:
        return state["max_ns"]
    for index in sorted(state["buckets"], key=int):
        rank -= state["buckets"][index]
        if rank <= 0:
            return min(max(middle(int(index)), state["min_ns"]), state["max_ns"])
    return state["max_ns"]


_FIGURES = ("count", "errors", "total_ns", "min_ns", "max_ns")


def check(state: object) -> str:
    """Return why this cannot be what `Histogram.to_dict` made, "" if it can."""
    if not isinstance(state, dict):
        return f"{type(state).__name__} instead of a dict"
    for figure in _FIGURES:
        value = state.get(figure)
        if type(value) is not int or value < 0:
            return f"{figure} is {value!r}, not a whole number of at least 0,"
    buckets = state.get("buckets")
    if not isinstance(buckets, dict):
        return f"buckets are {buckets!r}, not a dict,"
    for index, number in buckets.items():
        # No duration is so long that its bucket had more digits.
        if not isinstance(index, str) or not index.isdecimal() or len(index) > 9:
            return f"bucket {index!r}, which is no whole number as text,"
        if type(number) is not int or number < 1:
            return f"bucket {index!r} holds {number!r}, not a positive whole number,"
    count, total, low, high = (state[f] for f in _FIGURES if f != "errors")
    if sum(buckets.values()) != count:
        return f"count is {count} but the buckets hold {sum(buckets.values())}"
    if not count * low <= total <= count * high:
        return (
            f"total_ns is {total}, which {count} of {low} to {high} cannot add up to,"
        )
    indices = [int(index) for index in buckets]
    if count and (min(indices), max(indices)) != (bucket(low), bucket(high)):
        return "min_ns and max_ns are not in the outermost buckets"
    return ""


def merged(states: list[HistogramDict]) -> HistogramDict:
    """Return the histogram of all durations in `states`, of which there is one."""
    buckets: dict[str, int] = {}
    for state in states:
        for index, count in state["buckets"].items():
            buckets[index] = buckets.get(index, 0) + count
    filled = [state for state in states if state["count"]]
    return {
        "count": sum(state["count"] for state in states),
        "errors": sum(state["errors"] for state in states),
        "total_ns": sum(state["total_ns"] for state in states),
        "min_ns": min((state["min_ns"] for state in filled), default=0),
        "max_ns": max((state["max_ns"] for state in filled), default=0),
        "buckets": {index: buckets[index] for index in sorted(buckets, key=int)},
    }


def renew_lock() -> None:
    """Forget the lock; in a forked child its holder may not exist."""
    global _lock  # noqa: PLW0603 - one for all
    _lock = allocate_lock()
