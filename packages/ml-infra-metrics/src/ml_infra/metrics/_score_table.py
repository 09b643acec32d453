"""Scores of a binary problem, counted per distinct value and ordered.

Everything that depends only on the order of the scores (ROC, precision-recall,
DeLong) is a sum over this table, so each is exact under ties and none sorts twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._inputs import blocks
from ._score_keys import Sorted, Steps, keys_of, sorted_with_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ._arrays import BoolArray, CountArray, IntArray


class ScoreTable(NamedTuple):
    """
    Positives and negatives per distinct score, in ascending order of score.

    Attributes:
        keys: `keys_of` the scores, shape (d,), strictly ascending.
        positives: Rows (or weight) of the positive class per score, shape (d,).
        negatives: The same for the negative class.
        positives_squared: Sums of squared weights, for variances; without weights
            the very array `positives`.
        negatives_squared: The same for the negative class.
    """

    keys: IntArray
    positives: CountArray
    negatives: CountArray
    positives_squared: CountArray
    negatives_squared: CountArray


def tabulate(
    scores: NDArray[Any], positive: BoolArray, weights: CountArray | None = None
) -> ScoreTable:
    """
    Count the rows of each class per distinct score.

    Args:
        scores: Shape (n,), float32 or float64 without NaN; infinities are ordinary
            values.
        positive: Shape (n,), True for rows of the positive class.
        weights: Shape (n,), non-negative; integers are kept exact. Rows of weight 0
            count as absent.
    """
    if weights is None:
        return _tabulate_rows(scores, positive)
    present = weights > 0
    if not present.all():
        scores, positive, weights = scores[present], positive[present], weights[present]
    keys = keys_of(scores)
    order = np.argsort(keys)
    weights = weights[order]
    of_positives = np.where(positive[order], weights, 0)
    of_negatives = weights - of_positives
    return grouped(
        keys[order],
        of_positives,
        of_negatives,
        of_positives * of_positives,
        of_negatives * of_negatives,
    )


def grouped_counts(
    keys: IntArray, weights: CountArray | None = None
) -> tuple[IntArray, CountArray]:
    """Return distinct keys, ascending, and the rows (or weight) of each, (1, d)."""
    order = np.argsort(keys)
    counts = np.ones(len(keys), np.int64) if weights is None else weights[order]
    keys = keys[order]
    starts = _starts(keys)
    if starts is None:
        return keys, counts[None]
    return keys[starts], np.add.reduceat(counts, starts)[None]


def grouped(keys: IntArray, *columns: CountArray) -> ScoreTable:
    """Sum columns over runs of equal keys (ascending)."""
    starts = _starts(keys)
    if starts is None:
        return ScoreTable(keys, *columns)
    return ScoreTable(keys[starts], *(np.add.reduceat(c, starts) for c in columns))


def _starts(keys: IntArray) -> IntArray | None:
    """Return where each run of equal keys begins; None if all keys differ."""
    changes = keys[1:] != keys[:-1]
    return None if changes.all() else np.flatnonzero(np.append(True, changes))


def _tabulate_rows(scores: NDArray[Any], positive: BoolArray) -> ScoreTable:
    """Count without weights."""
    ordered = sorted_with_class(scores, positive)
    if ordered is not None:
        keys, positives, negatives = _count_sorted(ordered)
    else:
        every = keys_of(scores)
        order = np.argsort(every)
        ones = positive[order].astype(np.int64)
        keys, positives, negatives, *_ = grouped(
            every[order], ones, 1 - ones, ones, ones
        )
    return ScoreTable(keys, positives, negatives, positives, negatives)


def _count_sorted(ordered: Sorted) -> tuple[IntArray, IntArray, IntArray]:
    """Return distinct keys, ascending, with their positives and negatives."""
    start = len(ordered.values)
    keys, positives, negatives = (np.empty(start, np.int64) for _ in range(3))
    for values, steps in ordered.steps():
        here = slice(start - len(values), start)
        keys[here] = ordered.keys(values)[::-1]
        positives[here] = steps.positives[::-1]
        negatives[here] = steps.negatives[::-1]
        start = here.start
    return keys[start:], positives[start:], negatives[start:]


def _descending(source: ScoreTable | Sorted) -> Iterator[Steps]:
    """Yield the counts per score from the highest down, in blocks."""
    if isinstance(source, Sorted):
        for _, steps in source.steps():
            yield steps
        return
    positives, negatives = comparable(source)
    true: Any = 0
    rows: Any = 0
    for block in reversed(blocks(len(positives))):
        gained, others = positives[block][::-1], negatives[block][::-1]
        steps = Steps(gained, others, np.cumsum(gained), np.cumsum(gained + others))
        np.add(steps.true, true, out=steps.true)
        np.add(steps.rows, rows, out=steps.rows)
        yield steps
        true, rows = steps.true[-1].item(), steps.rows[-1].item()


def roc_auc_of(source: ScoreTable | Sorted) -> float | None:
    """
    Return P(score of a positive > of a negative) + P(equal) / 2; None if undefined.

    Whole-number counts are summed and divided as integers: one rounding in all.
    """
    true: Any = 0
    false: Any = 0
    twice_area = 0
    for steps in _descending(source):
        above = 2 * steps.true
        above -= steps.positives
        twice_area += np.dot(steps.negatives, above).item()
        true = steps.true[-1].item()
        false += steps.negatives.sum().item()
    total = true * false
    return twice_area / (2 * total) if total else None


def average_precision_of(source: ScoreTable | Sorted) -> float | None:
    """Return the sum over thresholds of (recall gained) * precision."""
    true: Any = 0
    area = 0.0
    for steps in _descending(source):
        area += float((steps.positives * steps.true / steps.rows).sum())
        true = steps.true[-1].item()
    return min(area / true, 1.0) if true else None


def at_or_above(counts: CountArray) -> CountArray:
    """Return the sum of each count and all after it."""
    return np.cumsum(counts[::-1])[::-1]


def _total(counts: CountArray) -> int | float:
    """Return the sum as a Python number, whose integers do not overflow."""
    total: int | float = counts.sum().item()
    return total


def comparable(table: ScoreTable) -> tuple[CountArray, CountArray]:
    """Return both columns in one scale whose products neither overflow nor vanish."""
    positives, negatives = table.positives, table.negatives
    if positives.dtype.kind == "i":
        if _total(positives) + _total(negatives) < 2**30:
            return positives, negatives
        return positives.astype(np.float64), negatives.astype(np.float64)
    largest = max(positives.max(initial=0.0), negatives.max(initial=0.0))
    exponent = np.frexp(largest)[1]
    return np.ldexp(positives, -exponent), np.ldexp(negatives, -exponent)
