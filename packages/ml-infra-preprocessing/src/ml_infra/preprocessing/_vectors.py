"""
The one-dimensional door: any container of numbers in, the same kind of container out.

Behind the door every computation sees a `Vector`: a NumPy view of the user's memory, a
mask of its nulls, and a function that puts a result back into the kind of container
that came in. Libraries are recognised in `sys.modules`, never imported.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._elements import (
    doubles_and_sum,
    in_doubles,
    none_in,
    plain_numbers,
    refuse_element,
    refuse_size,
)

Wrap: TypeAlias = Callable[[NDArray[Any]], Any]

_EXACT = 2**53  # integers up to here are floats without rounding


class Vector:
    """
    One-dimensional numbers and the way back into the user's container.

    Attributes:
        values: Shape (n,), a real dtype of any byte order and stride; never written.
        null: Shape (n,), True where the container holds a null; None if it has none.
        skip_nan: Whether `blocks` leaves out NaN; `settle` decides it.
        origin: Integer that reading subtracts exactly, before rounding to floats.
        exponent: Reading divides by 2**exponent, so that squares fit a float.
        dtype: Floating dtype of the result.
        integers: The values as Python integers where 64 bits do not hold them.
        owned: Whether `values` are a float64 copy of ours that may be overwritten.
        none: What a null is where it is an object among numbers, such as "None".
        name: How messages call the data.
    """

    __slots__ = (
        "_wrap",
        "dtype",
        "exponent",
        "integers",
        "name",
        "none",
        "null",
        "origin",
        "owned",
        "skip_nan",
        "values",
    )

    def __init__(
        self,
        values: NDArray[Any],
        wrap: Wrap,
        *,
        null: NDArray[np.bool_] | None = None,
        integers: list[int] | None = None,
        owned: bool = False,
    ) -> None:
        self.values = values
        self.null = null if null is not None and null.any() else None
        self.skip_nan = False
        self.origin = 0
        self.exponent = 0
        self.integers = integers
        self.owned = owned
        self.none = ""
        self.name = "the data"
        self.dtype = result_dtype(values)
        self._wrap = wrap

    def read(self, places: slice | NDArray[np.intp]) -> NDArray[Any]:
        """Return the values at these places less the origin, over 2**exponent."""
        block = self.values[places]
        if self.origin:
            base = np.array(self.origin, block.dtype).astype(np.uint64)
            bits = block.astype(np.uint64)  # wraps, and so does the difference back
            above = (bits - base).astype(np.float64)
            block = np.where(block >= self.origin, above, -(base - bits).astype(float))
        if self.exponent:
            block = np.ldexp(block.astype(np.float64, copy=False), -self.exponent)
        return block

    def blocks(self, size: int, rows: range | None = None) -> Iterator[NDArray[Any]]:
        """Yield the values that are there, at most `size` at a time; all or `rows`."""
        rows = range(len(self.values)) if rows is None else rows
        for start in rows[::size]:
            places = slice(start, min(start + size, rows.stop))
            block = self.read(places)
            if self.null is not None:
                block = block[~self.null[places]]
            if self.skip_nan:
                block = block[~np.isnan(block)]
            if block.size:
                yield block

    @property
    def present(self) -> int:
        """How many values are there."""
        if self.null is None and not self.skip_nan:
            return len(self.values)
        return sum(block.size for block in self.blocks(1 << 16))

    def is_wide(self, low: float, high: float) -> bool:
        """Whether the extent holds integers that floats would round."""
        return self.values.dtype.kind in "iu" and (low < -_EXACT or high > _EXACT)

    def settle(self, missing: str, *, infinite: bool = False) -> None:
        """
        Apply the policy for missing values and refuse infinities.

        Only needed where there are nulls or a first pass gave something not finite,
        so that clean data never pays for it.

        Raises:
            ValueError: If values are missing and the policy is to raise, or some are
                infinite and `infinite` is False.
            TypeError: If the policy is to raise and an element is None.
        """
        if self.none and self.null is not None and missing == "raise":
            raise TypeError(
                f"{self.name}: expected numbers, got {self.none} at position "
                f"{int(self.null.argmax())}; missing='keep' leaves it in place"
            )
        absent = self._positions(np.isnan) if self.values.dtype.kind == "f" else []
        if self.null is not None:
            absent = np.union1d(absent, np.flatnonzero(self.null))
        if len(absent) and missing == "raise":
            self._refuse("missing (NaN or null)", absent, "; missing='keep' skips them")
        self.skip_nan = self.values.dtype.kind == "f"
        if not infinite and self.values.dtype.kind == "f":
            endless = self._positions(np.isinf)
            if self.null is not None:
                endless = endless[~self.null[endless]]
            if len(endless):
                self._refuse("infinite", endless)

    def _positions(self, test: Callable[[Any], Any], size: int = 1 << 16) -> Any:
        found = [
            np.flatnonzero(test(self.values[start : start + size])) + start
            for start in range(0, len(self.values), size)
        ]
        return np.concatenate(found) if found else np.empty(0, np.intp)

    def _refuse(self, what: str, where: Any, way_out: str = "") -> NoReturn:
        verb = "is" if len(where) == 1 else "are"
        raise ValueError(
            f"{self.name}: {len(where)} of {len(self.values)} values {verb} {what}, "
            f"the first at position {int(where[0])}{way_out}"
        )

    def wrap(self, result: NDArray[Any]) -> Any:
        """Return the result in the container that came in, nulls at their places."""
        return self._wrap(result)


def result_dtype(values: NDArray[Any]) -> np.dtype[Any]:
    """Return the floating dtype of results: small floats stay, others are float64."""
    if values.dtype.kind == "f" and values.dtype.itemsize <= 8:
        dtype: np.dtype[Any] = values.dtype.newbyteorder("=")
        return dtype
    return np.dtype(np.float64)


def open_vector(data: Any, name: str) -> Vector:
    """
    Recognise the container and return its numbers without copying where possible.

    Raises:
        TypeError: If the container is not one-dimensional data or an element is not a
            real number; the message names its position and value.
        ValueError: If the data have more dimensions, or an integer exceeds every float.
    """
    vector = _open(data, name)
    vector.name = name
    return vector


def _open(data: Any, name: str) -> Vector:
    if isinstance(data, (list, tuple)):
        wrap: Wrap = _to_tuple if isinstance(data, tuple) else _to_list
        return _from_sequence(data, wrap, name)
    if isinstance(data, np.ndarray):
        return from_ndarray(data, name)
    from ._libraries import OPENERS

    for library, opener in OPENERS.items():
        module = sys.modules.get(library)
        if module is not None:
            vector = opener(module, data, name)
            if vector is not None:
                return vector
    return _from_protocol(data, name)


# --- lists and other Python objects -----------------------------------------------


def _to_list(result: NDArray[Any]) -> list[float]:
    return result.tolist()  # type: ignore[no-any-return]  # NumPy says Any


def _to_tuple(result: NDArray[Any]) -> tuple[float, ...]:
    return tuple(result.tolist())


def _itself(result: NDArray[Any]) -> NDArray[Any]:
    return result


def _from_sequence(data: Sequence[Any], wrap: Wrap, name: str) -> Vector:
    """Read Python numbers strictly."""
    original, none = data, None
    read = doubles_and_sum(data)
    if read is not None:
        values, total = read
    else:
        none = none_in(data)
        data = plain_numbers(data, name)
        total = 0 if all(type(x) is int for x in data) else 0.0
        try:
            values = np.array(data, np.float64)
        except OverflowError:
            refuse_size(data, name)
    if none is not None:
        wrap = _with_none(wrap, none)
    if type(total) is int and np.abs(values).max(initial=0) >= _EXACT:
        vector = _from_integers([int(x) for x in data], wrap, none)
        if none is not None and vector.integers is not None:
            raise ValueError(
                f"{name}: None beside integers of more than 64 bits; pass floats"
            )
    else:
        vector = Vector(values, wrap, null=none, owned=True)
    if none is not None:
        first = original[int(none.argmax())]
        vector.none = f"{type(first).__name__} {first}"
    return vector


def _with_none(wrap: Wrap, none: NDArray[np.bool_]) -> Wrap:
    """Put None back into lists and tuples, NaN into what holds floats."""

    def wrap_none(result: NDArray[Any]) -> Any:
        if wrap is _to_list or wrap is _to_tuple:
            kept = result.astype(object)
            kept[none] = None
            return wrap(kept)
        result[none] = np.nan
        return wrap(result)

    return wrap_none


def _from_integers(
    data: list[int], wrap: Wrap, null: NDArray[np.bool_] | None
) -> Vector:
    """Keep integers beyond 2**53 exact."""
    low, high = min(data), max(data)
    if low >= -(2**63) and high < 2**63:
        return Vector(np.array(data, dtype=np.int64), wrap, null=null)
    if low >= 0 and high < 2**64:
        return Vector(np.array(data, dtype=np.uint64), wrap, null=null)
    return Vector(np.array(data, dtype=np.float64), wrap, integers=data)


# --- arrays ------------------------------------------------------------------------


def from_ndarray(
    data: NDArray[Any], name: str, wrap: Wrap = _itself, null: Any = None
) -> Vector:
    if isinstance(data, np.ma.MaskedArray):
        return _from_masked(data, name)
    data = np.asarray(data)
    if data.ndim == 0:
        raise TypeError(f"{name} takes one-dimensional data, got a 0-d array: {data}")
    if data.ndim > 1:
        raise ValueError(
            f"{name} takes one-dimensional data, got shape {data.shape}; "
            "a scaler such as MinMaxScaler takes rows and columns"
        )
    if data.dtype.kind == "O":
        items: list[Any] = data.tolist()
        if null is not None:
            items = [None if n else x for x, n in zip(items, null, strict=True)]
        return _from_sequence(items, wrap, name)
    if data.dtype.kind not in "biuf":
        if data.size:
            refuse_element(name, 0, data[0])
        raise TypeError(f"{name}: expected numbers, got an array of {data.dtype}")
    return Vector(in_doubles(data, name), wrap, null=null)


def _from_masked(data: Any, name: str) -> Vector:
    mask = np.ma.getmaskarray(data)

    def wrap(result: NDArray[Any]) -> Any:
        return np.ma.masked_array(result, mask=mask.copy())

    return from_ndarray(data.data, name, wrap, mask)


# --- anything else -----------------------------------------------------------------


def _from_protocol(data: Any, name: str) -> Vector:
    """Read what speaks a protocol, most direct first; the result is an ndarray."""
    if isinstance(data, (str, bytes, bytearray, Mapping, AbstractSet)):
        raise TypeError(
            f"{name}: expected a one-dimensional container of numbers, "
            f"got {type(data).__name__}"
        )
    if isinstance(data, array):
        code = data.typecode if data.typecode == "f" else "d"
        return from_ndarray(np.asarray(data), name, lambda r: array(code, r.tobytes()))
    if isinstance(data, memoryview) or hasattr(data, "__array__"):
        return from_ndarray(np.asarray(data), name)
    if hasattr(data, "__dlpack__"):
        try:
            return from_ndarray(np.from_dlpack(data), name)
        except (BufferError, RuntimeError) as error:
            raise TypeError(f"{name} takes CPU data: {error}") from error
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        from . import _arrow

        values, null = _arrow.read(data, name)

        def wrap(result: NDArray[Any]) -> NDArray[Any]:
            if null is not None:
                result[null] = np.nan
            return result

        return from_ndarray(values, name, wrap, null)
    if isinstance(data, Iterable):
        return _from_sequence(list(data), _to_list, name)
    raise TypeError(
        f"{name}: expected a one-dimensional container of numbers, "
        f"got {type(data).__name__}"
    )
