"""The plain functions: what users rely on, and scikit-learn wherever it is right."""

import inspect
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra import metrics
from ml_infra.metrics import (
    Report,
    UndefinedMetricError,
    accuracy,
    classification_report,
    confusion_matrix,
    f1_score,
    fbeta_score,
    hamming_loss,
    precision,
    recall,
    specificity,
)
from ml_infra.metrics._inputs import Aliases
from ml_infra.metrics._overloads import RatioOptions

PLAIN = [accuracy, precision, recall, f1_score]


def test_accuracy_is_the_share_of_equal_rows():
    assert accuracy([1, 0, 1, 1, 0], [1, 0, 1, 0, 0]) == 0.8


def test_precision_recall_and_f1_are_binary_with_1_positive():
    # 2 hits, 3 predicted, 4 actual positives
    predictions, labels = [1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0]
    assert precision(predictions, labels) == 2 / 3
    assert recall(predictions, labels) == 2 / 4
    assert f1_score(predictions, labels) == pytest.approx(4 / 7)
    assert specificity(predictions, labels) == 1 / 2
    assert precision(predictions, labels, positive=0) == 1 / 3


@pytest.mark.parametrize("metric", PLAIN)
def test_different_lengths_and_empty_input_are_refused(metric):
    with pytest.raises(ValueError, match="2 and 1"):
        metric([1, 0], [1])
    with pytest.raises(ValueError, match="empty"):
        metric([], [])


def test_binary_needs_two_classes_and_a_positive_one():
    with pytest.raises(
        ValueError, match=r'needs two classes, got \[0, 1, 2\].*"macro"'
    ):
        f1_score([0, 1, 2], [0, 1, 2])
    assert f1_score(["x", "y"], ["x", "y"], positive="x") == 1.0
    assert recall([0, 0], [0, 0], classes=[0, 5], positive=5, undefined=0) == 0.0
    assert math.isnan(recall([-1, -1], [-1, -1]))  # -1 and 1 are a convention
    with pytest.raises(ValueError, match='"binary", "micro"'):
        f1_score([0, 1], [0, 1], average="samples")


def test_classes_of_another_kind_are_refused():
    with pytest.raises(TypeError, match="classes holds str but the data hold int"):
        f1_score([0, 1], [0, 1], average="macro", classes=["0", "1"])
    with pytest.raises(TypeError, match="mixes kinds"):
        f1_score([0, 1], [0, 1], average="macro", classes=[0, "1"])
    with pytest.raises(ValueError, match="empty"):
        f1_score([0, 1], [0, 1], average="macro", classes=[])
    with pytest.raises(TypeError, match="int and str"):
        accuracy(["a", 1], ["a", 1])


def test_undefined_policies_are_checked_even_when_not_needed():
    for metric in (f1_score, metrics.cohen_kappa):
        with pytest.raises(ValueError, match='"nan", "raise", 0 or 1'):
            metric([0, 1], [0, 1], undefined="zero")
    with pytest.raises(UndefinedMetricError, match=r"of class 2.*never predicted"):
        precision([0, 1, 1], [0, 1, 2], average="macro", undefined="raise")
    with pytest.raises(ValueError, match="beta"):
        fbeta_score([0, 1], [0, 1], beta=-1)


def test_confusion_matrix_has_a_row_per_label():
    table = confusion_matrix(["a", "b", "b"], ["a", "b", "a"])
    assert table.tolist() == [[1, 1], [0, 1]]
    table = confusion_matrix([0, 1, 1], [0, 1, 0], classes=[1, 0, 7])
    assert table.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert confusion_matrix([0, 1], [0, 1], weights=[0.5, 2]).tolist() == [
        [0.5, 0],
        [0, 2],
    ]
    with pytest.raises(ValueError, match="hold 1, which is not in classes"):
        confusion_matrix([0, 1], [0, 1], classes=[0])


def test_the_report_has_the_same_keys_whatever_the_data():
    keys = ["accuracy", "micro", "macro", "weighted", "classes", "n", "dropped"]
    for rows in (([0, 1], [0, 1]), (["a", "b", "c"], ["a", "a", "a"])):
        report = classification_report(*rows)
        assert isinstance(report, Report)
        assert list(report) == [*keys, "undefined"]
    assert report["classes"]["a"]["recall"] == pytest.approx(1 / 3)
    assert report["classes"]["a"]["support"] == 3
    assert {cause.label for cause in report["undefined"]} == {"b", "c"}
    assert "recall of class 'b' is undefined" in str(report)


def test_indicators_are_counted_per_column():
    predictions = [[1, 0, 1], [0, 1, 1], [1, 1, 0]]
    labels = [[1, 0, 0], [0, 1, 1], [0, 1, 0]]
    assert accuracy(predictions, labels) == 1 / 3
    assert hamming_loss(predictions, labels) == pytest.approx(2 / 9)
    assert precision(predictions, labels, average="macro") == pytest.approx(2 / 3)
    assert recall(predictions, labels, average="micro") == 1.0
    assert list(recall(predictions, labels, average=None)) == [0, 1, 2]
    assert classification_report(predictions, labels)["accuracy"] == 1 / 3
    with pytest.raises(ValueError, match="indicators"):
        f1_score(predictions, labels)
    with pytest.raises(ValueError, match="0/1 indicators"):
        accuracy([[0.5, 0.2]], [[1, 0]])
    with pytest.raises(ValueError, match="same shape"):
        accuracy([[1, 0]], [[1, 0, 1]])
    with pytest.raises(ValueError, match="one column of classes"):
        metrics.matthews_corrcoef(predictions, labels)


