"""Profiles against NumPy, and states that nobody should trust."""

import datetime as dt
import json

import numpy as np
import pytest

from ml_infra.preprocessing import Profile
from ml_infra.preprocessing._hyperloglog import HyperLogLog, mixed_keys


def test_a_small_profile_by_hand():
    profile = Profile.of(
        {
            "n": [4, None, 1, 4],
            "f": [0.5, float("inf"), float("nan"), -float("inf")],
            "t": ["b", "a", "b", None],
            "d": [dt.date(2024, 1, 1), dt.date(2024, 1, 3), None, None],
        }
    )
    n, f, t, d = (profile[name] for name in "nftd")
    assert (n.kind, n.rows, n.nulls, n.count, n.distinct) == ("int", 4, 1, 3, 2)
    assert (n.min, n.max, n.mean) == (1, 4, 3.0)
    assert n.deviation == pytest.approx(3**0.5)
    assert n.top() == [(4, 2), (1, 1)]
    assert (n.quantile(0.5), n.rank_error, n.distinct_error) == (4.0, 0.0, 0.0)
    assert (f.count, f.nulls, f.infinities, f.min, f.max) == (3, 1, 2, 0.5, 0.5)
    assert (f.negative_infinities, f.positive_infinities, f.deviation) == (1, 1, None)
    assert (t.kind, t.distinct, t.top(1), t.min) == ("text", 2, [("b", 2)], None)
    assert (d.min[:10], d.mean[:10], d.max[:10]) == (
        "2024-01-01",
        "2024-01-02",
        "2024-01-03",
    )
    assert "profile of 4 rows" in str(profile)
    assert profile.summary()[0]["median"] == 4.0


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int32, np.uint8])
def test_moments_and_quantiles_agree_with_numpy(kind):
    rng = np.random.default_rng(0)
    values = (rng.standard_normal(20_000) * 40 + 100).astype(kind)
    column = Profile.of({"x": values})["x"]
    wide = values.astype(np.float64)
    assert column.mean == pytest.approx(wide.mean(), rel=1e-12)
    assert column.deviation == pytest.approx(wide.std(ddof=1), rel=1e-12)
    assert (column.min, column.max) == (values.min(), values.max())
    ordered = np.sort(wide)
    for q in (0.01, 0.5, 0.99):
        answer = column.quantile(q)
        rank = np.searchsorted(ordered, answer, "right") / len(ordered)
        low = np.searchsorted(ordered, answer, "left") / len(ordered)
        assert low - column.rank_error - 1e-3 <= q <= rank + column.rank_error + 1e-3


def test_extreme_numbers_do_not_overflow():
    column = Profile.of({"x": [1e308, 1e308, -1e308, 5e-324]})["x"]
    assert column.mean == pytest.approx(0.25e308)
    assert column.deviation is None  # beyond the largest double
    assert column.quantile(1.0) == 1e308
    json.loads(Profile.of({"x": [1e308, -1e308]}).to_json())


@pytest.mark.parametrize("count", [10, 1000, 10_240, 300_000])
def test_distinct_is_estimated_within_five_errors(count):
    sketch = HyperLogLog()
    sketch.add(mixed_keys(np.arange(count) * 7919))
    assert abs(sketch.estimate() / count - 1) < 5 * HyperLogLog.error
    column = Profile.of({"x": np.tile(np.arange(count), 2)})["x"]
    assert abs(column.distinct / count - 1) <= 5 * column.distinct_error


def test_integers_beyond_2_53_are_told_apart():
    values = 2**60 + np.arange(1000)
    column = Profile.of({"x": values})["x"]
    assert abs(column.distinct - 1000) < 100
    assert (column.min, column.max) == (2**60, 2**60 + 999)
    assert column.top() is None  # rounded to doubles: no honest answer


def test_many_labels_are_estimated_and_say_so():
    column = Profile.of({"x": [f"w{k}" for k in range(20_000)]})["x"]
    assert column.top() is None
    assert column.labels is None
    assert column.distinct == pytest.approx(20_000, rel=5 * column.distinct_error)


def test_columns_that_change_their_kind_are_refused():
    with pytest.raises(ValueError, match="column 'x': was int before and is text now"):
        Profile.of([{"x": 1}]).update({"x": ["a"]})
    assert Profile.of({"x": [1]}).update({"x": [0.5]})["x"].kind == "float"
    with pytest.raises(ValueError, match="two columns share a name"):
        Profile.of(
            pytest.importorskip("pandas").DataFrame([[1, 2]], columns=["a", "a"])
        )
    with pytest.raises(ValueError, match="cap=16"):
        Profile(cap=32).merge(Profile(cap=16))


STATE = Profile.of(
    {"x": [1.5, 2.5, None], "t": ["a", "b", "a"], "d": [dt.date(2024, 1, 1)] * 3}
).to_dict()


def test_a_column_shows_itself_at_a_prompt():
    profile = Profile.of({"n": [3, 1, None], "t": ["a", "b", "a"]})
    assert repr(profile["n"]) == "ColumnProfile(int, 3 rows, 1 nulls, 1 to 3)"
    assert repr(profile["t"]) == "ColumnProfile(text, 3 rows, 0 nulls)"


def test_a_state_comes_back_as_it_was():
    restored = Profile.from_json(json.dumps(STATE))
    assert restored.to_dict() == STATE
    assert restored.update({"x": [4.0], "t": ["c"], "d": [None]}).rows == 4


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x", {"kind": "evil"}),
        ("x", {"kind": "datetime"}),
        ("x", {"rows": -1}),
        ("x", {"rows": 99}),
        ("x", {"nulls": 2}),
        ("x", {"nulls": True}),
        ("x", {"low": None}),
        ("x", {"low": float("nan")}),
        ("x", {"high": float("inf")}),
        ("x", {"mean": "0"}),
        ("x", {"histogram": 5}),
        ("x", {"distinct": {"format": "x"}}),
        ("x", {"unit": "; rm"}),
        ("x", {"more": 1}),
        ("t", {"labels": {"cap": 10_000, "counts": [["a", 2], ["a", 1]]}}),
        ("t", {"labels": {"cap": 10_000, "counts": [[["a"], 3]]}}),
        ("t", {"labels": {"cap": 10_000, "counts": [["a", 0.5]]}}),
        ("t", {"labels": {"cap": 0, "counts": []}}),
        ("t", {"labels": []}),
    ],
)
def test_damaged_states_are_a_value_error(name, change):
    state = json.loads(json.dumps(STATE))
    for column in state["columns"]:
        if column["name"] == name:
            column["state"].update(change)
    with pytest.raises(ValueError, match=r"state|cap"):
        Profile.from_dict(state)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": 1},
        {"columns": [1]},
        {"columns": STATE["columns"] * 2},
        {"cap": 8},
        {"rows": 1},
        {"max_labels": "9"},
    ],
)
def test_damaged_profiles_are_a_value_error(change):
    with pytest.raises(ValueError, match=r"\w+: "):
        Profile.from_dict({**STATE, **change})
