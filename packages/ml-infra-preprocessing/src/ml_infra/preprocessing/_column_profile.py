"""The profile of one column: everything in it adds up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ._cells import time_text
from ._histogram import KeyHistogram
from ._hyperloglog import HyperLogLog, mixed_keys
from ._keys import BLOCK, float_keys
from ._labels import LabelCounts, as_label, label_order
from ._moments import RunningMoments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._cells import Array, Cells
    from ._keys import Ints

_JOINED = {
    frozenset({"int", "float"}): "float",
    frozenset({"text", "category"}): "text",
}
NUMBERS = ("int", "float")
KINDS = (*NUMBERS, "datetime", "bool", "text", "category", "mixed", "other", "null")
_EXACT = 2**53


class ColumnProfile:
    """
    Counts, moments, quantiles and frequent values of one column.

    Attributes:
        kind: "int", "float", "bool", "text", "category", "datetime", "mixed", "other",
            or "null" while every value is null.
        rows: Rows seen, nulls included.
        nulls: Rows without a value; NaN is a null.
        negative_infinities: How many values are -inf.
        positive_infinities: How many values are +inf.
    """

    def __init__(self, cap: int, max_labels: int) -> None:
        self.kind: str = "null"
        self.rows: int = 0
        self.nulls: int = 0
        self.negative_infinities: int = 0
        self.positive_infinities: int = 0
        self.unit: str = ""
        self.zone: str | None = None
        self._moments = RunningMoments()
        self._histogram = KeyHistogram(cap)
        self.label_counts: LabelCounts = LabelCounts(max_labels)
        self._low: Any = None
        self._high: Any = None
        # Fed from the moment the histogram no longer has every value of its own.
        self._distinct: HyperLogLog | None = None
        # Integers beyond 2**53, which share keys in the histogram.
        self._big: HyperLogLog | None = None
        self._pending: list[Any] = []
        self._waiting = 0

    # --- reading --------------------------------------------------------------------

    def __repr__(self) -> str:
        ends = "" if self.min is None else f", {self.min} to {self.max}"
        size = f"{self.rows:,} rows, {self.nulls:,} nulls"
        return f"ColumnProfile({self.kind}, {size}{ends})"

    @property
    def count(self) -> int:
        """Rows with a value, infinities included."""
        return self.rows - self.nulls

    @property
    def infinities(self) -> int:
        """How many values are infinite."""
        return self.negative_infinities + self.positive_infinities

    @property
    def histogram(self) -> KeyHistogram:
        """The counts of the finite values by key."""
        self._flush()
        return self._histogram

    @property
    def moments(self) -> RunningMoments:
        """Count, mean and squared deviations of the finite values."""
        self._flush()
        return self._moments

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers or timestamps: they have quantiles."""
        return self.kind in (*NUMBERS, "datetime")

    @property
    def min(self) -> Any:
        """The smallest finite value, exact; ISO text for datetimes; None if none."""
        return self.shown(self._low)

    @property
    def max(self) -> Any:
        """The largest finite value, exact; ISO text for datetimes; None if none."""
        return self.shown(self._high)

    @property
    def mean(self) -> float | str | None:
        """The mean of the finite values; ISO text for datetimes; None if none."""
        self._flush()
        if not self.moments.count:
            return None
        if self.kind == "datetime":
            return time_text(round(self.moments.mean), self.unit, self.zone)
        return self.moments.mean if math.isfinite(self.moments.mean) else None

    @property
    def deviation(self) -> float | None:
        """The sample deviation (ddof 1); in units of `unit` for datetimes."""
        self._flush()
        return self.moments.deviation()

    @property
    def distinct(self) -> int:
        """The number of distinct finite values; see `distinct_error`."""
        if not self.is_numeric:
            return self.label_counts.distinct
        self._flush()
        if self._distinct is not None:
            return min(self.histogram.count, round(self._distinct.estimate()))
        if self._big is None:
            return self.histogram.bins
        big = np.abs(self.histogram.keys) > int(float_keys(np.array([2.0**53]))[0])
        return int((~big).sum()) + round(self._big.estimate())

    @property
    def distinct_error(self) -> float:
        """The standard error of `distinct`, relative; 0.0 while it is exact."""
        self._flush()
        estimated = self._distinct is not None or self._big is not None
        return HyperLogLog.error if estimated or self.labels is None else 0.0

    @property
    def labels(self) -> dict[Any, int] | None:
        """Counts by label for a column that has labels; None if there are too many."""
        return self.label_counts.counts

    def top(self, k: int = 10) -> list[tuple[Any, int]] | None:
        """
        Return the `k` most frequent values with their counts; None when unknown.

        Unknown means more distinct values than are counted one by one, or integers
        beyond 2**53. Equal counts are in the order of the values.

        Raises:
            ValueError: If `k` is no integer >= 0.
        """
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
            raise ValueError(f"k: expected an integer >= 0, got {k!r}")
        if not self.is_numeric:
            if self.labels is None:
                return None
            pairs = sorted(
                self.labels.items(), key=lambda p: (-p[1], label_order(p[0]))
            )
            return pairs[:k]
        self._flush()
        if self._distinct is not None or self._big is not None:
            return None
        pairs = self.histogram.top(k) if self.histogram.count else []
        return [(self.shown(value), count) for value, count in pairs]

    def quantile(self, q: float) -> Any:
        """
        Return a quantile of the finite values, ISO text for datetimes, None if none.

        Interpolated as NumPy does; exact while `rank_error` is 0.
        """
        self._flush()
        if not self.is_numeric or not self.histogram.count:
            return None
        value = self.histogram.quantile(q)
        return self.shown(round(value)) if self.kind == "datetime" else value

    @property
    def rank_error(self) -> float:
        """The certified bound on the rank error of every quantile, in [0, 1]."""
        self._flush()
        return self.histogram.rank_error()

    def shown(self, value: Any) -> Any:
        """Return a finite value as this column writes it: int, float or ISO text."""
        if value is None:
            return None
        if self.kind == "datetime":
            return time_text(int(value), self.unit, self.zone)
        return int(value) if self.kind == "int" else float(value)

    # --- learning -------------------------------------------------------------------

    def update(self, cells: Cells) -> None:
        """Add one batch of the column."""
        kind = self.joined(cells.kind, cells.unit, cells.zone) if cells.size else ""
        if not kind:
            return
        nulls = cells.nulls
        missing = 0 if nulls is None else int(np.count_nonzero(nulls))
        self.rows += cells.size
        self.nulls += missing
        if missing == cells.size:
            return
        self._become(kind, cells.unit, cells.zone)
        if cells.kind in (*NUMBERS, "datetime"):
            values = cells.values if nulls is None else cells.values[~nulls]
            self._add_numbers(values, whole=cells.kind != "float")
        else:
            self.label_counts.add(_label_counts(cells))

    def merge(self, other: ColumnProfile) -> None:
        """Add what another profile of the column saw; it is left as it is."""
        kind = self.joined(other.kind, other.unit, other.zone)
        self._flush()
        other._flush()
        if other.kind != "null":
            self._become(kind, other.unit, other.zone)
        self.rows += other.rows
        self.nulls += other.nulls
        self.negative_infinities += other.negative_infinities
        self.positive_infinities += other.positive_infinities
        if other._low is not None:
            self._widen(other._low, other._high)
        self.moments.merge(other.moments)
        if other.histogram.count:
            before = self.histogram.keys
            self.histogram.merge(other.histogram)
            if not self.histogram.exact:
                if self._distinct is None:
                    self._estimate(before)
                if other._distinct is None:
                    self._estimate(other.histogram.keys)
        if other._distinct is not None:
            self._distinct = _union(self._distinct, other._distinct)
        if other._big is not None:
            self._big = _union(self._big, other._big)
        self.label_counts.merge(other.label_counts)

    def joined(self, kind: str, unit: str, zone: str | None) -> str:
        """Return the kind of both; ValueError when they do not go together."""
        if "null" in (kind, self.kind):
            return kind if self.kind == "null" else self.kind
        joined = _JOINED.get(frozenset({kind, self.kind}), kind)
        if kind != self.kind and frozenset({kind, self.kind}) not in _JOINED:
            raise ValueError(f"was {self.kind} before and is {kind} now")
        if kind == "datetime" and (unit, zone) != (self.unit, self.zone):
            raise ValueError(
                f"was datetime in {self.unit}, {self.zone or 'naive'} before and is in "
                f"{unit}, {zone or 'naive'} now"
            )
        return joined

    def _become(self, kind: str, unit: str, zone: str | None) -> None:
        if self.kind == "null" and kind == "datetime":
            self.unit, self.zone = unit, zone
            self._histogram = KeyHistogram(self._histogram.cap, kind="int")
        self.kind = kind

    def _widen(self, low: Any, high: Any) -> None:
        self._low = low if self._low is None else min(low, self._low)
        self._high = high if self._high is None else max(high, self._high)

    def _add_numbers(self, values: Array, *, whole: bool) -> None:
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            low, high = block.min(), block.max()
            if whole:
                self._widen(int(low), int(high))
                if int(low) < -_EXACT or int(high) > _EXACT:
                    self._add_big(block)
                wide = np.int64 if self.kind == "datetime" else np.float64
                self._take(block.astype(wide))
                continue
            block = block.astype(np.float64)
            if math.isinf(low) or math.isinf(high):
                self.negative_infinities += int(np.count_nonzero(block == -np.inf))
                self.positive_infinities += int(np.count_nonzero(block == np.inf))
                block = block[np.isfinite(block)]
                if not len(block):
                    continue
                low, high = block.min(), block.max()
            self._widen(float(low), float(high))
            self._take(block)

    def _add_big(self, block: Array) -> None:
        if self.kind == "datetime":
            return  # timestamps are their own keys: none are lost
        big = set(block[(block > _EXACT) | (block < -_EXACT)].tolist())
        keys = np.array([value % 2**64 for value in big], np.uint64)
        self._big = self._big or HyperLogLog()
        self._big.add(mixed_keys(keys.view(np.int64)))

    def _take(self, block: Any) -> None:
        self._pending.append(block)
        self._waiting += len(block)
        if self._waiting >= BLOCK:
            self._flush()

    def _flush(self) -> None:
        """Summarise what waits: small chunks are gathered into large blocks."""
        if not self._waiting:
            return
        one = len(self._pending) == 1
        block = self._pending[0] if one else np.concatenate(self._pending)
        self._pending, self._waiting = [], 0
        self._moments.add(block.astype(np.float64, copy=False))
        keys = block if block.dtype == np.int64 else float_keys(block)
        before = self._histogram.keys
        self._histogram.update_keys(keys)
        if not self._histogram.exact:
            if self._distinct is None:
                self._estimate(before)
            self._estimate(keys)

    def _estimate(self, keys: Ints) -> None:
        """Feed the distinct count, which starts with the first call."""
        self._distinct = self._distinct or HyperLogLog()
        if len(keys):
            self._distinct.add(mixed_keys(keys))

    # --- state ----------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the state as strict JSON types."""
        self._flush()
        moments = self.moments
        return {
            "kind": self.kind,
            "rows": self.rows,
            "nulls": self.nulls,
            "negative_infinities": self.negative_infinities,
            "positive_infinities": self.positive_infinities,
            "unit": self.unit,
            "zone": self.zone,
            "low": self._low,
            "high": self._high,
            "mean": _finite(moments.mean),
            "squares": _finite(moments.squares),
            "histogram": self.histogram.to_dict(),
            "distinct": self._distinct and self._distinct.to_dict(),
            "big": self._big and self._big.to_dict(),
            "labels": self.label_counts.to_dict(),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> ColumnProfile:
        """Restore what `to_dict` wrote; ValueError for anything else."""
        from ._profile_state import read_column

        return read_column(state)


def _label_counts(cells: Cells) -> Mapping[Any, int]:
    try:
        codes, labels = cells.encoded()
    except TypeError:  # unhashable objects are counted by their text
        rows = [str(one) for one in cells.values.tolist()]
        counts: dict[Any, int] = {}
        for one in rows:
            counts[one] = counts.get(one, 0) + 1
        return counts
    times = np.bincount(codes + 1, minlength=len(labels) + 1)[1:].tolist()
    found: dict[Any, int] = {}
    for label, count in zip(map(as_label, labels), times, strict=True):
        if count:
            found[label] = found.get(label, 0) + count
    return found


def _union(one: HyperLogLog | None, other: HyperLogLog) -> HyperLogLog:
    union = one or HyperLogLog()
    union.merge(other)
    return union


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
