"""Scalers: one generic test over all of them, then what each promises."""

import json
import math
import pickle
import statistics
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ml_infra.preprocessing
from ml_infra.preprocessing import (
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    StandardScaler,
    scalers,
)

SCALERS = [getattr(scalers, name) for name in scalers.__all__]
every_scaler = pytest.mark.parametrize("kind", SCALERS)

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "big-endian": lambda X: X.astype(X.dtype.newbyteorder(">")),
    "read-only": lambda X: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
}


def sample(seed, rows=400, columns=5):
    """Rows with offsets up to 1e9 and spreads from 1e-3 to 1e6."""
    rng = np.random.default_rng(seed)
    spread = 10.0 ** rng.integers(-3, 7, columns)
    offset = rng.choice([0.0, 1.0, -1e3, 1e6, 1e9], columns) * (spread > 1e-3)
    # Few distinct values a column, so that streamed percentiles stay exact.
    return np.round(rng.normal(size=(rows, columns)), 2) * spread + offset


@every_scaler
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_batch_is_stream_is_merged_shards_is_json(kind, layout, dtype, seed):
    """The same data in any layout, split and order give the same transformation."""
    rng = np.random.default_rng(seed)
    plain = sample(seed).astype(dtype)
    X = LAYOUTS[layout](plain)
    whole = kind(constant="zero").fit(X)
    wanted = whole.transform(plain)

    cuts = np.sort(rng.integers(0, len(X), 6))
    stream = kind(constant="zero")
    for batch in np.split(X, cuts):
        stream.partial_fit(batch)

    shards = [kind(constant="zero").partial_fit(s) for s in np.split(X, cuts) if len(s)]
    fitted = [kind(constant="zero").fit(s) for s in np.split(X, cuts) if len(s)]
    before = [shard.to_json() for shard in shards]
    merged = [merge_in_random_order(parts, rng) for parts in (shards, fitted)]
    assert [shard.to_json() for shard in shards] == before  # operands untouched

    restored = kind.from_json(whole.to_json())
    assert restored == whole
    assert restored.to_json() == whole.to_json()

    for scaler in (whole, stream, *merged, restored, kind.from_json(stream.to_json())):
        made = scaler.transform(X)
        assert made.dtype == np.dtype(dtype)
        tolerance = 1e-6 if dtype == "f4" else 1e-13
        if kind is not StandardScaler:
            tolerance = 0
        np.testing.assert_allclose(made, wanted, rtol=tolerance, atol=tolerance)
    if kind is not StandardScaler:
        assert stream == merged[0] == whole
    np.testing.assert_array_equal(X, plain)


def merge_in_random_order(parts, rng):
    parts = list(parts)
    while len(parts) > 1:
        rng.shuffle(parts)
        parts.append(parts.pop().merge(parts.pop()))
    return parts[0]


@every_scaler
def test_tables_of_every_kind(kind):
    """Columns by name in any order, others untouched, the same kind of table out."""
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    X = sample(1, rows=60, columns=2)
    names = [f"row {i}" for i in range(60)]
    columns = {"a": X[:, 0], "name": names, "b": X[:, 1].astype("f4")}
    scaler = kind().fit(columns)
    assert scaler.columns_ == ["a", "b"]
    wanted = scaler.transform({"a": X[:, 0], "b": X[:, 1].astype("f4")})
    frame = pandas.DataFrame(columns, index=names).rename_axis("key")
    for table in (
        columns,
        frame,
        polars.DataFrame(columns),
        pyarrow.table(columns),
        pyarrow.RecordBatch.from_pydict(columns),
    ):
        again = kind().fit(table)
        assert json.loads(again.to_json())["state"] == scaler.to_dict()["state"]
        made = again.transform(table)
        assert type(made) is type(table)
        read = made.to_pydict() if hasattr(made, "to_pydict") else made
        np.testing.assert_array_equal(np.asarray(read["a"]), wanted["a"])
        np.testing.assert_array_equal(np.asarray(read["b"], "f4"), wanted["b"])
        assert list(read["name"]) == names
        back = again.inverse_transform(made)
        assert type(back) is type(table)
    made = scaler.transform(frame)
    assert made.index.equals(frame.index)
    assert made.dtypes.astype(str).tolist()[::2] == ["float64", "float32"]
    swapped = scaler.transform(frame[["b", "name", "a"]])
    assert list(swapped) == ["b", "name", "a"]
    assert swapped["a"].equals(made["a"])
    records = frame.head(3).to_dict("records")
    assert scaler.transform(records)[2] == scaler.transform(records[2])
    nullable = frame[["a", "b"]].astype({"a": "Float64", "b": "Float32"})
    assert kind().fit(nullable).transform(nullable)["a"].tolist() == list(wanted["a"])


