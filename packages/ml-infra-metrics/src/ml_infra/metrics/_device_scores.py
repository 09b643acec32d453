"""
Counting scores where they are: on a GPU, through the array API standard.

The sort and the counting happen on the device; one line per distinct score leaves it.
Needs the extra `array-api`; without it, arrays on a device are refused with advice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._device import checked_weights, namespace_of, run_sums, to_host
from ._readers import Column
from ._score_keys import keys_of
from ._score_table import ScoreTable
from ._targets import binary

if TYPE_CHECKING:
    from ._arrays import Array


class DeviceScores(NamedTuple):
    """Scores counted on a device, the other class, and how many rows there were."""

    table: ScoreTable
    negative: Any
    n: int


def count_scores(scores: Any, labels: Any, positive: Any, weights: Any) -> DeviceScores:
    """
    Count positives and negatives per distinct score where the arrays are.

    Raises:
        TypeError: If array-api-compat is not installed, an argument is elsewhere, or
            labels are no integers or booleans.
        ValueError: If shapes disagree, there is no row, a score is NaN, a weight is
            negative, or there are more than two classes.
    """
    compat, xp = namespace_of(scores=scores, labels=labels, weights=weights)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(
            "on a device, scores and labels must have the same shape (n,), got "
            f"{tuple(scores.shape)} and {tuple(labels.shape)}"
        )
    if not scores.shape[0]:
        raise ValueError("scores and labels are empty; at least one row is needed")
    if not xp.isdtype(labels.dtype, ("bool", "integral")):
        raise TypeError("on a device, labels must be integers or booleans")
    n = int(scores.shape[0])
    values = xp.astype(scores, xp.float64)
    missing = xp.isnan(values)
    if bool(xp.any(missing)):
        row = int(xp.argmax(xp.astype(missing, xp.int64)))
        raise ValueError(f"scores has a missing value (NaN or null) at row {row}")
    weight = checked_weights(weights, n, xp)
    if weight is not None:  # a row of weight 0 is an absent row
        values, labels, weight = (a[weight > 0] for a in (values, labels, weight))
    truth = xp.astype(labels, xp.int64)
    classes = to_host(xp.unique_values(truth), compat)
    found = binary(Column("labels", classes), positive, require=False)
    order = xp.argsort(values)
    distinct, rows = xp.unique_counts(xp.take(values, order))
    wanted = found.negative if found.code is None else int(positive)
    counts = to_host(rows, compat).astype(np.int64)
    ends = np.cumsum(counts)
    hits = xp.astype(xp.take(truth, order) == wanted, xp.float64)
    if found.code is None:
        hits = hits * 0

    def both(weight: Any) -> tuple[Array, Array]:
        """Return sums per score over positives and over negatives."""
        of_hits, of_rest = weight * hits, weight * (1 - hits)
        return run_sums(of_hits, ends, compat), run_sums(of_rest, ends, compat)

    if weight is None:
        positives, negatives = (part.astype(np.int64) for part in both(hits * 0 + 1))
        sums = positives, negatives, positives, negatives
    else:
        weight = xp.take(weight, order)
        sums = (*both(weight), *both(weight * weight))
    keys = keys_of(np.asarray(to_host(distinct, compat), np.float64))
    return DeviceScores(ScoreTable(keys, *sums), found.negative, n)
