"""
The counting core: one blocked pass over codes, in memory that does not grow with rows.

Codes are taken in blocks that fit the second-level cache. Small tables are counted
with `bincount` and added; tables wider than a block are incremented in place, since
clearing and adding a wide table for every block would cost more than the rows do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._inputs import BLOCK, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ._arrays import Array, IntArray
    from ._codes import Codes

#: Largest table of pairs made just for its margins: 8 MB, and no larger than the rows.
_WHOLE = 10**6

#: (codes, offset, size) of one key: the code of a row is `codes[row] - offset`.
Key = tuple[Any, int, int]


class Marginals(NamedTuple):
    """
    What precision, recall and their kin need, per class on the last axis.

    Leading axes, where there are any, are slices or replicates.
    """

    hits: Array
    predicted: Array
    actual: Array
    #: Rows (or their weight) in all, without the class axis.
    total: Array

    def take(self, index: Any) -> Marginals:
        """Return the classes at `index`; the total stays that of all rows."""
        return Marginals(
            self.hits[..., index],
            self.predicted[..., index],
            self.actual[..., index],
            self.total,
        )


def count_cells(keys: Sequence[Key], weights: Array | None = None) -> NDArray[Any]:
    """
    Count rows by the combination of their keys, the slowest-varying key first.

    Returns a flat int64 table (float64 if weighted) with a cell per combination.
    """
    cells = 1
    for _, _, size in keys:
        cells *= size
    table = np.zeros(cells, np.int64 if weights is None else np.float64)
    n = len(keys[0][0])
    buffer = np.empty(min(n, BLOCK), np.int64)
    for block in blocks(n):
        tally(table, combine(keys, block, buffer), weights, block)
    return table


def tally(table: Array, cells: Array, weights: Array | None, block: slice) -> None:
    """Add the rows of a block to the table, at their cells."""
    part = None if weights is None else weights[block]
    if len(table) > BLOCK:
        np.add.at(table, cells, 1 if part is None else part)
    else:
        table += np.bincount(cells, part, minlength=len(table))


def combine(keys: Sequence[Key], block: slice, buffer: IntArray) -> IntArray:
    """Return one number per row of a block, the keys being its mixed-radix digits."""
    (codes, shift, _), *others = keys
    source = codes[block]
    cells = buffer[: len(source)]
    if not others:
        np.copyto(cells, source, casting="unsafe")
    for codes, offset, size in others:
        # dtype: small integers would wrap around (256 classes in uint8).
        np.multiply(source, size, out=cells, dtype=np.int64, casting="unsafe")
        np.add(cells, codes[block], out=cells, dtype=np.int64, casting="unsafe")
        shift = shift * size + offset
        source = cells
    if shift:
        # Wrapping is meant: the shift may pass 2**63 where the difference does not.
        cells -= np.int64((shift + 2**63) % 2**64 - 2**63)
    return cells


def count_pairs(coded: Codes, weights: Array | None = None) -> NDArray[Any]:
    """Return the table [label, prediction], shape (size, size)."""
    predictions, labels = coded.columns
    size = coded.size
    keys = [(labels, coded.offset, size), (predictions, coded.offset, size)]
    return count_cells(keys, weights).reshape(size, size)


def count_marginals(coded: Codes, weights: Array | None = None) -> Marginals:
    """Return hits, predicted and actual rows per code."""
    predictions, labels = coded.columns
    offset, size = coded.offset, coded.size
    if size * size <= max(BLOCK, min(len(labels), _WHOLE)):
        pairs = count_pairs(coded, weights)
        actual = pairs.sum(axis=1)
        return Marginals(
            pairs.diagonal().copy(), pairs.sum(axis=0), actual, actual.sum()
        )
    kind = np.int64 if weights is None else np.float64
    missed_or_hit, actual = np.zeros(2 * size, kind), np.zeros(size, kind)
    buffer = np.empty(min(len(labels), BLOCK), np.int64)
    for block in blocks(len(labels)):
        tally(actual, combine([(labels, offset, size)], block, buffer), weights, block)
        cells = combine([(predictions, offset, size)], block, buffer)
        cells *= 2
        cells += predictions[block] == labels[block]
        tally(missed_or_hit, cells, weights, block)
    split = missed_or_hit.reshape(size, 2)
    return Marginals(split[:, 1].copy(), split.sum(axis=1), actual, actual.sum())


def count_equal(coded: Codes, weights: Array | None = None) -> tuple[Any, Any]:
    """Return the rows (or weight) where prediction and label agree, and all rows."""
    predictions, labels = coded.columns
    n = len(labels)
    if weights is None:
        hits = sum(
            int(np.count_nonzero(predictions[block] == labels[block]))
            for block in blocks(n)
        )
        return hits, n
    weight = sum(
        float(weights[block] @ (predictions[block] == labels[block]))
        for block in blocks(n)
    )
    return weight, float(weights.sum())


def count_indicators(
    predictions: Array, labels: Array, weights: Array | None = None
) -> tuple[Marginals, Any]:
    """
    Count 0/1 indicator matrices of shape (n, k), a class per column.

    Returns the marginals and the rows (or weight) that agree in every column.
    """
    n, k = labels.shape
    kind = np.int64 if weights is None else np.float64
    hits, predicted, actual = (np.zeros(k, kind) for _ in range(3))
    exact: Any = 0
    for block in blocks(n, max(1, BLOCK // k)):
        p, y = predictions[block] != 0, labels[block] != 0
        w = np.ones(len(p), kind) if weights is None else weights[block]
        hits += w @ (p & y)
        predicted += w @ p
        actual += w @ y
        exact += w @ (p == y).all(axis=1)
    total = n if weights is None else weights.sum()
    return Marginals(hits, predicted, actual, np.asarray(total)), exact
