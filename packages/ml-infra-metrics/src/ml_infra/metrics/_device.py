"""
Counting arrays where they are: on a GPU, through the array API standard.

Only the cells of the confusion table, a few numbers, leave the device. Needs the extra
`array-api`; without it, arrays on a device are refused with advice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._readers import on_device

if TYPE_CHECKING:
    from ._arrays import Array, FloatArray, IntArray


class DeviceCells(NamedTuple):
    """Pairs that occur, in main memory, with their rows and sums of weights."""

    prediction: Array
    label: Array
    rows: IntArray
    weight: FloatArray | None = None
    square: FloatArray | None = None
    #: Columns of indicators, whose label sets the pairs are then of.
    columns: int | None = None


def namespace_of(**arrays: Any) -> tuple[Any, Any]:
    """
    Return array-api-compat and the namespace of arrays that are on one device.

    Raises:
        TypeError: If array-api-compat is not installed, or one of them is elsewhere.
    """
    given = {name: array for name, array in arrays.items() if array is not None}
    far = [name for name, array in given.items() if on_device(array)]
    device = given[far[0]].device
    for name in given.keys() - {*far}:
        raise TypeError(
            f"{far[0]} is on {device} but {name} is not; move {name} there, or all to "
            "the CPU with .cpu()"
        )
    try:
        compat: Any = import_module("array_api_compat")
    except ImportError as error:
        raise TypeError(
            f"{far[0]} is on {device}: install ml-infra-metrics[array-api] to compute "
            "there, or pass .cpu() arrays"
        ) from error
    return compat, compat.array_namespace(*given.values())


def count_on_device(predictions: Any, labels: Any, weights: Any = None) -> DeviceCells:
    """
    Count pairs of integer or boolean classes, or of 0/1 indicators, where they are.

    Raises:
        TypeError: If array-api-compat is not installed, an argument is elsewhere, or
            the classes are floats.
        ValueError: If shapes disagree, there is no row, an indicator is neither 0 nor
            1, there are more than 62 columns, or a weight is negative.
    """
    compat, xp = namespace_of(predictions=predictions, labels=labels, weights=weights)
    shape = tuple(predictions.shape)
    if shape[1:] == (1,) and tuple(labels.shape) == shape:
        return count_on_device(predictions[:, 0], labels[:, 0], weights)
    if len(shape) not in (1, 2) or tuple(labels.shape) != shape:
        raise ValueError(
            "on a device, predictions and labels must have the same shape, (n,) or "
            f"(n, k); got {shape} and {tuple(labels.shape)}"
        )
    if shape[0] == 0:
        raise ValueError("predictions and labels are empty; at least one row is needed")
    both = predictions, labels
    if not all(xp.isdtype(a.dtype, ("bool", "integral")) for a in both):
        raise TypeError(
            "on a device, classes must be integers or booleans; take the argmax or "
            "apply a threshold first"
        )
    codes = [xp.astype(a, xp.int64) for a in both]
    if len(shape) == 2:
        codes = [_label_sets(a, xp) for a in codes]
    values = checked_weights(weights, shape[0], xp)
    if values is not None:  # a row of weight 0 is an absent row
        *codes, values = (a[values > 0] for a in (*codes, values))
    classes = xp.unique_values(xp.concat(codes))
    prediction, label = (xp.searchsorted(classes, a) for a in codes)
    cells = label * classes.shape[0] + prediction
    distinct, counts = xp.unique_counts(cells)
    names, host = to_host(classes, compat), to_host(distinct, compat)
    if len(shape) == 1 and all(xp.isdtype(a.dtype, "bool") for a in both):
        names = names.astype(bool)
    found = DeviceCells(
        names[host % len(names)],
        names[host // len(names)],
        to_host(counts, compat).astype(np.int64),
        columns=shape[1] if len(shape) == 2 else None,
    )
    if values is None:
        return found
    order, ends = xp.argsort(cells), np.cumsum(found.rows)
    weight, square = (
        run_sums(xp.take(of, order), ends, compat) for of in (values, values * values)
    )
    return found._replace(weight=weight, square=square)


def _label_sets(indicators: Any, xp: Any) -> Any:
    """Return each row of indicators as the integer of its label set."""
    columns = indicators.shape[1]
    if columns > 62:
        raise ValueError(
            f"on a device, indicators may have 62 columns, got {columns}; pass .cpu() "
            "arrays"
        )
    if not bool(xp.all((indicators == 0) | (indicators == 1))):
        raise ValueError("on a device, arrays of shape (n, k) must be 0/1 indicators")
    bits = xp.asarray([1 << j for j in range(columns)], device=indicators.device)
    return xp.sum(indicators * bits, axis=1)


def checked_weights(weights: Any, n: int, xp: Any) -> Any:
    """Return weights as float64, or None, refusing what is no weight."""
    if weights is None:
        return None
    if tuple(weights.shape) != (n,):
        raise ValueError(
            f"weights must have shape ({n},), got shape {tuple(weights.shape)}"
        )
    values = xp.astype(weights, xp.float64)
    if not bool(xp.all(values >= 0)) or bool(xp.any(xp.isinf(values))):
        raise ValueError("weights must be finite and not negative")
    if not bool(xp.any(values > 0)):
        raise ValueError("weights are all 0; at least one row must count")
    return values


def run_sums(ordered: Any, ends: Array, compat: Any) -> FloatArray:
    """Return sums over runs of rows, given where each run ends, in main memory."""
    xp = compat.array_namespace(ordered)
    last = xp.asarray(ends - 1, device=ordered.device)
    upto = to_host(xp.take(xp.cumulative_sum(ordered), last), compat)
    return np.diff(upto.astype(np.float64), prepend=0.0)


def to_host(array: Any, compat: Any) -> Array:
    """Return an array as NumPy's, in main memory."""
    if hasattr(array, "to_device") and not compat.is_torch_array(array):
        namespace = compat.array_namespace(array)
        host = namespace.__array_namespace_info__().default_device()
        return np.asarray(array.to_device(host))
    return np.asarray(compat.to_device(array, "cpu"))
