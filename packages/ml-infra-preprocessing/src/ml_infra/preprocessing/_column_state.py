"""What a validator remembers of one column."""

from __future__ import annotations

from ._ordering import Ordering
from ._tally import Tally
from ._uniqueness import Uniqueness


class ColumnState:
    """The counts of one column; all of it adds up over batches and partitions."""

    __slots__ = (
        "fails", "found", "judged", "null_looking", "ordering", "parsed", "reasons",
        "rows", "taken_null", "uniqueness", "values",
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
        # By what the values are: numbers and labels "", timestamps by their unit.
        self.uniqueness: dict[str, Uniqueness] = {}
        self.ordering: dict[str, Ordering] = {}

    def fail(self, rule: str, keep: int) -> Tally:
        """Return the tally of a rule, made when the rule first fails."""
        tally = self.fails.get(rule)
        if tally is None:
            tally = self.fails[rule] = Tally(keep)
        return tally

    def unique_among(self, name: str, keep: int) -> Uniqueness:
        """Return the values seen of one name, made when the first are seen."""
        if name not in self.uniqueness:
            self.uniqueness[name] = Uniqueness(keep)
        return self.uniqueness[name]

    def order_among(self, name: str, order: str, keep: int) -> Ordering:
        """Return the order of the values of one name, made when the first are seen."""
        if name not in self.ordering:
            self.ordering[name] = Ordering(order, keep)
        return self.ordering[name]

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
        for attribute in ("uniqueness", "ordering"):
            mine = getattr(self, attribute)
            for name, theirs in getattr(other, attribute).items():
                if name in mine:
                    mine[name].merge(theirs)
                else:
                    mine[name] = theirs

    def shift(self, rows: int) -> None:
        """Move all rows by as many as come before them."""
        parts: list[Tally | Uniqueness | Ordering] = [
            *self.fails.values(), *self.uniqueness.values(), *self.ordering.values(),
        ]  # fmt: skip
        for part in parts:
            part.shift(rows)
