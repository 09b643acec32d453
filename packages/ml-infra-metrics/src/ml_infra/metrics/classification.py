"""Metrics of predicted classes: predictions first, labels second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def _rows(predictions: Iterable[Any], labels: Iterable[Any]) -> list[tuple[Any, Any]]:
    first, second = list(predictions), list(labels)
    if len(first) != len(second):
        raise ValueError(
            "predictions and labels must have the same length, "
            f"got {len(first)} and {len(second)}"
        )
    if not first:
        raise ValueError("predictions and labels are empty; at least one row is needed")
    return list(zip(first, second, strict=True))


def _binary(rows: list[tuple[Any, Any]], positive: Any) -> tuple[int, int, int]:
    hits = sum(p == positive and y == positive for p, y in rows)
    predicted = sum(p == positive for p, _ in rows)
    actual = sum(y == positive for _, y in rows)
    return hits, predicted, actual


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def accuracy(predictions: Iterable[Any], labels: Iterable[Any]) -> float:
    """
    Return the share of rows whose prediction equals the label.

    >>> accuracy([1, 0, 1, 1, 0], [1, 0, 1, 0, 0])
    0.8
    """
    rows = _rows(predictions, labels)
    return sum(bool(p == y) for p, y in rows) / len(rows)


def precision(
    predictions: Iterable[Any], labels: Iterable[Any], *, positive: Any = 1
) -> float:
    """
    Return the share of predicted positives that are positive; nan if there are none.

    >>> precision([1, 0, 1, 1], [1, 0, 1, 0])
    0.6666666666666666
    """
    hits, predicted, _ = _binary(_rows(predictions, labels), positive)
    return _ratio(hits, predicted)


def recall(
    predictions: Iterable[Any], labels: Iterable[Any], *, positive: Any = 1
) -> float:
    """
    Return the share of positives that were predicted; nan if there are none.

    >>> recall([1, 0, 0, 1], [1, 0, 1, 0])
    0.5
    """
    hits, _, actual = _binary(_rows(predictions, labels), positive)
    return _ratio(hits, actual)


def f1_score(
    predictions: Iterable[Any], labels: Iterable[Any], *, positive: Any = 1
) -> float:
    """
    Return the harmonic mean of precision and recall; nan without any positive.

    >>> f1_score([1, 0, 1, 1], [1, 0, 1, 0])
    0.8
    """
    hits, predicted, actual = _binary(_rows(predictions, labels), positive)
    return _ratio(2 * hits, predicted + actual)
