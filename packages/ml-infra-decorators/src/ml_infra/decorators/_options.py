"""Checks of the numbers that users pass as options."""

from __future__ import annotations


def positive(option: str, value: float, *, hint: str = "") -> float:
    """Return `value` as a float; it must be a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{option} must be a positive number, got {value!r}{hint}")
    if not 0 < value < float("inf"):  # NaN compares false
        raise ValueError(f"{option} must be positive and finite, got {value!r}{hint}")
    return float(value)


def whole(option: str, value: int, *, hint: str = "") -> int:
    """Return `value`; it must be an int of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{option} must be a whole number, got {value!r}{hint}")
    if value < 1:
        raise ValueError(f"{option} must be at least 1, got {value!r}{hint}")
    return value


def function(option: str, value: object) -> None:
    """Refuse what cannot be called; None stands for "not given"."""
    if value is not None and not callable(value):
        raise TypeError(f"{option} must be callable or None, got {value!r}")
