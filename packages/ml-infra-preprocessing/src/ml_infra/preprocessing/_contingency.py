"""Two columns brought to the same cells, so that their counts can be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ._divergences import gaps, wasserstein
from ._labels import label_order

if TYPE_CHECKING:
    from ._column_profile import ColumnProfile
    from ._keys import Floats, Ints

FEW = 50  # distinct numbers up to which they are compared one by one
EXPECTED = 5  # least expected count of a cell in a chi-square test
LISTED = 20  # new or vanished values shown

_SECONDS = {"D": 86_400.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass
class ContingencyTable:
    """
    The counts of two samples in the same cells, and what follows from finer ones.

    Attributes:
        reference: Counts of the reference, nulls and infinities in cells of their own.
        current: Counts of the current data, in the same cells.
        discrete: Whether values were compared one by one.
        ks: Largest difference of the distribution functions of the values.
        ks_error: How much larger it may be, as values share bins.
        wasserstein: First Wasserstein distance, in units of the column.
        new: Values of the current data alone, with counts, the frequent first.
        vanished: Values of the reference alone.
    """

    reference: Ints
    current: Ints
    discrete: bool
    ks: float | None = None
    ks_error: float = 0.0
    wasserstein: float | None = None
    new: list[tuple[Any, int]] = field(default_factory=list)
    vanished: list[tuple[Any, int]] = field(default_factory=list)
    note: str = ""


def compare(reference: ColumnProfile, current: ColumnProfile) -> ContingencyTable:
    """Return the table of two profiles that both have values, of kinds that go."""
    if reference.is_numeric:
        return _numbers(reference, current)
    return _labels(reference, current)


def _numbers(reference: ColumnProfile, current: ColumnProfile) -> ContingencyTable:
    one, two = reference.histogram, current.histogram
    shift = max(one.shift, two.shift)
    bins, first, second = _aligned(one.at_shift(shift), two.at_shift(shift))
    made = ContingencyTable(first, second, discrete=shift == 0 and len(bins) <= FEW)
    if one.count and two.count:
        gap = np.abs(gaps(first, second))
        made.ks = float(gap.max())
        if shift:
            largest = np.maximum(first / one.count, second / two.count).max()
            made.ks_error = float(min(largest, 1 - made.ks))
        made.wasserstein = wasserstein(_middles(reference, bins, shift), first, second)
        if made.wasserstein is not None and reference.kind == "datetime":
            made.wasserstein *= _SECONDS[reference.unit]
    if made.discrete and len(bins):
        values = _middles(reference, bins, shift).tolist()
        names = [reference.shown(value) for value in values]
        made.new, made.vanished = _one_sided(names, first, second)
        starts = _neighbours(first + second, min(one.count, two.count))
        made.reference = np.add.reduceat(first, starts)
        made.current = np.add.reduceat(second, starts)
    elif one.count:
        least = min(one.count, two.count)
        starts = _equal_shares(first, max(2, min(10, least // 10)))
        made.reference = np.add.reduceat(first, starts)
        made.current = np.add.reduceat(second, starts)
    made.reference, made.current = pooled(*_with_odd(made, reference, current))
    return made


def _aligned(one: tuple[Ints, Ints], two: tuple[Ints, Ints]) -> tuple[Ints, Ints, Ints]:
    """Return all bins of both in order, with the counts of each in them."""
    bins = np.union1d(one[0], two[0])
    counts = []
    for own, times in (one, two):
        made = np.zeros(len(bins), np.int64)
        made[np.searchsorted(bins, own)] = times
        counts.append(made)
    return bins, counts[0], counts[1]


def _middles(profile: ColumnProfile, bins: Ints, shift: int) -> Floats:
    low, high = profile.histogram.spans(bins, shift)
    return low / 2.0 + high / 2.0  # type: ignore[no-any-return]


def _equal_shares(counts: Ints, number: int) -> Ints:
    """
    Return where groups of about equal counts start; outer groups are open-ended.

    Equal edges fall together, and a value with the mass of a whole group is a group.
    """
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    group = np.minimum(before * number // total, number - 1)
    heavy = counts * number >= total
    fresh = np.diff(group, prepend=-1) > 0
    fresh |= heavy
    fresh[1:] |= heavy[:-1]
    return np.flatnonzero(fresh)


def _neighbours(both: Ints, least: int) -> Ints:
    """Return where groups of neighbouring values start that each expect 5 rows."""
    if not least:
        return np.zeros(1, np.int64)  # one side has nothing but infinities
    needed = EXPECTED * int(both.sum()) / least
    starts, held = [0], 0
    for place, count in enumerate(both.tolist()):
        if held >= needed:
            starts.append(place)
            held = 0
        held += count
    if held < needed and len(starts) > 1:
        starts.pop()  # what is left over joins the last group
    return np.array(starts)


def _with_odd(
    cells: ContingencyTable, reference: ColumnProfile, current: ColumnProfile
) -> tuple[Ints, Ints]:
    """Append cells for nulls and infinities, where there are any."""
    pairs = [
        (reference.nulls, current.nulls),
        (reference.negative_infinities, current.negative_infinities),
        (reference.positive_infinities, current.positive_infinities),
    ]
    odd = np.array([pair for pair in pairs if any(pair)], np.int64).reshape(-1, 2)
    return (
        np.concatenate([cells.reference, odd[:, 0]]),
        np.concatenate([cells.current, odd[:, 1]]),
    )


def _labels(reference: ColumnProfile, current: ColumnProfile) -> ContingencyTable:
    one, two = reference.label_counts, current.label_counts
    if one.counts is None or two.counts is None:
        hashes = one.forgotten().hashes, two.forgotten().hashes
        shift = max(each.shift for each in hashes)
        _, first, second = _aligned(*(each.at_shift(shift) for each in hashes))
        made = ContingencyTable(first, second, discrete=True)
        made.note = "too many labels to list new and vanished ones; compared by hash"
    else:
        names = sorted({*one.counts, *two.counts}, key=label_order)
        first, second = (
            np.array([own.get(name, 0) for name in names], np.int64)
            for own in (one.counts, two.counts)
        )
        made = ContingencyTable(first, second, discrete=True)
        made.new, made.vanished = _one_sided(names, first, second)
    made.reference, made.current = pooled(*_with_odd(made, reference, current))
    return made


def _one_sided(names: list[Any], reference: Ints, current: Ints) -> Any:
    def only(own: Ints, other: Ints) -> list[tuple[Any, int]]:
        places = np.flatnonzero((own > 0) & (other == 0)).tolist()
        return sorted(((names[p], int(own[p])) for p in places), key=lambda x: -x[1])

    return only(current, reference), only(reference, current)


def pooled(reference: Ints, current: Ints) -> tuple[Ints, Ints]:
    """
    Put cells with an expected count below 5 together; no cells when nothing is left.

    Expected counts follow from both samples together, so pooling does not favour one.
    """
    n, m = int(reference.sum()), int(current.sum())
    both = reference + current
    keep = both > 0
    reference, current, both = reference[keep], current[keep], both[keep]
    if len(both) < 2 or not min(n, m):
        return reference, current
    rare = both * (min(n, m) / (n + m)) < EXPECTED
    if not rare.any():
        return reference, current
    rest = int(both[rare].sum())
    if rest * (min(n, m) / (n + m)) < EXPECTED and not rare.all():
        smallest = np.flatnonzero(~rare)[both[~rare].argmin()]
        rare[smallest] = True  # the rare ones together are still rare: take one more
    return (
        np.append(reference[~rare], reference[rare].sum()),
        np.append(current[~rare], current[rare].sum()),
    )
