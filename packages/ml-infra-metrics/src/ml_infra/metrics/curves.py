"""The ROC curve and the precision-recall curve of binary scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._arrays import FloatArray  # noqa: TC001 - for typing.get_type_hints
from ._inputs import arguments
from ._problems import binary_table
from ._score_keys import scores_of
from ._score_table import ScoreTable, at_or_above
from ._undefined import UndefinedPolicy, check_policy, settle

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._inputs import Aliases, Missing

__all__ = ["PrecisionRecallCurve", "RocCurve", "precision_recall_curve", "roc_curve"]


class RocCurve(NamedTuple):
    """
    Points of the ROC curve from (0, 0) to (1, 1), each of shape (d + 1,).

    A point counts the rows with score >= its threshold; the first threshold is inf.
    """

    fpr: FloatArray
    tpr: FloatArray
    thresholds: FloatArray


class PrecisionRecallCurve(NamedTuple):
    """
    Points of the precision-recall curve, by ascending threshold.

    `precision` and `recall` have shape (d + 1,): a last point (1, 0) without a
    threshold closes the curve, as in scikit-learn. `thresholds` has shape (d,).
    """

    precision: FloatArray
    recall: FloatArray
    thresholds: FloatArray


def roc_curve(
    scores: Any = None,
    labels: Any = None,
    *,
    positive: Any = 1,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> RocCurve:
    """
    Return the ROC curve with a point for every distinct score.

    Args:
        scores: Numbers, shape (n,), higher for the positive class.
        labels: Two classes, shape (n,).
        positive: The positive class.
        weights: Non-negative, shape (n,); None means all ones.
        undefined: Value of a rate whose class has no row: "nan", 0, 1 or "raise".
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_score.

    Returns:
        A `RocCurve`: fpr and tpr ascending in [0, 1], thresholds descending from inf.

    Raises:
        ValueError: As `roc_auc`.
        TypeError: As `roc_auc`.

    >>> curve = roc_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> curve.tpr.tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]
    >>> curve.fpr.tolist()
    [0.0, 0.0, 0.5, 0.5, 1.0]
    """
    scores, labels = arguments("roc_curve", scores, labels, aliases, "scores")
    table, _ = binary_table(scores, labels, positive, weights, missing)
    return roc_curve_of(table, undefined)


def precision_recall_curve(
    scores: Any = None,
    labels: Any = None,
    *,
    positive: Any = 1,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> PrecisionRecallCurve:
    """
    Return precision and recall at every distinct score.

    Args:
        scores: Numbers, shape (n,), higher for the positive class.
        labels: Two classes, shape (n,).
        positive: The positive class.
        weights: Non-negative, shape (n,); None means all ones.
        undefined: Value of the recall without a positive row: "nan", 0, 1 or "raise".
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_score.

    Returns:
        A `PrecisionRecallCurve`: thresholds ascending, recall descending to 0.

    Raises:
        ValueError: As `roc_auc`.
        TypeError: As `roc_auc`.

    >>> curve = precision_recall_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> curve.recall.tolist()
    [1.0, 1.0, 0.5, 0.5, 0.0]
    >>> curve.thresholds.tolist()
    [0.1, 0.35, 0.4, 0.8]
    """
    scores, labels = arguments(
        "precision_recall_curve", scores, labels, aliases, "scores"
    )
    table, _ = binary_table(scores, labels, positive, weights, missing)
    return precision_recall_curve_of(table, undefined)


# --- from a table of scores: shared with the streaming state ------------------------


def roc_curve_of(table: ScoreTable, undefined: UndefinedPolicy = "nan") -> RocCurve:
    """Return the curve of a table; see `roc_curve`."""
    rates = []
    for counts in (table.negatives, table.positives):
        upto = np.append(0, np.cumsum(counts[::-1]))
        rates.append(_share(upto, upto[-1], undefined, "roc_curve"))
    thresholds = np.append(np.inf, scores_of(table.keys)[::-1])
    return RocCurve(rates[0], rates[1], thresholds)


def precision_recall_curve_of(
    table: ScoreTable, undefined: UndefinedPolicy = "nan"
) -> PrecisionRecallCurve:
    """Return the curve of a table; see `precision_recall_curve`."""
    true = at_or_above(table.positives)
    precision = true / (true + at_or_above(table.negatives))
    recall = _share(true, true[0], undefined, "precision_recall_curve")
    return PrecisionRecallCurve(
        np.append(precision, 1.0), np.append(recall, 0.0), scores_of(table.keys)
    )


def _share(
    part: FloatArray, whole: float, undefined: UndefinedPolicy, curve: str
) -> FloatArray:
    check_policy(undefined)
    if whole:
        return part / whole
    return np.full(len(part), settle(math.nan, undefined, curve))
