"""The part of a column that a rule can be asked about, whatever else is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._bounds import is_number, is_time
from ._cells import encode_objects, family_name, microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._cells import Array, Cells, Encoding, Mask
    from ._keys import Ints


class View(NamedTuple):
    """Values without nulls, and the rows they stand in; None where that is all."""

    values: Array
    rows: Ints | None

    def rows_at(self, places: Ints) -> Ints:
        """Return the rows of these places among the values."""
        return places if self.rows is None else self.rows[places]

    def all_rows(self) -> Ints:
        """Return the row of every value."""
        return np.arange(len(self.values)) if self.rows is None else self.rows


def numbers(cells: Cells) -> View | None:
    """
    Return the numbers of a column, also those among other objects.

    NaN stays where it is: it is neither below nor above any bound.
    """
    if cells.kind == "float" and cells.values.dtype != object:
        return View(cells.values, None)
    if cells.kind in ("int", "float"):
        return _without(cells, cells.nulls)
    if cells.kind != "mixed":
        return None
    rows = np.flatnonzero(_are(cells, is_number))
    values = cells.values[rows]
    if all(isinstance(one, float) for one in values.tolist()):
        values = values.astype(np.float64)
    return View(values, rows) if len(rows) else None


class Instants(NamedTuple):
    """Timestamps as int64 counts of a unit; with a time zone they count UTC."""

    view: View
    unit: str
    zoned: bool


def times(cells: Cells) -> list[Instants]:
    """Return the timestamps, also those among other objects; with a zone or without."""
    if cells.kind == "datetime":
        view = _without(cells, cells.nulls)
        return [Instants(view, cells.unit, cells.zone is not None)]
    if cells.kind != "mixed":
        return []
    rows = np.flatnonzero(_are(cells, is_time))
    found = [microseconds(one) for one in cells.values[rows].tolist()]
    counts = np.array([count for count, _ in found], np.int64)
    with_zone = np.array([zone is not None for _, zone in found], bool)
    parts = ((zoned, with_zone == zoned) for zoned in (False, True))
    return [
        Instants(View(counts[mask], rows[mask]), "us", zoned)
        for zoned, mask in parts if mask.any()
    ]  # fmt: skip


def sortable(cells: Cells) -> dict[str, View]:
    """
    Return the numbers under "" and timestamps under what they count, such as "us UTC".

    Those of one name can be compared with each other, also across chunks.
    """
    parts = {f"{m.unit} UTC" if m.zoned else m.unit: m.view for m in times(cells)}
    view = ordered(cells) if cells.kind != "datetime" else None
    return parts if view is None else {"": view, **parts}


def ordered(cells: Cells) -> View | None:
    """Return what of a column of one kind can be sorted: numbers or timestamps."""
    if cells.kind in ("int", "float", "datetime"):
        return _without(cells, cells.nulls)
    return numbers(cells)


def texts(cells: Cells) -> Encoding:
    """Return the texts of a column encoded; other values have the code -1."""
    if cells.kind != "mixed":
        return cells.encoded()
    values = cells.values.tolist()
    return encode_objects([one if isinstance(one, str) else None for one in values])


def present(cells: Cells) -> Mask:
    """Return which rows hold a value."""
    return np.ones(cells.size, bool) if cells.nulls is None else ~cells.nulls


def wrong_zone(cells: Cells, zone: str) -> Mask | None:
    """Return which rows hold a time of another zone; None when none does."""
    if cells.kind == "datetime":
        return None if (cells.zone or "naive") == zone else present(cells)
    if cells.kind != "mixed":
        return None
    return _are(
        cells, lambda one: is_time(one) and (microseconds(one)[1] or "naive") != zone
    )


def wrong_type(cells: Cells, wanted: str, *, strict: bool) -> Mask | None:
    """Return which rows hold a value of another type; None when none does."""
    kind = cells.kind
    if strict and cells.integers is not None and wanted in ("int", "float"):
        wrong = cells.integers if wanted == "float" else ~cells.integers
        return wrong & present(cells)
    if kind in _TAKES[wanted] or ((wanted, kind) == ("float", "int") and not strict):
        return None
    if (wanted, kind) == ("int", "float") and not strict:
        return _fractions(cells)
    if (wanted, kind) == ("text", "category"):
        codes, labels = cells.encoded()
        wrong = np.array([not isinstance(one, str) for one in labels], bool)
        return np.append(wrong, False)[codes] if wrong.any() else None
    if kind != "mixed":
        return present(cells)
    fits = _FITS[wanted]
    return present(cells) & ~_are(cells, lambda one: fits(one, strict))


def types_found(cells: Cells, rows: Ints, *, zones: bool) -> Iterable[tuple[str, int]]:
    """Return how messages call the types in some rows, and how many rows have each."""
    if cells.kind == "datetime" and zones:
        return [(f"datetime with zone {cells.zone or 'naive'}", len(rows))]
    if cells.integers is not None:
        whole = int(np.count_nonzero(cells.integers[rows]))
        return [("int", whole), ("float", len(rows) - whole)]
    if cells.kind not in ("mixed", "other") or cells.values.dtype != object:
        return [(cells.found, len(rows))]
    names: dict[str, int] = {}
    for one in cells.values[rows].tolist():
        name = family_name(type(one))
        if name == "datetime" and zones:
            name += f" with zone {microseconds(one)[1] or 'naive'}"
        names[name] = names.get(name, 0) + 1
    return names.items()


def parse_as(cells: Cells, rows: Ints, wanted: str | None) -> int:
    """Return in how many rows a text would read as the number type."""
    read: Callable[[str], Any] = int if wanted == "int" else float
    codes, labels = texts(cells)
    count = np.bincount(codes[rows] + 1, minlength=len(labels) + 1)[1:].tolist()
    return sum(n for n, one in zip(count, labels, strict=True) if _reads(one, read))


def _reads(text: Any, read: Callable[[str], Any]) -> bool:
    if not isinstance(text, str):
        return False
    try:
        read(text)
    except ValueError:
        return False
    return True


def _without(cells: Cells, nulls: Mask | None) -> View:
    if nulls is None:
        return View(cells.values, None)
    rows = np.flatnonzero(~nulls)
    return View(cells.values[rows], rows)


def _are(cells: Cells, fits: Callable[[Any], bool]) -> Mask:
    here = present(cells).tolist()
    pairs = zip(cells.values.tolist(), here, strict=True)
    return np.fromiter((is_here and fits(v) for v, is_here in pairs), bool, cells.size)


def _fractions(cells: Cells) -> Mask | None:
    values = cells.values
    if values.dtype == object:
        return _are(cells, lambda one: not _whole(one, strict=False))
    wrong: Mask = np.floor(values) != values
    wrong |= np.isinf(values)
    if wrong.any() and cells.nulls is not None:
        wrong &= ~cells.nulls
    return wrong if wrong.any() else None


def _whole(value: Any, strict: bool) -> bool:
    if not is_number(value):
        return False
    if isinstance(value, (float, np.floating)):
        return not strict and float(value).is_integer()
    return True


_TAKES = {
    "int": ("int",),
    "float": ("float",),
    "bool": ("bool",),
    "text": ("text",),
    "category": ("category", "text"),
    "datetime": ("datetime",),
}

# What a single Python object of a mixed column has to be.
_FITS: dict[str, Callable[[Any, bool], bool]] = {
    "int": _whole,
    "float": lambda v, strict: (
        is_number(v) and not (strict and isinstance(v, (int, np.integer)))
    ),
    "bool": lambda v, _: isinstance(v, (bool, np.bool_)),
    "text": lambda v, _: isinstance(v, str),
    "category": lambda v, _: isinstance(v, str),
    "datetime": lambda v, _: is_time(v),
}
