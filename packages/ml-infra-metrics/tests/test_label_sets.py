"""Counts of multilabel rows: 0/1 indicators, a column per class."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from ml_infra import metrics
from ml_infra.metrics import Counts

RATIOS = ("precision", "recall", "specificity", "f1_score", "jaccard")


@pytest.fixture
def draw(rng):
    """A function that draws predictions and labels whose columns err together."""

    def drawn(n, k):
        labels = (rng.random((n, k)) < rng.uniform(0.2, 0.7, k)).astype(int)
        wrong = (rng.random((n, k)) < 0.15) | (rng.random((n, 1)) < 0.1)
        return np.where(wrong, 1 - labels, labels), labels

    return drawn


@pytest.mark.parametrize("k", [2, 5, 63, 64, 65, 130])
def test_a_state_answers_what_the_functions_answer(k, draw):
    predictions, labels = draw(80, k)
    counts = Counts.of(predictions, labels)
    assert counts.classes == list(range(k))
    assert counts.report() == metrics.classification_report(predictions, labels)
    for name in RATIOS:
        assert counts.metric(name, None) == pytest.approx(
            getattr(metrics, name)(predictions, labels, average=None), nan_ok=True
        )
        chosen = {"average": "macro", "classes": [1, 0]}
        assert counts.metric(name, **chosen) == pytest.approx(
            getattr(metrics, name)(predictions, labels, **chosen), nan_ok=True
        )
    assert Counts.from_json(counts.to_json()) == counts


def test_thousands_of_different_label_sets(draw):
    """More than a table of codes holds, in one word and in two."""
    for k in (40, 70):
        predictions, labels = draw(6000, k)
        counts = Counts.of(predictions, labels)
        assert counts.f1_score("macro") == pytest.approx(
            metrics.f1_score(predictions, labels, average="macro"), rel=1e-12
        )
        assert counts.accuracy() == metrics.accuracy(predictions, labels)
        rest = counts - Counts.of(predictions[:2000], labels[:2000])
        assert rest == Counts.of(predictions[2000:], labels[2000:])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("name", "average"),
    [
        ("accuracy", "macro"),
        ("hamming_loss", "macro"),
        ("precision", "micro"),
        ("f1_score", "micro"),
        ("recall", "weighted"),
        ("f1_score", "macro"),
        ("specificity", "macro"),
    ],
)
def test_delta_variance_is_that_of_numerical_derivatives(name, average, weighted, draw):
    """What a row changes through all of its columns is summed before it is squared."""
    predictions, labels = draw(50, 3)
    weights = np.linspace(0.5, 2, 50) if weighted else np.ones(50)
    options = {"average": average} if average and name in RATIOS else {}

    def value(w):
        return getattr(metrics, name)(predictions, labels, weights=w, **options)

    step = 1e-5
    slopes = [
        (value(weights + step * unit) - value(weights - step * unit)) / (2 * step)
        for unit in np.eye(50)
    ]
    half = NormalDist().inv_cdf(0.75) * math.sqrt(sum((slopes * weights) ** 2))
    counts = Counts.of(predictions, labels, weights=weights if weighted else None)
    found = counts.interval(name, average, method="delta", level=0.5)
    assert found.high - found.value == pytest.approx(half, rel=1e-4)


def test_one_column_has_the_interval_of_a_column_alone(draw):
    predictions, labels = draw(120, 4)
    counts = Counts.of(predictions, labels)
    for name in RATIOS:
        every = counts.interval(name, None)
        for column in range(4):
            alone = Counts.of(predictions[:, column], labels[:, column]).interval(name)
            assert every[column] == alone


def test_a_column_said_twice_is_no_more_evidence(draw):
    predictions, labels = draw(100, 1)
    one = Counts.of(predictions, labels).interval("f1_score", method="delta")
    both = Counts.of(np.tile(predictions, 2), np.tile(labels, 2))
    for average in ("micro", "macro", "weighted"):
        twice = both.interval("f1_score", average, method="delta")
        assert (twice.low, twice.high) == pytest.approx((one.low, one.high))
    right = Counts.of(np.tile(labels, 2), np.tile(labels, 2)).interval(
        "f1_score", "macro"
    )
    assert right.low == pytest.approx(metrics.wilson_interval(100, 100).low, abs=0.03)
    assert "degenerate" in right.flags


def test_slices_units_and_the_worst(draw, rng):
    predictions, labels = draw(600, 3)
    by, unit = rng.integers(0, 3, 600), np.repeat(np.arange(100), 6)
    predictions[by == 2] = 1 - labels[by == 2]
    counts = Counts.of(predictions, labels, by=by, unit=unit, replicates=300)
    for row in counts.slices("f1_score", "macro"):
        here = by == row.key
        assert row.value == metrics.f1_score(
            predictions[here], labels[here], average="macro"
        )
        alone = counts[row.key].interval("f1_score", "macro")
        assert (row.low, row.high) == (alone.low, alone.high)
    assert counts.worst("f1_score", "macro")[0].key == 2
    assert counts.worst("accuracy")[0].value == 0
    plain = Counts.of(predictions, labels, by=by)
    for row in plain.slices("accuracy"):
        assert row.value == plain[row.key].accuracy()


def test_replicates_are_weighted_rows(draw):
    predictions, labels = draw(200, 3)
    counts = Counts.of(predictions, labels, unit=np.arange(200), replicates=400)
    drawn = counts.interval("f1_score", "macro")
    exact = Counts.of(predictions, labels).interval("f1_score", "macro")
    assert drawn.method == "bootstrap"
    assert (drawn.low, drawn.high) == pytest.approx((exact.low, exact.high), abs=0.02)


def test_what_does_not_fit_together_is_refused(draw):
    rows = draw(9, 3)
    counts = Counts.of(*rows)
    with pytest.raises(ValueError, match=r"in 3 columns.*in 2 columns"):
        counts.update(*draw(9, 2))
    with pytest.raises(ValueError, match=r"in 3 columns.*one class per row"):
        counts.update([1, 0], [1, 1])
    with pytest.raises(ValueError, match=r"one class per row.*in 3 columns"):
        Counts.of([1], [0]).merge(counts)
    with pytest.raises(ValueError, match=r"one class per row.*in 3 columns"):
        Counts(classes=[0, 1, 2]).update(*rows)
    with pytest.raises(ValueError, match="0/1 indicators"):
        Counts.of(rows[0] * 0.5, rows[1])
    with pytest.raises(ValueError, match=r"shape \(n,\)"):
        Counts.of(rows[0], rows[1][:, 0])
    for name in ("matthews_corrcoef", "cohen_kappa"):
        for ask in (counts.metric, counts.interval, counts.undefined):
            with pytest.raises(ValueError, match="one column of classes"):
                ask(name)
    with pytest.raises(ValueError, match="one column of classes"):
        counts.confusion_matrix()
    for ask in (counts.f1_score, lambda: counts.interval("f1_score")):
        with pytest.raises(ValueError, match='average="binary" needs one column'):
            ask()
    assert counts.n == 9


def test_an_altered_label_set_is_damage(draw):
    state = Counts.of(*draw(9, 3)).to_dict()
    with pytest.raises(ValueError, match="damaged"):
        Counts.from_dict({**state, "columns": 2})
    with pytest.raises(ValueError, match="damaged"):
        Counts.from_dict({**state, "classes": [*state["classes"][:-1], 99]})
