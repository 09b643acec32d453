"""What a validation found, for people, notebooks and machines."""

from __future__ import annotations

import datetime as dt
import json
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _elements
from ._html import table

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "ml_infra.report"
VERSION = 1
_LONGEST = 60  # characters of one value or name that a message shows


class ValidationError(ValueError):
    """
    Data broke rules of severity "error".

    Attributes:
        report: The whole report.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.report,)


class Result(NamedTuple):
    """
    The outcome of one rule.

    Attributes:
        column: The column's name, or None for a rule of the table.
        rule: "present", "type", "nullable", "min", "max", "finite", "in_", "regex",
            "max_len", "unique", "ordered", "min_rows", "extra", "duplicate_name", or
            the name of a check.
        status: "pass", "fail", "warn", "unknown" (not judged; `reason` says why) or
            "error" (a check threw).
        severity: "error" or "warn".
        count: Rows that break the rule.
        checked: Rows the rule was judged on.
        unjudged: Rows with a value that the rule could not be asked about.
        rows: Global positions of the first such rows, 0-based.
        values: What stands there; datetimes as ISO text in UTC.
        what: The violation in words.
        reason: Why a rule is "unknown" or "error".
    """

    column: Any
    rule: str
    status: str
    severity: str
    count: int  # type: ignore[assignment]  # shadows tuple.count, the better name
    checked: int
    unjudged: int = 0
    rows: tuple[int, ...] = ()
    values: tuple[Any, ...] = ()
    what: str = ""
    reason: str = ""

    @property
    def share(self) -> float:
        """The share of the checked rows that break the rule, in [0, 1]."""
        return self.count / self.checked if self.checked else 0.0

    @property
    def message(self) -> str:
        """One line that says where, what, how often, and the first examples."""
        where = f"column {shown(self.column)}: " if self.column is not None else ""
        if self.status == "pass":
            return f"{where}{self.rule}: {self.checked:,} checked"
        if self.status in ("unknown", "error"):
            return f"{where}{self.rule} {self.status}: {self.reason}"
        if not self.rows:
            return where + self.what
        rows = ", ".join(str(row) for row in self.rows)
        values = ", ".join(shown(value) for value in self.values)
        more = ", …" if self.count > len(self.rows) else ""
        return f"{where}{self.what} (rows {rows}{more}: {values}{more})"

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as strict JSON types."""
        return {
            "column": plain(self.column),
            "rule": self.rule,
            "status": self.status,
            "severity": self.severity,
            "count": self.count,
            "checked": self.checked,
            "unjudged": self.unjudged,
            "share": self.share,
            "rows": list(self.rows),
            "values": [plain(value) for value in self.values],
            "message": self.message,
            "reason": self.reason,
        }


class Report:
    """
    Every rule's outcome over all rows that were validated.

    `print(report)` shows what was found; a notebook shows it as a table.
    """

    def __init__(
        self,
        rows: int,
        build: Callable[[], tuple[list[Result], list[str]]],
        *,
        clean: bool = False,
    ) -> None:
        self.rows = rows
        self._build = build
        self._clean = clean  # known to be ok without building the results

    @cached_property
    def _built(self) -> tuple[list[Result], list[str]]:
        # Put off until asked: most batches are good and only `ok` is read.
        return self._build()

    @property
    def results(self) -> list[Result]:
        """The outcome of every rule, in schema order."""
        return self._built[0]

    @property
    def notes(self) -> list[str]:
        """Observations that break no rule."""
        return self._built[1]

    @property
    def failures(self) -> list[Result]:
        """The rules that were broken or threw: status fail, warn or error."""
        return [r for r in self.results if r.status in ("fail", "warn", "error")]

    @property
    def unknown(self) -> list[Result]:
        """The rules that could not be judged, each with its reason."""
        return [r for r in self.results if r.status == "unknown"]

    @property
    def ok(self) -> bool:
        """
        Whether no rule of severity "error" was broken, threw or stayed undecided.

        A rule without anything to judge (no rows, nothing but nulls) is unknown but
        does not count; one that could not be judged although there were values does.
        """
        return self._clean or not any(
            r.severity == "error" and _bad(r) for r in self.results
        )

    def raise_if_failed(self) -> None:
        """Raise ValidationError, with this report as its text, unless `ok`."""
        if not self.ok:
            raise ValidationError(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as strict JSON types; equal findings, equal bytes."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "ok": self.ok,
            "rows": self.rows,
            "results": [result.to_dict() for result in self.results],
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """Return `to_dict` as strict JSON text with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True, allow_nan=False)

    def __bool__(self) -> bool:
        raise TypeError("a report is neither true nor false: ask for report.ok")

    def __str__(self) -> str:
        found = [*self.failures, *self.unknown]
        verdict = "ok" if self.ok else "failed"
        rules = f"{len(self.results)} rules on {self.rows:,} rows"
        lines = [f"validation {verdict}: {rules}, {len(self.failures)} broken"]
        lines += [f"  {r.status:<7} {r.message}" for r in found]
        lines += [f"  note    {note}" for note in self.notes]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = [
            (r.status, "" if r.column is None else shown(r.column), r.rule,
             f"{r.count:,}", f"{r.checked:,}", r.message)
            for r in (*self.failures, *self.unknown)
        ]  # fmt: skip
        rows += [("note", "", "", "", "", note) for note in self.notes]
        head = ("status", "column", "rule", "count", "checked", "message")
        return table(str(self).partition("\n")[0], head, rows)


def _bad(result: Result) -> bool:
    undecided = result.status == "unknown" and result.unjudged > 0
    return undecided or result.status in ("fail", "error")


def shown(value: Any) -> str:
    """Return a value for a message: escaped, on one line, and not too long."""
    if isinstance(value, int) and value.bit_length() > 512:
        return _elements.shown(value)
    text = _elements.written(value, ascii if _has_controls(value) else repr)
    if isinstance(value, (float, np.floating)):
        text = f"{float(value)!r}"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _has_controls(value: Any) -> bool:
    return isinstance(value, str) and not value.isprintable()


def plain(value: Any) -> Any:
    """Return a value as a strict JSON type: what JSON lacks becomes text."""
    if isinstance(value, int) and value.bit_length() > _elements.MOST_BITS:
        return shown(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, dt.date):
        return value.isoformat()
    return shown(value)
