"""
How each kind of container becomes a `Column`: one small reader per library.

A library is recognised by the module of the object's type and looked up in
`sys.modules`; it is never imported here.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array, BoolArray


class Column(NamedTuple):
    """One argument as an array: shape (n,) or (n, k), with its missing rows."""

    name: str
    values: Array
    null: BoolArray | None = None
    #: The categories that the integer `values` point at, for dictionary-coded input.
    categories: Sequence[Any] | None = None
    #: The names of the k columns of a data frame, unless they are mere numbers.
    names: list[Any] | None = None

    def take(self, keep: BoolArray) -> Column:
        """Return the rows where `keep` is true, none of them missing any more."""
        return self._replace(values=self.values[keep], null=None)

    def arranged(self, like: Column) -> Column:
        """
        Return the columns of a data frame in the order of another one's names.

        Raises:
            ValueError: If the names are not the same ones.
        """
        names = like.names
        if names is None or self.names is None or self.names == names:
            return self
        if len({*names}) < len(names) or sorted(map(repr, names)) != sorted(
            map(repr, self.names)
        ):
            raise ValueError(
                f"the columns of {self.name} are named {self.names[:6]!r}, "
                f"those of {like.name} {names[:6]!r}, so they cannot be paired; "
                "rename them, or pass .to_numpy() to pair by position"
            )
        order = [self.names.index(name) for name in names]
        null = None if self.null is None else self.null[:, order]
        return self._replace(values=self.values[:, order], null=null, names=names)


def read(data: Any, name: str) -> Column:
    """
    Read one argument, copying only where its layout forces it.

    A column of width one, shape (n, 1), is read as shape (n,).
    """
    kind = type(data)
    if kind is np.ndarray:
        column = _wrap(data, name)
    elif kind is list or kind is tuple:
        column = _read_sequence(data, name)
    elif isinstance(data, range):
        column = Column(name, np.arange(data.start, data.stop, data.step))
    else:
        column = _read_foreign(data, name)
    values = column.values
    if values.dtype.kind not in "biufOUS":
        raise TypeError(
            f"{name} has dtype {values.dtype}; numbers, booleans or strings are needed"
        )
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        raise TypeError(
            f"{name} has dtype {values.dtype}, wider than the float64 of the "
            "metrics; cast it first, as in .astype(numpy.float64)"
        )
    if values.ndim == 2 and values.shape[1] == 1:
        null = None if column.null is None else column.null.reshape(-1)
        column = column._replace(values=values[:, 0], null=null, names=None)
    elif values.ndim not in (1, 2) or 0 in values.shape[1:]:
        raise ValueError(
            f"{name} must have shape (n,) or (n, k), got shape {values.shape}"
        )
    return column


def _read_sequence(data: Sequence[Any], name: str) -> Column:
    first = type(data[0]) if len(data) else float
    if first is not str:
        kinds = {*map(type, data)}
        if kinds <= {list, tuple}:
            return _read_nested(data, name)
        if (
            kinds <= {int, float}
            or kinds == {bool}
            or (kinds == {first} and issubclass(first, np.generic))
        ):
            values = np.array(data)
            if values.dtype.kind in "biufUS":
                return Column(name, values)
        elif hasattr(data[0], "__len__") and not isinstance(data[0], (str, bytes)):
            return _read_nested([np.asarray(row) for row in data], name)
    return _read_objects(data, name)


def _read_objects(data: Sequence[Any], name: str) -> Column:
    """Code Python objects by a dict, which keeps what a NumPy string would lose."""
    table: defaultdict[Any, int] = defaultdict(count().__next__)
    try:
        codes = np.fromiter(map(table.__getitem__, data), np.intp, len(data))
    except TypeError as error:
        raise TypeError(f"{name} holds values that are no classes: {error}") from error
    categories = list(table)
    absent = [_is_null(category) for category in categories]
    null = np.array(absent, bool)[codes] if any(absent) else None
    kept = [c for c, gone in zip(categories, absent, strict=True) if not gone]
    if kept and all(isinstance(c, (int, float, np.number, np.bool_)) for c in kept):
        numbers = np.array([kept[0] if _is_null(value) else value for value in data])
        if numbers.dtype.kind in "biuf":
            return Column(name, numbers, null)
    if null is not None:
        codes = (np.cumsum(~np.array(absent)) - 1)[codes]
    return Column(name, codes, null, kept)


def _wrap(values: Array, name: str) -> Column:
    if values.dtype.kind != "O":
        return Column(name, values)
    if values.ndim == 1 or values.shape[1:] == (1,):
        return _read_objects(values.ravel().tolist(), name)
    null = np.fromiter(map(_is_null, values.ravel()), bool, values.size)
    return Column(name, values, null.reshape(values.shape) if null.any() else None)


def _is_null(value: Any) -> bool:
    # pandas.NA refuses a truth value; NaN and NaT differ from themselves.
    if value is None or type(value).__name__ == "NAType":
        return True
    if type(value).__name__ == "Decimal":
        return bool(value.is_nan())
    return isinstance(value, (float, np.generic)) and bool(value != value)  # noqa: PLR0124 - the definition of NaN


def _read_nested(data: Sequence[Any], name: str) -> Column:
    widths = {len(row) if np.ndim(row) else -1 for row in data}
    if len(widths) > 1:
        raise ValueError(f"{name} has rows of different lengths: {sorted(widths)}")
    values = np.asarray(data)
    if values.dtype.kind in "US":
        values = np.array(data, object)
    return _wrap(values, name)


def _read_foreign(data: Any, name: str) -> Column:
    if isinstance(data, (str, bytes, set, frozenset, dict)) or np.isscalar(data):
        raise TypeError(
            f"{name} must be a sequence of rows, got {type(data).__name__}; "
            "pass a list, an array or a column of a data frame"
        )
    library = type(data).__module__.partition(".")[0]
    reader = _READERS.get(library)
    if reader is not None and library in sys.modules:
        return reader(data, name)
    if isinstance(data, np.ma.MaskedArray):
        return Column(name, data.data, np.ma.getmaskarray(data))
    refuse_device(data, name)
    if hasattr(data, "__array__"):
        return _wrap(np.asarray(data), name)
    if hasattr(data, "__dlpack__"):
        return Column(name, np.from_dlpack(data))
    if hasattr(data, "__arrow_c_array__") or hasattr(data, "__arrow_c_stream__"):
        return _read_arrow_protocol(data, name)
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        return _read_sequence(list(data), name)
    raise TypeError(
        f"{name} must be a sequence of rows, got {type(data).__name__}; "
        "pass a list, an array or a column of a data frame"
    )


def refuse_device(data: Any, name: str) -> None:
    """Raise TypeError for data outside the main memory: no hidden copy."""
    if on_device(data):
        raise TypeError(
            f"{name} is on {getattr(data, 'device', 'another device')}, where this "
            "metric or argument cannot be computed; move it with .cpu() first"
        )


def on_device(data: Any) -> bool:
    """Return whether the data says that it is outside the main memory."""
    device = getattr(data, "device", None)
    if device is not None and "cpu" not in str(device).lower():
        return True
    describe = getattr(data, "__dlpack_device__", None)
    # 1 is the CPU in DLPack's DLDeviceType, 3 and 11 are pinned host memory.
    return describe is not None and int(describe()[0]) not in (1, 3, 11)


def _read_torch(data: Any, name: str) -> Column:
    refuse_device(data, name)
    plain = data.detach().resolve_conj().resolve_neg()
    if str(plain.dtype) == "torch.bfloat16":
        plain = plain.float()  # exact: float32 holds every bfloat16
    return Column(name, plain.numpy())


def _read_pandas(data: Any, name: str) -> Column:
    pandas = sys.modules["pandas"]
    if isinstance(data, pandas.DataFrame):
        if data.shape[1] == 1:
            return _read_pandas(data.iloc[:, 0], name)
        names = data.columns.tolist()
        names = None if names == list(range(len(names))) else names
        return _wrap(data.to_numpy(), name)._replace(names=names)
    dtype = data.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        codes = data.cat.codes if isinstance(data, pandas.Series) else data.codes
        codes = np.asarray(codes)
        null = codes < 0
        return Column(name, codes, null if null.any() else None, list(dtype.categories))
    if isinstance(dtype, np.dtype):
        return _wrap(np.asarray(data), name)
    array = data.array if hasattr(data, "array") else data
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and hasattr(array, "__arrow_array__"):
        return _read_pyarrow(arrow.array(array), name)
    null = np.asarray(data.isna())
    kind = getattr(dtype, "numpy_dtype", None)
    if isinstance(kind, np.dtype) and kind.kind in "iufb":
        values = array.to_numpy(kind, na_value=kind.type(0))
        return Column(name, values, null if null.any() else None)
    return _read_objects(np.asarray(array, object).tolist(), name)


def _read_polars(data: Any, name: str) -> Column:
    polars = sys.modules["polars"]
    if isinstance(data, polars.DataFrame):
        if data.width == 1:
            return _read_polars(data.to_series(), name)
        names = data.columns
        unnamed = names == [f"column_{place}" for place in range(len(names))]
        column = _wrap(data.to_numpy(), name)
        return column._replace(names=None if unnamed else names)
    if not isinstance(data, polars.Series):
        raise TypeError(f"{name} is a polars {type(data).__name__}; collect it first")
    null = data.is_null().to_numpy() if data.null_count() else None
    if data.dtype in (polars.String, polars.Categorical):
        distinct = data.drop_nulls().unique().cast(polars.String).sort()
        data = data.cast(polars.String).cast(polars.Enum(distinct))
    if data.dtype == polars.Enum:
        categories = data.dtype.categories.to_list()
        codes = data.to_physical()
        return Column(name, codes.fill_null(0).to_numpy(), null, categories)
    if null is not None and data.dtype.is_numeric():
        data = data.fill_null(0)
    elif null is not None and data.dtype == polars.Boolean:
        data = data.fill_null(value=False)
    values = data.to_numpy()
    if values.dtype.kind == "O" or data.dtype == polars.Struct:
        return _read_objects(data.to_list(), name)
    return Column(name, values, null)


def _read_pyarrow(data: Any, name: str) -> Column:
    arrow = sys.modules["pyarrow"]
    if getattr(data, "num_columns", 0) == 1:  # a table or a record batch
        data = data.column(0)
    if not isinstance(data, (arrow.Array, arrow.ChunkedArray)):
        raise TypeError(
            f"{name} is a pyarrow {type(data).__name__}; pass one of its columns"
        )
    if isinstance(data, arrow.ChunkedArray):
        data = data.combine_chunks()
        if isinstance(data, arrow.ChunkedArray):  # older releases return it unmerged
            data = arrow.concat_arrays(data.chunks)
    null = np.asarray(data.is_null()) if data.null_count else None
    kind = data.type
    types = arrow.types
    if types.is_string(kind) or types.is_large_string(kind) or kind == "string_view":
        data = data.dictionary_encode()
        kind = data.type
    if types.is_dictionary(kind):
        codes = data.indices.fill_null(0) if data.indices.null_count else data.indices
        return Column(name, np.asarray(codes), null, data.dictionary.to_pylist())
    if types.is_boolean(kind):
        filled = data.fill_null(False) if null is not None else data
        return Column(name, filled.to_numpy(zero_copy_only=False), null)
    if types.is_integer(kind) or types.is_floating(kind):
        filled = data.fill_null(0) if null is not None else data
        return Column(name, filled.to_numpy(zero_copy_only=False), null)
    return _read_sequence(data.to_pylist(), name)


def _read_arrow_protocol(data: Any, name: str) -> Column:
    if "pyarrow" not in sys.modules:
        raise TypeError(
            f"{name} offers only the Arrow C interface; import pyarrow (or hand over "
            "its to_numpy() result) so that it can be read"
        )
    arrow = sys.modules["pyarrow"]
    if hasattr(data, "__arrow_c_array__"):
        return _read_pyarrow(arrow.array(data), name)
    return _read_pyarrow(arrow.chunked_array(data), name)


_READERS = {
    "torch": _read_torch,
    "pandas": _read_pandas,
    "polars": _read_polars,
    "pyarrow": _read_pyarrow,
}
