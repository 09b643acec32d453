"""`Scores`: exact up to its cap, then bounded; the same in whatever order rows come."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.metrics import (
    Bounded,
    Scores,
    average_precision,
    brier_score,
    expected_calibration_error,
    log_loss,
    precision_recall_curve,
    roc_auc,
    roc_auc_interval,
    roc_curve,
)

FUNCTIONS = {
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "brier_score": brier_score,
    "expected_calibration_error": expected_calibration_error,
}
ROUNDING = 1e-9


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    labels = (random.random(20_000) < 0.1).astype(int)
    logits = random.normal(size=20_000) * 2 + 1.5 * labels
    return 1 / (1 + np.exp(-logits)), labels


@st.composite
def shards(draw):
    """Rows with ties, extremes and atoms, and a way to cut them."""
    share = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.5, 1e-300, 1 - 2**-53])
    n = draw(st.integers(2, 60))
    scores = np.array(draw(st.lists(share, min_size=n, max_size=n)))
    labels = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    labels[:2] = 0, 1
    cuts = sorted(draw(st.lists(st.integers(1, n - 1), max_size=3, unique=True)))
    order = draw(st.permutations(range(n)))
    return scores, labels, np.split(np.array(order), cuts), draw(st.integers(2, 12))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(shards())
def test_the_error_bound_holds_for_every_metric_and_cap(case):
    scores, labels, _, cap = case
    state = Scores.of(scores, labels, cap=cap)
    for name, function in FUNCTIONS.items():
        bounded, exact = getattr(state, name)(), function(scores, labels)
        if math.isinf(bounded.max_error):
            assert math.isinf(bounded.value)
        elif math.isfinite(exact):
            assert abs(bounded.value - exact) <= bounded.max_error + ROUNDING
    for binning in ("width", "mass"):
        for bins in (1, 3, 10):
            bounded = state.expected_calibration_error(bins=bins, binning=binning)
            exact = expected_calibration_error(
                scores, labels, bins=bins, binning=binning
            )
            assert abs(bounded.value - exact) <= bounded.max_error + ROUNDING


@settings(deadline=None, derandomize=True, max_examples=60)
@given(shards(), st.randoms(use_true_random=False))
def test_the_state_does_not_depend_on_the_order_of_shards(case, random):
    scores, labels, parts, cap = case
    states = [Scores.of(scores[part], labels[part], cap=cap) for part in parts]
    random.shuffle(states)
    merged = sum(states[1:], states[0])
    whole = Scores.of(scores, labels, cap=cap)
    assert merged.to_json() == whole.to_json()
    batches = Scores(cap=cap)
    for part in parts:
        batches.update(scores[part], labels[part])
    assert batches == whole


def test_bounds_are_close_on_rare_events(rows):
    """A tenth of the rows are positive, squeezed through a sigmoid; 1 000 cells."""
    state = Scores.of(*rows, cap=1000)
    auc, exact = state.roc_auc(), roc_auc(*rows)
    assert not state.exact
    assert auc.max_error < 0.003
    assert abs(auc.value - exact) < 0.0005
    assert exact in auc
    assert state.average_precision().max_error < 0.03
    assert state.expected_calibration_error().max_error < 0.05


def test_memory_is_bounded_by_the_cap(rows):
    state = Scores(cap=100)
    for part in np.array_split(np.arange(20_000), 50):
        state.update(rows[0][part], rows[1][part])
    assert len(state.to_dict()["low"]) <= 100
    assert state.n == 20_000


def test_one_repeated_score_stays_exact_for_ever(rows):
    """Half of the rows score exactly 0; ties at 0 are no error."""
    scores = np.where(np.arange(20_000) % 2, rows[0], 0.0)
    state = Scores.of(scores, rows[1], cap=1000)
    assert not state.exact
    assert state.roc_auc().max_error < 0.003


def test_the_points_of_binned_curves_lie_on_the_exact_curves(rows):
    state = Scores.of(*rows, cap=50)
    exact, binned = roc_curve(*rows), state.roc_curve()
    assert len(binned.fpr) <= 51
    assert {*zip(binned.fpr, binned.tpr, strict=True)} <= {
        *zip(exact.fpr, exact.tpr, strict=True)
    }
    exact, binned = precision_recall_curve(*rows), state.precision_recall_curve()
    assert {*zip(binned.recall, binned.precision, strict=True)} <= {
        *zip(exact.recall, exact.precision, strict=True)
    }


def test_the_interval_is_that_of_the_rows_and_flagged_when_binned(rows):
    exact = Scores.of(*rows).interval("roc_auc")
    assert exact == roc_auc_interval(*rows)
    binned = Scores.of(*rows, cap=1000).interval("roc_auc")
    assert binned.flags == ("binned",)
    assert binned.low == pytest.approx(exact.low, abs=1e-3)
    with pytest.raises(
        ValueError, match='metric must be "roc_auc" or "average_precision", got'
    ):
        Scores.of(*rows).interval("brier_score")


def test_weights_merge_with_rows_without():
    weighted = Scores.of([0.2, 0.7], [0, 1], weights=[2.0, 0.5])
    plain = Scores.of([0.6], [0])
    scores, labels, weights = [0.2, 0.7, 0.6], [0, 1, 0], [2.0, 0.5, 1.0]
    for state in (weighted + plain, plain + weighted):
        assert state == Scores.of(scores, labels, weights=weights)
        auc = roc_auc(scores, labels, weights=weights)
        assert state.roc_auc().value == auc
        assert state.interval() == roc_auc_interval(scores, labels, weights=weights)


def test_adding_leaves_both_sides_as_they_were():
    one, other = Scores.of([0.1], [0]), Scores.of([0.9], [1], cap=5)
    before = one.to_json(), other.to_json()
    total = one + other
    assert (one.to_json(), other.to_json()) == before
    assert total.to_dict()["cap"] == 5


def test_a_state_keeps_no_view_of_the_callers_rows():
    scores, labels = np.array([0.1, 0.9]), np.array([0, 1])
    state = Scores.of(scores, labels)
    scores[:] = 0.5
    labels[:] = 0
    assert state.roc_auc().value == 1.0


def test_batches_of_one_class_find_their_negative_class_later():
    state = Scores(positive="spam")
    state.update([0.1], ["ham"])
    state.update([0.9], ["spam"])
    assert state.roc_auc().value == 1.0
    with pytest.raises(ValueError, match="two negative classes, 'ham' and 'eggs'"):
        state.update([0.5], ["eggs"])
    assert state.n == 2


def test_states_about_different_classes_do_not_merge():
    with pytest.raises(ValueError, match="different positive classes"):
        Scores(positive=1).merge(Scores(positive="yes"))
    with pytest.raises(ValueError, match="two negative classes"):
        Scores.of([0.1], [0]).merge(Scores.of([0.1], [-1]))
    with pytest.raises(TypeError, match="only Scores merges with Scores, got int"):
        Scores().merge(1)
    with pytest.raises(TypeError):
        Scores() + 1


def test_a_refused_update_changes_nothing():
    state = Scores.of([0.1, 0.9], [0, 1])
    before = state.to_json()
    for scores, labels in (([math.nan], [1]), ([0.1, 0.2], [1]), ([[0.1, 0.2]], [1])):
        with pytest.raises(ValueError, match=r"missing|length|shape"):
            state.update(scores, labels)
    assert state.to_json() == before


def test_logits_have_an_order_but_no_calibration():
    state = Scores.of([-3.0, 2.0, 4.0], [0, 0, 1])
    assert state.roc_auc().value == 1.0
    for name in ("log_loss", "brier_score", "expected_calibration_error"):
        with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
            getattr(state, name)()


def test_json_restores_infinities_and_weights_to_the_bit():
    state = Scores.of([math.inf, -math.inf, 0.1], [1, 0, 1], weights=[0.1, 0.2, 0.3])
    restored = Scores.from_json(state.to_json())
    assert restored == state
    assert restored.roc_auc() == state.roc_auc()
    restored.update([0.3], [0])
    assert restored.n == 4


@pytest.mark.parametrize(
    "change",
    [
        {"cap": 1},
        {"cap": "many"},
        {"low": [3, 1]},
        {"high": [0]},
        {"shift": 64},
        {"shift": 1.5},
        {"counts": [[-1, 1], [0, 0]]},
        {"counts": [[1], [0, 0]]},
        {"counts": 7},
        {"counts": [[1, float("nan")], [0, 1]]},
        {"counts": [[1, 0]]},
        {"low": [0.5, 1.5]},
        {"n": "three"},
        {"n": -1},
        {"n": 0},
        {"dropped": 1.5},
        {"positive": None},
        {"positive": []},
        {"negative": {}},
    ],
)
def test_a_damaged_state_is_refused(change):
    state = json.loads(Scores.of([0.1, 0.9], [0, 1]).to_json())
    with pytest.raises(ValueError, match="the state is damaged: "):
        Scores.from_dict({**state, **change})


@pytest.mark.parametrize("cap", [1, 0, -5, 2.0, True])
def test_a_cap_holds_at_least_two_cells(cap):
    with pytest.raises(ValueError, match="cap must be"):
        Scores(cap=cap)


def test_a_bounded_number_prints_its_error_and_acts_as_a_float():
    assert str(Bounded(0.5, 0.25)) == "0.500000 ± 0.250000"
    assert str(Bounded(0.5, 0.0)) == "0.500000"
    assert float(Bounded(0.5, 0.25)) == 0.5
    assert 0.75 in Bounded(0.5, 0.25)
    assert 0.76 not in Bounded(0.5, 0.25)


def test_weights_too_large_to_square_are_refused():
    with pytest.raises(ValueError, match="too large to be squared"):
        Scores.of([0.1, 0.9], [0, 1], weights=[1e101, 1.0])
