"""
Every confusion-based metric as a formula of the marginals, with its derivatives.

Most are a ratio of two linear forms in (hits, predicted, actual, total), so each is
one row of coefficients here, and averages, undefined values and delta-method
gradients are written once for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ._inputs import real
from ._undefined import Undefined, cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array, FloatArray
    from ._counting import Marginals

Average = Literal["binary", "micro", "macro", "weighted"]


class Ratio(NamedTuple):
    """Coefficients of (hits, predicted, actual, total) above and below the line."""

    above: tuple[float, float, float, float]
    below: tuple[float, float, float, float]


_RATIOS = {
    "precision": Ratio((1, 0, 0, 0), (0, 1, 0, 0)),
    "recall": Ratio((1, 0, 0, 0), (0, 0, 1, 0)),
    # True negatives over actual negatives.
    "specificity": Ratio((1, -1, -1, 1), (0, 0, -1, 1)),
    "f1_score": Ratio((2, 0, 0, 0), (0, 1, 1, 0)),
    "jaccard": Ratio((1, 0, 0, 0), (-1, 1, 1, 0)),
}
RATIO_NAMES = (*_RATIOS, "fbeta_score")
#: Times a number of rows, its square is still a float.
_MOST_BETA = 1e100
#: The Hamming loss of indicators, pooled over their columns.
CELLS_WRONG = Ratio((-2, 1, 1, 0), (0, 0, 0, 1))


def ratio(name: str, beta: float = 1.0) -> Ratio:
    """Return the coefficients of a ratio metric."""
    if name != "fbeta_score":
        return _RATIOS[name]
    beta = real(beta, "beta")
    if not 0 <= beta <= _MOST_BETA:
        raise ValueError(
            f"beta must be in [0, {_MOST_BETA:g}], got {beta!r}; for recall alone, "
            "ask for recall"
        )
    # van Rijsbergen 1979: recall counts beta times as much as precision.
    square = beta * beta
    return Ratio((1 + square, 0, 0, 0), (0, 1, square, 0))


class Gradient(NamedTuple):
    """Derivatives by hits, predicted, actual (class axis last) and total."""

    hits: FloatArray
    predicted: FloatArray
    actual: FloatArray
    total: FloatArray


def linear(coefficients: Sequence[float], m: Marginals) -> Array:
    """Return the linear form of (hits, predicted, actual, total) per class."""
    parts = (m.hits, m.predicted, m.actual, np.asarray(m.total)[..., None])
    terms = [c * part for c, part in zip(coefficients, parts, strict=True) if c]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    # Only of the total it has one entry for all classes.
    return total if len(terms) > 1 else np.broadcast_to(total, np.shape(m.hits))


def per_class(formula: Ratio, m: Marginals) -> FloatArray:
    """Return the ratio of every class, nan where its denominator is 0."""
    return divide(linear(formula.above, m), linear(formula.below, m))


def divide(above: Array, below: Array) -> FloatArray:
    """Return above / below as floats, nan where `below` is 0."""
    below = np.asarray(below)
    out = np.full(np.broadcast_shapes(np.shape(above), below.shape), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def averaged(
    formula: Ratio,
    m: Marginals,
    average: Average,
    fill_value: float,
    *,
    listed: bool = False,
) -> FloatArray:
    """
    Return the average over the class axis.

    Undefined classes count as `fill_value`, or are left out where that is nan; classes
    that do not occur are left out unless the caller `listed` them. The average is nan
    where nothing is left.
    """
    if average in ("micro", "binary"):
        above, below = linear(formula.above, m), linear(formula.below, m)
        values = divide(above.sum(axis=-1), below.sum(axis=-1))
        return np.where(np.isnan(values), fill_value, values)
    if m.hits.ndim == 1 and np.isnan(fill_value):
        # Of a million classes few may occur: the others need no arithmetic.
        m = m.take(np.flatnonzero(linear(formula.below, m) > 0))
    values, shares = _shares(formula, m, average, fill_value, listed=listed)
    return divide((values * shares).sum(axis=-1), shares.sum(axis=-1))


def _shares(
    formula: Ratio, m: Marginals, average: Average, fill_value: float, *, listed: bool
) -> tuple[Array, Array]:
    """Return finite per-class values and the unnormalised weight of each."""
    values = per_class(formula, m)
    undefined = np.isnan(values)
    shares = np.ones(values.shape) if average == "macro" else m.actual.astype(float)
    if not listed:
        shares = np.where(m.predicted + m.actual > 0, shares, 0.0)
    if np.isnan(fill_value):
        return np.where(undefined, 0.0, values), np.where(undefined, 0.0, shares)
    return np.where(undefined, fill_value, values), shares


@np.errstate(divide="ignore", invalid="ignore")
def ratio_gradient(
    formula: Ratio,
    m: Marginals,
    average: Average,
    fill_value: float,
    *,
    listed: bool = False,
) -> Gradient:
    """Return the derivatives of `averaged`, 0 where it is undefined."""
    below = linear(formula.below, m).astype(float)
    support: Array | float = 0.0
    if average in ("micro", "binary"):
        whole = below.sum(axis=-1, keepdims=True)
        values = divide(linear(formula.above, m).sum(axis=-1, keepdims=True), whole)
        scale = divide(np.ones_like(whole), whole) + np.zeros_like(below)
    else:
        values, shares = _shares(formula, m, average, fill_value, listed=listed)
        whole = shares.sum(axis=-1, keepdims=True)
        scale = divide(shares, whole) * divide(np.ones_like(below), below)
        if average == "weighted":
            mean = divide((values * shares).sum(axis=-1, keepdims=True), whole)
            support = np.where(shares > 0, divide(values - mean, whole), 0.0)
    scale, values = np.nan_to_num(scale), np.nan_to_num(values)
    hits, predicted, actual, total = (
        scale * (a - values * b)
        for a, b in zip(formula.above, formula.below, strict=True)
    )
    return Gradient(hits, predicted, actual + support, total.sum(axis=-1))


# --- metrics of the whole table -------------------------------------------------


class _Moments(NamedTuple):
    """Sums over classes that MCC and kappa are made of."""

    agreement: Array  # total * hits - sum(predicted * actual)
    chance: Array  # total**2 - sum(predicted * actual)
    predicted: Array  # total**2 - sum(predicted**2)
    actual: Array  # total**2 - sum(actual**2)


def _moments(m: Marginals) -> _Moments:
    hits, predicted, actual = m.hits, m.predicted, m.actual
    if hits.dtype.kind == "f":
        # Shares, so that weights of any magnitude stay finite when squared.
        whole = actual.sum(axis=-1, keepdims=True)
        hits, actual = hits / whole, actual / whole
        predicted = predicted / predicted.sum(axis=-1, keepdims=True)
        total: Array = np.ones(hits.shape[:-1])
    else:
        total = np.asarray(m.total)
        if total.size and total.max() >= 2**31:
            # Squares leave 64 bits: Python integers are exact at any size.
            hits, predicted, actual, total = (
                np.asarray(part, object) for part in (hits, predicted, actual, total)
            )
    both = (predicted * actual).sum(axis=-1)
    square = total * total
    return _Moments(
        total * hits.sum(axis=-1) - both,
        square - both,
        square - (predicted * predicted).sum(axis=-1),
        square - (actual * actual).sum(axis=-1),
    )


def matthews(m: Marginals) -> FloatArray:
    """Return the multiclass MCC (Gorodkin 2004), nan if one side is constant."""
    moments = _moments(m)
    spread = np.sqrt(np.asarray(moments.predicted, float)) * np.sqrt(
        np.asarray(moments.actual, float)
    )
    # Two rounded roots may multiply to a little less than the square they came from.
    return np.clip(divide(np.asarray(moments.agreement, float), spread), -1, 1)


def kappa(m: Marginals) -> FloatArray:
    """Return Cohen's kappa (1960), nan if both sides are the same constant."""
    moments = _moments(m)
    return divide(
        np.asarray(moments.agreement, float), np.asarray(moments.chance, float)
    )


