"""Columns of numbers: in the type they have, or as floats; refused by the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._inputs import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._arrays import Array, BoolArray, FloatArray
    from ._readers import Column

_EXACT = 2**53  # up to here float64 tells all integers apart


def number_array(column: Column) -> Any:
    """
    Return numbers in the type they have, shape (n,) or (n, k).

    Raises:
        TypeError: If they are no numbers.
        ValueError: If an integer has no float64 of its own.
    """
    values = column.values
    if values.dtype.kind in "iu" and column.categories is None:
        if (
            values.dtype.itemsize == 8
            and max(-int(values.min()), int(values.max())) > _EXACT
        ):
            large = (values > _EXACT) | (values < -_EXACT)
            refuse_rows(
                column.name,
                large,
                "an integer beyond 2**53",
                ", where float64 cannot tell neighbours apart; pass smaller numbers",
            )
        return values
    return floats(column)


def score_array(column: Column) -> FloatArray:
    """Return numbers as float64, in which scores are compared."""
    return np.asarray(number_array(column), np.float64)


def ordered_scores(column: Column) -> Array:
    """Return numbers as float32 if that is exact, so that they sort faster."""
    values = number_array(column)
    narrow = np.can_cast(values.dtype, np.float32)
    return np.asarray(values, np.float32 if narrow else np.float64)


def number_vector(column: Column) -> Any:
    """Return `number_array`, refusing any shape but (n,)."""
    values = number_array(column)
    if values.ndim != 1:
        raise ValueError(
            f"{column.name} must have shape (n,), got shape {values.shape}; "
            "call the metric once per output"
        )
    return values


def finite_vector(column: Column) -> Any:
    """Return `number_vector`, refusing infinities."""
    values = number_vector(column)
    for block in blocks(len(values)):
        if not np.isfinite(values[block]).all():
            refuse_rows(column.name, np.isinf(values), "an infinite value")
    return values


def floats(column: Column) -> NDArray[Any]:
    """
    Return numbers as floats: float16/32/64 kept as they are, others as float64.

    Raises:
        TypeError: If the column holds text, objects or categories.
    """
    values = column.values
    if column.categories is not None or values.dtype.kind not in "fiub":
        raise TypeError(f"{column.name} must be numbers, got {_described(column)}")
    if values.dtype.kind == "f" and values.dtype.itemsize <= 8:
        return np.asarray(values)
    return np.asarray(values, np.float64)


def _described(column: Column) -> str:
    if column.categories is None and column.values.dtype.kind != "O":
        return str(column.values.dtype)
    found = column.categories
    if found is None:
        found = column.values.ravel().tolist()
    kinds = sorted({type(value).__name__ for value in found})
    if kinds == ["int"] and max(map(abs, found)) >= 2**63:
        return "integers beyond 64 bits; convert them to float"
    advice = (
        "; convert them to float"
        if {*kinds} <= {"Decimal", "Fraction", "float", "int"}
        else ""
    )
    return f"values of type {' and '.join(kinds)}{advice}"


def refuse_rows(name: str, bad: BoolArray, what: str, advice: str = "") -> None:
    """Raise ValueError naming the first row where `bad`, of shape (n,) or (n, k)."""
    if bad.any():
        row = int(bad.reshape(len(bad), -1).any(axis=1).argmax())
        raise ValueError(f"{name} has {what} at row {row}{advice}")
