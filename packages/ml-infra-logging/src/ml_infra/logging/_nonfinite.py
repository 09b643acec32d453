"""The side map of a record put back: `null` becomes NaN or an infinity again."""

from __future__ import annotations

from ._pointers import keys_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def restore_nonfinite(record: dict[str, Any]) -> None:
    """
    Put the floats that JSON cannot carry back into `record`, in place.

    ``_nonfinite`` is removed. Pointers that lead nowhere, as in a line cut by hand, are
    passed over.

    >>> record = {"loss": None, "g": [1.0, None], "_nonfinite": {"/g/1": "-inf"}}
    >>> restore_nonfinite(record)
    >>> record
    {'loss': None, 'g': [1.0, -inf]}
    """
    places = record.pop("_nonfinite", None)
    if not isinstance(places, dict):
        return
    for pointer, kind in places.items():
        value = _FLOATS.get(kind) if isinstance(kind, str) else None
        keys = keys_of(pointer)
        if value is None or not keys:
            continue
        *path, last = keys
        holder: Any = record
        for part in path:
            holder = _step(holder, part)
        if isinstance(holder, dict):
            if last in holder and holder[last] is None:
                holder[last] = value
        elif isinstance(holder, list) and _step(holder, last, default=0) is None:
            holder[int(last)] = value


def _step(holder: Any, part: str, default: Any = None) -> Any:
    if isinstance(holder, dict):
        return holder.get(part, default)
    if isinstance(holder, list) and part.isdecimal() and int(part) < len(holder):
        return holder[int(part)]
    return default