@every_scaler
def test_missing_values_are_kept_and_counted(kind):
    X = sample(2, rows=50, columns=3)
    X[4, 1] = X[7, 1] = math.nan
    message = "column 1: 2 of 50 values are missing .* the first at position 4"
    for action in (kind().fit, kind().partial_fit, kind().fit(X[10:]).transform):
        with pytest.raises(ValueError, match=message):
            action(X)
    for table in (X, np.asfortranarray(X)):
        scaler = kind(missing="keep").fit(table)
        made = scaler.transform(table)
        assert np.argwhere(np.isnan(made)).tolist() == [[4, 1], [7, 1]]
        alone = kind().fit(np.delete(X, [4, 7], axis=0)[:, 1:2])
        np.testing.assert_allclose(made[0, 1], alone.transform(X[:1, 1:2])[0, 0])
    row = scaler.transform([1.0, math.nan, 2.0])
    assert math.isnan(row[1])
    assert not math.isnan(row[0])
    with pytest.raises(ValueError, match="column 1: 1 of 1 values is missing"):
        kind().fit(X[10:]).transform([1.0, math.nan, 2.0])


@every_scaler
def test_groups_are_scaled_apart(kind):
    """Each group gets what a scaler of its own would give it, also from shards."""
    X = sample(3, rows=600, columns=2)
    keys = np.random.default_rng(3).choice(["x", "y", "z"], 600)
    table = {"g": keys.tolist(), "a": X[:, 0], "b": X[:, 1]}
    scaler = kind(by="g").fit(table)
    made = scaler.transform(table)
    assert scaler.groups_ == ["x", "y", "z"]
    assert made["g"] == table["g"]
    for key in "xyz":
        alone = kind().fit_transform(X[keys == key])
        for j, name in enumerate("ab"):
            np.testing.assert_allclose(
                made[name][keys == key], alone[:, j], rtol=1e-12, atol=1e-12
            )
    shards = [
        kind(by="g").partial_fit({name: column[s] for name, column in table.items()})
        for s in (slice(400, 600), slice(300), slice(300, 400))
    ]
    merged = shards[0].merge(shards[1]).merge(shards[2])
    restored = kind.from_json(merged.to_json())
    np.testing.assert_allclose(
        restored.transform(table)["a"], made["a"], rtol=1e-12, atol=1e-12
    )
    row = {"g": "y", "a": 1.5, "b": 2.5, "more": None}
    single = scaler.transform({name: [value] for name, value in row.items()})
    assert scaler.transform(row) == {name: v[0] for name, v in single.items()}
    back = scaler.inverse_transform(made)
    if kind is not OutlierClipper:
        np.testing.assert_allclose(back["b"], X[:, 1], rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match=r"1 groups were not seen in training.*'q'"):
        scaler.transform({"g": ["q"], "a": [1.0], "b": [1.0]})
    with pytest.raises(ValueError, match="the group 'q' was not seen in training"):
        scaler.transform({"g": "q", "a": 1.0, "b": 1.0})
    with pytest.raises(KeyError, match="g"):
        scaler.transform({"a": [1.0], "b": [1.0]})


@every_scaler
@pytest.mark.parametrize(
    "keys", [np.arange(40) % 4 + 10, np.arange(40) % 4 * 10**6, np.arange(40) % 2 > 0]
)
def test_groups_by_numbers(kind, keys):
    """Dense and sparse integers and booleans are keys, in arrays by position too."""
    x = sample(4, rows=40, columns=1)[:, 0]
    made = kind(by="g").fit_transform({"g": keys, "x": x})["x"]
    by_place = kind(by=0).fit(np.stack([keys.astype(float), x], axis=1))
    both = by_place.transform(np.stack([keys.astype(float), x], axis=1))
    np.testing.assert_array_equal(both[:, 1], made)
    np.testing.assert_array_equal(both[:, 0], keys)
    for key in np.unique(keys):
        alone = kind().fit_transform(x[keys == key][:, None])[:, 0]
        np.testing.assert_allclose(made[keys == key], alone, rtol=1e-12, atol=1e-12)


