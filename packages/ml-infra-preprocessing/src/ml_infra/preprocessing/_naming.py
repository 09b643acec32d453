"""Columns by name: which to scale, where they are, and what to say if they are not."""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ._vectors import open_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._frames import Frame


def chosen(frame: Frame, columns: Sequence[Any] | None, by: Any) -> list[int]:
    """Return the places of the columns to learn from: those named, or all numeric."""
    if columns is not None:
        check_names(frame.names, columns)
        return [frame.names.index(name) for name in columns]
    uniform = frame.matrix is not None or not frame.named
    places = [
        place
        for place, name in enumerate(frame.names)
        if name != by and (uniform or _is_numeric(frame.column(place), name))
    ]
    if not places:
        raise ValueError(f"X: found no numeric column among {frame.names}")
    names = [frame.names[place] for place in places]
    if len(set(names)) < len(names):
        raise ValueError(f"X: column names repeat: {names}")
    return places


def _is_numeric(column: Any, name: Any) -> bool:
    """
    Whether a column of a frame holds numbers, by its dtype where it has one.

    Objects among which are numbers have to be numbers or None: a column that should be
    scaled is never left as it is because of one bad value.
    """
    dtype = getattr(column, "dtype", None)
    if dtype is None and hasattr(column, "type"):  # pyarrow
        numbers = ("int", "uint", "float", "halffloat", "double", "bool", "decimal")
        return str(column.type).startswith(numbers)
    if dtype is not None and hasattr(dtype, "is_numeric"):  # polars
        return bool(dtype.is_numeric()) or str(dtype) == "Boolean"
    if dtype is not None and getattr(dtype, "kind", "O") != "O":
        return dtype.kind in "biuf" and getattr(dtype, "_is_numeric", True)
    try:
        vector = open_vector(column, f"column {name!r}")
    except (TypeError, ValueError) as error:
        if _some_number(column):
            way_out = "; clean it, or leave the column out by columns="
            raise type(error)(f"{error}{way_out}") from None
        return False
    return vector.null is None or not vector.null.all()


def _some_number(column: Any) -> bool:
    """Whether a number is among some objects; NaN is how pandas spells no text."""
    try:
        values = list(column)
    except TypeError:
        return False
    kinds = {one for one in set(map(type, values)) if issubclass(one, _NUMBERS)}
    return any(type(v) in kinds and v == v for v in values)  # noqa: PLR0124 -- NaN


_NUMBERS = (Real, Decimal, np.number)


def check_names(names: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Raise KeyError that lists the absent names, each with its nearest match."""
    known = set(names)
    absent = [name for name in wanted if name not in known]
    if not absent:
        return
    texts = [str(name) for name in names]
    told = []
    for name in absent:
        near = get_close_matches(str(name), texts, n=1, cutoff=0.0)
        told.append(f"{name!r} (nearest: {near[0]!r})" if near else repr(name))
    raise KeyError(f"X lacks columns: {', '.join(told)}")


def place_of_group(names: Sequence[Any], by: Any) -> int:
    """Return the place of the column that groups the rows."""
    check_names(names, [by])
    return list(names).index(by)


def key_order(key: Any) -> tuple[bool, Any]:
    """Sort keys of groups: numbers, then text."""
    return isinstance(key, str), key


def wrong_width(scaler: Any, width: int) -> ValueError:
    """Return the error for rows of another length than in training."""
    return ValueError(
        f"X has {width} features, but {type(scaler).__name__} is expecting "
        f"{scaler.n_features_in_} features as input"
    )


def matching(scaler: Any, frame: Frame) -> list[int]:
    """
    Return where a table has the columns a scaler learned.

    By name where both have names; by position where one of them is an array, which
    then must have as many columns as the table of training.
    """
    names: Sequence[Any] = frame.names
    trained = getattr(scaler, "feature_names_in_", None)
    by_name = frame.named and not set(scaler.columns_).isdisjoint(names)
    if not by_name and not (frame.named and trained is not None):
        if len(names) != scaler.n_features_in_:
            raise wrong_width(scaler, len(names))
        names = range(len(names)) if trained is None else list(trained)
    check_names(names, scaler.columns_)
    place = {name: i for i, name in enumerate(names)}
    return [place[name] for name in scaler.columns_]
