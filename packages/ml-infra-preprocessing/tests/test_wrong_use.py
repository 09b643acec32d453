"""Wrong settings, arguments and saved states are refused at once and by name."""

import copy
import json
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from ml_infra.preprocessing import (
    Column,
    MinMaxScaler,
    OutlierClipper,
    Profile,
    RobustScaler,
    Schema,
    StandardScaler,
    StateError,
    check_columns,
    check_finite,
    check_in_range,
    check_unique,
    clip_outliers,
    drift,
    normalize,
    robust_scale,
    standardize,
)

SCALERS = (MinMaxScaler, StandardScaler, RobustScaler, OutlierClipper)
every_scaler = pytest.mark.parametrize("kind", SCALERS)
TABLE = {"a": [1.0, 2.0, 4.0], "b": [3.0, 1.0, 2.0]}


def changed(state, path, value):
    """Return a copy of a state with one value replaced."""
    made = part = copy.deepcopy(state)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return made


@every_scaler
def test_columns_have_to_be_different_names(kind):
    for bad, error, message in (
        ([], ValueError, "columns must name at least one column"),
        (["a", "a"], ValueError, "columns must be different names"),
        (-1, TypeError, "columns must be a list of names"),
    ):
        with pytest.raises(error, match=message):
            kind(columns=bad).fit(TABLE)
        state = kind(columns=["a"]).fit(TABLE).to_dict()
        with pytest.raises(ValueError, match="state: columns must"):
            kind.from_dict(changed(state, ["settings", "columns"], bad))
    with pytest.raises(ValueError, match="'columns' must be those learned"):
        kind.from_dict(changed(state, ["settings", "columns"], ["b"]))


@every_scaler
def test_rows_are_grouped_by_the_name_of_one_column(kind):
    """A list of one, as pandas takes it, is refused by name."""
    for bad in (["a"], {}, np.array(["a"])):
        with pytest.raises(TypeError, match="by must be the name of one column, got"):
            kind(by=bad).fit(TABLE)
    state = kind().fit(TABLE).to_dict()
    for bad in ([["a"]], {}):
        with pytest.raises(StateError, match="state: by must be the name"):
            kind.from_dict(changed(state, ["settings", "by"], bad))


@pytest.mark.parametrize("bad", [25, None, (25,), (5, 50, 95), "ab", {25, 75}])
def test_quantiles_are_two_percentiles(bad):
    with pytest.raises(ValueError, match="quantiles must be two percentiles"):
        RobustScaler(quantiles=bad).fit(TABLE)
    if bad not in ("ab", {25, 75}):
        with pytest.raises(ValueError, match="quantiles must be two percentiles"):
            robust_scale([1, 2, 4], quantiles=bad)


VALUES = [1.0, 2.0, 4.0]
SCHEMA = Schema({"a": "float"})
#: Settings by the name that a refusal has to hold.
SETTINGS = {
    "ddof": [
        lambda ddof: standardize(VALUES, ddof=ddof),
        lambda ddof: standardize(np.array(VALUES), ddof=ddof),
        lambda ddof: StandardScaler(ddof=ddof).fit(TABLE),
        lambda ddof: StandardScaler(ddof=ddof, by="a").fit(TABLE),
    ],
    "percentiles": [
        lambda low: clip_outliers(VALUES, low, 95),
        lambda high: clip_outliers(VALUES, 5, high),
        lambda low: robust_scale(VALUES, quantiles=(low, 75)),
        lambda low: OutlierClipper(low, 95).fit(TABLE),
        lambda high: RobustScaler(quantiles=(25, high)).fit(TABLE),
    ],
    "range": [
        lambda low: MinMaxScaler((low, 1)).fit(TABLE),
        lambda high: MinMaxScaler((0, high)).fit(TABLE),
    ],
    "low, high": [
        lambda low: check_in_range(VALUES, low, 0),
        lambda high: check_in_range(VALUES, 5, high),
    ],
    "alpha": [lambda alpha: drift(TABLE, TABLE, alpha=alpha)],
    "min_effect": [
        lambda floor: drift(TABLE, TABLE, min_effect=floor),
        lambda floor: drift(TABLE, TABLE, min_effect={"ks": floor}),
    ],
    "q": [Profile.of(TABLE)["a"].quantile],
    "k": [Profile.of(TABLE)["a"].top, Profile.of({"a": ["x"]})["a"].top],
    "cap": [lambda cap: Profile(cap=cap)],
    "max_labels": [lambda most: Profile(max_labels=most)],
    "min_rows": [lambda least: Schema({}, min_rows=least)],
    "max_examples": [lambda most: SCHEMA.validate(TABLE, most)],
    "max_categories": [lambda most: Schema.infer(TABLE, max_categories=most)],
    "start": [
        lambda start: SCHEMA.validator(start=start),
        lambda start: SCHEMA.validator().update(TABLE, start=start),
    ],
    "max_len": [lambda most: Column("text", max_len=most)],
    "position": [lambda place: Column("text", position=place)],
    "min": [lambda low: Column("float", min=low)],
    "max": [lambda high: Column("float", max=high)],
}
#: What takes any integer, or any that is not negative.
COUNTS = {"cap", "k", "max_categories", "max_examples", "max_len", "position"}
BOUNDS = {"low, high", "min", "max"}
UNUSABLE = {
    "huge": (10**400, COUNTS | BOUNDS),
    "-huge": (-(10**400), BOUNDS),
    "fraction": (Fraction(10**400), {"low, high"}),
    "decimal": (Decimal("nan"), set()),
    "nan": (float("nan"), set()),
    "text": ("x", set()),
    "complex": (1j, set()),
    "array": (np.ones(2), set()),
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name in SETTINGS for kind in UNUSABLE
     if name not in UNUSABLE[kind][1]],
)  # fmt: skip
def test_a_setting_that_is_no_usable_number_is_refused_by_name(name, kind):
    for call in SETTINGS[name]:
        with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b") as caught:
            call(UNUSABLE[kind][0])
        assert type(caught.value) in (TypeError, ValueError)
        assert "ambiguous" not in str(caught.value)


