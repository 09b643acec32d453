"""
What is summed over rows, and how regression metrics follow from the means.

Every metric but the median is a function of the means of seven quantities, so its
variance follows from the sums of their products by the delta method.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ._number_pairs import Pairs, check_quantile, fractions

if TYPE_CHECKING:
    from ._score_table import FloatArray

ONE, OVER, UNDER, SQUARE, FRACTION, LABEL, LABEL_SQUARE = range(7)
"""Places of: 1, the error above and below 0, its square, |error| / |label|, the
distance of the label from an origin, and the square of that."""


def quantities(
    data: Pairs, block: slice, origin: float, *, with_fractions: bool
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
    check_quantile(quantile)
    slope = np.zeros(7)
    if metric in ("mean_squared_error", "root_mean_squared_error", "r2_score"):
        slope[SQUARE] = 1
    elif metric == "mean_absolute_error":
        slope[[OVER, UNDER]] = 1
    elif metric == "pinball_loss":
        slope[[OVER, UNDER]] = quantile, 1 - quantile
    elif metric == "mean_absolute_percentage_error":
        slope[FRACTION] = 1
    else:
        raise ValueError(
            f"metric must name a method of RegressionStats, got {metric!r}"
        )
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
