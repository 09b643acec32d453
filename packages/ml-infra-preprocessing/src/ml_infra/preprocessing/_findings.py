"""From counts to outcomes: the status and the words of every rule."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from ._cells import time_text
from ._report import Result, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._column import Column
    from ._column_state import ColumnState
    from ._ordering import Ordering
    from ._tally import Example
    from ._uniqueness import Uniqueness

# Which count of rows says how often a rule was judged.
_JUDGED_ON = {
    "present": "rows",
    "nullable": "rows",
    "type": "values",
    "in_": "values",
    "unique": "values",
    "ordered": "values",
}


def rules_of(column: Column) -> list[str]:
    """Return the rules that a column declares, in the order of a report."""
    return [
        "present",
        *(["type"] if column.type is not None else []),
        *([] if column.nullable else ["nullable"]),
        *(["min"] if column.min is not None else []),
        *(["max"] if column.max is not None else []),
        *(["finite"] if column.finite else []),
        *(["in_"] if column.in_ is not None else []),
        *(["max_len"] if column.max_len is not None else []),
        *(["regex"] if column.regex is not None else []),
        *(["unique"] if column.unique else []),
        *(["ordered"] if column.ordered else []),
    ]


def column_results(
    name: Any, column: Column, rules: list[str], state: ColumnState
) -> list[Result]:
    """Return the outcome of every rule of one column."""
    return [_result(name, column, rule, state) for rule in rules]


def missing_result(name: Any, column: Column, rows: int, names: list[Any]) -> Result:
    """Return the failure of a column that is not there."""
    near = difflib.get_close_matches(str(name), [str(one) for one in names], n=1)
    hint = f"; did you mean {shown(near[0])}?" if near else ""
    there = ", ".join(shown(one) for one in names[:10]) + (", …" * (len(names) > 10))
    return Result(
        name, "present", failed(column.severity), column.severity, rows, rows,
        what=f"missing; the table has {there or 'no columns'}{hint}",
    )  # fmt: skip


def failed(severity: str) -> str:
    """Return the status of a broken rule."""
    return "fail" if severity == "error" else "warn"


def _result(name: Any, column: Column, rule: str, state: ColumnState) -> Result:
    checked: int = getattr(state, _JUDGED_ON.get(rule, "judged"))
    severity = column.severity
    count, examples = _violations(rule, state)
    if count:
        rows = tuple(row for row, _ in examples)
        values = tuple(value for _, value in examples)
        wanted = "int" if rule in ("unique", "ordered") else column.type
        wanted = column.type if column.type in ("int", "float") else wanted
        values = tuple(_as_number(value, wanted) for value in values)
        return Result(
            name, rule, failed(severity), severity, count, checked,
            state.values - checked if checked < state.values else 0,
            rows, values, _words(rule, column, state, count, checked),
        )  # fmt: skip
    reason = _undecided(rule, state)
    if reason:
        return Result(
            name, rule, "unknown", severity, 0, 0, state.values, reason=reason
        )
    if not checked and rule != "present":
        if not state.values:
            reason = "every value is null" if state.rows else "no rows"
        else:
            kinds = ", ".join(sorted(state.found)) or "other values"
            reason = f"found {kinds}: nothing this rule applies to"
        return Result(
            name, rule, "unknown", severity, 0, 0, state.values, reason=reason
        )
    unjudged = max(0, state.values - checked)
    return Result(name, rule, "pass", severity, 0, checked, unjudged)


def _as_number(value: Any, wanted: str | None) -> Any:
    """Show a number the same whatever it was among: 3 in ints, 3.0 in floats."""
    if type(value) is int and wanted == "float" and abs(value) <= 2**53:
        return float(value)
    if type(value) is float and wanted == "int" and value.is_integer():
        return int(value)
    return value


def _violations(rule: str, state: ColumnState) -> tuple[int, list[Example]]:
    if rule not in ("unique", "ordered"):
        tally = state.fails.get(rule)
        return (tally.count, tally.examples) if tally is not None else (0, [])
    count, examples, keep = 0, [], 0
    for name, part in _parts(rule, state).items():
        more, pairs = part.violations()
        count, keep = count + more, part.keep
        examples += [(row, _shown(value, name)) for row, value in pairs]
    return count, sorted(examples, key=lambda one: one[0])[:keep]


def _parts(rule: str, state: ColumnState) -> Mapping[str, Uniqueness | Ordering]:
    return state.uniqueness if rule == "unique" else state.ordering


def _shown(value: Any, name: str) -> Any:
    """Return a value as it is, and the count of a unit as a time."""
    if not name:
        return value
    unit, _, zone = name.partition(" ")
    return time_text(value, unit, zone or None)


def _undecided(rule: str, state: ColumnState) -> str:
    if rule in ("unique", "ordered"):
        parts = _parts(rule, state)
        if len({name.partition(" ")[0] for name in parts if name}) > 1:
            return "chunks count time in different units"
        if rule == "ordered" and state.values and not parts:
            return "no numbers or times to order"
    for one in state.uniqueness.values() if rule == "unique" else ():
        if one.undecided():
            return one.undecided()
    return state.reasons.get(rule, "")


def _words(
    rule: str, column: Column, state: ColumnState, count: int, checked: int
) -> str:
    share = f"{count:,} of {checked:,} values"
    low_open = column.closed in ("right", "neither")
    high_open = column.closed in ("left", "neither")
    if rule == "nullable":
        return f"{count:,} of {checked:,} rows are null"
    if rule == "type":
        found = " and ".join(sorted(state.found))
        hint = ""
        if state.parsed:
            hint = f", {state.parsed:,} of {count:,} parse as {column.type}"
            hint += "; values are never converted"
        zone = f" with zone {column.zone}" if column.zone else ""
        return f"{share} are not {column.type}{zone}: found {found}{hint}"
    if rule == "min":
        return f"{share} {'not above' if low_open else 'below'} min {column.min!r}"
    if rule == "max":
        return f"{share} {'not below' if high_open else 'above'} max {column.max!r}"
    if rule == "in_":
        allowed = column.in_ or ()
        listed = ", ".join(shown(one) for one in allowed[:5])
        return f"{share} not in {listed}{', …' * (len(allowed) > 5)}"
    if rule == "unique" and any(one.overflown for one in state.uniqueness.values()):
        return f"at least {share} are not unique"
    return {
        "finite": f"{share} are infinite",
        "max_len": f"{share} longer than {column.max_len} characters",
        "regex": f"{share} do not match {shown(column.regex)}",
        "unique": f"{share} are not unique",
        "ordered": f"{share} are not {column.ordered}",
    }[rule]


def column_notes(name: Any, state: ColumnState) -> list[str]:
    """Return what to know about a column although it breaks no rule."""
    notes = []
    for counts, words in (
        (state.taken_null, "taken as null"),
        (state.null_looking, "look like nulls; if they are, say so by null_like"),
    ):
        if counts:
            each = ", ".join(f"{shown(k)} ({counts[k]:,})" for k in sorted(counts))
            notes.append(f"column {shown(name)}: values {words}: {each}")
    return notes
