"""The ROC curve and the precision-recall curve."""

import math

import numpy as np
import pytest

from ml_infra.metrics import (
    UndefinedMetricError,
    precision_recall_curve,
    roc_auc,
    roc_curve,
)

SCORES, LABELS = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 300)
    return (random.normal(size=300) + labels).round(1), labels, random.random(300)


@pytest.mark.parametrize("weighted", [False, True])
def test_curves_equal_scikit_learn(rows, weighted):
    sk = pytest.importorskip("sklearn.metrics")
    scores, labels, weights = rows
    weights = weights if weighted else None
    fpr, tpr, thresholds = sk.roc_curve(
        labels, scores, sample_weight=weights, drop_intermediate=False
    )
    ours = roc_curve(scores, labels, weights=weights)
    assert ours.fpr == pytest.approx(fpr)
    assert ours.tpr == pytest.approx(tpr)
    assert ours.thresholds == pytest.approx(thresholds)
    expected = sk.precision_recall_curve(labels, scores, sample_weight=weights)
    for mine, theirs in zip(
        precision_recall_curve(scores, labels, weights=weights), expected, strict=True
    ):
        assert mine == pytest.approx(theirs)


def test_the_area_under_the_curve_is_the_auc(rows):
    scores, labels, weights = rows
    fpr, tpr, _ = roc_curve(scores, labels, weights=weights)
    area = np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2)
    assert area == pytest.approx(roc_auc(scores, labels, weights=weights))


def test_a_threshold_counts_the_rows_at_or_above_it():
    precision, recall, thresholds = precision_recall_curve(SCORES, LABELS)
    assert thresholds.tolist() == [0.1, 0.35, 0.4, 0.8]
    assert precision.tolist() == [0.5, 2 / 3, 0.5, 1.0, 1.0]
    assert recall.tolist() == [1.0, 1.0, 0.5, 0.5, 0.0]


def test_a_rate_without_rows_follows_the_policy():
    assert np.isnan(roc_curve([0.1, 0.2], [1, 1]).fpr).all()
    assert roc_curve([0.1, 0.2], [1, 1], undefined=0).fpr.tolist() == [0.0] * 3
    with pytest.raises(UndefinedMetricError, match="roc_curve is undefined"):
        roc_curve([0.1, 0.2], [1, 1], undefined="raise")
    recall = precision_recall_curve([0.1, 0.2], [0, 0]).recall
    assert math.isnan(recall[0])


def test_curves_are_for_two_classes():
    with pytest.raises(ValueError, match=r"scores\[:, 1\]"):
        roc_curve([[0.1, 0.9], [0.8, 0.2]], [0, 1])
