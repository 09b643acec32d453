"""The checks that stand in the first lines of a function."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

_EXAMPLES = 5


def check_finite(data: T, name: str = "data") -> T:
    """
    Return `data` unchanged when every value is a finite number.

    Args:
        data: Numbers of any shape: list, array, Series.
        name: What the message calls the data.

    Returns:
        The very object that came in.

    Raises:
        ValueError: If a value is NaN or infinite, with the count and the first rows.

    >>> check_finite([1.0, 2.0])
    [1.0, 2.0]
    """
    array = np.asarray(data)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        _refuse(array, ~np.isfinite(array), name, "not finite")
    return data


def check_same_length(*data: Any, names: tuple[str, ...] | None = None) -> None:
    """
    Raise unless all arguments have the same length.

    Args:
        *data: Two or more sized objects.
        names: What the message calls them; None numbers them.

    Raises:
        ValueError: If the lengths differ, with every length.

    >>> check_same_length([1, 2], [3, 4])
    """
    lengths = [len(one) for one in data]
    if len(set(lengths)) > 1:
        called = names or tuple(f"argument {place}" for place in range(len(data)))
        pairs = ", ".join(
            f"{name} has {n}" for name, n in zip(called, lengths, strict=False)
        )
        raise ValueError(f"lengths differ: {pairs}")


def _refuse(array: Any, bad: Any, name: str, what: str) -> None:
    rows = np.flatnonzero(bad)
    first = ", ".join(str(row) for row in rows[:_EXAMPLES])
    shown = ", ".join(str(value) for value in array[bad][:_EXAMPLES])
    raise ValueError(
        f"{name}: {len(rows)} of {array.size:,} values {what} (rows {first}: {shown})"
    )
