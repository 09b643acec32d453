"""ROC AUC and average precision, with their intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.metrics import (
    UndefinedMetricError,
    average_precision,
    average_precision_interval,
    roc_auc,
    roc_auc_interval,
)

SCORES, LABELS = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]


@st.composite
def binary_rows(draw):
    n = draw(st.integers(2, 60))
    grid = st.integers(-8, 8).map(lambda k: k / 8)
    scores = draw(st.lists(grid | st.floats(-1e6, 1e6), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    weights = draw(st.none() | st.lists(st.floats(0.01, 9), min_size=n, max_size=n))
    labels[:2] = 0, 1
    return scores, labels, weights


@settings(deadline=None, derandomize=True, max_examples=60)
@given(binary_rows())
def test_binary_equals_scikit_learn(rows):
    sk = pytest.importorskip("sklearn.metrics")
    scores, labels, weights = rows
    expected = sk.roc_auc_score(labels, scores, sample_weight=weights)
    assert roc_auc(scores, labels, weights=weights) == pytest.approx(expected)
    expected = sk.average_precision_score(labels, scores, sample_weight=weights)
    assert average_precision(scores, labels, weights=weights) == pytest.approx(expected)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("kind", ["ovr", "ovo"])
def test_multiclass_auc_equals_scikit_learn(average, kind, weighted):
    sk = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(3)
    labels = random.choice(["ant", "bee", "cat"], 200)
    scores = random.random((200, 3)).round(2) + 0.01
    scores /= scores.sum(axis=1, keepdims=True)
    weights = random.random(200) if weighted else None
    if weighted and kind == "ovo":
        pytest.skip("scikit-learn has no weights for one-vs-one")
    expected = sk.roc_auc_score(
        labels, scores, average=average, multi_class=kind, sample_weight=weights
    )
    found = roc_auc(scores, labels, average=average, multiclass=kind, weights=weights)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
def test_multilabel_equals_scikit_learn(average):
    sk = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(4)
    labels = (random.random((150, 4)) < [0.1, 0.3, 0.5, 0.9]).astype(int)
    scores, weights = random.random((150, 4)).round(2), random.random(150)
    for ours, theirs in (
        (roc_auc, sk.roc_auc_score),
        (average_precision, sk.average_precision_score),
    ):
        expected = theirs(labels, scores, average=average, sample_weight=weights)
        found = ours(scores, labels, average=average, weights=weights)
        assert found == pytest.approx(expected)


def test_without_an_average_every_class_has_its_value():
    scores = [[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.2, 0.2, 0.6], [0.1, 0.6, 0.3]]
    assert roc_auc(scores, ["a", "b", "c", "b"], average=None) == {
        "a": 1.0,
        "b": 1.0,
        "c": 1.0,
    }
    pairs = roc_auc(scores, [0, 1, 2, 1], average=None, multiclass="ovo")
    assert pairs == {(0, 1): 1.0, (0, 2): 1.0, (1, 2): 1.0}
    assert roc_auc(SCORES, LABELS, average=None) == {1: 0.75}


def test_classes_name_the_columns_in_any_order():
    scores = np.array([[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.2, 0.2, 0.6]])
    labels = ["a", "b", "c"]
    straight = roc_auc(scores, labels, average=None)
    turned = roc_auc(scores[:, ::-1], labels, average=None, classes=["c", "b", "a"])
    assert straight == turned


def test_an_undefined_class_is_left_out_of_averages_or_raised_by_name():
    scores = [[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.4, 0.5, 0.1]]
    labels = [0, 1, 1]
    values = roc_auc(scores, labels, average=None, classes=[0, 1, 2])
    assert (values[0], values[1]) == (1.0, 1.0)
    assert math.isnan(values[2])
    assert roc_auc(scores, labels, classes=[0, 1, 2]) == 1.0
    assert roc_auc(scores, labels, classes=[0, 1, 2], undefined=0) == 2 / 3
    with pytest.raises(UndefinedMetricError) as caught:
        roc_auc(scores, labels, classes=[0, 1, 2], undefined="raise")
    assert [cause.label for cause in caught.value.causes] == [2]


def test_average_precision_without_positives_is_undefined():
    assert math.isnan(average_precision([0.1, 0.2], [0, 0]))
    assert average_precision([0.1, 0.2], [1, 1]) == 1.0
    assert average_precision([0.1, 0.2], [0, 0], undefined=0) == 0.0


def test_labels_of_any_kind_name_their_positive_class():
    assert roc_auc(SCORES, ["no", "no", "yes", "yes"], positive="yes") == 0.75
    assert roc_auc(SCORES, [False, False, True, True]) == 0.75
    assert roc_auc(SCORES, [-1, -1, 1, 1]) == 0.75
    assert roc_auc(SCORES, [7, 7, 2, 2], positive=2) == 0.75


@pytest.mark.parametrize(
    ("scores", "labels", "options", "message"),
    [
        (SCORES, ["n", "n", "y", "y"], {}, "positive='y'"),
        (SCORES, [2, 2, 2, 2], {}, "positive=1 is no class"),
        (SCORES, [0, 1, 2, 1], {}, r"3 classes, \[0, 1, 2\]"),
        ([1, 0, 1, 0], [0.3, 0.7, 0.2, 0.1], {}, "swapped"),
        ([[0.1, 0.9]] * 4, LABELS, {}, r"scores\[:, 1\]"),
        ([[0.1, 0.9, 0]] * 4, LABELS, {}, r"3 columns of scores but 2 classes"),
        ([[0.1, 0.9, 0]] * 4, LABELS, {"classes": [0, 1]}, "name the 3 columns"),
        ([[0.1, 0.9, 0]] * 4, LABELS, {"classes": [0, 2, 3]}, r"outside classes"),
        ([[0.1, 0.9, 0]] * 4, LABELS, {"classes": [0, 1, 1]}, "twice"),
        ([[0.1, 0.9]] * 4, [[1, 0], [2, 0], [0, 0], [0, 0]], {}, "besides 0 and 1"),
        ([[0.1, 0.9]] * 4, [[1, 0, 1]] * 4, {}, "same shape"),
        (SCORES, LABELS, {"average": "mean"}, "average must be"),
        (SCORES, LABELS, {"multiclass": "all"}, "multiclass must be"),
        (SCORES, LABELS, {"undefined": 2}, "undefined must be"),
        ([2**60, 0, 1, 2], LABELS, {}, r"beyond 2\*\*53 at row 0"),
    ],
)
def test_bad_input_is_refused_with_the_way_out(scores, labels, options, message):
    with pytest.raises(ValueError, match=message):
        roc_auc(scores, labels, **options)


def test_scores_that_are_no_numbers_are_a_type_error():
    with pytest.raises(TypeError, match="scores must be numbers"):
        roc_auc(["a", "b"], [0, 1])


def test_keywords_of_other_libraries_are_taken_whole_or_refused():
    assert roc_auc(y_true=LABELS, y_score=SCORES) == 0.75
    assert roc_auc(preds=SCORES, target=LABELS) == 0.75
    with pytest.raises(TypeError, match="vocabulary"):
        roc_auc(SCORES, y_true=LABELS)


def test_the_interval_is_delongs_on_the_logit_scale():
    """Six rows by hand: components 1, 2/3, 1 and 1, 1, 2/3."""
    scores, labels = [0.1, 0.4, 0.35, 0.8, 0.7, 0.3], [0, 0, 1, 1, 1, 0]
    error = math.sqrt(np.var([1, 2 / 3, 1], ddof=1) * 2 / 3)
    half = 1.959963984540054 * error / (8 / 9 / 9)
    interval = roc_auc_interval(scores, labels)
    assert interval.value == 8 / 9
    assert interval.low == pytest.approx(1 / (1 + math.exp(half) / 8))
    assert interval.high == pytest.approx(1 / (1 + math.exp(-half) / 8))
    assert interval.method == "delong-logit"


def test_whole_weights_shrink_no_interval_as_if_rows_were_independent():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 400)
    scores = random.normal(size=400) + labels
    plain = roc_auc_interval(scores, labels)
    heavy = roc_auc_interval(scores, labels, weights=np.full(400, 100))
    assert heavy.low == pytest.approx(plain.low)
    assert heavy.high == pytest.approx(plain.high)


def test_average_precision_spreads_as_its_bootstrap_does():
    random = np.random.default_rng(5)
    labels = (random.random(300) < 0.3).astype(int)
    scores = random.normal(size=300) + labels
    interval = average_precision_interval(scores, labels)
    replicates = [
        average_precision(scores[rows], labels[rows])
        for rows in random.integers(0, 300, (400, 300))
    ]
    slope = interval.value * (1 - interval.value)
    logit_width = math.log(
        interval.high * (1 - interval.low) / (interval.low * (1 - interval.high))
    )
    assert logit_width / 2 / 1.96 * slope == pytest.approx(np.std(replicates), rel=0.15)


@pytest.mark.parametrize("make", [roc_auc_interval, average_precision_interval])
def test_intervals_of_nothing_to_rank_are_flagged(make):
    interval = make([0.1, 0.2], [0, 0])
    assert math.isnan(interval.value)
    assert interval.flags == ("undefined",)
    with pytest.raises(ValueError, match="level"):
        make(SCORES, LABELS, level=95)
