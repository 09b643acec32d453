"""Groups of rows: one small integer a row, and moments of each group at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._learning import refuse_long
from ._naming import key_order, place_of_group
from ._passes import extent, two_sum
from ._states import ExtentState, MomentState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._frames import Frame
    from ._vectors import Vector

CHUNK = 1 << 16  # rows whose sums are added one after the other
_BLOCK = 1 << 15  # rows whose codes and deviations fit the level-2 cache


class Codes(NamedTuple):
    """A code a row, the key of each code, and how many rows have it."""

    codes: NDArray[np.intp]
    keys: list[Any]
    counts: NDArray[np.intp]


def encode(column: Any, name: Any) -> Codes:
    """
    Return a code a row for the keys in a column, which ascend: numbers, then text.

    Raises:
        ValueError: If a row has no key, or a NaN.
        TypeError: If a key is not text, a number or a boolean.
    """
    if isinstance(column, np.ndarray) and column.dtype.kind in "iu":
        return _encode_numbers(column)
    from ._tables import cells_of

    cells = cells_of(column)
    if cells.nulls is not None:
        where = np.flatnonzero(cells.nulls)
        raise ValueError(
            f"by={name!r}: {len(where)} of {cells.size} rows have no group, "
            f"the first at position {where[0]}"
        )
    if cells.kind in ("int", "bool", "float"):
        return _encode_numbers(np.asarray(cells.values))
    codes, labels = cells.encoded()
    for key in labels:
        if not isinstance(key, (str, int, float, bool)):
            raise TypeError(
                f"by={name!r}: expected text or numbers as keys, got {key!r}"
            )
    order = sorted(range(len(labels)), key=lambda i: key_order(labels[i]))
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    codes = rank.take(codes)
    counts = np.bincount(codes, minlength=len(labels))
    return Codes(codes, [labels[i] for i in order], counts)


def encoded(frame: Frame, place: int, name: Any) -> Codes:
    """Return codes and keys of a column; fit and transform of a table share them."""
    if frame.encoded is None:
        frame.encoded = encode(frame.column(place), name)
    return frame.encoded


def _encode_numbers(values: NDArray[Any]) -> Codes:
    if values.dtype.kind in "iu" and len(values):
        low, codes = 0, values.astype(np.intp, copy=False)
        counts = _dense_counts(codes)
        if counts is None:
            low, high = int(values.min()), int(values.max())
            if low > -(2**62) and high < 2**62:
                codes = codes - low
                counts = _dense_counts(codes)
        if counts is not None:
            used = counts > 0
            if not used.all():
                codes, counts = (np.cumsum(used) - 1).take(codes), counts[used]
            return Codes(codes, (np.flatnonzero(used) + low).tolist(), counts)
    found, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    codes = inverse.reshape(-1).astype(np.intp, copy=False)
    return Codes(codes, found.tolist(), counts)


def _dense_counts(codes: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """Return how often each of 0, 1, ... occurs; None if negative or far apart."""
    counts, start = np.zeros(0, np.intp), 0
    while start < len(codes):
        block = codes[start : start + max(_BLOCK, len(counts))]
        if block.view(np.uintp).max() >= 4 * len(codes):  # negative ones are huge
            return None
        more = np.bincount(block, minlength=len(counts))
        more[: len(counts)] += counts
        counts, start = more, start + block.size
    return counts


def codes_of(scaler: Any, frame: Frame) -> NDArray[np.intp] | None:
    """Return the row of the state each row of a table belongs to; None ungrouped."""
    if scaler.groups_ is None:
        return None
    by = place_of_group(frame.names, scaler.by)
    codes, keys, _ = encoded(frame, by, scaler.by)
    if keys == scaler.groups_:
        return codes
    places = {key: i for i, key in enumerate(scaler.groups_)}
    unseen = [key for key in keys if key not in places]
    if unseen:
        raise ValueError(
            f"by={scaler.by!r}: {len(unseen)} groups were not seen in training, "
            f"the first is {unseen[0]!r}"
        )
    return np.array([places[key] for key in keys], np.intp).take(codes)


def _present(
    vector: Vector, codes: NDArray[np.intp], counts: NDArray[np.intp], missing: str
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Return the values that are there as floats, their codes and the counts."""
    values = vector.values
    if vector.null is not None:
        vector.settle(missing)
    if values.dtype.kind == "f" and not np.isfinite(np.add.reduce(values, dtype=float)):
        vector.settle(missing)
    keep = None
    if vector.null is not None or vector.skip_nan:
        keep = ~np.isnan(values) if vector.skip_nan else np.ones(len(values), bool)
        if vector.null is not None:
            keep &= ~vector.null
        values, codes = values[keep], codes[keep]
        counts = np.bincount(codes, minlength=len(counts))
    return values.astype(np.float64, copy=False), codes, counts


