"""Learning the rules of columns from good data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._column import Column
from ._labels import label_order
from .profiles import Profile

if TYPE_CHECKING:
    from ._column_profile import ColumnProfile


def infer_columns(data: Any, max_categories: int) -> dict[Any, Column]:
    """Return the rules that just fit the data, or the profile of some data."""
    if type(max_categories) is not int or max_categories < 0:
        raise ValueError(
            f"max_categories: expected an integer >= 0, got {max_categories!r}"
        )
    profile = data if isinstance(data, Profile) else Profile.of(data)
    return {
        name: _rules(column, max_categories) for name, column in profile.columns.items()
    }


def _rules(column: ColumnProfile, max_categories: int) -> Column:
    if not column.rows:
        return Column()  # no rows show nothing, not even that there are no nulls
    nullable = column.nulls > 0
    if column.kind in ("int", "float"):
        return Column(
            column.kind,
            min=None if column.negative_infinities else column.min,
            max=None if column.positive_infinities else column.max,
            nullable=nullable,
            finite=column.kind == "float" and not column.infinities,
        )
    if column.kind == "datetime":
        return Column(
            "datetime", min=column.min, max=column.max, zone=column.zone or "naive",
            nullable=nullable,
        )  # fmt: skip
    if column.kind in ("text", "category"):
        labels = column.labels
        few = labels is not None and 0 < len(labels) <= max_categories
        in_ = tuple(sorted(labels, key=label_order)) if labels and few else None
        return Column(column.kind, in_=in_, nullable=nullable)
    return Column("bool" if column.kind == "bool" else None, nullable=nullable)
