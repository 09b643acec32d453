"""Counted rows together with the classes and slice keys their codes stand for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _pairs
from ._codes import kind_of
from ._label_sets import members
from ._table_sums import (
    pair_marginals,
    pair_replicates,
    pair_variance,
    set_marginals,
    set_replicates,
    set_variance,
    whole_marginals,
    whole_variance,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array, BoolArray, FloatArray
    from ._counting import Marginals
    from ._formulas import Gradient
    from ._pairs import Pairs


class CountTable:
    """
    Counted rows, and what their codes mean; never changed once made.

    Attributes:
        classes: What the codes stand for, ascending or in the order declared: classes,
            or the integers of label sets where there are `columns`.
        keys: Slices, ascending; tuples where there are several; empty without slices.
        columns: Columns of 0/1 indicators; None for one class per row.
        whole: The table [label, prediction] where all of it was counted; cells are
            then looked up only when they are asked for.
    """

    def __init__(
        self,
        pairs: Pairs | None,
        classes: list[Any],
        keys: list[Any] | None = None,
        *,
        columns: int | None = None,
        whole: Array | None = None,
    ) -> None:
        self.classes, self.keys = classes, keys or []
        self.columns, self.whole = columns, whole
        if pairs is not None:
            self.pairs = pairs

    @cached_property
    def pairs(self) -> Pairs:
        """The cells that hold rows."""
        return _pairs.of_whole(self.whole)

    @cached_property
    def rows(self) -> int:
        """How many rows were counted."""
        if self.whole is not None:
            return int(self._marginals.total[0])
        return int(self.pairs.rows.sum())

    @property
    def names(self) -> Sequence[Any]:
        """The classes that metrics are about: for label sets, their columns."""
        return self.classes if self.columns is None else range(self.columns)

    @property
    def slices(self) -> int:
        """How many slices there are; rows without slices are one."""
        return max(1, len(self.keys))

    @cached_property
    def members(self) -> BoolArray:
        """Which columns each label set holds, shape (sets, columns)."""
        return members(self.classes, self.columns or 0)

    # --- parts ----------------------------------------------------------------

    def part(self, key: Any) -> CountTable:
        """Return the rows of one slice; KeyError if there is no such slice."""
        try:
            code = self.keys.index(key)
        except ValueError:
            more = ", ..." if len(self.keys) > 10 else ""
            there = (
                f"there are {self.keys[:10]!r}{more}" if self.keys else "none at all"
            )
            raise KeyError(f"there is no slice {key!r}; {there}") from None
        part = self.between(code, code + 1)
        return CountTable(part.pairs, self.classes, columns=self.columns)

    def between(self, start: int, stop: int) -> CountTable:
        """Return the slices with codes in [start, stop)."""
        pairs = _pairs.part_of(self.pairs, start, stop)
        return CountTable(
            pairs, self.classes, self.keys[start:stop], columns=self.columns
        )

    def pooled(self) -> CountTable:
        """Return the rows of all slices together."""
        if not self.keys:
            return self
        return CountTable(_pairs.pooled(self.pairs), self.classes, columns=self.columns)

    def for_metric(self, metric: str) -> CountTable:
        """Return what a metric looks at: accuracy compares label sets as a whole."""
        if self.columns is None or metric != "accuracy":
            return self
        return CountTable(self.pairs, self.classes, self.keys)

    # --- sums -----------------------------------------------------------------

    def marginals(self) -> Marginals:
        """Return the marginals of rows or weights, shape (slices, names)."""
        return (
            self._marginals
            if self.whole is not None
            else self._sums(self.pairs.totals())
        )

    @cached_property
    def _marginals(self) -> Marginals:
        return whole_marginals(self.whole)

    def squares(self, m: Marginals) -> Marginals:
        """Return the marginals of squared weights; `m` itself without weights."""
        if self.whole is not None or self.pairs.square is None:
            return m
        return self._sums(self._finite_squares())

    def _sums(self, values: Array) -> Marginals:
        if self.columns is not None:
            return set_marginals(self.pairs, self.members, self.slices, values)
        return pair_marginals(self.pairs, self.slices, len(self.classes), values)

    def replicates(self) -> Marginals | None:
        """Return the marginals of each bootstrap replicate, if units were counted."""
        if self.whole is not None or self.pairs.replicates is None:
            return None
        if self.columns is not None:
            return set_replicates(self.pairs, self.members)
        return pair_replicates(self.pairs, len(self.classes))

    def variance(self, m: Marginals, gradient: Gradient) -> FloatArray:
        """Return the delta-method variance of a metric per slice."""
        if self.whole is not None:
            return whole_variance(self.whole, m, gradient)
        squares = self._finite_squares()
        if self.columns is not None:
            return set_variance(
                self.pairs, self.members, self.slices, gradient, squares
            )
        return pair_variance(self.pairs, self.slices, gradient, squares)

    def _finite_squares(self) -> Array:
        squares = self.pairs.squares()
        if not np.isfinite(squares).all():
            raise ValueError(
                "weights are too large for a variance; divide them by a constant"
            )
        return squares


def joined(
    first: CountTable, second: CountTable, sign: int, *, declared: bool
) -> CountTable:
    """
    Return the sum or difference of two tables.

    Raises:
        TypeError: If their classes are of different kinds.
        ValueError: If the second holds a class outside the declared list of the
            first, or rows that the first does not hold (for a difference).
    """
    _check_alike(first, second)
    columns = first.columns if first.classes else second.columns
    if declared:
        unknown = set(second.classes) - set(first.classes)
        if unknown:
            raise ValueError(
                f"class {min(unknown)!r} is not in the declared class list "
                f"{first.classes[:10]!r}"
            )
        classes = first.classes
    else:
        classes = _union(first.classes, second.classes)
    keys = _union(first.keys, second.keys)
    if not first.rows and sign > 0 and (classes, keys) == (second.classes, second.keys):
        return second
    one, other = first.whole, second.whole
    if one is not None and other is not None and first.classes == second.classes:
        whole = one + sign * other
        _pairs.check_counts(whole)
        return CountTable(None, classes, whole=whole)
    pairs = _pairs.add(
        _recoded(first, classes, keys), _recoded(second, classes, keys), sign
    )
    return CountTable(pairs, classes, keys, columns=columns)


def _check_alike(first: CountTable, second: CountTable) -> None:
    """Refuse tables of different kinds of classes, or of other columns."""
    filled = [table for table in (first, second) if table.classes]
    shapes = {table.columns for table in filled}
    if len(shapes) > 1:
        held, added = (
            "one class per row"
            if table.columns is None
            else f"indicators in {table.columns} columns"
            for table in filled
        )
        raise ValueError(f"the state is of {held}, what is added of {added}")
    kinds = {kind_of(table.classes) for table in filled}
    if len(kinds) > 1 and not kinds <= {"int", "bool"}:
        raise TypeError(
            f"earlier rows hold {kind_of(first.classes)}, these hold "
            f"{kind_of(second.classes)}; convert them to one kind of class"
        )


def pruned(table: CountTable, *, declared: bool) -> CountTable:
    """Forget classes and slices without rows, so that equal states look equal."""
    if table.whole is not None:
        m = table.marginals()
        used = np.flatnonzero(m.predicted[0] + m.actual[0])
        if declared or len(used) == len(table.classes):
            return table
        classes = [table.classes[code] for code in used.tolist()]
        return CountTable(None, classes, whole=table.whole[np.ix_(used, used)])
    pairs, classes, keys = table.pairs, table.classes, table.keys
    if not declared:
        pairs, classes = compact(pairs, classes)
    if keys:
        kept, by = np.unique(pairs.by, return_inverse=True)
        keys = [keys[code] for code in kept.tolist()]
        pairs = pairs._replace(by=by.reshape(-1))
    return CountTable(pairs, classes, keys, columns=table.columns)


def compact(pairs: Pairs, classes: Sequence[Any]) -> tuple[Pairs, list[Any]]:
    """Return the cells, and the classes that occur in them."""
    top = int(max(pairs.label.max(initial=-1), pairs.prediction.max(initial=-1)))
    seen = np.zeros(top + 1, bool)
    seen[pairs.label] = True
    seen[pairs.prediction] = True
    used = np.flatnonzero(seen)
    if len(used) < len(classes):
        pairs = _pairs.recode(pairs, None, np.cumsum(seen) - 1)
    return pairs, [classes[code] for code in used.tolist()]


def _union(first: list[Any], second: list[Any]) -> list[Any]:
    if first == second or not second:
        return first
    return second if not first else sorted({*first, *second})


def _recoded(table: CountTable, classes: list[Any], keys: list[Any]) -> Pairs:
    """Return the cells under the codes of longer lists."""
    by = label = None
    if table.keys != keys and table.keys:
        key_code = {k: i for i, k in enumerate(keys)}
        by = np.array([key_code[k] for k in table.keys], np.int64)
    if table.classes != classes and table.classes:
        class_code = {c: i for i, c in enumerate(classes)}
        label = np.array([class_code[c] for c in table.classes], np.int64)
    if by is None and label is None:
        return table.pairs
    return _pairs.ordered(_pairs.recode(table.pairs, by, label))
