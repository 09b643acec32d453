"""
The one door through which user data comes in.

`rows` is what every metric calls: it reads each argument into a `Column` (a NumPy
view wherever that is possible), pairs pandas objects by their index, checks lengths,
and settles missing values and weights. Behind it there are only plain arrays::

    columns, weights, dropped = rows(
        {"scores": scores, "labels": labels}, weights=weights, missing=missing
    )

`arguments` settles which object is which when the caller used another library's
keywords, and is called before `rows`. Turning labels into class codes is the next
step (`_codes`); numbers come out of `_numbers`. Libraries are recognised by what the
user already imported, never imported from here.
"""

from __future__ import annotations

import math
import sys
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

import numpy as np

from ._readers import Column, read
from ._weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._arrays import BoolArray, FloatArray

Missing = Literal["raise", "drop"]

#: Rows per pass: two such int64 blocks stay in the second-level cache.
BLOCK = 1 << 15


class Aliases(TypedDict, total=False):
    """Keywords of other libraries, accepted in whole vocabularies only."""

    y_true: Any
    y_pred: Any
    y_score: Any
    y_prob: Any
    preds: Any
    target: Any
    references: Any


_PARTNERS = {
    "y_true": ("y_pred", "y_score", "y_prob"),
    "target": ("preds",),
    "references": (),
}
_TRANSLATIONS = {
    "sample_weight": "weights",
    "pos_label": "positive",
    "zero_division": "undefined",
    "num_classes": "classes",
    "y_proba": "y_prob",
}


class Rows(NamedTuple):
    """Columns of equal length n >= 1 without missing values."""

    columns: list[Column]
    weights: FloatArray | None
    dropped: int
    #: How many rows there are; more than the columns hold if they were counted on
    #: a device, where a row of the columns stands for many.
    n: int


def arguments(
    function: str,
    first: Any,
    labels: Any,
    aliases: Mapping[str, Any],
    first_name: str = "predictions",
) -> tuple[Any, Any]:
    """
    Return (first, labels) from positions or from one whole vocabulary of keywords.

    Accepted: (`first_name`, labels), (y_pred, y_score or y_prob, y_true),
    (preds, target) and (`first_name` or predictions, references).

    Raises:
        TypeError: If one is missing, two vocabularies are mixed, or a keyword is
            unknown; the message names the keyword that is meant.
    """
    if aliases:
        first, labels = _translate(function, first, labels, aliases, first_name)
    if first is None or labels is None:
        absent = first_name if first is None else "labels"
        raise TypeError(
            f"{function}() needs {first_name} first and labels second; "
            f"{absent} is missing"
        )
    return first, labels


def _translate(
    function: str, first: Any, labels: Any, aliases: Mapping[str, Any], first_name: str
) -> tuple[Any, Any]:
    known = {*Aliases.__annotations__}
    for word in aliases:
        if word not in known:
            hint = _TRANSLATIONS.get(word)
            advice = f"; it is called {hint}= here" if hint else ""
            raise TypeError(
                f"{function}() got an unexpected keyword argument {word!r}{advice}"
            )
    for truth, partners in _PARTNERS.items():
        if truth not in aliases:
            continue
        used = [word for word in partners if word in aliases]
        if len(aliases) == 1 + len(used) and labels is None:
            if len(used) == 1 and first is None:
                return aliases[used[0]], aliases[truth]  # type: ignore[literal-required, unused-ignore]
            if not used and truth == "references" and first is not None:
                return first, aliases[truth]  # type: ignore[literal-required, unused-ignore]
    given = [
        *([first_name] if first is not None else []),
        *(["labels"] if labels is not None else []),
        *aliases,
    ]
    raise TypeError(
        f"{function}() cannot tell which is which from {', '.join(given)}: use one "
        f"vocabulary whole, ({first_name}, labels), (y_pred=, y_true=), "
        f"(preds=, target=) or ({first_name}=, references=)"
    )