def _shares_of(m: Marginals) -> tuple[Array, Array, Array, Array]:
    whole = np.asarray(m.total, float)[..., None]
    return m.hits / whole, m.predicted / whole, m.actual / whole, whole


@np.errstate(divide="ignore", invalid="ignore")
def matthews_gradient(m: Marginals) -> Gradient:
    """Return the derivatives of `matthews`."""
    hits, predicted, actual, whole = _shares_of(m)
    value = matthews(m)[..., None]
    spread_p = 1 - (predicted**2).sum(axis=-1, keepdims=True)
    spread_a = 1 - (actual**2).sum(axis=-1, keepdims=True)
    root = np.sqrt(spread_p * spread_a)
    ones = np.ones_like(hits)
    return _finite(
        ones / root,
        -actual / root + value * predicted / spread_p,
        -predicted / root + value * actual / spread_a,
        hits.sum(axis=-1, keepdims=True) / root - value * (1 / spread_p + 1 / spread_a),
        whole,
    )


@np.errstate(divide="ignore", invalid="ignore")
def kappa_gradient(m: Marginals) -> Gradient:
    """Return the derivatives of `kappa`."""
    hits, predicted, actual, whole = _shares_of(m)
    value = kappa(m)[..., None]
    chance = 1 - (predicted * actual).sum(axis=-1, keepdims=True)
    ones = np.ones_like(hits)
    return _finite(
        ones / chance,
        -actual * (1 - value) / chance,
        -predicted * (1 - value) / chance,
        (hits.sum(axis=-1, keepdims=True) - 2 * value) / chance,
        whole,
    )


def _finite(
    hits: Array, predicted: Array, actual: Array, total: Array, whole: Array
) -> Gradient:
    parts = (
        np.nan_to_num(part / whole, nan=0.0, posinf=0.0, neginf=0.0)
        for part in (hits, predicted, actual, total)
    )
    hits, predicted, actual, total = parts
    return Gradient(hits, predicted, actual, total[..., 0])


def accuracy_gradient(m: Marginals) -> Gradient:
    """Return the derivatives of sum(hits) / total."""
    whole = np.asarray(m.total, float)
    value = m.hits.sum(axis=-1) / whole
    zeros = np.zeros(m.hits.shape)
    return Gradient(zeros + 1 / whole[..., None], zeros, zeros, -value / whole)


def causes(
    name: str, formula: Ratio | None, m: Marginals, classes: Sequence[Any]
) -> list[Undefined]:
    """Return what is undefined, per class for ratios and as a whole otherwise."""
    if formula is not None:
        values = per_class(formula, m)
        return [
            cause(name, classes[code])
            for code in np.flatnonzero(np.isnan(values)).tolist()
        ]
    value = matthews(m) if name == "matthews_corrcoef" else kappa(m)
    return [cause(name)] if np.isnan(value) else []
