"""Learn extents and moments of tables: column by column, or whole rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._passes import (
    BLOCK,
    MOMENT_BLOCK,
    combine,
    extent,
    narrow,
    settled_extent,
    settled_moments,
    two_sum,
)
from ._plans import row_blocks
from ._states import ExtentState, MomentState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ._frames import Frame
    from ._vectors import Vector

    Floats = NDArray[np.float64]

_NOISE = 16 * 2.0**-52


def in_rows(frame: Frame, places: Sequence[int]) -> NDArray[Any] | None:
    """Return the matrix if passing over its rows is the fast and exact way."""
    matrix = frame.matrix
    if matrix is None or len(places) != matrix.shape[1] or len(places) < 2:
        return None
    if matrix.dtype.kind in "iu" and matrix.dtype.itemsize == 8:
        return None  # integers beyond 2**53 are read exactly column by column
    # Columns that lie in one piece are faster alone.
    return None if abs(matrix.strides[0]) <= matrix.itemsize else matrix


def learn_extents(frame: Frame, places: Sequence[int], missing: str) -> ExtentState:
    """Return the extent of each column, shape (1, columns)."""
    matrix = in_rows(frame, places)
    if matrix is not None and len(matrix):
        low, high = _matrix_extents(matrix)
        if np.isfinite(low).all() and np.isfinite(high).all():
            count, none = np.full(len(places), len(matrix)), np.zeros(len(places))
            return ExtentState.of_columns(count, low, none, high, none)
    state = ExtentState.nothing(1, len(places))
    for j, place in enumerate(places):
        vector = frame.vector(place)
        refuse_long(vector)
        ends = settled_extent(vector, missing)
        if vector.origin:
            vector.origin = 0
            ends = extent(vector)  # integers now, exact
        state.count[0, j] = vector.present
        if state.count[0, j]:
            state.low[0, j], state.low_rest[0, j] = _pair(ends[0])
            state.high[0, j], state.high_rest[0, j] = _pair(ends[1])
    return state


def _pair(value: float) -> tuple[float, float]:
    """Return a number as a float and what the float rounds off an integer."""
    near = float(value)
    return near, float(value - int(near)) if isinstance(value, int) else 0.0


def refuse_long(vector: Vector) -> None:
    """Raise ValueError for integers that 64 bits do not hold."""
    if vector.integers is not None:
        raise ValueError(f"{vector.name}: scalers take integers of at most 64 bits")


def _matrix_extents(matrix: NDArray[Any]) -> tuple[Floats, Floats]:
    columns = matrix.shape[1]
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    for _, block, repeat in row_blocks(matrix, columns, BLOCK):
        least = np.minimum.reduce(block, axis=0).reshape(repeat, columns).min(axis=0)
        most = np.maximum.reduce(block, axis=0).reshape(repeat, columns).max(axis=0)
        low, high = np.minimum(low, least), np.maximum(high, most)
    return low, high


def learn_moments(
    frame: Frame,
    places: Sequence[int],
    missing: str,
    weights: Floats | None = None,
) -> MomentState:
    """Return the moments of each column, shape (1, columns)."""
    matrix = in_rows(frame, places)
    if matrix is not None and weights is None and len(matrix):
        state = _matrix_moments(matrix)
        squares = state.squares[state.varied]
        if np.isfinite(state.squares).all() and (squares > 1e-280).all():
            return state
    state = MomentState.nothing(1, len(places))
    for j, place in enumerate(places):
        vector = frame.vector(place)
        refuse_long(vector)
        moments = settled_moments(vector, missing, weights)
        high, low = moments.high, moments.low
        if vector.origin:
            base = float(vector.origin)
            high, low = two_sum(base, high + (low + (vector.origin - int(base))))
        for name, value in (
            ("weight", moments.weight),
            ("mean", high),
            ("mean_rest", low),
            ("squares", moments.squares),
            ("varied", moments.varied),
            ("exponent", moments.exponent),
        ):
            getattr(state, name)[0, j] = value
    return state


def _matrix_moments(matrix: NDArray[Any]) -> MomentState:
    """Return the moments of all columns; not finite where a column is not."""
    columns = matrix.shape[1]
    n, high, low, squares = (np.zeros(columns) for _ in range(4))
    varied = np.zeros(columns, np.bool_)
    scratch = np.empty(0)
    for _, block, repeat in row_blocks(matrix, columns, 2 * MOMENT_BLOCK):
        k = float(len(block) * repeat)
        shift = _column_sums(block, repeat) / k
        if scratch.size < block.size:
            scratch = np.empty(block.size)
        work = scratch[: block.size].reshape(block.shape)
        np.subtract(block, np.tile(shift, repeat), out=work, dtype=np.float64)
        rest = _column_sums(work, repeat) / k
        np.multiply(work, work, out=work)
        spread = _column_sums(work, repeat) - rest * rest * k
        noise = _NOISE * shift
        quiet = spread <= k * noise * noise
        differ = ~quiet
        for j in np.flatnonzero(quiet):
            column = block.reshape(-1, columns)[:, j]
            shift[j], rest[j], spread[j], differ[j] = narrow(column)
        if n[0]:
            varied |= differ | (shift != high)
            total, mean, mean_rest, sums = combine(
                n, high, low, squares, np.full(columns, k), shift, rest, spread
            )
            n = total
            high = np.where(varied, mean, high)
            low = np.where(varied, mean_rest, low)
            squares = np.where(varied, sums, 0.0)
        else:
            n, high, low, squares = n + k, shift, rest, spread
            varied |= differ
    unit = np.zeros(columns, np.int64)
    return MomentState.of_columns(n, high, low, squares, varied, unit)


def _column_sums(block: NDArray[Any], repeat: int) -> Floats:
    """Sum columns of a block that holds `repeat` rows side by side."""
    wide = np.add.reduce(block, axis=0, dtype=np.float64)
    sums: Floats = np.add.reduce(wide.reshape(repeat, -1), axis=0)
    return sums
