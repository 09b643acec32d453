"""Predicted numbers and labels: checked rows and their losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _targets
from ._inputs import blocks, check_real, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._inputs import Missing
    from ._score_table import CountArray, FloatArray

    Loss = Callable[[FloatArray, FloatArray], FloatArray]

ZERO_LABEL = "a label is 0, and no error is a percentage of that"
CONSTANT_LABELS = "all labels are equal, so there is no variance to explain"


#: Smaller means of squares have lost digits, or vanished.
SMALLEST_SQUARE = 1e-290


def check_quantile(quantile: float) -> None:
    """Raise ValueError unless the quantile is in [0, 1]."""
    check_real(quantile, "quantile")
    if not 0 <= quantile <= 1:
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


class Pairs(NamedTuple):
    """Checked predictions and labels, shape (n,) each, and weights."""

    predictions: CountArray
    labels: CountArray
    weights: FloatArray | None

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

    @np.errstate(over="ignore", invalid="ignore")  # of infinite errors
    def mean(self, loss: Loss, shift: int = 0) -> float:
        """Return the weighted mean of a loss of (errors / 2**shift, labels)."""
        total, whole = [], []
        for block in blocks(len(self.labels)):
            labels = np.asarray(self.labels[block], np.float64)
            losses = loss(self.errors(block, shift), labels)
            if self.weights is None:
                total.append(float(losses.sum()))
                whole.append(float(len(losses)))
            else:
                total.append(float((self.weights[block] * losses).sum()))
                whole.append(float(self.weights[block].sum()))
        try:
            return math.fsum(total) / math.fsum(whole)
        except OverflowError:  # finite blocks, infinite together
            return math.inf

    def median(self) -> float:
        """Return the weighted median of |error|."""
        value = self._median(0)
        return value if math.isfinite(value) else unscaled(self._median(2), 2)

    @np.errstate(over="ignore")
    def _median(self, shift: int) -> float:
        errors = np.abs(self.errors(slice(None), shift))
        if self.weights is None:
            return float(np.median(errors))
        order = np.argsort(errors)
        low, high = middle_places(self.weights[order])
        return float(errors[order[low]] / 2 + errors[order[high]] / 2)

    def prediction_range(self) -> tuple[float, float]:
        """Return the smallest and the largest prediction."""
        return float(self.predictions.min()), float(self.predictions.max())

    def labels_are_equal(self) -> bool:
        """Return whether all labels that count are one number."""
        return bool(self.labels.min() == self.labels.max())

    def has_zero_label(self) -> bool:
        """Return whether a label that counts is 0."""
        return not self.labels.all()


def read_pairs(
    predictions: Any, labels: Any, weights: Any, missing: Missing
) -> tuple[Pairs, int]:
    """Return checked rows, those of weight 0 left out, and how many were dropped."""
    columns, w, dropped, *_ = rows(
        {"predictions": predictions, "labels": labels}, weights=weights, missing=missing
    )
    first, second = map(_targets.finite_array, columns)
    if w is not None and not w.all():
        present = w > 0
        first, second, w = first[present], second[present], w[present]
    return Pairs(first, second, w), dropped
