"""Metrics of predicted numbers, as functions and as a state."""

import functools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra import metrics
from ml_infra.metrics import (
    RegressionStats,
    UndefinedMetricError,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    median_absolute_error,
    pinball_loss,
    r2_score,
    root_mean_squared_error,
)

# Our name, scikit-learn's name.
PEERS = {
    "mean_absolute_error": "mean_absolute_error",
    "mean_squared_error": "mean_squared_error",
    "root_mean_squared_error": "root_mean_squared_error",
    "r2_score": "r2_score",
    "mean_absolute_percentage_error": "mean_absolute_percentage_error",
    "median_absolute_error": "median_absolute_error",
    "pinball_loss": "mean_pinball_loss",
}


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    labels = random.normal(1000, 3, 400)
    return labels + random.normal(size=400) ** 3, labels, random.random(400)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", PEERS)
def test_functions_equal_scikit_learn(rows, name, weighted):
    peers = pytest.importorskip("sklearn.metrics")
    predictions, labels, weights = rows
    weights = weights if weighted else None
    expected = getattr(peers, PEERS[name])(labels, predictions, sample_weight=weights)
    found = getattr(metrics, name)(predictions, labels, weights=weights)
    assert found == pytest.approx(expected, rel=1e-12)


NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 3)), min_size=1, max_size=30)
)
def test_values_equal_the_statistics_module(rows):
    rows = [(p, y) for p, y, repeats in rows for _ in range(repeats)] or [(1.0, 2.0)]
    predictions, labels = zip(*rows, strict=True)
    errors = [y - p for p, y in rows]
    size = max(map(abs, errors))
    assert mean_absolute_error(predictions, labels) == pytest.approx(
        statistics.fmean(map(abs, errors)), rel=1e-12, abs=size * 1e-15
    )
    assert mean_squared_error(predictions, labels) == pytest.approx(
        statistics.fmean(e * e for e in errors), rel=1e-12
    )
    assert median_absolute_error(predictions, labels) == pytest.approx(
        statistics.median(map(abs, errors)), rel=1e-15
    )
    loss = [0.2 * e if e > 0 else -0.8 * e for e in errors]
    assert pinball_loss(predictions, labels, quantile=0.2) == pytest.approx(
        statistics.fmean(loss), rel=1e-12, abs=size * 1e-15
    )


def test_a_large_mean_costs_r2_no_precision():
    labels = 1e9 + np.array([1.0, 2.0, 3.0, 4.0])
    predictions = labels + np.array([0.5, -0.5, 0.5, -0.5])
    assert r2_score(predictions, labels) == 1 - 1 / 5
    state = RegressionStats.of(predictions[:1], labels[:1])
    state.update(predictions[1:], labels[1:])
    assert state.r2_score() == pytest.approx(0.8, rel=1e-12)


def test_an_outlier_in_another_batch_costs_r2_no_precision():
    labels = np.array([1e12, 1.0, 2.0, 3.0])
    state = RegressionStats()
    for label in labels:
        state.update([label + 1], [label])
    expected = r2_score(labels + 1, labels)
    assert state.r2_score() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("labels", [[0.1, 0.1, 0.1], [3, 3, 3], [7.0]])
def test_constant_labels_leave_r2_undefined(labels):
    predictions = [1.0] * len(labels)
    for value in (
        r2_score(predictions, labels),
        RegressionStats.of(predictions, labels).r2_score(),
    ):
        assert math.isnan(value)
    assert r2_score(predictions, labels, undefined=0) == 0
    with pytest.raises(UndefinedMetricError, match="all labels are equal"):
        r2_score(predictions, labels, undefined="raise")


def test_a_zero_label_leaves_the_percentage_undefined_until_it_has_no_weight():
    assert math.isnan(mean_absolute_percentage_error([1.0, 2.0], [0.0, 4.0]))
    state = RegressionStats.of([1.0, 2.0], [0.0, 4.0])
    assert math.isnan(state.mean_absolute_percentage_error())
    with pytest.raises(UndefinedMetricError, match="label is 0"):
        state.mean_absolute_percentage_error(undefined="raise")
    weighted = mean_absolute_percentage_error([1, 2], [0, 4], weights=[0, 1])
    assert weighted == 0.5


