"""The confusion matrix, the report, and the top-k accuracy of score columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _tiny
from ._averaging import listed, rearrange
from ._codes import encode
from ._counting import count_pairs
from ._inputs import arguments, blocks, rows
from ._report import Report, build_report
from ._tables import count, read_rows
from ._targets import named_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from ._arrays import Array
    from ._inputs import Aliases, Missing
    from ._undefined import UndefinedPolicy

__all__ = ["classification_report", "confusion_matrix", "top_k_accuracy"]


def confusion_matrix(
    predictions: Any = None,
    labels: Any = None,
    *,
    classes: Any = None,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> NDArray[Any]:
    """
    Return how often each label (row) was predicted as each class (column).

    Args:
        predictions: Predicted classes, shape (n,).
        labels: True classes, same shape and kind as `predictions`.
        classes: Classes of rows and columns, in this order; must hold every class of
            the data. None means those that occur, ascending.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        An array of shape (k, k): int64 counts, or float64 sums of weights.

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length, have missing values, or hold
            a class outside `classes`.

    >>> confusion_matrix(["a", "b", "b"], ["a", "b", "a"])
    array([[1, 1],
           [0, 1]])
    """
    if _tiny.is_tiny(
        predictions, labels, aliases, classes=classes, weights=weights, missing=missing
    ):
        return np.array(_tiny.matrix(predictions, labels))
    read = read_rows(
        "confusion_matrix",
        predictions,
        labels,
        aliases,
        weights=weights,
        missing=missing,
    )
    coded = encode(read.columns)
    pairs = count_pairs(coded, read.weights)
    present = np.flatnonzero(pairs.any(axis=0) | pairs.any(axis=1))
    if len(present) < len(pairs):
        low, high = int(present[0]), int(present[-1]) + 1
        pairs = pairs[low:high, low:high]
        if len(present) < len(pairs):
            pairs = pairs[np.ix_(present - low, present - low)]
        pairs = np.ascontiguousarray(pairs)
    if weights is None:
        pairs = pairs.astype(np.int64, copy=False)
    if classes is None:
        return pairs
    names = [coded.classes[code] for code in present.tolist()]
    return reorder(pairs, names, listed(classes))


def reorder(
    pairs: Array, present: Sequence[Any], classes: Sequence[Any]
) -> NDArray[Any]:
    """Return the square table in the order of `classes`, absent ones as zeros."""
    position = {c: i for i, c in enumerate(classes)}
    unknown = [c for c in present if c not in position]
    if unknown:
        raise ValueError(
            f"the data hold {unknown[0]!r}, which is not in classes; name every class, "
            "so that no row is left out of the table"
        )
    places = [position[c] for c in present]
    out = np.zeros((len(classes), len(classes)), pairs.dtype)
    out[np.ix_(places, places)] = pairs
    return out


def classification_report(
    predictions: Any = None,
    labels: Any = None,
    *,
    classes: Any = None,
    weights: Any = None,
    undefined: UndefinedPolicy = "nan",
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> Report:
    """
    Return precision, recall, F1 and support per class and averaged, from one count.

    The keys are the same whatever the data; printing the report shows a table.

    Args:
        predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
        labels: True classes, same shape and kind as `predictions`.
        classes: Classes to report, in this order; None means those that occur.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        undefined: Stands for an undefined value: "nan", 0, 1 or "raise".
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A `Report`: a dict with "accuracy", "micro", "macro", "weighted", "classes",
        "n", "dropped" and "undefined".

    Raises:
        TypeError: If the two hold different kinds, or are no columns.
        ValueError: If they are empty, of unequal length or have missing values.

    >>> report = classification_report([1, 0, 1, 1], [1, 0, 1, 0])
    >>> report["classes"][1]["precision"], report["accuracy"]
    (0.6666666666666666, 0.75)
    """
    read = read_rows(
        "classification_report",
        predictions,
        labels,
        aliases,
        weights=weights,
        missing=missing,
    )
    counted = count(read)
    table = counted.table
    m = table.marginals
    hits = m.hits.sum() if counted.exact is None else counted.exact
    if classes is not None:
        table = rearrange(table, listed(classes))
    accuracy = float(hits / m.total)
    return build_report(table, accuracy, undefined, counted.n, counted.dropped)


def top_k_accuracy(
    scores: Any = None,
    labels: Any = None,
    *,
    k: int = 2,
    classes: Any = None,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the share of rows whose label is among the k highest scores.

    A tie counts against the label: scoring all classes alike gains nothing.

    Args:
        scores: Shape (n, classes), real numbers; columns in the order of `classes`.
        labels: True classes, shape (n,), each one of `classes`.
        k: How many of the highest scores count, 1 <= k <= number of columns.
        classes: Class of each column; None means 0, 1, 2 ...
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        missing: "raise" refuses NaN and null; "drop" leaves such rows out.
        **aliases: Keywords of other libraries instead of the first two.

    Returns:
        A float in [0, 1].

    Raises:
        TypeError: If the arguments are no columns of numbers and classes.
        ValueError: If shapes disagree, a label is not one of `classes`, or k is out
            of range.

    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.5, 0.4, 0.1]], [1, 2], k=2)
    0.5
    """
    first, second = arguments("top_k_accuracy", scores, labels, aliases, "scores")
    read = rows({"scores": first, "labels": second}, weights=weights, missing=missing)
    table = read.columns[0].values
    if table.ndim != 2 or table.dtype.kind not in "biuf":
        raise ValueError(
            "scores must be numbers of shape (n, classes), got shape "
            f"{table.shape} of {table.dtype}; with one score per row, use accuracy"
        )
    n, width = table.shape
    classes = named_columns(read.columns[0], classes)
    names = range(width) if classes is None else listed(classes)
    if len(names) != width:
        raise ValueError(f"classes names {len(names)} classes for {width} columns")
    if not isinstance(k, int) or not 1 <= k <= width:
        raise ValueError(f"k must be an integer in [1, {width}], got {k!r}")
    coded = encode([read.columns[1]])
    position = {c: i for i, c in enumerate(names)}
    places = np.array([position.get(c, -1) for c in coded.classes], np.intp)
    hits = 0.0
    for block in blocks(n, max(1, (1 << 17) // width)):
        part = table[block]
        codes = coded.columns[0][block].astype(np.int64) - coded.offset
        column = places[codes]
        if (column < 0).any():
            row = int((column < 0).argmax())
            raise ValueError(
                f"labels holds {coded.classes[int(codes[row])]!r} at row "
                f"{block.start + row}, which is no score column; name them by classes="
            )
        own = np.take_along_axis(part, column[:, None], axis=1)
        hit = (part >= own).sum(axis=1) <= k
        hits += hit.sum() if read.weights is None else read.weights[block] @ hit
    return float(hits / (n if read.weights is None else read.weights.sum()))
