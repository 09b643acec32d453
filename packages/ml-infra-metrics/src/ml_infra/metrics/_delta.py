"""
Interval bounds of confusion-based metrics, computed from counts alone.

Every such metric is smooth and does not change when all counts are multiplied, so the
delta method gives its variance as the sum over cells of (derivative squared) times
(sum of squared weights). Proportions need no such approximation and take Wilson's
bounds; the coverage simulation in the documentation decides between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._formulas import Ratio, divide, linear
from .intervals import wilson_bounds, z_score

if TYPE_CHECKING:
    from ._arrays import Array, BoolArray, FloatArray
    from ._count_table import CountTable
    from ._counting import Marginals
    from ._estimands import Estimand

#: Rows of a class below which the coverage simulation finds averages too sure.
FEW_ROWS = 10
#: No more variance than this is rounding alone: one wrong row in 10**12 has 1e-24.
_ROUNDING = 1e-28
METHODS = ("auto", "wilson", "delta", "bootstrap")
#: By 1 where bounds are degenerate, plus 2 where they rest on few rows.
_FLAGS = (
    (),
    ("degenerate",),
    ("few rows",),
    ("degenerate", "few rows"),
    ("undefined",),
)


class Bounds(NamedTuple):
    """Confidence bounds, one entry per slice."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    #: Whether the variance estimate is 0, up to rounding.
    degenerate: BoolArray
    #: Whether a class in the average has fewer than `FEW_ROWS` rows.
    few: BoolArray
    method: str

    def flags(self) -> list[tuple[str, ...]]:
        """Return per slice what to know before trusting its bounds."""
        codes = np.where(np.isnan(self.value), 4, self.degenerate + 2 * self.few)
        return [_FLAGS[code] for code in codes.tolist()]


def bounds(
    estimand: Estimand, table: CountTable, *, level: float, method: str
) -> Bounds:
    """Return value and bounds per slice."""
    m = table.marginals()
    squares = table.squares(m)
    share = estimand.proportion()
    if method == "wilson" and share is None:
        raise ValueError(
            f'method="wilson" needs a proportion, which this {estimand.name} is not; '
            'use method="auto" or "delta"'
        )
    if share is not None and method != "delta":
        return _wilson(estimand, share, m, squares, level)
    value = estimand.value(m)
    variance = table.variance(m, estimand.gradient(m))
    correlation = estimand.name in ("matthews_corrcoef", "cohen_kappa")
    if method == "delta":
        half = z_score(level) * np.sqrt(variance)
        low = np.maximum(value - half, -1.0 if correlation else 0.0)
        high = np.minimum(value + half, 1.0)
        flat = ~(variance > _ROUNDING)
        return Bounds(value, low, high, flat, np.zeros_like(flat), "delta")
    if correlation:
        low, high, flat, few = _fisher(m, squares, value, variance, level)
        return Bounds(value, low, high, flat, few, "delta-fisher")
    classes = _class_shares(estimand, m, squares)
    flat = ~(variance > _ROUNDING)
    # The number of rows whose plain proportion would be as uncertain.
    n = divide(value * (1 - value), variance + classes.small_sample_variance(level))
    alike = classes.rows()
    if estimand.multilabel:  # columns may say the same of a row: it counts once
        alike = np.minimum(
            alike, divide(np.square(m.total, dtype=float), squares.total)
        )
    low, high = wilson_bounds(value, np.where(flat, alike, n), level)
    few = classes.smallest() < FEW_ROWS
    return Bounds(value, low, high, flat, few, "delta-wilson")


def bootstrap_bounds(
    estimand: Estimand, m: Marginals, drawn: Marginals, level: float
) -> Bounds:
    """Return percentiles of bootstrap replicates, for a table without slices."""
    value, replicates = estimand.value(m), estimand.value(drawn)
    replicates = replicates[~np.isnan(replicates)]
    if not len(replicates):
        flat = np.array([True])
        return Bounds(value, value, value, flat, ~flat, "bootstrap")
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    flat = np.array([not high > low])
    few = np.array([False])
    return Bounds(value, np.array([low]), np.array([high]), flat, few, "bootstrap")


