"""
Exact order statistics of large arrays without sorting them.

A sample brackets the value of each rank; one pass counts what lies below the brackets
and collects what lies in them; only those few are sorted. The counts prove the
brackets, and a rank outside is looked for with a wider one, at last by a partition of
all: the answer never depends on the sample.
"""

from __future__ import annotations

from functools import partial
from math import ceil, inf, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._passes import BLOCK
from ._threads import parts_of, run_together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._vectors import Vector

_DIRECT = 1 << 18  # below this many values a partition is as fast
_LONG = 1 << 22  # from here on a larger sample pays, as its brackets are narrower
_SAMPLES = (1 << 15, 1 << 17)
_PART = 1 << 13  # positions at a time: the memory promised is small
_BLOCK = 3 << 15  # values at a time: NumPy works long enough for threads to overlap
_MARGINS = (3, 12)  # standard deviations of a sample's rank, first and second try


def order_statistics(
    vector: Vector,
    count: int,
    ranks: list[int],
    space: NDArray[Any] | None = None,
    *,
    finite: bool = False,
) -> list[Any]:
    """
    Return the values at 0-based `ranks` of the sorted values that are there.

    Args:
        vector: Numbers.
        count: How many values `blocks` yields.
        ranks: Each in [0, count).
        space: Memory of the vector's dtype that may be overwritten; None allocates.
        finite: Whether every value has to be finite.

    Raises:
        UnsettledError: If a value is NaN, or not `finite`.
    """
    found: dict[int, Any] = {}
    wanted = sorted(set(ranks))
    for margin in _MARGINS if count > _DIRECT else ():
        rest = [rank for rank in wanted if rank not in found]
        if rest:
            tried = _bracketed(vector, count, rest, space, margin=margin, finite=finite)
            found.update(tried)
    rest = [rank for rank in wanted if rank not in found]
    if rest:
        values = _gathered(vector, count)
        values.partition([*rest, count - 1])
        if values[-1] != values[-1]:
            raise UnsettledError
        if finite:
            _check_sum(float(np.add.reduce(values, dtype=np.float64)))
        found.update((rank, values[rank].item()) for rank in rest)
    return [found[rank] for rank in ranks]


def neighbours(count: int, levels: list[float]) -> list[tuple[int, int, float]]:
    """
    Return the ranks around each percentile and the part of the way between them.

    Hyndman and Fan's type 7, the default of NumPy and scikit-learn.
    """
    positions = [(count - 1) * (float(level) / 100) for level in levels]
    return [(int(p), min(int(p) + 1, count - 1), p - int(p)) for p in positions]


def _gathered(vector: Vector, count: int) -> NDArray[Any]:
    values = np.empty(count, vector.read(slice(0)).dtype.newbyteorder("="))
    start = 0
    for block in vector.blocks(BLOCK):
        values[start : start + block.size] = block
        start += block.size
    return values


class UnsettledError(Exception):
    """What was read is not finite: the policy has not been applied yet."""


def _in_order(values: NDArray[Any]) -> NDArray[Any]:
    """Sort values in place and return them; UnsettledError if one is NaN."""
    values.sort()
    if values.size and values[-1] != values[-1]:  # NaN sorts last
        raise UnsettledError
    return values


def _check_sum(total: float) -> None:
    if total - total != 0.0:
        raise UnsettledError


class _Bracket(NamedTuple):
    """An open interval in which the values of some ranks are expected."""

    ranks: list[int]
    low: Any
    high: Any
    room: float  # how many values are expected in it


def _bracketed(
    vector: Vector,
    count: int,
    ranks: list[int],
    space: NDArray[Any] | None,
    *,
    margin: int,
    finite: bool,
) -> dict[int, Any]:
    """Return the value of each rank whose bracket held; usually all."""
    size = _SAMPLES[len(vector.values) >= _LONG]
    dtype = vector.read(slice(0)).dtype.newbyteorder("=")
    if space is None or space.size < size:
        space = np.empty(size, dtype)
    sample = _sample(vector, space[:size])
    if sample.size < size // 2:  # mostly missing values
        return {}
    brackets = _brackets(ranks, count, sample, margin)
    room = int(sum(bracket.room for bracket in brackets) * 1.25) + 1024
    below, values = _collected(vector, brackets, room, space, finite=finite)
    if values is None:
        return {}
    return _found(vector, brackets, below, values)


def _sample(vector: Vector, space: NDArray[Any]) -> NDArray[Any]:
    """Return sorted values at positions spread by the golden ratio: no randomness."""
    kept = 0
    for start in range(0, space.size, _PART):
        spread = np.arange(start, min(start + _PART, space.size)) * 0.6180339887498949
        spread -= np.floor(spread)
        spread *= len(vector.values)
        places = spread.astype(np.intp)
        if vector.null is not None:
            places = places[~vector.null[places]]
        values = vector.read(places)
        if vector.skip_nan:
            values = values[~np.isnan(values)]
        space[kept : kept + values.size] = values
        kept += values.size
    return _in_order(space[:kept])


