"""Residuals of predicted numbers: checked rows and their losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._inputs import blocks, real, refuse_missing, rows
from ._numbers import finite_vector, number_vector
from ._readers import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._arrays import CountArray, FloatArray
    from ._inputs import Missing

    Loss = Callable[[FloatArray, FloatArray], FloatArray]


#: Smaller means of squares have lost digits, or vanished.
SMALLEST_SQUARE = 1e-290


def check_quantile(quantile: float) -> None:
    """Raise ValueError unless the quantile is in [0, 1]."""
    if not 0 <= real(quantile, "quantile") <= 1:
        raise ValueError(f"quantile must be in [0, 1], got {quantile!r}")


def unscaled(value: float, exponent: int) -> float:
    """Return value * 2**exponent, refusing what leaves float64."""
    try:
        number = math.ldexp(value, exponent)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise ValueError(
            "the metric is beyond 1.8e308, where float64 ends; rescale predictions "
            "and labels"
        )
    return number


def fractions(errors: FloatArray, labels: FloatArray) -> FloatArray:
    """Return |error| / |label|, refusing what leaves float64."""
    with np.errstate(over="ignore"):
        parts: FloatArray = np.abs(errors / labels)
    if np.isinf(parts).any():
        raise ValueError("an error is more than 1e308 times its label; rescale")
    return parts


def middle_places(weights: CountArray) -> tuple[int, int]:
    """Return the places, in sorted rows, of the lower and the upper median."""
    upto = np.cumsum(weights)
    half = upto[-1] / 2
    return (
        int(np.searchsorted(upto, half, side="left")),
        int(np.searchsorted(upto, half, side="right")),
    )


class Residuals(NamedTuple):
    """Labels less predictions, kept apart, shape (n,) each; see `read_residuals`."""

    predictions: CountArray
    labels: CountArray
    weights: FloatArray | None

    def require_finite(self) -> None:
        """Raise ValueError naming the first row with NaN or an infinity."""
        columns = [
            Column("predictions", self.predictions),
            Column("labels", self.labels),
        ]
        refuse_missing(columns)
        for column in columns:
            finite_vector(column)

    def errors(self, block: slice, shift: int = 0) -> FloatArray:
        """Return (label - prediction) / 2**shift; 2 is enough to keep it finite."""
        labels, predictions = self.labels[block], self.predictions[block]
        if shift:
            labels = np.ldexp(np.asarray(labels, np.float64), -shift)
            predictions = np.ldexp(np.asarray(predictions, np.float64), -shift)
        with np.errstate(over="ignore"):
            return np.subtract(labels, predictions, dtype=np.float64)

    def scaled_mean(self, loss: Loss) -> tuple[float, int]:
        """
        Return the weighted mean of a loss of (errors / 2**e, labels), and e.

        e is 0 unless the mean would leave float64, or squares would vanish in it.
        """
        value = self.mean(loss)
        if SMALLEST_SQUARE < value < math.inf:
            return value, 0
        shift = 0 if value < math.inf else 2
        largest = max(
            float(np.abs(self.errors(block, shift)).max())
            for block in blocks(len(self.labels))
        )
        e = math.frexp(largest)[1]
        value = self.mean(
            lambda errors, labels: loss(np.ldexp(errors, -e), labels), shift
        )
        return value, shift + e

    def mean(self, loss: Loss, shift: int = 0) -> float:
        """Return the weighted mean of a loss of (errors / 2**shift, labels)."""
        return self._means(
            lambda block: (loss(self.errors(block, shift), self._floats(block)),)
        )[0]

    def squares(self) -> tuple[float, float]:
        """Return the mean squared error and the variance of the labels."""

        def of_errors(block: slice) -> tuple[FloatArray, FloatArray]:
            errors = self.errors(block)
            return np.multiply(errors, errors, out=errors), self._floats(block)

        def of_labels(block: slice) -> tuple[FloatArray]:
            distances = self._floats(block) - mean
            return (np.multiply(distances, distances, out=distances),)

        error, mean = self._means(of_errors)
        return error, self._means(of_labels)[0]

    @np.errstate(over="ignore", invalid="ignore")  # of infinite errors
    def _means(self, losses: Callable[[slice], tuple[FloatArray, ...]]) -> list[float]:
        """Return the weighted means of what is computed per block."""
        totals, whole = [], []
        for block in blocks(len(self.labels)):
            found = losses(block)
            if self.weights is None:
                totals.append([float(each.sum()) for each in found])
                whole.append(float(len(found[0])))
            else:
                weights = self.weights[block]
                totals.append([float((weights * each).sum()) for each in found])
                whole.append(float(weights.sum()))
        n = math.fsum(whole)
        means = [_total(parts) / n for parts in zip(*totals, strict=True)]
        if not all(map(math.isfinite, means)):
            self.require_finite()
        return means

    def _floats(self, block: slice) -> FloatArray:
        return np.asarray(self.labels[block], np.float64)

    def median(self) -> float:
        """Return the weighted median of |error|."""
        value = self._median(0)
        return value if math.isfinite(value) else unscaled(self._median(2), 2)

    @np.errstate(over="ignore", invalid="ignore")
    def _median(self, shift: int) -> float:
        errors = self.errors(slice(None), shift)
        np.abs(errors, out=errors)
        if not math.isfinite(errors.sum()):
            self.require_finite()
        if self.weights is None:
            n = len(errors)
            # Not np.median: it also partitions for NaN, several times as long.
            errors.partition(n // 2)
            high = errors[n // 2]
            low = high if n % 2 else errors[: n // 2].max()
            return float(low + high) / 2
        order = np.argsort(errors)
        low, high = middle_places(self.weights[order])
        return float(errors[order[low]] / 2 + errors[order[high]] / 2)

    def prediction_range(self) -> tuple[float, float]:
        """Return the smallest and the largest prediction."""
        return float(self.predictions.min()), float(self.predictions.max())

    def labels_are_equal(self) -> bool:
        """Return whether all labels that count are one number."""
        first = self.labels[0]
        if any(
            (self.labels[block] != first).any() for block in blocks(len(self.labels))
        ):
            return False
        self.require_finite()  # no mean will be asked for
        return True

    def has_zero_label(self) -> bool:
        """Return whether a label that counts is 0."""
        if self.labels.all():
            return False
        self.require_finite()  # no mean will be asked for
        return True


def read_residuals(
    predictions: Any,
    labels: Any,
    weights: Any,
    missing: Missing,
    *,
    scan: bool = True,
) -> tuple[Residuals, int]:
    """
    Return rows of numbers, those of weight 0 left out, and how many were dropped.

    With ``scan=False``, NaN and infinities may still be among the numbers if there are
    no weights. A mean or a median of `Residuals` refuses them: it is not finite then.
    """
    scan = scan or weights is not None or missing == "drop"
    columns, w, dropped, *_ = rows(
        {"predictions": predictions, "labels": labels},
        weights=weights,
        missing=missing,
        scan=scan,
    )
    read = finite_vector if scan else number_vector
    first, second = map(read, columns)
    if w is not None and not w.all():
        present = w > 0
        first, second, w = first[present], second[present], w[present]
    return Residuals(first, second, w), dropped


def _total(parts: Sequence[float]) -> float:
    """Return the sum of the sums of blocks; not finite if it leaves float64."""
    try:
        return math.fsum(parts)
    except (OverflowError, ValueError):  # too large together; inf and -inf
        return math.inf
