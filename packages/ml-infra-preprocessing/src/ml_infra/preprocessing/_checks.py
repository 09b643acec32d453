"""The checks that stand in the first lines of a function."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ._limits import Limits
from ._ordering import Ordering
from ._report import shown
from ._tables import cells_of, table_of
from ._uniqueness import Uniqueness
from ._views import numbers, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._cells import Cells

T = TypeVar("T")

EXAMPLES = 5


def check_finite(data: T, name: str = "data") -> T:
    """
    Return `data` unchanged when every value is a finite number.

    Args:
        data: Numbers: a list, array of any shape, or series.
        name: What the message calls the data.

    Returns:
        The very object that came in.

    Raises:
        ValueError: If a value is null or infinite: the count, first rows and values.
        TypeError: If the values are not numbers.

    >>> check_finite([1.0, 2.0])
    [1.0, 2.0]
    """
    cells = _numeric(data, name)
    if _hold(cells, finite=True):
        return data
    bad = np.zeros(cells.size, bool) if cells.nulls is None else cells.nulls.copy()
    if cells.values.dtype.kind == "f":
        bad |= np.isinf(cells.values)
    _refuse(bad, cells, name, "are not finite", data)
    return data


def check_no_nulls(data: T, name: str = "data") -> T:
    """
    Return `data` unchanged when no value is None, NaN, NaT or NA.

    Args:
        data: Values of any kind: a list, array, or series.
        name: What the message calls the data.

    Raises:
        ValueError: If a value is null: the count and first rows.

    >>> check_no_nulls(["a", "b"])
    ['a', 'b']
    """
    cells = _cells(data, name)
    if cells.nulls is not None:
        _refuse(cells.nulls, cells, name, "are null", data)
    return data


def check_unique(data: T, name: str = "data") -> T:
    """
    Return `data` unchanged when no value comes twice; nulls do not count.

    Args:
        data: Values of any kind: a list, array, or series.
        name: What the message calls the data.

    Raises:
        ValueError: If a value comes twice: how many rows have such, and the first.

    >>> check_unique([3, 1, 2])
    [3, 1, 2]
    """
    cells = _cells(_flat(data, name), name)
    seen = Uniqueness(EXAMPLES, cap=max(cells.size, 1))
    view = None if cells.kind == "mixed" else ordered(cells)
    if view is not None:
        seen.add_numbers(view.values, view.all_rows())
    elif cells.kind != "null":
        try:
            codes, labels = cells.encoded()
        except TypeError:
            raise TypeError(
                f"{name}: expected values that can be compared, got {cells.found}; "
                "lists of rows are no single column: check a table's columns one by one"
            ) from None
        rows = np.flatnonzero(codes >= 0)
        seen.add_labels(codes[rows], labels, rows)
    count, examples = seen.violations()
    if count:
        rows = np.array([row for row, _ in examples], np.int64)
        _raise(rows, count, cells, name, "are not unique")
    return data


def check_in_range(
    data: T, low: float, high: float, name: str = "data", *, closed: str = "both"
) -> T:
    """
    Return `data` unchanged when every value lies in a range; nulls do not count.

    Args:
        data: Numbers: a list, array of any shape, or series.
        low: Lower end, rounded to the type of the data.
        high: Upper end.
        name: What the message calls the data.
        closed: Which ends belong to it: "both", "left", "right" or "neither".

    Raises:
        ValueError: If a value lies outside: the count, first rows and values.
        TypeError: If the values are not numbers.

    >>> check_in_range([0.0, 0.5], 0, 1)
    [0.0, 0.5]
    """
    if closed not in ("both", "left", "right", "neither"):
        raise ValueError(
            f'closed: expected "both", "left", "right" or "neither", got {closed!r}'
        )
    _check_ends(low, high)
    cells = _numeric(data, name)
    if _hold(cells, low, high, closed):
        return data
    view = numbers(cells)
    if view is not None and len(view.values):
        limits = Limits(view.values.dtype, low, high, closed)
        bad = limits.too_low(view.values) | limits.too_high(view.values)
        rows = view.rows_at(np.flatnonzero(bad))
        left = "[" if closed in ("both", "left") else "("
        right = "]" if closed in ("both", "right") else ")"
        what = f"are outside {left}{low!r}, {high!r}{right}"
        if len(rows):
            _raise(rows, len(rows), cells, name, what)
    return data


def check_binary(data: T, name: str = "data") -> T:
    """
    Return `data` unchanged when every value is 0 or 1, or False or True.

    Args:
        data: Numbers or booleans: a list, array of any shape, or series.
        name: What the message calls the data.

    Raises:
        ValueError: If a value is another, or null: the count, first rows and values.
        TypeError: If the values are not numbers or booleans.

    >>> check_binary([0, 1, 1])
    [0, 1, 1]
    """
    cells = _cells(data, name)
    if cells.kind == "bool" and cells.nulls is None:
        return data
    if cells.kind != "bool":
        cells = _numeric(data, name)
    bad = np.asarray((cells.values != 0) & (cells.values != 1), bool)
    if cells.nulls is not None:
        bad = bad | cells.nulls
    _refuse(bad, cells, name, "are neither 0 nor 1", data)
    return data


def check_sorted(data: T, name: str = "data", *, strict: bool = False) -> T:
    """
    Return `data` unchanged when no value is smaller than the one before.

    Args:
        data: Numbers or timestamps: a list, array, or series; nulls do not count.
        name: What the message calls the data.
        strict: Also refuse a value equal to the one before.

    Raises:
        ValueError: If a value is smaller: the count, first rows and values.
        TypeError: If the values cannot be sorted.

    >>> check_sorted([1, 2, 2])
    [1, 2, 2]
    """
    cells = _cells(_flat(data, name), name)
    view = ordered(cells)
    if view is None:
        if cells.kind == "null" or not cells.size:
            return data
        raise TypeError(f"{name}: expected numbers or times, got {cells.found}")
    order = Ordering("strictly increasing" if strict else "increasing", EXAMPLES)
    order.add(view.values, view.all_rows(), 0, cells.size)
    count, examples = order.violations()
    if count:
        rows = np.array([row for row, _ in examples], np.int64)
        _raise(rows, count, cells, name, "are out of order")
    return data


def check_columns(data: T, columns: Iterable[Any], *, extra: bool = True) -> T:
    """
    Return `data` unchanged when it has these columns, in any order.

    Args:
        data: A table of any kind that `Schema.validate` takes, in memory.
        columns: The names it must have.
        extra: Whether it may have others as well.

    Raises:
        ValueError: If one is missing, with the nearest name, or comes twice.
        TypeError: If the data is no table.

    >>> check_columns({"a": [1], "b": [2]}, ["b", "a"])
    {'a': [1], 'b': [2]}
    """
    if isinstance(columns, (str, bytes)) or not hasattr(columns, "__iter__"):
        raise TypeError(f"columns: expected a list of names, got {columns!r}")
    wanted = list(columns)
    names = table_of(data).names
    problems = []
    for one in wanted:
        if one not in names:
            near = difflib.get_close_matches(str(one), list(map(str, names)), n=1)
            hint = f" (did you mean {shown(near[0])}?)" if near else ""
            problems.append(f"{shown(one)} is missing{hint}")
        elif names.count(one) > 1:
            problems.append(f"{shown(one)} comes {names.count(one)} times")
    if not extra:
        problems += [f"{shown(n)} is not expected" for n in names if n not in wanted]
    if problems:
        raise ValueError(f"columns: {', '.join(problems)}; the table has {names}")
    return data


def check_same_length(*data: Any, names: Sequence[str] | None = None) -> None:
    """
    Raise unless all arguments have the same length.

    Args:
        *data: Two or more sized objects; a table counts its rows.
        names: What the message calls them; None numbers them from 1.

    Raises:
        ValueError: If the lengths differ, with every length.

    >>> check_same_length([1, 2], [3, 4])
    """
    lengths = [_rows(one) for one in data]
    if len(set(lengths)) > 1:
        called = names or [f"argument {place}" for place in range(1, len(data) + 1)]
        pairs = zip(called, lengths, strict=True)
        raise ValueError(
            "lengths differ: " + ", ".join(f"{a} has {n}" for a, n in pairs)
        )


def _rows(one: Any) -> int:
    if isinstance(one, dict) or type(one).__name__ in ("Table", "RecordBatch"):
        return table_of(one).rows
    if not hasattr(one, "__len__"):
        raise TypeError(
            "data: expected sized objects such as lists, arrays or tables, "
            f"got {type(one).__name__} {shown(one)}"
        )
    return len(one)


def _flat(data: Any, name: str) -> Any:
    if getattr(data, "ndim", 1) > 1 and not _is_table(data):
        raise ValueError(
            f"{name}: expected one column, got shape {tuple(data.shape)}; "
            "check its columns one by one"
        )
    return data


def _is_table(data: Any) -> bool:
    tables = ("DataFrame", "LazyFrame", "Table", "RecordBatch")
    return isinstance(data, dict) or type(data).__name__ in tables


def _cells(data: Any, name: str) -> Cells:
    if _is_table(data):
        raise TypeError(
            f"{name}: expected one column, got a {type(data).__name__}; pass one of "
            "its columns, or use check_columns or a Schema for all"
        )
    if isinstance(data, np.ndarray) and data.ndim != 1:
        data = data.reshape(-1)
    try:
        return cells_of(data)
    except TypeError as error:
        raise TypeError(f"{name}: {str(error).removeprefix('column: ')}") from None


def _numeric(data: Any, name: str) -> Cells:
    cells = _cells(data, name)
    if cells.kind not in ("int", "float", "null") and cells.size:
        raise TypeError(f"{name}: expected numbers, got {cells.found}")
    return cells


def _check_ends(low: Any, high: Any) -> None:
    """Raise TypeError or ValueError unless these are two numbers in order."""
    numbers = hasattr(low, "__float__") and hasattr(high, "__float__")
    try:
        # A NumPy number cannot be compared with every integer, a plain one can.
        least = low.item() if isinstance(low, np.generic) else low
        most = high.item() if isinstance(high, np.generic) else high
        if numbers and least <= most:
            return
    except (TypeError, ValueError, ArithmeticError):  # of arrays, of a Decimal NaN
        numbers = False
    both = f"got {shown(low)} and {shown(high)}"
    if not numbers:
        raise TypeError(f"low, high: expected two numbers, {both}")
    raise ValueError(f"low, high: expected low <= high, {both}")


def _hold(
    cells: Cells, low: Any = None, high: Any = None, closed: str = "both",
    *, finite: bool = False,
) -> bool:  # fmt: skip
    """Whether plainly nothing is wrong, without looking at every value."""
    if not cells.plain or not cells.size:
        return False
    limits = Limits(cells.values.dtype, low, high, closed, finite=finite)
    return limits.hold(cells.values)


def _refuse(bad: Any, cells: Cells, name: str, what: str, data: Any) -> None:
    rows = np.flatnonzero(bad)
    if len(rows):
        _raise(rows, len(rows), cells, name, what, data=data)


def _raise(
    rows: Any, count: int, cells: Cells, name: str, what: str, *, data: Any = None
) -> None:
    first = rows[:EXAMPLES].tolist()
    more = ", …" if count > len(first) else ""
    values = ", ".join(shown(_example(cells, row, data)) for row in first)
    raise ValueError(
        f"{name}: {count:,} of {cells.size:,} values {what} "
        f"(rows {', '.join(map(str, first))}{more}: {values}{more})"
    )


def _example(cells: Cells, row: int, data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        return data[row]
    if cells.kind == "float" and cells.values.dtype != object:
        return cells.values[row].item()  # NaN is shown as what it is
    return cells.example(row)
