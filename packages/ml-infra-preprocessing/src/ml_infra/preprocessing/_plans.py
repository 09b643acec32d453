"""
What a fitted scaler does to data: one affine map or clip a column, and its inverse.

The same plan serves columns, matrices, groups and single rows, with the same
operations in the same order, so that training and serving agree to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ._passes import BLOCK, rescaled
from ._threads import parts_of, run_together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ._vectors import Vector

    Floats = NDArray[np.float64]

_EXACT = 2.0**53
_PART = 1 << 18  # rows of groups, each with two look-ups, that are worth a thread


@dataclass(frozen=True, eq=False)
class Affine:
    """
    Maps x to (x - center - rest) / scale, in units of 2**exponent, then to a range.

    Arrays have shape (groups, columns). `flat` columns (constant in training) become
    the start of the range, those not `known` were taught nothing. `range` (a, b) maps
    0 to a and 1 to b; `clip` cuts there.
    """

    center: Floats
    rest: Floats
    scale: Floats
    exponent: NDArray[np.int64]
    flat: NDArray[np.bool_]
    known: NDArray[np.bool_]
    range: tuple[float, float] = (0.0, 1.0)
    clip: bool = False
    top: Floats | None = None  # what 1 maps back to, where that must be exact

    def __post_init__(self) -> None:
        # Less -0.0 both zeros are 0.0; less 0.0 one of them would stay -0.0.
        center = np.where(self.center == 0.0, -0.0, self.center)
        object.__setattr__(self, "center", center)

    def column(self, group: int, j: int, vector: Vector, out: NDArray[Any]) -> float:
        """Transform one column into `out`; return the sum, which shows NaN."""
        center, rest = float(self.center[group, j]), float(self.rest[group, j])
        vector.exponent = int(self.exponent[group, j])
        if vector.values.dtype.kind in "iu" and self._wide(group)[j]:
            center, rest = _centered(vector, center, rest)
        scale, total = float(self.scale[group, j]), 0.0
        for block in rescaled(vector, center, rest, scale, out):
            if self.flat[group, j]:
                block[~np.isnan(block)] = 0.0
            self._to_range(block)
            total += float(np.add.reduce(block, dtype=np.float64))
        return total

    def matrix(self, block: NDArray[Any], out: NDArray[Any], repeat: int) -> None:
        """Transform rows of all columns, `repeat` of them laid side by side."""
        center, rest, scale = (
            np.tile(one[0], repeat) for one in (self.center, self.rest, self.scale)
        )
        work = out if out.dtype == np.float64 else np.empty(out.shape)
        if self.exponent.any():
            block = np.ldexp(
                block.astype(np.float64), -np.tile(self.exponent[0], repeat)
            )
        np.subtract(block, center, out=work, dtype=np.float64)
        if rest.any():
            work -= rest
        work /= scale
        if work is not out:
            out[...] = work
        flat = np.tile(self.flat[0], repeat)
        if flat.any():
            out[:, flat] = np.where(np.isnan(block[:, flat]), np.nan, 0.0)
        self._to_range(out)

    def grouped(
        self, j: int, values: NDArray[Any], codes: NDArray[Any], out: NDArray[Any]
    ) -> float:
        """Transform one column, each value by the row of its group; return the sum."""
        center, rest, scale, flat = (
            one[:, j] for one in (self.center, self.rest, self.scale, self.flat)
        )
        odd_units, odd_rests, some_flat = self.exponent.any(), rest.any(), flat.any()

        def write(rows: range) -> float:
            total = 0.0
            for start in rows[::BLOCK]:
                places = slice(start, min(start + BLOCK, rows.stop))
                code, target, block = codes[places], out[places], values[places]
                if odd_units:
                    block = np.ldexp(block.astype(float), -self.exponent[code, j])
                work = target if target.dtype == np.float64 else np.empty(len(target))
                np.subtract(block, center.take(code), out=work, dtype=np.float64)
                if odd_rests:
                    work -= rest.take(code)
                np.divide(work, scale.take(code), out=target, casting="same_kind")
                if some_flat:
                    target[flat.take(code) & ~np.isnan(target)] = 0.0
                self._to_range(target)
                total += float(np.add.reduce(target, dtype=np.float64))
            return total

        parts = parts_of(len(out), _PART)
        return sum(run_together([partial(write, rows) for rows in parts]))

    def row(self, group: int) -> tuple[list[float], ...] | None:
        """
        Return centers, rests (empty if all are 0) and scales as Python numbers.

        None where a column needs other units or exact integers, which arrays do, or is
        not known, which they refuse.
        """
        center, rest, scale = (
            one[group] for one in (self.center, self.rest, self.scale)
        )
        odd = self._wide(group).any() or self.exponent[group].any()
        if odd or not self.known[group].all():
            return None
        # Less the least float nothing is negative, and over infinity all of it is 0.0.
        center = np.where(self.flat[group], np.finfo(np.float64).min, center)
        scale = np.where(self.flat[group], np.inf, scale)
        rests = rest.tolist() if rest.any() else []
        return center.tolist(), rests, scale.tolist()

    def _wide(self, group: int) -> NDArray[np.bool_]:
        """Return for which columns integers differ from the center as integers only."""
        size = np.abs(self.center[group])
        if self.top is not None:
            size = np.maximum(size, np.abs(self.top[group]))
        wide: NDArray[np.bool_] = size >= _EXACT / 2  # a bit to spare for later data
        return wide

    def _to_range(self, out: NDArray[Any]) -> None:
        if self.range != (0.0, 1.0):
            out[...] = lerp(out, *self.range)
        if self.clip:
            np.clip(out, *self.range, out=out)

    def inverse(
        self, values: NDArray[Any], j: int, codes: NDArray[Any] | int
    ) -> NDArray[np.float64]:
        """Return what would have been transformed to `values`."""
        low, high = self.range
        shares = values.astype(np.float64, copy=False)
        if self.range != (0.0, 1.0):
            shares = (shares - low) / (high - low)
        center, rest = self.center[codes, j] + 0.0, self.rest[codes, j]
        if self.top is None:
            back = (shares * self.scale[codes, j] + rest) + center
        else:
            back = lerp(shares, center, self.top[codes, j], self.scale[codes, j])
            back = np.where(shares == 0.0, center, back)
        if self.exponent.any():
            back = np.ldexp(back, self.exponent[codes, j])
            center = np.ldexp(center, self.exponent[codes, j])
        flat = self.flat[codes, j]
        if np.any(flat):
            back = np.where(flat & ~np.isnan(shares), center, back)
        return np.asarray(back, np.float64)


def lerp(part: Any, low: Any, high: Any, width: Any = None) -> Any:
    """Return low + part * (high - low), exact at both ends."""
    width = high - low if width is None else width
    return np.where(part < 0.5, low + part * width, high - (1.0 - part) * width)


def between(part: float, low: float, high: float) -> float:
    """Return what `lerp` does for Python numbers, to the same bits."""
    width = high - low
    return low + part * width if part < 0.5 else high - (1.0 - part) * width


def _centered(vector: Vector, center: float, rest: float) -> tuple[float, float]:
    """Let reading subtract the integer part of the center, exactly."""
    if vector.exponent:
        return center, rest
    whole, limits = int(center) + int(rest), np.iinfo(vector.values.dtype)
    vector.origin = min(max(whole, int(limits.min)), int(limits.max))
    part = (center - int(center)) + (rest - int(rest))
    return (whole - vector.origin) + part, 0.0


@dataclass(frozen=True, eq=False)
class Bounds:
    """Limits each column to [low, high], where `known`, of shape (groups, columns)."""

    low: Floats
    high: Floats
    known: NDArray[np.bool_]

    def column(self, group: int, j: int, vector: Vector, out: NDArray[Any]) -> float:
        """Clip one column into `out`; return the sum, which shows NaN."""
        low, high, total = self.low[group, j], self.high[group, j], 0.0
        for start in range(0, len(out), BLOCK):
            block = vector.values[start : start + BLOCK].astype(out.dtype, copy=False)
            clipped = np.clip(block, low, high, out=out[start : start + BLOCK])
            total += float(np.add.reduce(clipped, dtype=np.float64))
        return total

    def matrix(self, block: NDArray[Any], out: NDArray[Any], repeat: int) -> None:
        """Clip rows of all columns, `repeat` of them laid side by side."""
        low, high = np.tile(self.low[0], repeat), np.tile(self.high[0], repeat)
        np.clip(block.astype(out.dtype, copy=False), low, high, out=out)

    def grouped(
        self, j: int, values: NDArray[Any], codes: NDArray[Any], out: NDArray[Any]
    ) -> float:
        """Clip one column, each value by the bounds of its group; return the sum."""
        values = values.astype(out.dtype, copy=False)
        np.clip(values, self.low[codes, j], self.high[codes, j], out=out)
        return float(np.add.reduce(out, dtype=np.float64))

    def row(self, group: int) -> list[tuple[float, float]] | None:
        """Return (low, high) of each column as Python numbers; None if not known."""
        if not self.known[group].all():
            return None
        return list(
            zip(self.low[group].tolist(), self.high[group].tolist(), strict=True)
        )

    def inverse(
        self, values: NDArray[Any], j: int, codes: NDArray[Any] | int
    ) -> NDArray[np.float64]:
        """Return the values: what was cut off is not known any more."""
        del j, codes
        return values.astype(np.float64)


def row_blocks(
    matrix: NDArray[Any], columns: int, size: int
) -> Iterator[tuple[int, NDArray[Any], int]]:
    """
    Yield (first row, block, repeat): rows of a matrix, `repeat` laid side by side.

    NumPy's inner loops run along a row. Rows of 20 columns would spend their time on
    starting loops, so about 1024 values are laid side by side, which is free in
    memory of C order; the last rows come alone.
    """
    repeat = max(1, 1024 // columns)
    step = max(1, size // (repeat * columns)) * repeat
    rows = len(matrix)
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        whole = start + (stop - start) // repeat * repeat
        for first, last, k in ((start, whole, repeat), (whole, stop, 1)):
            if last > first:
                block = np.ascontiguousarray(matrix[first:last])
                yield first, block.reshape(-1, k * columns), k
