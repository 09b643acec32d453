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

    def full_before(self, row: int) -> bool:
        """Whether no violation from this row on can be among the first."""
        return len(self.examples) == self.keep and (
            not self.keep or self.examples[-1][0] < row
        )

    def shift(self, rows: int) -> None:
        """Move all rows, when this data turns out to follow other data."""
        self.examples = [(row + rows, value) for row, value in self.examples]


def _row(example: Example) -> int:
    return example[0]
