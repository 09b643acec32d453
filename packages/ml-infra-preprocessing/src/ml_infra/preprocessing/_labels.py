"""Counts of labels: exact up to a cap, then counts of hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._elements import MOST_BITS, written
from ._histogram import KeyHistogram
from ._hyperloglog import HyperLogLog, text_keys
from ._state import StateError, expect_keys, field, is_int

Label = Any  # text mostly; True and False; whatever else labels a category


class LabelCounts:
    """
    How often each label came, the same for any order of updates and merges.

    Up to `cap` labels are counted each. With more, the labels are forgotten: what
    stays is a histogram of their hashes, for comparing distributions, and an estimate
    of their number. Both follow from the labels alone, so the order never matters.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.counts: dict[Label, int] | None = {}
        self.hashes: KeyHistogram = KeyHistogram(kind="int")
        self.estimate: HyperLogLog = HyperLogLog()

    def add(self, counts: Mapping[Label, int]) -> None:
        """Add positive counts by label."""
        if self.counts is None:
            self._hash(counts)
            return
        own = self.counts
        for label, count in counts.items():
            own[label] = own.get(label, 0) + count
        if len(own) > self.cap:
            self._forget()

    def merge(self, other: LabelCounts) -> None:
        """Add what another has counted; it is left as it is."""
        if other.counts is not None:
            self.add(other.counts)
            return
        if self.counts is not None:
            self._forget()
        self.hashes.merge(other.hashes)
        self.estimate.merge(other.estimate)

    @property
    def total(self) -> int:
        """The number of values counted."""
        return (
            sum(self.counts.values()) if self.counts is not None else self.hashes.count
        )

    @property
    def distinct(self) -> int:
        """The number of labels, estimated when there are more than `cap`."""
        if self.counts is not None:
            return len(self.counts)
        return max(self.cap + 1, round(self.estimate.estimate()))

    def forgotten(self) -> LabelCounts:
        """Return a copy that has only hashes, to compare with another such."""
        made = LabelCounts(self.cap)
        made.merge(self)
        if made.counts is not None:
            made._forget()
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return the state as strict JSON types, labels in order."""
        if self.counts is not None:
            pairs = sorted(self.counts.items(), key=lambda pair: label_order(pair[0]))
            return {"cap": self.cap, "counts": [[k, n] for k, n in pairs]}
        return {
            "cap": self.cap,
            "hashes": self.hashes.to_dict(),
            "estimate": self.estimate.to_dict(),
        }

    @classmethod
    def from_dict(cls, state: Any) -> LabelCounts:
        """Restore what `to_dict` wrote; ValueError for anything else."""
        if not isinstance(state, Mapping):
            raise StateError("state: expected counts of labels")
        cap = field(state, "cap", int)
        if cap < 1:
            raise StateError(f"state: 'cap' must be positive, got {cap}")
        made = cls(cap)
        if "counts" not in state:
            expect_keys(state, {"cap", "hashes", "estimate"})
            made.counts = None
            made.hashes = KeyHistogram.from_dict(field(state, "hashes", dict))
            made.estimate = HyperLogLog.from_dict(field(state, "estimate", dict))
            return made
        expect_keys(state, {"cap", "counts"})
        own: dict[Label, int] = {}
        for pair in field(state, "counts", list):
            good = isinstance(pair, list) and len(pair) == 2
            if not good or not is_int(pair[1], range(1, 2**62)):
                raise StateError(f"state: expected a label and its count, got {pair!r}")
            if type(pair[0]) not in (str, bool, int, float) or pair[0] in own:
                raise StateError(f"state: bad or repeated label {pair[0]!r}")
            own[pair[0]] = pair[1]
        if len(own) > cap:
            raise StateError("state: more labels than 'cap'")
        made.counts = own
        return made

    def _forget(self) -> None:
        counts = self.counts or {}
        self.counts = None
        self._hash(counts)

    def _hash(self, counts: Mapping[Label, int]) -> None:
        if counts:
            hashes = text_keys([hashed_text(label) for label in counts])
            self.estimate.add(hashes)
            times = np.fromiter(counts.values(), np.int64, len(counts))
            self.hashes.update_keys(hashes.view(np.int64), times)


def hashed_text(label: Label) -> str:
    """Return the text a label is hashed by: 1 and "1" are two labels."""
    return f"{type(label).__name__}:{label}"


def label_order(label: Label) -> tuple[str, Any]:
    """Return a sort key for labels of any type."""
    return type(label).__name__, label


def as_label(value: Any) -> Label:
    """Return a value as a label that JSON keeps: odd objects by their text."""
    if isinstance(value, (np.number, np.bool_)):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if type(value) is int and value.bit_length() > MOST_BITS:
        return hex(value)
    return value if type(value) in (str, bool, int, float) else written(value, str)
