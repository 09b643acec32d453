"""
Marginals of a counted table and the variances they lead to, for each form it has.

Tables are dense, sparse (`SparseTable`), or sparse with whole label sets for classes.
Every form answers the same: what metrics are made of, summed over rows, and the sum
of squared changes that is a delta-method variance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._counting import Marginals
from ._inputs import BLOCK, blocks

if TYPE_CHECKING:
    from ._arrays import Array, BoolArray, FloatArray
    from ._formulas import Gradient
    from ._sparse_table import SparseTable


# --- dense tables -------------------------------------------------------------


def dense_marginals(table: Array) -> Marginals:
    """Return marginals of shape (1, classes) of a table [label, prediction]."""
    actual = table.sum(axis=1)[None]
    return Marginals(
        table.diagonal().copy()[None],
        table.sum(axis=0)[None],
        actual,
        actual.sum(axis=-1),
    )


def dense_variance(table: Array, m: Marginals, gradient: Gradient) -> FloatArray:
    """
    Return the delta-method variance, shape (1,), without a derivative per cell.

    Off the diagonal the derivative is a[label] + b[prediction], so the sum of its
    squares follows from the marginals of the errors and one matrix product.
    """
    a, b = gradient.actual[0] + gradient.total[0], gradient.predicted[0]
    hits = m.hits[0]
    cross = 0.0
    for block in blocks(len(table), max(1, BLOCK // len(table))):
        of_errors = table[block].astype(float) @ b - hits[block] * b[block]
        cross += float(a[block] @ of_errors)
    squares = (m.actual[0] - hits) @ a**2 + (m.predicted[0] - hits) @ b**2
    found = hits @ (a + b + gradient.hits[0]) ** 2 + squares + 2 * cross
    # Where the squares cancel out, what remains of them is rounding.
    return np.array([found if found > 1e-12 * (found + squares) else 0.0])


# --- sparse tables ------------------------------------------------------------


def sparse_marginals(
    table: SparseTable, slices: int, classes: int, values: Array
) -> Marginals:
    """Return marginals of shape (slices, classes) of values per cell."""
    kind = values.dtype
    exact = kind.kind == "i" and float(values.sum(dtype=float)) >= 2.0**53
    if not exact:
        values = values.astype(float, copy=False)
    of_slice = table.by * classes if slices > 1 else 0
    label, prediction = of_slice + table.label, of_slice + table.prediction

    def sums(cells: Array, part: Array) -> Array:
        if exact:
            # Not bincount: its float64 sums would round counts beyond 2**53.
            found = np.zeros(slices * classes, kind)
            np.add.at(found, cells, part)
        else:
            found = np.bincount(cells, part, slices * classes).astype(kind)
        return found.reshape(slices, classes)

    hit = np.flatnonzero(label == prediction)
    actual = sums(label, values)
    return Marginals(
        sums(label[hit], values[hit]),
        sums(prediction, values),
        actual,
        actual.sum(axis=-1),
    )


def sparse_replicates(table: SparseTable, classes: int) -> Marginals:
    """Return marginals of shape (replicates, classes) of a table without slices."""
    values = np.asarray(table.replicates)
    hit = table.label == table.prediction

    def sums(codes: Array, chosen: Any = slice(None)) -> Array:
        found = np.zeros((classes, values.shape[1]))
        np.add.at(found, codes[chosen], values[chosen])
        return np.ascontiguousarray(found.T)

    actual = sums(table.label)
    return Marginals(
        sums(table.label, hit), sums(table.prediction), actual, actual.sum(axis=-1)
    )


def sparse_variance(
    table: SparseTable, slices: int, gradient: Gradient, squares: Array
) -> FloatArray:
    """Return the delta-method variance per slice, given squared weights per cell."""
    hits, actual, predicted = (
        column.ravel()
        for column in (gradient.hits, gradient.actual, gradient.predicted)
    )
    found = np.zeros(slices)
    for block in blocks(len(squares)):
        by, label, prediction = (column[block] for column in table[:3])
        first = by * gradient.hits.shape[-1]  # of the slice, in the flat derivatives
        change = actual.take(first + label)
        change += predicted.take(first + prediction)
        hit = np.flatnonzero(label == prediction)
        change[hit] += hits.take(first[hit] + label[hit])
        change += gradient.total.take(by)
        change *= change
        change *= squares[block]
        found += np.bincount(by, change, minlength=slices)
    return found


# --- sparse tables of label sets ----------------------------------------------


def set_marginals(
    table: SparseTable, members: BoolArray, slices: int, values: Array
) -> Marginals:
    """
    Return marginals of shape (slices, columns) of values per cell.

    `members` tells, for the code of every label set, which columns are in it.
    """
    hits, predicted, actual = (
        np.zeros((slices, members.shape[1]), values.dtype) for _ in range(3)
    )
    total = np.zeros(slices, values.dtype)
    for block in _set_blocks(table, members):
        by = table.by[block]
        y, p = members[table.label[block]], members[table.prediction[block]]
        starts = np.flatnonzero(np.append(True, by[1:] != by[:-1]))
        value = values[block]
        for out, part in ((hits, y & p), (predicted, p), (actual, y)):
            out[by[starts]] += np.add.reduceat(part * value[:, None], starts)
        total[by[starts]] += np.add.reduceat(value, starts)
    return Marginals(hits, predicted, actual, total)


def set_replicates(table: SparseTable, members: BoolArray) -> Marginals:
    """Return marginals of shape (replicates, columns) of a table without slices."""
    drawn = np.asarray(table.replicates)
    hits, predicted, actual = np.zeros((3, drawn.shape[1], members.shape[1]))
    for block in _set_blocks(table, members):
        y, p = members[table.label[block]], members[table.prediction[block]]
        weights = drawn[block].T
        hits += weights @ (y & p)
        predicted += weights @ p
        actual += weights @ y
    return Marginals(hits, predicted, actual, drawn.sum(axis=0))


def set_variance(
    table: SparseTable,
    members: BoolArray,
    slices: int,
    gradient: Gradient,
    squares: Array,
) -> FloatArray:
    """Return the delta-method variance per slice; columns of a row go together."""
    found = np.zeros(slices)
    for block in _set_blocks(table, members):
        by = table.by[block]
        y, p = members[table.label[block]], members[table.prediction[block]]
        change = y * gradient.actual[by] + p * gradient.predicted[by]
        change += (y & p) * gradient.hits[by]
        row = change.sum(axis=1) + gradient.total[by]
        found += np.bincount(by, row * row * squares[block], minlength=slices)
    return found


def _set_blocks(table: SparseTable, members: BoolArray) -> list[slice]:
    return blocks(len(table.rows), max(1, BLOCK // members.shape[1]))
