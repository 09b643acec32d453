"""Judging one batch of one column: every rule on the rows where it can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._bounds import above, below, in_unit, inner, one_of, parse_time
from ._cells import family_name
from ._keys import BLOCK
from ._null_like import taken_as_null
from ._ordering import Ordering
from ._uniqueness import Uniqueness
from ._views import VIEWS, View, ordered, parse_as, present, wrong_type

if TYPE_CHECKING:
    from ._cells import Array, Cells, Mask
    from ._column import Column
    from ._keys import Ints
    from ._tally import ColumnState

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
        self._below_too = column.closed in ("right", "neither")  # min itself is bad
        self._above_too = column.closed in ("left", "neither")
        self._limits_of: dict[np.dtype[Any], tuple[Any, Any]] = {}
        # Nothing but reductions is needed to pass a batch of floats.
        self._only_bounds = column.domain == "numbers" and not (
            column.in_ is not None
            or column.unique
            or column.null_like
            or column.ordered
            or column.type == "int"
        )

    def judge(self, cells: Cells, start: int, state: ColumnState) -> None:
        """Judge one batch whose first row is global row `start`."""
        if cells.size == 0:
            return  # an empty batch says nothing about types or values
        state.rows += cells.size
        if self._only_bounds and cells.kind == "float" and self._all_good(cells, state):
            return
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
        view = VIEWS[column.domain](cells)
        if view is not None and len(view.values):
            if column.domain == "numbers":
                some = view.rows is not None
                state.judged += len(view.values) if some else cells.size - missing
                self._judge_numbers(view, cells, start, state)
            elif column.domain == "times":
                self._judge_times(view, cells, start, state)
        if column.domain == "text" and cells.kind in ("text", "category", "mixed"):
            self._judge_text(cells, start, state)
        if column.in_ is not None:
            self._judge_membership(cells, start, state)
        if column.unique:
            self._judge_unique(cells, start, state)
        if column.ordered:
            self._judge_order(cells, start, state)

    def _all_good(self, cells: Cells, state: ColumnState) -> bool:
        """Pass a batch of floats by two reductions, if nothing is wrong in it."""
        if cells.values.dtype == object:
            return False
        low, high = cells.extremes()
        least, most = self._limits(cells.values.dtype)
        if cells.nulls is not None or not (least <= low and high <= most):
            return False
        state.values += cells.size
        state.judged += cells.size
        return True

    def _limits(self, dtype: np.dtype[Any]) -> tuple[Any, Any]:
        """Return the least and the largest value that a column of floats may have."""
        if dtype not in self._limits_of:
            column, info = self.column, np.finfo(dtype)
            low, high = (-np.inf, np.inf) if not column.finite else (info.min, info.max)
            ends = np.array([low, high], dtype)
            if column.min is not None:
                ends[0] = max(ends[0], inner(column.min, dtype, self._below_too, 1))
            if column.max is not None:
                ends[1] = min(ends[1], inner(column.max, dtype, self._above_too, -1))
            self._limits_of[dtype] = (ends[0], ends[1])
        return self._limits_of[dtype]

    def _too_low(self, values: Array) -> Mask:
        return below(values, self.column.min, or_at=self._below_too)

    def _too_high(self, values: Array) -> Mask:
        return above(values, self.column.max, or_at=self._above_too)

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
        if count:
            places = _first(bad, self.keep)
            rows = places if view is None else view.rows_at(places)
            examples = [(row + start, cells.example(row)) for row in rows.tolist()]
            state.fail(rule, self.keep).add(count, examples)

    def _judge_type(self, cells: Cells, start: int, state: ColumnState) -> None:
        column = self.column
        wrong = wrong_type(cells, str(column.type), strict=column.strict)
        zone = column.zone
        found = cells.found
        if cells.kind == "datetime" and zone not in (None, cells.zone or "naive"):
            wrong = present(cells)
            found = f"datetime with zone {cells.zone or 'naive'}"
        if wrong is None:
            return
        self._fail("type", wrong, cells, start, state)
        rows = np.flatnonzero(wrong)
        if len(rows):
            if cells.kind == "mixed":
                for one in cells.values[rows].tolist():
                    add_to(state.found, family_name(type(one)), 1)
            else:
                add_to(state.found, found, len(rows))
            if column.domain == "numbers" and cells.kind in ("text", "mixed"):
                state.parsed += parse_as(cells, rows, column.type)

    def _judge_numbers(
        self, view: View, cells: Cells, start: int, state: ColumnState
    ) -> None:
        column, values = self.column, view.values
        # Two reductions tell which of the bounds is worth a look at every value.
        ends = values
        if values.dtype != object:
            whole = view.rows is None
            pair = cells.extremes() if whole else (values.min(), values.max())
            ends = np.array(pair, values.dtype)
        if column.min is not None and self._too_low(ends).any():
            self._fail("min", self._too_low(values), cells, start, state, view=view)
        if column.max is not None and self._too_high(ends).any():
            self._fail("max", self._too_high(values), cells, start, state, view=view)
        if column.finite and values.dtype.kind == "f":
            self._fail("finite", np.isinf(values), cells, start, state, view=view)

    def _judge_times(
        self, view: View, cells: Cells, start: int, state: ColumnState
    ) -> None:
        column = self.column
        for rule, bound in (("min", column.min), ("max", column.max)):
            if bound is None:
                continue
            moment, zoned = parse_time(bound)
            if zoned != (cells.zone is not None):
                sides = ("the bound", "the column")
                has, lacks = sides if zoned else sides[::-1]
                state.reasons[rule] = f"{has} has a time zone, {lacks} has none"
                continue
            outside, open_ = (
                (below, self._below_too) if rule == "min" else (above, self._above_too)
            )
            bad = outside(view.values, in_unit(moment, cells.unit), or_at=open_)
            self._fail(rule, bad, cells, start, state, view=view)
        state.judged += len(view.values)

    def _judge_text(self, cells: Cells, start: int, state: ColumnState) -> None:
        """Judge each distinct text once, then find the rows that hold the bad ones."""
        column = self.column
        codes, labels = cells.encoded()
        texts = [one if isinstance(one, str) else None for one in labels]
        is_text = np.array([one is not None for one in texts], bool)
        state.judged += int(np.count_nonzero(np.append(is_text, False)[codes]))
        if not column.null_like and not NULL_LOOKING.isdisjoint(texts):
            for code, text in enumerate(texts):
                if text in NULL_LOOKING and not listed(text, column.in_ or ()):
                    rows = np.count_nonzero(codes == code)
                    add_to(state.null_looking, str(text), int(rows))
        limit = column.max_len
        short = [one is None or limit is None or len(one) <= limit for one in texts]
        self._fail_labels("max_len", short, cells, start, state)
        if column.regex is not None:
            match = column.pattern.fullmatch
            good = [
                one is None or not fits or match(one) is not None
                for one, fits in zip(texts, short, strict=True)
            ]
            self._fail_labels("regex", good, cells, start, state)

    def _fail_labels(
        self, rule: str, good: list[bool], cells: Cells, start: int, state: ColumnState
    ) -> None:
        if not all(good):
            bad = np.append(~np.array(good, bool), False)  # code -1, a null, is good
            self._fail(rule, bad[cells.encoded()[0]], cells, start, state)

    def _judge_membership(self, cells: Cells, start: int, state: ColumnState) -> None:
        allowed = self.column.in_ or ()
        if cells.kind in ("int", "float", "bool", "datetime"):
            if cells.kind == "datetime":
                texts = [one for one in allowed if isinstance(one, str)]
                moments = [in_unit(parse_time(one)[0], cells.unit) for one in texts]
                allowed = tuple(one for one in moments if isinstance(one, int))
            self._fail(
                "in_", ~one_of(cells.values, allowed) & present(cells),
                cells, start, state,
            )  # fmt: skip
            return
        try:
            _, labels = cells.encoded()
        except TypeError:
            state.reasons["in_"] = f"{cells.found} values cannot be compared"
            return
        good = [listed(one, allowed) for one in labels]
        self._fail_labels("in_", good, cells, start, state)

    def _judge_unique(self, cells: Cells, start: int, state: ColumnState) -> None:
        if state.uniqueness is None:
            state.uniqueness = Uniqueness(self.keep)
        view = ordered(cells)
        if view is not None and _same_unit("unique", cells, state):
            rows = view.all_rows() + start
            state.uniqueness.add_numbers(view.values, rows)
        if cells.kind == "mixed" or view is None:
            try:
                codes, labels = cells.encoded()
            except TypeError:
                state.reasons["unique"] = f"{cells.found} values cannot be compared"
                return
            rest = codes >= 0
            if view is not None:
                rest[view.all_rows()] = False  # numbers have keys of their own
            rows = np.flatnonzero(rest)
            state.uniqueness.add_labels(codes[rows], labels, rows + start)

    def _judge_order(self, cells: Cells, start: int, state: ColumnState) -> None:
        view = ordered(cells)
        if view is None:
            state.reasons["ordered"] = f"no order is known for {cells.found}"
        elif _same_unit("ordered", cells, state):
            if state.ordering is None:
                state.ordering = Ordering(str(self.column.ordered), self.keep)
            rows = view.all_rows() + start
            state.ordering.add(view.values, rows, start, start + cells.size)


def _first(bad: Mask, k: int) -> Ints:
    """Return the first `k` places where `bad` holds, reading no further than needed."""
    found: list[Ints] = [np.empty(0, np.int64)]
    for start in range(0, len(bad), BLOCK):
        if sum(map(len, found)) >= k:
            break
        found.append(np.flatnonzero(bad[start : start + BLOCK]) + start)
    return np.concatenate(found)[:k]


def listed(value: Any, allowed: tuple[Any, ...]) -> bool:
    """Whether a value is among the allowed; True and 1 are two things."""
    return any(
        value == one and isinstance(value, bool) == isinstance(one, bool)
        for one in allowed
    )


def add_to(counts: dict[str, int], key: str, count: int) -> None:
    """Add to a count, which starts at 0."""
    counts[key] = counts.get(key, 0) + count


def _same_unit(rule: str, cells: Cells, state: ColumnState) -> bool:
    """Whether timestamps count what earlier chunks counted; if not, say so."""
    state.unit = state.unit or cells.unit
    if state.unit != cells.unit:
        state.reasons[rule] = "chunks count time in different units"
    return state.unit == cells.unit
