"""Finding values that occur twice, also when they stand in different chunks."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._cells import encode_objects
from ._hyperloglog import HyperLogLog, mixed_keys, text_keys
from ._keys import Ints, float_keys, floats_of

if TYPE_CHECKING:
    from ._cells import Array
    from ._tally import Example

CAP = 5_000_000  # distinct values remembered a column: 24 bytes each for numbers


class Run(NamedTuple):
    """Distinct 64-bit keys in order, the first row of each, and how often it came."""

    keys: Ints
    rows: Ints
    counts: Ints


class Uniqueness:
    """
    The distinct values seen, exactly, up to a cap; numbers as 64-bit keys.

    Integers and whole floats are keys themselves and other floats have keys of their
    own, so two different numbers never share one. Text is remembered as it is.
    """

    def __init__(self, keep: int, cap: int = CAP) -> None:
        self.keep = keep
        self.cap = cap
        self.total = 0
        self.overflown: HyperLogLog | None = None
        self._runs: dict[str, list[Run]] = {"whole": [], "fraction": []}
        self._labels: dict[Any, list[int]] = {}  # label -> [first row, count]
        self._examples: dict[int, Any] = {}  # row -> value, the first of the repeated
        self._repeated = 0  # rows known to be repeated when the cap was passed

    def add_numbers(self, values: Array, rows: Ints) -> None:
        """Add numbers without nulls, with their global rows, ascending."""
        self.total += len(values)
        if values.dtype == object:
            self._add_objects(values.tolist(), rows)
        elif values.dtype.kind == "u" and values.size and values.max() >= 2**63:
            large = values >= np.uint64(2**63)
            self._add_run("whole", values[~large].astype(np.int64), rows[~large])
            self._add_objects(values[large].tolist(), rows[large])
        elif values.dtype.kind != "f":
            self._add_run("whole", values.astype(np.int64), rows)
        else:
            values = values.astype(np.float64)
            whole = (np.floor(values) == values) & (np.abs(values) < 2.0**63)
            self._add_run("whole", values[whole].astype(np.int64), rows[whole])
            rest = ~whole
            self._add_run("fraction", float_keys(values[rest]), rows[rest])

    def _add_objects(self, values: list[Any], rows: Ints) -> None:
        """Add numbers of any size, to each the key it has in an array."""
        keys: dict[str, list[int]] = {"whole": [], "fraction": [], "label": []}
        places: dict[str, list[int]] = {name: [] for name in keys}
        labels: list[Any] = []
        for place, value in enumerate(values):
            name, key = _key_of(value)
            places[name].append(place)
            (labels if name == "label" else keys[name]).append(key)
        for name in ("whole", "fraction"):
            self._add_run(name, np.array(keys[name], np.int64), rows[places[name]])
        if labels:
            codes, distinct = encode_objects(labels)
            self._add_codes(codes, distinct, rows[places["label"]])

    def add_labels(self, codes: Ints, labels: list[Any], rows: Ints) -> None:
        """Add encoded values without nulls, with their global rows, ascending."""
        self.total += len(codes)
        self._add_codes(codes, labels, rows)

    def merge(self, other: Uniqueness) -> None:
        """Add what another part of the data holds."""
        self.total += other.total
        self._repeated += other._repeated
        self._remember(list(other._examples.items()))
        if other.overflown is not None:
            self._overflow().merge(other.overflown)
        for name, runs in other._runs.items():
            for run in runs:
                self._push(name, run)
        if self.overflown is not None:
            self.overflown.add(_label_keys(other._labels))
            return
        for label, (row, count) in other._labels.items():
            self._add_label(label, [row], count)
        self._limit()

    def shift(self, rows: int) -> None:
        """Move all rows by as many as come before them."""
        for name, runs in self._runs.items():
            self._runs[name] = [Run(r.keys, r.rows + rows, r.counts) for r in runs]
        for entry in self._labels.values():
            entry[0] += rows
        self._examples = {row + rows: value for row, value in self._examples.items()}

    def violations(self) -> tuple[int, list[Example]]:
        """Return how many rows hold a repeated value, and the first of them."""
        for name in self._runs:
            self._settle(name)
        count = self._repeated
        for runs in self._runs.values():
            for run in runs:
                count += int(run.counts[run.counts > 1].sum())
        count += sum(n for _, n in self._labels.values() if n > 1)
        if self.overflown is not None:
            # Far fewer distinct values than values: some repeat, wherever they are.
            estimate = self.overflown.estimate() * (1 + 5 * HyperLogLog.error)
            count = max(count, math.ceil(self.total - estimate))
        return count, sorted(self._examples.items())

    def undecided(self) -> str:
        """Return why it stays open whether all are distinct, or nothing."""
        if self.overflown is None:
            return ""
        return (
            f"more than {self.cap:,} distinct values: repetitions among the later of "
            f"{self.total:,} values were not looked for"
        )

    def _add_run(self, name: str, keys: Ints, rows: Ints) -> None:
        if not len(keys):
            return
        if self.overflown is not None:
            self.overflown.add(mixed_keys(keys))
            return
        ones = np.ones(len(keys), np.int64)
        self._push(name, self._combine(name, keys, rows, ones))
        self._limit()

    def _push(self, name: str, run: Run) -> None:
        """Keep runs in falling sizes, so that each key is sorted a few times only."""
        if self.overflown is not None:
            self.overflown.add(mixed_keys(run.keys))
            return
        runs = self._runs[name]
        runs.append(run)
        while len(runs) > 1 and len(runs[-2].keys) < 2 * len(runs[-1].keys):
            self._join(name)

    def _settle(self, name: str) -> None:
        while len(self._runs[name]) > 1:
            self._join(name)

    def _join(self, name: str) -> None:
        runs = self._runs[name]
        one, two = runs.pop(), runs.pop()
        pairs = zip(one, two, strict=True)
        keys, rows, counts = (np.concatenate(pair) for pair in pairs)
        runs.append(self._combine(name, keys, rows, counts))

    def _combine(self, name: str, keys: Ints, rows: Ints, counts: Ints) -> Run:
        order = keys.argsort(kind="stable")
        keys, rows, counts = keys[order], rows[order], counts[order]
        fresh = np.empty(len(keys), bool)
        fresh[0] = True
        np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
        starts = np.flatnonzero(fresh)
        if len(starts) == len(keys):
            return Run(keys, rows, counts)
        sizes = np.diff(starts, append=len(keys))
        twice = np.repeat(sizes > 1, sizes)
        first = _smallest(rows[twice], self.keep)
        values = keys[twice][first]
        shown = values if name == "whole" else floats_of(values)
        pairs = zip(rows[twice][first].tolist(), shown.tolist(), strict=True)
        self._remember(list(pairs))
        first_rows = np.minimum.reduceat(rows, starts)
        return Run(keys[starts], first_rows, np.add.reduceat(counts, starts))

    def _add_codes(self, codes: Ints, labels: list[Any], rows: Ints) -> None:
        if self.overflown is not None:
            self.overflown.add(_label_keys(labels))
            return
        if not len(codes):
            return
        order = np.argsort(codes, kind="stable")
        counts = np.bincount(codes, minlength=len(labels))
        starts = np.cumsum(counts) - counts
        by_label = rows[order]
        known = self._labels
        # A label without rows, which a batch may carry, has no first one either.
        firsts = by_label[np.minimum(starts, len(rows) - 1)].tolist()
        each = zip(labels, starts.tolist(), firsts, counts.tolist(), strict=True)
        for label, start, first, count in each:
            if count == 1 and label not in known:
                known[label] = [first, 1]
            elif count:
                mine = by_label[start : start + min(count, self.keep + 1)]
                self._add_label(label, mine.tolist(), count)
        self._limit()

    def _add_label(self, label: Any, rows: list[int], count: int) -> None:
        """Add a label that came `count` times, with the first of its rows."""
        first, before = self._labels.get(label, (rows[0], 0))
        self._labels[label] = [min(first, rows[0]), before + count]
        if before + count > 1:
            self._remember([(row, label) for row in (first, *rows)])

    def _remember(self, examples: list[Example]) -> None:
        self._examples.update(examples)
        if len(self._examples) > self.keep:
            rows = heapq.nsmallest(self.keep, self._examples)
            self._examples = {row: self._examples[row] for row in rows}

    def _limit(self) -> None:
        def held() -> int:
            sizes = (len(run.keys) for runs in self._runs.values() for run in runs)
            return sum(sizes) + len(self._labels)

        if held() > self.cap:
            for name in self._runs:
                self._settle(name)
            if held() > self.cap:
                self._overflow()

    def _overflow(self) -> HyperLogLog:
        """Forget the values: from now on only their number is estimated."""
        if self.overflown is None:
            self._repeated, _ = self.violations()
            self.overflown = HyperLogLog()
            for runs in self._runs.values():
                for run in runs:
                    self.overflown.add(mixed_keys(run.keys))
            self.overflown.add(_label_keys(self._labels))
            self._runs = {name: [] for name in self._runs}
            self._labels = {}
        return self.overflown


def _key_of(value: Any) -> tuple[str, Any]:
    """Return the kind of key that a number has, and the key."""
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return "whole", value
    try:
        near = float(value)
    except OverflowError:
        return "label", value
    if near != value:
        whole = value == int(value) and -(2**63) <= value < 2**63
        return ("whole", int(value)) if whole else ("label", value)
    if near.is_integer() and abs(near) < 2.0**63:
        return "whole", int(near)
    return "fraction", int(float_keys(np.array([near]))[0])


def _label_keys(labels: Any) -> Any:
    return text_keys([f"{type(one).__name__} {one}" for one in labels])


def _smallest(rows: Ints, k: int) -> Any:
    if len(rows) <= k:
        return np.arange(len(rows))
    return np.argpartition(rows, k - 1)[:k] if k else np.empty(0, np.int64)
