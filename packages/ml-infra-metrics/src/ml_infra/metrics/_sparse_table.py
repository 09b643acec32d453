"""
The state behind `Counts`: rows per (slice, label, prediction), where there are any.

A sparse table is kept as sorted columns, so that a million classes or ten thousand
slices cost memory for what occurred, and two tables merge by one sort.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._counting import combine, count_cells
from ._inputs import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array, FloatArray, IntArray
    from ._counting import Key

_DENSE = 1 << 20  # cells of a dense table to count in: 8 MiB
_CHUNK = 1 << 18  # rows sorted at a time where the table would be larger


class SparseTable(NamedTuple):
    """Columns of equal length m, sorted by (by, label, prediction), without repeats."""

    by: IntArray
    label: IntArray
    prediction: IntArray
    rows: IntArray
    #: Sums of weights and of their squares; None where every row counts once.
    weight: FloatArray | None = None
    square: FloatArray | None = None
    #: Shape (m, replicates): sums of weights under each bootstrap replicate.
    replicates: FloatArray | None = None

    def totals(self) -> Array:
        """Return what metrics are made of: weights, or exact rows without them."""
        return self.rows if self.weight is None else self.weight

    def squares(self) -> Array:
        """Return the sums of squared weights that variances are made of."""
        return self.rows if self.square is None else self.square


def empty(replicates: int = 0) -> SparseTable:
    """Return a table without rows."""
    none = np.zeros(0, np.int64)
    drawn = np.zeros((0, replicates)) if replicates else None
    return SparseTable(none, none, none, none, replicates=drawn)


def of_dense(dense: Array) -> SparseTable:
    """Return the cells of a table [label, prediction]."""
    cells = np.flatnonzero(dense.ravel() != 0)  # of booleans: several times as fast
    label, prediction = _digits(cells, dense.shape)
    return SparseTable(np.zeros_like(cells), label, prediction, dense.ravel()[cells])


def fits(cells: int, n: int) -> bool:
    """Return whether so many cells are held while n rows are counted."""
    return cells <= min(max(4 * n, 4096), _DENSE)


def check_counts(rows: Array) -> None:
    """Raise ValueError if a difference would leave fewer than no rows."""
    if (rows < 0).any():
        raise ValueError(
            "cannot subtract rows that were never added: some counts would be negative"
        )


class Tallied(NamedTuple):
    """Cells straight from counting rows; their slice is not numbered yet."""

    #: Codes of the slice keys of each cell, one array per key.
    by: list[Array]
    #: The cells as single ascending numbers, see `combine`.
    cells: IntArray
    sparse: SparseTable


@np.errstate(over="ignore")  # squares of huge weights: refused by `interval` only
def count_rows(keys: Sequence[Key], weights: Array | None) -> Tallied:
    """Count rows by their keys: those of the slice, then label, then prediction."""
    sizes = [size for _, _, size in keys]
    n = len(keys[0][0])
    if fits(prod(sizes), n):
        rows = count_cells(keys)
        cells = np.flatnonzero(rows != 0)
        rows = rows[cells]
        sums = [
            None if w is None else count_cells(keys, w)[cells]
            for w in (weights, None if weights is None else np.square(weights))
        ]
    else:
        if prod(sizes) >= 2**63:
            raise ValueError("too many slices times classes squared to count")
        cells, rows, *sums = _count_sorted(keys, weights)
    *by, label, prediction = _digits(cells, sizes)
    zero = np.zeros(len(cells), np.int64)
    return Tallied(by, cells, SparseTable(zero, label, prediction, rows, *sums))


def _digits(cells: Array, sizes: Sequence[int]) -> list[Array]:
    """Return the keys of cells: `np.unravel_index`, with the faster division."""
    digits = []
    for size in sizes[:0:-1]:
        cells, whole = cells // size, cells
        digits.append(whole - cells * size)
    return [cells, *digits[::-1]]


def cells_of_rows(keys: Sequence[Key], cells: Array) -> Array:
    """Return, for every row, which of the counted cells it is in."""
    n = len(keys[0][0])
    out = np.empty(n, np.int64)
    for block in blocks(n, _CHUNK):
        out[block] = np.searchsorted(cells, combine(keys, block, out[block]))
    return out


def _count_sorted(keys: Sequence[Key], weights: Array | None) -> list[Any]:
    """Count chunk by chunk by sorting, for tables too large to hold."""
    parts = []
    n = len(keys[0][0])
    buffer = np.empty(min(n, _CHUNK), np.int64)
    for chunk in blocks(n, _CHUNK):
        cells = combine(keys, chunk, buffer)
        if weights is None:
            parts.append([*np.unique(cells, return_counts=True), None, None])
            continue
        order = np.argsort(cells, kind="stable")
        distinct, starts = np.unique(cells[order], return_index=True)
        w = weights[chunk][order]
        rows = np.diff(np.append(starts, len(w)))
        sums = (np.add.reduceat(w, starts), np.add.reduceat(w * w, starts))
        parts.append([distinct, rows, *sums])
    cells = np.concatenate([part[0] for part in parts])
    order = np.argsort(cells, kind="stable")
    distinct, starts = np.unique(cells[order], return_index=True)
    return [
        distinct,
        *(
            None
            if parts[0][column] is None
            else np.add.reduceat(
                np.concatenate([part[column] for part in parts])[order], starts
            )
            for column in (1, 2, 3)
        ),
    ]


def add(first: SparseTable, second: SparseTable, sign: int = 1) -> SparseTable:
    """
    Return the sum (or difference) of two tables with the same codes.

    Raises:
        ValueError: If a difference would leave fewer than no rows.
    """
    if sign > 0 and not len(first.rows):
        return second
    columns = [np.concatenate(both) for both in zip(first[:3], second[:3], strict=True)]
    order = np.lexsort(columns[::-1])
    columns = [column[order] for column in columns]
    changed = np.zeros(len(order), bool)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(changed)

    def total(one: Array, other: Array) -> Array:
        return np.add.reduceat(np.concatenate([one, sign * other])[order], starts)

    rows = total(first.rows, second.rows) if len(starts) else first.rows
    check_counts(rows)
    kept = rows > 0
    weight = square = replicates = None
    if len(starts) and (first.weight is not None or second.weight is not None):
        weight = total(first.totals(), second.totals())[kept]
        square = total(first.squares(), second.squares())[kept]
    if len(starts) and first.replicates is not None and second.replicates is not None:
        replicates = total(first.replicates, second.replicates)[kept]
    if weight is not None and (weight == rows[kept]).all() and (square == weight).all():
        weight = square = None  # weights of 1 are no weights
    by, label, prediction = (column[starts][kept] for column in columns)
    return SparseTable(by, label, prediction, rows[kept], weight, square, replicates)


def recode(table: SparseTable, by: Array | None, classes: Array | None) -> SparseTable:
    """Return the table under new codes, given the new code of every old one."""
    if classes is not None:
        table = table._replace(
            label=classes[table.label], prediction=classes[table.prediction]
        )
    return table if by is None else table._replace(by=by[table.by])


def ordered(table: SparseTable) -> SparseTable:
    """Return the table sorted by its codes."""
    return _rows_of(table, np.lexsort((table.prediction, table.label, table.by)))


def _rows_of(table: SparseTable, index: Any) -> SparseTable:
    return SparseTable(
        table.by[index],
        table.label[index],
        table.prediction[index],
        table.rows[index],
        None if table.weight is None else table.weight[index],
        None if table.square is None else table.square[index],
        None if table.replicates is None else table.replicates[index],
    )


def pooled(table: SparseTable) -> SparseTable:
    """Return the table of all slices together."""
    if not table.by.any():
        return table
    # Adding no rows merges the cells that have become the same.
    table = table._replace(by=np.zeros_like(table.by))
    return add(table, _rows_of(table, slice(0)))


def part_of(table: SparseTable, start: int, stop: int) -> SparseTable:
    """Return the slices with codes in [start, stop), renumbered from 0."""
    low, high = np.searchsorted(table.by, [start, stop])
    part = _rows_of(table, slice(low, high))
    return part._replace(by=part.by - start)
