"""RobustScaler and OutlierClipper: ends, groups of nothing, infinite bounds."""

import math

import numpy as np
import pytest

from ml_infra.preprocessing import OutlierClipper, RobustScaler


@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_the_ends_are_the_least_and_the_greatest_value(count):
    data = np.random.default_rng(21).permutation(count) * 3.0
    clipper = OutlierClipper(0, 100).fit(data[:, None])
    assert clipper.lower_.tolist() == [[2], [0]]
    assert clipper.upper_.tolist() == [[5], [0]]
    assert np.isnan(clipped[3:]).all()
    table["x"][3:] = 7.0
    with pytest.raises(ValueError, match="column 'x' in group 'b': percentiles"):
        RobustScaler(by="g").fit(table)
