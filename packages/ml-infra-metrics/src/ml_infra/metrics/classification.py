"""
Metrics of predicted classes: predictions first, labels second, a plain float out.

Inputs are columns of integers, booleans or strings in any container, never written to;
integer labels cost no memory that grows with the rows. Keywords of other libraries come
as pairs: y_true, y_pred; preds, target; references. No value is nan; see `undefined`.

Averages: "binary" scores the class `positive` of two; "macro" is the mean over classes;
"weighted" weighs it by label counts; "micro" pools the classes. `classes` may name
only some classes, or ones that do not occur; rows of the others still count too.
"""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING, Any

from . import _tiny
from ._overloads import fbeta_overloads, ratio_overloads
from ._tables import Options, agreeing, ratio_metric, read_rows
from .agreement import cohen_kappa, hamming_loss, matthews_corrcoef
from .confusion import classification_report, confusion_matrix, top_k_accuracy

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._formulas import Average
    from ._inputs import Aliases, Missing
    from ._undefined import UndefinedPolicy

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "classification_report",
    "cohen_kappa",
    "confusion_matrix",
    "f1_score",
    "fbeta_score",
    "hamming_loss",
    "jaccard",
    "matthews_corrcoef",
    "precision",
    "recall",
    "specificity",
    "top_k_accuracy",
]


def accuracy(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the share of rows whose prediction equals the label.

    Rows of indicators must agree in every column.

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1].

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length or have missing values.

    >>> accuracy([1, 0, 1, 1, 0], [1, 0, 1, 0, 0])
    0.8
    """
    if _tiny.is_tiny(predictions, labels, aliases, weights=weights, missing=missing):
        return float(sum(map(eq, predictions, labels)) / len(labels))
    read = read_rows(
        "accuracy", predictions, labels, aliases, weights=weights, missing=missing
    )
    hits, total = agreeing(read)
    return float(hits / total)


def balanced_accuracy(
    predictions: Any = None,
    labels: Any = None,
    *,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the mean recall of the classes: macro recall by its usual name.

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1]. Undefined where no class has labels.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length or have missing values.

    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 1, 1])  # recalls 1 and 1/2
    0.75
    """
    options = Options(
        average="macro", weights=weights, undefined=undefined, missing=missing
    )
    return float(ratio_metric("recall", predictions, labels, options, aliases))


