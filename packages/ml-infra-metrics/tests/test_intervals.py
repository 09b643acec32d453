"""Intervals: their formulas, their flags, and rows that belong together."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from ml_infra.metrics import Counts, Interval, wilson_interval
from ml_infra.metrics._bootstrap import poisson_weights
from ml_infra.metrics._estimands import CLASS_METRICS
from ml_infra.metrics.slices import adjust


def test_an_interval_prints_and_converts():
    found = Interval(0.871, 0.866, 0.876, level=0.95, method="delta", n=10)
    assert str(found) == "0.871 [0.866, 0.876]"
    assert float(found) == 0.871
    assert 0.87 in found
    assert 0.9 not in found


def test_wilson_solves_its_equation():
    """Bounds are the p at which the observed share is z standard errors away."""
    z = NormalDist().inv_cdf(0.95)
    found = wilson_interval(17, 40, level=0.9)
    for bound in (found.low, found.high):
        assert abs(17 / 40 - bound) == pytest.approx(
            z * (bound * (1 - bound) / 40) ** 0.5
        )
    for bad in [(3, 2), (-1, 2), (0, 0), (1, math.inf)]:
        with pytest.raises(ValueError, match="successes must lie"):
            wilson_interval(*bad)
    with pytest.raises(ValueError, match="level must lie"):
        wilson_interval(1, 2, level=1)


@pytest.mark.parametrize(
    ("name", "average", "hits", "n"),
    [
        ("accuracy", "binary", 7, 10),
        ("recall", "binary", 3, 5),
        ("precision", "binary", 3, 4),
        ("specificity", "binary", 4, 5),
        ("jaccard", "binary", 3, 6),
        ("precision", "micro", 7, 10),
    ],
)
def test_proportions_take_wilson(name, average, hits, n):
    predictions = [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]
    labels = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    found = Counts.of(predictions, labels).interval(name, average)
    expected = wilson_interval(hits, n)
    assert found.method == "wilson"
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert found.n == 10


def test_f1_takes_wilson_by_way_of_jaccard():
    counts = Counts.of([1, 1, 1, 0, 0, 1], [1, 1, 1, 1, 0, 0])
    found, union = counts.interval("f1_score"), wilson_interval(3, 5)
    assert found.low == pytest.approx(2 * union.low / (1 + union.low))
    assert found.high == pytest.approx(2 * union.high / (1 + union.high))


GRADIENTS = [
    ("precision", "macro"),
    ("recall", "weighted"),
    ("specificity", "macro"),
    ("f1_score", "weighted"),
    ("f1_score", "binary"),
    ("fbeta_score", "macro"),
    ("jaccard", "micro"),
    ("accuracy", "macro"),
    ("hamming_loss", "macro"),
    ("matthews_corrcoef", "macro"),
    ("cohen_kappa", "macro"),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "average"), GRADIENTS)
def test_delta_variance_is_that_of_numerical_derivatives(name, average, weighted, rng):
    """Weights enter by their squares: sum over rows of (derivative * weight)**2."""
    size = 2 if average == "binary" else 3
    predictions, labels = rng.integers(0, size, (2, 40))
    weights = rng.random(40) + 0.5 if weighted else np.ones(40)
    options = {"beta": 2.0} if name == "fbeta_score" else {}

    def value(w):
        counts = Counts.of(predictions, labels, weights=w)
        return counts.metric(name, average, **options)

    step = 1e-5
    slopes = [
        (value(weights + step * unit) - value(weights - step * unit)) / (2 * step)
        for unit in np.eye(40)
    ]
    deviation = math.sqrt(sum((slopes * weights) ** 2))
    counts = Counts.of(predictions, labels, weights=weights if weighted else None)
    found = counts.interval(name, average, method="delta", level=0.5, **options)
    half = NormalDist().inv_cdf(0.75) * deviation
    assert found.high - found.value == pytest.approx(half, rel=1e-4)


@pytest.mark.parametrize("size", [2, 5, 60])
def test_a_table_held_whole_and_its_cells_have_one_interval(size, rng):
    """Rows of one slice are counted as cells, rows without slices as a table."""
    predictions, labels = rng.integers(0, size, (2, 4000))
    labels = np.where(rng.random(4000) < 0.6, predictions, labels)
    whole = Counts.of(predictions, labels)
    cells = Counts.of(predictions, labels, by=np.zeros(4000, int))
    for name in CLASS_METRICS:
        options = {"beta": 2.0} if name == "fbeta_score" else {}
        for average in ("macro", "micro", "weighted"):
            one, other = (c.interval(name, average, **options) for c in (whole, cells))
            assert (one.flags, one.method, one.n) == (other.flags, other.method, 4000)
            assert (one.value, one.low, one.high) == pytest.approx(
                (other.value, other.low, other.high), rel=1e-9
            )


def test_without_variance_a_table_held_whole_is_degenerate():
    counts = Counts.of(np.arange(3000) % 50, np.arange(3000) % 50)
    assert counts.interval("f1_score", "macro", method="delta").flags == ("degenerate",)
    wrong = Counts.of(np.arange(3000) % 50, (np.arange(3000) + 1) % 50)
    assert "degenerate" in wrong.interval("f1_score", "macro").flags


def test_intervals_contain_their_value_and_keep_to_the_range(rng):
    for rows in (1, 2, 5, 40):
        for _ in range(8):
            predictions, labels = rng.integers(0, 3, (2, rows))
            counts = Counts.of(predictions, labels)
            for name in CLASS_METRICS:
                if name == "fbeta_score":
                    continue
                found = counts.interval(name, "macro")
                if math.isnan(found.value):
                    assert found.flags == ("undefined",)
                    assert math.isnan(found.low)
                    continue
                assert found.low <= found.value + 1e-12
                assert found.high >= found.value - 1e-12
                floor = -1 if name in ("matthews_corrcoef", "cohen_kappa") else 0
                assert floor <= found.low
                assert found.high <= 1


def test_a_perfect_score_is_degenerate_and_not_certain():
    counts = Counts.of([0, 1, 2] * 4, [0, 1, 2] * 4)
    for name in ("f1_score", "recall", "matthews_corrcoef", "cohen_kappa"):
        found = counts.interval(name, "macro")
        assert found.value == found.high == 1
        assert found.low < 0.9
        assert "degenerate" in found.flags
    few = Counts.of([0, 1, 1, 0] * 5 + [2], [0, 1, 0, 0] * 5 + [2])
    assert "few rows" in few.interval("f1_score", "macro").flags


@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
@pytest.mark.parametrize("beta", [0.1, 0.3, 1, 3, 10.7])
def test_a_perfect_score_is_degenerate_however_its_variance_rounds(beta, average, rng):
    rows = rng.integers(0, 3, 20)
    for weights in (None, rng.random(20) * 1e-3):
        counts = Counts.of(rows, rows, weights=weights, by=rows >= 0)
        found = counts.interval("fbeta_score", average, beta=beta)
        assert 0.5 < found.low < 0.95
        assert found.value == pytest.approx(1)
        assert found.high == pytest.approx(1)
        assert "degenerate" in found.flags
        (part,) = counts.slices("fbeta_score", average, beta=beta)
        assert (part.low, part.high) == (found.low, found.high)
        assert part.flags == found.flags


def test_an_interval_per_class():
    counts = Counts.of(["a", "b", "b"], ["a", "b", "a"])
    found = counts.interval("recall", None)
    assert {name: x.value for name, x in found.items()} == {"a": 0.5, "b": 1.0}
    assert found["a"].low == pytest.approx(wilson_interval(1, 2).low)


def test_methods_say_when_they_do_not_apply():
    counts = Counts.of([0, 1], [0, 1])
    with pytest.raises(ValueError, match="needs a proportion"):
        counts.interval("f1_score", "macro", method="wilson")
    with pytest.raises(ValueError, match="pass unit="):
        counts.interval("accuracy", method="bootstrap")
    with pytest.raises(ValueError, match="method must be"):
        counts.interval("accuracy", method="wald")
    with pytest.raises(ValueError, match="level"):
        counts.interval("accuracy", level=95)
    huge = Counts.of([0, 1, 1], [0, 1, 0], weights=[1e200] * 3)
    assert huge.accuracy() == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="too large for a variance"):
        huge.interval("f1_score", "macro")
    with pytest.raises(ValueError, match="too large to add up"):
        Counts.of([0, 1, 1], [0, 1, 0], weights=[1e308] * 3)
    with pytest.raises(ValueError, match="replicates must be"):
        Counts(replicates=-1)


class TestRowsThatBelongTogether:
    """Units are drawn whole, by weights that depend on the unit alone."""

    @pytest.fixture
    def rows(self, rng):
        unit = np.repeat(np.arange(60), 10)
        right = rng.random((60, 10)) < rng.beta(2, 1, 60)[:, None]
        labels = rng.integers(0, 2, 600)
        return np.where(right.ravel(), labels, 1 - labels), labels, unit

    def test_the_interval_is_that_of_a_bootstrap_of_units(self, rows, rng):
        predictions, labels, unit = rows
        found = Counts.of(predictions, labels, unit=unit, replicates=2000)
        found = found.interval("accuracy")
        right = (predictions == labels).reshape(60, 10).mean(axis=1)
        drawn = right[rng.integers(0, 60, (4000, 60))].mean(axis=1)
        assert found.method == "bootstrap"
        assert found.low == pytest.approx(np.quantile(drawn, 0.025), abs=0.01)
        assert found.high == pytest.approx(np.quantile(drawn, 0.975), abs=0.01)
        plain = Counts.of(predictions, labels).interval("accuracy")
        assert found.high - found.low > 1.3 * (plain.high - plain.low)

    def test_shards_merge_to_the_whole_even_within_a_unit(self, rows):
        predictions, labels, unit = rows
        cuts = [slice(0, 7), slice(7, 333), slice(333, 600)]
        merged = Counts(replicates=50)
        for cut in reversed(cuts):
            merged += Counts.of(
                predictions[cut], labels[cut], unit=unit[cut], replicates=50
            )
        whole = Counts.of(predictions, labels, unit=unit, replicates=50)
        assert merged == whole == Counts.from_json(whole.to_json())
        names = np.array([f"user {u}" for u in unit])
        text = Counts.of(predictions, labels, unit=names.tolist(), replicates=50)
        assert text == Counts.of(predictions, labels, unit=names, replicates=50)

    def test_slices_of_units(self, rows):
        predictions, labels, unit = rows
        by = unit % 2
        counts = Counts.of(predictions, labels, unit=unit, by=by, replicates=50)
        for row in counts.slices("f1_score", "macro"):
            alone = counts[row.key].interval("f1_score", "macro")
            assert (row.low, row.high) == (alone.low, alone.high)

    def test_units_are_given_for_all_rows_or_none(self, rows):
        predictions, labels, unit = rows
        counts = Counts.of(predictions, labels, unit=unit, replicates=20)
        with pytest.raises(ValueError, match="unit="):
            counts.update(predictions, labels)
        with pytest.raises(ValueError, match="replicates"):
            counts += Counts.of(predictions, labels, unit=unit, replicates=30)

    def test_weights_are_poisson_and_the_same_everywhere(self):
        keys = np.arange(200_000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        drawn = poisson_weights(keys, 3)
        assert drawn.mean() == pytest.approx(1, abs=0.01)
        assert drawn.var() == pytest.approx(1, abs=0.02)
        assert (drawn == 0).mean() == pytest.approx(math.exp(-1), abs=0.005)
        assert abs(np.corrcoef(drawn, poisson_weights(keys, 4))[0, 1]) < 0.01


def test_corrections_for_many_looks():
    assert adjust([0.01, 0.04, 0.03], "holm") == pytest.approx([0.03, 0.06, 0.06])
    assert adjust([0.01, 0.4], "bonferroni") == pytest.approx([0.02, 0.8])
    assert adjust([0.5, 0.9], "holm") == [1.0, 1.0]
    assert adjust([0.5], None) == [0.5]


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    """A short form of the published simulation: macro F1 of unequal classes."""
    rng = np.random.default_rng(11)
    labels = rng.choice(3, 100 * 3000, p=[0.6, 0.3, 0.1])
    wrong = rng.random(len(labels)) < 0.3
    predictions = np.where(wrong, (labels + 1) % 3, labels)
    counts = Counts.of(predictions, labels, by=np.repeat(np.arange(3000), 100))
    truth = counts.f1_score("macro")
    table = counts.slices("f1_score", "macro")
    covered = ((table.low <= truth) & (table.high >= truth)).mean()
    assert 0.93 < covered < 0.98
