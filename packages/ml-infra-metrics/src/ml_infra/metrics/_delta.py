"""
Interval bounds of confusion-based metrics, computed from counts alone.

Every such metric is smooth and does not change when all counts are multiplied, so the
delta method gives its variance as the sum over cells of (derivative squared) times
(sum of squared weights). Proportions need no such approximation and take Wilson's
bounds; the coverage simulation in the documentation decides between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._formulas import (
    Gradient,
    Ratio,
    accuracy_gradient,
    averaged,
    divide,
    kappa,
    kappa_gradient,
    linear,
    matthews,
    matthews_gradient,
    ratio_gradient,
)
from ._inputs import blocks
from ._pairs import marginals
from .intervals import wilson_bounds, z_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ._counting import Marginals
    from ._pairs import Pairs
    from ._readers import Array

#: Rows of a class below which the coverage simulation finds averages too sure.
FEW_ROWS = 10
METHODS = ("auto", "wilson", "delta", "bootstrap")


class Question(NamedTuple):
    """One number asked of a table: a metric with its options settled."""

    name: str
    #: None for accuracy, hamming_loss, MCC and kappa.
    formula: Ratio | None = None
    average: Any = None
    #: Codes of the classes averaged over; None means all, -1 one that never occurs.
    chosen: Sequence[int] | None = None
    filler: float = float("nan")

    def value(self, m: Marginals) -> NDArray[np.float64]:
        """Return the metric for every leading index of the marginals."""
        if self.formula is not None:
            return averaged(
                self.formula,
                self.pick(m),
                self.average,
                self.filler,
                listed=self.chosen is not None,
            )
        if self.name in ("accuracy", "hamming_loss"):
            share = divide(m.hits.sum(axis=-1), m.total)
            return share if self.name == "accuracy" else 1 - share
        return matthews(m) if self.name == "matthews_corrcoef" else kappa(m)

    def pick(self, m: Marginals) -> Marginals:
        """Return the marginals of the chosen classes."""
        if self.chosen is None:
            return m
        codes = np.array(self.chosen, np.intp)
        part = m.take(np.maximum(codes, 0))
        if (codes < 0).any():
            known = codes >= 0
            part = part._replace(
                hits=part.hits * known,
                predicted=part.predicted * known,
                actual=part.actual * known,
            )
        return part

    def gradient(self, m: Marginals) -> Gradient:
        """Return the derivatives, over all classes of the table."""
        if self.formula is None:
            if self.name == "matthews_corrcoef":
                return matthews_gradient(m)
            return (
                kappa_gradient(m)
                if self.name == "cohen_kappa"
                else accuracy_gradient(m)
            )
        part = self.pick(m)
        picked = ratio_gradient(
            self.formula,
            part,
            self.average,
            self.filler,
            listed=self.chosen is not None,
        )
        if self.chosen is None:
            return picked
        codes = np.array(self.chosen, np.intp)
        known = codes >= 0

        def spread(derivative: Array) -> Array:
            out = np.zeros(m.hits.shape)
            out[..., codes[known]] = derivative[..., known]
            return out

        return Gradient(
            spread(picked.hits),
            spread(picked.predicted),
            spread(picked.actual),
            picked.total,
        )

    def share_of(self) -> Ratio | None:
        """Return the proportion this metric is (a function of), if there is one."""
        if self.name in ("accuracy", "hamming_loss"):
            return Ratio((1, 0, 0, 0), (0, 0, 1, 0))
        if self.average not in ("binary", "micro") or self.formula is None:
            return None
        single = self.chosen is not None and len(self.chosen) == 1
        if self.name == "f1_score":
            # F1 = 2J / (1 + J), and Jaccard's J is a proportion of its union.
            return Ratio((1, 0, 0, 0), (-1, 1, 1, 0)) if single else None
        if self.name in ("precision", "recall") or (
            single and self.name in ("jaccard", "specificity")
        ):
            return self.formula
        return None

    def carriers(self, m: Marginals) -> Array:
        """Return the rows (or weight) that the metric rests on."""
        share = self.share_of()
        if share is None:
            return np.asarray(m.total, float)
        return linear(share.below, self.pick(m)).sum(axis=-1).astype(float)


class Bounds(NamedTuple):
    """One entry per slice."""

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    degenerate: NDArray[np.bool_]
    method: str
    #: Whether a class in the average has fewer than `FEW_ROWS` rows.
    few: NDArray[np.bool_] | None = None


def variance(gradient: Gradient, pairs: Pairs, slices: int) -> NDArray[np.float64]:
    """Return the delta-method variance per slice."""
    derivatives = [
        column.ravel()
        for column in (gradient.hits, gradient.actual, gradient.predicted)
    ]
    hits, actual, predicted = derivatives
    squares = pairs.squares()
    found = np.zeros(slices)
    for block in blocks(len(squares)):
        by, label, prediction = (column[block] for column in pairs[:3])
        first = by * gradient.hits.shape[-1]  # of the slice, in the flat derivatives
        change = actual.take(first + label)
        change += predicted.take(first + prediction)
        hit = np.flatnonzero(label == prediction)
        change[hit] += hits.take(first[hit] + label[hit])
        change += gradient.total.take(by)
        change *= change
        change *= squares[block]
        found += np.bincount(by, change, minlength=slices)
    return found


def bounds(
    question: Question,
    pairs: Pairs,
    shape: tuple[int, int],
    *,
    level: float,
    method: str,
) -> Bounds:
    """Return value and bounds per slice of a table of shape (slices, classes)."""
    if not np.isfinite(pairs.squares()).all():
        raise ValueError(
            "weights are too large for a variance; divide them by a constant"
        )
    m = marginals(pairs, *shape)
    share = question.share_of()
    if method == "wilson" and share is None:
        raise ValueError(
            f'method="wilson" needs a proportion, which this {question.name} is not; '
            'use method="auto" or "delta"'
        )
    if share is not None and method != "delta":
        return _wilson(question, share, pairs, m, level)
    value = question.value(m)
    spread = variance(question.gradient(m), pairs, shape[0])
    correlation = question.name in ("matthews_corrcoef", "cohen_kappa")
    if method == "delta":
        half = z_score(level) * np.sqrt(spread)
        low = np.maximum(value - half, -1.0 if correlation else 0.0)
        high = np.minimum(value + half, 1.0)
        return Bounds(value, low, high, ~(spread > 0), "delta")
    if correlation:
        low, high, flat, few = _fisher(m, _squares(pairs, m), value, spread, level)
        return Bounds(value, low, high, flat, "delta-fisher", few)
    classes = _class_shares(question, pairs, m)
    flat = ~(spread > 0)
    # The number of rows whose plain proportion would be as uncertain.
    n = divide(value * (1 - value), spread + classes.small_sample_variance(level))
    low, high = wilson_bounds(value, np.where(flat, classes.rows(), n), level)
    few = classes.smallest() < FEW_ROWS
    return Bounds(value, low, high, flat, "delta-wilson", few)


def _squares(pairs: Pairs, m: Marginals) -> Marginals:
    if pairs.square is None:
        return m
    slices, classes = m.hits.shape
    return marginals(pairs, slices, classes, pairs.squares())


def _wilson(
    question: Question, share: Ratio, pairs: Pairs, m: Marginals, level: float
) -> Bounds:
    """Return Wilson's bounds of a proportion, or of what is a function of one."""
    picked = question.pick(m)
    squares = question.pick(_squares(pairs, m))
    below = linear(share.below, picked).sum(axis=-1)
    p = divide(linear(share.above, picked).sum(axis=-1), below)
    # Kish's effective number of rows; the plain number without weights.
    n = divide(np.square(below, dtype=float), linear(share.below, squares).sum(axis=-1))
    low, high = wilson_bounds(p, n, level)
    if question.name == "f1_score":
        low, high = 2 * low / (1 + low), 2 * high / (1 + high)
    elif question.name == "hamming_loss":
        low, high = 1 - high, 1 - low
    value = question.value(m)
    return Bounds(value, low, high, np.isnan(p), "wilson")


