"""The functions of `normalization` for everything but short lists."""

from __future__ import annotations

from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _lists
from ._passes import (
    BLOCK,
    negligible,
    rescaled,
    scale_exponent,
    settled_extent,
    settled_moments,
)
from ._plans import between
from ._ranks import UnsettledError, neighbours, order_statistics
from ._threads import parts_of, run_together
from ._vectors import Vector, open_vector

if TYPE_CHECKING:
    from numpy.typing import NDArray


def normalize(data: Any, missing: str, out: NDArray[Any] | None) -> Any:
    vector = open_vector(data, "normalize")
    if vector.integers is not None:
        return _from_list(vector, _lists.normalize_integers(vector.integers), out)
    with np.errstate(all="ignore"):
        low, high = settled_extent(vector, missing)
        if not low < high:
            raise ValueError(_few("normalize", vector, low))
        vector.exponent = scale_exponent(low, high)
        if vector.exponent:
            low, high = low / 4, high / 4
        # x - -0.0 is never -0.0
        return _rescaled(vector, out, low or -0.0, 0.0, high - low)


def standardize(data: Any, ddof: int, missing: str, out: NDArray[Any] | None) -> Any:
    vector = open_vector(data, "standardize")
    if vector.integers is not None and len(vector.integers) > ddof:
        scaled = _lists.standardize_integers(vector.integers, ddof)
        return _from_list(vector, scaled, out)
    with np.errstate(all="ignore"):
        moments = settled_moments(vector, missing)
        if not moments.varied:
            raise ValueError(_few("standardize", vector, moments.high))
        if moments.weight <= ddof:
            raise ValueError(
                f"standardize needs more than {ddof} values for ddof={ddof}, "
                f"got {moments.weight:.0f}; pass more values or a smaller ddof"
            )
        deviation = float(np.sqrt(moments.squares / (moments.weight - ddof)))
        rest = 0.0 if negligible(moments.low, deviation) else moments.low
        return _rescaled(vector, out, moments.high, rest, deviation)


def robust_scale(
    data: Any,
    quantiles: tuple[float, float],
    missing: str,
    out: NDArray[Any] | None,
) -> Any:
    vector = open_vector(data, "robust_scale")
    if vector.integers is not None:
        raise ValueError(
            "robust_scale takes integers of at most 64 bits, got larger ones"
        )
    with np.errstate(all="ignore"):
        low, high = settled_extent(vector, missing)
        if not low < high:
            raise ValueError(_few("robust_scale", vector, low))
        vector.exponent = scale_exponent(low, high)
        lower, median, upper = _percentiles(vector, [quantiles[0], 50.0, quantiles[1]])
        if not lower < upper:
            raise ValueError(
                f"robust_scale: percentiles {quantiles[0]:g} and {quantiles[1]:g} of "
                f"the data are equal; choose wider ones or use standardize"
            )
        return _rescaled(vector, out, median, 0.0, upper - lower)


def clip(
    data: Any, lower: float, upper: float, missing: str, out: NDArray[Any] | None
) -> Any:
    vector = open_vector(data, "clip_outliers")
    if vector.integers is not None:
        return _from_list(vector, _lists.clip(vector.integers, lower, upper), out)
    with np.errstate(all="ignore"):
        target = _target(vector, out)
        if vector.null is not None:
            vector.settle(missing, infinite=True)
        try:
            low, high = _bounds(vector, lower, upper, target)
        except UnsettledError:
            vector.settle(missing, infinite=True)
            low, high = _bounds(vector, lower, upper, target)

        def write(rows: range) -> None:
            for start in rows[::BLOCK]:
                places = slice(start, min(start + BLOCK, rows.stop))
                block = vector.values[places]
                if block.dtype == target.dtype:
                    np.clip(block, low, high, out=target[places])
                else:
                    target[places] = np.clip(block, low, high)

        run_together([partial(write, rows) for rows in parts_of(len(target))])
        return _finished(vector, target, out)


def _bounds(
    vector: Vector, lower: float, upper: float, target: NDArray[Any]
) -> tuple[Any, Any]:
    count = vector.present
    if not count:
        return 0, 0
    ranks = [min(count - 1, int(count * p / 100)) for p in (lower, upper)]
    # The result's memory serves as scratch until the result is written.
    spare = target.dtype == vector.values.dtype and not np.may_share_memory(
        target, vector.values
    )
    low, high = order_statistics(vector, count, ranks, target if spare else None)
    if not (isfinite(low) and isfinite(high)):
        raise ValueError(
            f"clip_outliers: the bounds would be {low} and {high}; "
            "choose percentiles within the finite values"
        )
    return low, high


def _percentiles(vector: Vector, levels: list[float]) -> list[float]:
    count = vector.present
    spots = neighbours(count, levels)
    ranks = [r for spot in spots for r in spot[:2]]
    values = map(float, order_statistics(vector, count, ranks))
    return [between(part, next(values), next(values)) for _, _, part in spots]


def _few(name: str, vector: Vector, value: float) -> str:
    count = vector.present
    if not count:
        return f"{name} needs at least two different values, got none"
    equal = int(value) + vector.origin if vector.origin else value
    return f"{name} needs at least two different values, got {count} equal to {equal}"


def _rescaled(
    vector: Vector, out: NDArray[Any] | None, center: float, rest: float, scale: float
) -> Any:
    target = _target(vector, out)

    def write(rows: range) -> None:
        for _ in rescaled(vector, center, rest, scale, target, rows=rows):
            pass

    run_together([partial(write, rows) for rows in parts_of(len(target))])
    return _finished(vector, target, out)


def _target(vector: Vector, out: NDArray[Any] | None) -> NDArray[Any]:
    """Return the array to write to, after checking one that the user gave."""
    n = len(vector.values)
    if out is None:
        # What was read from a list is ours: no new pages for the result.
        return vector.values if vector.owned else np.empty(n, vector.dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an ndarray, got {type(out).__name__}")
    if out.shape != (n,) or out.dtype.kind != "f" or not out.flags.writeable:
        state = "" if out.flags.writeable else "read-only "
        raise ValueError(
            f"out must be a writeable floating array of shape {(n,)}, "
            f"got {state}{out.dtype} of shape {out.shape}"
        )
    same = (
        out.__array_interface__["data"] == vector.values.__array_interface__["data"]
        and out.strides == vector.values.strides
    )
    if not same and np.may_share_memory(out, vector.values):
        # Shifted or reversed memory: writing would change what is still to be read.
        vector.values = vector.values.copy()
    return out


def _finished(vector: Vector, target: NDArray[Any], out: NDArray[Any] | None) -> Any:
    if out is None:
        return vector.wrap(target)
    if vector.null is not None:
        out[vector.null] = np.nan
    return out


def _from_list(
    vector: Vector, result: list[float] | None, out: NDArray[Any] | None
) -> Any:
    """Finish what was computed on integers of more than 64 bits."""
    if result is None:
        raise ValueError(
            f"{vector.name} needs at least two different values, "
            f"got {len(vector.values)} equal ones or values beyond every float"
        )
    target = _target(vector, out)
    target[:] = result
    return _finished(vector, target, out)