def test_the_weighted_median_is_the_mean_of_two_where_halves_meet():
    predictions, labels = [0.0, 0.0, 0.0], [1.0, 2.0, 10.0]
    assert median_absolute_error(predictions, labels, weights=[1, 1, 2]) == 6.0
    assert median_absolute_error(predictions, labels, weights=[1, 1, 3]) == 10.0
    assert median_absolute_error(predictions, labels, weights=[2, 1, 1]) == 1.5


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "bool", "float16"])
def test_short_types_do_not_wrap_around(dtype):
    high = np.array([1] if dtype == "bool" else [100], dtype)
    low = np.array([0], dtype)
    expected = float(high[0]) - float(low[0])
    assert mean_absolute_error(high, low) == expected
    assert mean_absolute_error(low, high) == expected
    assert mean_squared_error(low, high) == expected**2


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize(
    ("predictions", "labels", "message"),
    [
        ([1.0, math.inf], [1.0, 2.0], "predictions has an infinite value at row 1"),
        ([1.0, 2.0], [-math.inf, 2.0], "labels has an infinite value at row 0"),
        ([1.0, math.nan], [1.0, 2.0], "predictions has a missing value"),
        ([[1.0, 2.0]], [1.0], r"shape \(n,\)"),
        ([2**60], [1], r"beyond 2\*\*53"),
    ],
)
def test_numbers_without_a_right_answer_are_refused(name, predictions, labels, message):
    with pytest.raises(ValueError, match=message):
        getattr(metrics, name)(predictions, labels)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("labels", [np.arange(1.0, 70_001.0), np.full(70_000, 7.0)])
@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ({40_000: math.nan}, "a missing value .* at row 40000, 1 in all"),
        ({40_000: math.inf}, "an infinite value at row 40000"),
        ({40_000: -math.inf, 69_999: math.inf}, "an infinite value at row 40000"),
        ({0: math.inf, 69_999: math.nan}, "a missing value .* at row 69999"),
    ],
)
@pytest.mark.parametrize("column", ["predictions", "labels"])
def test_one_number_that_is_none_is_found_in_any_block(
    name, labels, rows, what, column
):
    columns = {"predictions": labels + 1, "labels": labels.copy()}
    columns[column][list(rows)] = list(rows.values())
    with pytest.raises(ValueError, match=f"{column} has {what}"):
        getattr(metrics, name)(**columns)


def test_labels_too_close_to_square_are_not_called_constant():
    with pytest.raises(ValueError, match="differ by less than"):
        r2_score([1.0, 2.0], [1e-200, 2e-200])


def test_numbers_near_the_ends_of_float64_keep_their_metrics():
    """Errors are rescaled where they, their squares or their sum leave float64."""
    tiny, huge = [3e-170, 1e-170], [1.7e308, 1.7e308]
    near = functools.partial(pytest.approx, rel=1e-14, abs=0)
    assert root_mean_squared_error(tiny, [0, 0]) == near(math.sqrt(5) * 1e-170)
    assert root_mean_squared_error([1e200], [0]) == 1e200
    assert root_mean_squared_error([1e200, 0], [0, 0], weights=[1, 3]) == 5e199
    for metric in (mean_absolute_error, median_absolute_error, root_mean_squared_error):
        assert metric(huge, [0, 0]) == near(1.7e308)
        assert metric([1e308, 1.0], [-5e307, 1.0], weights=[1, 0]) == near(1.5e308)
        assert metric([5e-324], [0]) == 5e-324
        assert metric([1.5], [1.5]) == 0
        with pytest.raises(ValueError, match="float64 ends; rescale"):
            metric([1.7e308], [-1.7e308])
    blocks = np.full(1 << 17, 1e304)
    assert mean_absolute_error(blocks, -blocks) == near(2e304)
    assert pinball_loss(huge, [-1e307, -1e307], quantile=1) == 0
    assert pinball_loss([1.7e308], [-1.7e308], quantile=0.9) == near(3.4e307)
    assert mean_absolute_percentage_error([1.7e308], [-1.7e308]) == near(2)
    assert mean_squared_error([3e-160], [0]) == near(9e-320, rel=1e-4)


