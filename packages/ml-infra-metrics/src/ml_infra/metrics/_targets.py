"""What metrics of scores need of their labels: which rows, or columns, are positive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._averaging import listed
from ._codes import encode
from ._counting import count_cells
from ._inputs import blocks, floats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._arrays import Array, BoolArray, FloatArray, IntArray
    from ._codes import Codes
    from ._readers import Column

_LARGEST_WEIGHT = 1e100
_NAMED = (
    "; the columns of a data frame are paired with the labels by name: rename them, or "
    "pass the class of each column as classes="
)
_EXACT = 2**53  # up to here float64 tells all integers apart


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


def number_array(column: Column) -> Any:
    """
    Return numbers in the type they have, shape (n,) or (n, k).

    Raises:
        TypeError: If they are no numbers.
        ValueError: If an integer has no float64 of its own.
    """
    values = column.values
    if values.dtype.kind in "iu" and column.categories is None:
        if (
            values.dtype.itemsize == 8
            and max(-int(values.min()), int(values.max())) > _EXACT
        ):
            large = (values > _EXACT) | (values < -_EXACT)
            refuse_rows(
                column.name,
                large,
                "an integer beyond 2**53",
                ", where float64 cannot tell neighbours apart; pass smaller numbers",
            )
        return values
    return floats(column)


def score_array(column: Column) -> FloatArray:
    """Return numbers as float64, in which scores are compared."""
    return np.asarray(number_array(column), np.float64)


def ordered_scores(column: Column) -> Array:
    """Return numbers as float32 if that is exact, so that they sort faster."""
    values = number_array(column)
    narrow = np.can_cast(values.dtype, np.float32)
    return np.asarray(values, np.float32 if narrow else np.float64)


def number_vector(column: Column) -> Any:
    """Return `number_array`, refusing any shape but (n,)."""
    values = number_array(column)
    if values.ndim != 1:
        raise ValueError(
            f"{column.name} must have shape (n,), got shape {values.shape}; "
            "call the metric once per output"
        )
    return values


def finite_vector(column: Column) -> Any:
    """Return `number_vector`, refusing infinities."""
    values = number_vector(column)
    for block in blocks(len(values)):
        if not np.isfinite(values[block]).all():
            refuse_rows(column.name, np.isinf(values), "an infinite value")
    return values


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


def whole(weights: FloatArray) -> FloatArray | IntArray:
    """Return whole weights as integers, whose sums do not depend on their order."""
    if weights.max() < 2**26 and (weights == np.floor(weights)).all():
        return weights.astype(np.int64)
    return weights


def check_weight_size(weights: FloatArray | None) -> None:
    """Raise ValueError if sums of squares over many batches could overflow."""
    if weights is not None and weights.max() > _LARGEST_WEIGHT:
        raise ValueError(
            f"weights up to {weights.max():.3g} are too large to be squared and summed "
            "over batches; divide all of them by one number"
        )


def refuse_rows(name: str, bad: BoolArray, what: str, advice: str = "") -> None:
    """Raise ValueError naming the first row where `bad`, of shape (n,) or (n, k)."""
    if bad.any():
        row = int(bad.reshape(len(bad), -1).any(axis=1).argmax())
        raise ValueError(f"{name} has {what} at row {row}{advice}")


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
