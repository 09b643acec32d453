"""Records as columns: every key ever seen, numbers as numbers, for data frames."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHUNK = 1000  # records whose cells fit into the cache together
_TIMES = ("ts", "start", "end")


def columns(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return a list per key, in order of first appearance, None where it is absent."""
    found: dict[str, list[Any]] = {}
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        if not found.keys() >= set().union(*chunk):
            for key in {key: None for record in chunk for key in record}:
                if key not in found:
                    found[key] = [None] * start
        for key, column in found.items():
            column.extend(_cells(key, chunk))
    return found


def _cells(key: str, chunk: list[dict[str, Any]]) -> list[Any]:
    try:
        return list(map(itemgetter(key), chunk))
    except KeyError:  # half as fast, for the keys that some records lack
        return [record.get(key) for record in chunk]


def pandas_frame(records: list[dict[str, Any]]) -> Any:
    """Return a ``pandas.DataFrame``; integers and booleans survive missing cells."""
    pd = import_module("pandas")

    return pd.DataFrame(
        {key: _pandas_column(key, cells, pd) for key, cells in columns(records).items()}
    )


def polars_frame(records: list[dict[str, Any]]) -> Any:
    """Return a ``polars.DataFrame``; mixed columns become text."""
    pl = import_module("polars")

    return pl.DataFrame(
        [_polars_column(key, cells, pl) for key, cells in columns(records).items()]
    )


def _pandas_column(key: str, cells: list[Any], pd: Any) -> Any:
    numpy = import_module("numpy")
    kinds = set(map(type, cells))
    missing = type(None) in kinds
    kinds.discard(type(None))
    if key in _TIMES and kinds == {str}:
        return pd.to_datetime(cells, utc=True, format="ISO8601", errors="coerce")
    try:
        if kinds == {bool}:
            return pd.array(cells, dtype="boolean") if missing else cells
        if kinds == {int}:
            if missing:
                return pd.array(cells, dtype="Int64")
            return numpy.array(cells, dtype=numpy.int64)
        if kinds in ({float}, {int, float}):
            return numpy.array(cells, dtype=numpy.float64)
    except OverflowError:  # integers beyond 64 bits stay what they are
        pass
    if kinds == {str}:
        return _pandas_text(cells, pd)
    return pd.Series(cells, dtype=object)


def _pandas_text(cells: list[Any], pd: Any) -> Any:
    """Return the column as pandas would infer it, by way of Arrow in less time."""
    inferred = pd.Series(["x"]).dtype
    arrow = sys.modules.get("pyarrow")
    if arrow is None or str(inferred) == "object":
        return cells
    return pd.array(arrow.array(cells, type=arrow.large_string()), dtype=inferred)


def _polars_column(key: str, cells: list[Any], pl: Any) -> Any:
    kinds = set(map(type, cells)) - {type(None)}
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
