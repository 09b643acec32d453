"""RobustScaler and OutlierClipper: ends, groups of nothing, infinite bounds."""

import math

import numpy as np
import pytest

from ml_infra.preprocessing import OutlierClipper, RobustScaler


@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_the_ends_are_the_least_and_the_greatest_value(count):
    data = np.random.default_rng(21).permutation(count) * 3.0
    clipper = OutlierClipper(0, 100).fit(data[:, None])
    assert (clipper.lower_.tolist(), clipper.upper_.tolist()) == ([0], [3 * count - 3])
    assert clipper.transform([[-1.0], [1e9]]) == [[0.0], [3.0 * count - 3]]


@pytest.mark.parametrize("columns", [1, 2])
def test_one_bound_that_is_infinite_is_enough_to_refuse(columns):
    for bad, bounds in ((-math.inf, (0, 50)), (math.inf, (50, 100))):
        data = np.repeat([[1.0], [bad], [3.0], [2.0]], columns, axis=1)
        with pytest.raises(ValueError, match=r"column 0.*: a bound would"):
            OutlierClipper(*bounds).fit(data)
        inner = OutlierClipper(25, 74).fit(data)  # indices 1 and 2
        low, high = (1, 2) if bad < 0 else (2, 3)
        assert (inner.lower_[0], inner.upper_[0]) == (low, high)


def test_a_group_without_values_is_no_constant():
    table = {"g": list("aaabb"), "x": np.array([1.0, 2.0, 5.0, math.nan, math.nan])}
    made = RobustScaler(by="g", missing="keep").fit_transform(table)["x"]
    assert made[:3].tolist() == [-0.5, 0.0, 1.5]  # quartiles 1.5 and 3.5
    assert np.isnan(made[3:]).all()
    clipper = OutlierClipper(34, 100, by="g", missing="keep").fit(table)
    clipped = clipper.transform(table)["x"]
    assert clipped[:3].tolist() == [2.0, 2.0, 5.0]  # int(3 * 34 / 100) is 1
    assert clipper.lower_.tolist() == [[2], [0]]
    assert clipper.upper_.tolist() == [[5], [0]]
    assert np.isnan(clipped[3:]).all()
    table["x"][3:] = 7.0
    with pytest.raises(ValueError, match="column 'x' in group 'b': percentiles"):
        RobustScaler(by="g").fit(table)