def test_groups_at_hard_places():
    """Constant groups, outliers first, tiny and huge values."""
    g = ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    table = {"g": g, "x": [1e15, 1.0, 2.0, 5.0, 5.0, 5.0, 1e12, 1e12 + 1, 1e12 + 2]}
    with pytest.raises(ValueError, match=r"column 'x' in group 'b'.*constant"):
        StandardScaler(by="g").fit(table)
    made = StandardScaler(by="g", constant="zero").fit_transform(table)["x"]
    assert made[3:] == [0, 0, 0, -1, 0, 1]
    assert made[0] == pytest.approx(2 / math.sqrt(3), rel=1e-14)
    for size in (1e200, 1e-200):
        table = {"g": g[:6], "x": [size * k for k in (1, 2, 3, 2, 4, 6)]}
        made = StandardScaler(by="g").fit_transform(table)["x"]
        assert made == pytest.approx([-1, 0, 1] * 2, abs=1e-14)
    with pytest.raises(ValueError, match=r"1 of 3 rows have no group, .* position 1"):
        StandardScaler(by="g").fit({"g": ["a", None, "a"], "x": [1, 2, 3]})


def test_weights_count_rows():
    """A weight of w is the row w times; fractions are allowed, negatives are not."""
    X = sample(5, rows=30, columns=3)
    weights = np.random.default_rng(5).integers(0, 4, 30)
    repeated = StandardScaler().fit(np.repeat(X, weights, axis=0))
    weighted = StandardScaler().fit(X, weights=weights)
    np.testing.assert_allclose(
        weighted.transform(X), repeated.transform(X), rtol=1e-13, atol=1e-13
    )
    halves = StandardScaler(ddof=0).fit(X, weights=weights / 2)
    unweighted = StandardScaler(ddof=0).fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(
        halves.transform(X), unweighted.transform(X), rtol=1e-13, atol=1e-13
    )
    stream = StandardScaler()
    for start in range(0, 30, 7):
        part = slice(start, start + 7)
        stream.partial_fit(X[part], weights=weights[part].tolist())
    np.testing.assert_allclose(
        stream.transform(X), weighted.transform(X), rtol=1e-13, atol=1e-13
    )
    gaps = X.copy()
    gaps[3] = math.nan
    kept = StandardScaler(missing="keep").fit(gaps, weights=np.ones(30))
    alone = StandardScaler().fit(np.delete(X, 3, axis=0))
    np.testing.assert_allclose(kept.transform(X), alone.transform(X), rtol=1e-12)
    for bad in ([1] * 29, [math.nan] * 30, [-1] + [1] * 29, [0] * 30, ["1"] * 30):
        with pytest.raises((TypeError, ValueError), match="weights"):
            StandardScaler().fit(X, weights=bad)
    with pytest.raises(ValueError, match="needs more than 1 samples"):
        StandardScaler().fit(X[:2], weights=[0.4, 0.5])


@every_scaler
def test_one_row_is_transformed_like_a_table(kind):
    """Dict, list and tuple; integers, booleans and NumPy scalars; the same bits."""
    X = sample(6, rows=80, columns=4)
    scaler = kind.from_json(kind().fit(X).to_json())
    named = kind().fit({name: X[:, j] for j, name in enumerate("abcd")})
    for values in (X[3].tolist(), [1, 0, 7, 2**60], [True, 0.5, 1, -3], X[5]):
        wanted = scaler.transform(np.array([values], float))[0].tolist()
        row = [v if i % 2 else np.float64(v) for i, v in enumerate(values)]
        assert scaler.transform(list(values)) == wanted
        assert scaler.transform(tuple(values)) == tuple(wanted)
        assert scaler.transform(row) == wanted
        as_dict = dict(zip("abcd", values, strict=True), note="kept")
        one = {name: [value] for name, value in as_dict.items()}
        assert named.transform(as_dict) == {
            name: column[0] for name, column in named.transform(one).items()
        }
        back = scaler.inverse_transform(wanted)
        assert back == scaler.inverse_transform([wanted])[0]
    for bad in (["1", 2, 3, 4], [None, 2, 3, 4], [1j, 2, 3, 4]):
        with pytest.raises(TypeError, match="column 0: expected numbers"):
            scaler.transform(bad)
    if kind is not OutlierClipper:
        with pytest.raises(ValueError, match="column 1: 1 of 1 values is infinite"):
            scaler.transform([0.0, math.inf, 0.0, 0.0])
    with pytest.raises(KeyError, match=r"lacks columns: 'd' \(nearest: 'dd'\)"):
        named.transform({"a": 1, "b": 1, "c": 1, "dd": 1})


