"""The drift of one column: tests with effects, distances, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._contingency import LISTED, compare
from ._divergences import chi_square, js_divergence, psi
from ._p_values import chi_square_sf, ks_p_value, proportions_p_value
from ._report import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._column_profile import ColumnProfile

LEAST = 30  # values on either side below which nothing is said

FLOORS = {
    "psi": 0.1,
    "ks": 0.05,
    "chi_square": 0.1,
    "null_rate": 0.02,
    "infinity_rate": 0.02,
}
_UNITS = {
    "psi": "nats",
    "ks": "share of values",
    "chi_square": "nats (PSI)",
    "null_rate": "share of rows",
    "infinity_rate": "share of values",
}


@dataclass
class DriftTest:
    """
    One test of one column.

    Attributes:
        statistic: "psi", "ks", "chi_square", "null_rate" or "infinity_rate".
        value: The statistic.
        effect: What is compared with the floor; for "chi_square" the PSI of its cells.
        unit: The unit of the effect.
        floor: The least effect that counts as drift.
        n: Rows or values of the reference.
        m: The same of the current data.
        bins: Cells compared, 0 where there are none.
        df: Degrees of freedom, 0 where there are none.
        p: The chance of such a statistic where nothing has changed.
        p_adjusted: The same, corrected for the number of tests of the whole call.
        drift: Whether p_adjusted is below alpha and the effect reaches its floor.
    """

    statistic: str
    value: float
    effect: float
    floor: float
    n: int
    m: int
    p: float
    bins: int = 0
    df: int = 0
    p_adjusted: float = 1.0
    drift: bool = False

    @property
    def unit(self) -> str:
        """The unit of `effect`."""
        return _UNITS[self.statistic]

    def _decide(self, p_adjusted: float, alpha: float) -> None:
        """Settle the outcome once the other tests of the call are known."""
        self.p_adjusted = p_adjusted
        self.drift = p_adjusted < alpha and self.effect >= self.floor

    def to_dict(self) -> dict[str, Any]:
        """Return the test as strict JSON types."""
        names = ("statistic", "value", "effect", "unit", "floor", "n", "m", "bins",
                 "df", "p", "p_adjusted", "drift")  # fmt: skip
        return {name: plain(getattr(self, name)) for name in names}


@dataclass(repr=False)
class ColumnDrift:
    """
    The drift of one column.

    Attributes:
        name: The column.
        tests: What was tested, by statistic.
        distances: Reported only: "js" (Jensen-Shannon divergence, nats),
            "wasserstein" (in `wasserstein_unit`), "ks" where it is not tested, and
            "ks_error", the most by which binning may have lowered it.
        wasserstein_unit: "units of the column", or "seconds" for datetimes.
        new: Values of the current data alone with their counts, frequent first.
        vanished: Values of the reference alone.
        unjudged: Why the values could not be tested; "" where they were.
        note: A remark on the comparison.
        verdict: "drift", "stable" or "unknown".
        reason: The verdict in words.
    """

    name: Any
    tests: dict[str, DriftTest] = field(default_factory=dict)
    distances: dict[str, float | None] = field(default_factory=dict)
    wasserstein_unit: str = ""
    new: list[tuple[Any, int]] = field(default_factory=list)
    vanished: list[tuple[Any, int]] = field(default_factory=list)
    unjudged: str = ""
    note: str = ""
    verdict: str = "unknown"
    reason: str = ""

    def __repr__(self) -> str:
        return f"ColumnDrift({self.name!r}: {self.verdict}, {self.reason})"

    def __getitem__(self, statistic: str) -> DriftTest:
        return self.tests[statistic]

    def _decide(self, alpha: float) -> None:
        """Set the verdict once the tests are decided."""
        found = [one for one in self.tests.values() if one.drift]
        close = [one for one in self.tests.values() if one.p_adjusted < alpha]
        if found:
            self.verdict = "drift"
            self.reason = "; ".join(map(_words, found))
        elif self.unjudged:
            self.verdict, self.reason = "unknown", self.unjudged
        else:
            self.verdict = "stable"
            small = "; ".join(f"{_words(one)}, below {one.floor:g}" for one in close)
            self.reason = small or "no test rejects"

    def to_dict(self) -> dict[str, Any]:
        """Return the drift of the column as strict JSON types."""
        return {
            "column": plain(self.name),
            "verdict": self.verdict,
            "reason": self.reason,
            "tests": [self.tests[name].to_dict() for name in sorted(self.tests)],
            "distances": dict(sorted(self.distances.items())),
            "wasserstein_unit": self.wasserstein_unit,
            "new": _listed(self.new),
            "vanished": _listed(self.vanished),
            "note": self.note,
        }


def _words(test: DriftTest) -> str:
    return f"{test.statistic} {test.effect:.3g} (p = {test.p_adjusted:.2g})"


def _listed(values: list[tuple[Any, int]]) -> dict[str, Any]:
    first = [[plain(value), count] for value, count in values[:LISTED]]
    return {
        "distinct": len(values),
        "rows": sum(count for _, count in values),
        "first": first,
    }


def column_drift(
    name: Any,
    reference: ColumnProfile | None,
    current: ColumnProfile | None,
    floors: Mapping[str, float],
) -> ColumnDrift:
    """Return the tests of one column, their outcome still open."""
    made = ColumnDrift(name)
    if reference is None or current is None:
        made.unjudged = f"not in the {'reference' if reference is None else 'current'}"
        made.unjudged += " data"
        return made
    made.unjudged = _obstacle(reference, current)
    _rate(made, "null_rate", (reference.nulls, reference.rows),
          (current.nulls, current.rows), floors)  # fmt: skip
    if made.unjudged:
        return made
    _rate(made, "infinity_rate", (reference.infinities, reference.count),
          (current.infinities, current.count), floors)  # fmt: skip
    _values(made, reference, current, floors)
    return made


def _obstacle(reference: ColumnProfile, current: ColumnProfile) -> str:
    """Return why two columns cannot be compared, or nothing."""
    for side, one in (("reference", reference), ("current", current)):
        if one.count < LEAST:
            values = "1 value" if one.count == 1 else f"{one.count} values"
            return f"{values} in the {side} data; {LEAST} are needed"
    try:
        reference.joined(current.kind, current.unit, current.zone)
    except ValueError as error:
        return str(error)
    if (reference.histogram.cap, reference.label_counts.cap) != (
        current.histogram.cap, current.label_counts.cap,
    ):  # fmt: skip
        return "the profiles have different settings"
    return ""


def _rate(
    made: ColumnDrift, statistic: str, reference: tuple[int, int],
    current: tuple[int, int], floors: Mapping[str, float],
) -> None:  # fmt: skip
    """Test whether (hits, rows) on both sides have the same rate."""
    (hits, n), (other, m) = reference, current
    if (hits or other) and min(n, m) >= LEAST:
        effect = abs(hits / n - other / m)
        p = proportions_p_value(hits, n, other, m)
        made.tests[statistic] = DriftTest(
            statistic, effect, effect, floors[statistic], n, m, p
        )


def _values(
    made: ColumnDrift, reference: ColumnProfile, current: ColumnProfile,
    floors: Mapping[str, float],
) -> None:  # fmt: skip
    cells = compare(reference, current)
    first, second = cells.reference, cells.current
    n, m = int(first.sum()), int(second.sum())
    made.new, made.vanished, made.note = cells.new, cells.vanished, cells.note
    if len(first) < 2 and len(cells.new) + len(cells.vanished) > 0:
        made.unjudged = "every value is rare: no cell expects 5 rows"
        return
    index = psi(first, second)
    spread = 1 / n + 1 / m
    df = len(first) - 1
    made.tests["psi"] = DriftTest(
        "psi", index, index, floors["psi"], n, m,
        chi_square_sf(index / spread, df), len(first), df,
    )  # fmt: skip
    made.distances["js"] = js_divergence(first, second)
    if cells.ks is not None:
        made.distances["wasserstein"] = cells.wasserstein
        time = reference.kind == "datetime"
        made.wasserstein_unit = "seconds" if time else "units of the column"
        made.distances["ks_error"] = cells.ks_error
    if cells.discrete:
        value = chi_square(first, second)
        made.tests["chi_square"] = DriftTest(
            "chi_square", value, index, floors["chi_square"], n, m,
            chi_square_sf(value, df), len(first), df,
        )  # fmt: skip
        if cells.ks is not None:
            made.distances["ks"] = cells.ks
    elif cells.ks is not None:
        count, other = reference.histogram.count, current.histogram.count
        made.tests["ks"] = DriftTest(
            "ks", cells.ks, cells.ks, floors["ks"], count, other,
            ks_p_value(cells.ks, count, other),
        )  # fmt: skip
