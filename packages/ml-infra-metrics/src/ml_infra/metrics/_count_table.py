"""Cells together with the classes and slice keys that their codes stand for."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _pairs
from ._bootstrap import replicate_sums
from ._codes import encode, kind_of
from ._pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._device import DeviceCells
    from ._readers import Array, Column


class CountTable(NamedTuple):
    """Cells, and what their codes mean; never changed in place."""

    pairs: Pairs
    #: Ascending, or in the order declared.
    classes: list[Any]
    #: Ascending; tuples where there are several; empty without slices.
    keys: list[Any]

    def part(self, key: Any) -> CountTable:
        """Return the rows of one slice; KeyError if there is no such slice."""
        try:
            code = self.keys.index(key)
        except ValueError:
            more = ", ..." if len(self.keys) > 10 else ""
            there = (
                f"there are {self.keys[:10]!r}{more}" if self.keys else "none at all"
            )
            raise KeyError(f"there is no slice {key!r}; {there}") from None
        return CountTable(_pairs.part_of(self.pairs, code, code + 1), self.classes, [])


def count_table(
    columns: Sequence[Column], groups: int, weights: Array | None, replicates: int
) -> CountTable:
    """Count rows of predictions, labels, `groups` slice keys and perhaps units."""
    if any(column.values.ndim == 2 for column in columns[:2]):
        raise ValueError(
            "Counts holds one class per row, got predictions and labels of shapes "
            f"{columns[0].values.shape} and {columns[1].values.shape}; for 0/1 "
            "indicators use the plain functions, such as f1_score, or count each of "
            "the k columns as a slice: Counts.of(predictions.ravel(), labels.ravel(), "
            "by=np.tile(np.arange(k), n))"
        )
    coded = encode(columns[:2])
    sliced = [encode([column]) for column in columns[2 : 2 + groups]]
    keys = [
        *((s.columns[0], s.offset, s.size) for s in sliced),
        *((codes, coded.offset, coded.size) for codes in coded.columns[::-1]),
    ]
    tallied = _pairs.count_rows(keys, weights)
    pairs = tallied.pairs
    if replicates:
        cells = _pairs.cells_of_rows(keys, tallied.cells)
        drawn = replicate_sums(
            cells, len(tallied.cells), columns[-1], weights, replicates
        )
        pairs = pairs._replace(replicates=drawn)
    names: list[Any] = []
    if sliced:
        sizes = [s.size for s in sliced]
        ids = np.ravel_multi_index(tallied.by, sizes)
        distinct, by = np.unique(ids, return_inverse=True)
        pairs = pairs._replace(by=by.reshape(-1))
        parts = [
            [s.classes[code] for code in codes.tolist()]
            for s, codes in zip(sliced, np.unravel_index(distinct, sizes), strict=True)
        ]
        names = parts[0] if groups == 1 else list(zip(*parts, strict=True))
    used = _used(pairs)
    classes = [coded.classes[code] for code in used.tolist()]
    if len(used) < coded.size:
        pairs = _pairs.recode(pairs, None, _places(used))
    return CountTable(pairs, classes, names)


def group_columns(by: Any) -> dict[str, Any]:
    """Return the slice keys by name: one column, or a tuple or mapping of several."""
    if by is None:
        return {}
    if isinstance(by, dict) or (hasattr(by, "columns") and hasattr(by, "__getitem__")):
        return {f"by {name}": by[name] for name in getattr(by, "columns", by)}
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
    label, prediction = np.nonzero(table)
    rows = table[label, prediction].astype(np.int64)
    return CountTable(Pairs(np.zeros_like(rows), label, prediction, rows), names, [])


def device_table(cells: DeviceCells) -> CountTable:
    """Return the table of pairs that were counted on a device."""
    used = np.unique(np.concatenate([cells.label, cells.prediction]))
    pairs = Pairs(
        np.zeros(len(cells.rows), np.int64),
        np.asarray(np.searchsorted(used, cells.label)),
        np.asarray(np.searchsorted(used, cells.prediction)),
        cells.rows,
        cells.weight,
        cells.square,
    )
    return CountTable(pairs, used.tolist(), [])


def is_contiguous(classes: Sequence[Any]) -> bool:
    """Return whether classes are consecutive ascending integers."""
    if not classes or type(classes[0]) is not int:
        return False
    return list(classes) == list(range(classes[0], classes[0] + len(classes)))


def joined(
    first: CountTable, second: CountTable, sign: int, *, declared: bool
) -> CountTable:
    """
    Return the sum or difference of two tables.

    Raises:
        TypeError: If their classes are of different kinds.
        ValueError: If the second holds a class outside the declared list of the
            first, or rows that the first does not hold (for a difference).
    """
    kinds = {kind_of(t.classes) for t in (first, second) if t.classes}
    if len(kinds) > 1 and not kinds <= {"int", "bool"}:
        raise TypeError(
            f"earlier rows hold {kind_of(first.classes)}, these hold "
            f"{kind_of(second.classes)}; convert them to one kind of class"
        )
    if declared:
        unknown = set(second.classes) - set(first.classes)
        if unknown:
            raise ValueError(
                f"class {min(unknown)!r} is not in the declared class list "
                f"{first.classes[:10]!r}"
            )
        classes = first.classes
    else:
        classes = _union(first.classes, second.classes)
    keys = _union(first.keys, second.keys)
    pairs = _pairs.add(
        _recoded(first, classes, keys), _recoded(second, classes, keys), sign
    )
    return CountTable(pairs, classes, keys)


def pruned(table: CountTable, *, declared: bool) -> CountTable:
    """Forget classes and slices without rows, so that equal states look equal."""
    pairs, classes, keys = table
    if not declared:
        used = _used(pairs)
        classes = [classes[code] for code in used.tolist()]
        pairs = _pairs.recode(pairs, None, _places(used))
    if keys:
        kept, by = np.unique(pairs.by, return_inverse=True)
        keys = [keys[code] for code in kept.tolist()]
        pairs = pairs._replace(by=by.reshape(-1))
    return CountTable(pairs, classes, keys)


def _used(pairs: Pairs) -> Array:
    top = int(max(pairs.label.max(initial=-1), pairs.prediction.max(initial=-1)))
    seen = np.zeros(top + 1, bool)
    seen[pairs.label] = True
    seen[pairs.prediction] = True
    return np.flatnonzero(seen)


def _places(used: Array) -> Array:
    places = np.zeros(int(used.max(initial=-1)) + 1, np.int64)
    places[used] = np.arange(len(used))
    return places


def _union(first: list[Any], second: list[Any]) -> list[Any]:
    if first == second or not second:
        return first
    return second if not first else sorted({*first, *second})


def _recoded(table: CountTable, classes: list[Any], keys: list[Any]) -> Pairs:
    """Return the cells under the codes of longer lists."""
    by = label = None
    if table.keys != keys and table.keys:
        key_code = {k: i for i, k in enumerate(keys)}
        by = np.array([key_code[k] for k in table.keys], np.int64)
    if table.classes != classes and table.classes:
        class_code = {c: i for i, c in enumerate(classes)}
        label = np.array([class_code[c] for c in table.classes], np.int64)
    if by is None and label is None:
        return table.pairs
    return _pairs.ordered(_pairs.recode(table.pairs, by, label))


# --- portable form ------------------------------------------------------------


def to_plain(table: CountTable) -> dict[str, Any]:
    """Return a table as plain Python data; TypeError if a class has no such form."""
    flat = [part for k in table.keys for part in (k if isinstance(k, tuple) else (k,))]
    for value in (*table.classes, *flat):
        if not isinstance(value, (bool, int, str)):
            raise TypeError(
                f"{value!r} of type {type(value).__name__} has no portable form; "
                "count by integers or strings"
            )
    cells = zip(Pairs._fields, table.pairs, strict=True)
    return {
        "classes": list(table.classes),
        "keys": [list(k) if isinstance(k, tuple) else k for k in table.keys],
        "cells": {
            name: None if column is None else column.tolist() for name, column in cells
        },
    }


def from_plain(
    state: Mapping[str, Any], *, key_columns: int, replicates: int
) -> CountTable:
    """Return the table that `to_plain` described; ValueError if it is damaged."""
    if names_hash(state) != state["names"]:
        raise ValueError("its class list or its slices were altered")
    columns = state["cells"]
    by, label, prediction, rows = (
        _read_back(columns, name, "i") for name in Pairs._fields[:4]
    )
    weight, square = (
        None if columns[name] is None else _read_back(columns, name, "if")
        for name in ("weight", "square")
    )
    if (weight is None) != (square is None):
        raise ValueError("weight and square come together")
    drawn = None
    if replicates:
        drawn = _read_back(columns, "replicates", "if").reshape(-1, replicates)
    elif columns["replicates"] is not None:
        raise ValueError("it holds replicates but says that there are 0")
    pairs = Pairs(by, label, prediction, rows, weight, square, drawn)
    keys = [tuple(k) if key_columns > 1 else k for k in state["keys"]]
    table = CountTable(pairs, list(state["classes"]), keys)
    if len({len(column) for column in pairs if column is not None}) != 1:
        raise ValueError("its columns differ in length")
    codes = [(by, max(1, len(keys)))]
    codes += [(column, len(table.classes)) for column in (label, prediction)]
    if any((c < 0).any() or (c >= size).any() for c, size in codes) or (rows < 1).any():
        raise ValueError("a cell is outside of its lists")
    return table._replace(pairs=_pairs.ordered(pairs))


def names_hash(state: Mapping[str, Any]) -> str:
    """Return a hash of the names in a plain state, declared or not."""
    parts = ("declared", "fingerprint", "by", "classes", "keys")
    return short_hash([state[part] for part in parts])


def short_hash(data: Any) -> str:
    """Return 16 digits that differ for different plain data."""
    return sha256(json.dumps(data, default=repr).encode()).hexdigest()[:16]


def _read_back(columns: Mapping[str, Any], name: str, kinds: str) -> Array:
    """Return a column of numbers of these kinds, all finite, which none was cast to."""
    values = np.array(columns[name]) if columns[name] else np.zeros(0, np.int64)
    if values.dtype.kind not in kinds or not np.isfinite(values).all():
        wanted = "integers" if kinds == "i" else "finite numbers"
        raise ValueError(f"{name} must hold {wanted}")
    if kinds == "i":
        return values.astype(np.int64)
    # Not below 0, but for what rounding left when weighted rows were taken out.
    if (values < -1e-6 * np.abs(values).max(initial=0)).any():
        raise ValueError(f"{name} must hold numbers of at least 0")
    return values.astype(np.float64)