def test_metrics_that_leave_float64_are_refused():
    with pytest.raises(ValueError, match="float64 ends; rescale"):
        mean_squared_error([1e200], [0.0])
    with pytest.raises(ValueError, match="float64 ends; rescale"):
        mean_absolute_percentage_error([1e200], [1e-200])
    for labels in ([0.0, 1e200], [1.7e308] * 3 + [1.0], [1e-160, 2e-160]):
        with pytest.raises(ValueError, match=r"cannot be squared|less than float64"):
            r2_score([0.0] * len(labels), labels)
    with pytest.raises(ValueError, match="fourth power"):
        RegressionStats.of([1e100], [0.0])


def test_strings_are_no_numbers():
    with pytest.raises(TypeError, match="predictions must be numbers"):
        mean_absolute_error(["a"], [1.0])


def test_a_quantile_is_a_share():
    for quantile in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="quantile must be"):
            pinball_loss([1.0], [2.0], quantile=quantile)


def test_aliases():
    assert mean_absolute_error(y_true=[1.0], y_pred=[3.0]) == 2.0
    with pytest.raises(TypeError, match="vocabulary"):
        mean_absolute_error([1.0], y_true=[3.0])


# --- intervals of the state -----------------------------------------------------


def test_an_interval_of_a_mean_is_the_textbook_one():
    errors = np.array([1.0, 2.0, 4.0, 9.0])
    state = RegressionStats.of(np.zeros(4), errors)
    half = 1.959963984540054 * statistics.stdev(errors) / 2
    interval = state.interval("mean_absolute_error")
    assert interval.value == 4.0
    assert interval.high == pytest.approx(4.0 + half)
    assert interval.low == pytest.approx(4.0 - half)


@pytest.mark.parametrize("name", PEERS)
def test_intervals_are_as_wide_as_the_bootstrap_says(rows, name):
    predictions, labels, _ = rows
    function = getattr(metrics, name)
    interval = RegressionStats.of(predictions, labels).interval(name)
    replicates = [
        function(predictions[rows], labels[rows])
        for rows in np.random.default_rng(1).integers(0, 400, (300, 400))
    ]
    width = (interval.high - interval.low) / 2 / 1.96
    assert width == pytest.approx(np.std(replicates), rel=0.25)
    assert interval.low < interval.value < interval.high


def test_an_interval_of_a_single_row_is_flagged():
    interval = RegressionStats.of([1.0], [2.0]).interval("mean_absolute_error")
    assert interval.flags == ("degenerate",)
    median = RegressionStats.of([1.0], [2.0]).interval("median_absolute_error")
    assert median.flags == ("degenerate",)
    with pytest.raises(ValueError, match='metric must be "mean_absolute_error"'):
        RegressionStats().interval("accuracy")


def test_the_median_is_bounded_beyond_the_cap(rows):
    predictions, labels, _ = rows
    exact = median_absolute_error(predictions, labels)
    assert RegressionStats.of(predictions, labels).median_absolute_error().exact
    state = RegressionStats.of(predictions, labels, cap=64)
    bounded = state.median_absolute_error()
    assert 0 < bounded.max_error < 0.1
    assert exact in bounded
    assert state.interval("median_absolute_error").flags == ("binned",)


def test_a_damaged_state_is_refused():
    state = RegressionStats.of([1.0, 2.0], [2.0, 4.0]).to_dict()
    sums = state["sums"]
    for change in (
        {"n": -1},
        {"n": 0},
        {"n": 2.0},
        {"dropped": -1},
        {"origin": math.nan},
        {"sums": "none"},
        {"sums": [-value for value in sums]},
        {"sums": [None, *sums[1:]]},
        {"sums": [*sums[:6], -1.0]},
        {"products": [[math.inf] * 7] * 7},
        {"products": [[-1.0] * 7] * 7},
        {"labels": [4.0, 2.0]},
        {"labels": None},
        {"zero_label": "no"},
        {"counts": [[1, -1]]},
        {"counts": [[1.0, math.nan]]},
        {"low": [0.5, 1.5]},
    ):
        with pytest.raises(ValueError, match="the state is damaged: "):
            RegressionStats.from_dict({**state, **change})
