"""
Percentiles that scalers learn: exact from data at hand, certified from streams.

`fit` sees all data and selects exact order statistics. `partial_fit` and `merge` count
values in key histograms, which are exact while a column has no more distinct values
than bins, and certify the error of a rank afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from ._histogram import KeyHistogram
from ._learning import refuse_long
from ._passes import BLOCK
from ._plans import between
from ._ranks import UnsettledError, neighbours, order_statistics
from ._state import StateError
from ._vectors import Vector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ._scaler import Batch

    Floats = NDArray[np.float64]

MERGEABLE = 1 << 16  # rows up to which fit counts a histogram as well


@dataclass(frozen=True)
class Cell:
    """
    One column of one group.

    Attributes:
        count: Values, infinities included.
        below: How many are -inf.
        above: How many are inf.
        exact: Order statistics asked for, by rank; None where the histogram has them.
        histogram: Of the finite values; None after a fit of many rows.
    """

    count: int = 0
    below: int = 0
    above: int = 0
    exact: dict[int, float] | None = None
    histogram: KeyHistogram | None = None

    def value_at(self, rank: int) -> float:
        """Return the value at a rank of the sorted values."""
        if self.exact is not None:
            return self.exact[rank]
        if rank < self.below:
            return -inf
        if rank >= self.count - self.above:
            return inf
        assert self.histogram is not None  # noqa: S101 -- by construction
        return float(self.histogram.value_at(rank - self.below))

    @property
    def rank_error(self) -> float:
        """Certified bound on the error of a rank, as a share of the values."""
        if self.exact is not None or self.histogram is None or not self.count:
            return 0.0
        return self.histogram.rank_error() * self.histogram.count / self.count

    def merged(self, other: Cell) -> Cell:
        """Return the cell of both data together."""
        if not self.count or not other.count:
            return self if self.count else other
        if self.histogram is None or other.histogram is None:
            raise ValueError(
                f"fit keeps only exact percentiles of more than {MERGEABLE} rows; "
                "use partial_fit for data that is to be merged or continued"
            )
        return Cell(
            self.count + other.count,
            self.below + other.below,
            self.above + other.above,
            None,
            self.histogram.copy().merge(other.histogram),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        exact = None
        if self.exact is not None:
            exact = [[rank, value] for rank, value in sorted(self.exact.items())]
        histogram = None if self.histogram is None else self.histogram.to_dict()
        return {
            "count": self.count,
            "below": self.below,
            "above": self.above,
            "exact": exact,
            "histogram": histogram,
        }

    @classmethod
    def from_dict(cls, state: Any) -> Cell:
        """Restore what `to_dict` wrote; StateError for anything else."""
        if not isinstance(state, dict) or set(state) != set(cls().to_dict()):
            raise StateError("state: a column needs count, below, above, exact and "
                             "histogram")  # fmt: skip
        numbers = [state[name] for name in ("count", "below", "above")]
        if not all(type(n) is int and 0 <= n < 2**62 for n in numbers):
            raise StateError("state: counts must be integers >= 0")
        exact = state["exact"]
        if exact is not None:
            pairs = isinstance(exact, list) and all(
                isinstance(p, list)
                and len(p) == 2
                and type(p[0]) is int
                and type(p[1]) in (int, float)
                and abs(p[1]) < inf
                for p in exact
            )
            if not pairs:
                raise StateError("state: 'exact' must be pairs of rank and value")
            try:
                exact = {rank: float(value) for rank, value in exact}
            except OverflowError:
                raise StateError("state: 'exact' holds numbers beyond floats") from None
        histogram = state["histogram"]
        if numbers[0] and exact is None and histogram is None:
            raise StateError("state: a column with values needs exact or histogram")
        if histogram is not None:
            histogram = KeyHistogram.from_dict(histogram)
            if histogram.count + numbers[1] + numbers[2] != numbers[0]:
                raise StateError("state: the counts of a column contradict each other")
        return cls(numbers[0], numbers[1], numbers[2], exact, histogram)


class QuantileState:
    """Cells of shape (groups, columns); immutable like the array states."""

    def __init__(self, cells: list[list[Cell]], columns: int) -> None:
        self.cells = cells
        # Without a group no cell tells the columns.
        self.shape: tuple[int, int] = len(cells), columns

    @classmethod
    def nothing(cls, groups: int, columns: int) -> QuantileState:
        """Return the state of no data."""
        return cls([[Cell()] * columns for _ in range(groups)], columns)

    def numbers(self, read: Callable[[Cell], Sequence[float]], size: int) -> Floats:
        """Return `size` numbers of each cell, shape (size, groups, columns)."""
        rows = [read(cell) for row in self.cells for cell in row]
        made: Floats = np.array(rows, np.float64).T.reshape(size, *self.shape)
        return made

    @property
    def count(self) -> NDArray[np.int64]:
        """Values per group and column."""
        counts = [cell.count for row in self.cells for cell in row]
        return np.array(counts, np.int64).reshape(self.shape)

    @property
    def rank_error(self) -> Floats:
        """Certified rank error per group and column; 0 is exact."""
        errors = [cell.rank_error for row in self.cells for cell in row]
        return np.array(errors, np.float64).reshape(self.shape)

    def spread(self, places: Sequence[int], groups: int) -> QuantileState:
        """Return a state with more groups; row i of this one goes to places[i]."""
        wide = self.nothing(groups, self.shape[1])
        for place, row in zip(places, self.cells, strict=True):
            wide.cells[place] = row
        return wide

    def reordered(self, order: Sequence[int]) -> QuantileState:
        """Return a state whose column j is this one's column order[j]."""
        cells = [[row[j] for j in order] for row in self.cells]
        return QuantileState(cells, self.shape[1])

    def merged(self, other: QuantileState) -> QuantileState:
        """Return the state of both data together."""
        cells = [
            [a.merged(b) for a, b in zip(mine, theirs, strict=True)]
            for mine, theirs in zip(self.cells, other.cells, strict=True)
        ]
        return QuantileState(cells, self.shape[1])

    def check_ranks(self, ranks: Any) -> None:
        """Raise StateError unless every cell knows the values of its ranks."""
        for cell in (one for row in self.cells for one in row):
            exact = cell.exact
            if exact is None or not cell.count:
                continue
            values = [value for _, value in sorted(exact.items())]
            if not set(ranks(cell.count)) <= set(exact) or values != sorted(values):
                raise StateError("state: 'exact' lacks ranks or they contradict")

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {"cells": [[cell.to_dict() for cell in row] for row in self.cells]}

    @classmethod
    def from_dict(
        cls, state: dict[str, Any], groups: int, columns: int
    ) -> QuantileState:
        """Restore what `to_dict` wrote; StateError for anything else."""
        rows = state.get("cells")
        if not isinstance(rows, list) or len(rows) != groups:
            raise StateError(f"state: 'cells' must be a list of {groups} rows")
        if not all(isinstance(row, list) and len(row) == columns for row in rows):
            raise StateError(f"state: 'cells' must hold {columns} columns a row")
        cells = [[Cell.from_dict(cell) for cell in row] for row in rows]
        return cls(cells, columns)