def test_a_ddof_that_no_data_have_is_refused_with_a_way_out():
    for call in SETTINGS["ddof"]:
        with pytest.raises(ValueError, match=r"of about 10\*\*5000; 1 is for"):
            call(10**5000)
        with pytest.raises(ValueError, match=r"pass .*smaller\sddof"):
            call(3)
    assert standardize([1.0, 3.0], ddof=np.int64(0)) == [-1.0, 1.0]


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint64", "float32", "float64"])
@pytest.mark.parametrize("closed", ["both", "neither"])
def test_bounds_beyond_every_float_are_bounds_like_others(dtype, closed):
    values, huge = np.array([1, 2, 3], dtype), 10**400
    for data in (values, values.tolist(), [*values.tolist(), None]):
        for low, high, good in (
            (-huge, huge, 3),
            (np.float64(0), huge, 3),
            (huge, 2 * huge, 0),
            (-2 * huge, -huge, 0),
        ):
            column = Column(min=low, max=high, closed=closed)
            schema = Schema({"a": column})
            assert Schema.from_json(schema.to_json()) == schema
            rules = {one.rule: one for one in schema.validate({"a": data}).results}
            assert rules["min"].count + rules["max"].count == 3 - good
            if good:
                assert check_in_range(data, low, high, closed=closed) is data
            else:
                with pytest.raises(ValueError, match=r"3 of \d values are outside"):
                    check_in_range(data, low, high, closed=closed)
        column = Column(in_=(2, huge, -huge), null_like=(3, huge))
        listed = Schema({"a": column}).validate({"a": data}).failures
        assert [(one.rule, one.count, one.values) for one in listed] == [
            ("in_", 1, (1,))
        ]


def test_numbers_beyond_every_float_are_judged_and_not_thrown_at():
    for huge in (10**400, Fraction(10**400), Fraction(10**400, 3)):
        column = Column("float", min=2, max=3, unique=True, ordered="increasing")
        for data in ([1.5, huge], [1, huge, None]):
            report = Schema({"a": column}).validate({"a": data})
            assert not report.ok
            assert json.loads(report.to_json())["ok"] is False
            with pytest.raises(TypeError, match="data: expected numbers, got huge"):
                check_finite(data)
            assert Profile.of({"a": data})["a"].nulls == len(data) - 2


class Unwritten:
    def __repr__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10**5000, r"an integer of about 10\*\*5000"),  # too long for Python's digits
        (Fraction(10**5000, 3), "<Fraction that cannot be written>"),
        (Unwritten(), "<Unwritten that cannot be written>"),
    ],
    ids=["integer", "fraction", "object"],
)
def test_values_that_cannot_be_written_are_reported_all_the_same(value, text):
    data = {"a": [value, 1, value]}
    report = Schema({"a": Column(in_=(1,), unique=True)}).validate(data)
    assert len(re.findall(text, str(report))) == 4  # both rows, by both rules
    for one in json.loads(report.to_json())["results"]:
        assert all(re.fullmatch(f"{text}|1", str(found)) for found in one["values"])
    with pytest.raises(ValueError, match=rf"are not unique \(rows 0, 2: {text}"):
        check_unique(data["a"])
    profile = Profile.of(data)
    assert Profile.from_json(profile.to_json()).to_json() == profile.to_json()
    assert profile["a"].distinct == 2
    assert drift(profile, profile).verdict == "unknown"


def test_an_infinite_floor_is_never_reached_and_stays_json():
    rng = np.random.default_rng(0)
    old, new = {"x": rng.normal(size=200)}, {"x": rng.normal(2, 1, size=200)}
    assert drift(old, new)["x"].verdict == "drift"
    found = drift(old, new, min_effect=float("inf"))
    assert found["x"].verdict == "stable"
    tests = json.loads(found.to_json())["columns"][0]["tests"]
    assert {one["floor"] for one in tests} == {"inf"}