KINDS = {
    "int": lambda codes: codes,
    "negative": lambda codes: codes - 2,
    "uint8": lambda codes: codes.astype(np.uint8),
    "wide": lambda codes: codes * 10**15,
    "bool": lambda codes: codes > 1,
    "str": lambda codes: np.array(["a", "bb", "ccc", "d"])[codes],
    "long str": lambda codes: np.array(["x" * 20, "é" * 9, "y" * 20, "z"])[codes],
    "objects": lambda codes: np.array(["a", "bb", "ccc", "d"], object)[codes],
}


@st.composite
def rows_and_options(draw):
    n = draw(st.integers(1, 150))
    codes = st.lists(st.integers(0, 3), min_size=n, max_size=n).map(np.array)
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    positive = st.floats(0.01, 10)
    weights = draw(st.none() | st.lists(positive, min_size=n, max_size=n))
    return kind(draw(codes)), kind(draw(codes)), weights


# scikit-learn warns where it has made up a value, and of a single label.
@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, derandomize=True, max_examples=12)
@given(rows_and_options())
def test_scikit_learn_agrees_wherever_it_is_right(drawn):
    """Undefined values as 0, which is what it takes for them."""
    compare_with_scikit_learn(drawn)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, derandomize=True, max_examples=400)
@given(rows_and_options())
def test_scikit_learn_agrees_on_many_more_rows(drawn):
    compare_with_scikit_learn(drawn)


def compare_with_scikit_learn(drawn):
    sk = pytest.importorskip("sklearn.metrics")
    predictions, labels, weights = drawn
    pairs = {
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "f1_score": sk.f1_score,
        "jaccard": sk.jaccard_score,
    }
    known = {"weights": weights, "undefined": 0}
    theirs = {"sample_weight": weights, "zero_division": 0}
    for average in ("macro", "micro", "weighted", None):
        for name, reference in pairs.items():
            found = getattr(metrics, name)(
                predictions, labels, average=average, **known
            )
            found = list(found.values()) if average is None else found
            expected = reference(labels, predictions, average=average, **theirs)
            np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=name)
        found = fbeta_score(predictions, labels, beta=0.5, average=average, **known)
        found = list(found.values()) if average is None else found
        expected = sk.fbeta_score(
            labels, predictions, beta=0.5, average=average, **theirs
        )
        np.testing.assert_allclose(found, expected, atol=1e-12)
    for name, reference in {
        "accuracy": sk.accuracy_score,
        "confusion_matrix": sk.confusion_matrix,
        "hamming_loss": sk.hamming_loss,
        "matthews_corrcoef": sk.matthews_corrcoef,
    }.items():
        options = {"undefined": 0} if name == "matthews_corrcoef" else {}
        found = getattr(metrics, name)(predictions, labels, weights=weights, **options)
        expected = reference(labels, predictions, sample_weight=weights)
        np.testing.assert_allclose(found, expected, atol=1e-9, err_msg=name)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(1, 40), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_scikit_learn_agrees_on_indicators_and_top_k(n, k, seed):
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    predictions, labels = rng.integers(0, 2, (2, n, k))
    for average in ("macro", "micro", "weighted"):
        found = f1_score(predictions, labels, average=average, undefined=0)
        expected = sk.f1_score(labels, predictions, average=average, zero_division=0)
        assert found == pytest.approx(expected)
    assert hamming_loss(predictions, labels) == sk.hamming_loss(labels, predictions)
    scores = rng.permuted(np.tile(np.arange(k), (n, 1)), axis=1)
    classes = rng.integers(0, k, n)
    found = metrics.top_k_accuracy(scores, classes, k=k - 1)
    ranks = (scores > scores[np.arange(n), classes][:, None]).sum(axis=1)
    assert found == pytest.approx((ranks < k - 1).mean())


def test_many_classes_are_counted_by_margins_alone(rng):
    """Beyond 181 classes no table of pairs is made; the numbers stay the same."""
    sk = pytest.importorskip("sklearn.metrics")
    predictions, labels = rng.integers(0, 400, (2, 5000))
    weights = rng.random(5000)
    for w in (None, weights):
        found = f1_score(predictions, labels, average="macro", weights=w)
        expected = sk.f1_score(labels, predictions, average="macro", sample_weight=w)
        assert found == pytest.approx(expected)
        table = confusion_matrix(predictions, labels, weights=w)
        np.testing.assert_allclose(
            table, sk.confusion_matrix(labels, predictions, sample_weight=w)
        )


RATIOS = ["precision", "recall", "specificity", "f1_score", "fbeta_score", "jaccard"]


@pytest.mark.parametrize("name", RATIOS)
def test_type_checkers_are_told_every_option(name):
    options = {*inspect.signature(getattr(metrics, name)).parameters} - {"aliases"}
    assert options == {
        *("predictions", "labels", "average"),
        *(["beta"] if name == "fbeta_score" else []),
        *RatioOptions.__annotations__.keys() - Aliases.__annotations__.keys(),
    }


@pytest.mark.parametrize("undefined", ["nan", 0, 1])
@pytest.mark.parametrize("labels", [[1, 0, 1], [1, 1, 1], np.array([1, 0, 1])])
@pytest.mark.parametrize("name", RATIOS)
def test_an_average_is_a_float_and_no_average_a_dict_of_floats(name, labels, undefined):
    options = {"undefined": undefined} | ({"beta": 2} if name == "fbeta_score" else {})
    function = partial(getattr(metrics, name), [1, 1, 1], labels, **options)
    method = partial(getattr(metrics.Counts.of([1, 1, 1], labels), name), **options)
    for ask in (function, method):
        for average in ("binary", "macro", "micro", "weighted"):
            assert type(ask(average=average)) is float
        found = ask(average=None)
        assert type(found) is dict
        assert {type(value) for value in found.values()} == {float}
