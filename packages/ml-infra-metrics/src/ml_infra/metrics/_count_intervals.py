"""Intervals of any metric of counts, for all rows and for every slice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import _delta
from ._count_metrics import CountMetrics
from ._estimands import WHOLE, Estimand, plain_name
from ._inputs import check_choice, real
from .intervals import Interval, z_score
from .slices import SliceTable, WorstSlice, adjust, below

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._arrays import IntArray
    from ._count_metrics import MetricOptions
    from ._count_table import CountTable
    from ._formulas import Average

IntervalMethod = Literal["auto", "wilson", "delta", "bootstrap"]


class CountIntervals(CountMetrics):
    """Intervals, slices and their comparison, on top of the metrics."""

    def interval(
        self,
        metric: str,
        average: Average | None = "binary",
        *,
        level: float = 0.95,
        method: IntervalMethod = "auto",
        **options: Unpack[MetricOptions],
    ) -> Any:
        """
        Return a metric with its confidence interval, computed from the counts.

        Args:
            metric: Name of the metric, as in the method `metric`.
            average: As in `metric`; None returns an interval per class.
            level: Confidence level in (0, 1).
            method: "auto" takes the bootstrap if units were counted; else Wilson for
                proportions (F1 of one class through Jaccard's), Wilson at the delta
                method's effective number of rows for averages, and the delta method
                on Fisher's scale for MCC and kappa. "delta" is the textbook form,
                clipped to the range. The documentation publishes the coverage of
                each.
            **options: As in `metric`.

        Returns:
            An `Interval`, or ``{class: Interval}``. Flags: "undefined", there is no
            value; "degenerate", the variance estimate is 0 and the bounds rest on
            Wilson's instead; "few rows", a class in the average has fewer than 10
            rows, or MCC and kappa rest on fewer than 5 errors.

        Rows are taken as independent; pass `unit=` to `of` and `update` if some
        belong together.
        """
        z_score(level)
        table = self._filled().table.pooled()
        if metric not in WHOLE:
            metric, average = plain_name(metric, average)
        if average is None and metric not in WHOLE:
            chosen, formula = self._chosen(metric, None, options)
            place = {label: code for code, label in enumerate(table.names)}
            return {
                label: _interval(
                    Estimand(metric, formula, "binary", [place.get(label, -1)]),
                    table,
                    level,
                    method,
                )
                for label in chosen.classes
            }
        estimand = self._estimand(metric, average, options)
        return _interval(estimand, table.for_metric(metric), level, method)

    def slices(
        self,
        metric: str = "accuracy",
        average: Average = "binary",
        *,
        min_support: int = 1,
        level: float = 0.95,
        method: IntervalMethod = "auto",
        **options: Unpack[MetricOptions],
    ) -> SliceTable:
        """
        Return a metric with its interval for every slice, all in one computation.

        Args:
            metric: Name of the metric, as in the method `metric`.
            average: As in `metric`, but not None.
            min_support: Leave out slices of fewer rows, and count them.
            level: Confidence level in (0, 1).
            method: As in `interval`; slices of clustered rows take them one by one.
            **options: As in `metric`.

        Raises:
            ValueError: If the rows were counted without `by=`.
        """
        view = self._sliced()
        z_score(level)
        _check_support(min_support)
        estimand = self._estimand(metric, average, options)
        support = _support(view)
        found = _slice_bounds(estimand, view.for_metric(metric), level, method)
        kept = np.flatnonzero(support >= min_support)
        keys, flags = view.keys, found.flags()
        if len(kept) < len(keys):
            keys, flags = ([of[row] for row in kept.tolist()] for of in (keys, flags))
        return SliceTable(
            metric,
            keys,
            [found.value[kept], found.low[kept], found.high[kept], support[kept]],
            flags=flags,
            level=level,
            method=found.method,
            suppressed=len(view.keys) - len(kept),
        )

    def worst(
        self,
        metric: str = "accuracy",
        average: Average = "binary",
        *,
        correct: Literal["holm", "bonferroni"] | None = "holm",
        min_support: int = 1,
        **options: Unpack[MetricOptions],
    ) -> list[WorstSlice]:
        """
        Return the slices by how sure it is that they are worse than the rest.

        Each slice is compared with all other rows by a one-sided score test (the
        variance is that of the pooled rows), and the p-values are corrected for the
        number of slices; without the correction, the worst of a thousand equal slices
        looks significant.

        Args:
            metric: Name of the metric, as in the method `metric`; for "hamming_loss"
                worse is higher.
            average: As in `metric`, but not None.
            correct: "holm", "bonferroni" or None.
            min_support: Leave out slices of fewer rows.
            **options: As in `metric`.
        """
        _check_support(min_support)
        view = self._sliced().for_metric(metric)
        estimand = self._estimand(metric, average, options)
        whole = view.pooled()
        m, total = view.marginals(), whole.marginals()
        rest = type(m)(*(t - part for t, part in zip(total, m, strict=True)))
        variance = whole.variance(total, estimand.gradient(total))[0]
        value, others = estimand.value(m), estimand.value(rest)
        # The pooled variance of one row, shared out by the denominators.
        rows, rest_rows, all_rows = map(estimand.denominator, (m, rest, total))
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = np.sqrt(variance * all_rows[0] * (1 / rows + 1 / rest_rows))
        worse = others - value if metric == "hamming_loss" else value - others
        support = _support(view)
        kept = np.flatnonzero(
            (support >= min_support) & ~np.isnan(value) & ~np.isnan(others)
        ).tolist()
        p_values = [below(float(worse[row]), float(deviation[row])) for row in kept]
        found = [
            WorstSlice(
                view.keys[row],
                float(value[row]),
                float(others[row]),
                int(support[row]),
                p,
                adjusted,
            )
            for row, p, adjusted in zip(
                kept, p_values, adjust(p_values, correct), strict=True
            )
        ]
        return sorted(found, key=lambda s: (s.p_adjusted, s.p_value))

    def _sliced(self) -> CountTable:
        table = self._filled().table
        if not table.keys:
            raise ValueError("these counts have no slices; pass by= when counting")
        return table


def _check_support(min_support: float) -> None:
    """Raise ValueError unless it is a number of rows."""
    if not real(min_support, "min_support") >= 0:
        raise ValueError(f"min_support must be 0 or more rows, got {min_support!r}")


def _support(table: CountTable) -> IntArray:
    support = np.zeros(len(table.keys), np.int64)
    np.add.at(support, table.sparse.by, table.sparse.rows)
    return support


def _interval(
    estimand: Estimand, table: CountTable, level: float, method: str
) -> Interval:
    found = _bounds(estimand, table, level, method)
    value, low, high = (float(one[0]) for one in (found.value, found.low, found.high))
    if math.isnan(value):
        low = high = math.nan
    flags = found.flags()[0]
    return Interval(value, low, high, level, found.method, table.rows, flags)


def _bounds(
    estimand: Estimand, table: CountTable, level: float, method: str
) -> _delta.Bounds:
    check_choice(method, "method", _delta.METHODS)
    drawn = table.replicates() if method in ("auto", "bootstrap") else None
    if drawn is not None:
        return _delta.bootstrap_bounds(estimand, table.marginals(), drawn, level)
    if method == "bootstrap":
        raise ValueError(
            'method="bootstrap" needs units: pass unit= and replicates= when counting'
        )
    return _delta.bounds(estimand, table, level=level, method=method)


def _slice_bounds(
    estimand: Estimand, table: CountTable, level: float, method: str
) -> _delta.Bounds:
    count = len(table.keys)
    clustered = table.sparse.replicates is not None and method in ("auto", "bootstrap")
    # A part's tables of derivatives have (slices, classes) entries.
    step = 1 if clustered else max(1, (1 << 18) // len(table.names))
    parts = [
        _bounds(estimand, table.between(start, start + step), level, method)
        for start in range(0, count, step)
    ]
    if len(parts) == 1:
        return parts[0]
    value, low, high, degenerate, few = (
        np.concatenate(column)
        for column in zip(*(part[:-1] for part in parts), strict=True)
    )
    return _delta.Bounds(value, low, high, degenerate, few, parts[0].method)
