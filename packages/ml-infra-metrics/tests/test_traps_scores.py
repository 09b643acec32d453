"""
Traps of metrics of scores, by the number they have in the project's trap table.

Each is an input for which a widely used library gives a silent wrong number, or gave
one once; the right output was worked out by hand.
"""

import math

import numpy as np
import pytest

from ml_infra.metrics import (
    Paired,
    Scores,
    UndefinedMetricError,
    average_precision,
    brier_score,
    expected_calibration_error,
    log_loss,
    mean_squared_error,
    roc_auc,
    roc_auc_interval,
    roc_curve,
)


def test_trap_01_for_scores_empty_input_is_an_error_not_a_zero():
    for metric in (roc_auc, average_precision, log_loss, mean_squared_error):
        with pytest.raises(ValueError, match="empty"):
            metric([], [])


def test_trap_02_for_scores_unequal_lengths_name_both_lengths():
    with pytest.raises(ValueError, match="got 2 and 1"):
        roc_auc([0.1, 0.2], [1])
    with pytest.raises(ValueError, match="got 2 and 1"):
        mean_squared_error([0.1, 0.2], [1])


def test_trap_03_for_scores_a_column_is_never_broadcast():
    assert mean_squared_error([[1], [0], [1]], [1, 0, 1]) == 0
    assert roc_auc([[0.9], [0.1], [0.8]], [1, 0, 1]) == 1


def test_trap_14_for_scores_missing_labels_are_named_or_dropped_and_counted():
    labels = [0, 1, math.nan, 1]
    with pytest.raises(ValueError, match=r"labels has a missing value .* at row 2"):
        roc_auc([0.1, 0.2, 0.3, 0.4], labels)
    assert roc_auc([0.1, 0.2, 0.3, 0.4], labels, missing="drop") == 1
    state = Scores.of([0.1, 0.2, 0.3, 0.4], labels, missing="drop")
    assert (state.n, state.dropped) == (3, 1)


def test_trap_18_for_scores_pandas_rows_are_paired_by_index_or_refused():
    pandas = pytest.importorskip("pandas")
    scores = pandas.Series([0.1, 0.9], index=["a", "b"])
    labels = pandas.Series([1, 0], index=["b", "a"])
    assert roc_auc(scores, labels) == 1
    with pytest.raises(ValueError, match="index"):
        roc_auc(scores, pandas.Series([1, 0], index=["b", "c"]))


def test_trap_29_for_scores_a_row_of_weight_zero_is_absent():
    assert log_loss([0.5, 1.0], [1, 0], weights=[1, 0]) == math.log(2)
    assert roc_auc([0.1, 0.2, 0.3], [0, 1, 0], weights=[1, 1, 0]) == 1
    curve = roc_curve([0.1, 0.2, 0.3], [0, 1, 0], weights=[1, 1, 0])
    assert curve.thresholds.tolist() == [math.inf, 0.2, 0.1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0, 0], "all 0"),
        ([1, -1], "negative value at row 1"),
        ([1, math.nan], "NaN|missing"),
        ([1], "same length"),
    ],
)
def test_trap_30_for_scores_weights_that_cannot_be_are_refused_each_with_its_message(
    weights, message
):
    for metric in (roc_auc, log_loss, mean_squared_error):
        with pytest.raises(ValueError, match=message):
            metric([0.1, 0.2], [0, 1], weights=weights)


@pytest.mark.parametrize("scale", [1e160, 1e-160])
def test_trap_31_for_scores_the_scale_of_weights_does_not_matter(scale):
    scores, labels = [0.1, 0.4, 0.35, 0.8, 0.6], [0, 0, 1, 1, 0]
    weights = np.array([1.0, 2.0, 3.0, 1.0, 2.0])
    for metric in (roc_auc, average_precision, log_loss, brier_score):
        expected = metric(scores, labels, weights=weights)
        assert metric(scores, labels, weights=weights * scale) == pytest.approx(
            expected, rel=1e-14
        )
    plain = roc_auc_interval(scores, labels, weights=weights)
    scaled = roc_auc_interval(scores, labels, weights=weights * scale)
    assert scaled.low == pytest.approx(plain.low, rel=1e-12)


def test_trap_37_all_scores_equal_is_a_coin_flip():
    assert roc_auc([0.5, 0.5, 0.5, 0.5], [0, 1, 1, 0]) == 0.5


def test_trap_38_ties_are_exact_not_within_a_tolerance():
    assert roc_auc([1e-10, 0, 0], [1, 0, 0]) == 1.0


def test_trap_39_one_class_only_is_undefined_and_says_so():
    assert math.isnan(roc_auc([0.1, 0.2], [0, 0]))
    assert math.isnan(roc_auc([0.1, 0.2], [1, 1]))
    assert roc_auc([0.1, 0.2], [1, 1], undefined=0) == 0
    with pytest.raises(UndefinedMetricError, match="both needed"):
        roc_auc([0.1, 0.2], [1, 1], undefined="raise")


