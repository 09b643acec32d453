"""Is the new model better than the old one on the same rows, and is that chance?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _targets
from ._codes import Codes, encode
from ._estimands import CLASS_METRICS
from ._influence import (
    LOSSES,
    PROBABILITY_METRICS,
    SCORE_METRICS,
    Choice,
    Influence,
    of_classes,
    of_order,
    of_probabilities,
    squared_sum,
)
from ._inputs import check_choice, real, rows
from ._numbers import score_array
from ._probabilities import check_probabilities
from ._readers import Column
from ._weights import power_scaled
from .intervals import Interval, z_score
from .mcnemar import McNemar, sign_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from ._arrays import BoolArray, FloatArray
    from ._inputs import Missing

__all__ = ["Paired"]

_LARGEST = {"matthews_corrcoef": 2.0, "cohen_kappa": 2.0, "log_loss": math.inf}
METRICS = (*CLASS_METRICS, *SCORE_METRICS, *PROBABILITY_METRICS)


class Paired:
    """
    Two models on the same rows: differences with intervals that use the pairing.

    Made by `Paired.of`. Differences are new minus old. Rows of one unit (a user, a
    document) may depend on each other in any way; units are independent.

    Attributes:
        n: Rows compared.
        dropped: Rows left out by missing="drop".
        units: Number of independent units; `n` without units.

    >>> paired = Paired.of([1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 0, 0])
    >>> paired.fixed, paired.broken
    (2, 0)
    >>> float(paired.difference("accuracy"))
    0.5
    """

    def __init__(
        self,
        scores: tuple[FloatArray, FloatArray] | None,
        coded: Codes | None,
        positive_rows: BoolArray | None,
        *,
        positive: Any,
        weights: FloatArray | None,
        units: tuple[Any, int] | None,
        n: int,
        dropped: int,
    ) -> None:
        self._scores = scores
        self._coded = coded
        self._positive_rows = positive_rows
        self._positive = positive
        self._weights = weights
        self._units = units
        self.n: int = n
        self.dropped: int = dropped
        self.units: int = n if units is None else int((np.bincount(units[0]) > 0).sum())

    @classmethod
    def of(
        cls,
        new: Any,
        old: Any,
        labels: Any,
        *,
        unit: Any = None,
        weights: Any = None,
        positive: Any = 1,
        threshold: float | None = None,
        missing: Missing = "raise",
    ) -> Self:
        """
        Pair the outputs of two models.

        Args:
            new: Predicted classes, or scores of the positive class, shape (n,).
            old: The same of the old model, of the same kind.
            labels: True classes, shape (n,).
            unit: What each row belongs to, shape (n,), if rows are not independent.
            weights: Non-negative, shape (n,); None means all ones.
            positive: The positive class, for metrics of two classes.
            threshold: Scores at or above it predict the positive class. It is never
                guessed: without it, scores answer only metrics of scores.
            missing: "raise" or "drop" for rows with NaN or null.

        Returns:
            A `Paired`. Numbers with a fraction are scores; whole numbers are classes,
            and scores for "roc_auc" and "average_precision".

        Raises:
            ValueError: If lengths differ or are 0, a value is missing, or indexes of
                pandas objects disagree.
            TypeError: If new, old and labels are of different kinds.
        """
        data = {"new": new, "old": old, "labels": labels}
        if unit is not None:
            data["unit"] = unit
        if threshold is not None and math.isnan(real(threshold, "threshold")):
            raise ValueError("threshold must be a number, got nan")
        columns, w, dropped, *_ = rows(data, weights=weights, missing=missing)
        first, second, truth, *others = columns
        for column in columns:
            if column.values.ndim != 1:
                raise ValueError(
                    f"{column.name} must have shape (n,), got shape "
                    f"{column.values.shape}; compare predicted classes, or the scores "
                    "of one class"
                )
        w = power_scaled(w)
        units = None
        if others:
            found = encode(others)
            units = found.columns[0] - found.offset, found.size
        numeric = all(_is_numeric(column) for column in (first, second))
        scores = None
        if numeric:
            scores = score_array(first), score_array(second)
        positive_rows, coded = None, None
        if scores and (threshold is not None or not all(map(_is_whole, scores))):
            positive_rows = _targets.binary(truth, positive).positive()
            if threshold is not None:
                coded = encode(
                    [
                        Column("new", scores[0] >= threshold),
                        Column("old", scores[1] >= threshold),
                        Column("labels", positive_rows),
                    ]
                )
                positive = True
        else:
            coded = encode([first, second, truth])
            if scores and len(set(np.unique(coded.columns[2]).tolist())) <= 2:
                positive_rows = _two_classes(truth, positive)
        return cls(
            scores if positive_rows is not None else None,
            coded,
            positive_rows,
            positive=positive,
            weights=w,
            units=units,
            n=len(truth.values),
            dropped=dropped,
        )

    # --- counts ---------------------------------------------------------------------

    @property
    def fixed(self) -> int:
        """Rows that only the new model gets right."""
        new, old = self._right()
        return int(np.count_nonzero(new & ~old))

    @property
    def broken(self) -> int:
        """Rows that only the old model gets right."""
        new, old = self._right()
        return int(np.count_nonzero(old & ~new))

    @property
    def changed(self) -> int:
        """Rows for which the two models say different things."""
        if self._coded is not None:
            new, old, _ = self._coded.columns
        else:
            new, old = self._both_scores("changed")
        return int(np.count_nonzero(new != old))

    def mcnemar(self) -> McNemar:
        """
        Return McNemar's exact test on the rows that were fixed or broken.

        Raises:
            ValueError: If there are units or weights, whose rows the test cannot treat
                as independent and equal; use `difference("accuracy")`.
        """
        if self._units is not None or self._weights is not None:
            raise ValueError(
                "mcnemar needs independent rows of equal weight, and this Paired has "
                'units or weights; use difference("accuracy"), which knows both'
            )
        fixed, broken = self.fixed, self.broken
        return McNemar(fixed, broken, sign_test(fixed, broken))

    # --- differences ----------------------------------------------------------------

    def difference(
        self,
        metric: str = "accuracy",
        *,
        level: float = 0.95,
        average: str = "binary",
        classes: Sequence[Any] | None = None,
        beta: float = 1.0,
    ) -> Interval:
        """
        Return a metric of the new model minus that of the old, with its interval.

        Methods: "bonett-price" for accuracy on independent rows (Bonett and Price,
        Journal of Educational and Behavioral Statistics 37, 2012); "delong" for
        "roc_auc"; otherwise "delta", on row influences. With units all are summed by
        unit first ("delta-cluster").

        Args:
            metric: The name of a metric function: of classes ("accuracy",
                "balanced_accuracy", "f1_score" ...), of order ("roc_auc",
                "average_precision") or of probabilities ("log_loss", "brier_score").
            level: Confidence level in (0, 1).
            average: For metrics per class: "binary", "micro", "macro" or "weighted".
            classes: The classes to average over; None means those that occur.
            beta: For "fbeta_score".

        Returns:
            An `Interval`, flagged "identical" if the models never differ, "degenerate"
            if the rows show no spread though they do, "undefined" if one of the two
            metrics has no value.

        Raises:
            ValueError: If metric or an option is not valid, or scores are needed and
                were not given, or a threshold.
        """
        z = z_score(level)
        new, old = self._influences(
            metric, Choice(average, self._positive, classes, beta)
        )
        value = new.value - old.value
        if not math.isfinite(value):
            nan = math.nan
            return Interval(nan, nan, nan, level, "delta", self.n, ("undefined",))
        if metric in ("accuracy", "hamming_loss") and self._is_plain():
            return self._bonett_price(value, z, level, sign=1 - 2 * (metric in LOSSES))
        variance, _ = squared_sum(
            new.rows - old.rows,
            self._weights,
            self._units,
            corrected=metric == "roc_auc",
        )
        method = "delong" if metric == "roc_auc" else "delta"
        if self._units is not None:
            method = "delta-cluster"
        half = z * math.sqrt(variance) if variance >= 0 else math.nan
        most = _LARGEST.get(metric, 1.0)  # no difference is larger
        return Interval(
            value,
            max(value - half, -most),
            min(value + half, most),
            level,
            method,
            self.n,
            self._flags(variance),
        )

    def __repr__(self) -> str:
        return f"Paired(n={self.n}, units={self.units})"

    # --- inside ---------------------------------------------------------------------

    def _is_plain(self) -> bool:
        return self._units is None and self._weights is None

    def _flags(self, variance: float) -> tuple[str, ...]:
        if self.changed == 0:
            return ("identical",)
        return () if variance > 0 else ("degenerate",)

    def _right(self) -> tuple[BoolArray, BoolArray]:
        new, old, labels = self._classes("fixed and broken").columns
        return new == labels, old == labels

    def _classes(self, metric: str) -> Codes:
        if self._coded is None:
            raise ValueError(
                f"{metric} needs predicted classes, and new and old are scores; pass "
                "threshold= to Paired.of"
            )
        return self._coded

    def _both_scores(self, metric: str) -> tuple[FloatArray, FloatArray]:
        if self._scores is None:
            raise ValueError(
                f"{metric} needs scores of two classes; pass numbers to Paired.of"
            )
        return self._scores

    def _influences(self, metric: str, choice: Choice) -> list[Influence]:
        if metric in CLASS_METRICS:
            coded = self._classes(metric)
            new, old, labels = coded.columns
            return [
                of_classes(
                    metric,
                    coded._replace(columns=[predictions, labels]),
                    self._weights,
                    choice,
                )
                for predictions in (new, old)
            ]
        check_choice(metric, "metric", METRICS)
        both = self._both_scores(metric)
        truth = np.asarray(self._positive_rows)
        if metric in SCORE_METRICS:
            return [
                of_order(
                    metric,
                    scores,
                    truth,
                    self._weights,
                    small_sample=self._units is None,
                )
                for scores in both
            ]
        return [
            of_probabilities(metric, check_probabilities(scores), truth, self._weights)
            for scores in both
        ]

    def _bonett_price(
        self, value: float, z: float, level: float, *, sign: int
    ) -> Interval:
        """Return the difference of two paired proportions, one row added to each."""
        if self.changed == 0:
            flags = ("identical",)
            return Interval(0.0, 0.0, 0.0, level, "bonett-price", self.n, flags)
        n = self.n + 2
        fixed, broken = (self.fixed + 1) / n, (self.broken + 1) / n
        centre = sign * (fixed - broken)
        half = z * math.sqrt((fixed + broken - (fixed - broken) ** 2) / n)
        low, high = max(centre - half, -1.0), min(centre + half, 1.0)
        return Interval(
            value, min(low, value), max(high, value), level, "bonett-price", self.n
        )


def _is_numeric(column: Column) -> bool:
    return column.categories is None and column.values.dtype.kind in "iufb"


def _is_whole(scores: FloatArray) -> bool:
    return bool((np.trunc(scores) == scores).all())


def _two_classes(truth: Column, positive: Any) -> BoolArray | None:
    """Return the positive rows of two classes, None if `positive` is neither."""
    try:
        return _targets.binary(truth, positive).positive()
    except ValueError:
        return None
