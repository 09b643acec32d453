"""The plain functions of predicted classes."""

import math

import pytest

from ml_infra.metrics import accuracy, f1_score, precision, recall

PLAIN = [accuracy, precision, recall, f1_score]


def test_accuracy_is_the_share_of_equal_rows():
    assert accuracy([1, 0, 1, 1, 0], [1, 0, 1, 0, 0]) == 0.8


def test_precision_recall_and_f1_are_binary_with_1_positive():
    # 2 hits, 3 predicted, 4 actual positives
    predictions, labels = [1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0]
    assert precision(predictions, labels) == 2 / 3
    assert recall(predictions, labels) == 2 / 4
    assert f1_score(predictions, labels) == pytest.approx(4 / 7)


@pytest.mark.parametrize("metric", PLAIN)
def test_different_lengths_and_empty_input_are_refused(metric):
    with pytest.raises(ValueError, match="2 and 1"):
        metric([1, 0], [1])
    with pytest.raises(ValueError, match="empty"):
        metric([], [])


def test_without_positives_precision_is_undefined():
    assert math.isnan(precision([0, 0], [0, 0]))
