"""Checking that a column is sorted, across chunks that may come in any order."""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._tally import Tally

if TYPE_CHECKING:
    from ._cells import Array
    from ._keys import Ints
    from ._tally import Example

# What two neighbours must not be.
_WRONG = {
    "increasing": operator.lt,
    "strictly increasing": operator.le,
    "decreasing": operator.gt,
    "strictly decreasing": operator.ge,
}


class Span(NamedTuple):
    """A stretch of rows [start, stop) whose inside is judged, with its end values."""

    start: int
    stop: int
    first_row: int
    first: Any
    last: Any


class Ordering:
    """Violations inside the chunks, and the ends of each chunk to compare later."""

    def __init__(self, order: str, keep: int) -> None:
        self._order = order
        self.keep = keep
        self._inside = Tally(keep)
        self._spans: list[Span] = []

    def add(self, values: Array, rows: Ints, start: int, stop: int) -> None:
        """Add the values that are not null, with their rows, of rows [start, stop)."""
        before = self._spans[-1] if self._spans else None
        follows = before is not None and before.stop == start
        if not len(values):
            if before is not None and follows:
                self._spans[-1] = before._replace(stop=stop)
            return
        wrong = _WRONG[self._order](values[1:], values[:-1])
        bad = np.flatnonzero(np.asarray(wrong, bool)) + 1
        first = bad[: self._inside.keep]
        shown = zip(rows[first].tolist(), values[first].tolist(), strict=True)
        self._inside.add(len(bad), list(shown))
        ends = values[[0, -1]].tolist()
        span = Span(start, stop, int(rows[0]), ends[0], ends[1])
        if before is not None and follows:
            # A stream comes in order: its chunks join at once, in constant memory.
            self._between(before, span, self._inside)
            span = before._replace(stop=stop, last=span.last)
            self._spans.pop()
        self._spans.append(span)

    def merge(self, other: Ordering) -> None:
        """Add what another part of the data holds."""
        self._inside.add(other._inside.count, other._inside.examples)
        self._spans.extend(other._spans)

    def shift(self, rows: int) -> None:
        """Move all rows by as many as come before them."""
        self._inside.shift(rows)
        self._spans = [
            one._replace(
                start=one.start + rows,
                stop=one.stop + rows,
                first_row=one.first_row + rows,
            )
            for one in self._spans
        ]

    def violations(self) -> tuple[int, list[Example]]:
        """Return how many values break the order, and the first of them."""
        tally = Tally(self._inside.keep)
        tally.add(self._inside.count, self._inside.examples)
        spans = sorted(self._spans, key=lambda span: span.start)
        for before, after in itertools.pairwise(spans):
            self._between(before, after, tally)
        return tally.count, tally.examples

    def _between(self, before: Span, after: Span, tally: Tally) -> None:
        if _WRONG[self._order](after.first, before.last):
            tally.add(1, [(after.first_row, after.first)])
