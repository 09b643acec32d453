"""Values that the user says stand for a null, such as "NA" or -999."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._bounds import one_of
from ._cells import Cells, cells_of_objects

if TYPE_CHECKING:
    from ._tally import ColumnState


def taken_as_null(
    cells: Cells, null_like: tuple[Any, ...], state: ColumnState
) -> Cells:
    """Return the cells with the listed values made null, and count them."""
    if cells.kind in ("int", "float", "bool"):
        return _numbers(cells, null_like, state)
    if cells.kind not in ("text", "category", "mixed"):
        return cells
    try:
        codes, labels = cells.encoded()
    except TypeError:  # unhashable objects equal nothing in the list
        return cells
    drop = np.array([one in null_like for one in labels], bool)
    if not drop.any():
        return cells
    counts = np.bincount(codes + 1, minlength=len(labels) + 1)[1:]
    for place in np.flatnonzero(drop).tolist():
        _count(state, labels[place], int(counts[place]))
    new_code = np.append(np.where(drop, -1, np.cumsum(~drop) - 1), -1)[codes]
    if cells.kind == "mixed":
        # Without them the column may well be of one type.
        values = cells.values.tolist()
        pairs = zip(values, new_code.tolist(), strict=True)
        return cells_of_objects([None if code < 0 else one for one, code in pairs])
    kept = [one for one, gone in zip(labels, drop, strict=True) if not gone]
    return Cells(cells.kind, cells.size, encode=lambda: (new_code, kept))


def _numbers(cells: Cells, null_like: tuple[Any, ...], state: ColumnState) -> Cells:
    taken = one_of(cells.values, null_like)
    if cells.nulls is not None:
        taken &= ~cells.nulls
    if not taken.any():
        return cells
    found, counts = np.unique(cells.values[taken], return_counts=True)
    for value, count in zip(found.tolist(), counts.tolist(), strict=True):
        _count(state, value, count)
    if cells.kind == "float" and cells.values.dtype != object:
        blank = cells.values.dtype.type(np.nan)
        return Cells("float", cells.size, np.where(taken, blank, cells.values))
    nulls = taken if cells.nulls is None else taken | cells.nulls
    return Cells(cells.kind, cells.size, cells.values, nulls, found=cells.found)


def _count(state: ColumnState, value: Any, count: int) -> None:
    key = str(value)
    state.taken_null[key] = state.taken_null.get(key, 0) + count