@ratio_overloads
def precision(
    predictions: Any = None,
    labels: Any = None,
    *,
    average: Average | None = "binary",
    positive: Any = 1,
    classes: Any = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Any:
    """
    Return the share of predicted positives that are positive.

    hits / predicted.

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        average: "binary", "macro", "weighted", "micro", or None for every class.
        positive: The class that "binary" scores.
        classes: Classes to average over; None means those that occur.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1], or ``{class: float}``. Undefined where a class is never
        predicted.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length, have missing values or do
            not fit `average`.

    >>> precision([1, 0, 1, 1], [1, 0, 1, 0])
    0.6666666666666666
    >>> precision(["a", "b", "b"], ["a", "b", "c"], average=None)
    {'a': 1.0, 'b': 0.5, 'c': nan}
    """
    options = Options(average, positive, classes, weights, undefined, missing)
    return ratio_metric("precision", predictions, labels, options, aliases)


@ratio_overloads
def recall(
    predictions: Any = None,
    labels: Any = None,
    *,
    average: Average | None = "binary",
    positive: Any = 1,
    classes: Any = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Any:
    """
    Return the share of positives that were predicted (sensitivity).

    hits / actual.

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        average: "binary", "macro", "weighted", "micro", or None for every class.
        positive: The class that "binary" scores.
        classes: Classes to average over; None means those that occur.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1], or ``{class: float}``. Undefined where a class has no
        labels.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length, have missing values or do
            not fit `average`.

    >>> recall([1, 0, 0, 1], [1, 0, 1, 0])
    0.5
    >>> recall([0, 1, 2, 2], [0, 1, 1, 2], average="macro")  # 1, 1/2 and 1
    0.8333333333333334
    """
    options = Options(average, positive, classes, weights, undefined, missing)
    return ratio_metric("recall", predictions, labels, options, aliases)


@ratio_overloads
def specificity(
    predictions: Any = None,
    labels: Any = None,
    *,
    average: Average | None = "binary",
    positive: Any = 1,
    classes: Any = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Any:
    """
    Return the share of negatives that were not predicted.

    The true negative rate, (total - predicted - actual + hits) / (total - actual).

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        average: "binary", "macro", "weighted", "micro", or None for every class.
        positive: The class that "binary" scores.
        classes: Classes to average over; None means those that occur.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1], or ``{class: float}``. Undefined where every label is
        of the class.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length, have missing values or do
            not fit `average`.

    >>> specificity([1, 0, 1, 0], [1, 0, 0, 0])  # 2 of 3 negatives
    0.6666666666666666
    """
    options = Options(average, positive, classes, weights, undefined, missing)
    return ratio_metric("specificity", predictions, labels, options, aliases)


@ratio_overloads
def f1_score(
    predictions: Any = None,
    labels: Any = None,
    *,
    average: Average | None = "binary",
    positive: Any = 1,
    classes: Any = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Any:
    """
    Return the harmonic mean of precision and recall.

    2 hits / (predicted + actual). Macro is the mean of the classes' F1, not the F1 of
    mean precision and recall (Opitz and Burst, arXiv:1911.03347).

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        average: "binary", "macro", "weighted", "micro", or None for every class.
        positive: The class that "binary" scores.
        classes: Classes to average over; None means those that occur.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1], or ``{class: float}``. Undefined where a class is
        neither predicted nor among the labels; 0 where only one of the two is missing.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length, have missing values or do
            not fit `average`.

    >>> f1_score([1, 0, 1, 1], [1, 0, 1, 0])
    0.8
    >>> round(f1_score([0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 2], average="macro"), 4)
    0.4524
    """
    options = Options(average, positive, classes, weights, undefined, missing)
    return ratio_metric("f1_score", predictions, labels, options, aliases)


@fbeta_overloads
def fbeta_score(
    predictions: Any = None,
    labels: Any = None,
    *,
    beta: float,
    average: Average | None = "binary",
    positive: Any = 1,
    classes: Any = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Any:
    """
    Return the weighted harmonic mean of precision and recall.

    (1 + beta²) hits / (predicted + beta² actual); van Rijsbergen (1979).

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        beta: How many times as much recall counts as precision, at least 0.
        average: "binary", "macro", "weighted", "micro", or None for every class.
        positive: The class that "binary" scores.
        classes: Classes to average over; None means those that occur.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1], or ``{class: float}``. Undefined where a class is
        neither predicted nor among the labels.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length, have missing values or do
            not fit `average`.

    >>> fbeta_score([1, 0, 1, 1], [1, 0, 1, 0], beta=2)  # 10 / 11
    0.9090909090909091
    """
    options = Options(average, positive, classes, weights, undefined, missing)
    return ratio_metric("fbeta_score", predictions, labels, options, aliases, beta=beta)


@ratio_overloads
def jaccard(
    predictions: Any = None,
    labels: Any = None,
    *,
    average: Average | None = "binary",
    positive: Any = 1,
    classes: Any = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Any:
    """
    Return intersection over union of predicted and actual positives.

    hits / (predicted + actual - hits).

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        average: "binary", "macro", "weighted", "micro", or None for every class.
        positive: The class that "binary" scores.
        classes: Classes to average over; None means those that occur.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1], or ``{class: float}``. Undefined where a class is
        neither predicted nor among the labels.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length, have missing values or do
            not fit `average`.

    >>> jaccard([1, 0, 1, 1], [1, 0, 1, 0])
    0.6666666666666666
    """
    options = Options(average, positive, classes, weights, undefined, missing)
    return ratio_metric("jaccard", predictions, labels, options, aliases)
