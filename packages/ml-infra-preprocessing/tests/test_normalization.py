"""The behaviour of the three functions that users rely on, to the letter."""

import math
import statistics

import pytest

from ml_infra.preprocessing import _lists, clip_outliers, normalize, standardize


class TestNormalize:
    def test_five_integers(self):
        assert normalize([1, 2, 3, 4, 5]) == [0.0, 0.25, 0.5, 0.75, 1.0]

    @pytest.mark.parametrize("data", [[], [5], [3, 3, 3], [0.1] * 3])
    def test_empty_or_identical_values_are_an_error(self, data):
        with pytest.raises(ValueError, match="normalize needs"):
            normalize(data)


class TestStandardize:
    def test_mean_is_zero_and_sample_deviation_one(self):
        scaled = standardize([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
        assert math.isclose(statistics.fmean(scaled), 0, abs_tol=1e-15)
        assert math.isclose(statistics.stdev(scaled), 1, rel_tol=1e-15)

    def test_three_integers(self):
        assert standardize([1, 2, 3]) == [-1.0, 0.0, 1.0]

    @pytest.mark.parametrize("data", [[], [5], [3, 3, 3], [0.1] * 3])
    def test_too_few_or_identical_values_are_an_error(self, data):
        with pytest.raises(ValueError, match="standardize needs"):
            standardize(data)

    @pytest.mark.parametrize("data", [[1.0, 2.0], [1, 2], [1.0, 2.0] * 70])
    def test_as_many_values_as_ddof_are_an_error(self, data):
        with pytest.raises(ValueError, match="standardize needs more than"):
            standardize(data, ddof=len(data))


class TestClipOutliers:
    def test_bounds_are_values_of_the_data_at_the_documented_index(self):
        data = list(range(1, 101))
        clipped = clip_outliers(data)
        assert min(clipped) == 6  # sorted[int(100 * 5 / 100)]
        assert max(clipped) == 96

    def test_hundred_is_the_maximum_and_not_an_error(self):
        assert clip_outliers([3, 1, 2], 0, 100) == [3, 1, 2]

    def test_one_end_may_be_clipped_alone(self):
        assert clip_outliers([1, 2, 3, 4, 100], 0, 75) == [1, 2, 3, 4, 4]
        assert clip_outliers([-100, 2, 3, 4, 5], 20, 100) == [2, 2, 3, 4, 5]
        assert clip_outliers([3, 1, 2], 100, 100) == [3, 3, 3]

    def test_empty_stays_empty(self):
        assert clip_outliers([]) == []

    @pytest.mark.parametrize("bounds", [(-1, 95), (5, 101), (95, 5), (math.nan, 95)])
    def test_percentiles_outside_or_crossed_are_an_error(self, bounds):
        with pytest.raises(ValueError, match="percentiles must satisfy"):
            clip_outliers([1, 2, 3], *bounds)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize(
    "data",
    [
        [3.5, 1.25, 4.0, 1.5, 9.25],
        [4, 1, 3, True, 0.5],
        [1003.5, 1001, 1004.0, 1002, 1009.25],
    ],
)
def test_ordinary_short_lists_never_reach_the_arrays(data, scale):
    """The pure-Python path answers by itself, or it would be there for nothing."""
    data = [x * scale for x in data]
    assert _lists.normalize(data) == normalize(data)
    assert _lists.standardize(data, 1) == standardize(data)
    assert _lists.clip(data, 20, 80) == clip_outliers(data, 20, 80)


@pytest.mark.parametrize(
    "base", [2**51, 2**53 - 500, 2**53, 2**60, -(2**62), 2**63, 2**70, 10**300]
)
def test_large_integers_close_to_each_other(exact, base):
    """Floats there are up to 2**950 apart; differences of integers are exact."""
    data = [base, base + 200, base + 700, base + 701]
    for made, wanted in (
        (normalize(data), exact.normalize(data)),
        (standardize(data), exact.standardize(data)),
    ):
        assert made == pytest.approx(list(map(float, wanted)), rel=1e-14, abs=1e-14)


def test_integers_whose_squares_exceed_every_float(exact):
    data = [10**307, -(10**307), 3 * 10**307] * 20
    wanted = list(map(float, exact.standardize(data)))
    assert standardize(data) == pytest.approx(wanted, rel=1e-14)
    with pytest.raises(ValueError, match="at least two different values"):
        standardize([10**200] * 3)


@pytest.mark.parametrize(
    ("extreme", "clipped"), [(math.inf, [2, 2, 4, 3, 4]), (-math.inf, [1, 2, 1, 3, 3])]
)
def test_a_short_list_may_hold_infinities_but_no_infinite_bound(extreme, clipped):
    data = [1.0, 2.0, extreme, 3.0, 4.0]
    assert clip_outliers(data, 20, 60) == clipped
    with pytest.raises(ValueError, match="the bounds would be"):
        clip_outliers(data, 0, 100)
