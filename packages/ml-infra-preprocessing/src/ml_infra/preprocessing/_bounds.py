"""Bounds and lists of values, brought to the type of the column they judge."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._cells import Array, Mask

NANOSECONDS = {"D": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

_ZONED = re.compile(r"(?P<time>.*\d)(?:(?P<utc>[Zz])|(?P<offset>[+-]\d\d:?\d\d))")


def one_of(values: Array, allowed: tuple[Any, ...]) -> Mask:
    """Return which numbers equal one of the allowed ones, compared in their type."""
    if values.dtype == object:
        kept = set(_numbers(allowed))
        return np.fromiter((v in kept for v in values), bool, len(values))
    if values.dtype.kind == "b":
        fit: list[Any] = [v for v in allowed if isinstance(v, (bool, np.bool_))]
    elif values.dtype.kind in "iu":
        info = np.iinfo(values.dtype)
        whole = [int(v) for v in _numbers(allowed) if abs(v) < math.inf and v == int(v)]
        fit = [v for v in whole if info.min <= v <= info.max]
    else:
        most = float(np.finfo(values.dtype).max)
        fit = [v for v in _numbers(allowed) if not most < abs(v) < math.inf]
    return np.isin(values, np.array(fit, values.dtype))


def listed(value: Any, allowed: tuple[Any, ...]) -> bool:
    """Whether a value is among the allowed; True and 1 are two things."""
    return is_hashable(value) and any(
        value == one and isinstance(value, bool) == isinstance(one, bool)
        for one in allowed
    )


def _numbers(values: tuple[Any, ...]) -> list[Any]:
    return [v for v in values if is_number(v)]


def is_hashable(value: Any) -> bool:
    """Whether a value can be compared as a whole; lists and arrays cannot."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def infinite(values: Array) -> Mask:
    """Return which numbers, of a floating type or objects, are infinite."""
    if values.dtype == object:
        ends = (math.inf, -math.inf)  # an int may be too large for math.isinf
        return np.fromiter((v in ends for v in values.tolist()), bool, len(values))
    return np.isinf(values)


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
    if not text.lstrip("+-")[:1].isdigit():  # NumPy would take "", "NaT" and "now"
        raise ValueError(f"expected a date or time, got {text!r}")
    zoned = _ZONED.fullmatch(text) if ":" in text else None
    moment = np.datetime64(zoned["time"] if zoned else text)
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


def times_among(values: tuple[Any, ...]) -> list[int]:
    """Return the texts among some values that are times, as UTC nanoseconds."""
    found = []
    for one in values:
        with contextlib.suppress(ValueError):
            found += [parse_time(one)[0]] if isinstance(one, str) else []
    return found


def in_unit(nanoseconds: int, unit: str) -> float | int:
    """Return a time as a count of `unit`: an int, or a half where it falls between."""
    whole, rest = divmod(nanoseconds, NANOSECONDS[unit])
    return whole + 0.5 if rest and abs(whole) < 2**52 else whole
