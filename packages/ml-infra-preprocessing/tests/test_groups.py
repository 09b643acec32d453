"""Keys of groups as codes: any integers, dense or far apart, in order."""

import math

import numpy as np
import pytest

from ml_infra.preprocessing import (
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    StandardScaler,
    _groups,
)

RANDOM = np.random.default_rng(16)
KEYS = {
    "dense": RANDOM.integers(0, 100, 70_000),
    "gaps": RANDOM.integers(0, 200_000, 70_000),
    "falling": np.arange(70_000)[::-1],
    "offset": RANDOM.integers(10**9, 10**9 + 500, 1000),
    "negative": RANDOM.integers(-50, 50, 1000).astype("i1"),
    "far apart": RANDOM.integers(-(2**63), 2**63 - 1, 1000),
    "unsigned": RANDOM.integers(0, 2**64 - 1, 1000, dtype="u8"),
    "top": RANDOM.integers(2**63 - 9, 2**63 + 9, 1000, dtype="u8"),
    "big-endian": RANDOM.integers(5, 9, 1000).astype(">i4"),
    "floats": RANDOM.integers(0, 9, 1000) / 4,
    "empty": np.empty(0, np.int64),
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_codes_keys_and_counts_are_those_of_a_sort(keys):
    """However the codes are found, they say what sorting the keys would."""
    made = _groups.encode(keys, "g")
    wanted, codes, counts = np.unique(keys, return_inverse=True, return_counts=True)
    assert made.keys == wanted.tolist()
    assert np.array_equal(made.codes, codes)
    assert np.array_equal(made.counts, counts)


@pytest.mark.parametrize("case", ["dense", "gaps", "falling", "offset", "negative"])
def test_integers_close_to_each_other_need_no_sort(case, monkeypatch):
    wanted = np.unique(KEYS[case]).tolist()
    monkeypatch.setattr(np, "unique", None)
    assert _groups.encode(KEYS[case], "g").keys == wanted


def test_text_and_labels_come_sorted():
    made = _groups.encode(["b", "a", "c", "a"], "g")
    assert made.keys == ["a", "b", "c"]
    assert made.codes.tolist() == [1, 0, 2, 0]
    assert made.counts.tolist() == [2, 1, 1]


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler, RobustScaler])
@pytest.mark.parametrize("gap", [None, math.nan])
def test_missing_values_are_in_no_group(kind, gap):
    """What is missing is counted nowhere and stays in its place."""
    keys = [1, 2, 1, 2, 1, 2, 1, 2]
    values = [3.0, 1e3, gap, -7.0, 5.0, gap, 9.0, 2.0]
    there = [i for i, x in enumerate(values) if x is not gap]
    scaler = kind(by="g", missing="keep").fit({"g": keys, "x": values})
    alone = kind(by="g", missing="keep").fit(
        {"g": [keys[i] for i in there], "x": [values[i] for i in there]}
    )
    assert scaler == alone
    made = scaler.transform({"g": keys, "x": values})["x"]
    gaps = [i for i, x in enumerate(made) if x is None or math.isnan(x)]
    assert gaps == [2, 5]
    with pytest.raises((TypeError, ValueError), match=r"column 'x'.*position 2"):
        kind(by="g").fit({"g": keys, "x": values})


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
def test_nulls_beside_integers_are_in_no_group(kind):
    """Their place in memory holds a number that must not count."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({
        "g": [1, 2, 1, 2, 1, 2],
        "x": pandas.array([30, None, -10, 7, None, 9], "Int64"),
    })  # fmt: skip
    scaler = kind(by="g", missing="keep").fit(table)
    there = {"g": [1, 1, 2, 2], "x": [30.0, -10.0, 7.0, 9.0]}
    assert scaler == kind(by="g", missing="keep").fit(there)


@pytest.mark.parametrize(
    "kind", [MinMaxScaler, StandardScaler, RobustScaler, OutlierClipper]
)
def test_a_value_of_a_group_of_which_none_was_learned_is_refused(kind):
    """Zero, or any other number, would be made up."""
    rows = {"g": [1, 1, 2, 2], "x": [math.nan, None, 1.0, 2.0], "y": [3.0, 4.0] * 2}
    scaler = kind(by="g", missing="keep").fit(rows)
    scaler = kind.from_json(scaler.to_json())
    for data in ({"g": [2, 1], "x": [1.0, 3.0], "y": [3.0, 3.0]},
                 {"g": 1, "x": 3.0, "y": 3.0}):  # fmt: skip
        for use in (scaler.transform, scaler.inverse_transform):
            with pytest.raises(ValueError, match="'x' in group 1: training had no"):
                use(data)
    gap = {"g": [1, 2], "x": [math.nan, 1.0], "y": [3.0, 3.0]}
    made = scaler.transform(gap)
    assert math.isnan(made["x"][0])
    assert made["x"][1] == scaler.transform({"g": 2, "x": 1.0, "y": 3.0})["x"]


@pytest.mark.parametrize(
    "kind", [MinMaxScaler, StandardScaler, RobustScaler, OutlierClipper]
)
def test_one_value_is_enough_for_a_group(kind):
    options = {"ddof": 0} if kind is StandardScaler else {}
    rows = {"g": [1, 2, 2], "x": [7.0, 1.0, 2.0]}
    scaler = kind(by="g", constant="zero", **options).fit(rows)
    kept = 7.0 if kind is OutlierClipper else 0.0
    assert scaler.transform({"g": [1, 1], "x": [7.0, 7.0]})["x"] == [kept, kept]
    assert scaler.transform({"g": 1, "x": 7.0})["x"] == kept


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
def test_integers_that_groups_would_round_are_refused(kind):
    for big in (2**53 + 1, -(2**60), 2**64 - 1):
        with pytest.raises(ValueError, match=r"column 'x'.*beyond 2\*\*53"):
            kind(by="g").fit({"g": [1, 1], "x": [0, big]})
    with pytest.raises(ValueError, match=r"column 'x'.*at most 64 bits"):
        kind(by="g").fit({"g": [1, 1], "x": [2**70, 2**70 + 1]})
    assert kind(by="g").fit({"g": [1, 1], "x": [0, 2**53]}) is not None


def test_extents_of_groups_with_one_value_and_with_none():
    first = {"g": [1, 2, 2, 3], "x": [5.0, -4.0, -2.0, math.nan]}
    scaler = MinMaxScaler(by="g", missing="keep").partial_fit(first)
    assert scaler.data_min_.tolist() == [[5.0], [-4.0], [0.0]]
    assert scaler.data_max_.tolist() == [[5.0], [-2.0], [0.0]]
    scaler.partial_fit({"g": [1, 3, 3], "x": [9.0, -8.0, -6.0]})
    assert scaler.data_min_.tolist() == [[5.0], [-4.0], [-8.0]]
    assert scaler.data_max_.tolist() == [[9.0], [-2.0], [-6.0]]


@pytest.mark.parametrize("chunk", [2, 3, 1 << 16])
@pytest.mark.parametrize("size", [3, 40])
def test_groups_that_are_constant_in_some_batches(exact, monkeypatch, chunk, size):
    """What a constant or empty batch adds to a group is exactly its rows."""
    monkeypatch.setattr(_groups, "CHUNK", chunk)
    rng = np.random.default_rng(18)
    values = rng.integers(-2, 2, (12, size)) * 0.1 + 1e3
    values[1::3] = 1e3 + 0.1
    keys = rng.integers(0, 3, values.shape) * 2
    scaler = StandardScaler(by="g", constant="zero")
    for x, g in zip(values, keys, strict=True):
        scaler.partial_fit({"g": g, "x": x})
    assert scaler.groups_ == [0, 2, 4]
    for group, key in enumerate(scaler.groups_):
        count, mean, squares = exact.moments(values[keys == key].tolist())
        assert scaler.state_.weight[group, 0] == count
        assert scaler.mean_[group, 0] == pytest.approx(float(mean), rel=1e-15)
        made = scaler.state_.squares[group, 0]
        assert made == pytest.approx(float(squares), rel=3e-14)


def test_a_batch_in_which_all_is_missing_teaches_nothing():
    empty = {"g": np.array([1, 2, 1]), "x": np.full(3, math.nan)}
    scaler = StandardScaler(by="g", missing="keep").partial_fit(empty)
    assert scaler.state_.weight.tolist() == [[0.0], [0.0]]
    rows = {"g": [1, 1, 2, 2], "x": [1.0, 3.0, 5.0, 9.0]}
    both = scaler.partial_fit(rows).transform(rows)["x"]
    assert both == StandardScaler(by="g").fit_transform(rows)["x"]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
def test_ordinary_groups_take_one_pass(monkeypatch, scale, dtype):
    """Two passes are for groups far apart or narrow; the others never need them."""
    monkeypatch.setattr(_groups, "_chunk", None)
    rng = np.random.default_rng(17)
    keys = rng.integers(0, 20, 70_000)
    values = (rng.normal(size=70_000) * scale * 1000).astype(dtype)
    made = StandardScaler(by="g").fit_transform({"g": keys, "x": values})["x"]
    for key in (0, 19):
        own = values[keys == key].astype(float)
        wanted = (own - own.mean()) / own.std(ddof=1)
        tolerance = 1e-6 if dtype == "f4" else 1e-12
        np.testing.assert_allclose(made[keys == key], wanted, tolerance, tolerance)
