"""One column of one batch, whatever it came as, seen as NumPy arrays."""

from __future__ import annotations

import datetime as dt
import numbers
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Encoding = tuple[Codes, list[Any]]

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
MICROSECOND = dt.timedelta(microseconds=1)
NOT_A_TIME = np.iinfo(np.int64).min
_EXACT = 2**53  # integers up to here are doubles
_HUGE = 2**1000  # integers beyond are no longer near a double


class Cells:
    """
    The values of one column: an array, where it is null, and what it is.

    Attributes:
        kind: "int", "float", "bool", "text", "category", "datetime", "mixed" (Python
            objects of several kinds), "null" (nothing but nulls) or "other".
        values: One entry a row, arbitrary where null; for datetimes UTC int64 counts
            of `unit`; arrays of floats are null where they are NaN, and nowhere else;
            for text, categories and mixed columns the objects themselves
            or None when only `encoded` has them. Never written to.
        integers: Where a list of floats held integers; None where it held none.
    """

    __slots__ = (
        "_encode", "_encoded", "_found", "_known", "_nulls", "integers", "kind", "size",
        "unit", "values", "zone",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        size: int,
        values: Any = None,
        nulls: Mask | None = None,
        *,
        encode: Callable[[], Encoding] | None = None,
        found: str = "",
        unit: str = "",
        zone: str | None = None,
        integers: Mask | None = None,
    ) -> None:
        self.kind: str = kind
        self.size: int = size
        self.values: Any = values
        self._found = found
        self.unit: str = unit
        self.zone: str | None = zone
        self.integers: Mask | None = integers
        self._nulls = nulls
        self._known = False
        self._encode = encode
        self._encoded: Encoding | None = None

    @property
    def found(self) -> str:
        """How the type is called in messages."""
        numeric = self.kind in ("int", "float") and self.values.dtype != object
        return self._found or (str(self.values.dtype) if numeric else self.kind)

    @property
    def nulls(self) -> Mask | None:
        """Where values are missing, or None when none is."""
        if not self._known:  # asked for once: the answer takes a pass
            nulls = self._nulls
            if self.kind == "float" and self.values.dtype != object and self.size:
                # A NaN anywhere makes the minimum NaN, and mostly there is none.
                some = np.isnan(np.minimum.reduce(self.values))
                nulls = np.isnan(self.values) if some else None
            if nulls is None and self.kind in ("text", "category"):
                nulls = self.encoded()[0] < 0
            self._nulls = nulls if nulls is not None and nulls.any() else None
            self._known = True  # last: another thread may be asking, too
        return self._nulls

    @property
    def plain(self) -> bool:
        """Whether this is an array of numbers, all of them of its type, or NaN."""
        masked = self._nulls is not None or self.integers is not None
        return not masked and self.values.dtype != object

    def part(self, start: int, stop: int) -> Cells:
        """Return the cells of some rows of plain numbers."""
        return Cells(
            self.kind, len(self.values[start:stop]), self.values[start:stop],
            found=self._found,
        )  # fmt: skip

    def encoded(self) -> Encoding:
        """Return (codes, labels): a code a row, -1 where null, labels distinct."""
        if self._encoded is None:
            if self._encode is not None:
                self._encoded = self._encode()
            else:
                nulls = self.nulls
                values = self.values.tolist()
                if nulls is not None:
                    values = [None if n else v for v, n in zip(values, nulls)]  # noqa: B905 -- same length, hot
                encode = _encode_mixed if self.kind == "mixed" else encode_objects
                self._encoded = encode(values)
        return self._encoded

    def take(self, rows: Codes) -> Cells:
        """Return the cells of some rows."""
        nulls = self.nulls
        nulls = None if nulls is None else nulls[rows]
        encode = None
        values: Any = self.values
        if values is None:
            codes, labels = self.encoded()
            encode = partial(used_labels, codes[rows], labels)
        else:
            values = values[rows]
        return Cells(
            self.kind, len(rows), values, nulls,
            encode=encode, found=self._found, unit=self.unit, zone=self.zone,
        )  # fmt: skip

    def example(self, row: int) -> Any:
        """Return one value as a Python object, None where it is null."""
        nulls = self.nulls
        if nulls is not None and nulls[row]:
            return None
        if self.kind in ("text", "category"):
            codes, labels = self.encoded()
            return labels[codes[row]]
        if self.kind == "datetime":
            return time_text(int(self.values[row]), self.unit, self.zone)
        value = self.values[row]
        if isinstance(value, dt.date):
            count, zone = microseconds(value)
            return time_text(count, "us", zone)
        if self.integers is not None and self.integers[row]:
            return int(value)
        return value.item() if isinstance(value, np.generic) else value


