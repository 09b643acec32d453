"""Probabilities and what happened: checked rows and their losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _targets
from ._device_scores import count_scores
from ._inputs import arguments, blocks, real, rows
from ._numbers import number_array
from ._readers import on_device
from ._score_keys import scores_of
from ._score_table import ScoreTable, tabulate
from ._weights import power_scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._arrays import BoolArray, CountArray, FloatArray, IntArray
    from ._inputs import Aliases, Missing
    from ._targets import Binary


def checked_eps(eps: float) -> float:
    """Return eps as a float; ValueError unless it is in [0, 0.5)."""
    bound = real(eps, "eps")
    if not 0 <= bound < 0.5:
        raise ValueError(f"eps must be in [0, 0.5), got {eps!r}")
    return bound


def negative_log(of_true_class: FloatArray, eps: float) -> FloatArray:
    """Return the log loss of the probability given to what happened."""
    with np.errstate(divide="ignore"):
        losses = np.log(np.clip(of_true_class, eps, 1 - eps) if eps else of_true_class)
    return np.subtract(0.0, losses)  # no -0.0


def squared_miss(of_true_class: FloatArray) -> FloatArray:
    """Return the binary Brier loss of the probability given to what happened."""
    return (1 - of_true_class) ** 2


class Probabilities(NamedTuple):
    """Checked probabilities, shape (n,) or (n, k); the true column; weights."""

    values: FloatArray
    #: Which rows are positive; or the column of the true class, shape (n,).
    truth: Binary | IntArray
    weights: FloatArray | None
    #: The rows per probability, where they were counted on a device.
    counted: ScoreTable | None = None

    @classmethod
    def of_table(cls, table: ScoreTable) -> Probabilities:
        """Return rows that stand for all rows with their probability and class."""
        stated = scores_of(table.keys)
        classes = np.repeat([1, 0], len(stated))
        counts = np.concatenate([table.positives, table.negatives]).astype(float)
        values = np.concatenate([stated, stated])
        return cls(values, _targets.Binary(classes, 1, 0), counts, table)

    def table(self) -> ScoreTable:
        """Return positives and negatives, or right and wrong, per probability."""
        if self.counted is not None:
            return self.counted
        confidence, right = self.confidence(slice(None))
        return tabulate(confidence, right, self.weights)

    def of_true_class(self, block: slice) -> FloatArray:
        """Return the probability given to what happened."""
        part = np.asarray(self.values[block], np.float64)
        if not isinstance(self.truth, _targets.Binary):
            return part[np.arange(len(part)), self.truth[block]]
        # |p - 0| for positives and |p - 1| for negatives, without a branch per row.
        chosen = np.subtract(part, ~self.truth.positive(block), dtype=np.float64)
        return np.abs(chosen, out=chosen)

    def confidence(self, block: slice) -> tuple[FloatArray, BoolArray]:
        """Return the stated probability of a claim, and whether it was true."""
        part = np.asarray(self.values[block], np.float64)
        if isinstance(self.truth, _targets.Binary):
            return part, self.truth.positive(block)
        return part.max(axis=1), part.argmax(axis=1) == self.truth[block]


def read_probabilities(
    function: str,
    probabilities: Any,
    labels: Any,
    aliases: Aliases,
    *,
    positive: Any,
    classes: Sequence[Any] | None,
    weights: Any,
    missing: Missing,
) -> Probabilities:
    """Settle which argument is which and read both, refusing what is no probability."""
    probabilities, labels = arguments(
        function, probabilities, labels, aliases, "probabilities"
    )
    if on_device(probabilities):
        table = count_scores(probabilities, labels, positive, weights).table
        check_probabilities(scores_of(table.keys))
        return Probabilities.of_table(table)
    (stated, label), w, *_ = rows(
        {"probabilities": probabilities, "labels": labels},
        weights=weights,
        missing=missing,
    )
    w = power_scaled(w)
    values = check_probabilities(number_array(stated))
    if values.ndim == 1:
        return Probabilities(values, _targets.binary(label, positive), w)
    coded = _targets.multiclass(label, stated, classes)
    _check_sums(values)
    return Probabilities(values, coded.codes, w)


def check_probabilities(values: CountArray) -> CountArray:
    """Return the values, refusing whatever is outside [0, 1]."""
    for block in blocks(len(values)):
        part = values[block]
        if part.min() < 0 or part.max() > 1:
            outside = (part < 0) | (part > 1)
            row = int(outside.reshape(len(part), -1).any(axis=1).argmax())
            raise ValueError(
                f"probabilities must be in [0, 1], got {part[outside][0]!s} at row "
                f"{block.start + row}; turn logits into probabilities first (sigmoid "
                "or softmax), or use a metric of order such as roc_auc"
            )
    return values


def _check_sums(values: CountArray) -> None:
    tolerance = 1e-6
    if values.dtype.kind == "f":
        tolerance = max(tolerance, 32 * float(np.finfo(values.dtype).eps))
    for block in blocks(len(values)):
        sums = values[block].sum(axis=1, dtype=np.float64)
        off = np.abs(sums - 1) > tolerance
        if off.any():
            row = int(off.argmax())
            raise ValueError(
                f"the probabilities of a row must sum to 1, got {sums[row]:.6g} at row "
                f"{block.start + row}; normalise the rows first"
            )


def mean_loss(
    data: Probabilities, loss: Callable[[FloatArray, FloatArray], FloatArray]
) -> float:
    total, whole = [], []
    for block in blocks(len(data.values)):
        part = np.asarray(data.values[block], np.float64)
        losses = loss(data.of_true_class(block), part)
        if data.weights is None:
            total.append(float(losses.sum()))
            whole.append(float(len(losses)))
            continue
        weight = data.weights[block]
        present = weight > 0  # a row of weight 0 is absent, however infinite its loss
        total.append(float((weight[present] * losses[present]).sum()))
        whole.append(float(weight.sum()))
    return math.fsum(total) / math.fsum(whole)
