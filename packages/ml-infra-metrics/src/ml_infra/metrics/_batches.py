"""Small batches of integers: gathered first and counted together, which is faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._count_rows import count_table
from ._inputs import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._count_table import CountTable
    from ._readers import Array

#: Rows that are gathered before they are counted.
BATCH_ROWS = 1 << 16

#: Predictions and labels.
Batch = tuple["Array", "Array"]


def small_batch(predictions: Any, labels: Any) -> Batch | None:
    """Return copies of two small plain columns of integers; None of anything else."""
    arrays = []
    for data in (predictions, labels):
        if type(data) is not np.ndarray:
            if type(data).__module__ != "torch":
                return None
            try:
                data = data.numpy()  # noqa: PLW2901 - the same data, as an array
            except (RuntimeError, TypeError):  # on a device, or with a gradient
                return None
        if data.ndim != 1 or data.dtype.kind != "i" or len(data) >= BATCH_ROWS:
            return None
        arrays.append(data)
    first, second = arrays
    if len(first) != len(second) or not len(first):
        return None
    # Copies: the caller may reuse the buffers of a batch.
    return first.copy(), second.copy()


def span_of(classes: Sequence[Any]) -> tuple[int, int] | None:
    """Return the ends of consecutive ascending integers; None of other classes."""
    if not classes or type(classes[0]) is not int:
        return None
    low, high = classes[0], classes[0] + len(classes) - 1
    return (low, high) if list(classes) == list(range(low, high + 1)) else None


def within(span: tuple[int, int] | None, batch: Batch) -> bool:
    """Return whether all codes surely are in a class list with these ends."""
    if span is None:
        return False
    low, high = span
    return all(low <= codes.min() and codes.max() <= high for codes in batch)


def count_batches(batches: Sequence[Batch]) -> CountTable:
    """Count all batches at once."""
    predictions, labels = map(np.concatenate, zip(*batches, strict=True))
    read = rows({"predictions": predictions, "labels": labels})
    return count_table(read.columns, 0, None, 0)
