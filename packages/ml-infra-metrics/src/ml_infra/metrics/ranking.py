"""Metrics of the order of scores: ROC AUC, average precision and their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from ._inputs import arguments, check_choice
from ._problems import averaged, binary_table, problems
from ._score_intervals import auc_interval_of, average_precision_interval_of
from ._score_table import average_precision_of, roc_auc_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from ._inputs import Aliases, Missing
    from ._undefined import UndefinedPolicy
    from .intervals import Interval

__all__ = [
    "average_precision",
    "average_precision_interval",
    "roc_auc",
    "roc_auc_interval",
]

Average = Literal["macro", "weighted", "micro"]


@overload
def roc_auc(
    scores: Any = None,
    labels: Any = None,
    *,
    average: Average = "macro",
    multiclass: Literal["ovr", "ovo"] = "ovr",
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float: ...


@overload
def roc_auc(
    scores: Any = None,
    labels: Any = None,
    *,
    average: None,
    multiclass: Literal["ovr", "ovo"] = "ovr",
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> dict[Any, float]: ...


def roc_auc(
    scores: Any = None,
    labels: Any = None,
    *,
    average: Average | None = "macro",
    multiclass: Literal["ovr", "ovo"] = "ovr",
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float | dict[Any, float]:
    """
    Return the area under the ROC curve.

    That is the probability that a positive row scores above a negative one, ties
    counting one half. Only the order of scores matters, so logits, probabilities and
    infinities are all welcome. Scores are compared as float64: values that differ
    only beyond the precision of a float16 input are ties already in the input.

    Args:
        scores: Numbers, shape (n,), higher for the positive class; or one column per
            class, shape (n, k).
        labels: Classes, shape (n,); or for multilabel data 0 and 1, shape (n, k).
        average: For k columns: "macro" (mean over classes), "weighted" (by the rows
            of each class), "micro" (all columns as one problem), or None for
            `{class: value}`.
        multiclass: "ovr" compares each class with the rest; "ovo" each pair of classes
            within their own rows (Hand and Till, Machine Learning 45, 2001), where
            average=None gives `{(class, class): value}`.
        positive: The positive class of binary labels.
        classes: Class of each column; None means the names of a data frame's columns,
            or the labels in ascending order, of which there must be k.
        weights: Non-negative, shape (n,); None means all ones.
        undefined: What an AUC is without a positive or without a negative row: "nan"
            (also left out of averages), 0, 1, or "raise".
        missing: "raise" refuses NaN and null, naming the first row; "drop" leaves such
            rows out.
        **aliases: Keywords of other libraries, such as y_true and y_score.

    Returns:
        A float in [0, 1], or the dictionary described at `average`.

    Raises:
        ValueError: If lengths differ or are 0, a value is missing, the positive class
            is unknown, there are more classes than columns, or weights are not valid.
        TypeError: If scores are no numbers, or keywords of two vocabularies are mixed.

    Inputs are not modified. One sort, O(n) extra memory.

    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])  # 3 of 4 pairs in order
    0.75
    """
    check_choice(multiclass, "multiclass", ("ovr", "ovo"))
    return averaged(
        problems(
            "roc_auc",
            scores,
            labels,
            aliases,
            positive=positive,
            classes=classes,
            weights=weights,
            missing=missing,
        ),
        "roc_auc",
        roc_auc_of,
        average,
        undefined,
        one_vs_one=multiclass == "ovo",
    )


@overload
def average_precision(
    scores: Any = None,
    labels: Any = None,
    *,
    average: Average = "macro",
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float: ...


@overload
def average_precision(
    scores: Any = None,
    labels: Any = None,
    *,
    average: None,
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> dict[Any, float]: ...


def average_precision(
    scores: Any = None,
    labels: Any = None,
    *,
    average: Average | None = "macro",
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float | dict[Any, float]:
    """
    Return the average precision: the mean precision at the score of each positive.

    It is the sum over thresholds of (recall gained) * precision, the step-wise area
    under the precision-recall curve. Rows of equal score pass a threshold together.

    Args:
        scores: Numbers, shape (n,), higher for the positive class; or one column per
            class, shape (n, k), each against the rest.
        labels: Classes, shape (n,); or for multilabel data 0 and 1, shape (n, k).
        average: As in `roc_auc`.
        positive: The positive class of binary labels.
        classes: Class of each column; None means the labels in ascending order.
        weights: Non-negative, shape (n,); None means all ones.
        undefined: What it is without a positive row: "nan", 0, 1 or "raise".
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_score.

    Returns:
        A float in (0, 1], or `{class: value}` for average=None.

    Raises:
        ValueError: As `roc_auc`.
        TypeError: As `roc_auc`.

    Inputs are not modified. One sort, O(n) extra memory.

    >>> average_precision([0.8, 0.4, 0.35, 0.1], [1, 0, 1, 0])  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    return averaged(
        problems(
            "average_precision",
            scores,
            labels,
            aliases,
            positive=positive,
            classes=classes,
            weights=weights,
            missing=missing,
        ),
        "average_precision",
        average_precision_of,
        average,
        undefined,
    )


