"""What metrics of scores need of their labels: which rows, or columns, are positive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._averaging import listed
from ._codes import encode
from ._counting import count_cells
from ._numbers import refuse_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._arrays import BoolArray
    from ._codes import Codes
    from ._readers import Column

_NAMED = (
    "; the columns of a data frame are paired with the labels by name: rename them, or "
    "pass the class of each column as classes="
)


class Binary(NamedTuple):
    """Labels of two classes."""

    codes: Any
    #: What `codes` holds in positive rows; None where there is none.
    code: int | None
    #: The other class; None where no row has it.
    negative: Any

    def positive(self, block: slice = slice(None)) -> BoolArray:
        """Return which rows of a block are positive; a mask of all costs memory."""
        part = self.codes[block]
        if self.code is None:
            return np.zeros(len(part), np.bool_)
        return np.asarray(part == self.code)


class Multiclass(NamedTuple):
    """Labels of several classes, as indices into the class list."""

    codes: Any
    classes: Sequence[Any]

    def is_class(self, k: int) -> BoolArray:
        """Return which rows have class number k."""
        return np.asarray(self.codes == k)


def binary(labels: Column, positive: Any, *, require: bool = True) -> Binary:
    """
    Return which rows are positive.

    Args:
        labels: Shape (n,), of two classes.
        positive: The positive class.
        require: Whether `positive` must occur in a row, unless the labels are all 0,
            -1 or False, beside which 1 is known to be missing.

    Raises:
        ValueError: If there are more than two classes, or no positive class.
    """
    codes, present = _occurring(labels)
    values, classes = codes.columns[0], codes.classes
    others = [classes[k] for k in present if classes[k] != positive]
    if len(others) > 1 and len(present) > 2:
        raise ValueError(
            f"labels hold {len(present)} classes, "
            f"{shown(classes[k] for k in present)}, "
            f"where {positive!r} and one other are needed; pass one column of scores "
            "per class, shape (n, k), or compare the labels with one class first"
        )
    if len(others) == len(present) and (
        len(others) > 1 or (require and others[0] not in (0, -1))
    ):
        raise ValueError(
            f"positive={positive!r} is no class of the labels, {shown(others)}; "
            f"pass the positive class, as in positive={others[-1]!r}"
        )
    found = [k + codes.offset for k in present if classes[k] == positive]
    negative = others[0] if others else None
    return Binary(values, found[0] if found else None, negative)


def multiclass(
    labels: Column, scores: Column, classes: Sequence[Any] | None
) -> Multiclass:
    """
    Return the column of each row's class.

    Args:
        labels: Shape (n,).
        scores: Shape (n, k), a column per class.
        classes: Class of each column; None means the names of a data frame's columns,
            or all labels in ascending order.

    Raises:
        ValueError: If classes repeat, miss a label or are not one per column.
    """
    columns = scores.values.shape[1]
    classes = named_columns(scores, classes)
    codes, present = _occurring(labels)
    values, known = codes.columns[0] - codes.offset, codes.classes
    if classes is None:
        if len(present) != columns:
            raise ValueError(
                f"there are {columns} columns of scores but {len(present)} classes "
                f"among the labels, {shown(known[k] for k in present)}; pass the class "
                f"of each column, as in classes={list(range(columns))}"
            )
        order = [known[k] for k in present]
    else:
        order = column_names(classes, columns)
    place = {label: k for k, label in enumerate(order)}
    unknown = [known[k] for k in present if known[k] not in place]
    if unknown:
        raise ValueError(
            f"labels outside classes={shown(order)}: {shown(unknown)}"
            + ("" if scores.names is None else _NAMED)
        )
    table = np.zeros(codes.size, np.intp)
    for k in present:
        table[k] = place[known[k]]
    return Multiclass(table[values], order)


def _occurring(labels: Column) -> tuple[Codes, list[int]]:
    """Return labels as codes, and which codes occur in a row."""
    codes = encode([labels])
    values = codes.columns[0]
    if codes.size == 2:
        extremes = {int(values.min()), int(values.max())}
        return codes, sorted(k - codes.offset for k in extremes)
    counts = count_cells([(values, codes.offset, codes.size)])
    return codes, np.flatnonzero(counts).tolist()


def named_columns(
    scores: Column, classes: Sequence[Any] | None
) -> Sequence[Any] | None:
    """
    Return the class of each column of scores, None if nobody named them.

    A data frame's own names win over a list of the same classes in another order.
    """
    if scores.names is None:
        return classes
    if classes is None or {*scores.names} == {*listed(classes)}:
        return scores.names
    return classes


def column_names(classes: Sequence[Any] | None, columns: int) -> list[Any]:
    """Return one distinct class per column; None means their numbers."""
    if classes is None:
        return list(range(columns))
    names = list(listed(classes))
    if len(names) != columns:
        raise ValueError(
            f"classes must name the {columns} columns of scores, got {len(names)}"
        )
    return names


def indicator(labels: Column) -> BoolArray:
    """
    Return multilabel labels, shape (n, k) of 0 and 1, as booleans.

    Raises:
        ValueError: If another value occurs.
    """
    values = labels.values
    if values.dtype.kind == "b":
        return np.asarray(values, np.bool_)
    if values.dtype.kind not in "iuf":
        raise TypeError(
            f"{labels.name} of shape (n, k) must be 0 or 1, got {values.dtype}"
        )
    refuse_rows(labels.name, (values != 0) & (values != 1), "a value besides 0 and 1")
    return np.asarray(values == 1)


def shown(classes: Iterable[Any]) -> str:
    """Return a class list for a message, shortened where it is long."""
    listed = list(classes)
    words = [repr(label) for label in listed[:6]]
    return f"[{', '.join(words)}{', ...' if len(listed) > 6 else ''}]"
