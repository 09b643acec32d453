"""What happens where a metric has no value: one policy for all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEITHER = "the class is neither predicted nor among the labels"
_REASONS = {
    "precision": "the class is never predicted",
    "recall": "the class is not among the labels",
    "specificity": "every label is of this class",
    "f1_score": _NEITHER,
    "fbeta_score": _NEITHER,
    "jaccard": _NEITHER,
    "matthews_corrcoef": "predictions or labels hold a single class",
    "cohen_kappa": "predictions and labels all hold the same class",
    "roc_auc": "positives and negatives are both needed",
    "roc_curve": "positives and negatives are both needed",
    "average_precision": "there is no positive row",
    "precision_recall_curve": "there is no positive row",
    "r2_score": "all labels are equal, so there is no variance to explain",
    "mean_absolute_percentage_error": "a label is 0, and no error is a percentage of "
    "that",
}

#: Value for an undefined metric. "nan" also leaves it out of averages.
UndefinedPolicy = Literal["nan", "raise", 0, 1]


class Undefined(NamedTuple):
    """Why a metric has no value: returned as data, never warned about."""

    metric: str
    #: The class it concerns; None when it is the metric as a whole.
    label: Any
    reason: str

    def __str__(self) -> str:
        where = "" if self.label is None else f" of class {self.label!r}"
        return f"{self.metric}{where} is undefined: {self.reason}"


def cause(metric: str, label: Any = None) -> Undefined:
    """Return why a metric has no value where it has none."""
    return Undefined(metric, label, _REASONS[metric])


class UndefinedMetricError(ValueError):
    """
    A metric has no value and `undefined="raise"` was asked for.

    Attributes:
        causes: What is undefined and why, a tuple of `Undefined`.
    """

    def __init__(self, causes: Sequence[Undefined]) -> None:
        self.causes: tuple[Undefined, ...] = tuple(causes)
        more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
        super().__init__(
            f'{causes[0]}{more}; pass undefined="nan", 0 or 1 to get a number instead'
        )


def check_policy(undefined: Any) -> float:
    """Return the number that stands for an undefined value under this policy."""
    if isinstance(undefined, str) and undefined in ("nan", "raise"):
        return math.nan
    if not isinstance(undefined, str) and undefined in (0, 1):
        return float(undefined)
    raise ValueError(f'undefined must be "nan", "raise", 0 or 1, got {undefined!r}')


def settle(value: float, undefined: UndefinedPolicy, metric: str) -> float:
    """Return `value`, or what the policy puts in the place of nan."""
    fill_value = check_policy(undefined)
    if not math.isnan(value):
        return value
    if undefined == "raise":
        raise UndefinedMetricError((cause(metric),))
    return fill_value