def count_values(vector: Vector, *, infinite: bool) -> Cell:
    """
    Return a cell whose histogram holds the values.

    Raises:
        UnsettledError: If a value is NaN, or not finite and that is not allowed.
    """
    histogram = KeyHistogram()
    count = below = above = 0
    for block in vector.blocks(BLOCK):
        finite = block
        if not np.isfinite(block).all():
            below += int(np.count_nonzero(block == -inf))
            above += int(np.count_nonzero(block == inf))
            finite = block[np.isfinite(block)]
        histogram.update(finite)
        count += block.size
    if histogram.count + (below + above if infinite else 0) < count:
        raise UnsettledError
    return Cell(count, below, above, None, histogram)


def select_values(
    vector: Vector, count: int, ranks: list[int], *, infinite: bool
) -> Cell:
    """Return a cell with exact order statistics, and a histogram if that is cheap."""
    cell = Cell(count)
    if count <= MERGEABLE:
        cell = count_values(vector, infinite=infinite)
        if cell.histogram is not None and cell.histogram.exact:
            return cell
    values = order_statistics(vector, count, ranks, finite=not infinite)
    return replace(cell, exact=dict(zip(ranks, map(float, values), strict=True)))


def learn_cells(
    table: Batch, missing: str, ranks: Any, *, infinite: bool
) -> QuantileState:
    """Learn each column, and each group of rows, of a batch."""
    if table.groups is None:
        cells = [
            _settled_cell(vector, missing, table.exact, ranks, infinite)
            for vector in table.frame.vectors(table.places)
        ]
        return QuantileState([cells], len(cells))
    vectors = [table.frame.vector(place) for place in table.places]
    for vector in vectors:
        refuse_long(vector)
        vector.settle(missing, infinite=infinite)
    order = np.argsort(table.groups.codes, kind="stable")
    ends = np.cumsum(table.groups.counts)
    rows: list[list[Cell]] = []
    for places in np.split(order, ends)[:-1]:
        row = []
        for vector in vectors:
            null = None if vector.null is None else vector.null[places]
            part = Vector(vector.values[places], vector.wrap, null=null)
            part.skip_nan = vector.skip_nan
            row.append(_cell(part, table.exact, ranks, infinite=True))
        rows.append(row)
    return QuantileState(rows, len(vectors))


def _settled_cell(
    vector: Vector, missing: str, exact: bool, ranks: Any, infinite: bool
) -> Cell:
    """Learn one column; clean data pay nothing for the policy."""
    refuse_long(vector)
    if vector.null is not None:
        vector.settle(missing, infinite=infinite)
    try:
        return _cell(vector, exact, ranks, infinite=infinite)
    except UnsettledError:
        vector.settle(missing, infinite=infinite)
        return _cell(vector, exact, ranks, infinite=True)


def _cell(vector: Vector, exact: bool, ranks: Any, *, infinite: bool) -> Cell:
    count = vector.present
    if not count:
        return Cell()
    if not exact:
        return count_values(vector, infinite=infinite)
    return select_values(vector, count, ranks(count), infinite=infinite)


def percentiles(cell: Cell, levels: list[float]) -> list[float]:
    """Return percentiles that interpolate linearly; 0 of nothing."""
    if not cell.count:
        return [0.0] * len(levels)
    found = []
    for below, above, part in neighbours(cell.count, levels):
        low, high = cell.value_at(below), cell.value_at(above)
        # Halved where the distance of two values exceeds every float.
        unit = 2.0 if high - low == inf else 1.0
        found.append(unit * between(part, low / unit, high / unit))
    return found
