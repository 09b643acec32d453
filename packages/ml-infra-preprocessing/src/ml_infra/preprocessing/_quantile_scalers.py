"""RobustScaler and OutlierClipper: maps from percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._passes import scale_exponent
from ._plans import Affine, Bounds
from ._quantiles import QuantileState, learn_cells, percentiles
from ._ranks import neighbours
from ._rows import affine_row
from ._scaler import Scaler
from ._settings import check_choices, check_pair, refuse_nothing, single
from .normalization import check_percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ._quantiles import Cell
    from ._scaler import Batch
    from .normalization import Constant, Missing


class RobustScaler(Scaler):
    """
    Shift each column by its median and scale by the distance of two percentiles.

    ``(x - median) / (upper - lower)``, percentiles interpolated linearly as NumPy and
    scikit-learn do. `fit` takes exact percentiles. `partial_fit` counts values in
    histograms of bounded size: exact up to 4096 distinct values a column, and with a
    certified error of ranks, `rank_error_`, beyond.

    Args:
        quantiles: The two percentiles, in [0, 100], the first below the second.
        columns: Names of the columns to scale; None for all numeric ones.
        by: Name of the column whose groups are scaled apart, or None.
        missing: "raise" or "keep".
        constant: "raise" if the two percentiles of a column are equal, or "zero" to
            map such a column to 0.

    >>> RobustScaler().fit_transform([[1], [2], [3], [4], [50]])
    [[-1.0], [-0.5], [0.0], [0.5], [23.5]]
    """

    _state_type = QuantileState
    state_: QuantileState

    def __init__(
        self,
        quantiles: tuple[float, float] = (25, 75),
        *,
        columns: Sequence[Any] | None = None,
        by: Any = None,
        missing: Missing = "raise",
        constant: Constant = "raise",
    ) -> None:
        self.quantiles = quantiles
        self.columns = columns
        self.by = by
        self.missing = missing
        self.constant = constant

    def _check_settings(self) -> None:
        check_choices(self)
        check_pair(self.quantiles, "quantiles")

    @property
    def rank_error_(self) -> NDArray[np.float64]:
        """Certified error of ranks, shape (groups, columns), shares; 0 is exact."""
        self._check_fitted()
        return self.state_.rank_error

    @property
    def center_(self) -> NDArray[np.float64]:
        """Median learned, shape (columns,); with `by` (groups, columns)."""
        return self._learned(lambda: self._percentiles()[1])

    @property
    def scale_(self) -> NDArray[np.float64]:
        """Distance of the two percentiles, shaped as `center_`; 0 if they are equal."""
        return self._learned(lambda: np.subtract(*self._percentiles()[::-2]))

    def _levels(self) -> list[float]:
        return [self.quantiles[0], 50.0, self.quantiles[1]]

    def _percentiles(self) -> NDArray[np.float64]:
        """Return the lower percentile, the median and the upper one of each cell."""
        levels = self._levels()
        return self.state_.numbers(lambda cell: percentiles(cell, levels), 3)

    def _ranks(self, count: int) -> list[int]:
        spots = neighbours(count, self._levels())
        return [r for spot in spots for r in spot[:2]]

    def _check_state(self) -> None:
        self.state_.check_ranks(self._ranks)

    def _learn(self, table: Batch) -> QuantileState:
        return learn_cells(table, self.missing, self._ranks, infinite=False)

    def _plan(self) -> Affine:
        state = self.state_
        refuse_nothing(self, state.count)
        found = self._percentiles()
        low, middle, high = found
        flat = ~(low < high)
        if self.constant == "raise":
            self._refuse_columns(
                flat & (state.count > 0),
                single(state.count)
                + f"percentiles {self.quantiles[0]:g} and {self.quantiles[1]:g} are "
                "equal; choose wider ones, another scaler, or constant='zero'",
            )
        places = np.ndindex(flat.shape)
        sizes = [scale_exponent(*found[:, g, j]) for g, j in places]
        unit = np.array(sizes, np.int64).reshape(flat.shape)
        low, middle, high = (np.ldexp(one, -unit) for one in (low, middle, high))
        return Affine(
            center=middle,
            rest=np.zeros_like(middle),
            scale=np.where(flat, 1.0, high - low),
            exponent=unit,
            flat=flat,
            known=state.count > 0,
        )

    def _row(self, values: list[Any], plan: Any) -> list[float] | None:
        return affine_row(values, plan)


class OutlierClipper(Scaler):
    """
    Limit each column to two percentiles of its training data (winsorizing).

    The bounds are training values: the sorted ones at index ``int(n * p / 100)``, at
    most the last, as for `clip_outliers`. Infinities are the extreme values they are.
    Exactness and streams as for `RobustScaler`.

    Args:
        lower_percentile: In [0, 100], at most `upper_percentile`.
        upper_percentile: In [0, 100]; 100 is the maximum.
        columns: Names of the columns to clip; None for all numeric ones.
        by: Name of the column whose groups are clipped apart, or None.
        missing: "raise" or "keep".
        constant: Taken for symmetry; a constant column is left as it is.

    >>> clipper = OutlierClipper(0, 75).fit([[1], [2], [3], [100]])
    >>> clipper.transform([[-5], [500]])
    [[1.0], [100.0]]
    """

    _state_type = QuantileState
    state_: QuantileState
    _infinite = True

    def __init__(
        self,
        lower_percentile: float = 5,
        upper_percentile: float = 95,
        *,
        columns: Sequence[Any] | None = None,
        by: Any = None,
        missing: Missing = "raise",
        constant: Constant = "raise",
    ) -> None:
        self.lower_percentile = lower_percentile
        self.upper_percentile = upper_percentile
        self.columns = columns
        self.by = by
        self.missing = missing
        self.constant = constant

    def _check_settings(self) -> None:
        check_choices(self)
        check_percentiles(self.lower_percentile, self.upper_percentile)

    @property
    def rank_error_(self) -> NDArray[np.float64]:
        """Certified error of ranks, shape (groups, columns), shares; 0 is exact."""
        self._check_fitted()
        return self.state_.rank_error

    @property
    def lower_(self) -> NDArray[np.float64]:
        """Lower bound learned, shape (columns,); with `by` (groups, columns)."""
        return self._learned(lambda: self._found()[0])

    @property
    def upper_(self) -> NDArray[np.float64]:
        """Upper bound learned, shaped as `lower_`."""
        return self._learned(lambda: self._found()[1])

    def _found(self) -> NDArray[np.float64]:
        """Return the lower and the upper bound of each cell, 0 of nothing."""

        def bounds(cell: Cell) -> list[float]:
            return [cell.value_at(rank) for rank in self._ranks(cell.count)]

        return self.state_.numbers(lambda c: bounds(c) if c.count else [0.0, 0.0], 2)

    def _ranks(self, count: int) -> list[int]:
        return [
            min(count - 1, int(count * float(p) / 100))
            for p in (self.lower_percentile, self.upper_percentile)
        ]

    def _check_state(self) -> None:
        self.state_.check_ranks(self._ranks)

    def _learn(self, table: Batch) -> QuantileState:
        return learn_cells(table, self.missing, self._ranks, infinite=True)

    def _plan(self) -> Bounds:
        count = self.state_.count
        refuse_nothing(self, count)
        low, high = self._found()
        self._refuse_columns(
            ~(np.isfinite(low) & np.isfinite(high)),
            "a bound would be infinite; choose percentiles within the finite values",
        )
        return Bounds(low, high, count > 0)

    def _row(self, values: list[Any], plan: Any) -> list[float] | None:
        made = [
            low if x < low else high if x > high else float(x)
            for x, (low, high) in zip(values, plan, strict=True)
        ]
        return made if sum(made) - sum(made) == 0.0 else None
