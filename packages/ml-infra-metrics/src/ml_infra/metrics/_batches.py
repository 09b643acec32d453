"""Small batches of integers: gathered first and counted together, which is faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._count_rows import count_table
from ._inputs import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array
    from ._count_table import CountTable

#: Rows that are gathered before they are counted.
BATCH_ROWS = 1 << 16

#: Predictions and labels.
Batch = tuple["Array", "Array"]


def small_batch(predictions: Any, labels: Any) -> Batch | None:
    """Return two small plain columns of integers; None of anything else."""
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
    return first, second


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


class Waiting:
    """Small batches in one buffer, to be counted at once; callers may reuse theirs."""

    def __init__(self) -> None:
        self.rows = 0
        self._buffer: Array = None

    def __copy__(self) -> Waiting:
        twin = Waiting()
        if self.rows:
            twin.rows, twin._buffer = self.rows, self._buffer.copy()
        return twin

    def fits(self, batch: Batch) -> bool:
        """Return whether there is room for a batch."""
        return self.rows + len(batch[0]) <= BATCH_ROWS

    def add(self, batch: Batch) -> None:
        """Keep the rows of a batch that fits."""
        if self._buffer is None:
            self._buffer = np.empty((2, BATCH_ROWS), np.int64)
        start, self.rows = self.rows, self.rows + len(batch[0])
        self._buffer[0, start : self.rows], self._buffer[1, start : self.rows] = batch

    def count(self) -> CountTable:
        """Count the rows that wait; none do afterwards."""
        predictions, labels = self._buffer[:, : self.rows]
        read = rows({"predictions": predictions, "labels": labels})
        self.rows = 0
        return count_table(read.columns, 0, None, 0)
