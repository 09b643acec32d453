"""What a validator remembers: counts, and the first few violations of each rule."""

from __future__ import annotations

import heapq
from typing import Any

Example = tuple[int, Any]  # global row and the value found there


class Tally:
    """How often a rule was violated, with its `keep` first rows and values."""

    __slots__ = ("count", "examples", "keep")

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.count = 0
        self.examples: list[Example] = []

    def add(self, count: int, examples: list[Example]) -> None:
        """Count more violations, wherever in the data they lie."""
        self.count += count
        if examples:
            both = self.examples + examples
            self.examples = heapq.nsmallest(self.keep, both, key=_row)

    def shift(self, rows: int) -> None:
        """Move all rows, when this data turns out to follow other data."""
        self.examples = [(row + rows, value) for row, value in self.examples]


def _row(example: Example) -> int:
    return example[0]


class ColumnState:
    """The counts of one column; all of it adds up over batches and partitions."""

    __slots__ = (
        "fails", "found", "judged", "null_looking", "ordering", "parsed", "reasons",
        "rows", "taken_null", "uniqueness", "unit", "values",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rows = 0
        self.values = 0  # rows that are not null
        self.judged = 0  # values that the rules of this column can be asked about
        self.fails: dict[str, Tally] = {}
        self.found: dict[str, int] = {}  # type found where the type rule fails -> rows
        self.parsed = 0  # texts that would read as the number type asked for
        self.reasons: dict[str, str] = {}  # rule -> why it could not be judged
        self.taken_null: dict[str, int] = {}
        self.null_looking: dict[str, int] = {}
        self.unit = ""  # what timestamps count
        self.uniqueness: Any = None
        self.ordering: Any = None

    def fail(self, rule: str, keep: int) -> Tally:
        """Return the tally of a rule, made when the rule first fails."""
        tally = self.fails.get(rule)
        if tally is None:
            tally = self.fails[rule] = Tally(keep)
        return tally

    def clean(self, domain: str) -> bool:
        """Whether plainly every rule passed or had nothing to judge."""
        open_ = self.fails or self.reasons or self.uniqueness or self.ordering
        return not open_ and (domain == "any" or self.judged == self.values)

    def merge(self, other: ColumnState) -> None:
        """Add the counts of other rows of the same column."""
        self.rows += other.rows
        self.values += other.values
        self.judged += other.judged
        self.parsed += other.parsed
        for rule, tally in other.fails.items():
            self.fail(rule, tally.keep).add(tally.count, tally.examples)
        for name in ("found", "taken_null", "null_looking"):
            mine = getattr(self, name)
            for key, count in getattr(other, name).items():
                mine[key] = mine.get(key, 0) + count
        for rule, reason in other.reasons.items():
            self.reasons[rule] = min(reason, self.reasons.get(rule, reason))
        for name in ("uniqueness", "ordering"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine is None:
                setattr(self, name, theirs)
            elif theirs is not None:
                mine.merge(theirs)

    def shift(self, rows: int) -> None:
        """Move all rows by as many as come before them."""
        for tally in self.fails.values():
            tally.shift(rows)
        for part in (self.uniqueness, self.ordering):
            if part is not None:
                part.shift(rows)
