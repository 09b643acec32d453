"""
Counting scores where they are: on a GPU, through the array API standard.

The sort and the counting happen on the device; one line per distinct score leaves it.
Needs the extra `array-api`; without it, arrays on a device are refused with advice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._device import to_host
from ._readers import Column, on_device
from ._score_keys import keys_of
from ._score_table import ScoreTable
from ._targets import binary

if TYPE_CHECKING:
    from ._readers import Array


class DeviceScores(NamedTuple):
    """Scores counted on a device, the other class, and how many rows there were."""

    table: ScoreTable
    negative: Any
    n: int


def count_scores(scores: Any, labels: Any, positive: Any, weights: Any) -> DeviceScores:
    """
    Count positives and negatives per distinct score where the arrays are.

    Raises:
        TypeError: If array-api-compat is not installed, labels are no integers or
            booleans, or there are weights.
        ValueError: If shapes disagree, there is no row, a score is NaN, or there are
            more than two classes.
    """
    try:
        compat: Any = import_module("array_api_compat")
    except ImportError as error:
        raise TypeError(
            f"scores are on {scores.device}: install ml-infra-metrics[array-api] to "
            "count them there, or pass .cpu() arrays"
        ) from error
    if not on_device(labels):
        raise TypeError(
            f"scores are on {scores.device} but labels are not; move one of them"
        )
    if weights is not None:
        raise TypeError("weights cannot be used on a device; pass .cpu() arrays")
    xp = compat.array_namespace(scores, labels)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(
            "on a device, scores and labels must have the same shape (n,), got "
            f"{tuple(scores.shape)} and {tuple(labels.shape)}"
        )
    if not scores.shape[0]:
        raise ValueError("scores and labels are empty; at least one row is needed")
    if not xp.isdtype(labels.dtype, ("bool", "integral")):
        raise TypeError("on a device, labels must be integers or booleans")
    values = xp.astype(scores, xp.float64)
    missing = xp.isnan(values)
    if bool(xp.any(missing)):
        row = int(xp.argmax(xp.astype(missing, xp.int64)))
        raise ValueError(f"scores has a missing value (NaN or null) at row {row}")
    truth = xp.astype(labels, xp.int64)
    classes = to_host(xp.unique_values(truth), compat)
    found = binary(Column("labels", classes), positive, require=False)
    order = xp.argsort(values)
    distinct, rows = xp.unique_counts(xp.take(values, order))
    wanted = found.negative if found.code is None else int(positive)
    hits = xp.astype(xp.take(truth, order) == wanted, xp.int64)
    upto = to_host(xp.cumulative_sum(hits), compat) * (found.code is not None)
    counts = to_host(rows, compat).astype(np.int64)
    positives: Array = np.diff(upto[np.cumsum(counts) - 1], prepend=0)
    negatives = counts - positives
    keys = keys_of(np.asarray(to_host(distinct, compat), np.float64))
    table = ScoreTable(keys, positives, negatives, positives, negatives)
    return DeviceScores(table, found.negative, int(scores.shape[0]))
