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
from ._pairs import marginals
from .intervals import wilson_bounds, z_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ._counting import Marginals
    from ._pairs import Pairs
    from ._readers import Array

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


def variance(
    gradient: Gradient, pairs: Pairs, slices: int, squares: Array | None = None
) -> NDArray[np.float64]:
    """Return the delta-method variance per slice."""
    by, label, prediction = pairs.by, pairs.label, pairs.prediction
    change = gradient.actual[by, label] + gradient.predicted[by, prediction]
    change += np.where(label == prediction, gradient.hits[by, label], 0)
    change += gradient.total[by]
    squares = pairs.squares() if squares is None else squares
    weights = change * change * squares
    return np.asarray(np.bincount(by, weights, minlength=slices), np.float64)


def bounds(
    question: Question,
    pairs: Pairs,
    shape: tuple[int, int],
    *,
    level: float,
    method: str,
) -> Bounds:
    """Return value and bounds per slice of a table of shape (slices, classes)."""
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
        low, high, flat = _fisher(m, value, spread, level)
        return Bounds(value, low, high, flat, "delta-fisher")
    # The number of rows whose plain proportion would be as uncertain.
    flat = ~(spread > 0)
    n = np.where(
        flat,
        _rows_behind(question, pairs, m),
        divide(value * (1 - value), spread),
    )
    low, high = wilson_bounds(value, n, level)
    return Bounds(value, low, high, flat, "delta-wilson")


def _squares(pairs: Pairs, m: Marginals) -> Marginals:
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
    m: Marginals, value: Array, spread: Array, level: float
) -> tuple[Array, Array, Array]:
    """Return bounds on Fisher's scale, where a correlation is nearer to normal."""
    flat = ~(spread > 0) | (np.abs(value) >= 1)
    inside = np.where(flat, 0.0, value)
    half = z_score(level) * np.sqrt(np.where(flat, 0.0, spread)) / (1 - inside**2)
    low, high = np.tanh(np.arctanh(inside) - half), np.tanh(np.arctanh(inside) + half)
    # Without a usable variance: kappa of the bounds of accuracy, chance as observed.
    whole = np.asarray(m.total, float)
    accuracy = wilson_bounds(m.hits.sum(axis=-1) / whole, whole, level)
    shares = m.predicted / whole[..., None] * (m.actual / whole[..., None])
    chance = shares.sum(axis=-1)
    room = np.where(chance < 1, 1 - chance, np.nan)
    low = np.where(flat, np.maximum((accuracy[0] - chance) / room, -1), low)
    high = np.where(flat, np.minimum((accuracy[1] - chance) / room, 1), high)
    return np.minimum(low, value), np.maximum(high, value), flat


def _rows_behind(question: Question, pairs: Pairs, m: Marginals) -> Array:
    """Return the effective rows of an average of per-class proportions."""
    picked = question.pick(m)
    squares = question.pick(_squares(pairs, m))
    formula = question.formula
    assert formula is not None  # noqa: S101 - for the type checker
    if question.name in ("f1_score", "fbeta_score"):
        formula = Ratio((1, 0, 0, 0), (-1, 1, 1, 0))
    below = linear(formula.below, picked)
    each = divide(np.square(below, dtype=float), linear(formula.below, squares))
    shares = picked.actual if question.average == "weighted" else (below > 0)
    shares = np.where(below > 0, shares, 0).astype(float)
    return divide(
        shares.sum(axis=-1) ** 2,
        np.where(below > 0, shares**2 / np.where(below > 0, each, 1), 0).sum(axis=-1),
    )
