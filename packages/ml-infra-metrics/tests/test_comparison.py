"""Two models on the same rows: differences, exact tests and the gate."""

import math

import numpy as np
import pytest

from ml_infra import metrics
from ml_infra.metrics import NotShownError, Paired, assert_not_worse, roc_auc

CLASS_METRICS = [
    ("accuracy", {}),
    ("hamming_loss", {}),
    ("balanced_accuracy", {}),
    ("precision", {"average": "macro"}),
    ("recall", {"average": "weighted"}),
    ("specificity", {"average": "macro"}),
    ("f1_score", {"average": "macro"}),
    ("f1_score", {"average": "micro", "classes": [0, 1]}),
    ("f1_score", {"average": "weighted"}),
    ("fbeta_score", {"average": "macro", "beta": 2.0}),
    ("jaccard", {"average": "macro"}),
    ("matthews_corrcoef", {}),
    ("cohen_kappa", {}),
]
SCORE_METRICS = ["roc_auc", "average_precision", "log_loss", "brier_score"]
N = 400


@pytest.fixture
def classes():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, N)

    def noisy(share):
        return np.where(random.random(N) < share, labels, random.integers(0, 3, N))

    return noisy(0.8), noisy(0.6), labels


@pytest.fixture
def scores():
    random = np.random.default_rng(1)
    labels = (random.random(N) < 0.3).astype(int)
    old = random.normal(size=N) + labels
    new = 0.5 * old + random.normal(size=N) + 1.2 * labels
    return 1 / (1 + np.exp(-new)), 1 / (1 + np.exp(-old)), labels


def bootstrap(function, new, old, labels, **options):
    draws = np.random.default_rng(2).integers(0, N, (200, N))
    return np.std(
        [
            function(new[rows], labels[rows], **options)
            - function(old[rows], labels[rows], **options)
            for rows in draws
        ]
    )


@pytest.mark.parametrize(("name", "options"), CLASS_METRICS)
def test_class_differences_spread_as_their_bootstrap_does(classes, name, options):
    new, old, labels = classes
    function = getattr(metrics, name)
    found = Paired.of(new, old, labels).difference(name, **options)
    expected = function(new, labels, **options) - function(old, labels, **options)
    assert found.value == pytest.approx(expected, abs=1e-12)
    width = (found.high - found.low) / 2 / 1.96
    assert width == pytest.approx(bootstrap(function, *classes, **options), rel=0.2)
    assert found.flags == ()


@pytest.mark.parametrize("name", SCORE_METRICS)
def test_score_differences_spread_as_their_bootstrap_does(scores, name):
    new, old, labels = scores
    function = getattr(metrics, name)
    found = Paired.of(new, old, labels).difference(name)
    expected = function(new, labels) - function(old, labels)
    assert found.value == pytest.approx(expected, abs=1e-12)
    width = (found.high - found.low) / 2 / 1.96
    assert width == pytest.approx(bootstrap(function, *scores), rel=0.2)


def test_the_delong_difference_is_the_covariance_of_placements(scores):
    """DeLong 1988 written out: S10 / m + S01 / n of both models, by all pairs."""
    new, old, labels = scores
    above = [
        (s[labels == 1][:, None] > s[labels == 0])
        + 0.5 * (s[labels == 1][:, None] == s[labels == 0])
        for s in (new, old)
    ]
    s10 = np.cov([wins.mean(axis=1) for wins in above]) / (labels == 1).sum()
    s01 = np.cov([wins.mean(axis=0) for wins in above]) / (labels == 0).sum()
    covariance = s10 + s01
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    found = Paired.of(new, old, labels).difference("roc_auc")
    assert found.method == "delong"
    assert (found.high - found.low) / 2 == pytest.approx(
        1.959963984540054 * math.sqrt(variance), rel=1e-9
    )


def test_accuracy_has_bonett_and_prices_interval():
    """N = 100, 12 fixed, 4 broken: (13 - 5) / 102 and its Wald half-width."""
    new, old = [1] * 12 + [0] * 4 + [1] * 84, [0] * 12 + [1] * 4 + [1] * 84
    found = Paired.of(new, old, [1] * 100).difference("accuracy")
    half = 1.959963984540054 * math.sqrt((18 / 102 - (8 / 102) ** 2) / 102)
    assert found.value == pytest.approx(0.08)
    assert found.low == pytest.approx(8 / 102 - half)
    assert found.high == pytest.approx(8 / 102 + half)
    loss = Paired.of(new, old, [1] * 100).difference("hamming_loss")
    assert (loss.value, loss.low, loss.high) == pytest.approx(
        (-found.value, -found.high, -found.low)
    )


def test_fixed_broken_and_changed_are_counts_of_rows():
    paired = Paired.of(["a", "b", "c", "c"], ["a", "a", "b", "b"], ["a", "b", "b", "a"])
    assert (paired.fixed, paired.broken, paired.changed) == (1, 1, 3)
    assert (paired.n, paired.units, paired.dropped) == (4, 4, 0)
    assert repr(paired) == "Paired(n=4, units=4)"


