"""
Columns of pandas, polars, pyarrow and torch: opened as vectors, built again as such.

Each opener gets its library as an argument (the user imported it, we never do) and
returns None for an object that is not the library's.
"""

from __future__ import annotations

import sys
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ._elements import refuse_element
from ._vectors import from_ndarray

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ._vectors import Vector


def _from_pandas(pandas: Any, data: Any, name: str) -> Vector | None:
    if isinstance(data, pandas.DataFrame):
        _refuse_frame(name, data)
    if isinstance(data, pandas.Categorical):
        data = pandas.Series(data)
    if not isinstance(data, (pandas.Series, pandas.Index)):
        return None
    index = data.index if isinstance(data, pandas.Series) else None
    label = data.name

    def build(values: Any) -> Any:
        if index is None:
            return pandas.Index(values, name=label)
        return pandas.Series(values, index=index, name=label, copy=False)

    dtype = data.dtype
    if isinstance(dtype, np.dtype):
        return from_ndarray(data.to_numpy(), name, build)
    kind = getattr(dtype, "kind", "O")
    if kind not in "biuf" or not getattr(dtype, "_is_numeric", False):
        values = data.dropna() if hasattr(data, "dropna") else data
        if len(values):
            where = int(data.notna().argmax())
            if str(dtype) == "category" or "dictionary" in str(dtype):
                _refuse_encoded(name, "categorical", data.array[where], where)
            refuse_element(name, where, data.array[where])
        raise TypeError(f"{name}: expected numbers, got a column of {dtype}")
    null = data.isna().to_numpy() if index is not None else data.isna()
    plain = np.dtype(dtype.numpy_dtype if hasattr(dtype, "numpy_dtype") else np.float64)
    values = data.to_numpy(dtype=plain, na_value=plain.type(0))
    is_arrow = isinstance(dtype, getattr(pandas, "ArrowDtype", ()))

    def wrap(result: NDArray[Any]) -> Any:
        if is_arrow:
            arrow = sys.modules["pyarrow"].array(result, mask=null)
            return build(pandas.arrays.ArrowExtensionArray(arrow))
        return build(pandas.arrays.FloatingArray(result, null.copy()))

    return from_ndarray(values, name, wrap, null)


def _from_polars(polars: Any, data: Any, name: str) -> Vector | None:
    if isinstance(data, (polars.DataFrame, polars.LazyFrame)):
        _refuse_frame(name, data)
    if not isinstance(data, polars.Series):
        return None
    if not (data.dtype.is_numeric() or data.dtype == polars.Boolean):
        present = data.drop_nulls()
        if len(present):
            where = int(data.is_not_null().arg_max() or 0)
            refuse_element(name, where, data[where])
        raise TypeError(f"{name}: expected numbers, got a column of {data.dtype}")
    if data.dtype.is_decimal():
        data = data.cast(polars.Float64)
    null = data.is_null().to_numpy() if data.null_count() else None
    values = (data.fill_null(0) if null is not None else data).to_numpy()
    label = data.name

    def wrap(result: NDArray[Any]) -> Any:
        made = polars.Series(label, result)
        if null is None:
            return made
        return polars.select(
            polars.when(~polars.Series(null)).then(made).alias(label)
        ).to_series()

    return from_ndarray(values, name, wrap, null)


def _from_pyarrow(pyarrow: Any, data: Any, name: str) -> Vector | None:
    if isinstance(data, (pyarrow.Table, pyarrow.RecordBatch)):
        _refuse_frame(name, data)
    if not isinstance(data, (pyarrow.Array, pyarrow.ChunkedArray)):
        return None
    kind = pyarrow.types
    if kind.is_boolean(data.type) or kind.is_decimal(data.type):
        read = data.cast(pyarrow.uint8() if kind.is_boolean(data.type) else "float64")
    elif kind.is_integer(data.type) or kind.is_floating(data.type):
        read = data
    else:
        for position, value in enumerate(data):
            if value.is_valid:
                if kind.is_dictionary(data.type):
                    _refuse_encoded(name, "dictionary", value.as_py(), position)
                refuse_element(name, position, value.as_py())
        raise TypeError(f"{name}: expected numbers, got an array of {data.type}")
    null = None
    if data.null_count:
        null = np.asarray(data.is_null())
        read = read.fill_null(False if read.type == pyarrow.bool_() else 0)
    values = (
        read.to_numpy()
        if isinstance(read, pyarrow.ChunkedArray)
        else read.to_numpy(zero_copy_only=False)
    )
    lengths = None
    if isinstance(data, pyarrow.ChunkedArray):
        lengths = [len(chunk) for chunk in data.chunks]

    def wrap(result: NDArray[Any]) -> Any:
        made = pyarrow.array(result, mask=null)
        if lengths is None:
            return made
        starts = np.cumsum([0, *lengths[:-1]]).tolist() if lengths else []
        chunks = [made.slice(s, k) for s, k in zip(starts, lengths, strict=True)]
        return pyarrow.chunked_array(chunks, type=made.type)

    return from_ndarray(values, name, wrap, null)


def _from_torch(torch: Any, data: Any, name: str) -> Vector | None:
    if not isinstance(data, torch.Tensor):
        return None
    if data.device.type != "cpu":
        raise TypeError(
            f"{name} takes CPU tensors, got one on {data.device}; call .cpu() first"
        )
    dtype, plain = data.dtype, data.detach()
    if plain.layout != torch.strided:
        raise TypeError(f"{name} takes dense tensors, got {plain.layout}")
    if dtype == torch.bfloat16:  # NumPy has no such dtype; float32 holds it exactly
        plain = plain.float()

    def wrap(result: NDArray[Any]) -> Any:
        made = torch.from_numpy(result)
        return made.to(dtype) if dtype == torch.bfloat16 else made

    return from_ndarray(plain.resolve_neg().numpy(), name, wrap)


OPENERS: dict[str, Callable[[Any, Any, str], Vector | None]] = {
    "pandas": _from_pandas,
    "polars": _from_polars,
    "pyarrow": _from_pyarrow,
    "torch": _from_torch,
}


def _refuse_encoded(name: str, kind: str, value: Any, position: int) -> None:
    """Raise TypeError for numbers that stand for labels; text is refused as text."""
    if isinstance(value, (Real, np.number)):
        raise TypeError(
            f"{name}: expected numbers, got {kind} data (labels such as {value!r} at "
            f"position {position}); decode them first, as by .astype(float) in pandas "
            "or .dictionary_decode() in pyarrow"
        )


def _refuse_frame(name: str, data: Any) -> NoReturn:
    raise ValueError(
        f"{name} takes one-dimensional data, got a {type(data).__name__}; "
        "a scaler such as MinMaxScaler takes frames"
    )
