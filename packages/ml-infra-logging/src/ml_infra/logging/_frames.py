"""Records as data frames: every key ever seen, numbers as numbers."""

from __future__ import annotations

import json
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from ._columns import Column, Table

    Parts = list[tuple[slice, Column]]

_TIMES = ("ts", "start", "end")


def pandas_frame(table: Table) -> Any:
    """Return a ``pandas.DataFrame``; integers and booleans survive missing cells."""
    pd = import_module("pandas")

    columns = {
        key: _pandas_column(key, parts, table, pd)
        for key, parts in table.columns().items()
    }
    frame = pd.DataFrame(columns, index=range(len(table)), copy=False)
    if table.order is None:
        return frame
    return frame.take(table.order).reset_index(drop=True)


def polars_frame(table: Table) -> Any:
    """Return a ``polars.DataFrame``; mixed columns become text."""
    pl = import_module("polars")

    frame = pl.DataFrame(
        [
            _polars_column(key, _kinds(parts), table.cells(parts), pl)
            for key, parts in table.columns().items()
        ]
    )
    return frame if table.order is None else frame[table.order]


def _pandas_column(key: str, parts: Parts, table: Table, pd: Any) -> Any:
    kinds = _kinds(parts)
    try:
        if kinds in ({bool}, {int}, {float}, {int, float}):
            return _pandas_numbers(parts, kinds, len(table), pd)
    except OverflowError:  # integers beyond 64 bits stay what they are
        pass
    cells = table.cells(parts)
    if key in _TIMES and kinds == {str}:
        return pd.to_datetime(cells, utc=True, format="ISO8601", errors="coerce")
    if kinds == {str}:
        return _pandas_text(cells, pd)
    return pd.Series(cells, dtype=object)


def _pandas_numbers(parts: Parts, kinds: AbstractSet[type], size: int, pd: Any) -> Any:
    numpy = import_module("numpy")
    dtype = bool if kinds == {bool} else numpy.int64 if kinds == {int} else float
    values = numpy.zeros(size, dtype)
    gaps = numpy.ones(size, bool)
    for here, column in parts:
        rows = slice(None) if column.rows is None else numpy.asarray(column.rows)
        if type(None) in column.kinds:
            gaps[here][rows] = [cell is None for cell in column.cells]
            cells: Sequence[Any] = [0 if c is None else c for c in column.cells]
        else:
            gaps[here][rows] = False
            cells = column.cells
        values[here][rows] = numpy.array(cells, dtype)
    if dtype is float:
        values[gaps] = numpy.nan
    elif gaps.any():
        of = pd.arrays.BooleanArray if dtype is bool else pd.arrays.IntegerArray
        return of(values, gaps)
    return values


def _pandas_text(cells: list[Any], pd: Any) -> Any:
    """Return the column as pandas would infer it, by way of Arrow in less time."""
    inferred = pd.Series(["x"]).dtype
    arrow = sys.modules.get("pyarrow")
    if arrow is None or str(inferred) == "object":
        return cells
    return pd.array(arrow.array(cells, type=arrow.large_string()), dtype=inferred)


def _polars_column(
    key: str, kinds: AbstractSet[type], cells: list[Any], pl: Any
) -> Any:
    plain = {float: pl.Float64, int: pl.Int64, str: pl.String, bool: pl.Boolean}
    try:
        if kinds == {int, float}:
            return pl.Series(key, cells, dtype=pl.Float64, strict=False)
        if len(kinds) == 1:
            series = pl.Series(key, cells, dtype=plain.get(*kinds))
            if key in _TIMES and kinds == {str}:
                return series.str.to_datetime(
                    time_unit="us", time_zone="UTC", strict=False
                )
            if series.dtype != pl.Object:
                return series
    except Exception:  # noqa: BLE001, S110 - nested data of many shapes, huge integers
        pass
    texts = [
        cell if cell is None or isinstance(cell, str) else json.dumps(cell)
        for cell in cells
    ]
    return pl.Series(key, texts, dtype=pl.String)


def _kinds(parts: Parts) -> AbstractSet[type]:
    return frozenset().union(*(column.kinds for _, column in parts)) - {type(None)}
