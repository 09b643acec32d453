"""Scores of a binary problem, counted per distinct value and ordered.

Everything that depends only on the order of the scores (ROC, precision-recall,
DeLong) is a sum over this table, so each is exact under ties and none sorts twice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._inputs import blocks

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
CountArray = npt.NDArray[Any]
"""Row counts as int64, or sums of weights as float64."""

_MAGNITUDE = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_INFINITY = 0x7FF0_0000_0000_0000


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


def keys_of(scores: FloatArray) -> IntArray:
    """Return integers in the order of the scores; -0.0 and 0.0 share the key 0."""
    bits = np.ascontiguousarray(scores).view(np.int64)
    sign = bits >> 63
    keys: IntArray = bits & _MAGNITUDE
    keys ^= sign
    keys -= sign
    return keys


def scores_of(keys: IntArray) -> FloatArray:
    """Return the scores of keys: the inverse of `keys_of`."""
    bits = np.abs(keys)
    bits |= np.where(keys < 0, np.int64(-(2**63)), np.int64(0))
    return bits.view(np.float64)


def tabulate(
    scores: FloatArray, positive: BoolArray, weights: CountArray | None = None
) -> ScoreTable:
    """
    Count the rows of each class per distinct score.

    Args:
        scores: Shape (n,), float64 without NaN; infinities are ordinary values.
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


def _tabulate_rows(scores: FloatArray, positive: BoolArray) -> ScoreTable:
    """Count without weights."""
    ordered = _sorted_with_class(scores, positive)
    if ordered is None:
        keys = keys_of(scores)
        order = np.argsort(keys)
        ordered = keys[order], positive[order].astype(np.int64)
    keys, positives = ordered
    starts = _starts(keys)
    if starts is None:
        negatives = 1 - positives
    else:
        # In place where possible: fresh pages cost more than the arithmetic.
        keys = keys[starts]
        negatives = np.diff(starts, append=len(positives))
        positives = np.add.reduceat(positives, starts)
        negatives -= positives
    return ScoreTable(keys, positives, negatives, positives, negatives)


def _sorted_with_class(
    scores: FloatArray, positive: BoolArray
) -> tuple[IntArray, IntArray] | None:
    """
    Return keys in ascending order and the class (0 or 1) of each; None if no bit fits.

    Where the spread of magnitudes leaves a bit free (nearly always), the class rides
    in the lowest bit of the key, so that one value sort does the work of an argsort
    and two gathers, in a third of their time. Blocks keep the passes in cache.
    """
    bits = np.ascontiguousarray(scores).view(np.int64)
    extremes = [
        (int(magnitudes.min()), int(magnitudes.max()))
        for block in blocks(len(bits))
        for magnitudes in (bits[block] & _MAGNITUDE,)
    ]
    smallest = min((low for low, _ in extremes), default=0)
    largest = max((high for _, high in extremes), default=0)
    base = max(smallest - 1, 0)
    if largest - base >= 2**62:
        return None
    keys = np.empty_like(bits)
    for block in blocks(len(bits)):
        part, sign = keys[block], bits[block] >> 63
        np.bitwise_and(bits[block], _MAGNITUDE, out=part)
        part -= base
        part <<= 1
        part ^= sign
        part -= sign
        part |= positive[block]
    keys.sort()
    positives = keys & 1
    keys >>= 1
    if base:
        below_zero = np.searchsorted(keys, 0)
        keys[:below_zero] -= base
        keys[below_zero:] += base
    return keys, positives


def roc_auc_of(table: ScoreTable) -> float | None:
    """
    Return P(score of a positive > of a negative) + P(equal) / 2; None if undefined.

    Whole-number counts are summed and divided as integers: one rounding in all.
    """
    positives, negatives = comparable(table)
    total = _total(positives) * _total(negatives)
    if not total:
        return None
    below = 0
    twice_area = 0
    for block in blocks(len(negatives)):
        upto = np.cumsum(negatives[block])
        twice = 2 * upto
        twice -= negatives[block]
        twice += 2 * below
        twice_area += np.dot(positives[block], twice).item()
        below += upto[-1].item()
    return twice_area / (2 * total)


def average_precision_of(table: ScoreTable) -> float | None:
    """Return the sum over thresholds of (recall gained) * precision."""
    positives, negatives = comparable(table)
    total = _total(positives)
    if not total:
        return None
    true = every = 0.0
    area = 0.0
    for block in reversed(blocks(len(positives))):
        gained = positives[block][::-1].astype(np.float64)
        trues = np.cumsum(gained)
        trues += true
        rows = negatives[block][::-1] + gained
        np.cumsum(rows, out=rows)
        rows += every
        true, every = trues[-1], rows[-1]
        # Not np.dot: waking the threads of a BLAS costs more than the product.
        trues *= gained
        trues /= rows
        area += float(trues.sum())
    return min(area / total, 1.0)


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
