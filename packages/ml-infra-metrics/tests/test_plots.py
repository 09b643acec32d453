"""Plots draw what the metrics say, on the Axes they are given."""

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402 - the backend comes first

from ml_infra.metrics import (  # noqa: E402 - skipped without matplotlib
    Counts,
    Interval,
    Scores,
    average_precision,
    expected_calibration_error,
    plot_calibration,
    plot_confusion_matrix,
    plot_precision_recall,
    plot_roc,
    plot_slices,
    roc_auc,
)


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 5000)
    return 1 / (1 + np.exp(-random.normal(size=5000) - labels + 0.5)), labels


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    figure.canvas.draw()  # whatever was drawn can be rendered
    plt.close(figure)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_roc_is_drawn_on_the_given_axes_with_its_auc(ax, rows):
    assert plot_roc(*rows, name="new", ax=ax) is ax
    assert plot_roc(Scores.of(*rows), name="same", ax=ax) is ax
    chance, new, same = legend(ax)
    assert chance == "chance"
    assert new == f"new: {same[6:]}"
    assert f"AUC {roc_auc(*rows):.3f} [" in new
    curve = ax.lines[1]
    assert len(curve.get_xdata()) < 5000  # thinned to what can be seen ...
    x, y = curve.get_data()
    drawn = np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)
    assert drawn == pytest.approx(roc_auc(*rows), abs=1e-3)  # ... and no less


def test_precision_recall_is_drawn_in_steps(ax, rows):
    assert plot_precision_recall(*rows, ax=ax) is ax
    plot_precision_recall(Scores.of(*rows), ax=ax)
    assert f"AP {average_precision(*rows):.3f} [" in legend(ax)[0]
    assert ax.lines[0].get_drawstyle() == "steps-post"


def test_calibration_is_drawn_with_error_bars(ax, rows):
    assert plot_calibration(*rows, bins=5, ax=ax) is ax
    plot_calibration(Scores.of(*rows), bins=5, name="state", ax=ax)
    error = expected_calibration_error(*rows, bins=5)
    assert legend(ax) == ["calibrated", f"ECE {error:.3f}", f"state: ECE {error:.3f}"]


@pytest.mark.parametrize("plot", [plot_roc, plot_precision_recall, plot_calibration])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("labels", [0, 1]),
        ("weights", [1, 2]),
        ("positive", "banana"),
        ("missing", "drop"),
    ],
)
def test_options_about_rows_are_refused_beside_a_state(plot, option, value):
    with pytest.raises(TypeError, match=f"counted its rows already; pass {option} to"):
        plot(Scores.of([0.1, 0.9], [0, 1]), **{option: value})


def test_a_confusion_matrix_is_annotated(ax):
    plot_confusion_matrix([[8, 2], [0, 0]], classes=["no", "yes"], ax=ax)
    assert [text.get_text() for text in ax.texts] == ["8", "2", "0", "0"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["no", "yes"]
    plt.close("all")
    new = plot_confusion_matrix([[8, 2], [0, 0]], normalize="labels")
    assert [text.get_text() for text in new.texts] == ["0.80", "0.20", "0.00", "0.00"]
    plt.close(new.figure)
    with pytest.raises(ValueError, match=r"shape \(k, k\)"):
        plot_confusion_matrix([[1, 2]])
    with pytest.raises(ValueError, match="name the 2 classes"):
        plot_confusion_matrix([[1, 2], [3, 4]], classes=["a"])
    with pytest.raises(ValueError, match="normalize"):
        plot_confusion_matrix([[1, 2], [3, 4]], normalize="all")


def test_slices_are_sorted_and_flags_are_hollow(ax):
    def interval(value, *flags):
        return Interval(value, value, value, 0.95, "wilson", 9, flags)

    plot_slices(
        {"US": interval(0.8), "EU": interval(0.9), "tiny": interval(0.1, "degenerate")},
        reference=0.85,
        metric="recall",
        ax=ax,
    )
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["tiny", "US", "EU"]
    assert ax.lines[0].get_markerfacecolor() == "white"
    assert ax.get_xlabel() == "recall"
    with pytest.raises(ValueError, match="none with a value"):
        plot_slices({"none": interval(float("nan"), "undefined")})


def test_a_table_of_slices_is_drawn_as_it_is(ax):
    counts = Counts.of(
        [1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 1, 0], by=["EU", "EU", "US", "US", "UK", "NA"]
    )
    table = counts.slices("recall")
    assert table["NA"].flags == ("undefined",)  # no positive row, so no recall
    assert plot_slices(table, reference=counts.recall(), ax=ax) is ax
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names == ["UK", "US", "EU"]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [mark.get_xdata()[0] for mark in marks] == [0.0, 0.5, 1.0]
    assert ax.get_xlabel() == "recall"


def test_a_state_is_drawn_as_its_confusion_matrix(ax):
    counts = Counts.of(["no", "yes", "no"], ["no", "no", "yes"])
    plot_confusion_matrix(counts, ax=ax)
    assert [text.get_text() for text in ax.texts] == ["1", "1", "1", "0"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["no", "yes"]


def test_without_axes_a_figure_is_made(rows):
    ax = plot_roc(*rows)
    assert ax.figure.number in plt.get_fignums()
    plt.close(ax.figure)
