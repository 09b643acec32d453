"""The ordered table of scores that every metric of order is a sum over."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.metrics._score_keys import keys_of, scores_of
from ml_infra.metrics._score_table import average_precision_of, roc_auc_of, tabulate

NUMBERS = st.floats(allow_nan=False) | st.sampled_from(
    [0.0, -0.0, 0.5, 1.0, -1.0, math.inf, -math.inf, 5e-324, -5e-324]
)
ROWS = st.lists(
    st.tuples(NUMBERS, st.booleans(), st.integers(0, 3)), min_size=1, max_size=40
)


def by_definition(scores, positive, weights):
    """Return AUC and average precision from all pairs, as fractions."""
    pairs = wins = Fraction(0)
    rows = list(zip(scores, positive, weights, strict=True))
    for s, p, w in rows:
        for t, q, v in rows:
            if p and not q:
                pairs += w * v
                wins += w * v * (Fraction(s > t) + Fraction(s == t, 2))
    whole = sum(w for _, p, w in rows if p)
    precision = Fraction(0)
    for s, p, w in rows:
        if p and w:
            above = [(q, v) for t, q, v in rows if t >= s]
            hits = sum(v for q, v in above if q)
            precision += Fraction(w * hits, sum(v for _, v in above))
    return (
        wins / pairs if pairs else None,
        precision / whole if whole else None,
    )


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(NUMBERS, max_size=30))
def test_keys_have_the_order_of_the_scores_and_lead_back_to_them(values):
    scores = np.array(values)
    keys = keys_of(scores)
    assert ((keys[:, None] < keys) == (scores[:, None] < scores)).all()
    assert (scores_of(keys) == scores).all()


@settings(deadline=None, derandomize=True, max_examples=80)
@given(ROWS)
def test_auc_and_average_precision_are_those_of_the_definition(rows):
    scores, positive, _ = zip(*rows, strict=True)
    table = tabulate(np.array(scores), np.array(positive))
    auc, precision = by_definition(scores, positive, [1] * len(rows))
    # One division of integers: the AUC is the definition's, correctly rounded.
    assert roc_auc_of(table) == (None if auc is None else float(auc))
    found = average_precision_of(table)
    assert found == (None if precision is None else pytest.approx(float(precision)))


@settings(deadline=None, derandomize=True, max_examples=80)
@given(ROWS)
def test_weights_act_as_repetitions(rows):
    scores, positive, weights = (np.array(part) for part in zip(*rows, strict=True))
    weighted = tabulate(scores, positive, weights)
    repeated = tabulate(np.repeat(scores, weights), np.repeat(positive, weights))
    assert weighted.keys.tolist() == repeated.keys.tolist()
    assert weighted.positives.tolist() == repeated.positives.tolist()
    assert weighted.negatives.tolist() == repeated.negatives.tolist()
    auc, _ = by_definition(scores.tolist(), positive.tolist(), weights.tolist())
    assert roc_auc_of(weighted) == (None if auc is None else float(auc))


@pytest.mark.parametrize(
    "scores",
    [
        np.linspace(-3, 5, 70_000),  # signs, no zero: the class rides in the key
        np.round(np.linspace(0, 1, 70_000), 3),  # ties
        np.append(np.linspace(-3, 5, 70_000), [0.0, -0.0, 1e308]),  # no free bit
        np.append(np.linspace(2, 3, 70_000), [math.inf, -math.inf]),
        np.linspace(-3, 5, 70_000, dtype=np.float32),  # half as wide, with ties
        np.append(np.linspace(-3, 5, 70_000, dtype=np.float32), [0.0, -0.0]),
        np.append(np.linspace(0, 1, 70_000), 1e30).astype(np.float32),  # too far apart
        np.float32([0, -0.0, 1e-45, -1e-45, 3.4e38, -math.inf, math.inf]),
        np.zeros(3),
    ],
)
def test_every_way_of_sorting_gives_the_counts_of_numpy_unique(scores):
    scores = np.random.default_rng(0).permutation(scores)
    positive = np.random.default_rng(1).random(len(scores)) < 0.3
    table = tabulate(scores, positive)
    distinct, place = np.unique(scores, return_inverse=True)
    assert (scores_of(table.keys) == distinct).all()
    assert (table.positives == np.bincount(place[positive], None, len(distinct))).all()
    assert (table.negatives == np.bincount(place[~positive], None, len(distinct))).all()


def test_counts_beyond_32_bits_do_not_overflow():
    """2**40 rows of each class, in two scores: half the pairs tie."""
    weights = np.array([2**40, 2**39, 2**39])
    table = tabulate(np.array([0.5, 0.5, 0.1]), np.array([True, False, False]), weights)
    assert roc_auc_of(table) == 0.75
