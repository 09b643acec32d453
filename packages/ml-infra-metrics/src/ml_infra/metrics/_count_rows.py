"""From rows, a matrix or a device to a counted table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _sparse_table
from ._bootstrap import replicate_sums
from ._codes import encode
from ._count_table import CountTable, compact, pruned
from ._counting import count_pairs
from ._label_sets import are_indicators, encode_sets
from ._sparse_table import SparseTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array
    from ._device import DeviceCells
    from ._readers import Column


def count_table(
    columns: Sequence[Column], groups: int, weights: Array | None, replicates: int
) -> CountTable:
    """Count rows of predictions, labels, `groups` slice keys and perhaps units."""
    width = columns[0].values.shape[1] if are_indicators(columns) else None
    coded = encode(columns[:2]) if width is None else encode_sets(columns[:2])
    n, plain = len(columns[0].values), weights is None and not groups
    if (
        plain
        and width is None
        and not replicates
        and _sparse_table.fits(coded.size**2, n)
    ):
        table = CountTable(None, list(coded.classes), dense=count_pairs(coded))
        return pruned(table, declared=False)
    sliced = [encode([column]) for column in columns[2 : 2 + groups]]
    keys = [
        *((s.columns[0], s.offset, s.size) for s in sliced),
        *((codes, coded.offset, coded.size) for codes in coded.columns[::-1]),
    ]
    tallied = _sparse_table.count_rows(keys, weights)
    sparse = tallied.sparse
    if replicates:
        cells = _sparse_table.cells_of_rows(keys, tallied.cells)
        drawn = replicate_sums(
            cells, len(tallied.cells), columns[-1], weights, replicates
        )
        sparse = sparse._replace(replicates=drawn)
    names: list[Any] = []
    if sliced:
        sizes = [s.size for s in sliced]
        ids = np.ravel_multi_index(tallied.by, sizes)
        distinct, by = np.unique(ids, return_inverse=True)
        sparse = sparse._replace(by=by.reshape(-1))
        parts = [
            [s.classes[code] for code in codes.tolist()]
            for s, codes in zip(sliced, np.unravel_index(distinct, sizes), strict=True)
        ]
        names = parts[0] if groups == 1 else list(zip(*parts, strict=True))
    sparse, classes = compact(sparse, coded.classes)
    return CountTable(sparse, classes, names, columns=width)


def group_columns(by: Any) -> dict[str, Any]:
    """Return the slice keys by name: one column, or a tuple or mapping of several."""
    if by is None:
        return {}
    # A lazy frame has no length.
    if isinstance(by, dict) or (hasattr(by, "__len__") and hasattr(by, "columns")):
        names = getattr(by, "column_names", None) or getattr(by, "columns", by)
        return {f"by {name}": by[name] for name in names}
    if isinstance(by, tuple) and by and not isinstance(by[0], (str, int)):
        return {f"by {place}": column for place, column in enumerate(by)}
    return {"by": by}


def matrix_table(matrix: Any, classes: Sequence[Any] | None) -> CountTable:
    """Return the table of a confusion matrix, a row per label."""
    table = np.asarray(matrix)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise ValueError(f"matrix must be square, got shape {table.shape}")
    if table.dtype.kind not in "iu" or (table < 0).any():
        raise ValueError("matrix must hold counts: integers of at least 0")
    names = list(range(len(table)) if classes is None else classes)
    if len(names) != len(table):
        raise ValueError(f"classes names {len(names)} classes for {len(table)} rows")
    return CountTable(None, names, dense=table.astype(np.int64))


def device_table(cells: DeviceCells) -> CountTable:
    """Return the table of pairs that were counted on a device."""
    used = np.unique(np.concatenate([cells.label, cells.prediction]))
    sparse = SparseTable(
        np.zeros(len(cells.rows), np.int64),
        np.asarray(np.searchsorted(used, cells.label)),
        np.asarray(np.searchsorted(used, cells.prediction)),
        cells.rows,
        cells.weight,
        cells.square,
    )
    return CountTable(sparse, used.tolist(), columns=cells.columns)
