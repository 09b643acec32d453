"""
What each row adds to a metric: its value and its derivative by the weight of a row.

The metrics do not depend on the scale of the weights, so influences of all rows,
weighted, sum to 0, and the sum of their squares is the delta-method variance. Rows of
one unit (a user, a document) are summed before they are squared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._counting import count_marginals
from ._estimands import estimand_of
from ._probabilities import negative_log, squared_miss
from ._score_intervals import average_precision_influence, delong_influence
from ._score_keys import keys_of
from ._score_table import average_precision_of, roc_auc_of, tabulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import BoolArray, FloatArray
    from ._codes import Codes

SCORE_METRICS = ("roc_auc", "average_precision")
PROBABILITY_METRICS = ("log_loss", "brier_score")
#: Metrics of which less is better.
LOSSES = ("hamming_loss", *PROBABILITY_METRICS)


class Influence(NamedTuple):
    """A metric and its derivative by the weight of each row, shape (n,)."""

    value: float
    rows: FloatArray


class Choice(NamedTuple):
    """How a metric of classes is averaged."""

    average: Any = "binary"
    positive: Any = 1
    classes: Sequence[Any] | None = None
    beta: float = 1.0


def of_classes(
    metric: str, coded: Codes, weights: FloatArray | None, choice: Choice
) -> Influence:
    """Return a metric of predicted classes; `coded` holds predictions and labels."""
    marginals = count_marginals(coded, weights)
    present = np.flatnonzero(marginals.predicted + marginals.actual)
    marginals = marginals.take(present)
    names = [coded.classes[k] for k in present.tolist()]
    estimand = estimand_of(metric, names, **choice._asdict())
    gradient = estimand.gradient(marginals)
    place = np.zeros(coded.size, np.intp)
    place[present] = np.arange(len(present))
    predicted, actual = (place[column - coded.offset] for column in coded.columns)
    rows = gradient.predicted[predicted] + gradient.actual[actual]
    rows += np.where(predicted == actual, gradient.hits[actual], 0.0)
    rows += float(gradient.total)
    value = float(estimand.value(marginals))
    return Influence(value, -rows if metric == "hamming_loss" else rows)


def of_order(
    metric: str,
    scores: FloatArray,
    positive: BoolArray,
    weights: FloatArray | None,
    *,
    small_sample: bool,
) -> Influence:
    """
    Return a metric of the order of scores.

    With `small_sample`, DeLong's influences carry the correction m / (m - 1) of each
    class, so that their squares sum to DeLong's variance.
    """
    table = tabulate(scores, positive, weights)
    if metric == "average_precision":
        value = average_precision_of(table)
        if value is None:
            return Influence(float("nan"), np.zeros(len(scores)))
        sides = average_precision_influence(table, value)
    else:
        value = roc_auc_of(table)
        if value is None:
            return Influence(float("nan"), np.zeros(len(scores)))
        above, below = delong_influence(table, value)
        sides = (
            above * _per_row(table.positives, table.positives_squared, small_sample),
            below * _per_row(table.negatives, table.negatives_squared, small_sample),
        )
    rows = np.zeros(len(scores))
    place = np.searchsorted(table.keys, keys_of(scores))
    # A row of weight 0 may have a score that is not in the table.
    np.minimum(place, len(table.keys) - 1, out=place)
    rows[positive] = sides[0][place[positive]]
    rows[~positive] = sides[1][place[~positive]]
    return Influence(value, rows)


def _per_row(counts: Any, squared: Any, small_sample: bool) -> float:
    total = float(counts.sum())
    if not small_sample:
        return 1 / total
    alone = float(squared.sum()) / total / total
    return 1 / total / (1 - alone) ** 0.5 if alone < 1 - 1e-12 else float("nan")


def of_probabilities(
    metric: str,
    probabilities: FloatArray,
    positive: BoolArray,
    weights: FloatArray | None,
) -> Influence:
    """Return the mean of a loss per row; infinite losses make it undefined."""
    of_true_class = np.where(positive, probabilities, 1 - probabilities)
    losses = (
        negative_log(of_true_class, 0.0)
        if metric == "log_loss"
        else squared_miss(of_true_class)
    )
    weights = np.ones(len(losses)) if weights is None else weights
    present = weights > 0
    total = float(weights.sum())
    mean = float(np.dot(weights[present], losses[present])) / total
    if not np.isfinite(mean):
        return Influence(mean, np.zeros(len(losses)))
    return Influence(mean, np.where(present, losses - mean, 0.0) / total)


def squared_sum(
    influence: FloatArray,
    weights: FloatArray | None,
    units: tuple[Any, int] | None,
    *,
    corrected: bool = False,
) -> tuple[float, int]:
    """
    Return the variance of a sum of influences, and of how many independent parts.

    Args:
        influence: Derivative per row, shape (n,).
        weights: Shape (n,); None means all ones.
        units: Code of the unit of each row, and the number of codes.
        corrected: Whether the influences carry their small-sample correction already.
    """
    parts = influence if weights is None else influence * weights
    if units is not None:
        codes, size = units
        present = np.bincount(codes, weights, size) > 0
        parts = np.asarray(np.bincount(codes, parts, size)[present], np.float64)
    elif weights is not None:
        parts = parts[weights > 0]
    n = len(parts)
    variance = float(np.dot(parts, parts))
    if corrected and units is None:
        return variance, n
    return (variance * n / (n - 1) if n > 1 else float("nan")), n