def time_text(count: int, unit: str, zone: str | None = None) -> str:
    """Return a timestamp as ISO 8601 text; zoned ones in UTC, marked Z."""
    text = str(np.array(count, np.int64).view(f"datetime64[{unit}]"))
    return text + "Z" if zone else text


def is_null(value: Any) -> bool:
    """Whether a Python object stands for a missing value: None, NaN, NaT, NA."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(value != value)  # noqa: PLR0124 -- true for NaN alone
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return type(value).__name__ in ("NAType", "NaTType")


def encode_objects(values: Iterable[Any]) -> Encoding:
    """Return codes and distinct labels, in order of first appearance."""
    rows = values if isinstance(values, list) else list(values)
    code: dict[Any, int] = dict.fromkeys(rows, -1)
    # Most labels are text, which is never null and quick to tell.
    labels = [one for one in code if one.__class__ is str or not is_null(one)]
    code.update(zip(labels, range(len(labels)), strict=True))
    return np.fromiter(map(code.__getitem__, rows), np.int64, len(rows)), labels


def _encode_mixed(values: list[Any]) -> Encoding:
    """Return codes and labels; True and 1 are two labels, as they are two types."""
    stand_in = {False: object(), True: object()}
    codes, labels = encode_objects(
        stand_in[bool(v)] if isinstance(v, (bool, np.bool_)) else v for v in values
    )
    flags = {mark: flag for flag, mark in stand_in.items()}
    return codes, [flags.get(one, one) for one in labels]


def used_labels(codes: Codes, labels: list[Any]) -> Encoding:
    """Return codes and labels without the labels that no row has."""
    counts = np.bincount(codes + 1, minlength=len(labels) + 1)[1:]
    if counts.all():
        return codes, labels
    place = np.append(np.cumsum(counts > 0) - 1, -1)  # code -1 takes the last
    return place[codes], [one for one, n in zip(labels, counts, strict=True) if n]


def cells_of_array(array: Array) -> Cells:
    """Return the cells of a one-dimensional NumPy array."""
    if array.ndim != 1:
        raise TypeError(f"expected a one-dimensional column, got shape {array.shape}")
    size, kind = array.size, array.dtype.kind
    if isinstance(array, np.ma.MaskedArray):
        mask: Mask = np.ma.getmaskarray(array)
        cells = cells_of_array(np.asarray(array.data))
        if cells.plain and cells.kind == "float":
            blank = cells.values.dtype.type(np.nan)
            return Cells("float", size, np.where(mask, blank, cells.values))
        hidden = mask if cells.nulls is None else mask | cells.nulls
        if cells.kind in ("text", "mixed"):
            pairs = zip(hidden.tolist(), array.data.tolist(), strict=True)
            return cells_of_objects([None if gone else one for gone, one in pairs])
        return Cells(cells.kind, size, cells.values, hidden,
                     unit=cells.unit, zone=cells.zone)  # fmt: skip
    if kind in "iub":
        return Cells("bool" if kind == "b" else "int", size, array)
    if kind == "f":
        return Cells("float", size, array)
    if kind in "UT":
        encode = partial(encode_objects, array.tolist())
        return Cells("text", size, encode=encode, found="text")
    if kind == "O":
        return cells_of_objects(array.tolist())
    if kind == "M":
        unit, step = np.datetime_data(array.dtype)
        if unit == "generic" or step != 1:
            array = array.astype("datetime64[ns]")
            unit = "ns"
        whole = array.astype(array.dtype.newbyteorder("="), copy=False).view(np.int64)
        return Cells("datetime", size, whole, whole == NOT_A_TIME, unit=unit)
    gone = np.isnat(array) if kind == "m" else None
    return Cells("other", size, array, gone, found=str(array.dtype))


def cells_of_objects(values: Sequence[Any]) -> Cells:
    """Return the cells of Python objects, by the types that occur among them."""
    size = len(values)
    families = {one: _family(one) for one in set(map(type, values))}
    kinds = set(families.values()) - {"null"}
    if kinds == {"float"} and "null" not in families.values():
        with suppress(OverflowError):  # of a fraction beyond all floats
            return Cells("float", size, np.array(values, np.float64), found="float")
    if any(issubclass(one, _SCALARS) for one in families):
        values = [v.item() if isinstance(v, _SCALARS) else v for v in values]
        families.update((one, _family(one)) for one in set(map(type, values)))
    nulls = None
    if "null" in families.values() or "float" in kinds or "datetime" in kinds:
        found = np.fromiter(map(is_null, values), bool, size)
        nulls = found if found.any() else None
    if kinds - {"float", "int"} and "float" in kinds and nulls is not None:
        # NaN is how object columns spell "missing", whatever their values are.
        present = {type(v) for v, null in zip(values, nulls, strict=True) if not null}
        kinds = {families[one] for one in present}
    if not kinds:
        return Cells("null", size, np.zeros(size), np.ones(size, bool), found="null")
    if kinds == {"text"}:
        encode = partial(encode_objects, list(values))
        return Cells("text", size, encode=encode)
    if kinds <= {"int", "float"}:
        return _numbers(values, nulls, "float" if "float" in kinds else "int")
    if kinds == {"bool"}:
        filled = np.fromiter(
            (v is not None and bool(v) for v in values)
            if nulls is None
            else (not n and bool(v) for v, n in zip(values, nulls, strict=True)),
            bool,
            size,
        )
        return Cells("bool", size, filled, nulls)
    if kinds == {"datetime"}:
        times = _times(values, nulls)
        if times is not None:
            return times
    objects = np.empty(size, object)
    objects[:] = values
    kind = "other" if kinds == {"other"} else "mixed"
    return Cells(kind, size, objects, nulls, found=_names(values, nulls))


def _family(one: type) -> str:
    if one is type(None) or one.__name__ in ("NAType", "NaTType"):
        return "null"
    for family, types in _FAMILIES:
        if issubclass(one, types):
            return family
    return "other"


def family_name(one: type) -> str:
    """Return how messages call a type: as a whole column of it would be called."""
    family = _family(one)
    return one.__name__ if family == "other" else family


_SCALARS = (np.number, np.bool_)
_FAMILIES: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("bool", (bool, np.bool_)),
    ("int", (int, np.integer)),
    ("float", (float, np.floating, numbers.Rational)),
    ("text", (str,)),
    ("datetime", (dt.date, np.datetime64)),
)


def _numbers(values: Sequence[Any], nulls: Mask | None, kind: str) -> Cells:
    size = len(values)
    filled = list(values)
    if nulls is not None:
        for row in np.flatnonzero(nulls).tolist():
            filled[row] = 0
    whole = [v for v in filled if isinstance(v, (int, np.integer))]
    largest = max(map(abs, map(int, whole)), default=0)
    if largest > _HUGE:
        return Cells("mixed", size, _objects(values), nulls, found="huge int")
    if kind == "int" and (
        largest < 2**63 or min(map(int, whole)) == -(2**63) == -largest
    ):
        return Cells("int", size, np.array(filled, np.int64), nulls, found="int")
    integers = None
    if kind == "float" and whole:
        integers = np.array([isinstance(v, (int, np.integer)) for v in values], bool)
    if kind == "float" and largest <= _EXACT:
        try:
            array = np.array([float(v) for v in filled])
        except OverflowError:
            return Cells("mixed", size, _objects(values), nulls, found="huge Fraction")
        if nulls is not None:
            array[nulls] = np.nan
        return Cells("float", size, array, found="float", integers=integers)
    return Cells(kind, size, _objects(filled), nulls, found=kind, integers=integers)


def _objects(values: Sequence[Any]) -> Array:
    array = np.empty(len(values), object)
    array[:] = list(values)
    return array


def _times(values: Sequence[Any], nulls: Mask | None) -> Cells | None:
    """Return datetimes as UTC microseconds, or None when some have no zone."""
    counts = np.full(len(values), NOT_A_TIME, np.int64)
    zones: set[str | None] = set()
    for row, value in enumerate(values):
        if nulls is not None and nulls[row]:
            continue
        counts[row], zone = microseconds(value)
        zones.add(zone)
    if None in zones and len(zones) > 1:
        return None
    one = zones.pop() if len(zones) == 1 else "UTC"
    return Cells("datetime", len(values), counts, nulls, unit="us", zone=one)


def microseconds(value: Any) -> tuple[int, str | None]:
    """Return a date or time as UTC microseconds since 1970, and its zone."""
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[us]").astype(np.int64)), None
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 -- a date has no zone
    zone = None if value.utcoffset() is None else str(value.tzinfo)
    aware = value.replace(tzinfo=dt.timezone.utc) if zone is None else value
    return (aware - EPOCH) // MICROSECOND, zone


def _names(values: Sequence[Any], nulls: Mask | None) -> str:
    kept = (
        values
        if nulls is None
        else (v for v, n in zip(values, nulls, strict=True) if not n)
    )
    return " and ".join(sorted({type(one).__name__ for one in kept}))
