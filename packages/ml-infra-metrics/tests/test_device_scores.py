"""Scores on another device: counted there, or refused with advice."""

import sys

import numpy as np
import pytest

from ml_infra.metrics import (
    Scores,
    average_precision,
    log_loss,
    mean_squared_error,
    roc_auc,
    roc_auc_interval,
    roc_curve,
)


@pytest.fixture
def far():
    """A function that puts an array on a device that is not the CPU."""
    strict = pytest.importorskip("array_api_strict")
    pytest.importorskip("array_api_compat")
    device = strict.Device("device1")
    return lambda values: strict.asarray(np.asarray(values), device=device)


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 500)
    scores = np.append(random.normal(size=498).round(1), [0.0, -0.0]) + labels
    return scores, labels


def test_scores_are_counted_where_they_are(far, rows):
    there = [far(column) for column in rows]
    for metric in (roc_auc, average_precision, roc_auc_interval):
        assert metric(*there) == metric(*rows)
    for mine, theirs in zip(roc_curve(*there), roc_curve(*rows), strict=True):
        assert (mine == theirs).all()
    assert Scores.of(*there) == Scores.of(*rows)
    assert roc_auc(there[0], far(rows[1] == 1)) == roc_auc(*rows)
    assert roc_auc(there[0], far(1 - rows[1]), positive=0) == roc_auc(*rows)


def test_a_state_takes_batches_from_anywhere(far, rows):
    scores, labels = rows
    state = Scores()
    state.update(far(scores[:200]), far(labels[:200]))
    state.update(scores[200:], labels[200:])
    assert state == Scores.of(scores, labels)
    assert np.isnan(roc_auc(far([0.1, 0.2]), far([0, 0])))
    assert np.isnan(roc_auc(far([0.1, 0.2]), far([1, 1])))


@pytest.mark.parametrize(
    ("scores", "labels", "error", "message"),
    [
        ([0.1, np.nan], [0, 1], ValueError, "missing value .* at row 1"),
        ([0.1, 0.2, 0.3], [0, 1, 2], ValueError, "3 classes"),
        ([0.1, 0.2], [0, 1, 1], ValueError, "same shape"),
        ([[0.1, 0.2]], [0], ValueError, "same shape"),
        ([0.1, 0.2], [0.0, 1.0], TypeError, "integers or booleans"),
    ],
)
def test_what_cannot_be_counted_there_says_so(far, scores, labels, error, message):
    with pytest.raises(error, match=message):
        roc_auc(far(scores), far(labels))


def test_the_rest_is_refused_with_advice(far, rows, monkeypatch):
    scores, labels = (far(column) for column in rows)
    with pytest.raises(TypeError, match="weights cannot be used on a device"):
        roc_auc(scores, labels, weights=[1.0] * 500)
    for metric in (log_loss, mean_squared_error):
        with pytest.raises(TypeError, match=r"\.cpu\(\)"):
            metric(scores, labels)
    with pytest.raises(TypeError, match=r"\.cpu\(\)"):
        roc_auc(rows[0], labels)
    with pytest.raises(TypeError, match="but labels are not"):
        roc_auc(scores, rows[1])
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(TypeError, match=r"ml-infra-metrics\[array-api\]"):
        roc_auc(scores, labels)
