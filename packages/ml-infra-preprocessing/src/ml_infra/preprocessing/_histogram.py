"""A quantile summary that is the same, byte for byte, for any order of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ._keys import (
    BLOCK,
    MAGNITUDE,
    collapse,
    float_keys,
    floats_of,
    interpolated,
    least_shift,
    tally,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._keys import Floats, Ints

Kind = Literal["float", "int"]

FORMAT = "ml_infra.key_histogram"
VERSION = 1
_LARGEST = 0x7FEF_FFFF_FFFF_FFFF  # the bits of the largest finite double


class KeyHistogram:
    """
    Counts of numbers in bins that double in width when there are too many.

    Each number has a 64-bit key that sorts like the number itself; a bin holds the
    keys that agree above the lowest `shift` bits. When more than `cap` bins are
    occupied, `shift` grows by one and neighbours are added together. Occupied bins
    only ever grow with data, so the final shift is the least that needs at most
    `cap` bins: a function of the values alone, never of their order or partition.

    While `shift` is 0 every distinct value has its own bin, and quantiles are exact.
    Afterwards the true rank of an answer lies within its bin, so `rank_error`
    certifies the largest possible error of any quantile.

    Args:
        cap: Most occupied bins kept, at least 16. Memory is 16 bytes a bin, and
            half a MiB for values not counted yet.
        kind: "float" for numbers as float64 (integers beyond 2**53 are rounded),
            "int" for integers and timestamps that fit int64, kept exactly.

    >>> summary = KeyHistogram().update([3.0, 1.0, 2.0])
    >>> summary.quantile(0.5), summary.rank_error()
    (2.0, 0.0)
    """

    def __init__(self, cap: int = 4096, kind: Kind = "float") -> None:
        if not isinstance(cap, int) or isinstance(cap, bool) or cap < 16:
            raise ValueError(f"cap: expected an integer of at least 16, got {cap!r}")
        if kind not in ("float", "int"):
            raise ValueError(f'kind: expected "float" or "int", got {kind!r}')
        self.cap = cap
        self.kind: Kind = kind
        self._shift = 0
        self._bins: Ints = np.empty(0, np.int64)
        self._counts: Ints = np.empty(0, np.int64)
        self._total = 0
        self._low = 0
        self._high = 0
        self._pending: list[Ints] = []
        self._waiting = 0

    def update(self, values: npt.ArrayLike) -> KeyHistogram:
        """
        Count more values and return this object.

        Args:
            values: Finite numbers of any shape and real dtype; for kind "int",
                integers. Never written to. May be empty.

        Raises:
            ValueError: If a value is NaN or infinite: count those apart.
            TypeError: If the values are not numbers of this kind.

        10 to 45 ns per value; small updates are gathered into blocks of 65,536.
        """
        array = np.asarray(values)
        if array.size == 0:
            return self
        allowed = "iub" if self.kind == "int" else "iubf"
        if array.dtype.kind not in allowed:
            raise TypeError(
                f"values: expected numbers of kind {self.kind!r}, got {array.dtype}"
            )
        if self.kind == "int" and array.dtype.kind == "u" and array.max() > MAGNITUDE:
            raise ValueError('values: beyond int64; use kind="float"')
        flat = array.reshape(-1)
        for start in range(0, flat.size, BLOCK):
            self._take(self._keys(flat[start : start + BLOCK]))
        return self

    def update_keys(self, keys: Ints, counts: Ints | None = None) -> None:
        """
        Count values by their keys.

        Args:
            keys: Those of `float_keys`, or integers for kind "int"; not empty.
            counts: How often each came, positive; None for once each.
        """
        self._flush()
        low, high = int(keys.min()), int(keys.max())
        more = len(keys) if counts is None else int(counts.sum())
        self._widen(low, high, more)
        if counts is None:
            self._add(*tally(keys >> self._shift))
        else:
            order = np.argsort(keys, kind="stable")
            self._add(*collapse(keys[order], counts[order], self._shift))

    def merge(self, other: KeyHistogram) -> KeyHistogram:
        """
        Add the counts of `other`, which is left as it is, and return this object.

        Raises:
            ValueError: If cap or kind differ.
        """
        if (self.cap, self.kind) != (other.cap, other.kind):
            raise ValueError(
                f"other: expected cap={self.cap}, kind={self.kind!r}, "
                f"got cap={other.cap}, kind={other.kind!r}"
            )
        if other.count:
            self._flush()
            other._flush()
            self._widen(other._low, other._high, other._total)
            shift = max(self._shift, other._shift)
            self._bins, self._counts = self.at_shift(shift)
            self._shift = shift
            self._add(*other.at_shift(shift))
        return self

    def copy(self) -> KeyHistogram:
        """Return an independent copy."""
        return KeyHistogram(self.cap, self.kind).merge(self)

    @property
    def count(self) -> int:
        """The number of values counted."""
        return self._total + self._waiting

    @property
    def shift(self) -> int:
        """How many low bits of a key its bin ignores; 0 means exact."""
        self._flush()
        return self._shift

    @property
    def exact(self) -> bool:
        """Whether every distinct value still has a bin of its own."""
        return self.shift == 0

    @property
    def bins(self) -> int:
        """How many bins are occupied: the number of distinct values while exact."""
        self._flush()
        return len(self._bins)

    @property
    def keys(self) -> Ints:
        """The distinct keys in order; only while exact."""
        self._flush()
        return self._bins

    @property
    def min(self) -> float | int:
        """The smallest value, exact. ValueError when nothing was counted."""
        return self.value_at(0)

    @property
    def max(self) -> float | int:
        """The largest value, exact. ValueError when nothing was counted."""
        return self.value_at(self.count - 1)

    def rank_error(self, q: float | None = None) -> float:
        """
        Return the certified bound on the rank error of quantiles, in [0, 1].

        Args:
            q: Level of one quantile, for the bound of that answer alone; None for
                the bound of all.

        Returns:
            0.0 while exact; else the share of values in the fullest bin concerned.
        """
        if self.exact or not self.count:
            return 0.0
        fullest = self._counts.max()
        if q is not None:
            position = _level(q) * (self._total - 1)
            near = np.array([np.floor(position), np.ceil(position)], np.int64)
            fullest = self._counts[self._places(near)].max()
        return float(fullest) / self._total

    def value_at(self, rank: int) -> float | int:
        """
        Return the value at a 0-based rank of the sorted data.

        Exact while `exact` and at both ends; else a value of the right bin.

        Raises:
            ValueError: If the rank is not in [0, count).
        """
        if not 0 <= rank < self.count:
            raise ValueError(f"rank: expected one in [0, {self.count}), got {rank}")
        value = self._values_at(np.array([rank], np.int64))[0]
        return int(value) if self.kind == "int" else float(value)

    def quantile(self, q: float) -> float:
        """
        Return the quantile at level `q`, interpolated as NumPy's default does.

        Args:
            q: In [0, 1].

        Raises:
            ValueError: If q is outside [0, 1] or nothing was counted.

        >>> KeyHistogram().update(range(11)).quantile(0.25)
        2.5
        """
        return float(self.quantiles([q])[0])

    def quantiles(self, levels: npt.ArrayLike) -> Floats:
        """Return the quantiles at several levels, shape (k,), as `quantile` does."""
        asked = np.array([_level(q) for q in np.atleast_1d(np.asarray(levels))])
        if not self.count:
            raise ValueError("no values: a quantile needs at least one")
        position = asked * (self.count - 1)
        below = np.floor(position)
        low = self._values_at(below.astype(np.int64)).astype(np.float64)
        high = self._values_at(np.ceil(position).astype(np.int64)).astype(np.float64)
        return interpolated(low, high, position - below)

    def at_shift(self, shift: int) -> tuple[Ints, Ints]:
        """Return (bins, counts), sorted, of this histogram collapsed to `shift`."""
        self._flush()
        if shift < self._shift:
            raise ValueError(f"shift: expected at least {self._shift}, got {shift}")
        if shift == self._shift:
            return self._bins, self._counts
        return collapse(self._bins, self._counts, shift - self._shift)

    def spans(self, bins: Ints, shift: int) -> tuple[Any, Any]:
        """Return the smallest and the largest value that each bin stands for."""
        low, high = bins << shift, bins << shift | ((1 << shift) - 1)
        if self.kind == "int":
            return low, high
        finite = (np.maximum(low, ~_LARGEST), np.minimum(high, _LARGEST))
        return floats_of(finite[0]), floats_of(finite[1])

    def _ends(self, bins: Ints) -> tuple[Any, Any]:
        """Return the smallest and the largest value seen that a bin can hold."""
        low = np.maximum(bins << self._shift, self._low)
        last = (1 << self._shift) - 1
        high = np.minimum(bins << self._shift | last, self._high)
        if self.kind == "int":
            return low, high
        return floats_of(low), floats_of(high)

    def top(self, k: int) -> list[tuple[float | int, int]]:
        """Return the `k` most frequent values with counts, by count, then value."""
        if not self.exact:
            raise ValueError(f"more than {self.cap} distinct values were counted")
        order = np.lexsort((self._bins, -self._counts))[:k]
        values: Any = self._bins if self.kind == "int" else floats_of(self._bins)
        return [(values[place].item(), int(self._counts[place])) for place in order]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as strict JSON types; equal data give equal bytes."""
        self._flush()
        return {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "cap": self.cap,
            "shift": self._shift,
            "low": self._low,
            "high": self._high,
            "first": int(self._bins[0]) if len(self._bins) else 0,
            # Unsigned, as the distance of two int64 does not fit int64.
            "steps": np.diff(self._bins.view(np.uint64)).tolist(),
            "counts": self._counts.tolist(),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> KeyHistogram:
        """
        Restore what `to_dict` wrote.

        Raises:
            ValueError: If the state is not one of this class, is from a newer
                version, or contradicts itself.
        """
        from ._state import read_histogram

        return read_histogram(cls, state)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeyHistogram):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return (
            f"KeyHistogram(count={self.count}, bins={self.bins}, "
            f"rank_error={self.rank_error():.2g})"
        )

    def _keys(self, values: npt.NDArray[Any]) -> Ints:
        """Return the keys of one block, in new memory."""
        if self.kind == "int":
            keys = values.astype(np.int64)
            low, high = int(keys.min()), int(keys.max())
        else:
            keys = float_keys(values.astype(np.float64))
            low, high = int(keys.min()), int(keys.max())
            if high > _LARGEST or low < ~_LARGEST:
                raise ValueError("values: NaN or infinity; count those apart")
        self._widen(low, high, 0)
        return keys

    def _widen(self, low: int, high: int, more: int) -> None:
        first = self.count == 0
        self._low = low if first else min(low, self._low)
        self._high = high if first else max(high, self._high)
        self._total += more

    def _take(self, keys: Ints) -> None:
        self._pending.append(keys)
        self._waiting += len(keys)
        if self._waiting >= BLOCK:
            self._flush()

    def _flush(self) -> None:
        """Count what waits."""
        if not self._waiting:
            return
        one = len(self._pending) == 1
        keys = self._pending[0] if one else np.concatenate(self._pending)
        self._total += self._waiting
        self._pending, self._waiting = [], 0
        self._add(*tally(keys >> self._shift if self._shift else keys))

    def _add(self, bins: Ints, counts: Ints) -> None:
        """Add sorted bins of the present shift, then collapse to the cap."""
        place = np.searchsorted(self._bins, bins)
        known = np.zeros(len(bins), bool)
        inside = place < len(self._bins)
        known[inside] = self._bins[place[inside]] == bins[inside]
        self._counts[place[known]] += counts[known]
        fresh = ~known
        if fresh.any():
            self._bins = np.insert(self._bins, place[fresh], bins[fresh])
            self._counts = np.insert(self._counts, place[fresh], counts[fresh])
        if len(self._bins) > self.cap:
            by = least_shift(self._bins, self.cap)
            self._bins, self._counts = collapse(self._bins, self._counts, by)
            self._shift += by

    def _places(self, ranks: Ints) -> Ints:
        return np.searchsorted(np.cumsum(self._counts), ranks, side="right")

    def _values_at(self, ranks: Ints) -> npt.NDArray[Any]:
        """Return a value for each rank: exact at the ends and in bins of one key."""
        self._flush()
        place = self._places(ranks)
        counts = self._counts[place]
        before = np.cumsum(self._counts)[place] - counts
        low, high = self._ends(self._bins[place])
        part = (ranks - before + 0.5) / counts
        # A bin never crosses zero, so this difference of doubles cannot overflow.
        values = low + ((high - low).astype(np.float64) * part).astype(low.dtype)
        smallest, largest = self._ends(self._bins[[0, -1]])
        values = np.where(ranks == 0, smallest[0], values)
        answer: npt.NDArray[Any] = np.where(
            ranks == self._total - 1, largest[1], values
        )
        return answer


def _level(q: float) -> float:
    try:
        if not isinstance(q, complex) and 0.0 <= float(q) <= 1.0:
            return float(q)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"q: expected a level in [0, 1], got {q!r}")
