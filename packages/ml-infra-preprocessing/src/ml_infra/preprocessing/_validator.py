# ruff: noqa: SLF001 -- merging reads the state of the other object
"""Validating a stream: chunks in, one report out, in constant memory."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ._check import CheckState
from ._column_state import ColumnState
from ._findings import (
    column_notes,
    column_results,
    failed,
    missing_result,
    rules_of,
)
from ._report import Report, Result, shown
from ._tables import Table, batches
from ._threads import run_together, threads_for

if TYPE_CHECKING:
    from ._cells import Cells
    from ._column import Column
    from ._schema import Schema


class Validator:
    """
    Judges chunks of one table against a schema; made by `Schema.validator`.

    Validating chunks, or merging validators of shards in any order, gives the report
    of the whole table. Rows are counted from 0 over all chunks. A shard of a known
    place says so by `start`; one without is taken to follow what it is merged into.
    Can be pickled where the functions of the schema's checks can.
    """

    def __init__(
        self, schema: Schema, max_examples: int = 10, start: int | None = None
    ) -> None:
        if type(max_examples) is not int or max_examples < 0:
            raise ValueError(
                f"max_examples: expected an int >= 0, got {max_examples!r}"
            )
        self.schema = schema
        self.max_examples = max_examples
        self._placed = start is not None
        self._next = _row_number(0 if start is None else start)
        self._spans: list[tuple[int, int]] = []  # rows seen, disjoint, in order
        self._judges = schema._judges(max_examples)
        self._states = [ColumnState() for _ in self._judges]
        self._checks = [CheckState(max_examples) for _ in schema.checks]
        self._missing: dict[Any, int] = {}  # column -> rows of the batches without it
        self._extra: dict[Any, int] = {}
        self._doubled: dict[Any, int] = {}
        # (first row, names): of the first batch, and of the first in another order.
        self._names: tuple[int, list[Any]] | None = None
        self._moved: tuple[int, list[Any]] | None = None

    @property
    def rows(self) -> int:
        """How many rows were judged."""
        return sum(stop - start for start, stop in self._spans)

    def update(self, data: Any, start: int | None = None) -> Validator:
        """
        Judge one more chunk, or every chunk of an iterator, and return this object.

        Args:
            data: A table of any kind that `Schema.validate` takes.
            start: Global position of its first row; None continues after the last.

        Raises:
            TypeError: If the data is no table.
            ValueError: If its columns differ in length, or rows were seen before.
        """
        if start is not None:
            self._next = _row_number(start)
            self._placed = True
        for table in batches(data):
            self._judge(table)
        return self

    def merge(self, other: Validator) -> Validator:
        """
        Add what another validator of the same schema saw, and return this object.

        `other` is left as it is.

        Raises:
            ValueError: If the schemas differ, or both saw the same rows.
        """
        if not isinstance(other, Validator):
            raise TypeError(f"other: expected a Validator, got {type(other).__name__}")
        if not self.schema._like(other.schema):
            raise ValueError("other: expected a validator of the same schema")
        other = copy.copy(other)
        other._states = copy.deepcopy(other._states)
        other._checks = copy.deepcopy(other._checks)
        if not other._placed:
            other._shift(self._next)
        self._cover(other._spans)
        for mine, theirs in zip(self._states, other._states, strict=True):
            mine.merge(theirs)
        for ours, more in zip(self._checks, other._checks, strict=True):
            ours.merge(more)
        for name in ("_missing", "_extra", "_doubled"):
            counts = getattr(self, name)
            for key, count in getattr(other, name).items():
                counts[key] = counts.get(key, 0) + count
        for name in ("_names", "_moved"):
            seen = [one for one in (getattr(self, name), getattr(other, name)) if one]
            setattr(self, name, min(seen, key=lambda one: one[0], default=None))
        self._next = max(self._next, other._next)
        self._placed = self._placed or other._placed
        return self

    def report(self) -> Report:
        """Return the report on everything seen so far."""
        return self._report(copy.deepcopy(self._states), copy.deepcopy(self._checks))

    def _report(self, states: list[ColumnState], checks: list[CheckState]) -> Report:
        rows = self.rows
        missing, extra, doubled = (
            dict(one) for one in (self._missing, self._extra, self._doubled)
        )
        names = self._names[1] if self._names else None
        moved = self._moved
        schema = self.schema

        def build() -> tuple[list[Result], list[str]]:
            results: list[Result] = []
            notes: list[str] = []
            pairs = zip(schema.columns.items(), states, strict=True)
            for (name, column), state in pairs:
                rules = rules_of(column)
                own = column_results(name, column, rules, state)
                if names is None:
                    own = [r._replace(status="unknown", reason="no rows") for r in own]
                elif name in missing:
                    gone = missing_result(name, column, missing[name], names)
                    own = [gone, *(_unseen(r) for r in own[1:])]
                results += own
                notes += column_notes(name, state)
            for check, found in zip(schema.checks, checks, strict=True):
                results.append(found.result(check))
            results += _table_results(schema, rows, names or [], extra, doubled)
            if moved is not None:
                expected = ", ".join(shown(n) for n in schema.columns if n in moved[1])
                got = ", ".join(shown(n) for n in moved[1] if n in schema.columns)
                notes.append(f"columns come in another order: {got}; not {expected}")
            return results, notes

        clean = not (missing or extra or doubled or checks or rows < schema.min_rows)
        columns = schema.columns.values()
        pairs_of = zip(columns, states, strict=True)
        clean = clean and all(state.clean(one.domain) for one, state in pairs_of)
        return Report(rows, build, clean=clean)

    def _judge(self, table: Table) -> None:
        if not table.names and not table.rows:
            return  # an empty list of rows says nothing, not even which columns
        start = self._next
        stop = start + table.rows
        names = table.names
        place = dict(zip(names, range(len(names)), strict=True))
        cells: dict[Any, Cells] = {}
        for name, column in self.schema.columns.items():
            at = column.position if column.position is not None else place.get(name)
            if at is not None and at < len(names):
                cells[name] = table.cells(at)
        doubled = _doubled(names) if len(place) < len(names) else {}
        checked = self.schema._arrays(cells, table, place)
        self._cover([(start, stop)])
        self._look_at_names(table, cells, doubled, start)
        jobs = []
        for name, judge, state in zip(
            self.schema.columns, self._judges, self._states, strict=True
        ):
            if name in cells:
                if name in doubled and judge.column.position is None:
                    _refuse(judge.column, state, doubled[name], table.rows)
                else:
                    jobs.append(partial(judge.judge, cells[name], start, state))
        run_together(jobs, threads_for(table.rows * len(jobs)))
        for check, found in zip(self.schema.checks, self._checks, strict=True):
            found.judge(check, checked, table.rows, start)
        self._next = stop

    def _look_at_names(
        self, table: Table, cells: dict[Any, Cells], doubled: dict[Any, int], start: int
    ) -> None:
        columns = self.schema.columns
        names = table.names
        if self._names is None:
            self._names = (start, list(names))
        if names == list(columns):
            return
        taken = {c.position for c in columns.values() if c.position is not None}
        for name in columns:
            if name not in cells:
                self._missing[name] = self._missing.get(name, 0) + table.rows
        for at, name in enumerate(names):
            if name not in columns and at not in taken:
                self._extra[name] = self._extra.get(name, 0) + table.rows
        for name, count in doubled.items():
            by_place = [at for at, one in enumerate(names) if one == name]
            if not taken.issuperset(by_place):
                self._doubled[name] = max(count, self._doubled.get(name, 0))
        own = [n for n, c in columns.items() if n in cells and c.position is None]
        got = [n for at, n in enumerate(names) if n in columns and at not in taken]
        if self._moved is None and not doubled and own != got:
            self._moved = (start, list(names))

    def _cover(self, spans: list[tuple[int, int]]) -> None:
        """Note which rows are seen; joined where they touch, refused if seen before."""
        if (
            len(self._spans) == 1
            and len(spans) == 1
            and self._spans[0][1] == spans[0][0]
        ):
            self._spans = [(self._spans[0][0], spans[0][1])]  # the usual stream
            return
        joined: list[tuple[int, int]] = []
        for start, stop in sorted(
            one for one in (*self._spans, *spans) if one[0] < one[1]
        ):
            if joined and start < joined[-1][1]:
                raise ValueError(
                    f"rows {start:,} to {min(stop, joined[-1][1]) - 1:,} were seen "
                    "before: give each shard the position of its first row by start="
                )
            if joined and start == joined[-1][1]:
                joined[-1] = (joined[-1][0], stop)
            else:
                joined.append((start, stop))
        self._spans = joined

    def _shift(self, rows: int) -> None:
        """Move all rows of a shard that turns out to follow other rows."""
        self._spans = [(start + rows, stop + rows) for start, stop in self._spans]
        self._next += rows
        for state in self._states:
            state.shift(rows)
        for check in self._checks:
            check.tally.shift(rows)
        if self._names:
            self._names = (self._names[0] + rows, self._names[1])
        if self._moved:
            self._moved = (self._moved[0] + rows, self._moved[1])


def _row_number(start: Any) -> int:
    whole = isinstance(start, (int, np.integer)) and not isinstance(start, bool)
    if not whole or not 0 <= start < 2**62:
        raise ValueError(
            f"start: expected a row number in [0, 2**62), got {shown(start)}"
        )
    return int(start)


def _doubled(names: list[Any]) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return {name: count for name, count in counts.items() if count > 1}


def _refuse(column: Column, state: ColumnState, count: int, rows: int) -> None:
    state.rows += rows
    state.values += rows
    reason = f"{count} columns have this name: choose one by position="
    for rule in rules_of(column)[1:]:
        state.reasons[rule] = reason


def _unseen(result: Result) -> Result:
    """Say of a rule that had no column to judge why it is unknown."""
    if result.status != "unknown" or result.unjudged:
        return result
    return result._replace(reason="the column is missing")


def _table_results(
    schema: Schema, rows: int, names: list[Any], extra: dict[Any, int],
    doubled: dict[Any, int],
) -> list[Result]:  # fmt: skip
    results = []
    if schema.min_rows:
        short = rows < schema.min_rows
        what = f"{rows:,} rows, expected at least {schema.min_rows:,}"
        status = "fail" if short else "pass"
        lacking = max(0, schema.min_rows - rows)
        results.append(
            Result(None, "min_rows", status, "error", lacking, rows, what=what)
        )
    for name in sorted(doubled, key=str):
        what = f"{doubled[name]} columns have this name: choose one by position="
        results.append(
            Result(name, "duplicate_name", "fail", "error", doubled[name], len(names),
                   what=what)
        )  # fmt: skip
    if schema.extra != "allow":
        for name in sorted(extra, key=str):
            status = failed(schema.extra)
            results.append(
                Result(name, "extra", status, schema.extra, extra[name], rows,
                       what="not in the schema")
            )  # fmt: skip
    return results
