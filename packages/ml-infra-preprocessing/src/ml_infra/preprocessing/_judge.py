"""Judging one batch of one column: every rule on the rows where it can be judged."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from ._bounds import (
    in_unit,
    infinite,
    is_hashable,
    listed,
    one_of,
    parse_time,
    times_among,
)
from ._cells import encode_objects
from ._limits import Limits
from ._null_like import taken_as_null
from ._views import (
    View,
    numbers,
    parse_as,
    present,
    sortable,
    texts,
    times,
    types_found,
    wrong_type,
    wrong_zone,
)

if TYPE_CHECKING:
    from ._cells import Cells, Codes, Mask
    from ._column import Column
    from ._column_state import ColumnState
    from ._keys import Ints
    from ._views import Instants

_BLOCK = 1 << 17  # numbers that stay in the cache where both bounds read them
NULL_LOOKING = frozenset(
    {"", "NA", "N/A", "n/a", "NULL", "null", "None", "none", "NaN", "nan", "#N/A"}
)


class Judge:
    """
    The rules of one column, compiled once and applied to batches.

    Args:
        column: The rules.
        keep: How many example rows a rule keeps.
    """

    def __init__(self, column: Column, keep: int) -> None:
        self.column = column
        self.keep = keep
        self._limits_of: dict[np.dtype[Any], Limits] = {}
        self._by_bounds = _kinds_by_bounds(column)
        self._moments = times_among(column.in_ or ())

    def judge(self, cells: Cells, start: int, state: ColumnState) -> None:
        """Judge one batch whose first row is global row `start`."""
        if cells.kind not in self._by_bounds or not cells.plain:
            self._judge_all(cells, start, state)
            return
        # Block by block, so that memory is read once; most blocks are good.
        limits, good, at = self._limits(cells.values.dtype), 0, 0
        while at < cells.size:
            stop = at + _BLOCK
            block = cells.values[at:stop]
            if limits.hold(block):
                good += len(block)
            else:
                stop += _BLOCK  # a bad block is seldom alone
                self._judge_all(cells.part(at, stop), start + at, state)
            at = stop
        state.rows += good
        state.values += good
        state.judged += good

    def _limits(self, dtype: np.dtype[Any]) -> Limits:
        if dtype not in self._limits_of:
            one = self.column
            self._limits_of[dtype] = Limits(
                dtype, one.min, one.max, one.closed, finite=one.finite
            )
        return self._limits_of[dtype]

    def _judge_all(self, cells: Cells, start: int, state: ColumnState) -> None:
        """Judge every rule, whatever the cells are."""
        if cells.size == 0:
            return  # an empty batch says nothing about types or values
        state.rows += cells.size
        column = self.column
        if column.null_like:
            cells = taken_as_null(cells, column.null_like, state)
        nulls = cells.nulls
        missing = 0 if nulls is None else int(np.count_nonzero(nulls))
        if nulls is not None and not column.nullable:
            self._fail("nullable", nulls, cells, start, state)
        if missing == cells.size:
            return
        state.values += cells.size - missing
        if column.type is not None:
            self._judge_type(cells, start, state)
        if column.domain == "numbers":
            view = numbers(cells)
            if view is not None:
                some = view.rows is not None
                state.judged += len(view.values) if some else cells.size - missing
                self._judge_numbers(view, cells, start, state)
        elif column.domain == "times":
            for instants in times(cells):
                self._judge_times(instants, cells, start, state)
        elif column.domain == "text" and cells.kind in ("text", "category", "mixed"):
            self._judge_text(cells, start, state)
        if column.in_ is not None:
            self._judge_membership(cells, start, state)
        if column.unique:
            self._judge_unique(cells, start, state)
        if column.ordered:
            self._judge_order(cells, start, state)

    def _fail(
        self,
        rule: str,
        bad: Mask,
        cells: Cells,
        start: int,
        state: ColumnState,
        *,
        view: View | None = None,
    ) -> None:
        """Count the rows, or places of a view, where `bad` holds; keep the first."""
        count = int(np.count_nonzero(bad))
        if not count:
            return
        tally, examples = state.fail(rule, self.keep), []
        if not tally.full_before(start):
            places = _first(bad, self.keep)
            rows = places if view is None else view.rows_at(places)
            examples = [(row + start, cells.example(row)) for row in rows.tolist()]
        tally.add(count, examples)

    def _judge_type(self, cells: Cells, start: int, state: ColumnState) -> None:
        column = self.column
        wrong = wrong_type(cells, str(column.type), strict=column.strict)
        if column.zone is not None:
            elsewhere = wrong_zone(cells, column.zone)
            both = [one for one in (wrong, elsewhere) if one is not None]
            wrong = np.logical_or.reduce(both) if both else None
        if wrong is None or not wrong.any():
            return
        self._fail("type", wrong, cells, start, state)
        rows = np.flatnonzero(wrong)
        for name, count in types_found(cells, rows, zones=column.zone is not None):
            add_to(state.found, name, count)
        if column.domain == "numbers" and cells.kind in ("text", "mixed"):
            state.parsed += parse_as(cells, rows, column.type)

    def _judge_numbers(
        self, view: View, cells: Cells, start: int, state: ColumnState
    ) -> None:
        column, values = self.column, view.values
        limits = self._limits(values.dtype)
        if column.min is not None:
            self._fail("min", limits.too_low(values), cells, start, state, view=view)
        if column.max is not None:
            self._fail("max", limits.too_high(values), cells, start, state, view=view)
        if column.finite and values.dtype.kind in "fO":
            self._fail("finite", infinite(values), cells, start, state, view=view)

    def _judge_times(
        self, instants: Instants, cells: Cells, start: int, state: ColumnState
    ) -> None:
        column, view = self.column, instants.view
        for rule, bound in (("min", column.min), ("max", column.max)):
            if bound is None:
                continue
            moment, zoned = parse_time(bound)
            if zoned != instants.zoned:
                sides = ("the bound", "the column")
                has, lacks = sides if zoned else sides[::-1]
                state.reasons[rule] = f"{has} has a time zone, {lacks} has none"
                continue
            count = in_unit(moment, instants.unit)
            limits = Limits(view.values.dtype, count, count, column.closed)
            outside = limits.too_low if rule == "min" else limits.too_high
            self._fail(rule, outside(view.values), cells, start, state, view=view)
        state.judged += len(view.values)

    def _judge_text(self, cells: Cells, start: int, state: ColumnState) -> None:
        """Judge each distinct text once, then find the rows that hold the bad ones."""
        column = self.column
        codes, labels = texts(cells)
        found = [one if isinstance(one, str) else None for one in labels]
        is_text = np.array([one is not None for one in found], bool)
        state.judged += int(np.count_nonzero(np.append(is_text, False)[codes]))
        if not column.null_like and not NULL_LOOKING.isdisjoint(found):
            for code, text in enumerate(found):
                if text in NULL_LOOKING and not listed(text, column.in_ or ()):
                    rows = np.count_nonzero(codes == code)
                    add_to(state.null_looking, str(text), int(rows))
        limit = column.max_len
        short = [one is None or limit is None or len(one) <= limit for one in found]
        self._fail("max_len", _with_bad_label(short, codes), cells, start, state)
        if column.regex is not None:
            match = column.pattern.fullmatch
            good = [
                one is None or not fits or match(one) is not None
                for one, fits in zip(found, short, strict=True)
            ]
            self._fail("regex", _with_bad_label(good, codes), cells, start, state)

    def _judge_membership(self, cells: Cells, start: int, state: ColumnState) -> None:
        allowed = self.column.in_ or ()
        if cells.kind in ("int", "float", "bool"):
            bad = ~one_of(cells.values, allowed) & present(cells)
        elif cells.kind in ("mixed", "other"):
            values, here = cells.values.tolist(), present(cells).tolist()
            pairs = zip(values, here, strict=True)
            bad = np.array([is_here and not listed(v, allowed) for v, is_here in pairs])
        elif cells.kind == "datetime":
            bad = np.zeros(cells.size, bool)
        else:
            codes, labels = cells.encoded()
            bad = _with_bad_label([listed(one, allowed) for one in labels], codes)
        for part in times(cells):
            counts = (in_unit(one, part.unit) for one in self._moments)
            whole = tuple(one for one in counts if isinstance(one, int))
            bad[part.view.all_rows()] = ~one_of(part.view.values, whole)
        self._fail("in_", bad, cells, start, state)

    def _judge_unique(self, cells: Cells, start: int, state: ColumnState) -> None:
        rest = present(cells)
        for name, view in sortable(cells).items():
            rows = view.all_rows()
            rest[rows] = False
            state.unique_among(name, self.keep).add_numbers(view.values, rows + start)
        rows = np.flatnonzero(rest)
        if not len(rows):
            return
        if cells.kind in ("mixed", "other"):
            values = cells.values[rows].tolist()
            known = [is_hashable(one) for one in values]
            lists = {type(v).__name__ for v, is_known in zip(values, known, strict=True)
                     if not is_known}  # fmt: skip
            if lists:
                state.reasons["unique"] = f"{min(lists)} values cannot be compared"
            rows = rows[known]
            codes, labels = encode_objects(compress(values, known))
        else:
            codes, labels = cells.encoded()
            codes = codes[rows]
        state.unique_among("", self.keep).add_labels(codes, labels, rows + start)

    def _judge_order(self, cells: Cells, start: int, state: ColumnState) -> None:
        parts = sortable(cells)
        nothing = View(np.empty(0), np.empty(0, np.int64))
        for name in {**state.ordering, **parts}:
            view = parts.get(name, nothing)
            rows, stop = view.all_rows() + start, start + cells.size
            order = state.order_among(name, str(self.column.ordered), self.keep)
            order.add(view.values, rows, start, stop)


def _kinds_by_bounds(column: Column) -> frozenset[str]:
    """Return the kinds of cells that nothing but comparing with bounds can pass."""
    if column.domain != "numbers" or (
        column.in_ is not None or column.unique or column.null_like or column.ordered
    ):
        return frozenset()
    kinds = {"int", "float"}
    if column.type == "int":
        kinds.remove("float")  # whole floats are integers, others are not
    elif column.type == "float" and column.strict:
        kinds.remove("int")
    return frozenset(kinds)


def _first(bad: Mask, k: int) -> Ints:
    """Return the first `k` places where `bad` holds, reading no further than needed."""
    found: list[Ints] = [np.empty(0, np.int64)]
    for start in range(0, len(bad), _BLOCK):
        if sum(map(len, found)) >= k:
            break
        found.append(np.flatnonzero(bad[start : start + _BLOCK]) + start)
    return np.concatenate(found)[:k]


def add_to(counts: dict[str, int], key: str, count: int) -> None:
    """Add to a count, which starts at 0."""
    if count:
        counts[key] = counts.get(key, 0) + count


def _with_bad_label(good: list[bool], codes: Codes) -> Mask:
    """Return which rows have a label that is not good; nulls, of code -1, are."""
    return np.append(~np.array(good, bool), False)[codes]
