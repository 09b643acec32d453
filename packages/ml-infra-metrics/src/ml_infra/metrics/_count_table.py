"""Counted rows together with the classes and slice keys their codes stand for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _sparse_table
from ._codes import kind_of
from ._label_sets import members
from ._table_sums import (
    dense_marginals,
    dense_variance,
    set_marginals,
    set_replicates,
    set_variance,
    sparse_marginals,
    sparse_replicates,
    sparse_variance,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._arrays import Array, BoolArray, FloatArray
    from ._counting import Marginals
    from ._formulas import Gradient
    from ._sparse_table import SparseTable


class CountTable:
    """
    Counted rows, and what their codes mean; never changed once made.

    Attributes:
        classes: What the codes stand for, ascending or in the order declared: classes,
            or the integers of label sets where there are `columns`.
        keys: Slices, ascending; tuples where there are several; empty without slices.
        columns: Columns of 0/1 indicators; None for one class per row.
        dense: The table [label, prediction] where all of it was counted; cells are
            then looked up only when they are asked for.
    """

    def __init__(
        self,
        sparse: SparseTable | None,
        classes: list[Any],
        keys: list[Any] | None = None,
        *,
        columns: int | None = None,
        dense: Array | None = None,
    ) -> None:
        self.classes, self.keys = classes, keys or []
        self.columns, self.dense = columns, dense
        if sparse is not None:
            self.sparse = sparse

    @cached_property
    def sparse(self) -> SparseTable:
        """The cells that hold rows."""
        return _sparse_table.of_dense(self.dense)

    @cached_property
    def rows(self) -> int:
        """How many rows were counted."""
        if self.dense is not None:
            return int(self._marginals.total[0])
        return int(self.sparse.rows.sum())

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
        return CountTable(part.sparse, self.classes, columns=self.columns)

    def between(self, start: int, stop: int) -> CountTable:
        """Return the slices with codes in [start, stop)."""
        sparse = _sparse_table.part_of(self.sparse, start, stop)
        return CountTable(
            sparse, self.classes, self.keys[start:stop], columns=self.columns
        )

    def pooled(self) -> CountTable:
        """Return the rows of all slices together."""
        if not self.keys:
            return self
        return CountTable(
            _sparse_table.pooled(self.sparse), self.classes, columns=self.columns
        )

    def for_metric(self, metric: str) -> CountTable:
        """Return what a metric looks at: accuracy compares label sets as a whole."""
        if self.columns is None or metric != "accuracy":
            return self
        return CountTable(self.sparse, self.classes, self.keys)

    # --- sums -----------------------------------------------------------------

    def marginals(self) -> Marginals:
        """Return the marginals of rows or weights, shape (slices, names)."""
        return (
            self._marginals
            if self.dense is not None
            else self._sums(self.sparse.totals())
        )

    @cached_property
    def _marginals(self) -> Marginals:
        return dense_marginals(self.dense)

    def squares(self, m: Marginals) -> Marginals:
        """Return the marginals of squared weights; `m` itself without weights."""
        if self.dense is not None or self.sparse.square is None:
            return m
        return self._sums(self._finite_squares())

    def _sums(self, values: Array) -> Marginals:
        if self.columns is not None:
            return set_marginals(self.sparse, self.members, self.slices, values)
        return sparse_marginals(self.sparse, self.slices, len(self.classes), values)

    def replicates(self) -> Marginals | None:
        """Return the marginals of each bootstrap replicate, if units were counted."""
        if self.dense is not None or self.sparse.replicates is None:
            return None
        if self.columns is not None:
            return set_replicates(self.sparse, self.members)
        return sparse_replicates(self.sparse, len(self.classes))

    def variance(self, m: Marginals, gradient: Gradient) -> FloatArray:
        """Return the delta-method variance of a metric per slice."""
        if self.dense is not None:
            return dense_variance(self.dense, m, gradient)
        squares = self._finite_squares()
        if self.columns is not None:
            return set_variance(
                self.sparse, self.members, self.slices, gradient, squares
            )
        return sparse_variance(self.sparse, self.slices, gradient, squares)

    def _finite_squares(self) -> Array:
        squares = self.sparse.squares()
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
    one, other = first.dense, second.dense
    if one is not None and other is not None and first.classes == second.classes:
        dense = one + sign * other
        _sparse_table.check_counts(dense)
        return CountTable(None, classes, dense=dense)
    sparse = _sparse_table.add(
        _recoded(first, classes, keys), _recoded(second, classes, keys), sign
    )
    return CountTable(sparse, classes, keys, columns=columns)


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
    if table.dense is not None:
        m = table.marginals()
        used = np.flatnonzero(m.predicted[0] + m.actual[0])
        if declared or len(used) == len(table.classes):
            return table
        classes = [table.classes[code] for code in used.tolist()]
        return CountTable(None, classes, dense=table.dense[np.ix_(used, used)])
    sparse, classes, keys = table.sparse, table.classes, table.keys
    if not declared:
        sparse, classes = compact(sparse, classes)
    if keys:
        kept, by = np.unique(sparse.by, return_inverse=True)
        keys = [keys[code] for code in kept.tolist()]
        sparse = sparse._replace(by=by.reshape(-1))
    return CountTable(sparse, classes, keys, columns=table.columns)


def compact(
    sparse: SparseTable, classes: Sequence[Any]
) -> tuple[SparseTable, list[Any]]:
    """Return the cells, and the classes that occur in them."""
    top = int(max(sparse.label.max(initial=-1), sparse.prediction.max(initial=-1)))
    seen = np.zeros(top + 1, bool)
    seen[sparse.label] = True
    seen[sparse.prediction] = True
    used = np.flatnonzero(seen)
    if len(used) < len(classes):
        sparse = _sparse_table.recode(sparse, None, np.cumsum(seen) - 1)
    return sparse, [classes[code] for code in used.tolist()]


def _union(first: list[Any], second: list[Any]) -> list[Any]:
    if first == second or not second:
        return first
    return second if not first else sorted({*first, *second})


def _recoded(table: CountTable, classes: list[Any], keys: list[Any]) -> SparseTable:
    """Return the cells under the codes of longer lists."""
    by = label = None
    if table.keys != keys and table.keys:
        key_code = {k: i for i, k in enumerate(keys)}
        by = np.array([key_code[k] for k in table.keys], np.int64)
    if table.classes != classes and table.classes:
        class_code = {c: i for i, c in enumerate(classes)}
        label = np.array([class_code[c] for c in table.classes], np.int64)
    if by is None and label is None:
        return table.sparse
    return _sparse_table.ordered(_sparse_table.recode(table.sparse, by, label))