def test_minmax_range_and_clip():
    scaler = MinMaxScaler((-1, 3)).fit([[0.0], [10.0]])
    assert scaler.transform([[0.0], [5.0], [10.0], [20.0]]) == [[-1], [1], [3], [7]]
    clipped = MinMaxScaler((-1, 3), clip=True).fit([[0.0], [10.0]])
    assert clipped.transform([[-5.0], [20.0]]) == [[-1], [3]]
    assert clipped.transform([-5.0]) == [-1]
    third = MinMaxScaler((0.1, 0.7)).fit([[1.0], [3.0]])
    assert third.transform([[1.0], [3.0]]) == [[0.1], [0.7]]
    X = np.random.default_rng(9).lognormal(0, 5, size=(3000, 4))
    for limits in ((0, 1), (0.1, 0.7), (-1e-3, 1e9)):
        made = MinMaxScaler(limits).fit_transform(X)
        assert made.min(axis=0).tolist() == [limits[0]] * 4
        assert made.max(axis=0).tolist() == [limits[1]] * 4


@pytest.mark.parametrize(
    "scaler",
    [
        MinMaxScaler((1, 0)), MinMaxScaler((0, math.inf)), MinMaxScaler(5),
        StandardScaler(ddof=-1), StandardScaler(ddof=0.5), StandardScaler(ddof=True),
        RobustScaler((75, 25)), RobustScaler((25, 25)), RobustScaler((0, 101)),
        OutlierClipper(95, 5), OutlierClipper(math.nan, 95), OutlierClipper("5", 95),
        MinMaxScaler(missing="drop"), MinMaxScaler(constant=1),
        StandardScaler(columns="a"),
    ],
    ids=repr,
)  # fmt: skip
def test_bad_settings_are_refused_when_they_are_used(scaler):
    for learn in (scaler.fit, scaler.partial_fit):
        with pytest.raises(ValueError, match="must"):
            learn([[1.0], [2.0]])


@every_scaler
def test_constant_columns(kind):
    X = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    if kind is OutlierClipper:
        assert kind().fit_transform(X)[:, 1].tolist() == [5, 5, 5]
        return
    with pytest.raises(ValueError, match=r"column 1.*(constant|equal)"):
        kind().fit(X)
    with pytest.raises(ValueError, match=r"column 'b'.*(constant|equal)"):
        kind().fit({"a": X[:, 0], "b": X[:, 1]})
    for table in (X, np.asfortranarray(X), X.astype("f4")):
        made = kind(constant="zero").fit(table).transform([[1.0, 9.0]])
        assert made[0][1] == 0
    waiting = kind().partial_fit(X[:1])  # more may come
    with pytest.raises(ValueError, match="column 0"):
        waiting.transform(X)
    waiting.partial_fit(np.array([[9.0, 6.0], [3.0, 8.0], [4.0, 7.0]]))
    assert np.isfinite(waiting.transform(X)).all()


@every_scaler
def test_merging_what_does_not_fit_together(kind):
    X = sample(7, rows=20, columns=2)
    scaler = kind().fit({"a": X[:, 0], "b": X[:, 1]})
    with pytest.raises(ValueError, match="missing differs, 'raise' and 'keep'"):
        scaler.merge(kind(missing="keep").fit(X))
    with pytest.raises(ValueError, match="columns differ"):
        scaler.merge(kind().fit({"a": X[:, 0], "c": X[:, 1]}))
    with pytest.raises(TypeError, match="merge: expected a"):
        scaler.merge(object())
    swapped = kind().fit({"b": X[:, 1], "a": X[:, 0]})
    assert scaler.merge(swapped).columns_ == ["a", "b"]
    assert kind() == kind()
    assert scaler != kind()
    assert scaler != 1


@every_scaler
def test_a_failed_batch_teaches_nothing(kind):
    X = sample(8, rows=20, columns=2)
    scaler = kind().partial_fit(X)
    before = scaler.to_json()
    bad = X.copy()
    bad[3, 1] = math.nan
    for batch in (bad, [[1, "2"]], np.ones((2, 3))):
        with pytest.raises((TypeError, ValueError)):
            scaler.partial_fit(batch)
        assert scaler.to_json() == before
    unchanged = kind().fit(X)
    with pytest.raises(ValueError, match="missing"):
        unchanged.fit(bad)
    assert unchanged == kind().fit(X)


