"""`Counts`: one pass over the rows, every confusion-based metric afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._averaging import listed
from ._batches import Waiting, small_batch, span_of, within
from ._codes import kind_of
from ._count_intervals import CountIntervals
from ._count_json import from_plain, names_hash, short_hash, to_plain
from ._count_metrics import View
from ._count_rows import count_table, device_table, group_columns, matrix_table
from ._count_table import CountTable, joined, pruned
from ._device import count_on_device
from ._inputs import arguments, rows
from ._readers import on_device
from ._sparse_table import empty
from ._state import State, check_mergeable, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self, Unpack

    from ._batches import Batch
    from ._inputs import Aliases, Missing

__all__ = ["Counts"]


class Counts(CountIntervals, State):
    """
    Rows counted by label, prediction and slice; mergeable, subtractable, portable.

    One state answers every confusion-based metric, with intervals, for all rows and
    for each slice. States of shards add up to the state of the whole, in any order and
    to the bit for unweighted rows; ``-`` takes rows out again exactly, which makes a
    sliding window of any length. Threads may share a state.

    Args:
        classes: Class list that every update must keep to; None takes classes as
            they come.
        replicates: Bootstrap replicates kept per cell for rows counted with `unit=`;
            0 for rows that are independent.

    Attributes:
        dropped: Rows left out by ``missing="drop"``.

    >>> counts = Counts.of([1, 0, 1, 1], [1, 0, 1, 0], by=["EU", "EU", "US", "US"])
    >>> counts.accuracy(), counts["EU"].accuracy()
    (0.75, 1.0)
    >>> print(counts.interval("recall"))
    1.000 [0.342, 1.000]
    """

    _format = "ml_infra.counts"

    def __init__(self, classes: Any = None, *, replicates: int = 0) -> None:
        if not isinstance(replicates, int) or replicates < 0:
            raise ValueError(f"replicates must be an integer >= 0, got {replicates!r}")
        super().__init__()
        self._declared = classes is not None
        names = [] if classes is None else list(listed(classes))
        self._table = CountTable(empty(replicates), names)
        self._span = span_of(names)
        self._by: tuple[str, ...] | None = None
        self._replicates = replicates
        self._waiting = Waiting()
        self.dropped: int = 0

    # --- from rows ------------------------------------------------------------

    @classmethod
    def of(
        cls,
        predictions: Any = None,
        labels: Any = None,
        *,
        classes: Any = None,
        weights: Any = None,
        by: Any = None,
        unit: Any = None,
        replicates: int = 200,
        missing: Missing = "raise",
        **aliases: Unpack[Aliases],
    ) -> Self:
        """
        Count rows; see `update` for the arguments.

        Args:
            predictions: Predicted classes, shape (n,), or 0/1 indicators, shape (n, k).
            labels: True classes, same shape and kind as `predictions`.
            classes: Class list that all rows must keep to; None takes them as found.
                Indicators need none: their classes are the columns, 0 to k - 1.
            weights: Non-negative, shape (n,); None counts rows exactly.
            by: Slice of each row: a column, or a tuple or mapping of several.
            unit: Who or what each row belongs to, shape (n,), integers or strings;
                makes intervals honest when rows of a unit resemble each other.
            replicates: Bootstrap replicates, used with `unit` only.
            missing: "raise" or "drop".
            **aliases: Keywords of other libraries instead of the first two.
        """
        self = cls(classes, replicates=0 if unit is None else replicates)
        return self.update(
            predictions,
            labels,
            weights=weights,
            by=by,
            unit=unit,
            missing=missing,
            **aliases,
        )

    @classmethod
    def from_matrix(cls, matrix: Any, classes: Any = None) -> Self:
        """
        Return the state of a confusion matrix that somebody else counted.

        Args:
            matrix: Non-negative integers of shape (k, k); a row per label, a column
                per prediction.
            classes: Class of each row and column; None means 0, 1, 2 ...

        Raises:
            ValueError: If the matrix is not square, or holds anything but counts.

        >>> Counts.from_matrix([[50, 5], [5, 40]]).accuracy()
        0.9
        """
        table = matrix_table(matrix, None if classes is None else listed(classes))
        return cls._holding(table, declared=True, replicates=0)

    def update(
        self,
        predictions: Any = None,
        labels: Any = None,
        *,
        weights: Any = None,
        by: Any = None,
        unit: Any = None,
        missing: Missing = "raise",
        **aliases: Unpack[Aliases],
    ) -> Self:
        """
        Count more rows, in place, and return the state itself.

        Raises:
            TypeError: If predictions and labels, or these and earlier rows, are of
                different kinds.
            ValueError: As in the metrics; also if `by` or `unit` was given for some
                rows only, or a class is not in the declared list. The state is then
                unchanged.
        """
        first, second = arguments("Counts.update", predictions, labels, aliases)
        plain = weights is None and by is None and unit is None
        if plain and not self._replicates:
            batch = small_batch(first, second)
            if batch is not None and self._hold(batch):
                return self
        if by is None and unit is None and (on_device(first) or on_device(second)):
            added = device_table(count_on_device(first, second, weights))
            with self._lock:
                table = self._counted()
                self._table = joined(table, added, 1, declared=self._declared)
            return self
        groups = group_columns(by)
        data = {"predictions": first, "labels": second, **groups}
        if unit is not None:
            data["unit"] = unit
        if (unit is not None) != (self._replicates > 0):
            raise ValueError("count all rows with unit= and replicates=, or none")
        names = tuple(n.removeprefix("by ") for n in groups) or None
        read = rows(data, weights=weights, missing=missing)
        columns, w = read.columns, read.weights
        if w is not None and not w.all():  # a row of weight 0 is an absent row
            columns, w = [column.take(w > 0) for column in columns], w[w > 0]
        added = count_table(columns, len(groups), w, self._replicates)
        with self._lock:  # counting itself needs none
            table = self._counted()
            if table.rows and names != self._by:
                raise ValueError(
                    f"earlier rows were counted by {self._by}, these by {names}; count "
                    "all rows by the same keys"
                )
            self._table = joined(table, added, 1, declared=self._declared)
            self._by = names
            self.dropped += read.dropped
        return self

    def _hold(self, batch: Batch) -> bool:
        """Keep a small batch for later; False if it may not fit what is here."""
        with self._lock:
            table = self._table
            alike = not table.classes or type(table.classes[0]) is int
            if self._by is not None or table.columns is not None or not alike:
                return False
            if self._declared and not within(self._span, batch):
                return False
            if not self._waiting.fits(batch):
                self._counted()
            self._waiting.add(batch)
        return True

    def _counted(self) -> CountTable:
        """Return the table with all rows in it."""
        with self._lock:
            if self._waiting.rows:
                added = self._waiting.count()
                self._table = joined(self._table, added, 1, declared=self._declared)
            return self._table

    # --- algebra --------------------------------------------------------------

    def merge(self, other: Counts) -> Self:
        """Add the rows of another state, which is not changed; the same as ``+=``."""
        return self._join(other, 1)

    def __iadd__(self, other: Self) -> Self:
        return self._join(other, 1)

    def __sub__(self, other: Self) -> Self:
        return self._copy()._join(other, -1)

    def __isub__(self, other: Self) -> Self:
        return self._join(other, -1)

    def _join(self, other: Counts, sign: int) -> Self:
        check_mergeable(self, other)
        theirs = other._view()
        with self._lock:
            return self._joined(theirs, other.by, sign)

    def _joined(self, theirs: View, by: tuple[str, ...] | None, sign: int) -> Self:
        mine = self._view()
        if mine.replicates != theirs.replicates:
            raise ValueError(
                f"one state has {mine.replicates} bootstrap replicates, the other "
                f"{theirs.replicates}; count both the same way"
            )
        if _fingerprint(mine) != _fingerprint(theirs):
            raise ValueError(
                "the states declare different class lists: "
                f"{_described(mine)} and {_described(theirs)}"
            )
        if mine.table.rows and theirs.table.rows and self.by != by:
            raise ValueError(f"states are sliced by {self.by} and by {by}")
        if self.dropped + sign * theirs.dropped < 0:
            raise ValueError(
                f"cannot subtract {theirs.dropped} dropped rows from {self.dropped}"
            )
        table = joined(mine.table, theirs.table, sign, declared=self._declared)
        self._table = pruned(table, declared=self._declared) if sign < 0 else table
        self._by = self._by or by
        self.dropped += sign * theirs.dropped
        return self

    @classmethod
    def _holding(
        cls,
        table: CountTable,
        *,
        declared: bool,
        replicates: int,
        by: tuple[str, ...] | None = None,
        dropped: int = 0,
    ) -> Self:
        self = cls(replicates=replicates)
        self._table, self._declared = table, declared
        self._by, self.dropped = by, dropped
        self._span = span_of(table.classes) if declared else None
        return self

    def _copy(self) -> Self:
        return self._holding(
            self._counted(),
            declared=self._declared,
            replicates=self._replicates,
            by=self._by,
            dropped=self.dropped,
        )

    # --- slices and attributes ------------------------------------------------

    def keys(self) -> list[Any]:
        """Return the slice keys in ascending order, tuples if there are several."""
        return list(self._counted().keys)

    def __getitem__(self, key: Any) -> Counts:
        part = pruned(self._counted().part(key), declared=self._declared)
        return self._holding(part, declared=self._declared, replicates=self._replicates)

    def __contains__(self, key: Any) -> bool:
        return key in self._counted().keys

    @property
    def by(self) -> tuple[str, ...] | None:
        """Names of the slice keys; None without slices."""
        return self._by

    @property
    def classes(self) -> list[Any]:
        """The declared class list, or the classes counted so far, ascending."""
        return list(self._counted().names)

    @property
    def n(self) -> int:
        """Rows counted."""
        with self._lock:
            return self._table.rows + self._waiting.rows

    def _view(self) -> View:
        with self._lock:
            return View(self._counted(), self._declared, self._replicates, self.dropped)

    def __repr__(self) -> str:
        sliced = f", by={self._by!r}" if self._by else ""
        return f"Counts(n={self.n}, classes={len(self.classes)}{sliced})"

    # --- portable form --------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """Short hash of the declared class list; states must agree in it to merge."""
        return _fingerprint(self._view())

    def _described(self) -> dict[str, Any]:
        view, by = self._view(), self._by
        state = {
            "declared": view.declared,
            "fingerprint": _fingerprint(view),
            "by": None if by is None else list(by),
            "replicates": view.replicates,
            "dropped": view.dropped,
            **to_plain(view.table),
        }
        return {**state, "names": names_hash(state)}

    @classmethod
    def _restored(cls, state: Mapping[str, Any]) -> Self:
        by = None if state["by"] is None else tuple(state["by"])
        replicates = whole_number(state, "replicates")
        return cls._holding(
            from_plain(state, key_columns=len(by or ()), replicates=replicates),
            declared=state["declared"],
            replicates=replicates,
            by=by,
            dropped=whole_number(state, "dropped"),
        )


def _fingerprint(view: View) -> str:
    names = view.table.classes
    return short_hash([kind_of(names), *names] if view.declared else None)


def _described(view: View) -> str:
    return repr(view.table.classes[:10]) if view.declared else "none"
