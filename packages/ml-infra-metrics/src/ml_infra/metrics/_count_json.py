"""Counted tables as plain Python data, and back with every number checked."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _sparse_table
from ._count_table import CountTable
from ._sparse_table import SparseTable
from ._state import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._arrays import Array


def to_plain(table: CountTable) -> dict[str, Any]:
    """Return a table as plain Python data; TypeError if a class has no such form."""
    flat = [part for k in table.keys for part in (k if isinstance(k, tuple) else (k,))]
    for value in (*table.classes, *flat):
        if not isinstance(value, (bool, int, str)):
            raise TypeError(
                f"{value!r} of type {type(value).__name__} has no portable form; "
                "count by integers or strings"
            )
    cells = zip(SparseTable._fields, table.sparse, strict=True)
    return {
        "classes": list(table.classes),
        "columns": table.columns,
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
        _read_back(columns, name, "i") for name in SparseTable._fields[:4]
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
    sparse = SparseTable(by, label, prediction, rows, weight, square, drawn)
    keys = [tuple(k) if key_columns > 1 else k for k in state["keys"]]
    classes = list(state["classes"])
    wide = None if state["columns"] is None else whole_number(state, "columns")
    if wide is not None and not all(
        labels >= 0 and labels.bit_length() <= wide for labels in classes
    ):
        raise ValueError("a label set has labels beyond its columns")
    if len({len(column) for column in sparse if column is not None}) != 1:
        raise ValueError("its columns differ in length")
    codes = [(by, max(1, len(keys)))]
    codes += [(column, len(classes)) for column in (label, prediction)]
    if any((c < 0).any() or (c >= size).any() for c, size in codes) or (rows < 1).any():
        raise ValueError("a cell is outside of its lists")
    return CountTable(_sparse_table.ordered(sparse), classes, keys, columns=wide)


def names_hash(state: Mapping[str, Any]) -> str:
    """Return a hash of the names in a plain state, declared or not."""
    parts = ("declared", "fingerprint", "by", "classes", "columns", "keys")
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
