# ruff: noqa: SLF001 -- results are decided here, and nowhere else
"""Whether two samples differ by more than chance, and by enough to matter."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from ._drift_column import FLOORS, ColumnDrift, DriftTest, column_drift
from ._html import table as html_table
from ._labels import as_label, label_order
from ._p_values import benjamini_hochberg
from ._report import plain, shown
from ._tables import batches
from .profiles import Profile

__all__ = ["ColumnDrift", "Drift", "DriftTest", "drift"]

FORMAT = "ml_infra.drift"
VERSION = 1
SEGMENTS = 1000  # distinct values of `by` that are compared one by one


class Drift:
    """
    The drift of every column, `result["price"]`, and of the whole, `result.verdict`.

    Attributes:
        alpha: Level of the corrected tests.
        columns: `ColumnDrift` by name, in the order of the reference.
        segments: The same for each value of `by`; empty without `by`.
    """

    def __init__(
        self, alpha: float, columns: dict[Any, ColumnDrift],
        segments: dict[Any, Drift] | None = None,
    ) -> None:  # fmt: skip
        self.alpha = alpha
        self.columns = columns
        self.segments: dict[Any, Drift] = segments or {}

    @property
    def verdict(self) -> str:
        """The word for all: "drift" if any column drifts, else "unknown" if any is."""
        verdicts = {one.verdict for one in self.columns.values()}
        verdicts |= {one.verdict for one in self.segments.values()}
        for verdict in ("drift", "unknown", "stable"):
            if verdict in verdicts:
                return verdict
        return "unknown"  # no columns at all

    def __getitem__(self, name: Any) -> ColumnDrift:
        if name not in self.columns:
            raise KeyError(f"no column {name!r}; there are {list(self.columns)}")
        return self.columns[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as strict JSON types; equal input gives equal bytes."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "verdict": self.verdict,
            "alpha": self.alpha,
            "columns": [one.to_dict() for one in self.columns.values()],
            "segments": [
                {"segment": plain(name), "result": one.to_dict()}
                for name, one in self.segments.items()
            ],
        }

    def to_json(self) -> str:
        """Return `to_dict` as strict JSON text with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True, allow_nan=False)

    def __bool__(self) -> bool:
        raise TypeError("a drift result is neither true nor false: ask for .verdict")

    def __str__(self) -> str:
        lines = [f"drift: {self.verdict} (alpha = {self.alpha:g})"]
        lines += [f"  {a:<7} {b}: {c}" for a, b, c in self.rows()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = ("verdict", "column", "reason")
        return html_table(f"drift: {self.verdict}", head, self.rows())

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (verdict, column, reason) of every column, for printing."""
        rows = []
        for name, one in self.columns.items():
            reason = one.reason
            for words, values in (("new", one.new), ("vanished", one.vanished)):
                if values:
                    listed = ", ".join(f"{shown(v)} ({n:,})" for v, n in values[:3])
                    more = f" and {len(values) - 3} more" if len(values) > 3 else ""
                    reason += f"; {words}: {listed}{more}"
            rows.append((one.verdict, shown(name), reason))
        for name, segment in self.segments.items():
            rows += [(a, f"{shown(name)} / {b}", c) for a, b, c in segment.rows()]
        return rows


def drift(
    reference: Any,
    current: Any,
    alpha: float = 0.01,
    min_effect: float | Mapping[str, float] | None = None,
    by: Any = None,
) -> Drift:
    """
    Compare two samples column by column.

    A column drifts only if a test rejects, corrected for both sample sizes and for the
    number of tests, and the effect reaches its floor. Numbers are tested by PSI on ten
    bins of the reference and by Kolmogorov-Smirnov; categories and numbers with at
    most 50 distinct values by PSI and chi-square, rare ones pooled; nulls and
    infinities by tests of their own. Below 30 values nothing is said.

    Args:
        reference: A table of any kind that `Schema.validate` takes, or a `Profile`.
        current: The same; a profile needs the settings of the other.
        alpha: Chance of any false alarm in the whole call, in (0, 1).
        min_effect: Floors: one number for all tests, or a dict by statistic, inf for
            never; None for PSI 0.1, KS 0.05, rates 0.02. A shift by 0.3 deviations is
            PSI 0.09.
        by: A column whose values split both tables; each part is compared as well.

    Returns:
        Verdicts with statistics, p-values, effects and reasons.

    Raises:
        TypeError: If the data are no tables, or `by` is used with profiles.
        ValueError: If an option is out of range.

    The tests take rows as independent; rows of one day or user are not, and alarm
    more often. PSI has a chi-square limit: Yurdakul and Naranjo (2020), "Statistical
    properties of the population stability index".

    >>> drift({"x": list(range(100))}, {"x": list(range(100))})["x"].verdict
    'stable'
    """
    if not isinstance(alpha, (int, float)) or not 0 < alpha < 1:
        raise ValueError(f"alpha: expected a level in (0, 1), got {alpha!r}")
    floors = _floors(min_effect)
    if by is None:
        columns_of = _columns(_profile(reference), _profile(current), floors)
        results = [Drift(alpha, columns_of)]
    else:
        try:
            hash(by)
        except TypeError:
            kind = type(by).__name__
            raise TypeError(
                f"by: expected the name of one column, got {kind}"
            ) from None
        results = _segmented(reference, current, by, alpha, floors)
    columns = [one for result in results for one in result.columns.values()]
    tests = [test for one in columns for test in one.tests.values()]
    for test, p in zip(tests, benjamini_hochberg([t.p for t in tests]), strict=True):
        test._decide(p, alpha)
    for column in columns:
        column._decide(alpha)
    return results[0]


def _segmented(
    reference: Any, current: Any, by: Any, alpha: float, floors: Mapping[str, float]
) -> list[Drift]:
    """Return the whole and its segments."""
    before, after = _by_segment(reference, by), _by_segment(current, by)
    names = sorted({*before, *after}, key=label_order)
    if len(names) > SEGMENTS:
        raise ValueError(
            f"by: {len(names):,} distinct values in {by!r}; at most {SEGMENTS:,}"
        )
    empty = Profile()
    segments = {
        name: Drift(
            alpha, _columns(before.get(name, empty), after.get(name, empty), floors)
        )
        for name in names
    }
    whole = Drift(alpha, _columns(_merged(before), _merged(after), floors), segments)
    return [whole, *segments.values()]


def _floors(min_effect: float | Mapping[str, float] | None) -> dict[str, float]:
    if min_effect is None:
        return dict(FLOORS)
    if not isinstance(min_effect, Mapping):
        min_effect = dict.fromkeys(FLOORS, min_effect)
    for name, floor in min_effect.items():
        if name not in FLOORS:
            raise ValueError(
                f"min_effect: expected some of {', '.join(FLOORS)}, got {name!r}"
            )
        good = isinstance(floor, (int, float)) and not isinstance(floor, bool)
        if not good or not (0 <= floor <= sys.float_info.max or floor == math.inf):
            raise ValueError(
                "min_effect: expected a number >= 0, or inf for never, "
                f"got {shown(floor)}"
            )
    return {**FLOORS, **min_effect}


def _profile(data: Any) -> Profile:
    return data if isinstance(data, Profile) else Profile.of(data)


def _columns(
    reference: Profile, current: Profile, floors: Mapping[str, float]
) -> dict[Any, ColumnDrift]:
    return {
        name: column_drift(
            name, reference.columns.get(name), current.columns.get(name), floors
        )
        for name in dict.fromkeys([*reference.columns, *current.columns])
    }


def _by_segment(data: Any, by: Any) -> dict[Any, Profile]:
    """Return a profile for each value of the column `by`; nulls are one of them."""
    if isinstance(data, Profile):
        raise TypeError("by: needs the data, as a profile no longer knows its rows")
    profiles: dict[Any, Profile] = {}
    for batch in batches(data):
        if by not in batch.names:
            raise ValueError(f"by: no column {by!r}; there are {batch.names}")
        place = batch.names.index(by)
        codes, labels = batch.cells(place).encoded()
        for code, rows in batch.split(codes):
            label = "null" if code < 0 else as_label(labels[code])
            part = batch.without(place).take(rows)
            profiles.setdefault(label, Profile())._update_table(part)
    return profiles


def _merged(parts: dict[Any, Profile]) -> Profile:
    whole = Profile()
    for name in sorted(parts, key=label_order):
        whole.merge(parts[name])
    return whole
