# ruff: noqa: SLF001 -- a schema and its validators are one unit
"""What a table has to be: learned from data or written down, saved as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ._column import Column
from ._judge import Judge
from ._report import shown
from ._state import StateError, expect_format, expect_keys, field, is_int, read_json
from ._validator import Validator

if TYPE_CHECKING:
    from ._cells import Cells
    from ._check import Check
    from ._report import Report
    from ._tables import Table

FORMAT = "ml_infra.schema"
VERSION = 1
EXTRA = ("warn", "error", "allow")


class Change(NamedTuple):
    """One difference between two schemas; None stands for "not there"."""

    column: Any
    rule: str
    before: Any
    after: Any


class Schema:
    """
    The columns of a table with their rules, and rules over the whole table.

    Args:
        columns: Rules by column name; a type name such as "int" is short for
            `Column("int")`. All of them have to be there.
        extra: What an unlisted column is: "warn", "error" or "allow".
        min_rows: Fewest rows of a whole table or stream.
        checks: Functions over columns, see `Check`.

    Raises:
        ValueError: If an option is unknown or two checks share a name.

    >>> schema = Schema({"age": Column("int", min=0, max=130)})
    >>> schema.validate({"age": [17, 208]}).failures[0].message
    "column 'age': 1 of 2 values above max 130 (rows 1: 208)"
    """

    def __init__(
        self,
        columns: Mapping[Any, Column | str],
        *,
        extra: str = "warn",
        min_rows: int = 0,
        checks: Iterable[Check] = (),
    ) -> None:
        if not isinstance(columns, Mapping):
            raise TypeError(f"columns: expected a dict, got {type(columns).__name__}")
        if extra not in EXTRA:
            raise ValueError(
                f'extra: expected "warn", "error" or "allow", got {extra!r}'
            )
        if not is_int(min_rows, range(2**62)):
            raise ValueError(
                f"min_rows: expected an integer in [0, 2**62), got {shown(min_rows)}"
            )
        self.columns: dict[Any, Column] = {
            name: _column(name, one) for name, one in columns.items()
        }
        self.extra = extra
        self.min_rows = min_rows
        self.checks: tuple[Check, ...] = _checks(checks)
        names = [check.name for check in self.checks]
        if len(set(names)) < len(names):
            raise ValueError(f"checks: expected different names, got {names}")
        self._compiled: dict[int, list[Judge]] = {}

    @classmethod
    def infer(cls, data: Any, *, max_categories: int = 50) -> Schema:
        """
        Learn a schema from good data: types, nulls, limits and labels as seen.

        Args:
            data: A table, an iterator of tables (read once), or a `Profile`.
            max_categories: Text with at most this many distinct values gets them as
                `in_`; other text gets no rule on its values.

        Limits are those seen, without a margin: widen them where new values are fine.

        >>> Schema.infer({"age": [17, 42]}).columns["age"].max
        42
        """
        from ._inference import infer_columns

        return cls(infer_columns(data, max_categories))

    def validate(self, data: Any, max_examples: int = 10) -> Report:
        """
        Judge a whole table, or all batches of an iterator, by every rule.

        Args:
            data: A dict of lists or arrays, a list of dicts, a structured array, a
                pandas, polars (eager or lazy) or pyarrow table, a record-batch
                reader, or an iterator of any of these. Never written to.
            max_examples: How many rows and values each broken rule lists.

        Returns:
            A report. Bad data never raises.

        Raises:
            TypeError: If `data` is no table.
            ValueError: If its columns differ in length.
        """
        validator = Validator(self, max_examples).update(data)
        return validator._report(validator._states, validator._checks)

    def validator(
        self, *, max_examples: int = 10, start: int | None = None
    ) -> Validator:
        """
        Return a validator for a stream, or for one shard of a table.

        Args:
            max_examples: How many rows and values each broken rule lists.
            start: Global position of the shard's first row; None if unknown.
        """
        return Validator(self, max_examples, start)

    def diff(self, other: Schema) -> list[Change]:
        """
        Return what changed from this schema to another, in column order.

        >>> Schema({"a": Column("int", max=9)}).diff(Schema({"a": Column("int")}))
        [Change(column='a', rule='max', before=9, after=None)]
        """
        if not isinstance(other, Schema):
            raise TypeError(f"other: expected a Schema, got {type(other).__name__}")
        changes = []
        for name in dict.fromkeys([*self.columns, *other.columns]):
            before, after = self.columns.get(name), other.columns.get(name)
            if before is None or after is None:
                changes.append(Change(name, "column", before, after))
                continue
            old, new = before.to_dict(), after.to_dict()
            changes += [
                Change(name, rule, getattr(before, rule), getattr(after, rule))
                for rule in dict.fromkeys([*old, *new])
                if old.get(rule) != new.get(rule)
            ]
        for rule in ("extra", "min_rows"):
            was, now = getattr(self, rule), getattr(other, rule)
            if was != now:
                changes.append(Change(None, rule, was, now))
        mine, theirs = list(self.columns), list(other.columns)
        if set(mine) == set(theirs) and mine != theirs:
            changes.append(Change(None, "order", mine, theirs))
        was_checks = [check.name for check in self.checks]
        now_checks = [check.name for check in other.checks]
        if was_checks != now_checks:
            changes.append(Change(None, "checks", was_checks, now_checks))
        return changes

    def to_dict(self) -> dict[str, Any]:
        """
        Return the schema as strict JSON types.

        Checks are kept by name; `from_dict` asks for their functions.
        """
        for name in self.columns:
            if type(name) not in (str, int):
                raise ValueError(f"columns: JSON keeps text or int names, got {name!r}")
        return {
            "format": FORMAT,
            "version": VERSION,
            "columns": [
                {"name": name, "rules": column.to_dict()}
                for name, column in self.columns.items()
            ],
            "extra": self.extra,
            "min_rows": self.min_rows,
            "checks": [check.name for check in self.checks],
        }

    @classmethod
    def from_dict(
        cls, state: Mapping[str, Any], checks: Iterable[Check] = ()
    ) -> Schema:
        """
        Restore what `to_dict` wrote.

        Args:
            state: The saved schema.
            checks: The checks it had, as functions are not saved.

        Raises:
            ValueError: If the state is damaged, from a newer version, or names checks
                that are not given.
        """
        state = expect_format(state, FORMAT, VERSION)
        names = {"format", "version", "columns", "extra", "min_rows", "checks"}
        expect_keys(state, names)
        given = {check.name: check for check in checks}
        columns: dict[Any, Column] = {}
        for one in field(state, "columns", list):
            if not isinstance(one, Mapping) or set(one) != {"name", "rules"}:
                raise StateError(f"state: expected a name and rules, got {one!r}")
            name = field(one, "name", (str, int))
            if name in columns:
                raise StateError(f"state: column {name!r} comes twice")
            columns[name] = Column.from_dict(one["rules"])
        wanted = field(state, "checks", list)
        lost = [
            name for name in wanted if not isinstance(name, str) or name not in given
        ]
        if lost:
            raise StateError(
                f"state: the functions of the checks {lost} are not saved: "
                "pass them by checks="
            )
        return cls(
            columns,
            extra=field(state, "extra", str),
            min_rows=field(state, "min_rows", int),
            checks=[given[name] for name in wanted],
        )

    def to_json(self) -> str:
        """Return `to_dict` as strict JSON text with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes, checks: Iterable[Check] = ()) -> Schema:
        """Restore what `to_json` wrote; see `from_dict`."""
        return cls.from_dict(read_json(text), checks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schema):
            return NotImplemented
        return self._like(other) and self.checks == other.checks

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # holds a dict

    def __repr__(self) -> str:
        rows = [f"    {name!r}: {one!r}," for name, one in self.columns.items()]
        return "\n".join(["Schema({", *rows, f"}}, extra={self.extra!r})"])

    def _like(self, other: Schema) -> bool:
        """Whether two schemas differ at most in the functions of their checks."""
        mine = [(c.name, c.columns, c.severity) for c in self.checks]
        theirs = [(c.name, c.columns, c.severity) for c in other.checks]
        same = list(self.columns.items()) == list(other.columns.items())
        rules = (self.extra, self.min_rows, mine)
        return same and rules == (other.extra, other.min_rows, theirs)

    def _judges(self, keep: int) -> list[Judge]:
        if keep not in self._compiled:
            self._compiled[keep] = [Judge(c, keep) for c in self.columns.values()]
        return self._compiled[keep]

    def _arrays(
        self, cells: dict[Any, Cells], table: Table, place: dict[Any, int]
    ) -> dict[Any, Cells]:
        """Return the columns the checks need, also those without rules."""
        if not self.checks:
            return cells
        more = {name for check in self.checks for name in check.columns}
        others = {name: table.cells(place[name]) for name in more
                  if name in place and name not in cells}  # fmt: skip
        return {**cells, **others}


def _checks(checks: Any) -> tuple[Check, ...]:
    from ._check import Check

    found = tuple(checks) if isinstance(checks, Iterable) else (checks,)
    for one in found:
        if not isinstance(one, Check) or found == (checks,):
            got = type(checks if found == (checks,) else one).__name__
            raise TypeError(f"checks: expected a list of Check objects, got {got}")
    return found


def _column(name: Any, one: Any) -> Column:
    if isinstance(one, str):
        return Column(one)
    if isinstance(one, Column):
        return one
    raise TypeError(f"columns: expected a Column for {name!r}, got {one!r}")
