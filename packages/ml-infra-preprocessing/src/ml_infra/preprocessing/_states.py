"""
What scalers learn, per group and column: mergeable, and plain enough for JSON.

Every array has shape (groups, columns); a scaler without groups has one row. States are
immutable: `merged` returns a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ._passes import combine
from ._state import StateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ArrayState:
    """Arrays of one shape, one value a group and column."""

    empty: ClassVar[tuple[Any, ...]] = ()

    @classmethod
    def nothing(cls, groups: int, columns: int) -> Self:
        """Return the state of no data."""
        return cls(*(np.full((groups, columns), value) for value in cls.empty))

    @classmethod
    def of_columns(cls, *parts: NDArray[Any]) -> Self:
        """Return a state of one group from one array of shape (columns,) a field."""
        return cls(*(part[None] for part in parts))

    @classmethod
    def of_groups(cls, *parts: NDArray[Any]) -> Self:
        """Return a state of one column from one array of shape (groups,) a field."""
        return cls(*(part[:, None] for part in parts))

    @classmethod
    def side_by_side(cls, states: Sequence[Self]) -> Self:
        """Return one state with the columns of several."""
        names = [one.name for one in fields(cls)]
        return cls(
            *(np.concatenate([getattr(s, n) for s in states], axis=1) for n in names)
        )

    def spread(self, places: Sequence[int], groups: int) -> Self:
        """Return a state with more groups; row i of this one goes to places[i]."""
        wide = type(self).nothing(groups, self.shape[1])
        for one in fields(self):
            getattr(wide, one.name)[list(places)] = getattr(self, one.name)
        return wide

    def reordered(self, order: Sequence[int]) -> Self:
        """Return a state whose column j is this one's column order[j]."""
        return type(self)(
            *(getattr(self, one.name)[:, list(order)] for one in fields(self))
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(groups, columns)."""
        shape: tuple[int, int] = getattr(self, fields(self)[0].name).shape
        return shape

    def to_dict(self) -> dict[str, Any]:
        """Return the arrays as nested lists of Python numbers."""
        return {one.name: getattr(self, one.name).tolist() for one in fields(self)}

    @classmethod
    def from_dict(cls, state: dict[str, Any], groups: int, columns: int) -> Self:
        """Restore what `to_dict` wrote; StateError for anything else."""
        made = cls.nothing(groups, columns)
        for one in fields(cls):
            target = getattr(made, one.name)
            target[...] = _numbers(state, one.name, target)
        made.check()
        return made

    def check(self) -> None:
        """Raise StateError if the numbers contradict each other."""


def _numbers(state: dict[str, Any], name: str, like: NDArray[Any]) -> NDArray[Any]:
    """Read one array strictly: right shape, right type, finite."""
    rows = state.get(name)
    if not isinstance(rows, list) or len(rows) != like.shape[0]:
        raise StateError(f"state: {name!r} must be a list of {like.shape[0]} rows")
    kinds: tuple[type, ...] = (bool,) if like.dtype == np.bool_ else (int, float)
    if like.dtype.kind == "i":
        kinds = (int,)
    for row in rows:
        if not isinstance(row, list) or len(row) != like.shape[1]:
            raise StateError(f"state: {name!r} must hold {like.shape[1]} values a row")
        if not all(type(value) in kinds for value in row):
            raise StateError(f"state: {name!r} must hold {kinds[-1].__name__} values")
    try:
        read = np.array(rows, like.dtype).reshape(like.shape)
    except OverflowError:
        raise StateError(f"state: {name!r} holds numbers beyond 64 bits") from None
    if read.dtype.kind == "f" and not np.isfinite(read).all():
        raise StateError(f"state: {name!r} must hold finite numbers")
    return read


@dataclass(frozen=True, eq=False)
class ExtentState(ArrayState):
    """
    The least and the greatest value, each as a float and what the float rounds off.

    The rests are zero but for integers beyond 2**53.
    """

    empty: ClassVar[tuple[Any, ...]] = (0, 0.0, 0.0, 0.0, 0.0)

    count: NDArray[np.int64]
    low: Floats
    low_rest: Floats
    high: Floats
    high_rest: Floats

    def check(self) -> None:
        """Raise StateError if the numbers contradict each other."""
        crossed = _less(self.high, self.high_rest, self.low, self.low_rest)
        if (self.count < 0).any() or crossed.any():
            raise StateError("state: expected counts >= 0 and low <= high")

    def merged(self, other: ExtentState) -> ExtentState:
        """Return the state of both data together."""
        mine, theirs = self.count > 0, other.count > 0
        low = theirs & (
            ~mine | _less(other.low, other.low_rest, self.low, self.low_rest)
        )
        high = theirs & (
            ~mine | _less(self.high, self.high_rest, other.high, other.high_rest)
        )
        return ExtentState(
            self.count + other.count,
            np.where(low, other.low, self.low),
            np.where(low, other.low_rest, self.low_rest),
            np.where(high, other.high, self.high),
            np.where(high, other.high_rest, self.high_rest),
        )

    def width(self, group: int, column: int) -> float:
        """Return the distance of two integers, rounded once."""
        low, low_rest, high, high_rest = (
            Fraction(float(one[group, column]))
            for one in (self.low, self.low_rest, self.high, self.high_rest)
        )
        return float(high + high_rest - low - low_rest)

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Where all values are equal, or there are none."""
        same: NDArray[np.bool_] = (self.low == self.high) & (
            self.low_rest == self.high_rest
        )
        return same


def _less(high: Floats, low: Floats, other: Floats, other_low: Floats) -> Any:
    return (high < other) | ((high == other) & (low < other_low))


@dataclass(frozen=True, eq=False)
class MomentState(ArrayState):
    """
    Weight, mean and squared deviations, in units of 2**exponent.

    The mean is `mean + mean_rest`. `varied` is False while all values are equal.
    """

    empty: ClassVar[tuple[Any, ...]] = (0.0, 0.0, 0.0, 0.0, False, 0)

    weight: Floats
    mean: Floats
    mean_rest: Floats
    squares: Floats
    varied: NDArray[np.bool_]
    exponent: NDArray[np.int64]

    def check(self) -> None:
        """Raise StateError if the numbers contradict each other."""
        flat = ~self.varied & (self.squares != 0)
        none = self.varied & ((self.squares <= 0) | (self.weight <= 0))
        if (self.weight < 0).any() or flat.any() or none.any():
            raise StateError("state: 'weight', 'squares' and 'varied' do not fit")
        if (np.abs(self.exponent) > 1100).any():
            raise StateError("state: 'exponent' must lie within 1100 of 0")

    def merged(self, other: MomentState) -> MomentState:
        """Return the state of both data together."""
        with np.errstate(all="ignore"):
            a, b = _same_units(self, other)
            none, all_ = a.weight == 0, b.weight == 0
            total, mean, rest, squares = combine(
                a.weight, a.mean, a.mean_rest, a.squares,
                b.weight, b.mean, b.mean_rest, b.squares,
            )  # fmt: skip
        differ = (a.mean != b.mean) | (a.mean_rest != b.mean_rest)
        varied = a.varied | b.varied | (differ & ~none & ~all_)

        def pick(both: Any, first: Any, second: Any) -> Any:
            return np.where(none, second, np.where(all_, first, both))

        # Equal constants keep their value to the bit, whatever the sums round to.
        return MomentState(
            pick(total, a.weight, b.weight),
            pick(np.where(varied, mean, a.mean), a.mean, b.mean),
            pick(np.where(varied, rest, a.mean_rest), a.mean_rest, b.mean_rest),
            pick(np.where(varied, squares, 0.0), a.squares, b.squares),
            varied,
            a.exponent,
        )


def _same_units(a: MomentState, b: MomentState) -> tuple[MomentState, MomentState]:
    """Express both in units in which the square of their distance is a float."""
    size = np.maximum(np.abs(a.mean), np.abs(b.mean))
    extreme = (size > 2.0**400) | ((size < 2.0**-400) & (size > 0))
    if (a.exponent == b.exponent).all() and not extreme.any():
        return a, b
    # Zeros fit any unit and must not force a large one on tiny numbers.
    least = np.iinfo(np.int64).min
    units = [
        np.where((s.mean == 0) & (s.squares == 0), least, s.exponent) for s in (a, b)
    ]
    unit = np.maximum(*units)
    unit = np.where(unit == least, 0, unit)
    unit = np.where(extreme & (unit == 0), np.frexp(size)[1], unit)
    return _in_units(a, unit), _in_units(b, unit)


def _in_units(state: MomentState, unit: NDArray[np.int64]) -> MomentState:
    by = state.exponent - unit  # within 2200: exponents are checked
    return MomentState(
        state.weight,
        np.ldexp(state.mean, by),
        np.ldexp(state.mean_rest, by),
        np.ldexp(state.squares, 2 * by),
        state.varied,
        unit,
    )
