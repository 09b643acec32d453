"""
Labels of any kind become small integers, so that counting is the same for all.

Integers that are dense enough are their own codes and are not copied. Everything else
is looked up: Python objects in a dict, wide integers and fixed-width strings in a
collision-free table found by trying multipliers, which needs no sort of the rows.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._inputs import blocks
from ._readers import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ._arrays import Array


#: Distinct values up to which a collision-free table of at most 2**20 slots is found.
_TABLE_LIMIT = 2000
# Odd multipliers, the fractional bits of square roots of primes: any would do.
_MULTIPLIERS = np.array(
    [
        0x6A09E667F3BCC909,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ],
    np.uint64,
)


_NUMBERS = ("int", "bool", "float")


class Codes(NamedTuple):
    """
    Columns as codes of one class list.

    The code of a row is `columns[i][row] - offset`, in [0, size); `classes[code]` is
    its class, in ascending order. A class need not occur in any row.
    """

    columns: list[Array]
    offset: int
    size: int
    classes: Sequence[Any]


def encode(columns: Sequence[Column], *, equality_only: bool = False) -> Codes:
    """
    Code columns that share their classes, such as predictions and labels.

    With `equality_only`, integers are not scanned: their codes may be compared with
    each other, but carry neither size nor classes.

    Raises:
        TypeError: If the columns hold different kinds, such as text and numbers.
        ValueError: If numbers are not whole, or a float cannot hold them exactly.
    """
    for column in columns:
        if column.values.ndim != 1:
            raise ValueError(
                f"{column.name} must have shape (n,), got shape {column.values.shape}; "
                "take the argmax of class scores, or use a metric of scores"
            )
    columns = [_simplify(column) for column in columns]
    kinds = [_kind(column) for column in columns]
    distinct = {"int" if kind == "bool" else kind for kind in kinds}
    if len(distinct) > 1 or " and " in kinds[0]:
        described = " but ".join(
            f"{column.name} holds {kind}"
            for column, kind in zip(columns, kinds, strict=True)
        )
        raise TypeError(f"{described}; convert them to one kind of class")
    if distinct == {"int"} and all(column.categories is None for column in columns):
        if equality_only and len({column.values.dtype for column in columns}) == 1:
            return Codes([column.values for column in columns], 0, 0, ())
        return _encode_integers(columns, booleans=set(kinds) == {"bool"})
    return _unify([_categorise(column) for column in columns])


def encode_words(columns: Sequence[NDArray[np.uint64]]) -> Codes:
    """Code rows of little-endian 64-bit words; a class is the integer of its bytes."""
    if all(words.shape[1] == 1 for words in columns):
        return _encode_integers(
            [Column("words", words[:, 0]) for words in columns], booleans=False
        )
    coded = []
    for words in columns:
        found = _code_words(words)
        if found is None:
            codes, rows = _code_objects([row.tobytes() for row in words])
        else:
            codes, rows = found[0], [row.tobytes() for row in words[found[1]]]
        coded.append((codes, [int.from_bytes(row, "little") for row in rows]))
    return _unify(coded)


def kind_of(classes: Iterable[Any]) -> str:
    """Return the one kind that classes have: "int", "bool", "str" or a type's name."""
    kinds = {_name(kind) for kind in {*map(type, classes)}}
    if kinds == {"int", "bool"}:
        return "int"
    if len(kinds) == 1:
        return kinds.pop()
    return " and ".join(sorted(kinds))


def _name(kind: type) -> str:
    if issubclass(kind, (bool, np.bool_)):
        return "bool"
    if issubclass(kind, (int, np.integer)):
        return "int"
    if issubclass(kind, (float, np.floating)):
        return "float"
    return "str" if issubclass(kind, str) else kind.__name__


