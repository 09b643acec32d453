"""What scalers learned, merged and restored: shards of one row, constants, units."""

import json
import math

import numpy as np
import pytest

from ml_infra.preprocessing import MinMaxScaler, StandardScaler, scalers

SCALERS = [getattr(scalers, name) for name in scalers.__all__]
both_orders = pytest.mark.parametrize("swap", [False, True], ids=["as-is", "swapped"])


def shard(kind, values, **settings):
    dtype = np.int64 if all(type(x) is int for x in values) else np.float64
    return kind(**settings).partial_fit(np.array(values, dtype).reshape(-1, 1))


def merged(kind, one, two, swap, **settings):
    shards = [shard(kind, values, **settings) for values in (one, two)]
    return shards[swap].merge(shards[not swap])


def tampered(scaler, **fields):
    state = json.loads(scaler.to_json())
    state["state"].update(fields)
    return state


@both_orders
@pytest.mark.parametrize("single", [5.0, 8.0, 11.0])
def test_a_shard_of_one_row_counts(single, swap):
    """Below, between or above what the other shard has."""
    values = sorted([single, 7.0, 9.0])
    extents = merged(MinMaxScaler, [single], [7.0, 9.0], swap)
    assert extents.data_min_.tolist() == [values[0]]
    assert extents.data_max_.tolist() == [values[2]]
    moments = merged(StandardScaler, [single], [7.0, 9.0], swap)
    mean = sum(values) / 3
    assert moments.mean_[0] == pytest.approx(mean, rel=1e-15)
    squares = sum((x - mean) ** 2 for x in values)
    assert moments.scale_[0] == pytest.approx(math.sqrt(squares / 2), rel=1e-15)


def test_two_single_rows_vary_and_equal_ones_do_not():
    made = merged(StandardScaler, [5.0], [7.0], False)
    assert made.scale_.tolist() == [math.sqrt(2)]
    constant = shard(StandardScaler, [0.1] * 3)
    for _ in range(3):
        constant = constant.merge(shard(StandardScaler, [0.1] * 3))
    assert constant.mean_.tolist() == [0.1]  # whatever sums of a tenth round to
    for scaler in (constant, StandardScaler.from_json(constant.to_json())):
        with pytest.raises(ValueError, match=r"column 0: .* constant"):
            scaler.transform([[1.0]])


@both_orders
def test_integers_that_are_one_float_are_told_apart(swap):
    """2^62 + 1 to 2^62 + 3 are the same float; the rests tell them apart."""
    one, two, three = (2**62 + k for k in (1, 2, 3))
    for shards in ([one], [two, three]), ([one, three], [two]), ([three], [one, two]):
        made = merged(MinMaxScaler, *shards, swap)
        table = np.array([[one], [two], [three]])
        assert made.transform(table).tolist() == [[0], [0.5], [1]]
        moments = merged(StandardScaler, *shards, swap)
        assert moments.transform(table).tolist() == [[-1], [0], [1]]
    pair = merged(StandardScaler, [one], [two], swap)
    assert pair.scale_.tolist() == [math.sqrt(0.5)]


