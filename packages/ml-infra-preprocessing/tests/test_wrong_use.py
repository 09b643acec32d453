"""Wrong settings, arguments and saved states are refused at once and by name."""

import copy
import json

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
    normalize,
    robust_scale,
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
