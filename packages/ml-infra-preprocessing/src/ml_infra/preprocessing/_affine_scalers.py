"""MinMaxScaler and StandardScaler: linear maps from extents and from moments."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ._groups import group_extents, group_moments
from ._learning import learn_extents, learn_moments
from ._passes import negligible, settled_extent
from ._plans import Affine, between
from ._rows import affine_row
from ._scaler import Scaler
from ._settings import check_choices, refuse_nothing, single
from ._states import ExtentState, MomentState
from ._vectors import open_vector
from .normalization import check_ddof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from ._scaler import Batch
    from .normalization import Constant, Missing

_CONSTANT = (
    "{} cannot scale a constant; drop the column, or choose constant='zero' to map it "
    "to zero"
)


class MinMaxScaler(Scaler):
    """
    Map each column linearly so that training data fill a range exactly.

    ``a + (x - min) / (max - min) * (b - a)``: training data give exactly a and b at
    the ends and nothing outside; integers beyond 2**53 are exact differences.

    Args:
        range: (a, b), a < b.
        clip: Whether later data that lie outside are cut to the range.
        columns: Names of the columns to scale; None for all numeric ones.
        by: Name of the column whose groups are scaled apart, or None.
        missing: "raise" or "keep".
        constant: "raise", or "zero" to map a constant column to a.

    >>> scaler = MinMaxScaler().fit([[0.0, 10.0], [4.0, 30.0]])
    >>> scaler.transform([[1.0, 20.0]])
    [[0.25, 0.5]]
    """

    _state_type = ExtentState
    state_: ExtentState

    def __init__(
        self,
        range: tuple[float, float] = (0, 1),  # noqa: A002 -- the field's name
        clip: bool = False,
        *,
        columns: Sequence[Any] | None = None,
        by: Any = None,
        missing: Missing = "raise",
        constant: Constant = "raise",
    ) -> None:
        self.range = range
        self.clip = clip
        self.columns = columns
        self.by = by
        self.missing = missing
        self.constant = constant

    def _check_settings(self) -> None:
        check_choices(self)
        if not isinstance(self.clip, (bool, np.bool_)):
            raise TypeError(f"clip must be True or False, got {self.clip!r}")
        try:
            low, high = self.range
            width = float(high) - float(low)
            valid = low < high and isfinite(low) and 0 < width < inf
        except (TypeError, ValueError, ArithmeticError):
            valid = False
        if not valid:
            raise ValueError(
                f"range must be two finite numbers, the lower first, got {self.range!r}"
            )

    @property
    def data_min_(self) -> NDArray[np.float64]:
        """Least value learned, shape (columns,); with `by` (groups, columns)."""
        return self._learned(lambda: np.array(self.state_.low))

    @property
    def data_max_(self) -> NDArray[np.float64]:
        """Greatest value learned, shaped as `data_min_`."""
        return self._learned(lambda: np.array(self.state_.high))

    def _learn(self, table: Batch) -> ExtentState:
        if table.groups is None:
            return learn_extents(table.frame, table.places, self.missing)
        return _by_column(group_extents, table, self.missing)  # type: ignore[no-any-return]

    def _plan(self) -> Affine:
        state = self.state_
        refuse_nothing(self, state.count)
        if self.constant == "raise":
            self._refuse_columns(
                state.constant & (state.count > 0),
                single(state.count) + _CONSTANT.format("MinMaxScaler"),
            )
        large = np.maximum(np.abs(state.low), np.abs(state.high)) > 2.0**1000
        unit = np.where(large, 2, 0)
        low, high = np.ldexp(state.low, -unit), np.ldexp(state.high, -unit)
        width = high - low
        for cell in np.argwhere((state.low_rest != 0) | (state.high_rest != 0)):
            width[tuple(cell)] = state.width(*cell.tolist())
        return Affine(
            center=low,
            rest=state.low_rest,
            scale=np.where(state.constant, 1.0, width),
            exponent=unit,
            flat=state.constant,
            known=state.count > 0,
            range=(float(self.range[0]), float(self.range[1])),
            clip=bool(self.clip),
            top=high,
        )

    def _row(self, values: list[Any], plan: Any) -> list[float] | None:
        made = affine_row(values, plan)
        if made is None:
            return None
        low, high = float(self.range[0]), float(self.range[1])
        if (low, high) != (0.0, 1.0):
            made = [between(y, low, high) for y in made]
        return [min(max(y, low), high) for y in made] if self.clip else made


class StandardScaler(Scaler):
    """
    Shift each column to mean 0 and scale it to standard deviation 1.

    ``(x - mean) / sqrt(squares / (n - ddof))``. States add up exactly enough: the
    variance of merged partitions agrees with that of the whole to 1e-14, at any
    offset.

    Args:
        ddof: Taken from n in the divisor: 1 for the sample deviation, 0 for the
            population's, which is scikit-learn's.
        columns: Names of the columns to scale; None for all numeric ones.
        by: Name of the column whose groups are scaled apart, or None.
        missing: "raise" or "keep".
        constant: "raise", or "zero" to map a constant column to 0.

    >>> scaler = StandardScaler().fit({"age": [20, 30, 40]})
    >>> scaler.transform({"age": 50, "name": "Ada"})
    {'age': 2.0, 'name': 'Ada'}
    """

    _state_type = MomentState
    state_: MomentState

    def __init__(
        self,
        ddof: int = 1,
        *,
        columns: Sequence[Any] | None = None,
        by: Any = None,
        missing: Missing = "raise",
        constant: Constant = "raise",
    ) -> None:
        self.ddof = ddof
        self.columns = columns
        self.by = by
        self.missing = missing
        self.constant = constant

    def _check_settings(self) -> None:
        check_choices(self)
        check_ddof(self.ddof)

    @property
    def mean_(self) -> NDArray[np.float64]:
        """Mean learned, shape (columns,); with `by` (groups, columns)."""
        return self._learned(self._mean)

    @property
    def scale_(self) -> NDArray[np.float64]:
        """Standard deviation learned, shaped as `mean_`; 0 for a constant column."""
        return self._learned(self._deviation)

    def _mean(self) -> NDArray[np.float64]:
        state = self.state_
        return np.ldexp(state.mean + state.mean_rest, state.exponent)

    def _deviation(self) -> NDArray[np.float64]:
        state = self.state_
        divisor = np.where(state.varied, state.weight - self.ddof, 1.0)
        return np.ldexp(np.sqrt(state.squares / divisor), state.exponent)

    def fit(self, X: Any, y: Any = None, weights: Any = None) -> Self:
        """
        Learn from a whole table, forgetting what was learned before.

        Args:
            X: A table, as for the other scalers.
            y: Ignored; pipelines pass it.
            weights: Shape (rows,), finite and >= 0: how often each row counts, so
                that 2 is the same as the row twice. None for all ones.

        Raises:
            ValueError: As for the other scalers, and if weights are negative, do not
                fit the rows, or add up to `ddof` or less.
        """
        del y
        return self._fit(X, weights)

    def partial_fit(self, X: Any, y: Any = None, weights: Any = None) -> Self:
        """Learn from one more batch of rows; arguments as for `fit`."""
        del y
        return self._partial_fit(X, weights)

    def _learn(self, table: Batch) -> MomentState:
        weights = None
        if table.weights is not None:
            weights = _checked_weights(table.weights, table.frame.rows)
        if table.groups is None:
            return learn_moments(table.frame, table.places, self.missing, weights)
        if weights is not None:
            raise ValueError("weights cannot be combined with by; fit a scaler a group")
        return _by_column(group_moments, table, self.missing)  # type: ignore[no-any-return]

    def _plan(self) -> Affine:
        state = self.state_
        refuse_nothing(self, state.weight)
        some = state.weight > 0
        few = some & (state.weight <= self.ddof)
        self._refuse_columns(
            few & (state.varied | (self.constant == "raise")),
            f"StandardScaler needs more than {self.ddof} samples (rows; n_samples = 1 "
            f"has no spread) for ddof={self.ddof}; fit more rows, or pass a smaller "
            "ddof",
        )
        flat = ~state.varied
        if self.constant == "raise":
            self._refuse_columns(flat & some, _CONSTANT.format("StandardScaler"))
        divisor = np.where(flat, 1.0, state.weight - self.ddof)
        deviation = np.sqrt(state.squares / divisor)
        exact = flat | ~negligible(state.mean_rest, deviation)
        return Affine(
            center=state.mean,
            rest=np.where(exact, state.mean_rest, 0.0),
            scale=np.where(flat, 1.0, deviation),
            exponent=state.exponent,
            flat=flat,
            known=some,
        )

    def _row(self, values: list[Any], plan: Any) -> list[float] | None:
        return affine_row(values, plan)


def _by_column(learn: Any, table: Batch, missing: str) -> Any:
    """Learn each column by groups and put the states side by side."""
    assert table.groups is not None  # noqa: S101 -- only called with groups
    codes, _, counts = table.groups
    states = [
        learn(table.frame.vector(place), codes, counts, missing)
        for place in table.places
    ]
    return type(states[0]).side_by_side(states)


def _checked_weights(weights: Any, rows: int) -> NDArray[np.float64]:
    vector = open_vector(weights, "weights")
    if len(vector.values) != rows:
        raise ValueError(
            f"weights: expected {rows}, one a row, got {len(vector.values)}"
        )
    low, high = settled_extent(vector, "raise")
    if rows and (low < 0 or high <= 0):
        raise ValueError(
            f"weights: expected numbers >= 0, not all 0, got {low} to {high}"
        )
    values: NDArray[np.float64] = vector.values.astype(np.float64)
    return values