def _simplify(column: Column) -> Column:
    """Turn float columns and categories that are numbers into integers."""
    if column.categories is not None and kind_of(column.categories) in _NUMBERS:
        numbers = np.array(column.categories)
        if numbers.dtype.kind not in "biuf":
            return column  # integers beyond 64 bits stay Python's
        column = column._replace(values=numbers[column.values], categories=None)
    if column.categories is None and column.values.dtype.kind == "f":
        return whole_numbers(column)
    return column


def whole_numbers(column: Column) -> Column:
    """Return a float column as int64, refusing fractions and inexact integers."""
    values = column.values
    limit = 2.0 ** (np.finfo(values.dtype).nmant + 1)
    for block in blocks(len(values)):
        part = values[block]
        bad = np.trunc(part) != part
        bad |= np.abs(part) >= limit
        if bad.any():
            row = int(bad.argmax())
            value = float(part[row])
            where = f"{column.name} holds {value!r} at row {block.start + row}"
            if np.isinf(value):
                raise ValueError(f"{where}: an infinite number is no class")
            if abs(value) >= limit:
                raise ValueError(
                    f"{where}: from {limit:.0f} on, {values.dtype} cannot tell "
                    "integers apart; pass integers or strings"
                )
            if column.name == "labels":
                raise ValueError(
                    f"{where}, which is no class: predictions come first and labels "
                    "second here; were the arguments swapped?"
                )
            raise ValueError(
                f"{where}, which is no class: apply a threshold of your own first, as "
                "in scores >= 0.5, or use a metric of scores such as roc_auc"
            )
    return column._replace(values=values.astype(np.int64))


def _kind(column: Column) -> str:
    if column.categories is not None:
        return kind_of(column.categories) if column.categories else "str"
    return {"b": "bool", "U": "str", "S": "bytes"}.get(column.values.dtype.kind, "int")


# --- integers -----------------------------------------------------------------


def _encode_integers(columns: Sequence[Column], *, booleans: bool) -> Codes:
    arrays = [
        column.values.view(np.uint8) if column.values.dtype == bool else column.values
        for column in columns
    ]
    if booleans:
        return Codes(arrays, 0, 2, (False, True))
    arrays = [
        # Mixed with signed integers, uint64 would become float64 and lose digits.
        a.view(np.int64) if a.dtype == np.uint64 and int(a.max()) < 2**63 else a
        for a in arrays
    ]
    dense = min(4 * len(arrays[0]) + 1024, 1 << 21)
    top = max(map(_top, arrays))
    if top < dense:
        return Codes(arrays, 0, top + 1, range(top + 1))
    low = min(int(a.min()) for a in arrays)
    high = max(int(a.max()) for a in arrays)
    if high - low < dense and high < 2**63:
        return Codes(arrays, low, high - low + 1, range(low, high + 1))
    if high >= 2**63 and low < 0:
        return _unify([_code_objects(a.tolist()) for a in arrays])
    wide = np.uint64 if high >= 2**63 else np.int64
    return _unify([_code_wide(a.astype(wide, copy=False)) for a in arrays])


def _top(integers: Array) -> int:
    """Return the largest integer, or one of 2**63 and more if any is negative."""
    # One pass tells both: as unsigned, negative ones are larger than all others.
    top = int(integers.view(integers.dtype.str.replace("i", "u")).max())
    return top if top <= np.iinfo(integers.dtype).max else max(top, 2**63)


def _code_wide(values: Array) -> tuple[Array, list[Any]]:
    coded = _code_words(np.ascontiguousarray(values).view(np.uint64)[:, None])
    if coded is not None:
        return coded[0], values[coded[1]].tolist()
    distinct, codes = np.unique(values, return_inverse=True)
    return codes.reshape(-1), distinct.tolist()


# --- everything else ----------------------------------------------------------


def _categorise(column: Column) -> tuple[Array, list[Any]]:
    """Return codes and the categories they point at, in any order."""
    values = column.values
    if column.categories is not None:
        return values, list(column.categories)
    if values.dtype.kind == "U":
        coded = _code_words(_words(values))
        if coded is not None:
            return coded[0], values[coded[1]].tolist()
    if values.dtype.kind == "i":  # beside integers too wide for NumPy
        return _code_wide(values.astype(np.int64, copy=False))
    return _code_objects(values.tolist())