@every_scaler
def test_states_that_are_not_ours(kind):
    """Hostile and damaged states are refused with a reason, newer ones by name."""
    state = kind().fit(sample(9, rows=20, columns=2)).to_dict()
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    with pytest.raises(ValueError, match=r"state version 2.*upgrade ml-infra-prepro"):
        kind.from_dict({**state, "version": 2})
    other = next(one for one in SCALERS if one is not kind)
    with pytest.raises(ValueError, match=r"expected a .*, got"):
        other.from_dict(state)
    with pytest.raises(ValueError, match="NaN is not strict JSON"):
        kind.from_json(json.dumps(state).replace("20", "NaN", 1))
    for name in state:
        for bad in (None, 5, -1, "x", [], {}, [[1]], [math.nan], {"cells": 1}, 10**400):
            if bad == state[name] or (name == "features" and bad == 5):
                continue
            if name == "groups" and bad is None:
                continue
            with pytest.raises(ValueError, match=r"state|settings"):
                kind.from_dict({**state, name: bad})
    for field in state["state"]:
        for bad in (None, [], [[1]], [["x", "y"]], [[math.inf, 1]], [[-1, -1]]):
            broken = {**state, "state": {**state["state"], field: bad}}
            try:
                kind.from_dict(broken)
            except ValueError:
                continue
            assert bad == [[-1, -1]]  # two numbers like any other
            assert field in {"low", "low_rest", "high_rest", "mean", "mean_rest",
                             "exponent"}  # fmt: skip
    with pytest.raises(ValueError, match="not fitted"):
        kind().to_dict()


def test_certified_error_of_streams():
    """Beyond 4096 distinct values the answer's rank is within the certified error."""
    rng = np.random.default_rng(10)
    data = rng.lognormal(size=(60_000, 1))
    ordered = np.sort(data[:, 0])
    stream = RobustScaler()
    clipper = OutlierClipper()
    for start in range(0, len(data), 7000):
        stream.partial_fit(data[start : start + 7000])
        clipper.partial_fit(data[start : start + 7000])
    error = stream.rank_error_[0, 0]
    assert 0 < error < 0.01
    median = stream.inverse_transform([[0.0]])[0][0]
    rank = np.searchsorted(ordered, median) / len(ordered)
    assert abs(rank - 0.5) <= error
    low, high = (x for (x,) in clipper.transform([[-1.0], [1e9]]))
    for value, share in ((low, 0.05), (high, 0.95)):
        rank = np.searchsorted(ordered, value) / len(ordered)
        assert abs(rank - share) <= clipper.rank_error_[0, 0] + 1 / len(ordered)
    exact = RobustScaler().fit(data)
    assert exact.rank_error_.tolist() == [[0.0]]
    assert exact.inverse_transform([[0.0]])[0][0] == np.median(data)
    restored = RobustScaler.from_json(stream.to_json())
    assert restored.rank_error_[0, 0] == error
    backwards = RobustScaler()
    for start in range(56_000, -1, -7000):
        backwards.partial_fit(data[start : start + 7000])
    assert backwards.to_json() == stream.to_json()  # whatever the order


def test_a_large_fit_keeps_exact_percentiles_only():
    data = np.random.default_rng(11).normal(size=(70_000, 1))
    large = OutlierClipper().fit(data)
    assert large.rank_error_[0, 0] == 0
    assert len(large.to_json()) < 600
    with pytest.raises(ValueError, match="use partial_fit for data that is to be"):
        large.merge(OutlierClipper().fit(data[:10]))
    with pytest.raises(ValueError, match="use partial_fit for data that is to be"):
        large.partial_fit(data[:10])


@every_scaler
def test_transform_runs_in_threads_and_scalers_pickle(kind):
    X = sample(12, rows=300, columns=6)
    scaler = kind().fit(X)
    wanted = scaler.transform(X)
    with ThreadPoolExecutor(4) as pool:
        for made in pool.map(scaler.transform, [X] * 8):
            np.testing.assert_array_equal(made, wanted)
    copied = pickle.loads(pickle.dumps(scaler))  # noqa: S301 -- our own bytes
    assert copied == scaler
    np.testing.assert_array_equal(copied.transform(X), wanted)