def _wilson(
    estimand: Estimand, share: Ratio, m: Marginals, squares: Marginals, level: float
) -> Bounds:
    """Return Wilson's bounds of a proportion, or of what is a function of one."""
    picked, squares = estimand.pick(m), estimand.pick(squares)
    below = linear(share.below, picked).sum(axis=-1)
    p = divide(linear(share.above, picked).sum(axis=-1), below)
    # Kish's effective number of rows; the plain number without weights.
    n = divide(np.square(below, dtype=float), linear(share.below, squares).sum(axis=-1))
    low, high = wilson_bounds(p, n, level)
    if estimand.name == "f1_score":
        low, high = 2 * low / (1 + low), 2 * high / (1 + high)
    elif estimand.name == "hamming_loss":
        low, high = 1 - high, 1 - low
    value, empty = estimand.value(m), np.isnan(p)
    return Bounds(value, low, high, empty, np.zeros_like(empty), "wilson")


def _fisher(
    m: Marginals, squares: Marginals, value: Array, variance: Array, level: float
) -> tuple[Array, Array, Array, Array]:
    """Return bounds on Fisher's scale, where a correlation is nearer to normal."""
    flat = ~(variance > _ROUNDING) | (np.abs(value) >= 1)
    inside = np.where(flat, 0.0, value)
    half = z_score(level) * np.sqrt(np.where(flat, 0.0, variance)) / (1 - inside**2)
    low, high = np.tanh(np.arctanh(inside) - half), np.tanh(np.arctanh(inside) + half)
    # With few errors the variance is a guess: kappa of the bounds of accuracy, chance
    # as observed, is then the least that must be allowed for.
    whole = np.asarray(m.total, float)
    hits = m.hits.sum(axis=-1) / whole
    effective = divide(whole**2, squares.total)
    few = np.minimum(hits, 1 - hits) * effective < FEW_ROWS / 2
    accuracy = wilson_bounds(hits, effective, level)
    shares = m.predicted / whole[..., None] * (m.actual / whole[..., None])
    chance = shares.sum(axis=-1)
    room = np.where(chance < 1, 1 - chance, np.nan)
    low = np.where(flat, 1, np.minimum(low, value))
    high = np.where(flat, -1, np.maximum(high, value))
    widen = few | flat
    low = np.where(widen, np.minimum(low, (accuracy[0] - chance) / room), low)
    high = np.where(widen, np.maximum(high, (accuracy[1] - chance) / room), high)
    low, high = np.maximum(np.minimum(low, value), -1), np.minimum(high, 1)
    return low, np.maximum(high, value), flat, few


class _ClassShares(NamedTuple):
    """An average of per-class proportions: share of each in the average, and rows."""

    share: Array  # of the average, sums to 1; 0 for classes left out
    p: Array
    n: Array  # effective rows behind p; 1 where there are none
    slope: Array  # derivative of the class's value by p

    def rows(self) -> Array:
        """Return the rows of the average if all classes had the same proportion."""
        return divide(np.ones(self.share.shape[:-1]), (self.share**2 / self.n).sum(-1))

    def smallest(self) -> Array:
        """Return the rows of the smallest class in the average."""
        return np.where(self.share > 0, self.n, np.inf).min(axis=-1)

    def small_sample_variance(self, level: float) -> Array:
        """
        Return what the delta method overlooks in small classes.

        It takes 3 right of 3 for certain. As Agresti and Coull (1998) do, z²/2 wrong
        and z²/2 right rows are imagined to each class; the difference to the variance
        as observed is of order 1 / n², so it vanishes as classes grow.
        """
        z2 = z_score(level) ** 2
        centre = (self.p * self.n + z2 / 2) / (self.n + z2)
        extra = np.maximum(centre * (1 - centre) - self.p * (1 - self.p), 0)
        return (self.share**2 * self.slope**2 * extra / self.n).sum(axis=-1)


def _class_shares(estimand: Estimand, m: Marginals, squares: Marginals) -> _ClassShares:
    picked, squares = estimand.pick(m), estimand.pick(squares)
    formula = estimand.formula
    assert formula is not None  # noqa: S101 - for the type checker
    pooled = linear(formula.below, picked)
    is_f = estimand.name in ("f1_score", "fbeta_score")
    if is_f:
        formula = Ratio((1, 0, 0, 0), (-1, 1, 1, 0))
    below = linear(formula.below, picked)
    known = below > 0
    p = np.where(known, divide(linear(formula.above, picked), below), 0.0)
    n = divide(np.square(below, dtype=float), linear(formula.below, squares))
    weights = {"weighted": picked.actual, "micro": pooled}
    weight = np.where(known, weights.get(estimand.average, 1), 0).astype(float)
    share = np.nan_to_num(
        divide(weight, weight.sum(axis=-1, keepdims=True) + np.zeros_like(weight))
    )
    slope = 2 / (1 + p) ** 2 if is_f else np.ones_like(p)
    return _ClassShares(share, p, np.where(known, n, 1.0), slope)