@pytest.mark.parametrize("bad", [None, 5, "a", b"a"])
def test_columns_to_check_are_a_list_of_names(bad):
    with pytest.raises(TypeError, match="columns: expected a list of names, got"):
        check_columns(TABLE, bad)


def test_settings_of_a_saved_range():
    with pytest.raises(TypeError, match="clip must be True or False, got 'no'"):
        MinMaxScaler(clip="no").fit(TABLE)
    with pytest.raises(ValueError, match="range must be two finite numbers"):
        MinMaxScaler((0, 10**400)).fit(TABLE)
    state = MinMaxScaler().fit(TABLE).to_dict()
    for name, bad in (("range", [0, 10**400]), ("clip", "false")):
        with pytest.raises(ValueError, match=f"state: {name} must"):
            MinMaxScaler.from_dict(changed(state, ["settings", name], bad))


@pytest.mark.parametrize("kind", [RobustScaler, OutlierClipper])
def test_percentiles_that_a_state_lacks(kind):
    """They were missed when the scaler was first used, as a KeyError."""
    rows = np.random.default_rng(0).normal(size=(5000, 1))
    state = kind().fit(rows).to_dict()
    cell = ["state", "cells", 0, 0]
    exact = state["state"]["cells"][0][0]["exact"]
    assert exact
    for bad in ([], exact[1:], [[rank, -value] for rank, value in exact],
                [[rank, 10**400] for rank, _ in exact]):  # fmt: skip
        with pytest.raises(ValueError, match="state: 'exact'"):
            kind.from_dict(changed(state, [*cell, "exact"], bad))
    alone = changed(state, [*cell, "exact"], None)
    with pytest.raises(ValueError, match="needs exact or histogram"):
        kind.from_dict(changed(alone, [*cell, "histogram"], None))
    assert kind.from_dict(state) == kind().fit(rows)


def test_numbers_of_a_saved_profile():
    state = Profile.of({"a": [1.0, 2.0]}).to_dict()
    for name, bad in (("mean", 10**400), ("squares", -1), ("squares", 10**400),
                      ("low", 10**400), ("high", 0.5)):  # fmt: skip
        with pytest.raises(ValueError, match="state: "):
            Profile.from_dict(changed(state, ["columns", 0, "state", name], bad))


@pytest.mark.parametrize("kind", [*SCALERS, Schema, Profile])
def test_text_that_is_no_json(kind):
    for text in ("{", "", b"\xff", "[1,]"):
        with pytest.raises(ValueError, match="text: no JSON: ") as caught:
            kind.from_json(text)
        assert type(caught.value).__name__ == "StateError"
    with pytest.raises(ValueError, match="NaN is not strict JSON"):
        kind.from_json(json.dumps({"a": float("nan")}))
    with pytest.raises(TypeError, match="text: expected JSON text, got NoneType"):
        kind.from_json(None)


def test_arguments_of_another_type():
    schema = Schema({"a": "int"})
    for call, wanted in (
        (lambda: Profile().merge(3), "other: expected a Profile, got int"),
        (lambda: schema.validator().merge(3), "other: expected a Validator, got int"),
        (lambda: schema.diff(3), "other: expected a Schema, got int"),
        (lambda: Schema({}, checks=[3]), "checks: expected a list of Check .* got int"),
        (lambda: Schema({}, checks=3), "checks: expected a list of Check .* got int"),
    ):
        with pytest.raises(TypeError, match=wanted):
            call()
    assert Schema({"a": Column("int")}).diff(schema) == []


@pytest.mark.parametrize("seed", range(2))
def test_wide_integers_are_scaled_as_by_normalize(seed):
    """Above 2**53 the scaler rounded where the function did not."""
    rng = np.random.default_rng(seed)
    for low, high in ((0, 2**62), (7, 2**60 + 3), (-(2**62), 2**62), (2**53 - 3,
                      2**53 + 9), (2**61, 2**61 + 40), (-5, 2**54)):  # fmt: skip
        data = rng.integers(low, high, 50, endpoint=True)
        wanted = normalize(data)
        exact = [float(x - min(data.tolist())) for x in data.tolist()]
        assert wanted.tolist() == [x / max(exact) for x in exact]
        for table in (data[:, None], {"a": data}, {"a": data.tolist()}):
            made = MinMaxScaler().fit_transform(table)
            column = made["a"] if isinstance(made, dict) else made[:, 0]
            assert list(column) == wanted.tolist()
        fitted = MinMaxScaler().fit(data[:, None])
        assert [fitted.transform([x])[0] for x in data.tolist()] == wanted.tolist()


def test_labels_that_look_like_numbers():
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    labels = pandas.Categorical([1, 2, 1])
    for data in (
        labels,
        pandas.Series(labels),
        pyarrow.array([1, 2]).dictionary_encode(),
    ):
        with pytest.raises(TypeError, match=r"(categorical|dictionary) data .*decode"):
            normalize(data)
