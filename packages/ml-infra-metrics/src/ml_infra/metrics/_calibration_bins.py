"""Bins of probabilities: sums of what was stated and of what came true in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ._arrays import FloatArray  # noqa: TC001 - for typing.get_type_hints
from ._inputs import blocks, check_choice
from ._score_keys import scores_of
from .intervals import wilson_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import CountArray, IntArray
    from ._probabilities import Probabilities

Binning = Literal["width", "mass"]
_MOST_BINS = 1_000_000


class CalibrationCurve(NamedTuple):
    """
    Reliability per non-empty bin, in ascending order; each field has shape (b,).

    Attributes:
        predicted: Mean probability of the rows in the bin.
        observed: Share of them that are positive (for classes: predicted right).
        weight: Their number, or their sum of weights.
        low: Lower bound of Wilson's interval around `observed`.
        high: Upper bound.
    """

    predicted: FloatArray
    observed: FloatArray
    weight: FloatArray
    low: FloatArray
    high: FloatArray


class Bins(NamedTuple):
    """Sums per bin, each of shape (bins,)."""

    weight: FloatArray
    weight_squared: FloatArray
    probability: FloatArray
    positive: FloatArray

    @classmethod
    def of(cls, place: IntArray, columns: Sequence[CountArray], bins: int) -> Bins:
        """Return the sums of columns over the rows at each place."""
        sums = (np.bincount(place, column, bins) for column in columns)
        return cls(*(np.asarray(column, np.float64) for column in sums))

    def error(self) -> float:
        """Return the expected calibration error."""
        gaps = np.abs(self.probability - self.positive)
        return float(gaps.sum() / self.weight.sum())

    def curve(self, level: float) -> CalibrationCurve:
        """Return the non-empty bins as shares."""
        weight, squared, probability, positive = (
            column[self.weight > 0] for column in self
        )
        observed = positive / weight
        low, high = wilson_bounds(observed, weight / squared * weight, level)
        return CalibrationCurve(probability / weight, observed, weight, low, high)


def width_bins(probabilities: FloatArray, bins: int) -> IntArray:
    """Return the bin of each probability, right-closed, of equal width."""
    # i / bins is rounded once, so that 0.3 lies on the edge 3 / 10 as written.
    inner = np.arange(1, bins) / bins
    return np.searchsorted(inner, probabilities, side="left")


def mass_bins(ranks: FloatArray, bins: int) -> IntArray:
    """Return the bin of each rank, given as a share of the whole in [0, 1]."""
    return np.minimum((ranks * bins).astype(np.int64), bins - 1)


def check_bins(bins: int, binning: str) -> None:
    """Raise ValueError unless both are valid."""
    if type(bins) is not int or not 1 <= bins <= _MOST_BINS:
        raise ValueError(
            f"bins must be an integer of at least 1 and at most {_MOST_BINS}, "
            f"got {bins!r}"
        )
    check_choice(binning, "binning", ("width", "mass"))


def bin_rows(data: Probabilities, bins: int, binning: Binning) -> Bins:
    """Return the sums per bin of stated probabilities and of what came true."""
    check_bins(bins, binning)
    if binning == "mass" or data.counted is not None:
        table = data.table()
        weight = table.positives + table.negatives
        squared = table.positives_squared + table.negatives_squared
        stated = scores_of(table.keys)
        if binning == "mass":
            middle = np.cumsum(weight) - weight / 2
            place = mass_bins(middle / float(weight.sum()), bins)
        else:
            place = width_bins(stated, bins)
        columns = weight, squared, weight * stated, table.positives
        return Bins.of(place, columns, bins)
    sums = np.zeros((4, bins))
    for block in blocks(len(data.values)):
        confidence, right = data.confidence(block)
        weight = np.ones(len(right)) if data.weights is None else data.weights[block]
        place = width_bins(confidence, bins)
        columns = weight, weight * weight, weight * confidence, weight * right
        sums += Bins.of(place, columns, bins)
    return Bins(*sums)