def _refuse_wide(vector: Vector) -> None:
    """Raise ValueError for integers that floats would round."""
    refuse_long(vector)
    if vector.values.dtype.kind in "iu" and vector.is_wide(*extent(vector)):
        raise ValueError(
            f"{vector.name}: groups are scaled as floats, which round integers beyond "
            "2**53; subtract an offset, or cast to float64 where rounding is fine"
        )


def group_extents(
    vector: Vector, codes: NDArray[np.intp], counts: NDArray[np.intp], missing: str
) -> ExtentState:
    """Return the extent of each group, shape (groups, 1)."""
    _refuse_wide(vector)
    values, codes, counts = _present(vector, codes, counts, missing)
    groups = len(counts)
    low, high = np.full(groups, np.inf), np.full(groups, -np.inf)
    np.minimum.at(low, codes, values)
    np.maximum.at(high, codes, values)
    low[counts == 0] = high[counts == 0] = 0.0
    none = np.zeros(groups)
    return ExtentState.of_groups(counts, low, none, high, none)


def group_moments(
    vector: Vector, codes: NDArray[np.intp], counts: NDArray[np.intp], missing: str
) -> MomentState:
    """Return the moments of each group, shape (groups, 1)."""
    _refuse_wide(vector)
    if vector.null is None:
        quick = _about_one_value(vector.values, codes, counts)
        if quick is not None:
            return quick
    values, codes, counts = _present(vector, codes, counts, missing)
    groups = len(counts)
    # Groups whose squares no float covers are read in units of their own.
    size = np.zeros(groups)
    np.maximum.at(size, codes, np.abs(values))
    odd = (size > 0) & ((size <= 2.0**-300) | (size >= 2.0**300))
    exponent = np.where(odd, np.frexp(size)[1], 0)
    if odd.any():
        values = np.ldexp(values, -exponent.take(codes))
    state = MomentState.nothing(groups, 1)
    step = max(CHUNK, 4 * groups)
    for start in range(0, len(values), step):
        part = _chunk(values[start : start + step], codes[start : start + step], groups)
        state = state.merged(part) if start else part
    state.exponent[...] = exponent[:, None]
    return state


def _about_one_value(
    values: NDArray[Any], codes: NDArray[np.intp], counts: NDArray[np.intp]
) -> MomentState | None:
    """
    Return the moments from sums about the mean of the first values, in one pass.

    None if a value is not finite, or a group so far from that mean, or so narrow, that
    more than four bits of its variance would cancel, or its sums long enough to round.
    """
    if not values.size or not counts.all() or counts.max() > CHUNK:
        return None
    groups, count = len(counts), counts.astype(np.float64)
    center = float(values[:CHUNK].mean(dtype=np.float64))
    both = np.zeros(groups, np.complex128)  # sums and squares, in one walk over codes
    scratch = np.empty(_BLOCK, np.complex128)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        pairs = scratch[: len(block)]
        np.subtract(block, center, out=pairs.real, dtype=np.float64)
        np.multiply(pairs.real, pairs.real, out=pairs.imag)
        np.add.at(both, codes[start : start + _BLOCK], pairs)
    mean, squares = both.real / count, both.imag
    spread = squares - mean * mean * count
    if not ((spread > squares / 16) & (squares > 1e-280) & (squares < np.inf)).all():
        return None
    high, low = two_sum(np.full(groups, center), mean)
    varied, unit = np.ones(groups, np.bool_), np.zeros(groups, np.int64)
    return MomentState.of_groups(count, high, low, spread, varied, unit)


def _chunk(
    values: NDArray[np.float64], codes: NDArray[np.intp], groups: int
) -> MomentState:
    """
    Two passes: a mean, then deviations from it, whose mean is the rest of the first.

    The first pass subtracts one value of each group, which makes a constant group
    exactly zero and keeps large offsets out of the sums.
    """
    count = np.bincount(codes, minlength=groups).astype(np.float64)
    some = np.maximum(count, 1.0)
    base = np.zeros(groups)
    base[codes] = values
    deviations = values - base.take(codes)
    varied = np.bincount(codes, deviations != 0.0, minlength=groups) > 0
    mean = base + np.bincount(codes, deviations, minlength=groups) / some
    deviations = values - mean.take(codes)
    rest = np.bincount(codes, deviations, minlength=groups) / some
    deviations *= deviations
    squares = np.bincount(codes, deviations, minlength=groups) - rest * rest * some
    unit = np.zeros(groups, np.int64)
    return MomentState.of_groups(count, mean, rest, squares, varied, unit)