def _words(text: Array) -> NDArray[np.uint64]:
    """Return fixed-width strings as rows of 64-bit words, one-to-one."""
    letters = np.ascontiguousarray(text).view(np.uint32)
    width = letters.size // len(text)
    narrow = width == 0 or int(np.bitwise_or.reduce(letters)) < 256
    per_word = 8 if narrow else 2
    shape = (len(text), -(-max(width, 1) // per_word) * per_word)
    padded = np.zeros(shape, np.uint8 if narrow else np.uint32)
    padded[:, :width] = letters.reshape(len(text), width)
    return padded.view(np.uint64)


def _code_objects(values: list[Any]) -> tuple[Array, list[Any]]:
    table: defaultdict[Any, int] = defaultdict(count().__next__)
    codes = np.fromiter(map(table.__getitem__, values), np.intp, len(values))
    return codes, list(table)


def _code_words(words: NDArray[np.uint64]) -> tuple[Array, Array] | None:
    """
    Return the codes of rows of words, and the first row of every code.

    None if there are too many distinct rows or two of them share a key.
    """
    width = words.shape[1]
    factors = np.resize(_MULTIPLIERS, width) * np.arange(
        1, 2 * width, 2, dtype=np.uint64
    )
    codes = np.empty(len(words), np.intp)
    known, firsts = words[:0, 0], np.zeros(0, np.intp)
    slots, factor, shift = np.zeros(1, np.intp), factors[0], np.uint64(0)
    for block in blocks(len(words)):
        part = words[block]
        keys = part[:, 0] if width == 1 else (part * factors).sum(axis=1)
        while True:
            if len(known):
                found = slots[(keys * factor) >> shift]
                missed = known[found] != keys
                if width > 1:
                    missed |= (words[firsts[found]] != part).any(axis=1)
                if not missed.any():
                    break
            else:
                missed = np.ones(len(part), bool)
            new, first = np.unique(keys[missed], return_index=True)
            if len(known) + len(new) > _TABLE_LIMIT or np.isin(new, known).any():
                return None
            known = np.concatenate([known, new])
            firsts = np.append(firsts, np.flatnonzero(missed)[first] + block.start)
            table = _perfect_table(known)
            if table is None:
                return None
            slots, factor, shift = table
        codes[block] = found
    return codes, firsts


def _perfect_table(
    keys: NDArray[np.uint64],
) -> tuple[NDArray[np.intp], np.uint64, np.uint64] | None:
    """Find a multiplier and a shift that send every key to a slot of its own."""
    largest = min(20, 2 * len(keys).bit_length() + 1)
    for bits in range(min(largest, len(keys).bit_length() + 3), largest + 1):
        shift = np.uint64(64 - bits)
        for factor in _MULTIPLIERS:
            places = (keys * factor) >> shift
            slots = np.full(1 << bits, -1, np.intp)
            slots[places] = np.arange(len(keys))
            if (slots[places] == np.arange(len(keys))).all():
                # An empty slot may point anywhere: the looked-up value is compared.
                return np.maximum(slots, 0), factor, shift
    return None


def _unify(coded: Sequence[tuple[Array, Sequence[Any]]]) -> Codes:
    distinct = {category for _, categories in coded for category in categories}
    try:
        classes = sorted(distinct)
    except TypeError as error:
        raise TypeError(
            f"classes of type {kind_of(distinct)} have no order; pass strings or "
            "integers"
        ) from error
    place = {category: code for code, category in enumerate(classes)}
    columns = [
        codes
        if list(categories) == classes
        else np.array([place[c] for c in categories], np.intp)[codes]
        for codes, categories in coded
    ]
    return Codes(columns, 0, len(classes), classes)