@both_orders
@pytest.mark.parametrize(
    ("one", "two", "mean", "scale"),
    [
        # The smaller shard is nothing beside the larger one.
        ([1e308, -1e308], [1.0, 3.0], 1.0, 1e308 * math.sqrt(2 / 3)),
        ([1e308, -1e308], [2.0**500, 3 * 2.0**500], 2.0**500, 1e308 * math.sqrt(2 / 3)),
        # Two constants, whose squared distance is no float.
        ([2.0**600], [-(2.0**600)], 0.0, 2.0**600 * math.sqrt(2)),
        ([2.0**-600], [-(2.0**-600)], 0.0, 2.0**-600 * math.sqrt(2)),
        # 0, 1, 3 in units of 2^-700: mean 4/3, squares 14/3.
        ([0.0], [2.0**-700, 3 * 2.0**-700], 4 / 3 * 2.0**-700,
         2.0**-700 * math.sqrt(7 / 3)),
        ([0.0, 0.0], [2.0**-700], 2.0**-700 / 3, 2.0**-700 / math.sqrt(3)),
        # 1, 3, 16 and 18 of them: mean 19/2, squares 229.
        ([2.0**-700, 3 * 2.0**-700], [2.0**-696, 18 * 2.0**-700], 9.5 * 2.0**-700,
         2.0**-700 * math.sqrt(229 / 3)),
        # The constant is everything beside the tiny ones: 5, 0, 0.
        ([5.0], [2.0**-700, 3 * 2.0**-700], 5 / 3, 5 / math.sqrt(3)),
        # The mean is 0, the squares are not: 2 * 9 beside nothing.
        ([3.0, -3.0], [2.0**-700, 3 * 2.0**-700], 2.0**-700, math.sqrt(6)),
    ],
)  # fmt: skip
def test_shards_of_very_different_sizes(one, two, mean, scale, swap):
    """Merged in units in which the squares fit a float, whatever the caller asks."""
    with np.errstate(all="raise"):
        made = merged(StandardScaler, one, two, swap)
        restored = StandardScaler.from_json(made.to_json())
        assert made.mean_[0] == pytest.approx(mean, rel=1e-15, abs=abs(scale) * 1e-16)
        assert made.scale_[0] == pytest.approx(scale, rel=1e-15)
        assert restored == made
        scaled = restored.transform([[one[0]], [one[-1]]])
    wanted = [[(x - mean) / scale] for x in (one[0], one[-1])]
    np.testing.assert_allclose(scaled, wanted, rtol=1e-14, atol=1e-16)


def test_columns_of_very_different_sizes_are_merged_side_by_side():
    """Units are chosen column by column; zeros do not ask for any."""
    one = StandardScaler(constant="zero").partial_fit([[0.0, 1e200, 1.0, 1e-200]])
    two = StandardScaler(constant="zero").partial_fit([[0.0, 3e200, 3.0, 3e-200]])
    made = StandardScaler.from_json(one.merge(two).to_json())
    assert made.state_.exponent[0, 0] == 0
    half = math.sqrt(0.5)
    assert made.transform([[0.0, 1e200, 3.0, 3e-200]]) == [
        pytest.approx([0.0, -half, half, half], rel=1e-15)
    ]


@pytest.mark.parametrize("kind", SCALERS)
def test_what_learned_nothing_or_a_constant_is_restored(kind):
    empty = kind(constant="zero").partial_fit(np.empty((0, 1)))
    assert kind.from_json(empty.to_json()) == empty
    full = kind(constant="zero").partial_fit([[-7.5]] * 3)
    for made in (full, empty.merge(full), full.merge(empty)):
        restored = kind.from_json(made.to_json())
        assert restored == full
        assert restored.inverse_transform(restored.transform([[-7.5]])) == [[-7.5]]


def test_a_state_of_no_data_is_all_zeros():
    """Saved states say so, and groups that a shard has not seen start from it."""
    for state in (MinMaxScaler._state_type, StandardScaler._state_type):
        saved = state.nothing(1, 2).to_dict()
        assert saved == {name: [[0, 0]] for name in saved}


def test_weights_below_one_are_restored():
    scaler = StandardScaler(ddof=0).fit([[1.0], [5.0]], weights=[0.25, 0.25])
    assert StandardScaler.from_json(scaler.to_json()).transform([[1.0]]) == [[-1.0]]


