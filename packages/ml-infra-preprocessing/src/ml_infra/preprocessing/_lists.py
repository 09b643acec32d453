"""
The pure-Python path: short lists of numbers, done before NumPy could start.

Each function returns a list of floats, or None when it cannot vouch for the answer:
an element is not a plain finite number, or the magnitudes call for scaling. The caller
then takes the array path, which finds the reason and words the error. Integers that 64
bits do not hold have no array path: functions of their own scale them exactly.

Before Python 3.12 a comprehension is a call of a function, as dear as five elements:
hence the plain loops.
"""

from __future__ import annotations

from math import fsum, hypot, isfinite, nan, sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SHORT = 64  # up to here a Python loop beats the start-up of NumPy's functions

_PLAIN = frozenset((float, int, bool))
_EXACT = 2.0**52  # differences of integers up to here are floats without rounding


def checked_sum(data: Sequence[Any]) -> float:
    """Return the sum, rounded once; NaN unless all elements are plain and finite."""
    if not _PLAIN.issuperset(map(type, data)):
        return nan
    try:
        return fsum(data)
    except (OverflowError, ValueError):  # a large integer; infinities of both signs
        return nan


def normalize(data: Sequence[Any]) -> list[float] | None:
    """Map onto [0, 1]; None hands over to the array path."""
    if not data or not isfinite(checked_sum(data)):
        return None
    ordered = sorted(data)  # faster than min and max
    low, high = ordered[0], ordered[-1]
    if not -_EXACT <= low < high <= _EXACT:
        return None
    width = high - low
    low = low or -0.0  # x - -0.0 is never -0.0
    scaled: list[float] = []
    for x in data:
        scaled.append((x - low) / width)  # noqa: PERF401 -- see above
    return scaled


def standardize(data: Sequence[Any], ddof: int) -> list[float] | None:
    """Map to mean 0 and deviation 1; None hands over to the array path."""
    n = len(data)
    if n <= ddof:
        return None
    mean = checked_sum(data) / n
    if not abs(mean) < _EXACT:
        return None
    deviations: list[float] = []
    for x in data:
        deviations.append(x - mean)  # noqa: PERF401 -- see above
    try:
        rest = fsum(deviations) / n  # what rounding took from the mean
    except (OverflowError, ValueError):
        return None
    norm = hypot(*deviations)
    # Squares about a mean that is off by the rest are larger, by a few bits at most or
    # the array path takes over, which also tells equal values from those nearly equal.
    squares = norm * norm - n * rest * rest
    if not 1e-280 < norm * norm < 16 * squares:
        return None
    deviation = sqrt(squares / (n - ddof))
    scaled: list[float] = []
    for x in deviations:
        scaled.append((x - rest) / deviation)  # noqa: PERF401 -- see above
    return scaled


def clip(data: Sequence[Any], lower: float, upper: float) -> list[float] | None:
    """Clip at two percentiles by the index rule; None hands over to the array path."""
    if not isfinite(checked_sum(data)):
        return None
    ordered = sorted(data)
    n = len(ordered)
    if not n:
        return []
    first, last = int(n * lower / 100), int(n * upper / 100)
    low = float(ordered[first if first < n else -1])
    high = float(ordered[last if last < n else -1])
    if low == ordered[0] and high == ordered[-1]:
        return list(map(float, data))
    return [low if x < low else high if x > high else float(x) for x in data]


def normalize_integers(data: list[int]) -> list[float] | None:
    """Map integers of any size onto [0, 1]; None if all are equal."""
    low, width = min(data), max(data) - min(data)
    return [(x - low) / width for x in data] if width else None


def standardize_integers(data: list[int], ddof: int) -> list[float] | None:
    """Map integers of any size to mean 0 and deviation 1; None if all are equal."""
    n, total = len(data), sum(data)
    deviations = [n * x - total for x in data]  # n times what they are, exactly
    largest = max(map(abs, deviations))
    if not largest:
        return None
    shares = [x / largest for x in deviations]  # integers: quotients rounded once
    deviation = hypot(*shares) / sqrt(n - ddof)
    return [x / deviation for x in shares]
