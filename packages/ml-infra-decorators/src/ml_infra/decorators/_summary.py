"""What is known about the durations of one name."""

from __future__ import annotations

from typing import NamedTuple

from ._histogram import percentile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._dicts import HistogramDict

_SECOND = 1e9


class Summary(NamedTuple):
    """
    Durations in seconds; all NaN but `total` while there are none.

    Attributes:
        count: Finished calls, failed ones included.
        errors: Calls among them that raised.
        total: Sum; exact.
        mean: Exact.
        min: Exact.
        max: Exact.
        p50: Median, by nearest rank, at most 1.6 % off.
        p95: The duration that 95 % do not exceed, at most 1.6 % off.
        p99: The same for 99 %.
    """

    count: int  # type: ignore[assignment] # pyright: ignore[reportIncompatibleMethodOverride] # as the field is called everywhere
    errors: int
    total: float
    mean: float
    min: float
    max: float
    p50: float
    p95: float
    p99: float


def summary(state: HistogramDict) -> Summary:
    """Return the figures of a histogram."""
    count, total = state["count"], state["total_ns"] / _SECOND
    if not count:
        nan = float("nan")
        return Summary(0, state["errors"], 0.0, nan, nan, nan, nan, nan, nan)
    return Summary(
        count=count,
        errors=state["errors"],
        total=total,
        mean=total / count,
        min=state["min_ns"] / _SECOND,
        max=state["max_ns"] / _SECOND,
        p50=percentile(state, 0.50) / _SECOND,
        p95=percentile(state, 0.95) / _SECOND,
        p99=percentile(state, 0.99) / _SECOND,
    )
