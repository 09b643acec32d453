"""
Arrays on another device: computed there, or refused with advice.

The device is array-api-strict's: its arrays raise on any silent way to main memory.
The namespace of torch is tried on the CPU, taken for a device.
"""

import inspect
import sys

import numpy as np
import pytest

from ml_infra import metrics
from ml_infra.metrics import Counts, RegressionStats, Scores, accuracy, roc_auc

AVERAGED = ("precision", "recall", "specificity", "f1_score", "fbeta_score", "jaccard")
OF_CLASSES = (
    *AVERAGED,
    *("accuracy", "balanced_accuracy", "matthews_corrcoef", "cohen_kappa"),
    *("hamming_loss", "confusion_matrix", "classification_report"),
)
OF_SCORES = ("roc_auc", "average_precision", "roc_curve", "precision_recall_curve")
OF_SCORES += ("roc_auc_interval", "average_precision_interval")
OF_PROBABILITIES = ("log_loss", "brier_score", "calibration_curve")
OF_PROBABILITIES += ("expected_calibration_error",)
OF_NUMBERS = (
    *("mean_absolute_error", "mean_squared_error", "root_mean_squared_error"),
    *("r2_score", "mean_absolute_percentage_error", "median_absolute_error"),
    "pinball_loss",
)
#: What is computed in main memory only.
NEAR = {"top_k_accuracy", "assert_not_worse", "wilson_interval"}


@pytest.fixture(params=["strict", pytest.param("torch", marks=pytest.mark.torch)])
def far(request, monkeypatch):
    """A function that puts an array on a device that is not the CPU."""
    pytest.importorskip("array_api_compat")
    if request.param == "torch":
        torch = pytest.importorskip("torch")
        for module in [m for name, m in sys.modules.items() if "ml_infra.me" in name]:
            if hasattr(module, "on_device"):
                monkeypatch.setattr(module, "on_device", torch.is_tensor)
        return lambda values: torch.asarray(np.asarray(values))
    strict = pytest.importorskip("array_api_strict")
    device = strict.Device("device1")
    return lambda values: strict.asarray(np.asarray(values), device=device)


def same(found, expected):
    if isinstance(expected, dict):  # a report, compared as its table
        assert (found["n"], str(found)) == (expected["n"], str(expected))
        return
    if isinstance(expected, metrics.Interval):
        assert (found.n, found.flags) == (expected.n, expected.flags)
        found, expected = ([x.value, x.low, x.high] for x in (found, expected))
    if not hasattr(expected, "_fields"):  # no curve
        found, expected = [found], [expected]
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
        assert np.asarray(mine).dtype == np.asarray(theirs).dtype


def both(name, far, columns, weights, **options):
    """Compare a metric of far arrays with that of near ones, weighted or not."""
    metric = getattr(metrics, name)
    same(metric(*map(far, columns), **options), metric(*columns, **options))
    there = metric(*map(far, columns), weights=far(weights), **options)
    same(there, metric(*columns, weights=weights, **options))


@pytest.fixture
def weights(rng):
    return rng.integers(0, 5, 300) / 2  # some rows are absent


def test_every_function_is_here():
    functions = {n for n in metrics.__all__ if inspect.isfunction(getattr(metrics, n))}
    computed = {*OF_CLASSES, *OF_SCORES, *OF_PROBABILITIES, *OF_NUMBERS}
    plots = {name for name in functions if name.startswith("plot_")}
    assert functions - plots - NEAR == computed


@pytest.mark.parametrize("name", OF_CLASSES)
def test_classes_are_counted_where_they_are(name, far, weights, rng):
    columns = rng.integers(0, 4, (2, 300)) - 1
    options = {"average": "macro"} if name in AVERAGED else {}
    if name == "fbeta_score":
        options["beta"] = 2
    both(name, far, columns, weights, **options)
    if name in AVERAGED:
        options |= {"average": "binary", "positive": True}
    both(name, far, [c > 0 for c in columns], weights, **options)
    column = far(columns[:1].T)
    assert accuracy(column, column) == 1


@pytest.mark.parametrize("name", [*AVERAGED, "accuracy", "hamming_loss"])
def test_indicators_are_counted_where_they_are(name, far, weights, rng):
    columns = rng.integers(0, 2, (2, 300, 5))
    options = {"average": "micro"} if name in AVERAGED else {}
    if name == "fbeta_score":
        options["beta"] = 2
    both(name, far, columns, weights, **options)


@pytest.mark.parametrize("name", OF_SCORES)
def test_scores_are_counted_where_they_are(name, far, weights, rng):
    labels = rng.integers(0, 2, 300)
    scores = np.append(rng.normal(size=298).round(1), [0.0, -0.0]) + labels
    both(name, far, [scores, labels], weights)
    both(name, far, [scores.astype(np.float32), labels == 1], weights)
    both(name, far, [scores, 1 - labels], weights, positive=0)