@pytest.mark.parametrize(
    "split", [(0, 0), (1, 0), (7, 7), (11, 1), (25, 15), (940, 860)]
)
def test_mcnemar_equals_the_exact_binomial_test(split):
    stats = pytest.importorskip("scipy.stats")
    fixed, broken = split
    new, old = [1] * fixed + [0] * broken + [1], [0] * fixed + [1] * broken + [1]
    found = Paired.of(new, old, [1] * (fixed + broken + 1)).mcnemar()
    n = fixed + broken
    expected = stats.binomtest(fixed, n).pvalue if n else 1.0
    assert (found.fixed, found.broken) == split
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_rows_of_one_unit_are_one_observation(classes):
    """Every row five times over, as five rows of one unit: the interval of one."""
    new, old, labels = classes
    unit = np.repeat(np.arange(N), 5)
    rows = [np.repeat(column, 5) for column in classes]
    for name, options in (("f1_score", {"average": "macro"}), ("accuracy", {})):
        once = Paired.of(new, old, labels, unit=np.arange(N)).difference(
            name, **options
        )
        five = Paired.of(*rows, unit=unit).difference(name, **options)
        assert five.low == pytest.approx(once.low)
        assert five.method == "delta-cluster"
        naive = Paired.of(*rows).difference(name, **options)
        assert naive.high - naive.low < 0.5 * (five.high - five.low)
    assert Paired.of(*rows, unit=[f"u{k}" for k in unit]).units == N


def test_units_widen_the_auc_difference_as_they_should(scores):
    unit = np.repeat(np.arange(N), 3)
    rows = [np.repeat(column, 3) for column in scores]
    once = Paired.of(*scores).difference("roc_auc")
    many = Paired.of(*rows, unit=unit).difference("roc_auc")
    assert many.low == pytest.approx(once.low, rel=0.02)


def test_weights_count_as_in_the_metrics(classes, scores):
    weights = np.random.default_rng(3).random(N)
    new, old, labels = classes
    found = Paired.of(new, old, labels, weights=weights).difference("accuracy")
    expected = metrics.accuracy(new, labels, weights=weights)
    expected -= metrics.accuracy(old, labels, weights=weights)
    assert found.value == pytest.approx(expected)
    assert found.method == "delta"
    new, old, labels = scores
    weights[::3] = 0  # rows of weight 0 are absent
    for name in SCORE_METRICS:
        kept = weights > 0
        full = Paired.of(new, old, labels, weights=weights).difference(name)
        part = Paired.of(
            new[kept], old[kept], labels[kept], weights=weights[kept]
        ).difference(name)
        assert full.low == pytest.approx(part.low, rel=1e-9)
        function = getattr(metrics, name)
        expected = function(new, labels, weights=weights)
        expected -= function(old, labels, weights=weights)
        assert full.value == pytest.approx(expected)


def test_a_threshold_turns_scores_into_classes():
    paired = Paired.of(
        [0.2, 0.9], [0.6, 0.7], ["no", "yes"], positive="yes", threshold=0.5
    )
    assert (paired.fixed, paired.broken) == (1, 0)
    assert paired.difference("f1_score").value == pytest.approx(1 - 2 / 3)
    assert paired.difference("roc_auc").value == 0


def test_binary_predictions_and_whole_scores_have_an_order_too():
    paired = Paired.of([0, 1, 2, 3], [3, 1, 2, 0], [0, 0, 1, 1])
    expected = roc_auc([0, 1, 2, 3], [0, 0, 1, 1]) - roc_auc([3, 1, 2, 0], [0, 0, 1, 1])
    assert paired.difference("roc_auc").value == expected


def test_models_that_never_differ_are_identical_to_every_metric(classes, scores):
    new, _, labels = classes
    for name, options in CLASS_METRICS:
        found = Paired.of(new, new, labels).difference(name, **options)
        assert (found.value, found.low, found.high) == (0, 0, 0)
        assert found.flags == ("identical",)
    probabilities, _, truth = scores
    for name in SCORE_METRICS:
        found = Paired.of(probabilities, probabilities, truth).difference(name)
        assert found.flags == ("identical",)


