"""What was learned does the same to rows, columns, matrices and groups, to the bit."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest

from ml_infra.preprocessing import (
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    StandardScaler,
)

NOISE = np.random.default_rng(18).normal(size=60)
TRAINING = {
    "offset": 1e6 + NOISE,
    # So narrow that the part of the mean beyond one float matters.
    "narrow": 1 + np.round(NOISE * 40) * 2.0**-52,
    "zeros": np.array([-2.0, -0.0, 0.0, 2.0]),
    "huge": NOISE / np.abs(NOISE).max() * 1e308,
    "tiny": np.round(NOISE * 1000) * 5e-324,
    "wide": np.array([0.0, 2.0**60, 2.0**61]),
}
SCALERS = {
    "MinMax": MinMaxScaler(),
    "MinMax 0.1 0.7": MinMaxScaler((0.1, 0.7)),
    "MinMax clip": MinMaxScaler((-1, 3), clip=True),
    "Standard": StandardScaler(),
    "Standard ddof=0": StandardScaler(ddof=0),
    "Robust": RobustScaler(),
    "Clipper": OutlierClipper(10, 90),
}


def root(value):
    """Return the square root of a fraction to 200 bits."""
    bits = math.isqrt((value.numerator * value.denominator) << 400)
    return Fraction(bits, value.denominator << 200)


def expected(scaler, exact, training, data):
    """Return what fractions give, data and results lists of numbers."""
    if isinstance(scaler, OutlierClipper):
        low, high = (sorted(training)[int(len(training) * p / 100)] for p in (10, 90))
        return [Fraction(min(max(x, low), high)) for x in data]
    if isinstance(scaler, StandardScaler):
        count, center, squares = exact.moments(training)
        scale = root(squares / (count - scaler.ddof))
    else:
        levels = (0, 0, 100) if isinstance(scaler, MinMaxScaler) else (50, 25, 75)
        center, low, high = (exact.percentile(training, p) for p in levels)
        scale = high - low
    made = [(Fraction(x) - center) / scale for x in data]
    if isinstance(scaler, MinMaxScaler):
        low, high = map(Fraction, scaler.range)
        made = [low + x * (high - low) for x in made]
        if scaler.clip:
            made = [min(max(x, low), high) for x in made]
    return made


def every_way(scaler, X):
    """Return the same two columns transformed in every way there is, by name."""
    state = json.loads(scaler.to_json())
    named = {**state, "columns": ["x", "y"], "features": ["x", "y"]}
    by = {**named, "features": ["g", "x", "y"], "groups": ["a"]}
    by["settings"] = {**state["settings"], "by": "g"}
    named, by = type(scaler).from_dict(named), type(scaler).from_dict(by)
    times = 700 // len(X) + 1  # more rows than are laid side by side, and some alone
    table = {"x": X[:, 0], "y": X[:, 1]}
    made = {
        "matrix": scaler.transform(np.tile(X, (times, 1))),
        "one by one": scaler.transform(np.asfortranarray(np.tile(X, (times, 1)))),
        "columns": np.stack(list(named.transform(table).values()), axis=1),
    }
    groups = by.transform({"g": ["a"] * len(X), **table})
    made["groups"] = np.stack([groups["x"], groups["y"]], axis=1)
    if X.dtype == np.float64:
        made["rows"] = np.array([scaler.transform(row) for row in X.tolist()])
        made["arrays"] = np.concatenate([scaler.transform(row[None]) for row in X])
        rows = [{"g": "a", "x": x, "y": y} for x, y in X.tolist()]
        rows = [by.transform(row) for row in rows]
        made["rows of groups"] = np.array([[row["x"], row["y"]] for row in rows])
    return made


def agreed(made, X):
    """Return the result that all ways agree on, signs of zeros included."""
    bits = {
        name: np.ascontiguousarray(part).tobytes()
        for name, whole in made.items()
        for part in np.split(whole, len(whole) // len(X))
    }
    assert [name for name in bits if bits[name] != bits["matrix"]] == []
    assert {whole.dtype for whole in made.values()} == {X.dtype}
    return made["matrix"][: len(X)]


@pytest.mark.parametrize("training", TRAINING.values(), ids=TRAINING)
@pytest.mark.parametrize("scaler", SCALERS.values(), ids=SCALERS)
def test_every_way_gives_the_exact_values_to_the_same_bits(exact, scaler, training):
    X = np.stack([training, training[::-1]], axis=1)
    ordered = np.sort(training)
    with np.errstate(all="ignore"):
        middles = ordered[:-1] / 2 + ordered[1:] / 2
    data = np.concatenate([training, middles])
    fitted = type(scaler)(**scaler.get_params()).fit(X)
    made = agreed(every_way(fitted, np.stack([data, data[::-1]], axis=1)), data)
    wanted = expected(scaler, exact, training.tolist(), data.tolist())
    bound = 1e-14
    if isinstance(scaler, RobustScaler):  # whose percentiles are floats
        bound += np.spacing(np.abs(training).max()) / (fitted.scale_[0] / 2)
    for j, values in enumerate((wanted, wanted[::-1])):
        for x, value in zip(made[:, j].tolist(), values, strict=True):
            assert abs(Fraction(x) - value) <= bound * max(1, abs(float(value)))
    if not isinstance(scaler, OutlierClipper):
        assert not np.signbit(made[made == 0]).any()


@pytest.mark.parametrize("scaler", [MinMaxScaler(), StandardScaler(), RobustScaler()])
def test_singles_are_rounded_once(exact, scaler):
    """Half a unit of float32 away from fractions, at most, in every way."""
    data = (1e6 + 3 * NOISE).astype(np.float32)
    X = np.stack([data, data[::-1]], axis=1)
    made = agreed(every_way(scaler.fit(X), X), X)[:, 0]
    wanted = expected(scaler, exact, data.tolist(), data.tolist())
    for x, value in zip(made, wanted, strict=True):
        error = abs(Fraction(float(x)) - value) / Fraction(float(np.spacing(abs(x))))
        assert error <= 0.5 + 1e-6


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler, RobustScaler])
def test_constants_become_zeros_and_missing_values_stay(kind):
    """Zeros without a sign, and back to the constant, whatever comes later."""
    X = np.array([[5.0, 1.0], [5.0, 2.0], [5.0, 3.0]])
    scaler = kind(constant="zero", missing="keep").fit(X)
    later = np.array([[4.0, 1.0], [9.0, 2.0], [math.nan, 3.0], [1.7e308, math.nan]])
    made = agreed(every_way(scaler, later), later)
    assert str(made[:, 0].tolist()) == "[0.0, 0.0, nan, 0.0]"
    assert np.isnan(made[:, 1]).tolist() == [False, False, False, True]
    back = scaler.inverse_transform(made)
    assert str(back.tolist()) == "[[5.0, 1.0], [5.0, 2.0], [nan, 3.0], [5.0, nan]]"


def test_only_the_constant_groups_come_back_as_constants():
    table = {"g": ["a", "a", "b", "b"], "x": [1.0, 3.0, 7.0, 7.0]}
    for kind in (MinMaxScaler, StandardScaler, RobustScaler):
        scaler = kind(by="g", constant="zero").fit(table)
        back = scaler.inverse_transform({"g": list("abab"), "x": [0.0, 0.0, 0.5, 9.0]})
        width, center = scaler.transform({"g": list("aa"), "x": [1.0, 3.0]})["x"], 2.0
        if kind is MinMaxScaler:
            assert (back["x"], width) == ([1.0, 7.0, 2.0, 7.0], [0.0, 1.0])
        else:
            half = 0.5 / width[1]
            assert back["x"] == [center, 7.0, pytest.approx(center + half), 7.0]


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_zeros_come_back_without_a_sign(zero):
    for kind in (MinMaxScaler, StandardScaler, RobustScaler):
        for training in ([[zero], [1.0]], [[zero], [zero]], [[-1.0], [zero], [1.0]]):
            scaler = kind(constant="zero").fit(training)
            back = scaler.inverse_transform(scaler.transform([[zero]]))
            assert str(back) == "[[0.0]]"


def test_later_data_beyond_the_range_keep_their_digits():
    """The usual range is no detour over 1 - (1 - x), which loses them."""
    X = np.array([[0.0, 0.0], [1.0, 1.0]])
    later = np.array([[1e16 + 2, 2.0**-60], [3 * 2.0**53, -(2.0**-60)]])
    assert np.array_equal(agreed(every_way(MinMaxScaler().fit(X), later), later), later)


def test_what_rounding_took_from_the_mean_is_put_back():
    """Units of 2^-52 about 1: the mean lies a third of one above 1."""
    data = np.array([[1.0], [1.0], [1 + 2.0**-52]])
    for shape in (data, np.repeat(data, 2, axis=1)):
        scaler = StandardScaler().fit(shape)
        assert np.array_equal(scaler.inverse_transform(scaler.transform(shape)), shape)


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
@pytest.mark.parametrize(
    ("training", "later", "dtype"),
    [
        ([2**53, 2**53 + 2], [2**53 + 1, 2**53 + 3], "i8"),
        ([2**53 - 4, 2**53 - 2], [2**53 - 3, 2**53 + 1], "i8"),
        ([2**52, 2**52, 2**52 + 2], [2**52 + 1, 2**52 + 2], "i8"),
        ([2**62, 2**62 + 1, 2**62 + 3], [2**62 + 1, 2**62 + 2], "i8"),
        ([-(2**63), 2 - 2**63], [-(2**63), 1 - 2**63, 3 - 2**63], "i8"),
        # Beyond the type of what comes later, by little and by much.
        ([2**63 - 1, 2**63 + 1], [2**63 - 1, 2**63 - 3], "i8"),
        ([-4, 2**62], [5, 2**64 - 1], "u8"),
        ([2**64 - 4, 2**64 - 1], [2**64 - 2, 2**64 - 4], "u8"),
        ([2**62, 2**62 + 2], [5, -100], "i1"),
        ([0, 2**62], [5, 100], "i1"),
    ],
)
def test_integers_beyond_2_to_the_53_are_exact_later_too(
    exact, kind, training, later, dtype
):
    """As columns and as rows, in any order of training and later data."""
    scaler = kind().fit({"x": np.array(training, "u8" if min(training) > 0 else "i8")})
    wanted = expected(scaler, exact, training, later)
    for made in (
        scaler.transform({"x": np.array(later, dtype)})["x"],
        scaler.transform({"x": np.array(later, dtype)[::-1]})["x"][::-1],
        [scaler.transform({"x": x})["x"] for x in later],
    ):
        for x, value in zip(made, wanted, strict=True):
            assert abs(Fraction(float(x)) - value) <= 3 * 2**-53 * max(1, abs(value))


def test_integers_are_read_in_the_units_of_a_restored_state():
    """A mean of 2^60 in units of 2 is 2^61."""
    state = StandardScaler().fit({"x": [1, 2, 3]}).to_dict()
    state["state"].update(mean=[[2.0**60]], exponent=[[1]])
    scaler = StandardScaler.from_dict(state)
    later = np.array([2**61, 2**61 + 1024, 2**61 - 2048])
    assert scaler.transform({"x": later})["x"].tolist() == [0, 512, -1024]


@pytest.mark.parametrize("scaler", SCALERS.values(), ids=SCALERS)
def test_one_row_is_answered_in_plain_python(scaler, monkeypatch):
    """Arrays of one row would take twenty times as long."""
    training = TRAINING["offset"]
    fitted = type(scaler)(**scaler.get_params()).fit({"x": training, "y": NOISE})
    wanted = fitted.transform({"x": training[:3], "y": NOISE[:3]})
    monkeypatch.setattr(type(scaler), "_transform_frame", None)
    for i in range(3):
        made = fitted.transform({"x": training[i], "y": NOISE[i].item()})
        assert made == {"x": wanted["x"][i], "y": wanted["y"][i]}


def test_values_that_are_not_finite_are_found_in_every_way():
    """Whatever their place; the sums that show them start anywhere."""
    X = np.tile([[1.0, 10.0], [2.0, 30.0]], (400, 1))
    for scaler in SCALERS.values():
        fitted = type(scaler)(**scaler.get_params()).fit(X)
        for place in (0, 799):
            bad = X.copy()
            bad[place, 1] = math.nan
            message = f"column 1: 1 of 800 values is missing.*position {place}"
            for table in (bad, np.asfortranarray(bad)):
                with pytest.raises(ValueError, match=message):
                    fitted.transform(table)
