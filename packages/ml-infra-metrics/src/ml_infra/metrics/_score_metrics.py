"""What can be asked of scores in cells: each answer with the bound of its error."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ._error_bounds import (
    Bounded,
    average_precision_bound,
    calibration_bound,
    mean_loss_bound,
    roc_auc_bound,
    score_table,
)
from ._inputs import check_choice
from ._probabilities import checked_eps, negative_log, squared_miss
from ._score_intervals import auc_interval_of, average_precision_interval_of
from ._state import NOTHING_COUNTED
from ._undefined import UndefinedPolicy, check_policy, settle
from .curves import (
    PrecisionRecallCurve,
    RocCurve,
    precision_recall_curve_of,
    roc_curve_of,
)

if TYPE_CHECKING:
    from ._calibration_bins import Binning, CalibrationCurve
    from ._cells import Cells
    from .intervals import Interval


class ScoreMetrics:
    """The metrics; `Scores` holds the state they are computed from."""

    n: int

    @property
    def exact(self) -> bool:
        """Whether every answer is still exact."""
        return self._settled().exact

    def _settled(self) -> Cells:
        raise NotImplementedError

    def _filled(self) -> Cells:
        if not self.n:
            raise ValueError(NOTHING_COUNTED)
        return self._settled()

    def roc_auc(self, *, undefined: UndefinedPolicy = "nan") -> Bounded:
        """Return the area under the ROC curve; see `ml_infra.metrics.roc_auc`."""
        found = roc_auc_bound(self._filled())
        return _or_policy(found, undefined, "roc_auc")

    def average_precision(self, *, undefined: UndefinedPolicy = "nan") -> Bounded:
        """Return the average precision; see `ml_infra.metrics.average_precision`."""
        found = average_precision_bound(self._filled())
        return _or_policy(found, undefined, "average_precision")

    def log_loss(self, *, eps: float = 0.0) -> Bounded:
        """Return the log loss of scores in [0, 1]; see `ml_infra.metrics.log_loss`."""
        loss = partial(negative_log, eps=checked_eps(eps))
        return mean_loss_bound(self._filled(), loss)

    def brier_score(self) -> Bounded:
        """Return the Brier score of scores in [0, 1]; see `brier_score`."""
        return mean_loss_bound(self._filled(), squared_miss)

    def expected_calibration_error(
        self, *, bins: int = 10, binning: Binning = "width"
    ) -> Bounded:
        """
        Return the expected calibration error of scores in [0, 1].

        See `ml_infra.metrics.expected_calibration_error` for the arguments.
        """
        found, max_error = calibration_bound(self._filled(), bins, binning)
        return Bounded(found.error(), max_error)

    def calibration_curve(
        self, *, bins: int = 10, binning: Binning = "width", level: float = 0.95
    ) -> CalibrationCurve:
        """
        Return the reliability per bin; see `ml_infra.metrics.calibration_curve`.

        Once the state is not exact, each row counts with the middle of its cell.

        Raises:
            ValueError: If there is no row, or a score outside [0, 1].
        """
        return calibration_bound(self._filled(), bins, binning)[0].curve(level)

    def roc_curve(self, *, undefined: UndefinedPolicy = "nan") -> RocCurve:
        """Return points of the ROC curve: all of them, or one per cell, each exact."""
        return roc_curve_of(score_table(self._filled()), undefined)

    def precision_recall_curve(
        self, *, undefined: UndefinedPolicy = "nan"
    ) -> PrecisionRecallCurve:
        """Return points of the precision-recall curve: all, or one exact per cell."""
        return precision_recall_curve_of(score_table(self._filled()), undefined)

    def interval(self, metric: str = "roc_auc", *, level: float = 0.95) -> Interval:
        """
        Return "roc_auc" (DeLong) or "average_precision" (delta) with its interval.

        The interval is about sampling alone; once the state is not exact it is
        flagged "binned", and the `max_error` of the metric comes on top.

        Raises:
            ValueError: If metric or level is not valid.
        """
        makers = {
            "roc_auc": auc_interval_of,
            "average_precision": average_precision_interval_of,
        }
        check_choice(metric, "metric", tuple(makers))
        interval = makers[metric](score_table(self._filled()), self.n, level)
        if self.exact:
            return interval
        return replace(interval, flags=(*interval.flags, "binned"))


def _or_policy(
    found: Bounded | None, undefined: UndefinedPolicy, metric: str
) -> Bounded:
    check_policy(undefined)
    if found is not None:
        return found
    value = settle(math.nan, undefined, metric)
    return Bounded(value, math.nan if math.isnan(value) else 0.0)
