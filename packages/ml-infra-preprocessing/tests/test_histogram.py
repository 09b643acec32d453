"""The order-free histogram: same bytes for any order, certified quantiles."""

import json
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_infra.preprocessing._histogram import KeyHistogram

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=200)
QUIET = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],  # busy machines are slow
)


def merged(parts, cap):
    """Merge one histogram per part, pairing them up at random."""
    shards = [KeyHistogram(cap).update(part) for part in parts]
    while len(shards) > 1:
        random.Random(len(shards)).shuffle(shards)
        shards.append(shards.pop().merge(shards.pop()))
    return shards[0]


@QUIET
@given(FLOATS, st.randoms(use_true_random=False))
def test_any_order_and_any_merge_tree_give_the_same_bytes(values, chance):
    whole = json.dumps(KeyHistogram(16).update(values).to_dict())
    shuffled = chance.sample(values, len(values))
    cut = sorted(chance.choices(range(len(values) + 1), k=3))
    parts = [shuffled[a:b] for a, b in zip([0, *cut], [*cut, None], strict=True)]
    assert json.dumps(merged(parts, 16).to_dict()) == whole
    stream = KeyHistogram(16)
    for part in parts:
        stream.update(part)
    assert json.dumps(stream.to_dict()) == whole
    assert KeyHistogram.from_dict(json.loads(whole)) == stream


@QUIET
@given(FLOATS.filter(bool), st.floats(0, 1))
def test_exact_quantiles_are_those_of_numpy(values, q):
    with np.errstate(all="ignore"):
        expected = np.quantile(values, q)
    if np.isfinite(expected):  # NumPy overflows between huge values of both signs
        assert KeyHistogram().update(values).quantile(q) == expected


@pytest.mark.parametrize("spread", ["normal", "narrow", "wide", "ties"])
def test_the_true_rank_lies_within_the_certified_error(spread):
    rng = np.random.default_rng(7)
    values = {
        "normal": rng.standard_normal(20_000),
        "narrow": 1e6 + rng.random(20_000),
        "wide": 10.0 ** rng.uniform(-150, 150, 20_000),
        "ties": np.repeat(rng.standard_normal(500), 40),
    }[spread]
    summary = KeyHistogram(256).update(values)
    assert not summary.exact
    ordered = np.sort(values)
    for q in (0.0, 0.01, 0.25, 0.5, 0.9, 1.0):
        answer = summary.quantile(q)
        low = np.searchsorted(ordered, answer, "left") / len(values)
        high = np.searchsorted(ordered, answer, "right") / len(values)
        error = max(low - q, q - high, 0)
        assert error <= summary.rank_error(q) + 1 / len(values)
        assert summary.rank_error(q) <= summary.rank_error()


def test_the_weak_case_is_certified_as_weak():
    """Half the mass within 1e-9 of 1, the rest over 170 decades: no false promise."""
    rng = np.random.default_rng(1)
    close = 1 + rng.random(50_000) * 1e-9
    values = np.concatenate([close, 10 ** rng.uniform(-85, 85, 50_000)])
    assert KeyHistogram(1024).update(values).rank_error() == pytest.approx(
        0.5, abs=0.01
    )


def test_an_empty_histogram_is_the_neutral_element():
    full = KeyHistogram(16).update(np.random.default_rng(0).standard_normal(1000))
    assert not full.exact
    before = full.to_dict()
    assert KeyHistogram(16).merge(full) == full.copy() == full
    assert full.merge(KeyHistogram(16)).to_dict() == before


def test_ends_are_exact_after_collapsing():
    values = np.random.default_rng(0).standard_normal(10_000)
    summary = KeyHistogram(16).update(values)
    assert (summary.min, summary.max) == (values.min(), values.max())


def test_zeros_share_a_key_and_integers_keep_all_bits():
    assert KeyHistogram().update([0.0, -0.0]).bins == 1
    big = [2**53, 2**53 + 1, -(2**63), 2**63 - 1]
    summary = KeyHistogram(kind="int").update(big)
    assert [summary.value_at(k) for k in range(4)] == sorted(big)


@pytest.mark.parametrize("bad", [[float("nan")], [float("inf")], [1.0, -float("inf")]])
def test_non_finite_values_are_refused(bad):
    with pytest.raises(ValueError, match="count those apart"):
        KeyHistogram().update(bad)


def test_histograms_of_different_settings_do_not_merge():
    with pytest.raises(ValueError, match="cap=32"):
        KeyHistogram(16).merge(KeyHistogram(32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "state version 2, this library reads <= 1"),
        ({"format": "other"}, "expected format"),
        ({"counts": [1, -1]}, "positive"),
        ({"counts": [1, True]}, "positive"),
        ({"counts": [1]}, "fit"),
        ({"steps": [0]}, "positive"),
        ({"shift": 99}, "64 bits"),
        ({"low": 5}, "contradict"),
        ({"cap": "many"}, "'cap' must be int"),
        ({"extra": 1}, "unknown fields extra"),
        ({"first": 2**80}, "64 bits"),
    ],
)
def test_damaged_states_are_refused(change, message):
    state = KeyHistogram().update([1.0, 2.0]).to_dict()
    with pytest.raises(ValueError, match=message):
        KeyHistogram.from_dict({**state, **change})


def test_a_copy_of_a_collapsed_histogram_is_independent():
    rng = np.random.default_rng(0)
    full = KeyHistogram(16).update(rng.standard_normal(1000))
    before = full.to_dict()
    twin = full.copy()
    assert not twin.exact
    assert twin.to_dict() == before
    twin.update(rng.standard_normal(1000) * 1e9).merge(full)
    assert twin.count == 3000
    assert full.to_dict() == before
