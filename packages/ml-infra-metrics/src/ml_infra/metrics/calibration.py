"""Metrics of probabilities: log loss, Brier score and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._calibration_bins import Binning, CalibrationCurve, bin_rows
from ._probabilities import (
    checked_eps,
    mean_loss,
    negative_log,
    read_probabilities,
    squared_miss,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from ._inputs import Aliases, Missing

__all__ = ["brier_score", "calibration_curve", "expected_calibration_error", "log_loss"]


def log_loss(
    probabilities: Any = None,
    labels: Any = None,
    *,
    eps: float = 0.0,
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the weighted mean negative log-likelihood of the true classes.

    Args:
        probabilities: Of the positive class, shape (n,), in [0, 1]; or of each class,
            shape (n, k), rows summing to 1 (within 1e-6, or 32 units of rounding of a
            shorter float).
        labels: Classes, shape (n,).
        eps: Probabilities are clipped to [eps, 1 - eps] for every dtype alike. The
            default clips nothing: certainty in the wrong class costs infinity.
        positive: The positive class of binary labels.
        classes: Class of each column; None means the labels in ascending order, of
            which there must be k.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_prob.

    Returns:
        A float in nats, in [0, inf], or at most -log(eps).

    Raises:
        ValueError: If a value is no probability (logits are never guessed at), rows do
            not sum to 1, eps is not in [0, 0.5), or as `roc_auc`.
        TypeError: As `roc_auc`.

    Inputs are not modified. One blocked pass; accurate to 1e-15 nats.

    >>> log_loss([0.5, 0.5], [0, 1])  # log(2), the coin-flip model
    0.6931471805599453
    """
    eps = checked_eps(eps)
    data = read_probabilities(
        "log_loss",
        probabilities,
        labels,
        aliases,
        positive=positive,
        classes=classes,
        weights=weights,
        missing=missing,
    )
    return mean_loss(data, lambda of_true_class, _: negative_log(of_true_class, eps))


def brier_score(
    probabilities: Any = None,
    labels: Any = None,
    *,
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the mean squared distance between probabilities and what happened.

    Args:
        probabilities: Of the positive class, shape (n,), in [0, 1]; or of each class,
            shape (n, k), rows summing to 1 as in `log_loss`.
        labels: Classes, shape (n,).
        positive: The positive class of binary labels.
        classes: Class of each column, as in `log_loss`.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_prob.

    Returns:
        A float in [0, 1] for shape (n,); in [0, 2] for shape (n, k), the sum over the
        classes (Brier, Monthly Weather Review 78, 1950).

    Raises:
        ValueError: As `log_loss`.
        TypeError: As `log_loss`.

    Inputs are not modified. One blocked pass.

    >>> brier_score([0.75, 0.5], [1, 0])  # (0.25**2 + 0.5**2) / 2
    0.15625
    """
    data = read_probabilities(
        "brier_score",
        probabilities,
        labels,
        aliases,
        positive=positive,
        classes=classes,
        weights=weights,
        missing=missing,
    )
    if data.values.ndim == 1:
        return mean_loss(data, lambda of_true_class, _: squared_miss(of_true_class))
    return mean_loss(
        data,
        lambda of_true_class, of_all: (
            np.einsum("ij,ij->i", of_all, of_all) - 2 * of_true_class + 1
        ),
    )


def expected_calibration_error(
    probabilities: Any = None,
    labels: Any = None,
    *,
    bins: int = 10,
    binning: Binning = "width",
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> float:
    """
    Return the mean gap between stated probability and observed frequency.

    Rows are binned by probability; the error is the mean over bins, by weight, of
    |mean probability - share of positives| (Guo et al., ICML 2017).

    Args:
        probabilities: Of the positive class, shape (n,), in [0, 1]; or of each class,
            shape (n, k), where the largest is the confidence (the first of equals)
            and counts as right if that class is true.
        labels: Classes, shape (n,).
        bins: Number of bins, at least 1.
        binning: "width": intervals (i / bins, (i + 1) / bins], with 0 in the first;
            "mass": bins of equal weight. Equal probabilities always share a bin.
        positive: The positive class of binary labels.
        classes: Class of each column, as in `log_loss`.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_prob.

    Returns:
        A float in [0, 1].

    Raises:
        ValueError: As `log_loss`; also if bins or binning is not valid.
        TypeError: As `log_loss`.

    >>> round(expected_calibration_error([0.95, 1.0], [1, 0]), 3)  # 0.975 - 1 / 2
    0.475
    """
    data = read_probabilities(
        "expected_calibration_error",
        probabilities,
        labels,
        aliases,
        positive=positive,
        classes=classes,
        weights=weights,
        missing=missing,
    )
    return bin_rows(data, bins, binning).error()


def calibration_curve(
    probabilities: Any = None,
    labels: Any = None,
    *,
    bins: int = 10,
    binning: Binning = "width",
    level: float = 0.95,
    positive: Any = 1,
    classes: Sequence[Any] | None = None,
    weights: Any = None,
    missing: Missing = "raise",
    **aliases: Unpack[Aliases],
) -> CalibrationCurve:
    """
    Return mean probability and observed frequency per non-empty bin, with intervals.

    Args:
        probabilities: As in `expected_calibration_error`.
        labels: Classes, shape (n,).
        bins: Number of bins, at least 1.
        binning: "width" or "mass", as in `expected_calibration_error`.
        level: Confidence level of the intervals, in (0, 1).
        positive: The positive class of binary labels.
        classes: Class of each column, as in `log_loss`.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        **aliases: Keywords of other libraries, such as y_true and y_prob.

    Returns:
        A `CalibrationCurve`.

    Raises:
        ValueError: As `expected_calibration_error`; also if level is not in (0, 1).
        TypeError: As `log_loss`.

    >>> curve = calibration_curve([0.25, 0.75, 0.75], [0, 1, 0], bins=2)
    >>> curve.predicted.tolist(), curve.observed.tolist()
    ([0.25, 0.75], [0.0, 0.5])
    """
    data = read_probabilities(
        "calibration_curve",
        probabilities,
        labels,
        aliases,
        positive=positive,
        classes=classes,
        weights=weights,
        missing=missing,
    )
    return bin_rows(data, bins, binning).curve(level)
