"""Counts per number in constant memory: exact up to a cap, then per range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._score_keys import scores_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._arrays import CountArray, FloatArray, IntArray


class Cells:
    """
    Columns of counts per distinct number while at most `cap` numbers were seen.

    Beyond the cap, neighbours share a cell: a cell holds all numbers whose
    order-preserving 64-bit keys agree but for the last `shift` bits, and `shift` is
    the least that keeps to the cap. That least shift is a property of the set of
    numbers alone, so the cells do not depend on the order of updates and merges.
    Each cell remembers its smallest and largest number, so that one number repeated
    (such as 0.0) stays exact for ever.

    Attributes:
        cap: Largest number of cells.
        shift: How many low bits of the keys are dropped; 0 while exact.
        low: Key of the smallest number in each cell, shape (d,).
        high: Key of the largest.
        counts: Shape (columns, d), int64 or float64.
    """

    def __init__(self, cap: int, columns: int) -> None:
        if isinstance(cap, bool) or not isinstance(cap, int) or cap < 2:
            raise ValueError(f"cap must be an integer of at least 2, got {cap!r}")
        self.cap = cap
        self.shift = 0
        self.low: IntArray = np.zeros(0, np.int64)
        self.high: IntArray = self.low
        self.counts: CountArray = np.zeros((columns, 0), np.int64)

    @property
    def exact(self) -> bool:
        """Whether every cell holds one number only."""
        return bool((self.low == self.high).all())

    def ranges(self) -> tuple[FloatArray, FloatArray]:
        """Return the smallest and the largest number of each cell."""
        return scores_of(self.low), scores_of(self.high)

    def add(self, keys: IntArray, counts: CountArray) -> None:
        """Add counts, shape (columns, d), of numbers given by their keys."""
        self._absorb(keys, keys, counts)

    def merge(self, other: Cells) -> None:
        """Add another state; the result is coarse enough for the smaller cap."""
        self.cap = min(self.cap, other.cap)
        self.shift = max(self.shift, other.shift)
        self._absorb(other.low, other.high, other.counts)

    def _absorb(self, low: IntArray, high: IntArray, counts: CountArray) -> None:
        low = np.concatenate((self.low, low))
        high = np.concatenate((self.high, high))
        counts = np.concatenate((self.counts, counts), axis=1)
        order = np.argsort(low, kind="stable")
        low, high, counts = low[order], high[order], counts[:, order]
        if not len(low):
            return
        self.shift = max(self.shift, _least_shift(low, self.cap))
        cells = low >> self.shift
        starts = np.flatnonzero(np.append(True, cells[1:] != cells[:-1]))
        self.low = low[starts]
        self.high = np.maximum.reduceat(high, starts)
        self.counts = np.add.reduceat(counts, starts, axis=1)

    def copy(self, counts: CountArray) -> Cells:
        """Return the same cells with other counts."""
        twin = Cells(self.cap, len(counts))
        twin.shift, twin.low, twin.high, twin.counts = (
            self.shift,
            self.low,
            self.high,
            counts,
        )
        return twin

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python numbers."""
        return {
            "cap": self.cap,
            "shift": self.shift,
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "counts": self.counts.tolist(),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Cells:
        """
        Restore a state.

        Raises:
            ValueError: If the numbers cannot be those of a state.
        """
        columns = len(state["counts"])
        restored = cls(state["cap"], columns)
        low, high = (
            np.asarray(state[end]) if state[end] else np.zeros(0, np.int64)
            for end in ("low", "high")
        )
        counts = np.asarray(state["counts"]).reshape(columns, -1)
        if not len(low):
            counts = counts.astype(np.int64)
        shift = state["shift"]
        sound = (
            type(shift) is int
            and low.dtype == high.dtype == np.int64
            and counts.dtype.kind in "if"
            and 0 <= shift < 64
            and low.shape == high.shape == (counts.shape[1],)
            and len(low) <= restored.cap
            and bool((counts >= 0).all() and np.isfinite(counts).all())
            and bool((low <= high).all())
            and bool((low >> shift == high >> shift).all())
            and bool((low[1:] >> shift > low[:-1] >> shift).all())
        )
        if not sound:
            raise ValueError("the cells of the state contradict each other")
        restored.shift = shift
        restored.low, restored.high, restored.counts = low, high, counts
        return restored


def _least_shift(keys: IntArray, cap: int) -> int:
    """Return how many low bits to drop so that ascending keys fill <= cap cells."""
    # Neighbours a, b share a cell at shift s exactly if a ^ b < 2**s.
    apart = (keys[1:] ^ keys[:-1]).view(np.uint64)
    if len(apart) < cap:
        return 0
    return int(np.partition(apart, -cap)[-cap]).bit_length()
