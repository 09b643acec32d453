"""Values that the user says stand for a null, such as "NA" or -999."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._bounds import listed, one_of
from ._cells import Cells, cells_of_objects
from ._views import present

if TYPE_CHECKING:
    from ._cells import Mask
    from ._column_state import ColumnState


def taken_as_null(
    cells: Cells, null_like: tuple[Any, ...], state: ColumnState
) -> Cells:
    """Return the cells with the listed values made null, and count them."""
    if cells.kind in ("int", "float", "bool"):
        return _numbers(cells, null_like, state)
    if cells.kind == "mixed":
        return _objects(cells, null_like, state)
    if cells.kind not in ("text", "category"):
        return cells
    codes, labels = cells.encoded()
    drop = np.array([listed(one, null_like) for one in labels], bool)
    if not drop.any():
        return cells
    counts = np.bincount(codes + 1, minlength=len(labels) + 1)[1:]
    for place in np.flatnonzero(drop).tolist():
        _count(state, labels[place], null_like, int(counts[place]))
    new_code = np.append(np.where(drop, -1, np.cumsum(~drop) - 1), -1)[codes]
    kept = [one for one, gone in zip(labels, drop, strict=True) if not gone]
    return Cells(cells.kind, cells.size, encode=lambda: (new_code, kept))


def _objects(cells: Cells, null_like: tuple[Any, ...], state: ColumnState) -> Cells:
    """Return objects anew: without those taken as null they may be of one type."""
    values = cells.values.tolist()
    for row in np.flatnonzero(present(cells)).tolist():
        if listed(values[row], null_like):
            _count(state, values[row], null_like, 1)
            values[row] = None
    return cells_of_objects(values)


def _numbers(cells: Cells, null_like: tuple[Any, ...], state: ColumnState) -> Cells:
    taken = one_of(cells.values, null_like)
    if cells.nulls is not None:
        taken &= ~cells.nulls
    if not taken.any():
        return cells
    found, counts = np.unique(cells.values[taken], return_counts=True)
    for value, count in zip(found.tolist(), counts.tolist(), strict=True):
        _count(state, value, null_like, count)
    values = cells.values
    nulls: Mask | None = taken if cells.nulls is None else taken | cells.nulls
    if cells.kind == "float" and values.dtype != object:
        values, nulls = np.where(taken, values.dtype.type(np.nan), values), None
    return Cells(
        cells.kind, cells.size, values, nulls,
        found=cells.found, integers=cells.integers,
    )  # fmt: skip


def _count(
    state: ColumnState, value: Any, null_like: tuple[Any, ...], count: int
) -> None:
    """Count under the name the user gave: -999, also where -999.0 was found."""
    name = str(next((one for one in null_like if listed(value, (one,))), value))
    state.taken_null[name] = state.taken_null.get(name, 0) + count
