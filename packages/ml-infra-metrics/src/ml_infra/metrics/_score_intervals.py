"""Variances and intervals of the metrics that depend on the order of scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ._score_table import (
    ScoreTable,
    at_or_above,
    average_precision_of,
    comparable,
    roc_auc_of,
)
from .intervals import Interval, wilson_bounds, z_score

if TYPE_CHECKING:
    from ._arrays import FloatArray


def auc_interval_of(table: ScoreTable, n: int, level: float) -> Interval:
    """Return the AUC of a table with its interval; see `roc_auc_interval`."""
    auc = roc_auc_of(table)
    variance = math.nan if auc is None else delong_variance(table, auc)
    fallback = min(
        _effective_size(table.positives, table.positives_squared),
        _effective_size(table.negatives, table.negatives_squared),
    )
    return _logit_interval(
        auc, variance, fallback=fallback, n=n, level=level, method="delong-logit"
    )


def average_precision_interval_of(table: ScoreTable, n: int, level: float) -> Interval:
    """Return the average precision of a table with its interval."""
    value = average_precision_of(table)
    variance = math.nan
    if value is not None:
        of_positives, of_negatives = average_precision_influence(table, value)
        variance = float(
            np.dot(table.positives_squared, of_positives**2)
            + np.dot(table.negatives_squared, of_negatives**2)
        )
    fallback = _effective_size(table.positives, table.positives_squared)
    return _logit_interval(
        value, variance, fallback=fallback, n=n, level=level, method="delta-logit"
    )


def _logit_interval(
    value: float | None,
    variance: float,
    *,
    fallback: float,
    n: int,
    level: float,
    method: str,
) -> Interval:
    z = z_score(level)
    if value is None:
        nan = math.nan
        return Interval(nan, nan, nan, level, method, n, ("undefined",))
    if not variance > 0 or not 0 < value < 1:
        low, high = (float(bound) for bound in wilson_bounds(value, fallback, level))
        return Interval(value, low, high, level, "wilson", n, ("degenerate",))
    centre = math.log(value / (1 - value))
    half = z * math.sqrt(variance) / (value * (1 - value))
    return Interval(
        value, _expit(centre - half), _expit(centre + half), level, method, n
    )


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _effective_size(counts: FloatArray, squared: FloatArray) -> float:
    total = float(counts.sum())
    return total / float(squared.sum()) * total if total else 0.0


def delong_influence(table: ScoreTable, auc: float) -> tuple[FloatArray, FloatArray]:
    """
    Return what a row of either class adds to the AUC, per score, shape (d,) each.

    These are DeLong's structural components V10 and V01 less the AUC (Biometrics 44,
    1988; in the midrank form of Sun and Xu, IEEE Signal Processing Letters 21, 2014).
    """
    positives, negatives = comparable(table)
    below = np.cumsum(negatives) - negatives / 2
    above = at_or_above(positives) - positives / 2
    return below / negatives.sum() - auc, above / positives.sum() - auc


def delong_variance(table: ScoreTable, auc: float) -> float:
    """
    Return DeLong's variance of the AUC; NaN where a class has a single row.

    With weights, each squared component counts with its squared weight, and a class
    has the effective size sum(w)**2 / sum(w**2).
    """
    variance = 0.0
    for component, counts, squared in zip(
        delong_influence(table, auc),
        (table.positives, table.negatives),
        (table.positives_squared, table.negatives_squared),
        strict=True,
    ):
        shares = squared / float(counts.sum()) / float(counts.sum())
        alone = float(shares.sum())  # one over the effective size
        if alone >= 1 - 1e-12:
            return float("nan")
        variance += float(np.dot(shares, component**2)) / (1 - alone)
    return variance


def average_precision_influence(
    table: ScoreTable, value: float
) -> tuple[FloatArray, FloatArray]:
    """Return the derivative of average precision by the weight of a row, per score."""
    positives = table.positives / float(table.positives.sum())
    negatives = table.negatives / float(table.positives.sum())
    true = at_or_above(positives)
    every = true + at_or_above(negatives)
    # A row at one score takes part in the precision at every score up to its own.
    gain = np.cumsum(positives * (every - true) / every**2)
    loss = np.cumsum(positives * true / every**2)
    scale = float(table.positives.sum())
    return (true / every - value + gain) / scale, -loss / scale
