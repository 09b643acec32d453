"""Columns with None, text or wide floats among their numbers are never passed over."""

import math

import numpy as np
import pytest

from ml_infra.preprocessing import (
    Column,
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    Schema,
    StandardScaler,
    clip_outliers,
    normalize,
    robust_scale,
    standardize,
)

SCALERS = (MinMaxScaler, StandardScaler, RobustScaler, OutlierClipper)
every_scaler = pytest.mark.parametrize("kind", SCALERS)


def tables(columns):
    """Yield the same columns as dict, list of dicts and, if installed, object frame."""
    yield columns
    rows = zip(*columns.values(), strict=True)
    yield [dict(zip(columns, row, strict=True)) for row in rows]
    try:
        import pandas as pd
    except ImportError:
        return
    yield pd.DataFrame(columns, dtype=object)


@every_scaler
def test_one_none_does_not_leave_a_column_unscaled(kind):
    """`a` was skipped without a word, and 100.0 came out of transform as 100.0."""
    for table in tables({"a": [1.0, 2, None], "b": [1.0, 2, 3]}):
        message = (
            r"column 'a': expected numbers, got NoneType None at position 2; "
            r"missing='keep' leaves it in place"
        )
        with pytest.raises(TypeError, match=message):
            kind().fit(table)
        fitted = kind(missing="keep").fit(table)
        assert fitted.columns_ == ["a", "b"]
        wanted = kind().fit([[1.0], [2.0]]).transform([2.0])[0]
        made = fitted.transform({"a": 2.0, "b": 2.0})
        assert made["a"] == wanted
        assert fitted.transform({"a": None, "b": 2.0}) == {**made, "a": None}
        assert fitted.inverse_transform({"a": None, "b": made["b"]})["a"] is None
        with pytest.raises(TypeError, match="column 'a': expected numbers, got None"):
            kind().fit([{"a": 1, "b": 2}, {"a": 2, "b": 3}]).transform(table)


@every_scaler
def test_one_text_among_numbers_is_refused(kind):
    for table in tables({"a": [1.0, "x", 2], "b": [1.0, 2, 3]}):
        with pytest.raises(
            TypeError, match=r"column 'a': .* got str 'x' at position 1; .*columns="
        ):
            kind().fit(table)
        assert kind(columns=["b"]).fit(table).columns_ == ["b"]


def test_a_column_of_nothing_but_text_is_left_as_it_is():
    for words in (["x", "y", "z"], ["x", None, "z"], ["x", math.nan, "z"], [None] * 3):
        for table in tables({"a": words, "b": [1.0, 2, 3]}):
            assert StandardScaler().fit(table).columns_ == ["b"]


@pytest.mark.parametrize("padding", [0, 70])
def test_none_is_kept_in_lists_and_is_nan_in_arrays(padding):
    data = [1, None, 3, *range(padding)]
    plain = [1, 3, *range(padding)]
    for function in (normalize, standardize, clip_outliers, robust_scale):
        wanted = function(plain)
        made = function(data, missing="keep")
        assert made[1] is None
        assert [made[0], *made[2:]] == wanted
        assert function(tuple(data), missing="keep") == tuple(made)
        array = function(np.array(data, object), missing="keep")
        assert math.isnan(array[1])
        assert np.delete(array, 1).tolist() == wanted
        with pytest.raises(TypeError, match=r"None at position 1; missing='keep'"):
            function(data)


def test_none_beside_large_integers():
    wide = [2**60, None, 2**60 + 4, 2**60 + 1]
    assert normalize(wide, missing="keep") == [0.0, None, 1.0, 0.25]
    with pytest.raises(ValueError, match="integers of more than 64 bits"):
        normalize([10**30, None, 1], missing="keep")


@pytest.mark.skipif(np.longdouble(0).itemsize == 8, reason="long doubles are doubles")
def test_long_doubles_are_refused_not_rounded():
    """2**63 + k lost its k, and 1e4000 became infinite."""
    wide = np.array([0, 1, np.longdouble("1e4000")])
    for function in (normalize, standardize, clip_outliers, robust_scale):
        for data in (wide, list(wide)):
            with pytest.raises(TypeError, match=r"float64 rounds.*astype\('float64'\)"):
                function(data)
    for kind in SCALERS:
        for table in (wide[:, None], np.stack([wide, wide], 1), {"a": wide}):
            with pytest.raises(TypeError, match=r"astype\('float64'\)"):
                kind().fit(table)
    exact = np.array([0, 1, 4], np.longdouble)
    assert normalize(exact).tolist() == [0, 0.25, 1]
    assert MinMaxScaler().fit_transform(exact[:, None]).tolist() == [[0], [0.25], [1]]


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]"])
def test_one_nullable_column_keeps_its_integers(dtype):
    """A frame of one block was read as float64: 2**53 + 1 became 2**53."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    values = pandas.array([2**53 + 1, 2**53, None], dtype=dtype)
    frame = pandas.DataFrame({"a": values})
    rules = {"a": Column("int", max=2**53, unique=True)}
    (failure,) = Schema(rules).validate(frame).failures
    assert failure[-4:-2] == ((0,), (2**53 + 1,))  # rows and values
    assert failure.rule == "max"
    assert Schema.infer(frame).columns["a"].max == 2**53 + 1


def test_one_categorical_column_is_a_category():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": pandas.Categorical([1, 2, 1])})
    both = frame.assign(b=[1, 2, 3])
    wanted = Schema.infer(both).columns["a"]
    assert wanted.type == "category"
    assert Schema.infer(frame).columns["a"] == wanted
