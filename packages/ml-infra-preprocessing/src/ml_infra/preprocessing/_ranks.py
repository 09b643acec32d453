"""
Exact order statistics of large arrays without sorting them.

A sample brackets the value of each rank; one pass counts what lies below the bracket
and collects what lies in it; only those few are partitioned. The counts prove the
bracket, and a rank outside it falls back to a full partition, so that the answer never
depends on the sample.
"""

from __future__ import annotations

from math import ceil, inf, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from ._passes import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._vectors import Vector

SAMPLE = 1 << 15
_DIRECT = 1 << 18  # below this many values a partition is as fast
_PART = 1 << 13  # positions at a time: the memory promised is small
_LONG = 1 << 22  # from here on a larger sample pays, as its brackets are narrower


def order_statistics(
    vector: Vector,
    count: int,
    ranks: list[int],
    space: NDArray[Any] | None = None,
    *,
    settled: bool = False,
) -> list[Any]:
    """
    Return the values at 0-based `ranks` of the sorted values that are there.

    Args:
        vector: Numbers.
        count: How many values `blocks` yields.
        ranks: Each in [0, count).
        space: Memory of the vector's dtype that may be overwritten; None allocates.
        settled: Whether it is known that no value is NaN.

    Raises:
        UnsettledError: If a value is NaN.
    """
    wanted = sorted(set(ranks))
    found: dict[int, Any] = {}
    if count > _DIRECT:
        found = _bracketed(vector, count, wanted, space, settled=settled)
    rest = [rank for rank in wanted if rank not in found]
    if rest:
        values = _gathered(vector, count)
        values.partition([*rest, count - 1])
        if values[-1] != values[-1]:  # NaN sorts last
            raise UnsettledError
        found.update((rank, values[rank].item()) for rank in rest)
    return [found[rank] for rank in ranks]


def _gathered(vector: Vector, count: int) -> NDArray[Any]:
    values = np.empty(count, vector.read(0, 0).dtype.newbyteorder("="))
    start = 0
    for block in vector.blocks(BLOCK):
        values[start : start + block.size] = block
        start += block.size
    return values


class UnsettledError(Exception):
    """A NaN was read: the policy for missing values has not been applied yet."""


class _Bracket:
    """The open interval (low, high) in which ranks are expected, and its contents."""

    def __init__(self, ranks: list[int], count: int, sample: NDArray[Any]) -> None:
        self.ranks = ranks
        size = sample.size
        margin = 4 * sqrt(ranks[0] * (count - ranks[0]) * size) / count + 2
        low = int(ranks[0] / count * size - margin)
        high = ceil(ranks[-1] / count * size + margin)
        self.low = sample[low].item() if low >= 0 else -inf
        self.high = sample[high].item() if high < size else inf
        self.room = int((high - low + 8) / size * count * 1.25) + 1024
        self.space = sample[:0]
        self.below = 0  # values <= low
        self.kept = 0

    def take(self, block: NDArray[Any]) -> None:
        """Count and collect; the ends stay out, so repeated values cost no memory."""
        under = block <= self.low
        self.below += int(np.count_nonzero(under))
        inside = block < self.high
        inside ^= under
        values = block[inside]
        room = max(self.space.size - self.kept, 0)
        self.space[self.kept : self.kept + values.size] = values[:room]
        self.kept += values.size

    def find(self, vector: Vector) -> dict[int, Any]:
        """Return the values of those ranks that the bracket holds."""
        if self.kept > self.space.size:
            return {}
        values = self.space[: self.kept]
        places = [rank - self.below for rank in self.ranks]
        inside = [place for place in places if 0 <= place < self.kept]
        if inside:
            values.partition(inside)
        found = {place + self.below: values[place].item() for place in inside}
        if places[0] < 0:
            less = sum(np.count_nonzero(b < self.low) for b in vector.blocks(BLOCK))
            ends = [rank for rank in self.ranks if less <= rank < self.below]
            found.update(dict.fromkeys(ends, self.low))
        if places[-1] >= self.kept:
            upto = sum(np.count_nonzero(b <= self.high) for b in vector.blocks(BLOCK))
            ends = [r for r in self.ranks if self.below + self.kept <= r < upto]
            found.update(dict.fromkeys(ends, self.high))
        return found


def _bracketed(
    vector: Vector,
    count: int,
    ranks: list[int],
    space: NDArray[Any] | None,
    *,
    settled: bool,
) -> dict[int, Any]:
    """Return the value of each rank whose bracket held; usually all."""
    sample = _sample(vector)
    if sample.size < SAMPLE // 2:  # mostly missing values
        return {}
    brackets = [_Bracket(group, count, sample) for group in _neighbours(ranks)]
    room = sum(bracket.room for bracket in brackets)
    if space is None or space.size < room:
        space = np.empty(room, sample.dtype)
    start = 0
    for bracket in brackets:
        bracket.space = space[start : start + bracket.room]
        start += bracket.room
    for block in vector.blocks(BLOCK):
        if not settled and np.isnan(np.minimum.reduce(block)):
            raise UnsettledError
        for bracket in brackets:
            bracket.take(block)
    found: dict[int, Any] = {}
    for bracket in brackets:
        found.update(bracket.find(vector))
    return found


def _neighbours(ranks: list[int]) -> list[list[int]]:
    """Group ranks that follow each other: one bracket serves them."""
    groups: list[list[int]] = []
    for rank in ranks:
        if groups and rank - groups[-1][-1] == 1:
            groups[-1].append(rank)
        else:
            groups.append([rank])
    return groups


def _sample(vector: Vector) -> NDArray[Any]:
    """Return sorted values at positions spread by the golden ratio: no randomness."""
    size, kept = len(vector.values), 0
    count = SAMPLE if size < _LONG else 2 * SAMPLE
    sample = np.empty(count, vector.read(0, 0).dtype.newbyteorder("="))
    for start in range(0, count, _PART):
        spread = np.arange(start, min(start + _PART, count)) * 0.6180339887498949
        spread -= np.floor(spread)
        spread *= size
        places = spread.astype(np.intp)
        if vector.null is not None:
            places = places[~vector.null[places]]
        values = vector.values[places]
        if vector.skip_nan:
            values = values[~np.isnan(values)]
        sample[kept : kept + values.size] = values
        kept += values.size
    sample = sample[:kept]
    sample.sort()
    return sample
