"""Regression metrics of rows that arrive in batches, in constant memory."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from ._cells import Cells
from ._error_bounds import Bounded
from ._inputs import arguments, blocks
from ._regression_moments import Moments, value_and_slope
from ._residuals import (
    Residuals,
    middle_places,
    read_residuals,
)
from ._score_keys import keys_of
from ._score_table import grouped_counts
from ._state import NOTHING_COUNTED, State, check_mergeable, whole_number
from ._undefined import UndefinedPolicy, settle
from ._weights import check_weight_size, integers_if_whole
from .intervals import Interval, z_score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self, Unpack

    from ._arrays import FloatArray
    from ._inputs import Aliases, Missing

__all__ = ["RegressionStats"]

#: Fourth powers of larger numbers leave float64.
_LARGEST = 1e70


class RegressionStats(State):
    """
    Every regression metric, with intervals, from one pass over batches.

    It keeps the sums of seven quantities per row and of their products, centred on the
    mean label so that large means cost no precision, and the absolute errors in cells
    (see `Cells`) for the median, which is exact up to `cap` distinct errors and
    `Bounded` beyond.

    Every answer raises ValueError before the first row. Threads may share a state.

    Args:
        cap: Largest number of cells, at least 2; each takes 24 bytes.

    Attributes:
        n: Rows seen.
        dropped: Rows left out by missing="drop".

    >>> stats = RegressionStats().update([2.5, 0.0], [3.0, -0.5])
    >>> stats.update([2.0, 8.0], [2.0, 7.0]).mean_absolute_error()
    0.5
    """

    _format = "ml_infra.regression_stats"

    def __init__(self, *, cap: int = 100_000) -> None:
        super().__init__()
        self._errors = Cells(cap, columns=1)
        self._moments = Moments.none()
        self._labels = (math.inf, -math.inf)  # smallest and largest
        self._zero_label = False
        self.n: int = 0
        self.dropped: int = 0

    @classmethod
    def of(
        cls,
        predictions: Any = None,
        labels: Any = None,
        *,
        weights: Any = None,
        cap: int = 100_000,
        missing: Missing = "raise",
        **aliases: Unpack[Aliases],
    ) -> Self:
        """
        Return the state of one batch; see `update`.

        Args:
            predictions: Finite numbers, shape (n,).
            labels: Finite numbers, shape (n,).
            weights: Non-negative, shape (n,); None means all ones.
            cap: Largest number of cells for the median.
            missing: "raise" or "drop" for rows with NaN or null.
            **aliases: Keywords of other libraries, such as y_true and y_pred.

        Raises:
            ValueError: As `update`.
            TypeError: As `update`.
        """
        return cls(cap=cap).update(
            predictions, labels, weights=weights, missing=missing, **aliases
        )

    def update(
        self,
        predictions: Any = None,
        labels: Any = None,
        *,
        weights: Any = None,
        missing: Missing = "raise",
        **aliases: Unpack[Aliases],
    ) -> Self:
        """
        Add rows, in place, and return the state itself.

        Args:
            predictions: Finite numbers, shape (n,).
            labels: Finite numbers, shape (n,).
            weights: Non-negative, shape (n,); None means all ones.
            missing: "raise" or "drop" for rows with NaN or null; `dropped` counts.
            **aliases: Keywords of other libraries, such as y_true and y_pred.

        Raises:
            ValueError: If lengths differ or are 0, a value is missing or infinite, or
                beyond 1e70 in size; the state is then as before.
            TypeError: If predictions or labels are no numbers.
        """
        first, second = arguments(
            "RegressionStats.update", predictions, labels, aliases
        )
        data, dropped = read_residuals(first, second, weights, missing)
        check_weight_size(data.weights)
        batch = type(self)(cap=self._errors.cap)
        batch._count(data)  # noqa: SLF001 - a twin of this object
        batch.dropped = dropped
        self._absorb(batch)
        return self

    def merge(self, other: Self) -> Self:
        """
        Add the rows of another state, which is not changed, and return this one.

        The smaller cap of the two holds from now on.

        Raises:
            TypeError: If `other` is no `RegressionStats`.
        """
        check_mergeable(self, other)
        self._absorb(copy(other))  # at one moment, should a thread be updating it
        return self

    def _absorb(self, other: Self) -> None:
        with self._lock:
            self._moments += other._moments
            self._labels = (
                min(self._labels[0], other._labels[0]),
                max(self._labels[1], other._labels[1]),
            )
            self._zero_label |= other._zero_label
            self._errors.merge(other._errors)
            self.n += other.n
            self.dropped += other.dropped

    def __repr__(self) -> str:
        return f"RegressionStats(n={self.n}, exact={self._errors.exact})"

    # --- answers --------------------------------------------------------------------

    def mean_absolute_error(self) -> float:
        """Return the mean absolute error."""
        return self._value("mean_absolute_error")

    def mean_squared_error(self) -> float:
        """Return the mean squared error."""
        return self._value("mean_squared_error")

    def root_mean_squared_error(self) -> float:
        """Return the square root of the mean squared error."""
        return self._value("root_mean_squared_error")

    def r2_score(self, *, undefined: UndefinedPolicy = "nan") -> float:
        """Return the share of the labels' variance explained; see `r2_score`."""
        return settle(self._value("r2_score"), undefined, "r2_score")

    def mean_absolute_percentage_error(
        self, *, undefined: UndefinedPolicy = "nan"
    ) -> float:
        """Return the mean of |error| / |label|, as a fraction."""
        name = "mean_absolute_percentage_error"
        return settle(self._value(name), undefined, name)

    def pinball_loss(self, *, quantile: float = 0.5) -> float:
        """Return the pinball loss at any quantile; see `pinball_loss`."""
        return self._value("pinball_loss", quantile)

    def median_absolute_error(self) -> Bounded:
        """Return the median absolute error, exact up to `cap` distinct errors."""
        self._filled()
        places = middle_places(self._errors.counts[0])
        low, high = self._errors.ranges()
        least, most = (sum(float(end[k]) / 2 for k in places) for end in (low, high))
        return Bounded(least / 2 + most / 2, (most - least) / 2)

    def interval(
        self, metric: str, *, level: float = 0.95, quantile: float = 0.5
    ) -> Interval:
        """
        Return a metric with its confidence interval over independent rows.

        The median's follows from the order of the errors; all others are first-order
        (delta method), from the sums of products that the state keeps, and slightly
        narrow for fewer than some 30 rows.

        Args:
            metric: The name of a method, such as "mean_absolute_error".
            level: Confidence level in (0, 1).
            quantile: For "pinball_loss".

        Returns:
            An `Interval`, flagged "degenerate" if the rows show no spread, "undefined"
            if the metric has no value, and "binned" if the median is not exact.

        Raises:
            ValueError: If metric, level or quantile is not valid.
        """
        z = z_score(level)
        if metric == "median_absolute_error":
            return self._median_interval(z, level)
        value, slope = self._value_and_slope(metric, quantile)
        self._filled()
        if math.isnan(value) or self._moments.size <= 1:
            flags = ("undefined",) if math.isnan(value) else ("degenerate",)
            return Interval(value, math.nan, math.nan, level, "delta", self.n, flags)
        half = z * math.sqrt(self._moments.variance(slope))
        least = -math.inf if metric == "r2_score" else 0.0
        most = 1.0 if metric == "r2_score" else math.inf
        return Interval(
            value,
            max(value - half, least),
            min(value + half, most),
            level,
            "delta",
            self.n,
            () if half else ("degenerate",),
        )

    # --- as data --------------------------------------------------------------------

    def _described(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "dropped": self.dropped,
            "origin": self._moments.origin,
            "sums": self._moments.sums.tolist(),
            "products": self._moments.products.tolist(),
            "labels": list(self._labels) if self.n else None,
            "zero_label": self._zero_label,
            **self._errors.to_dict(),
        }

    @classmethod
    def _restored(cls, state: Mapping[str, Any]) -> Self:
        restored = cls(cap=state["cap"])
        restored.n = whole_number(state, "n")
        restored.dropped = whole_number(state, "dropped")
        restored._moments = Moments(
            float(state["origin"]),
            np.asarray(state["sums"], np.float64).reshape(7),
            np.asarray(state["products"], np.float64).reshape(7, 7),
        )
        if state["labels"] is not None:
            low, high = state["labels"]
            restored._labels = (float(low), float(high))
        restored._zero_label = state["zero_label"]
        restored._errors = Cells.from_dict(state)
        restored._check()
        return restored

    # --- inside ---------------------------------------------------------------------

    def _count(self, data: Residuals) -> None:
        """Count one batch into an empty state."""
        self.n = len(data.labels)
        if not self.n:
            return
        self._labels = (float(data.labels.min()), float(data.labels.max()))
        self._zero_label = data.has_zero_label()
        largest = max(map(abs, (*self._labels, *data.prediction_range())))
        if largest > _LARGEST:
            raise ValueError(
                f"numbers up to {largest:.3g} cannot be raised to the fourth power in "
                "float64, as intervals need; rescale predictions and labels"
            )
        self._moments = Moments.of(data, with_fractions=not self._zero_label)
        for block in blocks(self.n):
            errors = np.abs(data.errors(block))
            weights = None if data.weights is None else data.weights[block]
            counts = None if weights is None else integers_if_whole(weights)
            self._errors.add(*grouped_counts(keys_of(errors), counts))

    def _check(self) -> None:
        """Raise ValueError if rows cannot have led to these numbers."""
        sound = (
            type(self._zero_label) is bool
            and self._moments.sound(*self._labels)
            and len(self._errors.counts) == 1
            and bool(self.n) == bool(self._moments.total) == bool(len(self._errors.low))
        )
        if not sound:
            raise ValueError("its sums, labels and cells contradict each other")

    def _filled(self) -> None:
        if not self.n:
            raise ValueError(NOTHING_COUNTED)

    def _value(self, metric: str, quantile: float = 0.5) -> float:
        self._filled()
        return self._value_and_slope(metric, quantile)[0]

    def _value_and_slope(
        self, metric: str, quantile: float
    ) -> tuple[float, FloatArray]:
        value, slope = value_and_slope(metric, self._moments.sums, quantile)
        undefined = {
            "r2_score": self._labels[0] == self._labels[1],
            "mean_absolute_percentage_error": self._zero_label,
        }.get(metric, False)
        return math.nan if undefined else value, slope

    def _median_interval(self, z: float, level: float) -> Interval:
        median = self.median_absolute_error()
        counts = self._errors.counts[0]
        size = self._moments.size
        upto = np.cumsum(counts) / float(counts.sum())
        half = z / (2 * math.sqrt(size))
        low, high = self._errors.ranges()
        last = len(upto) - 1
        first = int(np.searchsorted(upto, max(0.5 - half, 0.0), side="left"))
        second = int(np.searchsorted(upto, min(0.5 + half, 1.0), side="right"))
        flags: tuple[str, ...] = () if self._errors.exact else ("binned",)
        if size < 6:
            flags += ("degenerate",)
        bounds = float(low[min(first, last)]), float(high[min(second, last)])
        return Interval(median.value, *bounds, level, "order", self.n, flags)