MOMENTS = {"weight": [[3.0]], "mean": [[2.0]], "squares": [[2.0]], "varied": [[True]]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"squares": [[0.0]]}, "do not fit"),
        ({"squares": [[-1.0]]}, "do not fit"),
        ({"weight": [[0.0]]}, "do not fit"),
        ({"weight": [[-0.5]]}, "do not fit"),
        ({"varied": [[False]]}, "do not fit"),
        ({"weight": [[-0.5]], "varied": [[False]], "squares": [[0.0]]}, "do not fit"),
        ({"exponent": [[1101]]}, "within 1100 of 0"),
        ({"exponent": [[-1101]]}, "within 1100 of 0"),
        ({"exponent": [[2**63]]}, "'exponent' holds numbers beyond 64 bits"),
        ({"exponent": [[1.0]]}, "'exponent' must hold int values"),
        ({"mean": [[True]]}, "'mean' must hold float values"),
        ({"varied": [[1]]}, "'varied' must hold bool values"),
        ({"mean": [[2.0, 2.0]]}, "'mean' must hold 1 values a row"),
        ({"mean": [[2.0], [2.0]]}, "'mean' must be a list of 1 rows"),
        ({"mean": [[1e999]]}, "'mean' must hold finite numbers"),
    ],
)  # fmt: skip
def test_moments_that_contradict_each_other_are_refused(fields, message):
    scaler = StandardScaler().fit([[1], [2], [3]])
    assert StandardScaler.from_dict(tampered(scaler, **MOMENTS)) == scaler
    with pytest.raises(ValueError, match=message):
        StandardScaler.from_dict(tampered(scaler, **fields))
    for exponent in (1100, -1100):
        StandardScaler.from_dict(tampered(scaler, exponent=[[exponent]]))


@pytest.mark.parametrize(
    ("fields", "good"),
    [
        ({"low": [[9.0]]}, True),
        ({"low": [[9.5]]}, False),
        ({"low": [[9.0]], "low_rest": [[0.25]]}, False),
        ({"low": [[9.0]], "low_rest": [[0.25]], "high_rest": [[0.25]]}, True),
        ({"low": [[8.0]], "low_rest": [[0.25]]}, True),
        ({"count": [[0]]}, True),
        ({"count": [[-1]]}, False),
    ],
)
def test_extents_that_contradict_each_other_are_refused(fields, good):
    state = tampered(MinMaxScaler(constant="zero").fit([[1.0], [9.0]]), **fields)
    if good:
        MinMaxScaler.from_dict(state)
        return
    with pytest.raises(ValueError, match="expected counts >= 0 and low <= high"):
        MinMaxScaler.from_dict(state)


def test_groups_and_columns_of_a_state_are_told_apart():
    table = {"g": list("abcabc"), "x": range(6), "y": [9, 1, 5, 2, 8, 3]}
    scaler = MinMaxScaler(by="g").fit(table)
    assert scaler.data_min_.tolist() == [[0, 2], [1, 1], [2, 3]]
    assert MinMaxScaler.from_json(scaler.to_json()) == scaler
    with pytest.raises(ValueError, match="'low' must be a list of 3 rows"):
        MinMaxScaler.from_dict(tampered(scaler, low=[[0.0, 2.0], [1.0, 1.0]]))
    with pytest.raises(ValueError, match="'low' must hold 2 values a row"):
        MinMaxScaler.from_dict(tampered(scaler, low=[[0.0] * 3] * 3))


@both_orders
def test_groups_seen_in_one_shard_only_keep_what_they_learned(swap):
    tables = [
        {"g": ["a", "a", "c", "c"], "x": [1.0, 3.0, -4.0, -8.0]},
        {"g": ["b", "b", "c"], "x": [-1e9, -1.0, -5.0]},
    ]
    for kind in (MinMaxScaler, StandardScaler):
        shards = [kind(by="g").partial_fit(table) for table in tables]
        made = shards[swap].merge(shards[not swap])
        assert made.groups_ == ["a", "b", "c"]
        if kind is MinMaxScaler:
            assert made.data_min_.tolist() == [[1], [-1e9], [-8]]
            assert made.data_max_.tolist() == [[3], [-1], [-4]]
        else:
            assert made.mean_[:, 0].tolist() == pytest.approx(
                [2, -500000000.5, -17 / 3], rel=1e-15
            )
