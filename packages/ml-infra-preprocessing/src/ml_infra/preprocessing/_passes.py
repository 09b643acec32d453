"""
Passes over one-dimensional data in blocks that stay in the processor's cache.

The moments keep the mean as an unevaluated sum of two floats: with one float the
variance of partitions merged at offset 1e12 is off by 2e-8, with two by 1e-15.
"""

from __future__ import annotations

from math import frexp, inf, isfinite, isnan, nan
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ._vectors import Vector

MOMENT_BLOCK = 1 << 14  # values; block and deviations fit the level-2 cache
BLOCK = 1 << 16

_EPS = 2.0**-52
_Number = TypeVar("_Number", float, "NDArray[np.float64]")


class Moments(NamedTuple):
    """
    Weight (count of rows), mean and squared deviations of a column.

    In units of 2**exponent the mean is `high + low` and `squares` the sum of squared
    deviations from it. `varied` is False while all values are equal: a fact about the
    values, not a threshold on the squares.
    """

    weight: float
    high: float
    low: float
    squares: float
    varied: bool
    exponent: int


def two_sum(a: _Number, b: _Number) -> tuple[_Number, _Number]:
    """Return the rounded sum and its error, exactly (Knuth, TAOCP 2, 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def combine(  # noqa: PLR0917 -- two sets of four
    n: _Number,
    high: _Number,
    low: _Number,
    squares: _Number,
    k: _Number,
    other_high: _Number,
    other_low: _Number,
    other_squares: _Number,
) -> tuple[_Number, _Number, _Number, _Number]:
    """Merge two sets of moments (Chan, Golub, LeVeque 1983) with a two-float mean."""
    total = n + k
    apart = (other_high - high) + (other_low - low)
    high, low = two_sum(high, low + apart * (k / total))
    return total, high, low, squares + other_squares + apart * apart * (n * (k / total))


def extent(vector: Vector) -> tuple[float, float]:
    """Return (min, max); (nan, nan) if a NaN is read, (inf, -inf) of nothing."""
    lows, highs = [inf], [-inf]
    for block in vector.blocks(BLOCK):
        lows.append(np.minimum.reduce(block).item())
        highs.append(np.maximum.reduce(block).item())
        if lows[-1] != lows[-1]:
            return nan, nan
    return min(lows), max(highs)


def settled_extent(vector: Vector, missing: str) -> tuple[float, float]:
    """Return (min, max) of finite data; ValueError as the policy says."""
    if vector.null is not None:
        vector.settle(missing)
    low, high = extent(vector)
    if not (isfinite(low) and isfinite(high)):
        vector.settle(missing)
        low, high = extent(vector)
    if vector.is_wide(low, high):
        vector.origin = int(low)
        low, high = extent(vector)
    return low, high


def settled_moments(
    vector: Vector, missing: str, weights: NDArray[np.float64] | None = None
) -> Moments:
    """Return the moments of finite data; ValueError as the policy says."""
    if vector.null is not None:
        vector.settle(missing)
    if vector.values.dtype.kind in "iu" and vector.values.dtype.itemsize == 8:
        settled_extent(vector, missing)  # sets the origin of wide integers
    moments = _moments(vector, weights)
    if isnan(moments.squares):
        vector.settle(missing)
        moments = _moments(vector, weights)
    if moments.varied and not 1e-280 < moments.squares < inf:
        low, high = extent(vector)
        vector.exponent = frexp(max(-low, high))[1]
        moments = _moments(vector, weights)._replace(exponent=vector.exponent)
    return moments


def _moments(vector: Vector, weights: NDArray[np.float64] | None) -> Moments:
    if weights is not None:
        return _weighted_moments(vector, weights)
    scratch = np.empty(MOMENT_BLOCK)
    n = high = low = squares = 0.0
    varied = False
    for block in vector.blocks(MOMENT_BLOCK):
        k = float(block.size)
        shift = float(np.add.reduce(block, dtype=np.float64)) / k
        deviations = scratch[: block.size]
        np.subtract(block, shift, out=deviations, dtype=np.float64)
        rest = float(np.add.reduce(deviations)) / k
        np.multiply(deviations, deviations, out=deviations)
        spread = float(np.add.reduce(deviations)) - rest * rest * k
        noise = 16 * _EPS * shift
        if spread <= k * noise * noise:
            # Rounding or a tiny spread: only the values can tell.
            shift, rest, spread, differ = narrow(block)
            varied = varied or differ
        else:
            varied = True
        if n == 0.0:
            n, high, low, squares = k, shift, rest, spread
            continue
        if not varied and shift != high:
            varied = True
        if varied:
            n, high, low, squares = combine(
                n, high, low, squares, k, shift, rest, spread
            )
        else:
            n += k
    return Moments(n, high, low, squares, varied, 0)


def _weighted_moments(vector: Vector, weights: NDArray[np.float64]) -> Moments:
    """Return moments in which a row of weight w counts like w equal rows."""
    n = high = low = squares = 0.0
    varied = False
    for start in range(0, len(vector.values), MOMENT_BLOCK):
        block = vector.read(slice(start, start + MOMENT_BLOCK)).astype(np.float64)
        weight = weights[start : start + MOMENT_BLOCK]
        keep = weight > 0
        if vector.null is not None:
            keep &= ~vector.null[start : start + MOMENT_BLOCK]
        if vector.skip_nan:
            keep &= ~np.isnan(block)
        block, weight = block[keep], weight[keep]
        if not block.size:
            continue
        k = float(np.add.reduce(weight))
        differ = bool((block != block[0]).any())
        shift = float(block[0])
        if differ:
            shift += float(np.add.reduce(weight * (block - shift))) / k
        deviations = block - shift
        rest = float(np.add.reduce(weight * deviations)) / k
        deviations -= rest
        spread = float(np.add.reduce(weight * deviations * deviations))
        varied = varied or differ or (n > 0.0 and shift != high)
        if n == 0.0:
            n, high, low, squares = k, shift, rest, spread
        elif varied:
            n, high, low, squares = combine(
                n, high, low, squares, k, shift, rest, spread
            )
        else:
            n += k
    return Moments(n, high, low, squares, varied, 0)


def narrow(block: NDArray[Any]) -> tuple[float, float, float, bool]:
    """Return mean (two floats), squares and whether a block of tiny spread varies."""
    base = float(np.minimum.reduce(block))
    deviations = block.astype(np.float64) - base
    if not deviations.any():
        return base, 0.0, 0.0, False
    rest = float(np.add.reduce(deviations)) / block.size
    deviations -= rest
    high, low = two_sum(base, rest)
    return high, low, float(np.add.reduce(deviations * deviations)), True


def negligible(rest: Any, scale: Any) -> Any:
    """Whether leaving out `rest` changes quotients by less than 2**-56."""
    return np.abs(rest) <= 2.0**-56 * scale


def rescaled(
    vector: Vector,
    center: float,
    rest: float,
    scale: float,
    out: NDArray[Any],
    *,
    rows: range | None = None,
) -> Iterator[NDArray[Any]]:
    """
    Write (values - center - rest) / scale into `out`, rounded once to its dtype.

    Yields each block of `out` while the processor's cache holds it. `rows` are
    consecutive; None means all.
    """
    rows = range(len(out)) if rows is None else rows
    direct = out.dtype == np.float64
    scratch = np.empty(0 if direct else min(BLOCK, len(rows)))
    for start in rows[::BLOCK]:
        places = slice(start, min(start + BLOCK, rows.stop))
        target = out[places]
        work = target if direct else scratch[: len(target)]
        np.subtract(vector.read(places), center, out=work, dtype=np.float64)
        if rest:
            work -= rest
        work /= scale
        if not direct:
            target[...] = work
        yield target


def scale_exponent(*sizes: float) -> int:
    """Return 2 where a difference or quotient of such sizes could overflow, else 0."""
    return 2 if max(map(abs, sizes)) > 2.0**1000 else 0