def roc_auc_interval(
    scores: Any = None,
    labels: Any = None,
    *,
    level: float = 0.95,
    positive: Any = 1,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Interval:
    """
    Return the binary ROC AUC with DeLong's confidence interval.

    The interval is symmetric on the logit scale, so it stays inside (0, 1). Where
    DeLong's variance is 0 or needs a second row of a class (a perfect order, a single
    positive), the interval is flagged "degenerate" and falls back to Wilson's with the
    size of the smaller class, whose variance bounds that of any AUC (Van Dantzig 1951).

    Args:
        scores: Numbers, shape (n,), higher for the positive class.
        labels: Two classes, shape (n,).
        level: Confidence level in (0, 1).
        positive: The positive class.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_score.

    Returns:
        An `Interval`; value and bounds are nan, flagged "undefined", if the labels
        have one class only.

    Raises:
        ValueError: As `roc_auc`; also if level is not in (0, 1).
        TypeError: As `roc_auc`.

    Source: DeLong et al., Biometrics 44 (1988).

    >>> print(roc_auc_interval([0.1, 0.4, 0.35, 0.8, 0.7, 0.3], [0, 0, 1, 1, 1, 0]))
    0.889 [0.261, 0.995]
    """
    scores, labels = arguments("roc_auc_interval", scores, labels, aliases, "scores")
    table, n = binary_table(scores, labels, positive, weights, missing)
    return auc_interval_of(table, n, level)


def average_precision_interval(
    scores: Any = None,
    labels: Any = None,
    *,
    level: float = 0.95,
    positive: Any = 1,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Interval:
    """
    Return the binary average precision with a delta-method confidence interval.

    The variance is the sum of squared influences of the rows (the infinitesimal
    jackknife); the interval is symmetric on the logit scale. Without spread (a perfect
    order) it is flagged "degenerate" and falls back to Wilson's over the positives.

    Args:
        scores: Numbers, shape (n,), higher for the positive class.
        labels: Two classes, shape (n,).
        level: Confidence level in (0, 1).
        positive: The positive class.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_score.

    Returns:
        An `Interval`; value and bounds are nan, flagged "undefined", if no row is
        positive.

    Raises:
        ValueError: As `roc_auc`; also if level is not in (0, 1).
        TypeError: As `roc_auc`.

    >>> average_precision_interval([0.9, 0.8, 0.7, 0.1], [1, 0, 1, 0]).method
    'delta-logit'
    """
    scores, labels = arguments(
        "average_precision_interval", scores, labels, aliases, "scores"
    )
    table, n = binary_table(scores, labels, positive, weights, missing)
    return average_precision_interval_of(table, n, level)