@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_probabilities_are_counted_where_they_are(name, far, weights, rng):
    labels = rng.integers(0, 2, 300)
    stated = np.clip(rng.beta(2, 2, 300) + 0.1 * labels, 0.01, 0.99).round(2)
    both(name, far, [stated, labels], weights)
    if "calibration" in name:
        both(name, far, [stated, labels], weights, binning="mass", bins=7)
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        getattr(metrics, name)(far(stated + 1), far(labels))


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_errors_are_summed_where_they_are(name, far, weights, rng):
    labels = rng.normal(5, 1, 300).astype(np.float32)
    both(name, far, [labels + rng.normal(size=300).round(1), labels], weights)
    whole = rng.integers(1, 9, (2, 300))
    both(name, far, whole, weights)
    both(name, far, whole[:, :299], weights[:299])


def test_states_take_batches_from_anywhere(far, weights, rng):
    classes = rng.integers(0, 4, (2, 300))
    indicators = rng.integers(0, 2, (2, 300, 3))
    for columns in (classes, indicators):
        there = Counts.of(*(far(c[:200]) for c in columns)).update(*columns[:, 200:])
        assert there == Counts.of(*columns)
        weighted = Counts.of(*map(far, columns), weights=far(weights))
        near = Counts.of(*columns, weights=weights)
        assert weighted == near
        found = [c.interval("f1_score", "macro") for c in (weighted, near)]
        assert found[0] == found[1]
    labels = rng.integers(0, 2, 300)
    scores = (rng.random(300) + labels).round(2) / 2
    state = Scores().update(far(scores[:200]), far(labels[:200]))
    assert state.update(scores[200:], labels[200:]) == Scores.of(scores, labels)
    weighted = Scores.of(far(scores), far(labels), weights=far(weights))
    near = Scores.of(scores, labels, weights=weights)
    assert weighted.interval("roc_auc") == near.interval("roc_auc")
    assert float(weighted.log_loss()) == pytest.approx(float(near.log_loss()))


def test_one_class_of_labels_is_undefined_there_too(far):
    assert np.isnan(roc_auc(far([0.1, 0.2]), far([0, 0])))
    assert np.isnan(roc_auc(far([0.1, 0.2]), far([1, 1])))


@pytest.mark.parametrize(
    ("name", "columns", "error", "message"),
    [
        ("accuracy", ([0.5], [1]), TypeError, "argmax"),
        ("accuracy", ([1], [1, 0]), ValueError, "same shape"),
        ("accuracy", ([[[1]]], [[[1]]]), ValueError, "same shape"),
        ("accuracy", ([[2, 1]], [[0, 1]]), ValueError, "0/1 indicators"),
        ("accuracy", ([[0] * 63], [[1] * 63]), ValueError, "62 columns"),
        ("accuracy", (np.zeros(0, int),) * 2, ValueError, "at least one row"),
        ("roc_auc", ([0.1, np.nan], [0, 1]), ValueError, "missing value .* at row 1"),
        ("roc_auc", ([0.1, 0.2, 0.3], [0, 1, 2]), ValueError, "3 classes"),
        ("roc_auc", ([0.1, 0.2], [0, 1, 1]), ValueError, "same shape"),
        ("roc_auc", ([[0.1, 0.2]], [0]), ValueError, "same shape"),
        ("roc_auc", ([0.1, 0.2], [0.0, 1.0]), TypeError, "integers or booleans"),
        ("roc_auc", (np.zeros(0), np.zeros(0, int)), ValueError, "at least one row"),
        ("r2_score", ([1.0, np.inf], [1.0, 2.0]), ValueError, "predictions .* row 1"),
        ("r2_score", ([1.0], [1.0, 2.0]), ValueError, "same shape"),
        ("r2_score", ([1j], [1.0]), TypeError, "must be numbers"),
        ("r2_score", (np.zeros(0), np.zeros(0)), ValueError, "at least one row"),
    ],
)
def test_what_cannot_be_computed_there_says_so(far, name, columns, error, message):
    with pytest.raises(error, match=message):
        getattr(metrics, name)(*map(far, columns))


@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "mean_squared_error"])
def test_arguments_in_two_places_are_refused(name, far):
    metric, column = getattr(metrics, name), [0, 1]
    with pytest.raises(TypeError, match="labels is not; move"):
        metric(far(column), column)
    with pytest.raises(TypeError, match=r"\.cpu\(\)"):
        metric(column, far(column))
    with pytest.raises(TypeError, match="weights is not; move"):
        metric(far(column), far(column), weights=[1, 1])
    for wrong in ([1.0], [-1.0, 1.0], [0.0, 0.0], [np.inf, 1.0], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="weights"):
            metric(far(column), far(column), weights=far(wrong))


def test_what_needs_main_memory_is_refused_with_advice(far):
    column = far([0, 1])
    for call in (
        lambda: metrics.top_k_accuracy(far([[0.1, 0.9]]), far([1]), k=1),
        lambda: Counts.of(column, column, by=column),
        lambda: Counts.of(column, column, unit=column),
        lambda: RegressionStats.of(column, column),
        lambda: metrics.Paired.of(column, column, column),
    ):
        with pytest.raises(TypeError, match=r"cannot be computed; move it .*\.cpu\(\)"):
            call()


@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "r2_score", "log_loss"])
def test_without_the_extra_device_arrays_are_refused(name, far, monkeypatch):
    columns = far([0, 1]), far([0, 1])
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(TypeError, match=r"ml-infra-metrics\[array-api\]"):
        getattr(metrics, name)(*columns)