def _brackets(
    ranks: list[int], count: int, sample: NDArray[Any], margin: int
) -> list[_Bracket]:
    """Return ascending brackets that do not overlap."""
    brackets: list[_Bracket] = []
    for rank in ranks:
        middle = rank / count * sample.size
        reach = margin * sqrt(middle * (1 - rank / count)) + 2
        first, last = int(middle - reach), ceil(middle + reach)
        low = sample[first].item() if middle >= reach else -inf
        high = sample[last].item() if last < sample.size else inf
        if low == high:  # a value that repeats: nothing lies before the next one
            high = _next(sample[first])
        held, room = [rank], (last - first) / sample.size * count
        if brackets and low < brackets[-1].high:
            before = brackets.pop()
            held, low, room = [*before.ranks, rank], before.low, before.room + room
        brackets.append(_Bracket(held, low, high, room))
    return brackets


def _next(value: Any) -> Any:
    if value.dtype.kind != "f":
        return value.item() + 1
    return np.nextafter(value, value.dtype.type(inf)).item()


def _collected(
    vector: Vector,
    brackets: list[_Bracket],
    room: int,
    space: NDArray[Any],
    *,
    finite: bool,
) -> tuple[list[int], NDArray[Any] | None]:
    """
    Return how many values are not above each low end, and sorted what lies in brackets.

    The latter is None where there is more than expected, `room` in a part of the data.
    """
    parts = parts_of(len(vector.values))
    if space.size < room * len(parts):
        space = np.empty(room * len(parts), space.dtype)
    spaces = space[: room * len(parts)].reshape(-1, room)
    jobs = [
        partial(_collect, vector, rows, brackets, own, finite)
        for rows, own in zip(parts, spaces, strict=True)
    ]
    collected = run_together(jobs)
    kept = 0
    for _, part in collected:
        space[kept : kept + part.size] = part
        kept += part.size
    values = _in_order(space[:kept])
    below = np.sum([counts for counts, _ in collected], axis=0).tolist()
    full = any(part.size == room for _, part in collected)
    return below, None if full else values


def _collect(
    vector: Vector,
    rows: range,
    brackets: list[_Bracket],
    space: NDArray[Any],
    finite: bool,
) -> tuple[list[int], NDArray[Any]]:
    """
    Return how many of some rows are not above each low end, and what lies in brackets.

    The latter with every NaN and as far as there is space. The ends of a bracket stay
    out, so that repeated values cost no memory.
    """
    sides = [np.less] * (len(brackets) - 1) + [np.greater_equal]
    marks = np.empty((2, _BLOCK), np.bool_)
    below, kept, total = [0] * len(brackets), 0, 0.0
    for block in vector.blocks(_BLOCK, rows):
        inside, passed = marks[:, : block.size]
        # A value outside passes an odd number of tests, one inside an even, NaN none.
        inside[...] = True
        for i, (bracket, side) in enumerate(zip(brackets, sides, strict=True)):
            np.less_equal(block, bracket.low, out=passed)
            below[i] += int(np.count_nonzero(passed))
            inside ^= passed
            inside ^= side(block, bracket.high, out=passed)
        values = block[inside]
        part = space[kept : kept + values.size]
        part[...] = values[: part.size]
        kept += part.size
        if finite:
            total += float(np.add.reduce(block, dtype=np.float64))
        if part.size < values.size:
            break
    _check_sum(total)
    return below, space[:kept]


def _found(
    vector: Vector, brackets: list[_Bracket], below: list[int], values: NDArray[Any]
) -> dict[int, Any]:
    """Return the values of those ranks that their brackets hold."""
    found: dict[int, Any] = {}
    for (ranks, low, high, _), under in zip(brackets, below, strict=True):
        first = int(values.searchsorted(low, side="right"))  # of several brackets
        last = int(values.searchsorted(high))
        upto = under + last - first
        places = [(rank, first + rank - under) for rank in ranks]
        found.update((r, values[p].item()) for r, p in places if first <= p < last)
        if ranks[0] < under:
            less = sum(np.count_nonzero(b < low) for b in vector.blocks(BLOCK))
            found.update((rank, low) for rank in ranks if less <= rank < under)
        if ranks[-1] >= upto:
            most = sum(np.count_nonzero(b <= high) for b in vector.blocks(BLOCK))
            found.update((rank, high) for rank in ranks if upto <= rank < most)
    return found
