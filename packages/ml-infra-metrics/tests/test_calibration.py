"""Log loss, Brier score and calibration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.metrics import (
    brier_score,
    calibration_curve,
    expected_calibration_error,
    log_loss,
    wilson_interval,
)


@pytest.fixture
def multiclass():
    random = np.random.default_rng(0)
    probabilities = random.random((200, 3)) + 0.05
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return probabilities, random.integers(0, 3, 200), random.random(200)


def calibration_by_definition(probabilities, labels, bins):
    """Return the ECE over (i / bins, (i + 1) / bins], in exact steps."""
    total = 0.0
    for k in range(bins):
        inside = [
            (p, y)
            for p, y in zip(probabilities, labels, strict=True)
            if k / bins < p <= (k + 1) / bins or (k == 0 and p == 0)
        ]
        total += abs(math.fsum(p - y for p, y in inside))
    return total / len(labels)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1) | st.integers(0, 20).map(lambda k: k / 20),
            st.integers(0, 1),
        ),
        min_size=2,
        max_size=50,
    ),
    st.integers(1, 20),
)
def test_calibration_error_equals_its_definition(rows, bins):
    probabilities, labels = zip(*rows, strict=True)
    labels = (0, *labels[1:])
    expected = calibration_by_definition(probabilities, labels, bins)
    found = expected_calibration_error(probabilities, labels, bins=bins)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_losses_equal_scikit_learn(multiclass, weighted):
    sk = pytest.importorskip("sklearn.metrics")
    probabilities, labels, weights = multiclass
    weights = weights if weighted else None
    assert log_loss(probabilities, labels, weights=weights) == pytest.approx(
        sk.log_loss(labels, probabilities, sample_weight=weights)
    )
    positive = (labels == 1).astype(int)
    assert log_loss(probabilities[:, 1], positive, weights=weights) == pytest.approx(
        sk.log_loss(positive, probabilities[:, 1], sample_weight=weights)
    )
    assert brier_score(probabilities[:, 1], positive, weights=weights) == pytest.approx(
        sk.brier_score_loss(positive, probabilities[:, 1], sample_weight=weights)
    )


def test_multiclass_brier_sums_over_classes():
    """Row 1: .3**2 + .2**2 + .1**2 = .14; row 2: .5**2 + .5**2 = .5."""
    probabilities = [[0.7, 0.2, 0.1], [0.5, 0.5, 0.0]]
    assert brier_score(probabilities, [0, 1], classes=[0, 1, 2]) == pytest.approx(0.32)


def test_log_loss_of_strings_uses_the_column_order_of_classes():
    probabilities = [[0.75, 0.25], [0.5, 0.5]]
    found = log_loss(probabilities, ["no", "yes"], classes=["no", "yes"])
    assert found == pytest.approx(-(math.log(0.75) + math.log(0.5)) / 2)
    turned = log_loss(probabilities, ["no", "yes"], classes=["yes", "no"])
    assert turned == pytest.approx(-(math.log(0.25) + math.log(0.5)) / 2)


def test_certainty_that_is_right_costs_nothing():
    assert str(log_loss([1.0, 0.0], [1, 0])) == "0.0"
    assert brier_score([1.0, 0.0], [1, 0]) == 0
    assert expected_calibration_error([1.0, 0.0], [1, 0]) == 0


def test_a_bin_edge_belongs_to_the_bin_below_it_as_written():
    """0.3 is 3/10, although linspace(0, 1, 11)[3] is above 0.3."""
    curve = calibration_curve([0.3, 0.25, 0.35], [1, 0, 1], bins=10)
    assert curve.predicted == pytest.approx([0.275, 0.35])
    assert curve.observed.tolist() == [0.5, 1.0]


def test_the_curve_has_wilson_intervals_and_no_empty_bins():
    probabilities = [0.05] * 10 + [0.95] * 10
    labels = [1] + [0] * 9 + [1] * 10
    curve = calibration_curve(probabilities, labels)
    assert curve.predicted == pytest.approx([0.05, 0.95])
    assert curve.observed.tolist() == [0.1, 1.0]
    assert curve.weight.tolist() == [10, 10]
    wilson = wilson_interval(1, 10)
    assert (curve.low[0], curve.high[0]) == pytest.approx((wilson.low, wilson.high))
    assert curve.high[1] == 1.0


def test_weights_narrow_an_interval_by_their_effective_number():
    labels, weights = [1, 0] * 5, [3.0] * 10
    plain = calibration_curve([0.5] * 10, labels)
    weighted = calibration_curve([0.5] * 10, labels, weights=weights)
    assert weighted.weight.tolist() == [30]
    assert weighted.low == pytest.approx(plain.low)


def test_bins_of_equal_mass_hold_equal_mass():
    random = np.random.default_rng(1)
    probabilities = random.random(1000) ** 3
    labels = (random.random(1000) < probabilities).astype(int)
    curve = calibration_curve(probabilities, labels, bins=5, binning="mass")
    assert curve.weight.tolist() == [200] * 5
    halves = calibration_curve(
        probabilities, labels, bins=5, binning="mass", weights=np.full(1000, 0.5)
    )
    assert halves.weight.tolist() == [100] * 5


def test_of_classes_the_confidence_is_that_of_the_first_largest():
    probabilities = [[0.6, 0.4], [0.5, 0.5], [0.2, 0.8]]
    curve = calibration_curve(probabilities, [0, 1, 1], bins=1, classes=[0, 1])
    assert curve.predicted == pytest.approx([(0.6 + 0.5 + 0.8) / 3])
    assert curve.observed == pytest.approx([2 / 3])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bins": 0}, "bins must be"),
        ({"bins": True}, "bins must be"),
        ({"bins": 10**12}, "bins must be .* at most 1000000"),
        ({"bins": 2.0}, "bins must be"),
        ({"binning": "equal"}, "binning must be"),
    ],
)
def test_bins_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error([0.1, 0.9], [0, 1], **options)


@pytest.mark.parametrize("eps", [-0.1, 0.5, math.nan])
def test_eps_is_below_one_half(eps):
    with pytest.raises(ValueError, match="eps must be"):
        log_loss([0.1, 0.9], [0, 1], eps=eps)


@pytest.mark.parametrize("value", [-0.001, 1.001, math.inf, -math.inf])
def test_logits_are_refused_by_their_row(value):
    with pytest.raises(ValueError, match=r"must be in \[0, 1\], got .* at row 2"):
        log_loss([0.1, 0.9, value], [0, 1, 1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_rows_of_short_floats_may_sum_to_one_within_their_rounding(dtype):
    random = np.random.default_rng(0)
    probabilities = random.random((50, 20)).astype(dtype)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert log_loss(probabilities, np.arange(50) % 20) > 0
