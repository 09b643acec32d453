"""Columns of pandas, polars and pyarrow as cells; none of them is imported here."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np

from ._cells import (
    NOT_A_TIME,
    Cells,
    Encoding,
    cells_of_array,
    cells_of_objects,
    used_labels,
)

# --- pandas ---------------------------------------------------------------------


def _pandas(column: Any) -> Cells:
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        return cells_of_array(column.to_numpy())
    if hasattr(dtype, "pyarrow_dtype"):
        return _arrow(sys.modules["pyarrow"].array(column))
    size, name = len(column), str(dtype)
    if hasattr(column, "cat"):
        codes = np.asarray(column.cat.codes, np.int64)
        labels = list(column.cat.categories)
        return Cells("category", size, encode=partial(used_labels, codes, labels))
    if name.startswith("datetime64"):
        zone = str(column.dt.tz)
        naive = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        cells = cells_of_array(naive)
        return Cells("datetime", size, cells.values, cells.nulls, unit=cells.unit,
                     zone=zone)  # fmt: skip
    kind = getattr(dtype, "kind", "O")
    if name in ("str", "string") or name.startswith(("string[", "large_string[")):
        return Cells("text", size, encode=partial(_factorized, column))
    if kind in "iub":
        nulls = column.isna().to_numpy(bool)
        plain = np.dtype(dtype.numpy_dtype)
        blank = False if kind == "b" else 0
        values = column.to_numpy(dtype=plain, na_value=blank)
        return Cells("bool" if kind == "b" else "int", size, values, nulls, found=name)
    if kind == "f":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return Cells("float", size, values, found=name)
    return cells_of_objects(column.astype(object).tolist())


def _factorized(column: Any) -> Encoding:
    codes, labels = column.factorize()
    return codes.astype(np.int64, copy=False), list(labels)


# --- polars ---------------------------------------------------------------------


def _polars(column: Any) -> Cells:
    name = str(column.dtype.base_type())
    if name in ("Float32", "Float64"):
        values = column.to_numpy()  # nulls become NaN
        return Cells("float", values.size, values, found=name)
    size = len(column)
    nulls = column.is_null().to_numpy() if column.null_count() else None
    if name in ("Categorical", "Enum", "String"):
        kind = "text" if name == "String" else "category"
        return Cells(kind, size, encode=partial(_enumerated, column))
    if name.startswith(("Int", "UInt")) or name == "Boolean":
        blank = False if name == "Boolean" else 0
        filled = column if nulls is None else column.fill_null(value=blank)
        kind = "bool" if name == "Boolean" else "int"
        return Cells(kind, size, filled.to_numpy(), nulls, found=name)
    if name in ("Datetime", "Date"):
        unit = getattr(column.dtype, "time_unit", None) or "D"
        zone = getattr(column.dtype, "time_zone", None)
        counts = column.to_physical().fill_null(0).to_numpy().astype(np.int64)
        return Cells("datetime", size, counts, nulls, unit=unit, zone=zone)
    if name == "Decimal":
        floats = column.cast(sys.modules["polars"].Float64).to_numpy()
        return Cells("float", size, floats, found=name)
    if name == "Null":
        return Cells("null", size, np.zeros(size), np.ones(size, bool))
    if name == "Object":
        return cells_of_objects(column.to_list())
    return Cells("other", size, _objects(column.to_list()), nulls, found=name)


def _enumerated(column: Any) -> Encoding:
    polars = sys.modules["polars"]
    text = column.cast(polars.String)
    labels = text.drop_nulls().unique(maintain_order=True)
    codes = text.cast(polars.Enum(labels)).to_physical().cast(polars.Int64)
    return codes.fill_null(-1).to_numpy(), labels.to_list()


# --- pyarrow --------------------------------------------------------------------


def _arrow(column: Any) -> Cells:
    pa = sys.modules["pyarrow"]
    types, kind = pa.types, column.type
    if isinstance(column, pa.ChunkedArray):
        if types.is_dictionary(kind):
            column = column.unify_dictionaries()
        column = column.combine_chunks()
    size, name = len(column), str(kind)
    nulls = None
    if column.null_count:
        nulls = column.is_null().to_numpy(zero_copy_only=False)
    if types.is_null(kind):
        return Cells("null", size, np.zeros(size), np.ones(size, bool))
    if types.is_dictionary(kind):
        return Cells("category", size, encode=partial(_dictionary, column))
    text = types.is_string(kind) or types.is_large_string(kind)
    if text or getattr(types, "is_string_view", lambda _: False)(kind):
        encode = partial(_encode_text, column)
        return Cells("text", size, encode=encode)
    if types.is_integer(kind) or types.is_boolean(kind):
        filled = column if nulls is None else column.fill_null(
            False if types.is_boolean(kind) else 0)  # fmt: skip
        own = "bool" if types.is_boolean(kind) else "int"
        return Cells(own, size, _plain(filled), nulls, found=name)
    if types.is_floating(kind):
        return Cells("float", size, _plain(column), found=name)
    if types.is_decimal(kind):
        return Cells("float", size, _plain(column.cast(pa.float64())), found=name)
    if types.is_timestamp(kind) or types.is_date(kind):
        unit = getattr(kind, "unit", "D") if types.is_timestamp(kind) else "ms"
        if types.is_date(kind):
            column = column.cast(pa.timestamp("ms"))
        counts = column.cast(pa.int64())
        values = _plain(counts if nulls is None else counts.fill_null(NOT_A_TIME))
        return Cells("datetime", size, values, nulls, unit=unit,
                     zone=getattr(kind, "tz", None))  # fmt: skip
    return Cells("other", size, _objects(column.to_pylist()), nulls, found=name)


def _plain(column: Any) -> Any:
    return column.to_numpy(zero_copy_only=False)


def _encode_text(column: Any) -> Encoding:
    return _dictionary(column.dictionary_encode())


def _dictionary(column: Any) -> Encoding:
    codes = _plain(column.indices.fill_null(-1)).astype(np.int64)
    labels = column.dictionary.to_pylist()
    if None in labels or len(set(labels)) < len(labels):  # legal in Arrow, if rare
        rows = [None if code < 0 else labels[code] for code in codes.tolist()]
        own = cells_of_objects(rows)
        return own.encoded()
    return used_labels(codes, labels)


def _objects(values: list[Any]) -> Any:
    array = np.empty(len(values), object)
    array[:] = values
    return array


# How to read a column of each library; none of them needs to be there.
READERS = {"pandas": _pandas, "polars": _polars, "pyarrow": _arrow}