def test_differences_without_spread_or_value_are_flagged():
    perfect = Paired.of([0.1, 0.2, 0.8, 0.9], [0.1, 0.3, 0.7, 0.9], [0, 0, 1, 1])
    assert perfect.difference("roc_auc").flags == ("degenerate",)
    one_class = Paired.of([0.1, 0.2], [0.3, 0.2], [0, 0])
    assert one_class.difference("roc_auc").flags == ("undefined",)
    certain = Paired.of([1.0, 0.5], [0.5, 0.5], [0, 1])
    assert certain.difference("log_loss").flags == ("undefined",)
    alone = Paired.of([0, 1, 1], [0, 0, 1], [0, 1, 1], unit=["u", "u", "u"])
    assert alone.difference("accuracy").flags == ("degenerate",)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Paired.of([1], [1, 0], [1, 0]), "same length"),
        (lambda: Paired.of([], [], []), "empty"),
        (
            lambda: Paired.of([[0.1, 0.9]], [[0.2, 0.8]], [1]),
            r"new must have shape \(n,\)",
        ),
        (lambda: Paired.of([0.1, math.nan], [0.1, 0.2], [1, 0]), "new has a missing"),
        (lambda: Paired.of([1, 0], [1, 1], [0.3, 0.4]), "labels holds 0.3"),
        (lambda: Paired.of([0.1], [0.2], ["y"]), "positive='y'"),
        (lambda: Paired.of([0.1], [0.2], [1]).fixed, "threshold="),
        (lambda: Paired.of([1], [0], [1]).difference("rmse"), "metric must be"),
        (lambda: Paired.of([1], [0], [1]).difference(level=95), "level"),
        (
            lambda: Paired.of(["a"], ["b"], ["a"]).difference("roc_auc"),
            "roc_auc needs scores",
        ),
        (lambda: Paired.of([3.5], [0.1], [1]).difference("log_loss"), r"in \[0, 1\]"),
        (
            lambda: Paired.of([0, 1, 2], [0, 1, 1], [0, 1, 2]).difference("f1_score"),
            "average",
        ),
        (
            lambda: Paired.of([0, 1], [0, 1], [0, 1]).difference(
                "recall", average=None
            ),
            "average=None",
        ),
        (lambda: Paired.of([1], [0], [1], unit=["u"]).mcnemar(), "independent rows"),
        (lambda: Paired.of([0.1], [0.2], [1], threshold=math.nan), "threshold"),
        (lambda: Paired.of([1], [0], [1], weights=[2]).mcnemar(), "independent rows"),
    ],
)
def test_what_cannot_be_compared_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_bounds_stay_where_differences_can_be():
    few = Paired.of([0, 1, 0], [1, 0, 1], [1, 0, 0])
    for name in ("f1_score", "recall", "hamming_loss"):
        found = few.difference(name)
        assert -1 <= found.low <= found.value <= found.high <= 1


def test_text_and_numbers_are_not_compared():
    with pytest.raises(TypeError, match="new holds str"):
        Paired.of(["1"], [1], [1])


def test_missing_rows_can_be_dropped():
    paired = Paired.of([1, None, 0], [1, 1, 1], [1, 1, 0], missing="drop")
    assert (paired.n, paired.dropped, paired.fixed) == (2, 1, 1)


# --- the gate -------------------------------------------------------------------


def test_the_gate_passes_what_is_shown_and_returns_the_interval(classes):
    new, old, labels = classes
    interval = assert_not_worse(Paired.of(new, old, labels), margin=0.01)
    assert interval.level == pytest.approx(0.9)
    assert interval.low > -0.01


def test_the_gate_tells_worse_from_not_shown(classes):
    new, old, labels = classes
    with pytest.raises(NotShownError, match="worse by more than the margin") as caught:
        assert_not_worse(Paired.of(old, new, labels), margin=0.01)
    assert caught.value.interval.high < -0.01
    assert isinstance(caught.value, AssertionError)
    one_each_way = Paired.of([1, 0] + [1] * 18, [0, 1] + [1] * 18, [1] * 20)
    with pytest.raises(NotShownError, match="more rows may show it"):
        assert_not_worse(one_each_way, margin=0.01)


def test_the_gate_knows_which_metrics_are_losses(scores):
    new, old, labels = scores
    better = Paired.of(new, old, labels).difference("log_loss").value < 0
    first, second = (new, old) if better else (old, new)
    assert_not_worse(Paired.of(first, second, labels), metric="log_loss", margin=0.05)
    with pytest.raises(NotShownError):
        assert_not_worse(
            Paired.of(second, first, labels), metric="log_loss", margin=0.001
        )


def test_the_gate_passes_identical_models_and_nothing_degenerate():
    assert_not_worse(Paired.of([1, 0, 1], [1, 0, 1], [1, 1, 1]))
    perfect = Paired.of([0.1, 0.2, 0.8, 0.9], [0.1, 0.3, 0.7, 0.9], [0, 0, 1, 1])
    with pytest.raises(NotShownError, match="flagged degenerate"):
        assert_not_worse(perfect, metric="roc_auc", margin=0.5)
    with pytest.raises(NotShownError, match="flagged undefined"):
        assert_not_worse(Paired.of([0.1, 0.2], [0.3, 0.2], [0, 0]), metric="roc_auc")


@pytest.mark.parametrize(
    "options", [{"margin": -0.1}, {"margin": math.nan}, {"level": 0.5}, {"level": 95}]
)
def test_gates_that_cannot_be_are_refused(options):
    with pytest.raises(ValueError, match=r"margin|level"):
        assert_not_worse(Paired.of([1, 0], [1, 1], [1, 1]), **options)


def test_the_gate_lets_through_its_share_of_models_worse_by_the_margin():
    """Accuracy .80 against .85 with margin .05: at most some 5 % of 400 pass."""
    random = np.random.default_rng(7)
    passed = 0
    for _ in range(400):
        luck = random.random(300)
        new = (luck < 0.80).astype(int)
        old = (luck + random.normal(0, 0.05, 300) < 0.85).astype(int)
        try:
            assert_not_worse(Paired.of(new, old, [1] * 300), margin=0.05)
        except NotShownError:
            continue
        passed += 1
    assert passed <= 36
