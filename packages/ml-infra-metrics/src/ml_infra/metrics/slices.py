"""One metric for every slice of the data: a table, and the slices that stand out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ._inputs import check_choice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Slice", "SliceTable", "WorstSlice"]


class Slice(NamedTuple):
    """One row of a `SliceTable`."""

    key: Any
    value: float
    low: float
    high: float
    #: Rows in the slice.
    support: int
    #: What to know before trusting the bounds, as in `Interval.flags`.
    flags: tuple[str, ...]


class SliceTable:
    """
    A metric with its interval for every slice, as columns; iterates over `Slice` rows.

    Attributes:
        metric: Name of the metric.
        level: Confidence level of the bounds.
        method: How the bounds were computed.
        keys: Slice keys in ascending order, tuples when there are several.
        value: Shape (slices,), nan where undefined.
        low: Lower bounds.
        high: Upper bounds.
        support: Rows per slice, int64.
        flags: What to know before trusting the bounds of each slice, a tuple of words
            as in `Interval.flags`.
        suppressed: How many slices had fewer rows than `min_support`.
    """

    def __init__(
        self,
        metric: str,
        keys: Sequence[Any],
        columns: Sequence[NDArray[Any]],
        *,
        flags: Sequence[tuple[str, ...]],
        level: float,
        method: str,
        suppressed: int,
    ) -> None:
        self.metric = metric
        self.keys: list[Any] = list(keys)
        value, low, high, support = columns
        self.value: NDArray[Any] = value
        self.low: NDArray[Any] = low
        self.high: NDArray[Any] = high
        self.support: NDArray[Any] = support
        self.flags: list[tuple[str, ...]] = list(flags)
        self.level = level
        self.method = method
        self.suppressed = suppressed

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Slice]:
        yield from map(Slice, *self.to_dict().values())

    def __getitem__(self, key: Any) -> Slice:
        try:
            row = self.keys.index(key)
        except ValueError:
            raise KeyError(key) from None
        columns = (self.value, self.low, self.high, self.support)
        value, low, high, support = (column[row].item() for column in columns)
        return Slice(key, value, low, high, support, self.flags[row])

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns as lists, ready for a data frame of any library."""
        return {
            "key": list(self.keys),
            "value": self.value.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "support": self.support.tolist(),
            "flags": list(self.flags),
        }

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        width = max([len(str(key)) for key in self.keys], default=0)
        lines = [
            f"{key!s:{width}}  {value:.3f} [{low:.3f}, {high:.3f}]  n={support}"
            + "".join(f"  {flag}" for flag in flags)
            for key, value, low, high, support, flags in self
        ]
        if self.suppressed:
            lines.append(f"({self.suppressed} slices with too few rows)")
        return "\n".join(lines)


class WorstSlice(NamedTuple):
    """A slice compared with the rest of the data, the worst first."""

    key: Any
    value: float
    #: The metric on all other rows.
    rest: float
    support: int
    #: One-sided: how likely a slice no worse than the rest looks this bad.
    p_value: float
    #: The same after the correction for looking at every slice.
    p_adjusted: float


def adjust(p_values: Sequence[float], correct: str | None) -> list[float]:
    """
    Return p-values corrected for their number.

    "holm" (1979) and "bonferroni" bound the chance of any false alarm; None leaves
    the values as they are.

    >>> adjust([0.01, 0.04, 0.03], "holm")
    [0.03, 0.06, 0.06]
    """
    check_choice(correct, "correct", ("holm", "bonferroni", None))
    count = len(p_values)
    if correct is None:
        return list(p_values)
    if correct == "bonferroni":
        return [min(1.0, count * p) for p in p_values]
    adjusted = [1.0] * count
    highest = 0.0
    for rank, place in enumerate(sorted(range(count), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (count - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def below(difference: float, deviation: float) -> float:
    """Return the probability of a normal difference this low or lower."""
    if not deviation > 0:
        return 1.0 if math.isnan(difference) or difference >= 0 else 0.0
    return 0.5 * math.erfc(-difference / deviation / math.sqrt(2))