def test_trap_40_logits_are_not_squeezed_through_a_sigmoid():
    assert roc_auc([20, 30, 40], [0, 1, 1]) == 1.0
    assert roc_auc(np.array([20, 30, 40], np.float32), [0, 1, 1]) == 1.0


def test_trap_41_a_threshold_is_never_guessed_from_the_range_of_scores():
    for scores in ([0.2, 0.4], [0.2, 3.0]):
        paired = Paired.of(scores, scores, [1, 0])
        with pytest.raises(ValueError, match="threshold="):
            paired.difference("accuracy")


def test_trap_42_a_nan_score_is_an_error_naming_its_row():
    with pytest.raises(ValueError, match=r"scores has a missing value .* at row 0"):
        roc_auc([math.nan, 0.9], [0, 1])
    with pytest.raises(ValueError, match=r"scores has a missing value .* at row 0"):
        Scores().update([math.nan, 0.9], [0, 1])


def test_trap_43_infinities_are_ordinary_scores():
    assert roc_auc([math.inf, 0, -math.inf], [1, 0, 1]) == 0.5


def test_trap_44_the_precision_of_the_input_decides_what_ties():
    scores, labels = [0.50001, 0.50002], [0, 1]
    assert roc_auc(np.array(scores, np.float64), labels) == 1.0
    assert roc_auc(np.array(scores, np.float16), labels) == 0.5


def test_trap_45_auc_and_delong_error_of_the_textbook_example():
    scores, labels = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]
    assert roc_auc(scores, labels) == 0.75
    # logit-symmetric around 0.75 with DeLong's standard error 0.3536
    interval = roc_auc_interval(scores, labels, level=0.95)
    logit = math.log(interval.high / (1 - interval.high)) - math.log(3)
    assert logit * 0.75 * 0.25 / 1.959964 == pytest.approx(0.3536, abs=5e-5)


def test_trap_46_an_interval_without_spread_is_flagged_and_stays_inside_one():
    for scores, labels in (
        ([0.1, 0.2, 0.8], [0, 0, 1]),
        ([0.1, 0.3, 0.2, 0.05], [0, 0, 1, 0]),
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
    ):
        interval = roc_auc_interval(scores, labels)
        assert interval.flags == ("degenerate",)
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
        assert interval.low < interval.high


def test_trap_47_certainty_in_the_wrong_class_costs_the_same_in_every_dtype():
    for dtype in (np.float16, np.float32, np.float64):
        sure = np.array([1.0, 0.5], dtype)
        assert log_loss(sure, [0, 1]) == math.inf
        expected = (-math.log(1e-15) + math.log(2)) / 2
        assert log_loss(sure, [0, 1], eps=1e-15) == pytest.approx(expected, rel=1e-12)


def test_trap_48_what_is_no_probability_is_refused():
    for metric in (log_loss, brier_score, expected_calibration_error):
        with pytest.raises(ValueError, match=r"got 2.0 at row 1; turn logits"):
            metric([0.5, 2.0], [0, 1])
        with pytest.raises(ValueError, match=r"sum to 1, got 1.2 at row 0"):
            metric([[0.7, 0.5], [0.5, 0.5]], [0, 1])


def test_trap_49_the_last_bin_of_the_calibration_error_includes_one():
    assert expected_calibration_error([0.95, 1.0], [1, 0]) == pytest.approx(0.475)


def test_trap_50_equal_mass_bins_neither_split_ties_nor_vanish():
    probabilities, labels = [0.9] * 1000, [1] * 600 + [0] * 400
    error = expected_calibration_error(probabilities, labels, binning="mass")
    assert error == pytest.approx(0.30)


def test_trap_51_the_calibration_error_of_nothing_does_not_pass_a_gate():
    with pytest.raises(ValueError, match="empty"):
        expected_calibration_error([], [])
    with pytest.raises(ValueError, match="nothing has been counted"):
        Scores().expected_calibration_error()


def test_trap_55_mcnemar_is_exact():
    def split(fixed, broken):
        new = [1] * fixed + [0] * broken
        old = [0] * fixed + [1] * broken
        return Paired.of(new, old, [1] * (fixed + broken)).mcnemar().p_value

    assert split(11, 1) == pytest.approx(0.00635, abs=5e-6)
    assert split(25, 15) == pytest.approx(0.154, abs=5e-4)


def test_trap_56_for_scores_shards_of_disjoint_classes_add_up():
    negatives = Scores.of([0.1, 0.4], [0, 0])
    positives = Scores.of([0.35, 0.8], [1, 1])
    whole = Scores.of([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    assert negatives + positives == positives + negatives == whole
    assert whole.roc_auc().value == 0.75
