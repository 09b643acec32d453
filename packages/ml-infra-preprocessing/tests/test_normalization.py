"""The behaviour of the three functions that users rely on, to the letter."""

import math
import statistics

import pytest

from ml_infra.preprocessing import clip_outliers, normalize, standardize


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

    def test_empty_stays_empty(self):
        assert clip_outliers([]) == []

    @pytest.mark.parametrize("bounds", [(-1, 95), (5, 101), (95, 5), (math.nan, 95)])
    def test_percentiles_outside_or_crossed_are_an_error(self, bounds):
        with pytest.raises(ValueError, match="percentiles must satisfy"):
            clip_outliers([1, 2, 3], *bounds)
