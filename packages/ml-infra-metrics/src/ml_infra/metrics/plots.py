"""
Plots of metrics, each on one Axes. Needs matplotlib: the extra ``[plot]``.

Every function takes `ax=` (None makes a new figure) and returns the Axes, so that the
caller decides about titles, sizes and files.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ._drawing import drawn_on, refuse_rows, titled, visible
from ._inputs import check_choice
from .calibration import calibration_curve, expected_calibration_error
from .counts import Counts
from .curves import precision_recall_curve, roc_curve
from .ranking import average_precision_interval, roc_auc_interval
from .slices import SliceTable
from .streaming import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from ._calibration_bins import Binning
    from ._inputs import Missing
    from .intervals import Interval
    from .slices import Slice

    # matplotlib.axes.Axes, which is not there wherever this file is type-checked.
    Axes: TypeAlias = Any

__all__ = [
    "plot_calibration",
    "plot_confusion_matrix",
    "plot_precision_recall",
    "plot_roc",
    "plot_slices",
]


def plot_confusion_matrix(
    matrix: Any,
    *,
    classes: Sequence[Any] | None = None,
    normalize: Literal["labels", "predictions"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """
    Draw a confusion matrix, labels down and predictions across.

    Args:
        matrix: Counts, shape (k, k), as of `confusion_matrix`; or a `Counts` state.
        classes: Names of the k classes; None means those of the state, or 0 to k - 1.
        normalize: "labels" shows shares of each row, "predictions" of each column;
            None shows the counts.
        ax: Where to draw; None makes a new figure.

    Returns:
        The Axes. Cells are annotated up to 20 classes.

    Raises:
        ValueError: If the matrix is not square or an option is not valid.
        ImportError: If matplotlib is not installed.
    """
    if isinstance(matrix, Counts):
        classes = matrix.classes if classes is None else classes
        matrix = matrix.confusion_matrix()
    counts = np.asarray(matrix, np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"matrix must have shape (k, k), got {counts.shape}")
    names = range(len(counts)) if classes is None else list(classes)
    if len(names) != len(counts):
        raise ValueError(
            f"classes must name the {len(counts)} classes, got {len(names)}"
        )
    check_choice(normalize, "normalize", ("labels", "predictions", None))
    shown = counts
    if normalize is not None:
        whole = counts.sum(axis=1 if normalize == "labels" else 0, keepdims=True)
        shown = np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    axes = drawn_on(ax)
    axes.imshow(shown, cmap="Blues", vmin=0)
    ticks = range(len(names))
    axes.set_xticks(ticks, [str(name) for name in names], rotation=45, ha="right")
    axes.set_yticks(ticks, [str(name) for name in names])
    axes.set(xlabel="prediction", ylabel="label")
    if len(names) <= 20:
        text = "{:.2f}".format if normalize else "{:g}".format
        for row in ticks:
            for column in ticks:
                dark = shown[row, column] > shown.max() / 2
                axes.text(
                    column,
                    row,
                    text(shown[row, column]),
                    ha="center",
                    va="center",
                    color="white" if dark else "black",
                )
    return axes


def plot_roc(
    scores: Any,
    labels: Any = None,
    *,
    name: str | None = None,
    level: float = 0.95,
    positive: Any = 1,
    weights: Any = None,
    missing: Missing = "raise",
    ax: Axes | None = None,
) -> Axes:
    """
    Draw the ROC curve; the legend gives the AUC with its interval.

    Args:
        scores: Numbers, shape (n,); or a `Scores` state, then without labels.
        labels: Two classes, shape (n,).
        name: What the curve is called in the legend.
        level: Confidence level of the interval.
        positive: The positive class.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        ax: Where to draw; None makes a new figure. Call again with the same Axes to
            compare models.

    Returns:
        The Axes.

    Raises:
        ValueError: As `roc_auc`.
        TypeError: As `roc_auc`; also for options about rows beside a state.
        ImportError: If matplotlib is not installed.
    """
    if isinstance(scores, Scores):
        refuse_rows(labels, weights, positive, missing)
        curve, interval = scores.roc_curve(), scores.interval("roc_auc", level=level)
    else:
        curve = roc_curve(
            scores, labels, positive=positive, weights=weights, missing=missing
        )
        interval = roc_auc_interval(
            scores,
            labels,
            level=level,
            positive=positive,
            weights=weights,
            missing=missing,
        )
    axes = drawn_on(ax)
    if not axes.lines:
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="chance")
    seen = visible(curve.fpr, curve.tpr)
    axes.plot(curve.fpr[seen], curve.tpr[seen], label=titled(name, "AUC", interval))
    axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
    axes.legend(loc="lower right")
    return axes


def plot_precision_recall(
    scores: Any,
    labels: Any = None,
    *,
    name: str | None = None,
    level: float = 0.95,
    positive: Any = 1,
    weights: Any = None,
    missing: Missing = "raise",
    ax: Axes | None = None,
) -> Axes:
    """
    Draw the precision-recall curve; the legend gives the average precision.

    The curve is drawn in steps, as average precision sums it: a line between two
    points would promise thresholds that do not exist.

    Args:
        scores: Numbers, shape (n,); or a `Scores` state, then without labels.
        labels: Two classes, shape (n,).
        name: What the curve is called in the legend.
        level: Confidence level of the interval.
        positive: The positive class.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        ax: Where to draw; None makes a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: As `average_precision`.
        TypeError: As `average_precision`; also for options about rows beside a state.
        ImportError: If matplotlib is not installed.
    """
    if isinstance(scores, Scores):
        refuse_rows(labels, weights, positive, missing)
        curve = scores.precision_recall_curve()
        interval = scores.interval("average_precision", level=level)
    else:
        curve = precision_recall_curve(
            scores, labels, positive=positive, weights=weights, missing=missing
        )
        interval = average_precision_interval(
            scores,
            labels,
            level=level,
            positive=positive,
            weights=weights,
            missing=missing,
        )
    axes = drawn_on(ax)
    seen = visible(curve.recall, curve.precision)
    axes.plot(
        curve.recall[seen],
        curve.precision[seen],
        drawstyle="steps-post",
        label=titled(name, "AP", interval),
    )
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="lower left")
    return axes


def plot_calibration(
    probabilities: Any,
    labels: Any = None,
    *,
    bins: int = 10,
    binning: Binning = "width",
    name: str | None = None,
    level: float = 0.95,
    positive: Any = 1,
    weights: Any = None,
    missing: Missing = "raise",
    ax: Axes | None = None,
) -> Axes:
    """
    Draw observed frequency against stated probability, per bin, with intervals.

    Args:
        probabilities: Of the positive class, shape (n,), or of each class, shape
            (n, k); or a `Scores` state of probabilities, then without labels.
        labels: Classes, shape (n,).
        bins: Number of bins.
        binning: "width" or "mass", as in `expected_calibration_error`.
        name: What the model is called in the legend.
        level: Confidence level of the intervals.
        positive: The positive class of binary labels.
        weights: Non-negative, shape (n,); None means all ones.
        missing: "raise" or "drop" for rows with NaN or null.
        ax: Where to draw; None makes a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: As `calibration_curve`.
        TypeError: As `calibration_curve`; also for options about rows beside a state.
        ImportError: If matplotlib is not installed.
    """
    if isinstance(probabilities, Scores):
        refuse_rows(labels, weights, positive, missing)
        curve = probabilities.calibration_curve(bins=bins, binning=binning, level=level)
        error = float(
            probabilities.expected_calibration_error(bins=bins, binning=binning)
        )
    else:
        curve = calibration_curve(
            probabilities,
            labels,
            bins=bins,
            binning=binning,
            level=level,
            positive=positive,
            weights=weights,
            missing=missing,
        )
        error = expected_calibration_error(
            probabilities,
            labels,
            bins=bins,
            binning=binning,
            positive=positive,
            weights=weights,
            missing=missing,
        )
    axes = drawn_on(ax)
    if not axes.lines:
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="calibrated")
    axes.errorbar(
        curve.predicted,
        curve.observed,
        yerr=[curve.observed - curve.low, curve.high - curve.observed],
        marker="o",
        capsize=3,
        label=f"{name + ': ' if name else ''}ECE {error:.3f}",
    )
    axes.set(
        xlabel="predicted probability", ylabel="observed frequency", aspect="equal"
    )
    axes.legend(loc="upper left")
    return axes


def plot_slices(
    slices: SliceTable | Mapping[Any, Interval],
    *,
    reference: float | None = None,
    metric: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """
    Draw a metric per slice with its interval, the best slice on top.

    Args:
        slices: What `Counts.slices` returned, or an `Interval` for each name.
        reference: A value to compare with, such as the metric of all rows.
        metric: Name of the metric, for the axis; None means the table's own.
        ax: Where to draw; None makes a new figure.

    Returns:
        The Axes. Hollow marks are flagged intervals; undefined slices are left out.

    Raises:
        ValueError: If no slice has a value.
        ImportError: If matplotlib is not installed.
    """
    rows: dict[Any, Slice | Interval]
    if isinstance(slices, SliceTable):
        rows = {row.key: row for row in slices}
        metric = slices.metric if metric is None else metric
    else:
        rows = dict(slices)
    known = [item for item in rows.items() if not math.isnan(item[1].value)]
    if not known:
        raise ValueError("slices hold none with a value")
    ordered = sorted(known, key=lambda item: item[1].value)
    axes = drawn_on(ax)
    for place, (_, found) in enumerate(ordered):
        axes.errorbar(
            found.value,
            place,
            xerr=[[found.value - found.low], [found.high - found.value]],
            marker="o",
            capsize=3,
            color="C0",
            markerfacecolor="white" if found.flags else "C0",
        )
    if reference is not None:
        axes.axvline(reference, color="grey", linestyle=":")
    axes.set_yticks(range(len(ordered)), [str(name) for name, _ in ordered])
    axes.set(xlabel=metric or "")
    return axes
