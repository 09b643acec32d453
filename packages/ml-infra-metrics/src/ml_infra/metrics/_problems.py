"""From the user's scores and labels to binary problems, and back to one number."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _targets
from ._device_scores import count_scores
from ._inputs import arguments, check_choice, rows
from ._numbers import ordered_scores
from ._readers import on_device
from ._score_keys import Sorted, sorted_with_class
from ._score_table import ScoreTable, tabulate
from ._undefined import UndefinedMetricError, UndefinedPolicy, cause, check_policy
from ._weights import power_scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._arrays import Array, BoolArray, FloatArray
    from ._inputs import Aliases, Missing
    from ._readers import Column


class Problem(NamedTuple):
    """One class against the others: scores, which rows are positive, weights."""

    label: Any
    scores: Array  # float32 or float64
    positive: BoolArray
    weights: FloatArray | None
    #: The table, where the rows were counted on a device and are not here.
    counted: ScoreTable | None = None

    def table(self) -> ScoreTable:
        if self.counted is not None:
            return self.counted
        return tabulate(self.scores, self.positive, self.weights)

    def ordered(self) -> ScoreTable | Sorted:
        """Return what metrics of order are made of: no table where a sort will do."""
        if self.counted is None and self.weights is None and len(self.scores) < 2**30:
            found = sorted_with_class(self.scores, self.positive)
            if found is not None:
                return found
        return self.table()

    def support(self) -> float:
        if self.counted is not None:
            return float(self.counted.positives.sum())
        chosen = self.positive
        return float(
            chosen.sum() if self.weights is None else self.weights[chosen].sum()
        )

    def against(self, other: Problem) -> Problem:
        """Return the problem within the rows of two classes."""
        keep = self.positive | other.positive
        weights = None if self.weights is None else self.weights[keep]
        return Problem(
            (self.label, other.label), self.scores[keep], self.positive[keep], weights
        )


def binary_table(
    scores: Any, labels: Any, positive: Any, weights: Any, missing: Missing
) -> tuple[ScoreTable, int]:
    """Return the scores of two classes as a table, and how many rows are in it."""
    if on_device(scores):
        counted = count_scores(scores, labels, positive, weights)
        return counted.table, counted.n
    (score, label), w, *_ = rows(
        {"scores": scores, "labels": labels}, weights=weights, missing=missing
    )
    w = power_scaled(w)
    problem = _of_binary(score, label, positive, w)
    return problem.table(), len(problem.positive)


def _of_binary(
    scores: Column, labels: Column, positive: Any, weights: FloatArray | None
) -> Problem:
    values = ordered_scores(scores)
    if values.ndim == 2:
        raise ValueError(
            f"scores must have shape (n,) for two classes, got shape {values.shape}; "
            "pass the column of the positive class, as in scores[:, 1]"
        )
    rows_of = _targets.binary(labels, positive)
    return Problem(positive, values, rows_of.positive(), weights)


def problems(
    function: str,
    scores: Any,
    labels: Any,
    aliases: Aliases,
    *,
    positive: Any,
    classes: Sequence[Any] | None,
    weights: Any,
    missing: Missing,
) -> list[Problem]:
    """Settle which argument is which; return one problem, or one per column."""
    scores, labels = arguments(function, scores, labels, aliases, "scores")
    if on_device(scores):
        none = np.zeros(0)
        table = count_scores(scores, labels, positive, weights).table
        return [Problem(positive, none, none > 0, None, table)]
    (score, label), w, *_ = rows(
        {"scores": scores, "labels": labels}, weights=weights, missing=missing
    )
    w = power_scaled(w)
    if score.values.ndim == 1 and label.values.ndim == 1:
        return [_of_binary(score, label, positive, w)]
    values = ordered_scores(score)
    if label.values.ndim == 2:
        targets = _targets.indicator(label)
        if targets.shape != values.shape:
            raise ValueError(
                f"scores and labels must have the same shape, got {values.shape} "
                f"and {targets.shape}"
            )
        if classes is not None:
            classes = _targets.named_columns(score, classes)
        names: Sequence[Any] = _targets.column_names(classes, values.shape[1])
        columns = [targets[:, k] for k in range(values.shape[1])]
    else:
        if values.shape[1] == 2 and classes is None:
            raise ValueError(
                "scores of two classes must have shape (n,): pass the column of the "
                "positive class, as in scores[:, 1], or classes= for both columns"
            )
        coded = _targets.multiclass(label, score, classes)
        names = coded.classes
        columns = [coded.is_class(k) for k in range(values.shape[1])]
    return [
        Problem(name, np.ascontiguousarray(values[:, k]), column, w)
        for k, (name, column) in enumerate(zip(names, columns, strict=True))
    ]


def averaged(
    problems: list[Problem],
    metric: str,
    value_of: Callable[[ScoreTable | Sorted], float | None],
    average: str | None,
    undefined: UndefinedPolicy,
    *,
    one_vs_one: bool = False,
) -> float | dict[Any, float]:
    """
    Return a metric of binary problems as one number, or by class.

    Args:
        problems: One, or one per class.
        metric: Its name, for what is undefined.
        value_of: The metric of a table; None where it has no value.
        average: As in `roc_auc`; None returns the values by class.
        undefined: What stands for no value; nan is left out of averages.
        one_vs_one: Whether classes are compared two by two, each both ways, instead of
            each with all others.
    """
    check_choice(average, "average", ("macro", "weighted", "micro", None))
    fill_value = check_policy(undefined)
    if len(problems) > 1 and one_vs_one:
        if average == "micro":
            raise ValueError('average="micro" has no meaning for multiclass="ovo"')
        values, supports = _one_vs_one(problems, value_of)
    else:
        if len(problems) > 1 and average == "micro":
            problems = [_pooled(problems)]
        values = {problem.label: value_of(problem.ordered()) for problem in problems}
        supports = [problem.support() for problem in problems]
    causes = [
        cause(metric, label if len(values) > 1 else None)
        for label, value in values.items()
        if value is None
    ]
    if causes and undefined == "raise":
        raise UndefinedMetricError(causes)
    filled = {
        key: fill_value if value is None else value for key, value in values.items()
    }
    if average is None:
        return filled
    if len(filled) == 1:
        return next(iter(filled.values()))
    known = [
        (value, support if average == "weighted" else 1.0)
        for value, support in zip(filled.values(), supports, strict=True)
        if not math.isnan(value)
    ]
    total = math.fsum(support for _, support in known)
    if not total:
        return fill_value
    return math.fsum(value * support for value, support in known) / total


def _one_vs_one(
    problems: list[Problem], value_of: Callable[[ScoreTable | Sorted], float | None]
) -> tuple[dict[Any, float | None], list[float]]:
    values: dict[Any, float | None] = {}
    supports = []
    for one, other in combinations(problems, 2):
        there = value_of(one.against(other).ordered())
        back = value_of(other.against(one).ordered())
        both = None if there is None or back is None else (there + back) / 2
        values[one.label, other.label] = both
        supports.append(one.support() + other.support())
    return values, supports


def _pooled(problems: list[Problem]) -> Problem:
    weights = problems[0].weights
    return Problem(
        None,
        np.concatenate([problem.scores for problem in problems]),
        np.concatenate([problem.positive for problem in problems]),
        None if weights is None else np.tile(weights, len(problems)),
    )