def rows(
    data: Mapping[str, Any],
    *,
    weights: Any = None,
    missing: Missing = "raise",
    scan: bool = True,
) -> Rows:
    """
    Read arguments that belong together, row by row.

    Args:
        data: The arguments by their public names, each of n rows.
        weights: Non-negative, shape (n,), not all 0; None means all ones.
        missing: "raise" refuses NaN and null in any column, naming the first row;
            "drop" leaves such rows out and counts them.
        scan: False leaves the search for NaN, a pass over every column, to a caller
            whose sums show whether there is one; nulls are found all the same.

    Returns:
        The columns in the order of `data`, weights as float64 or None, and the
        number of rows dropped.

    Raises:
        TypeError: If an argument is no column of rows (a string, set, scalar ...)
            or lives on another device.
        ValueError: If lengths differ, there is no row, a value is missing, pandas
            indexes disagree, or weights are negative, NaN, infinite or all 0.
    """
    check_choice(missing, "missing", ("raise", "drop"))
    given = dict(data) if weights is None else {**data, "weights": weights}
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        given = _align(given, pandas)
    columns = [read(value, name) for name, value in given.items()]
    first = next((column for column in columns if column.names is not None), None)
    if first is not None:
        columns = [column.arranged(first) for column in columns]
    lengths = [len(column.values) for column in columns]
    if len(set(lengths)) > 1:
        names = " and ".join(given)
        numbers = " and ".join(map(str, lengths))
        raise ValueError(f"{names} must have the same length, got {numbers}")
    if lengths[0] == 0:
        raise ValueError(f"{' and '.join(given)} are empty; at least one row is needed")
    checked = None if weights is None else read_weights(columns.pop())
    dropped = 0
    masks = (_missing(column, scan=scan) for column in columns)
    nulls = [mask for mask in masks if mask is not None]
    if nulls:
        if missing == "raise":
            refuse_missing(columns)
        keep = ~np.logical_or.reduce(nulls)
        dropped = len(keep) - int(np.count_nonzero(keep))
        if dropped == len(keep):
            raise ValueError(
                'every row has a missing value; nothing is left after missing="drop"'
            )
        columns = [column.take(keep) for column in columns]
        checked = None if checked is None else checked[keep]
    if checked is not None and not checked.any():
        raise ValueError("weights are all 0; at least one row must count")
    return Rows(columns, checked, dropped, len(columns[0].values))


def real(value: Any, name: str) -> float:
    """
    Return an argument that is one real number as a float.

    Raises:
        TypeError: If it is something else.
        ValueError: If it is an integer or a fraction beyond every float.
    """
    if not isinstance(value, Real):
        raise TypeError(
            f"{name} must be a number, got {value!r} of type {type(value).__name__}"
        )
    try:
        return float(value)
    except OverflowError:
        digits = math.floor(math.log10(math.floor(abs(value))))
        raise ValueError(
            f"{name} must lie within ±{sys.float_info.max:.1e}, where floats end, "
            f"got about {'-' if value < 0 else ''}10**{digits}"
        ) from None


def check_choice(value: Any, name: str, allowed: Sequence[str | None]) -> None:
    """Raise ValueError unless an option is one of the words allowed."""
    if (value is None or isinstance(value, str)) and value in allowed:
        return
    *most, last = (one if one is None else f'"{one}"' for one in allowed)
    expected = f"{', '.join(map(str, most))} or {last}"
    raise ValueError(f"{name} must be {expected}, got {value!r}")


def blocks(n: int, size: int = BLOCK) -> list[slice]:
    """Return consecutive slices that cover n rows."""
    return [slice(start, start + size) for start in range(0, n, size)]


def _align(given: dict[str, Any], pandas: Any) -> dict[str, Any]:
    """Pair pandas objects by index label, never silently by position."""
    indexed = {
        name: value
        for name, value in given.items()
        if isinstance(value, (pandas.Series, pandas.DataFrame))
    }
    if len(indexed) < 2:
        return given
    (first, reference), *others = indexed.items()
    for name, value in others:
        if value.index is reference.index or value.index.equals(reference.index):
            continue
        if len(value.index) != len(reference.index):
            raise ValueError(
                f"{first} and {name} must have the same length, "
                f"got {len(reference.index)} and {len(value.index)}"
            )
        if not (value.index.is_unique and reference.index.is_unique) or len(
            value.index.difference(reference.index)
        ):
            raise ValueError(
                f"the pandas indexes of {first} and {name} do not hold the same "
                "unique labels, so rows cannot be paired; align them, or pass "
                ".to_numpy() to pair by position"
            )
        given[name] = value.reindex(reference.index)
    return given


def _missing(column: Column, *, scan: bool = True) -> BoolArray | None:
    """Return the mask of missing rows, or None where there is none."""
    values, found = column.values, column.null
    if (
        scan
        and values.dtype.kind == "f"
        and any(np.isnan(values[block]).any() for block in blocks(len(values)))
    ):
        found = np.isnan(values) if found is None else found | np.isnan(values)
    if found is None or not found.any():
        return None
    return np.asarray(found.any(axis=1)) if found.ndim == 2 else found


def refuse_missing(columns: Sequence[Column]) -> None:
    """Raise ValueError for the first row with NaN or null, if there is one."""
    for column in columns:
        mask = _missing(column)
        if mask is not None:
            row = int(mask.argmax())
            raise ValueError(
                f"{column.name} has a missing value (NaN or null) at row {row}, "
                f"{int(np.count_nonzero(mask))} in all; clean them or pass "
                'missing="drop"'
            )
