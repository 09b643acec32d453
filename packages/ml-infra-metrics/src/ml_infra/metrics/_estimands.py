"""A metric with its options settled: one number to estimate from marginals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._averaging import check_average, check_kinds, listed, positive_code
from ._formulas import (
    CELLS_WRONG,
    RATIO_NAMES,
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
    ratio,
    ratio_gradient,
)
from ._inputs import check_choice
from ._label_sets import refuse_agreement, refuse_binary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array, FloatArray
    from ._counting import Marginals

WHOLE = ("accuracy", "hamming_loss", "matthews_corrcoef", "cohen_kappa")
CLASS_METRICS = (*WHOLE, "balanced_accuracy", *RATIO_NAMES)


class Estimand(NamedTuple):
    """One number to estimate from a table: a metric with its options settled."""

    name: str
    #: None for accuracy, hamming_loss, MCC and kappa.
    formula: Ratio | None = None
    average: Any = None
    #: Codes of the classes averaged over; None means all, -1 one that never occurs.
    chosen: Sequence[int] | None = None
    fill_value: float = float("nan")
    #: Whether the classes are columns of indicators, so that a row has many of them.
    multilabel: bool = False

    def value(self, m: Marginals) -> FloatArray:
        """Return the metric for every leading index of the marginals."""
        if self.formula is not None:
            return averaged(
                self.formula,
                self.pick(m),
                self.average,
                self.fill_value,
                listed=self.chosen is not None,
            )
        if self.name in ("accuracy", "hamming_loss"):
            hits = m.hits.sum(axis=-1)
            return divide(hits if self.name == "accuracy" else m.total - hits, m.total)
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
            self.fill_value,
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

    def proportion(self) -> Ratio | None:
        """Return the proportion this metric is (a function of), if there is one."""
        if self.formula is None:
            simple = self.name in ("accuracy", "hamming_loss")
            return Ratio((1, 0, 0, 0), (0, 0, 1, 0)) if simple else None
        if self.average != "binary" and (self.average != "micro" or self.multilabel):
            return None  # what a row adds to several columns is not independent
        single = self.chosen is not None and len(self.chosen) == 1
        if self.name == "f1_score":
            # F1 = 2J / (1 + J), and Jaccard's J is a proportion of its union.
            return Ratio((1, 0, 0, 0), (-1, 1, 1, 0)) if single else None
        if self.name in ("precision", "recall") or (
            single and self.name in ("jaccard", "specificity")
        ):
            return self.formula
        return None

    def denominator(self, m: Marginals) -> Array:
        """Return the rows (or weight) that the metric rests on."""
        share = self.proportion()
        if share is None:
            return np.asarray(m.total, float)
        return linear(share.below, self.pick(m)).sum(axis=-1).astype(float)


def estimand_of(
    name: str,
    present: Sequence[Any],
    average: Any,
    *,
    positive: Any = 1,
    classes: Any = None,
    beta: float = 1.0,
    fill_value: float = float("nan"),
    declared: bool = False,
    multilabel: bool = False,
) -> Estimand:
    """
    Settle a metric and its options for the classes that are present.

    Raises:
        TypeError: If `classes` is of another kind than the data.
        ValueError: If there is no such metric, or the options do not fit the classes.
    """
    if name in WHOLE:
        if not multilabel:
            return Estimand(name)
        refuse_agreement(name)
        if name == "accuracy":  # of label sets, each compared as a whole
            return Estimand(name)
        every = range(len(present))
        return Estimand(name, CELLS_WRONG, "micro", every, multilabel=True)
    name, average = plain_name(name, average)
    check_average(average)
    if average is None:
        raise ValueError(
            'average=None has one value per class; choose "binary", "micro", "macro" '
            'or "weighted"'
        )
    wanted = None if classes is None else listed(classes)
    chosen: Sequence[int] | None = None
    if average == "binary":
        if multilabel:
            refuse_binary(average)
        code = positive_code(present, positive, wanted)
        chosen = [-1 if code is None else code]
    elif wanted is not None:
        check_kinds(wanted, present)
        position = {label: code for code, label in enumerate(present)}
        chosen = [position.get(label, -1) for label in wanted]
    elif declared or multilabel:
        chosen = range(len(present))
    return Estimand(name, ratio(name, beta), average, chosen, fill_value, multilabel)


def plain_name(name: str, average: Any) -> tuple[str, Any]:
    """Return a ratio metric's own name and average; refuse unknown names."""
    if name == "balanced_accuracy":
        return "recall", "macro"
    check_choice(name, "metric", CLASS_METRICS)
    return name, average
