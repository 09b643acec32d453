"""Checks of the user's own, over one or several columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._column import SEVERITIES
from ._findings import failed
from ._report import Result
from ._tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._cells import Cells


@dataclass(frozen=True)
class Check:
    """
    A rule given as a function of whole columns.

    Args:
        name: What reports call the rule.
        fn: Called with one NumPy array a column, in the order of `columns`, holding
            the rows where none of them is null: int64, float64, bool, datetime64 or
            objects. Returns True where a row is good, shape (n,), or one bool for all.
            If it throws, the rule's status is "error" and the others go on.
        columns: The names of the columns it needs.
        severity: "error" or "warn".

    >>> Check("start<=end", lambda s, e: s <= e, columns=("start", "end")).name
    'start<=end'
    """

    name: str
    fn: Callable[..., Any]
    columns: tuple[Any, ...]
    severity: str = "error"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name: expected some text, got {self.name!r}")
        if not callable(self.fn):
            raise TypeError(f"fn: expected a function, got {self.fn!r}")
        names: Any = self.columns
        if isinstance(names, str) or not names:
            raise ValueError(
                f"columns: expected a tuple of names, got {self.columns!r}"
            )
        object.__setattr__(self, "columns", tuple(self.columns))
        if self.severity not in SEVERITIES:
            raise ValueError(
                f'severity: expected "error" or "warn", got {self.severity!r}'
            )


class CheckState:
    """What one check found so far."""

    def __init__(self, keep: int) -> None:
        self.tally = Tally(keep)
        self.rows = 0
        self.judged = 0
        self.threw: tuple[int, str] | None = None  # first row of the batch, the error
        self.missing = ""

    def judge(
        self, check: Check, cells: Mapping[Any, Cells], rows: int, start: int
    ) -> None:
        """Run the check on one batch."""
        absent = [name for name in check.columns if name not in cells]
        if absent:
            self.missing = f"no column {absent[0]!r}"
            self.rows += rows
            return
        if not rows:
            return
        columns = [cells[name] for name in check.columns]
        nulls = np.zeros(rows, bool)
        for one in columns:
            if one.nulls is not None:
                nulls |= one.nulls
        keep = np.flatnonzero(~nulls)
        self.rows += len(keep)
        if not len(keep):
            return
        arrays = [_array(one, keep) for one in columns]
        try:
            bad = _bad_places(check.fn(*arrays), len(keep))
        except Exception as error:  # noqa: BLE001 -- one check must not stop the others
            text = f"{type(error).__name__}: {error}"
            self.threw = min(self.threw or (start, text), (start, text))
            return
        self.judged += len(keep)
        found = keep[bad]
        examples = [
            (row + start, tuple(one.example(row) for one in columns))
            for row in found[: self.tally.keep].tolist()
        ]
        self.tally.add(len(found), examples)

    def merge(self, other: CheckState) -> None:
        """Add what the same check found elsewhere."""
        self.tally.add(other.tally.count, other.tally.examples)
        self.rows += other.rows
        self.judged += other.judged
        self.missing = max(self.missing, other.missing)
        threw = [one for one in (self.threw, other.threw) if one is not None]
        self.threw = min(threw, default=None)

    def result(self, check: Check) -> Result:
        """Return the outcome over all batches."""
        count, examples = self.tally.count, self.tally.examples
        unjudged = self.rows - self.judged
        status, reason = "pass", ""
        if self.threw is not None:
            status, reason = "error", self.threw[1]
        elif count:
            status = failed(check.severity)
        elif not self.judged:
            status = "unknown"
            reason = self.missing or "no rows without a null"
        return Result(
            None, check.name, status, check.severity, count, self.judged, unjudged,
            tuple(row for row, _ in examples), tuple(value for _, value in examples),
            f"check {check.name!r}: {count:,} of {self.judged:,} rows fail", reason,
        )  # fmt: skip


def _array(cells: Cells, rows: Any) -> Any:
    """Return the kept rows as the array a user's function expects."""
    if cells.kind == "datetime":
        return cells.values[rows].astype(f"datetime64[{cells.unit}]")
    if cells.kind in ("text", "category"):
        codes, labels = cells.encoded()
        known = np.empty(len(labels), object)
        known[:] = labels
        return known[codes[rows]]
    return cells.values[rows]


def _bad_places(answer: Any, size: int) -> Any:
    """Return the places where a check says no."""
    good = np.asarray(answer)
    if good.dtype != bool:
        raise TypeError(f"expected True or False for each row, got {good.dtype}")
    if good.ndim == 0:
        return np.arange(0 if good else size)
    if good.shape != (size,):
        raise ValueError(f"expected {size} answers, got shape {good.shape}")
    return np.flatnonzero(~good)