def _fisher(
    m: Marginals, squares: Marginals, value: Array, spread: Array, level: float
) -> tuple[Array, Array, Array, Array]:
    """Return bounds on Fisher's scale, where a correlation is nearer to normal."""
    flat = ~(spread > 0) | (np.abs(value) >= 1)
    inside = np.where(flat, 0.0, value)
    half = z_score(level) * np.sqrt(np.where(flat, 0.0, spread)) / (1 - inside**2)
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


def _class_shares(question: Question, pairs: Pairs, m: Marginals) -> _ClassShares:
    picked = question.pick(m)
    squares = question.pick(_squares(pairs, m))
    formula = question.formula
    assert formula is not None  # noqa: S101 - for the type checker
    is_f = question.name in ("f1_score", "fbeta_score")
    if is_f:
        formula = Ratio((1, 0, 0, 0), (-1, 1, 1, 0))
    below = linear(formula.below, picked)
    known = below > 0
    p = np.where(known, divide(linear(formula.above, picked), below), 0.0)
    n = divide(np.square(below, dtype=float), linear(formula.below, squares))
    weight = picked.actual if question.average == "weighted" else known
    weight = np.where(known, weight, 0).astype(float)
    share = np.nan_to_num(
        divide(weight, weight.sum(axis=-1, keepdims=True) + np.zeros_like(weight))
    )
    slope = 2 / (1 + p) ** 2 if is_f else np.ones_like(p)
    return _ClassShares(share, p, np.where(known, n, 1.0), slope)
