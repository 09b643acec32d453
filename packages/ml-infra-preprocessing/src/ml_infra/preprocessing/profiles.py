"""Profiles of tables: what the columns hold, learned in one pass, added over shards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from ._column_profile import ColumnProfile
from ._report import plain, shown
from ._state import StateError, expect_format, expect_keys, field, is_int, read_json
from ._tables import Table, batches

__all__ = ["ColumnProfile", "Profile"]

FORMAT = "ml_infra.profile"
VERSION = 1


class Profile:
    """
    Counts, moments, quantiles, distinct and frequent values of every column.

    The state is the same, byte for byte, for any order of updates and merges; the
    mean and the deviation alone, as sums of doubles, agree to about 1e-12.

    Args:
        cap: Bins of a numeric column: quantiles are exact up to as many distinct
            values, and certify their rank error beyond (0.4 % for normal data).
        max_labels: Labels of a text column counted one by one; beyond, their number
            is estimated and drift compares hashes.

    >>> profile = Profile.of({"age": [17, 42, None]})
    >>> profile["age"].nulls, profile["age"].quantile(0.5)
    (1, 29.5)
    """

    def __init__(self, *, cap: int = 4096, max_labels: int = 10_000) -> None:
        if not is_int(max_labels, range(1, 2**31)):
            raise ValueError(
                "max_labels: expected an integer in [1, 2**31), "
                f"got {shown(max_labels)}"
            )
        ColumnProfile(cap, max_labels)  # refuses a bad cap now
        self.cap = cap
        self.max_labels = max_labels
        self.rows: int = 0
        self.columns: dict[Any, ColumnProfile] = {}

    @classmethod
    def of(cls, data: Any, *, cap: int = 4096, max_labels: int = 10_000) -> Profile:
        """Return the profile of a table, or of all batches of an iterator."""
        return cls(cap=cap, max_labels=max_labels).update(data)

    def update(self, data: Any) -> Profile:
        """
        Add a chunk, or every chunk of an iterator, and return this object.

        Args:
            data: A table of any kind that `Schema.validate` takes. Not written to.

        Raises:
            TypeError: If the data is no table.
            ValueError: If a column changes its kind, such as from numbers to text, or
                two columns share a name.
        """
        for table in batches(data):
            self._update_table(table)
        return self

    def merge(self, other: Profile) -> Profile:
        """
        Add what another profile saw, which is left as it is, and return this object.

        Raises:
            ValueError: If the settings differ, or a column is of another kind.
        """
        if not isinstance(other, Profile):
            raise TypeError(f"other: expected a Profile, got {type(other).__name__}")
        if (self.cap, self.max_labels) != (other.cap, other.max_labels):
            raise ValueError(
                f"other: expected cap={self.cap}, max_labels={self.max_labels}, got "
                f"cap={other.cap}, max_labels={other.max_labels}"
            )
        for name, column in other.columns.items():
            self._expect(name, column.kind, column.unit, column.zone)
        for name, column in other.columns.items():
            self._column(name).merge(column)
        self.rows += other.rows
        return self

    def __getitem__(self, name: Any) -> ColumnProfile:
        if name not in self.columns:
            raise KeyError(f"no column {name!r}; there are {list(self.columns)}")
        return self.columns[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as strict JSON types, columns in order of their names."""
        names = sorted(self.columns, key=_name_order)
        return {
            "format": FORMAT,
            "version": VERSION,
            "cap": self.cap,
            "max_labels": self.max_labels,
            "rows": self.rows,
            "columns": [
                {"name": _json_name(name), "state": self.columns[name].to_dict()}
                for name in names
            ],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Profile:
        """
        Restore what `to_dict` wrote.

        Raises:
            ValueError: If the state is damaged or from a newer version.
        """
        state = expect_format(state, FORMAT, VERSION)
        names = {"format", "version", "cap", "max_labels", "rows", "columns"}
        expect_keys(state, names)
        made = cls(
            cap=field(state, "cap", int), max_labels=field(state, "max_labels", int)
        )
        made.rows = field(state, "rows", int)
        for one in field(state, "columns", list):
            if not isinstance(one, Mapping) or set(one) != {"name", "state"}:
                raise StateError(f"state: expected a name and a state, got {one!r}")
            name = field(one, "name", (str, int))
            column = ColumnProfile.from_dict(field(one, "state", dict))
            settings = (column.histogram.cap, column.label_counts.cap)
            if name in made.columns or settings != (made.cap, made.max_labels):
                raise StateError(f"state: column {name!r} contradicts the rest")
            if column.rows > made.rows:
                raise StateError(f"state: column {name!r} has more rows than the table")
            made.columns[name] = column
        return made

    def to_json(self) -> str:
        """Return `to_dict` as strict JSON text with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Profile:
        """Restore what `to_json` wrote; ValueError for anything else."""
        return cls.from_dict(read_json(text))

    def summary(self) -> list[dict[str, Any]]:
        """Return one row a column, as strict JSON types, for people and tables."""
        return [
            {
                "column": plain(name),
                "kind": one.kind,
                "rows": one.rows,
                "nulls": one.nulls,
                "infinities": one.infinities,
                "distinct": one.distinct,
                "min": plain(one.min),
                "median": plain(one.quantile(0.5)),
                "max": plain(one.max),
                "mean": plain(one.mean),
                "deviation": plain(one.deviation),
                "top": [[plain(v), n] for v, n in one.top(3) or []],
            }
            for name, one in self.columns.items()
        ]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Profile):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # mutable

    def __str__(self) -> str:
        rows = [list(map(_cell, line.values())) for line in self.summary()]
        head = list(self.summary()[0]) if rows else []
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) for cell, width in zip(line, widths, strict=True)
            )
            for line in [head, *rows]
        ]
        title = f"profile of {self.rows:,} rows"
        return "\n".join([title, *(line.rstrip() for line in lines)])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from ._html import table

        rows = [list(map(_cell, line.values())) for line in self.summary()]
        head = list(self.summary()[0]) if rows else []
        return table(f"profile of {self.rows:,} rows", head, rows)

    def _column(self, name: Any) -> ColumnProfile:
        if name not in self.columns:
            self.columns[name] = ColumnProfile(self.cap, self.max_labels)
        return self.columns[name]

    def _update_table(self, table: Table) -> None:
        """Add one batch that has passed the door."""
        if len(set(table.names)) < len(table.names):
            raise ValueError(f"data: two columns share a name: {table.names}")
        cells = [table.cells(place) for place in range(len(table.names))]
        for name, one in zip(table.names, cells, strict=True):
            if one.size:
                self._expect(name, one.kind, one.unit, one.zone)
        for name, one in zip(table.names, cells, strict=True):
            self._column(name).update(one)
        self.rows += table.rows

    def _expect(self, name: Any, kind: str, unit: str, zone: str | None) -> None:
        """Refuse another kind of column before anything is changed."""
        if name in self.columns:
            try:
                self.columns[name].joined(kind, unit, zone)
            except ValueError as error:
                raise ValueError(f"column {shown(name)}: {error}") from error


def _json_name(name: Any) -> str | int:
    if type(name) not in (str, int):
        raise ValueError(f"columns: JSON keeps text or int names, got {name!r}")
    return name  # type: ignore[no-any-return]


def _name_order(name: Any) -> tuple[str, Any]:
    return type(name).__name__, name


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(f"{shown(v)} ({n:,})" for v, n in value)
    return "" if value is None else str(value)
