"""
What is summed over rows, and how regression metrics follow from the means.

Every metric but the median is a function of the means of seven quantities, so its
variance follows from the sums of their products by the delta method.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._inputs import blocks, check_choice
from ._residuals import Residuals, check_quantile, fractions

if TYPE_CHECKING:
    from ._arrays import FloatArray

#: What `RegressionStats` answers; the median alone does not follow from the sums.
METRICS = (
    "mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    "r2_score",
    "mean_absolute_percentage_error",
    "pinball_loss",
    "median_absolute_error",
)
ONE, OVER, UNDER, SQUARE, FRACTION, LABEL, LABEL_SQUARE = range(7)
"""Places of: 1, the error above and below 0, its square, |error| / |label|, the
distance of the label from an origin, and the square of that."""


def quantities(
    data: Residuals, block: slice, origin: float, *, with_fractions: bool
) -> FloatArray:
    """Return the seven quantities of the rows of a block, shape (7, rows)."""
    errors = data.errors(block)
    labels = np.asarray(data.labels[block], np.float64)
    rows = np.empty((7, len(errors)))
    rows[ONE] = 1
    np.maximum(errors, 0, out=rows[OVER])
    np.maximum(-errors, 0, out=rows[UNDER])
    np.multiply(errors, errors, out=rows[SQUARE])
    rows[FRACTION] = fractions(errors, labels) if with_fractions else 0.0
    np.subtract(labels, origin, out=rows[LABEL])
    np.multiply(rows[LABEL], rows[LABEL], out=rows[LABEL_SQUARE])
    return rows


class Moments(NamedTuple):
    """Sums of the seven quantities and of their products; never changed in place."""

    #: Labels are summed as their distance from here.
    origin: float
    sums: FloatArray
    #: Sums of products, each row with its squared weight, shape (7, 7).
    products: FloatArray

    @classmethod
    def none(cls) -> Moments:
        """Return the sums of no rows."""
        return cls(0.0, np.zeros(7), np.zeros((7, 7)))

    @classmethod
    def of(cls, data: Residuals, *, with_fractions: bool) -> Moments:
        """Return the sums of rows, around their mean label."""
        origin = data.mean(lambda _, labels: labels)
        sums, products = np.zeros(7), np.zeros((7, 7))
        for block in blocks(len(data.labels)):
            rows = quantities(data, block, origin, with_fractions=with_fractions)
            weights = np.ones(rows.shape[1])
            if data.weights is not None:
                weights = data.weights[block]
            sums += rows @ weights
            products += (rows * (weights * weights)) @ rows.T
        return cls(origin, sums, products)

    def __add__(self, other: Moments) -> Moments:  # type: ignore[override]
        total = self.total + other.total
        if not total:
            return self
        moved = (other.origin - self.origin) * (other.total / total)
        origin = float(self.origin + moved)
        one, two = self.around(origin), other.around(origin)
        return Moments(origin, one.sums + two.sums, one.products + two.products)

    def around(self, origin: float) -> Moments:
        """Return the sums with the labels measured from another origin."""
        step = recentring(self.origin - origin)
        return Moments(origin, step @ self.sums, step @ self.products @ step.T)

    @property
    def total(self) -> float:
        """The rows, or their weight."""
        return float(self.sums[ONE])

    @property
    def size(self) -> float:
        """How many rows of equal weight say as much (Kish)."""
        return self.total / float(self.products[ONE, ONE]) * self.total

    def variance(self, slope: FloatArray) -> float:
        """Return the delta-method variance, given derivatives by the seven means."""
        slope = slope.copy()
        # The constant makes each row's influence centred.
        slope[ONE] = -float(slope @ self.sums) / self.total
        found = float(slope @ self.products @ slope) / self.total**2
        return max(found, 0.0) * self.size / (self.size - 1)

    def sound(self, low: float, high: float) -> bool:
        """Return whether rows with labels in [low, high] can have led to this."""
        finite = all(np.isfinite(part).all() for part in self)
        diagonal = np.diagonal(self.products)
        if not finite or (self.sums[:LABEL] < 0).any() or (diagonal[:LABEL] < 0).any():
            return False
        if not self.total:
            return True
        # Moving the origin rounds what the square of a distance would forbid.
        least = -1e-9 * self.total * (high - low) ** 2
        ordered = math.isfinite(low) and low <= high < math.inf
        return ordered and float(self.sums[LABEL_SQUARE]) >= least


def recentring(moved: float) -> FloatArray:
    """Return the matrix that turns quantities into those of an origin moved down."""
    step = np.eye(7)
    step[LABEL, ONE] = moved
    step[LABEL_SQUARE, ONE] = moved * moved
    step[LABEL_SQUARE, LABEL] = 2 * moved
    return step


def value_and_slope(
    metric: str, sums: FloatArray, quantile: float
) -> tuple[float, FloatArray]:
    """Return a metric and its derivatives by the seven means; NaN without rows."""
    check_choice(metric, "metric", METRICS)
    check_quantile(quantile)
    slope = np.zeros(7)
    if metric in ("mean_squared_error", "root_mean_squared_error", "r2_score"):
        slope[SQUARE] = 1
    elif metric == "mean_absolute_error":
        slope[[OVER, UNDER]] = 1
    elif metric == "pinball_loss":
        slope[[OVER, UNDER]] = quantile, 1 - quantile
    else:
        slope[FRACTION] = 1
    total = float(sums[ONE])
    if not total:
        return math.nan, slope
    means = sums / total
    value = float(slope @ means)
    if metric == "root_mean_squared_error":
        value = math.sqrt(value)
        slope /= 2 * value or 1.0
    elif metric == "r2_score":
        spread = float(means[LABEL_SQUARE] - means[LABEL] ** 2)
        if spread <= 0:
            return math.nan, slope
        unexplained = value / spread
        slope /= -spread
        slope[LABEL_SQUARE] = unexplained / spread
        slope[LABEL] = -2 * float(means[LABEL]) * unexplained / spread
        value = 1 - unexplained
    return value, slope
