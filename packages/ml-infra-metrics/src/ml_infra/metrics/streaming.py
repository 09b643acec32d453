"""Metrics of scores that arrive in batches, in constant memory, with a proven bound."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _targets
from ._cells import Cells
from ._device_scores import DeviceScores, count_scores
from ._error_bounds import widened
from ._inputs import arguments, blocks, rows
from ._numbers import score_array
from ._readers import on_device
from ._score_metrics import ScoreMetrics
from ._score_table import ScoreTable, tabulate
from ._state import State, check_mergeable, whole_number
from ._weights import check_weight_size, integers_if_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self, Unpack

    from ._arrays import CountArray
    from ._inputs import Aliases, Missing

__all__ = ["Scores"]

#: Rows that wait, so that small batches cost no sort of their own.
_PENDING = 1 << 16


class Scores(ScoreMetrics, State):
    """
    ROC AUC, average precision and calibration of scores seen in batches.

    Up to `cap` distinct scores every answer is exact. Then neighbouring scores share
    a cell (see `Cells`), memory stays constant, and each answer is a `Bounded`: value
    and largest possible error, computed from the cells themselves. Scores of any
    range will do: cells follow the floating-point grid, fine near 0.

    States of shards merge with `+` or `merge`. Without weights, or with whole ones,
    the result is the same to the last bit whatever the order of batches and shards.

    Every answer raises ValueError before the first row. Threads may share a state.

    Args:
        cap: Largest number of cells, at least 2; each takes about 50 bytes.
        positive: The positive class.

    Attributes:
        n: Rows seen, rows of weight 0 included.
        dropped: Rows left out by missing="drop".

    >>> scores = Scores().update([0.1, 0.4], [0, 0])
    >>> scores.update([0.35, 0.8], [1, 1]).roc_auc()
    Bounded(value=0.75, max_error=0.0)
    """

    _format = "ml_infra.scores"

    def __init__(self, *, cap: int = 100_000, positive: Any = 1) -> None:
        super().__init__()
        self._cells = Cells(cap, columns=2)
        self._plain: list[tuple[CountArray, ...]] = []
        self._weighted: list[tuple[CountArray, ...]] = []
        self._waiting = 0
        self._positive = positive.item() if hasattr(positive, "item") else positive
        self._negative: Any = None
        self.n: int = 0
        self.dropped: int = 0

    @classmethod
    def of(
        cls,
        scores: Any = None,
        labels: Any = None,
        *,
        weights: Any = None,
        cap: int = 100_000,
        positive: Any = 1,
        missing: Missing = "raise",
        **aliases: Unpack[Aliases],
    ) -> Self:
        """
        Return the state of one batch.

        Args:
            scores: Numbers, shape (n,), higher for the positive class.
            labels: Two classes, shape (n,).
            weights: Non-negative, shape (n,); None means all ones.
            cap: Largest number of cells.
            positive: The positive class.
            missing: "raise" or "drop" for rows with NaN or null.
            **aliases: Keywords of other libraries, such as y_true and y_score.

        Raises:
            ValueError: As `update`.
            TypeError: As `update`.
        """
        state = cls(cap=cap, positive=positive)
        return state.update(scores, labels, weights=weights, missing=missing, **aliases)

    def update(
        self,
        scores: Any = None,
        labels: Any = None,
        *,
        weights: Any = None,
        missing: Missing = "raise",
        **aliases: Unpack[Aliases],
    ) -> Self:
        """
        Add rows, in place, and return the state itself.

        Args:
            scores: Numbers, shape (n,), higher for the positive class; not NaN.
            labels: Two classes over all batches, shape (n,).
            weights: Non-negative, shape (n,); None means all ones.
            missing: "raise" or "drop" for rows with NaN or null; `dropped` counts.
            **aliases: Keywords of other libraries, such as y_true and y_score.

        Raises:
            ValueError: If lengths differ or are 0, a value is missing, or a third
                class occurs; the state is then as before.
            TypeError: If scores are no numbers.
        """
        scores, labels = arguments("Scores.update", scores, labels, aliases, "scores")
        if on_device(scores):
            self._add_counted(count_scores(scores, labels, self._positive, weights))
            return self
        (score, label), w, dropped, *_ = rows(
            {"scores": scores, "labels": labels}, weights=weights, missing=missing
        )
        check_weight_size(w)
        values = score_array(score)
        if values.ndim != 1:
            raise ValueError(
                f"scores must have shape (n,), got shape {values.shape}; keep one "
                "state per class, with the labels compared to that class"
            )
        found = _targets.binary(label, self._positive, require=False)
        counts = None if w is None else integers_if_whole(w)
        with self._lock:
            self._agree(found.negative)
            for block in blocks(len(values), _PENDING):
                row = values[block].copy(), found.positive(block)
                if counts is None:
                    self._plain.append(row)
                else:
                    self._weighted.append((*row, counts[block].copy()))
                self._waiting += len(values[block])
                if self._waiting >= _PENDING:
                    self._settle()
            self.n += len(values)
            self.dropped += dropped
        return self

    def merge(self, other: Self) -> Self:
        """
        Add the rows of another state, which is not changed, and return this one.

        The smaller cap of the two holds from now on.

        Raises:
            TypeError: If `other` is no `Scores`.
            ValueError: If the states are about different classes.
        """
        check_mergeable(self, other)
        if other._positive != self._positive:
            raise ValueError(
                f"the states have different positive classes, {self._positive!r} and "
                f"{other._positive!r}"
            )
        self._absorb(copy(other))  # at one moment, should a thread be updating it
        return self

    def _absorb(self, other: Self) -> None:
        theirs = other._settled()
        with self._lock:
            self._agree(other._negative)
            mine = self._settled()
            columns = max(len(mine.counts), len(theirs.counts))
            mine.counts = widened(mine.counts, columns)
            mine.merge(theirs.copy(widened(theirs.counts, columns)))
            self._cells = mine
            self.n += other.n
            self.dropped += other.dropped

    def __repr__(self) -> str:
        return (
            f"Scores(n={self.n}, cells={len(self._settled().low)}, exact={self.exact})"
        )

    # --- as data --------------------------------------------------------------------

    def _described(self) -> dict[str, Any]:
        return {
            "positive": self._positive,
            "negative": self._negative,
            "n": self.n,
            "dropped": self.dropped,
            **self._settled().to_dict(),
        }

    @classmethod
    def _restored(cls, state: Mapping[str, Any]) -> Self:
        restored = cls(cap=state["cap"], positive=_class(state, "positive"))
        if state["negative"] is not None:
            restored._negative = _class(state, "negative")
        restored.n = whole_number(state, "n")
        restored.dropped = whole_number(state, "dropped")
        restored._cells = Cells.from_dict(state)
        _check_rows(restored.n, restored._cells)
        return restored

    # --- inside ---------------------------------------------------------------------

    def _agree(self, negative: Any) -> None:
        if negative is None or negative == self._negative:
            return
        if self._negative is not None:
            raise ValueError(
                f"there are two negative classes, {self._negative!r} and {negative!r}, "
                f"beside positive={self._positive!r}; compare the labels with one "
                "class first"
            )
        self._negative = negative

    def _add_counted(self, counted: DeviceScores) -> None:
        """Add rows that were counted on a device."""
        table = counted.table
        with self._lock:
            self._agree(counted.negative)
            self._settle()
            weighted = table.positives_squared is not table.positives
            self._add_table(table, weighted=weighted)
            self.n += counted.n

    def _settle(self) -> None:
        """Count the rows that wait."""
        for queue in (self._plain, self._weighted):
            if queue:
                table = tabulate(*map(np.concatenate, zip(*queue, strict=True)))
                self._add_table(table, weighted=queue is self._weighted)
                queue.clear()
        self._waiting = 0

    def _add_table(self, table: ScoreTable, *, weighted: bool) -> None:
        columns = 4 if weighted else len(self._cells.counts)
        self._cells.counts = widened(self._cells.counts, columns)
        self._cells.add(table.keys, np.stack(table[1 : columns + 1]))

    def _settled(self) -> Cells:
        """Return all rows, in cells that no later update changes."""
        with self._lock:
            if self._waiting:
                self._settle()
            return copy(self._cells)


def _class(state: Mapping[str, Any], name: str) -> Any:
    value = state[name]
    if not isinstance(value, (bool, int, float, str)):
        raise TypeError(f"{name} must be a class, got {value!r}")
    return value


def _check_rows(n: int, cells: Cells) -> None:
    if len(cells.counts) not in (2, 4) or bool(n) != bool(len(cells.low)):
        raise ValueError("n and the cells contradict each other")