@every_scaler
def test_shapes_that_are_refused(kind):
    scaler = kind().fit([[1.0, 2.0], [3.0, 5.0], [4.0, 7.0], [9.0, 9.0]])
    for X in (np.ones(4), np.ones((2, 2, 2)), np.array(1.0)):
        with pytest.raises(ValueError, match="expected a 2D array"):
            scaler.fit(X)
    for X in ([1.0, 2.0], [[1.0, 2.0], [3.0]]):
        with pytest.raises(ValueError, match="X: expected"):
            scaler.fit(X)
    for X in ("ab", 5, {1, 2}, None):
        with pytest.raises(TypeError, match="expected a two-dimensional"):
            scaler.fit(X)
    for X in (np.empty((0, 2)), np.empty((2, 0)), [], {}, {"a": []}):
        with pytest.raises(ValueError, match=r"minimum of 1 is required|no numeric"):
            scaler.fit(X)
    with pytest.raises(TypeError, match="a dict of plain numbers is one row"):
        scaler.fit({"a": 1.0})
    with pytest.raises(ValueError, match="different lengths"):
        scaler.fit({"a": [1.0], "b": [1.0, 2.0]})
    with pytest.raises(KeyError, match="row 1 lacks"):
        scaler.fit([{"a": 1}, {"b": 2}])
    assert scaler.transform(np.empty((0, 2))).shape == (0, 2)


def test_selected_columns_leave_the_others():
    X = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])
    made = MinMaxScaler(columns=[2, 0]).fit_transform(X)
    assert made.tolist() == [[0, 10, 0], [1, 20, 1]]
    assert MinMaxScaler(columns=[1]).fit(X).transform([1, 15.0, 3]) == [1, 0.5, 3]
    with pytest.raises(KeyError, match=r"lacks columns: 3"):
        MinMaxScaler(columns=[3]).fit(X)


def test_every_scaler_is_exported():
    for kind in SCALERS:
        assert getattr(ml_infra.preprocessing, kind.__name__) is kind


@pytest.mark.parametrize("kind", [scalers.RobustScaler, scalers.OutlierClipper])
def test_collapsed_histograms_merge_and_leave_the_operands_alone(kind):
    """More distinct values than bins on both sides, or with nothing on one side."""
    rng = np.random.default_rng(3)
    one, two = (kind().partial_fit(rng.normal(size=(9000, 1))) for _ in range(2))
    assert one.rank_error_ > 0
    before = [one.to_json(), two.to_json()]
    both = one.merge(two)
    assert [one.to_json(), two.to_json()] == before
    assert both.to_json() == two.merge(one).to_json()
    assert both.state_.count == 18_000
    empty = kind().partial_fit(np.empty((0, 1)))
    assert empty.merge(one).to_json() == one.merge(empty).to_json() == before[0]
    assert one.partial_fit(np.empty((0, 1))).to_json() == before[0]


def test_what_was_learned_can_be_read_by_scikit_learns_names():
    table = {"x": [1.0, 2.0, 3.0, 4.0, 90.0], "g": ["a", "b", "a", "b", "a"]}
    column = {"x": table["x"]}
    extents, moments = MinMaxScaler().fit(column), StandardScaler().fit(column)
    assert (extents.data_min_.tolist(), extents.data_max_.tolist()) == ([1.0], [90.0])
    assert moments.mean_.tolist() == [20.0]
    assert moments.scale_.tolist() == [pytest.approx(statistics.stdev(table["x"]))]
    robust, clipper = RobustScaler().fit(column), OutlierClipper(20, 60).fit(column)
    assert (robust.center_.tolist(), robust.scale_.tolist()) == ([3.0], [2.0])
    assert (clipper.lower_.tolist(), clipper.upper_.tolist()) == ([2.0], [4.0])
    grouped = StandardScaler(by="g").fit(table)
    assert grouped.groups_ == ["a", "b"]
    assert grouped.mean_.tolist() == [[pytest.approx(94 / 3)], [3.0]]
    assert StandardScaler.from_json(grouped.to_json()).mean_.tolist() == (
        grouped.mean_.tolist()
    )


def test_a_constant_column_has_no_scale_and_an_unfitted_scaler_nothing_learned():
    constant = {"x": [5, 5, 5]}
    assert StandardScaler(constant="zero").fit(constant).scale_.tolist() == [0.0]
    assert RobustScaler(constant="zero").fit(constant).scale_.tolist() == [0.0]
    tiny = StandardScaler().fit({"x": [1e-200, 2e-200, 3e-200]})
    assert tiny.scale_.tolist() == [pytest.approx(1e-200)]
    for name in ("mean_", "scale_"):
        with pytest.raises(ValueError, match="not fitted"):
            getattr(StandardScaler(), name)
        assert not hasattr(StandardScaler(), name)
