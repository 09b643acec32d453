"""Bounds and lists of values, brought to the type of the column they judge."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._cells import Array, Mask

NANOSECONDS = {"D": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

_ZONED = re.compile(r"(?P<time>.*\d)(?:(?P<utc>[Zz])|(?P<offset>[+-]\d\d:?\d\d))")


def below(values: Array, bound: Any, *, or_at: bool) -> Mask:
    """Return which numbers lie below a bound, or at it where it is open."""
    bound = _fitted(bound, values.dtype, up=False)
    if values.dtype.kind in "iu":
        lowest = math.ceil(bound) if math.isfinite(bound) else bound
        lowest += or_at and lowest == bound
        info = np.iinfo(values.dtype)
        if not info.min < lowest <= info.max:
            return np.full(values.shape, lowest > info.max)
        return values < lowest  # type: ignore[no-any-return]
    bad = values <= bound if or_at else values < bound
    return np.asarray(bad, bool)


def above(values: Array, bound: Any, *, or_at: bool) -> Mask:
    """Return which numbers lie above a bound, or at it where it is open."""
    bound = _fitted(bound, values.dtype, up=True)
    if values.dtype.kind in "iu":
        highest = math.floor(bound) if math.isfinite(bound) else bound
        highest -= or_at and highest == bound
        info = np.iinfo(values.dtype)
        if not info.min <= highest < info.max:
            return np.full(values.shape, highest < info.min)
        return values > highest  # type: ignore[no-any-return]
    bad = values >= bound if or_at else values > bound
    return np.asarray(bad, bool)


def inner(bound: Any, dtype: np.dtype[Any], open_: bool, side: int) -> Any:
    """Return the outermost value of a float type that a bound allows."""
    fitted = _fitted(bound, dtype, up=side < 0)
    return np.nextafter(fitted, dtype.type(side * np.inf)) if open_ else fitted


def _fitted(bound: Any, dtype: np.dtype[Any], *, up: bool) -> Any:
    """Round a bound to a float column's type: a float32 of 0.1 is at most 0.1."""
    if dtype.kind != "f":
        return bound
    info = np.finfo(dtype)
    if not math.isfinite(bound) or abs(bound) <= info.max:
        return dtype.type(bound)
    # Beyond the largest finite value, only an infinity is outside.
    largest = info.max if bound > 0 else info.min
    outside = (bound > 0) != up
    return dtype.type(np.inf if bound > 0 else -np.inf) if outside else largest


def one_of(values: Array, allowed: tuple[Any, ...]) -> Mask:
    """Return which numbers equal one of the allowed ones, compared in their type."""
    if values.dtype == object:
        kept = set(_numbers(allowed))
        return np.fromiter((v in kept for v in values), bool, len(values))
    if values.dtype.kind == "b":
        fit: list[Any] = [v for v in allowed if isinstance(v, (bool, np.bool_))]
    elif values.dtype.kind in "iu":
        info = np.iinfo(values.dtype)
        whole = [int(v) for v in _numbers(allowed) if math.isfinite(v) and v == int(v)]
        fit = [v for v in whole if info.min <= v <= info.max]
    else:
        fit = [v for v in _numbers(allowed) if abs(v) <= np.finfo(values.dtype).max]
    return np.isin(values, np.array(fit, values.dtype))


def _numbers(values: tuple[Any, ...]) -> list[Any]:
    return [v for v in values if is_number(v)]


def is_number(value: Any) -> bool:
    """Whether a value is a real number; True and False are not."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(
        value, bool
    )


def is_time(value: Any) -> bool:
    """Whether a value is a date, a datetime or a NumPy timestamp."""
    return isinstance(value, (dt.date, np.datetime64))


def time_as_text(value: Any) -> str:
    """Return a date or time as ISO 8601 text, the form that JSON keeps."""
    if isinstance(value, (dt.date, np.datetime64)):
        value = value.isoformat() if isinstance(value, dt.date) else str(value)
    if not isinstance(value, str):
        raise TypeError(f"expected a date, a datetime or ISO text, got {value!r}")
    parse_time(value)
    return value


def parse_time(text: str) -> tuple[int, bool]:
    """Return ISO text as UTC nanoseconds since 1970, and whether it has a zone."""
    zoned = _ZONED.fullmatch(text) if ":" in text else None
    moment = np.datetime64(zoned["time"] if zoned else text)
    if np.isnat(moment):
        raise ValueError(f"expected a date or time, got {text!r}")
    unit, _ = np.datetime_data(moment.dtype)
    if unit not in NANOSECONDS:
        unit = "D" if unit in ("Y", "M", "W") else "s"
        moment = moment.astype(f"datetime64[{unit}]")
    count = int(moment.astype(np.int64)) * NANOSECONDS[unit]
    if zoned and zoned["offset"]:
        digits = zoned["offset"].replace(":", "")
        minutes = int(digits[1:3]) * 60 + int(digits[3:5])
        count -= (minutes if digits[0] == "+" else -minutes) * 60 * 10**9
    return count, zoned is not None


def in_unit(nanoseconds: int, unit: str) -> float | int:
    """Return a time as a count of `unit`: an int, or a half where it falls between."""
    whole, rest = divmod(nanoseconds, NANOSECONDS[unit])
    return whole + 0.5 if rest and abs(whole) < 2**52 else whole
