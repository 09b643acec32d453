"""
Multilabel rows: 0/1 indicators, a column per class, and the sets they stand for.

`Counts` keeps pairs of whole label sets, not of single labels: what the columns of a
row have in common is then known, which honest intervals of averages need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._codes import Codes, encode_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ._arrays import Array, BoolArray
    from ._readers import Column


def are_indicators(columns: Sequence[Column]) -> bool:
    """Return whether predictions and labels both have a column per class."""
    return all(column.values.ndim == 2 for column in columns[:2])


def checked_indicators(columns: Sequence[Column]) -> tuple[Array, Array]:
    """
    Return the arrays of predictions and labels, shape (n, k).

    Raises:
        ValueError: If one holds anything but 0 and 1, or their shapes differ.
    """
    for column in columns:
        values = column.values
        if values.dtype.kind not in "biuf" or not ((values == 0) | (values == 1)).all():
            raise ValueError(
                f"{column.name} of shape {values.shape} must be 0/1 indicators, a "
                "column per class; threshold scores first, or take their argmax"
            )
    predictions, labels = (column.values for column in columns)
    if predictions.shape != labels.shape:
        raise ValueError(
            "predictions and labels must have the same shape, "
            f"got {predictions.shape} and {labels.shape}"
        )
    return predictions, labels


def refuse_binary(average: Any) -> None:
    """Refuse the average that needs a positive class: every column has its own."""
    if average == "binary":
        raise ValueError(
            'average="binary" needs one column of classes, got indicators; choose '
            'average="macro", "micro", "weighted" or None'
        )


def refuse_agreement(name: str) -> None:
    """Refuse a metric that compares one class with one class."""
    if name in ("matthews_corrcoef", "cohen_kappa", "confusion_matrix"):
        raise ValueError(f"{name} needs one column of classes, got indicators")


def encode_sets(columns: Sequence[Column]) -> Codes:
    """Code each row by its set of labels: the integer with bit j set for column j."""
    return encode_words([_packed(array) for array in checked_indicators(columns)])


def _packed(indicators: Array) -> NDArray[np.uint64]:
    packed = np.packbits(indicators != 0, axis=1, bitorder="little")
    n, width = packed.shape
    padded = np.zeros((n, -(-width // 8) * 8), np.uint8)
    padded[:, :width] = packed
    return padded.view("<u8")


def members(sets: Sequence[int], columns: int) -> BoolArray:
    """Return which columns each set holds, shape (sets, columns)."""
    width = -(-columns // 8)
    packed = b"".join(labels.to_bytes(width, "little") for labels in sets)
    table = np.frombuffer(packed, np.uint8).reshape(len(sets), width)
    return np.unpackbits(table, axis=1, count=columns, bitorder="little").view(bool)
