"""
The pure-Python path: short lists of numbers, done before NumPy could start.

Each function returns a list of floats, or None when it cannot vouch for the answer:
an element is not a plain finite number, or the magnitudes call for scaling. The caller
then takes the array path, which finds the reason and words the error.
"""

from __future__ import annotations

from math import fsum, inf, sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SHORT = 64  # up to here a Python loop beats the start-up of NumPy's functions

_PLAIN = frozenset((float, int, bool))


def finite_sum(data: Sequence[Any]) -> float | int | None:
    """Return the sum if all elements are plain finite numbers, else None."""
    if not _PLAIN.issuperset(map(type, data)):
        return None
    try:
        total: float | int = sum(data)
    except OverflowError:  # an integer beyond every float, added to a float
        return None
    # NaN and infinity survive every later addition, so the sum shows them
    return total if type(total) is int or total - total == 0.0 else None


def normalize(data: Sequence[Any]) -> list[float] | None:
    """Map onto [0, 1]; None hands over to the array path."""
    total = finite_sum(data)
    if total is None or not data:
        return None
    low, high = min(data), max(data)
    try:
        if type(total) is int:
            width = high - low  # integers: exact differences, quotients rounded once
            _ = float(low), float(high)
        else:
            width = float(high - low)
            low = low or -0.0  # x - -0.0 is never -0.0
    except OverflowError:
        return None
    if not 0 < width < inf:
        return None
    return [(x - low) / width for x in data]


def standardize(data: Sequence[Any], ddof: int) -> list[float] | None:
    """Map to mean 0 and deviation 1; None hands over to the array path."""
    total = finite_sum(data)
    n = len(data)
    if total is None or n <= ddof or data.count(data[0]) == n:
        return None
    try:
        if type(total) is int:
            # n * x - total is exact however large the integers are
            deviations = [(n * x - total) / n for x in data]
        else:
            mean = total / n
            deviations = [x - mean for x in data]
            rest = fsum(deviations) / n  # what rounding took from the mean
            if rest:
                deviations = [x - rest for x in deviations]
        squares = sum([x * x for x in deviations])
    except OverflowError:
        return None
    if not 1e-280 < squares < inf:
        return None
    deviation = sqrt(squares / (n - ddof))
    return [x / deviation for x in deviations]


def clip(data: Sequence[Any], lower: float, upper: float) -> list[float] | None:
    """Clip at two percentiles by the index rule; None hands over to the array path."""
    if finite_sum(data) is None:
        return None
    ordered = sorted(data)
    n = len(ordered)
    if not n:
        return []
    try:
        low = float(ordered[min(n - 1, int(n * lower / 100))])
        high = float(ordered[min(n - 1, int(n * upper / 100))])
        return [low if x < low else high if x > high else float(x) for x in data]
    except OverflowError:
        return None
