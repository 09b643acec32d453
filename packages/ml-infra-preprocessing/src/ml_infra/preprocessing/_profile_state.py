# ruff: noqa: SLF001 -- restoring an object sets its private state
"""Reading the saved profile of a column: nothing in it is trusted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ._bounds import NANOSECONDS
from ._column_profile import KINDS, ColumnProfile
from ._histogram import KeyHistogram
from ._hyperloglog import HyperLogLog
from ._labels import LabelCounts
from ._moments import RunningMoments
from ._state import StateError, expect_keys, field, is_int

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTS = ("rows", "nulls", "negative_infinities", "positive_infinities")


def read_column(state: Mapping[str, Any]) -> ColumnProfile:
    """Return the profile that `ColumnProfile.to_dict` wrote."""
    expect_keys(state, set(ColumnProfile(16, 1).to_dict()))
    histogram = KeyHistogram.from_dict(field(state, "histogram", dict))
    labels = LabelCounts.from_dict(field(state, "labels", dict))
    made = ColumnProfile(histogram.cap, labels.cap)
    made._histogram, made.label_counts = histogram, labels
    made.kind = field(state, "kind", str)
    if made.kind not in KINDS:
        raise StateError(f"state: unknown kind {made.kind!r}")
    if (histogram.kind == "int") != (made.kind == "datetime"):
        raise StateError("state: 'kind' and the histogram's kind differ")
    for name in _COUNTS:
        if not is_int(state.get(name), range(2**62)):
            raise StateError(f"state: {name!r} must be a count")
        setattr(made, name, state[name])
    made.unit = field(state, "unit", str)
    if made.unit not in ("", *NANOSECONDS):
        raise StateError(f"state: unknown unit {made.unit!r}")
    made.zone = field(state, "zone", (str, type(None)))
    made._low, made._high = (
        field(state, name, (int, float, type(None))) for name in ("low", "high")
    )
    mean, squares = (
        field(state, name, (float, int, type(None))) for name in ("mean", "squares")
    )
    try:
        average = math.nan if mean is None else float(mean)
        spread = math.inf if squares is None else float(squares)
        ends = [float(one) for one in (made._low, made._high) if one is not None]
    except OverflowError:
        raise StateError("state: numbers beyond every float") from None
    if not spread >= 0 or math.isinf(average):
        raise StateError("state: expected a finite mean and squares >= 0")
    if not all(map(math.isfinite, ends)) or ends != sorted(ends):
        raise StateError("state: expected finite low <= high")
    made._moments = RunningMoments(
        histogram.count,
        average,
        spread,
    )
    for name in ("distinct", "big"):
        sketch = field(state, name, (dict, type(None)))
        if sketch is not None:
            setattr(made, f"_{name}", HyperLogLog.from_dict(sketch))
    values = histogram.count + labels.total + made.infinities
    bounded = (made._low is None, made._high is None) == (not histogram.count,) * 2
    if values != made.count or not bounded:
        raise StateError("state: the counts contradict each other")
    return made
