"""Bounds of numbers, brought to the type of the numbers they judge."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._cells import Array, Mask

# A comparison and what to compare with: true for the numbers that are refused.
Bound = tuple[Callable[[Any, Any], Any], Any]


class Limits:
    """
    The bounds of one column, for numbers of one type.

    Args:
        dtype: Of the numbers: integer, floating or object.
        low: The lower bound, or None.
        high: The upper bound, or None.
        closed: Which bounds are themselves allowed, as in `Column`.
        finite: Whether `hold` has to refuse infinities.
    """

    def __init__(
        self, dtype: np.dtype[Any], low: Any, high: Any, closed: str = "both",
        *, finite: bool = False,
    ) -> None:  # fmt: skip
        self._low: Bound | None = None
        self._high: Bound | None = None
        if low is not None:
            self._low = _lower(low, dtype, open_=closed in ("right", "neither"))
        if high is not None:
            self._high = _upper(high, dtype, open_=closed in ("left", "neither"))
        # What `hold` asks: the same, but for floats also about infinities and NaN.
        self._least, self._most = self._low, self._high
        if dtype.kind == "f":
            ends = np.finfo(dtype)
            if finite and (low is None or low == -math.inf):
                self._least = (operator.lt, ends.min)
            if finite and (high is None or high == math.inf):
                self._most = (operator.gt, ends.max)
            if self._least is None and self._most is None:
                self._least = (operator.lt, dtype.type(-math.inf))
        self._bits: np.dtype[Any] | None = None
        self._top = self._most
        if dtype.kind in "iuf" and self._least == (operator.lt, 0):
            self._read_bits(dtype)

    def _read_bits(self, dtype: np.dtype[Any]) -> None:
        """
        Prepare `hold` for numbers that start at 0.

        As unsigned integers, the numbers from 0 up to a bound are smaller than all
        larger ones, all negative ones, and NaN: the largest tells of all of these.
        """
        end = math.inf if dtype.kind == "f" else np.iinfo(dtype).max
        over, most = self._most or (operator.gt, dtype.type(end))
        if most >= 0 and dtype.isnative and dtype.itemsize <= 8:
            self._bits = np.dtype(f"u{dtype.itemsize}")
            positive = np.array([most + dtype.type(0)], dtype)  # not -0.0
            self._top = (over, positive.view(self._bits)[0])

    def too_low(self, values: Array) -> Mask:
        """Return which numbers the lower bound refuses; never NaN."""
        return _refused(values, self._low)

    def too_high(self, values: Array) -> Mask:
        """Return which numbers the upper bound refuses; never NaN."""
        return _refused(values, self._high)

    def hold(self, values: Array) -> bool:
        """
        Whether plainly nothing is refused and nothing NaN, in as few passes as tell.

        False where a closer look is needed, which may still find nothing wrong.
        """
        if self._bits is not None:
            values = values.view(self._bits)
        elif self._least is not None:
            least, (under, bound) = np.minimum.reduce(values), self._least
            if least != least or under(least, bound):  # noqa: PLR0124 -- NaN
                return False
        if self._top is None:
            return True
        most, (over, bound) = np.maximum.reduce(values), self._top
        return bool(most == most and not over(most, bound))  # noqa: PLR0124 -- NaN


def _refused(values: Array, bound: Bound | None) -> Mask:
    if bound is None:
        return np.zeros(values.shape, bool)
    refuses, limit = bound
    return np.asarray(refuses(values, limit), bool)


def _lower(bound: Any, dtype: np.dtype[Any], *, open_: bool) -> Bound:
    if dtype.kind in "iu":
        least = math.ceil(bound) if _is_finite(bound) else bound
        least += open_ and least == bound
        ends = np.iinfo(dtype)
        if least > ends.max:
            return operator.le, dtype.type(ends.max)
        return operator.lt, dtype.type(max(least, ends.min))
    refuses = operator.le if open_ else operator.lt
    return refuses, _fitted(bound, dtype, up=not open_)


def _upper(bound: Any, dtype: np.dtype[Any], *, open_: bool) -> Bound:
    if dtype.kind in "iu":
        most = math.floor(bound) if _is_finite(bound) else bound
        most -= open_ and most == bound
        ends = np.iinfo(dtype)
        if most < ends.min:
            return operator.ge, dtype.type(ends.min)
        return operator.gt, dtype.type(min(most, ends.max))
    refuses = operator.ge if open_ else operator.gt
    return refuses, _fitted(bound, dtype, up=open_)


def _fitted(bound: Any, dtype: np.dtype[Any], *, up: bool) -> Any:
    """Round a bound to a float column's type: a float32 of 0.1 is at most 0.1."""
    if dtype.kind != "f":
        return bound
    ends = np.finfo(dtype)
    if not _is_finite(bound) or abs(bound) <= float(ends.max):
        return dtype.type(bound)
    # Beyond the finite values: the neighbour that every number compares with alike.
    if bound > 0:
        return dtype.type(np.inf) if up else ends.max
    return ends.min if up else dtype.type(-np.inf)


def _is_finite(bound: Any) -> bool:
    try:
        return math.isfinite(bound)
    except OverflowError:  # of an integer or a fraction beyond all floats
        return True
