"""How far a metric of binned scores can be from the metric of the scores themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._calibration_bins import Binning, Bins, check_bins, mass_bins, width_bins
from ._probabilities import check_probabilities
from ._score_table import ScoreTable, at_or_above, average_precision_of, roc_auc_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._arrays import BoolArray, CountArray, FloatArray
    from ._cells import Cells


@dataclass(frozen=True)
class Bounded:
    """
    A number and how far it can be from the one that all rows would give.

    The bound is a fact about the rows seen, up to rounding; it says nothing about
    other samples, which is the business of an `Interval`.

    Attributes:
        value: The middle of the possible range; ``float(bounded)`` is the same.
        max_error: Largest possible distance; 0.0 if the value is exact.

    >>> print(Bounded(0.8568, 0.0005))
    0.856800 ± 0.000500
    """

    value: float
    max_error: float

    @property
    def exact(self) -> bool:
        """Whether nothing was rounded away."""
        return self.max_error == 0

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        error = "" if self.exact else f" ± {self.max_error:.6f}"
        return f"{self.value:.6f}{error}"

    def __contains__(self, value: float) -> bool:
        return abs(value - self.value) <= self.max_error


def roc_auc_bound(cells: Cells) -> Bounded | None:
    """
    Bound the AUC; None if it is undefined.

    Two rows in one cell count one half where they could count 0 or 1, so the error is
    at most half the share of such pairs.
    """
    table = score_table(cells)
    auc = roc_auc_of(table)
    if auc is None:
        return None
    mixed = cells.low < cells.high
    positives = table.positives[mixed] / float(table.positives.sum())
    negatives = table.negatives[mixed] / float(table.negatives.sum())
    return Bounded(auc, float(np.dot(positives, negatives)) / 2)


def average_precision_bound(cells: Cells) -> Bounded | None:
    """Bound the average precision; None if it is undefined."""
    table = score_table(cells)
    value = average_precision_of(table)
    if value is None or cells.exact:
        return None if value is None else Bounded(value, 0.0)
    low, high = _precision_range(table, cells.low < cells.high)
    return _middle(low, min(high, 1.0))


def mean_loss_bound(cells: Cells, loss: Callable[[FloatArray], FloatArray]) -> Bounded:
    """
    Bound a mean loss of the probability given to the truth, where there are rows.

    The loss must fall as that probability rises.
    """
    low, high = _probability_ranges(cells)
    positives, negatives = cells.counts[:2]
    total = float(positives.sum()) + float(negatives.sum())
    least = _dot(positives, loss(high)) + _dot(negatives, loss(1 - low))
    most = _dot(positives, loss(low)) + _dot(negatives, loss(1 - high))
    return _middle(least / total, most / total)


def calibration_bound(cells: Cells, bins: int, binning: Binning) -> tuple[Bins, float]:
    """
    Return sums per bin and the error of the calibration error, where there are rows.

    The error has two parts: a row stands at most half a cell from where it is, and
    the rows of a cell on the edge of a bin may belong to its neighbour, which moves
    each of both bins by at most the distance of those rows from their labels.
    """
    check_bins(bins, binning)
    low, high = _probability_ranges(cells)
    positives, negatives, *squares = widened(cells.counts, 4)
    weight = positives + negatives
    total = float(weight.sum())
    middle = low + (high - low) / 2
    if binning == "width":
        place = width_bins(middle, bins)
        first, last = width_bins(low, bins), width_bins(high, bins)
    else:
        upto = np.cumsum(weight)
        place = mass_bins((upto - weight / 2) / total, bins)
        first = mass_bins((upto - weight) / total, bins)
        last = mass_bins(upto / total, bins)
    columns = weight, squares[0] + squares[1], weight * middle, positives
    sums = Bins.of(place, columns, bins)
    edge = (first != last) & (low < high)
    moved = float(np.dot(weight, (high - low) / 2))
    moved += 2 * float(np.dot(negatives[edge], high[edge]))
    moved += 2 * float(np.dot(positives[edge], 1 - low[edge]))
    return sums, min(moved / total, 1.0)


def score_table(cells: Cells) -> ScoreTable:
    """Return the cells as if each held one score."""
    return ScoreTable(cells.low, *widened(cells.counts, 4))


def widened(counts: CountArray, columns: int) -> CountArray:
    """Append columns of squared weights, which for plain rows are the counts."""
    return counts if len(counts) == columns else np.concatenate((counts, counts))


def _probability_ranges(cells: Cells) -> tuple[FloatArray, FloatArray]:
    low, high = cells.ranges()
    if len(low):
        check_probabilities(low[:1])
        check_probabilities(high[-1:])
    return low, high


def _dot(weights: CountArray, values: FloatArray) -> float:
    """Return the sum of products in which a weight of 0 hides an infinity."""
    present = weights > 0
    return float(np.dot(weights[present], values[present]))


def _middle(low: float, high: float) -> Bounded:
    if low == high:
        return Bounded(low, 0.0)
    if math.isinf(high):
        return Bounded(high, math.inf)
    return Bounded((low + high) / 2, (high - low) / 2)


def _precision_range(table: ScoreTable, mixed: BoolArray) -> tuple[float, float]:
    """
    Bound the average precision over all orders within mixed cells.

    At best the positives of a cell come first, as one tie; at worst they come last,
    one by one, where a sum of increasing terms is at least its integral.
    """
    total = float(table.positives.sum())
    positives, negatives = table.positives / total, table.negatives / total
    true_above = at_or_above(positives) - positives
    false_above = at_or_above(negatives) - negatives
    true, false = true_above + positives, false_above + negatives
    tied = positives * true / (true + false)
    before = true_above + false
    with np.errstate(divide="ignore", invalid="ignore"):
        worst = positives - false * np.log((before + positives) / before)
        worst = np.where(before > 0, worst, positives)
        best = positives * true / (true + false_above)
    best = np.where(positives > 0, best, 0.0)
    worst = np.where(positives > 0, np.minimum(worst, tied), 0.0)
    low = float(np.where(mixed, worst, tied).sum())
    return low, float(np.where(mixed, best, tied).sum())
