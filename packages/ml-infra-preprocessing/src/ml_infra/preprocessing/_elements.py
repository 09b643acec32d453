"""The elements of lists and arrays as Python numbers or doubles, or a refusal."""

from __future__ import annotations

import struct
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

MOST_BITS = 14_000  # of an integer that Python still writes in decimal digits
_PIECE = 1024  # elements that stay in the cache between their sum and their copy


def doubles_and_sum(data: Sequence[Any]) -> tuple[NDArray[np.float64], Any] | None:
    """
    Return Python numbers as doubles, and their sum; None if anything else is found.

    `struct` reads numbers in two thirds of the time of `array` and refuses text, None,
    dates and nesting as well; the type of the builtin sum unmasks what still has a
    `__float__` but is no real number.
    """
    values, total = np.empty(len(data)), 0
    try:
        with np.errstate(all="ignore"):
            for start in range(0, len(data), _PIECE):
                piece = data[start : start + _PIECE]
                total = sum(piece, total)
                if type(total) is not float and type(total) is not int:
                    return None
                struct.pack_into(f"{len(piece)}d", values.data, 8 * start, *piece)
    except (TypeError, ValueError, ArithmeticError, Warning, struct.error):
        return None  # a warning where the user made them errors
    return values, total


def is_none(value: Any) -> bool:
    """Whether an object among numbers stands for a missing one: None, pandas' NA."""
    return value is None or type(value).__name__ == "NAType"


def none_in(data: Sequence[Any]) -> NDArray[np.bool_] | None:
    """Return where the elements are None; None if nowhere."""
    found = np.fromiter(map(is_none, data), np.bool_, len(data))
    return found if found.any() else None


def refuse_size(data: Sequence[Any], name: str) -> NoReturn:
    for position, value in enumerate(data):
        if isinstance(value, int) and value.bit_length() > 1023:
            raise ValueError(
                f"{name}: {shown(value)} at position {position} exceeds every float"
            )
    raise ValueError(f"{name}: a value exceeds every float")


def plain_numbers(data: Sequence[Any], name: str) -> list[Any]:
    """Return the elements, 0 for None, as numbers or name the first that is none."""
    plain: list[Any] = []
    for position, value in enumerate(data):
        if is_none(value):
            plain.append(0)
        elif isinstance(value, np.generic):
            if value.dtype.kind not in "biuf":
                refuse_element(name, position, value)
            plain.append(in_doubles(np.asarray(value), name).item())
        elif isinstance(value, int):
            plain.append(int(value))
        elif isinstance(value, (Real, Decimal)):
            plain.append(_to_float(value, position, name))
        elif isinstance(value, (list, tuple)) or hasattr(value, "ndim"):
            raise ValueError(
                f"{name} takes one-dimensional data, got {type(value).__name__} "
                f"{shown(value)} at position {position}; "
                "a scaler such as MinMaxScaler takes rows and columns"
            )
        else:
            refuse_element(name, position, value)
    return plain


def _to_float(value: Real | Decimal, position: int, name: str) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError):  # a signaling Decimal NaN is the latter
        raise ValueError(
            f"{name}: {shown(value)} at position {position} is not a float"
        ) from None


def refuse_element(name: str, position: int, value: Any) -> NoReturn:
    raise TypeError(
        f"{name}: expected numbers, got {type(value).__name__} {shown(value)} "
        f"at position {position}"
    )


def shown(value: Any) -> str:
    """Return a short text of any value for a message."""
    if isinstance(value, int) and value.bit_length() > 512:
        digits = int(value.bit_length() * 0.30103)
        return f"an integer of about 10**{digits}"
    text = written(value, repr)
    return text if len(text) <= 60 else f"{text[:57]}..."


def written(value: Any, write: Callable[[Any], str]) -> str:
    """Return what `repr`, `str` or `ascii` makes of a value, if anything at all."""
    try:
        return write(value)
    except Exception:  # noqa: BLE001 -- data may bring classes that cannot be written
        return f"<{type(value).__name__} that cannot be written>"


def in_doubles(data: NDArray[Any], name: str) -> NDArray[Any]:
    """Return wider floats as float64, TypeError if that rounds; all else as it is."""
    if data.dtype.kind != "f" or data.dtype.itemsize <= 8:
        return data
    with np.errstate(all="ignore"):
        doubles = data.astype(np.float64)
        same = (doubles == data) | np.isnan(data)
    if not same.all():
        raise TypeError(
            f"{name}: {data.dtype} holds values that float64 rounds; where that is "
            "fine, cast them first by astype('float64')"
        )
    return doubles
