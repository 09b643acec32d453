"""Weights of rows: checked, and brought to a scale whose squares stay finite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._arrays import FloatArray, IntArray
    from ._readers import Column

_LARGEST = 1e100


def read_weights(column: Column) -> FloatArray:
    """
    Return weights as float64.

    Raises:
        ValueError: If one is missing, negative or infinite, or their sum is.
    """
    numeric = column.categories is None and column.values.dtype.kind in "biuf"
    if column.null is not None or not numeric:
        raise ValueError("weights must be numbers without missing values")
    weights = np.asarray(column.values, np.float64)
    if weights.ndim != 1:
        raise ValueError(f"weights must have shape (n,), got shape {weights.shape}")
    if np.isnan(weights).any():
        raise ValueError(f"weights has NaN at row {int(np.isnan(weights).argmax())}")
    if np.isinf(weights).any():
        raise ValueError(
            f"weights has an infinite value at row {int(np.isinf(weights).argmax())}"
        )
    with np.errstate(over="ignore"):
        overflows = bool(np.isinf(weights.sum()))
    if overflows:
        raise ValueError("weights are too large to add up; divide them by a constant")
    if (weights < 0).any():
        raise ValueError(
            f"weights has a negative value at row {int((weights < 0).argmax())}"
        )
    return weights


def power_scaled(weights: FloatArray | None) -> FloatArray | None:
    """
    Return weights of at most 1, divided by a power of two: exact, whatever their size.

    So squares and sums stay finite, and metrics, which do not depend on the scale,
    are the same to the last bit. None, all ones, stays None.
    """
    if weights is None:
        return None
    exponent = int(np.frexp(weights.max())[1])
    return weights if 0 <= exponent < 64 else np.ldexp(weights, -exponent)


def integers_if_whole(weights: FloatArray) -> FloatArray | IntArray:
    """Return whole weights as integers, whose sums do not depend on their order."""
    if weights.max() < 2**26 and (weights == np.floor(weights)).all():
        return weights.astype(np.int64)
    return weights


def check_weight_size(weights: FloatArray | None) -> None:
    """Raise ValueError if sums of squares over many batches could overflow."""
    if weights is not None and weights.max() > _LARGEST:
        raise ValueError(
            f"weights up to {weights.max():.3g} are too large to be squared and summed "
            "over batches; divide all of them by one number"
        )
