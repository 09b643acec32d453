"""
Counting arrays where they are: on a GPU, through the array API standard.

Only the cells of the confusion table, a few numbers, leave the device. Needs the extra
`array-api`; without it, arrays on a device are refused with advice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._readers import Array


class DeviceCells(NamedTuple):
    """Pairs that occur, in main memory, with their rows and sums of weights."""

    prediction: Array
    label: Array
    rows: NDArray[np.int64]
    weight: NDArray[np.float64] | None
    square: NDArray[np.float64] | None


def count_on_device(predictions: Any, labels: Any, weights: Any = None) -> DeviceCells:
    """
    Count pairs of integer or boolean classes where the arrays are.

    Raises:
        TypeError: If array-api-compat is not installed, or the classes are floats.
        ValueError: If shapes disagree, there is no row, or a weight is negative.
    """
    try:
        compat: Any = import_module("array_api_compat")
    except ImportError as error:
        raise TypeError(
            f"predictions are on {predictions.device}: install "
            "ml-infra-metrics[array-api] to count them there, or pass .cpu() arrays"
        ) from error
    given = [predictions, labels] if weights is None else [predictions, labels, weights]
    xp = compat.array_namespace(*given)
    if predictions.ndim != 1 or any(a.shape != predictions.shape for a in given):
        shapes = " and ".join(str(tuple(a.shape)) for a in given)
        raise ValueError(f"all arrays must have the same shape (n,), got {shapes}")
    if predictions.shape[0] == 0:
        raise ValueError("predictions and labels are empty; at least one row is needed")
    if not all(xp.isdtype(a.dtype, ("bool", "integral")) for a in given[:2]):
        raise TypeError(
            "on a device, classes must be integers or booleans; take the argmax or "
            "apply a threshold first"
        )
    codes = [xp.astype(a, xp.int64) for a in given[:2]]
    classes = xp.unique_values(xp.concat(codes))
    prediction, label = (xp.searchsorted(classes, a) for a in codes)
    cells = label * classes.shape[0] + prediction
    distinct, rows = xp.unique_counts(cells)
    names, host = to_host(classes, compat), to_host(distinct, compat)
    found = DeviceCells(
        names[host % len(names)],
        names[host // len(names)],
        to_host(rows, compat).astype(np.int64),
        None,
        None,
    )
    if weights is None:
        return found
    values = xp.astype(weights, xp.float64)
    if not bool(xp.all(values >= 0)) or bool(xp.any(xp.isinf(values))):
        raise ValueError("weights must be finite and not negative")
    order = xp.argsort(cells)
    ends = np.cumsum(found.rows) - 1

    def sums(of: Any) -> NDArray[np.float64]:
        # Differences of running sums at the ends of each cell's run of rows.
        total = xp.cumulative_sum(xp.take(of, order))
        at_ends = to_host(xp.take(total, xp.asarray(ends, device=total.device)), compat)
        return np.diff(at_ends.astype(np.float64), prepend=0.0)

    return found._replace(weight=sums(values), square=sums(values * values))


def to_host(array: Any, compat: Any) -> Array:
    """Return an array as NumPy's, in main memory."""
    if hasattr(array, "to_device") and not compat.is_torch_array(array):
        namespace = compat.array_namespace(array)
        host = namespace.__array_namespace_info__().default_device()
        return np.asarray(array.to_device(host))
    return np.asarray(compat.to_device(array, "cpu"))
