"""Order statistics of long data: brackets, repeats, bad values, any type."""

import itertools
import math

import numpy as np
import pytest

from ml_infra.preprocessing import (
    OutlierClipper,
    RobustScaler,
    _ranks,
    _vectors,
    clip_outliers,
    robust_scale,
)


@pytest.mark.parametrize("case", ["two", "sorted", "falling", "steps", "ints", "gaps"])
def test_selection_is_exact_for_any_distribution(case):
    """Repeated values, order and gaps change where brackets lie, never the answer."""
    selection_of(300_000, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["sorted", "steps", "gaps"])
def test_selection_with_the_larger_sample_is_exact(case):
    """From 2**22 values on the sample that places the brackets is larger."""
    selection_of(4_400_000, case)


def selection_of(n, case):
    data = data_of(n, case)
    present = np.sort(data[~np.isnan(data)] if data.dtype.kind == "f" else data)
    for bounds in ((5, 95), (0, 100), (50, 50), (0.001, 99.999)):
        low, high = (
            present[min(len(present) - 1, int(len(present) * p / 100))] for p in bounds
        )
        made = clip_outliers(data, *bounds, missing="keep")
        assert np.array_equal(made, np.clip(data, low, high), equal_nan=True)


def data_of(n, case):
    rng = np.random.default_rng(8)
    return {
        "normal": rng.normal(size=n),
        "lognormal": rng.lognormal(0, 3, n),
        "coins": rng.integers(0, 2, n),
        "half": np.where((x := rng.normal(size=n)) < 0, x, np.floor(3 * x)),
        "bytes": rng.integers(-100, 100, n).astype("i1"),
        "two": rng.integers(0, 2, n).astype(float),
        "sorted": np.arange(n, dtype=float),
        "falling": np.arange(n, dtype=float)[::-1],
        "steps": np.floor(rng.normal(size=n) * 3),
        "ints": rng.integers(-(2**62), 2**62, n),
        "gaps": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
    }[case]


@pytest.mark.parametrize(
    "case",
    [
        "normal",
        "lognormal",
        "sorted",
        "falling",
        "two",
        "steps",
        "ints",
        "bytes",
        "coins",
        "half",
    ],
)
@pytest.mark.parametrize("space", [None, 1000, 300_000])
def test_one_pass_answers_for_ordinary_data(monkeypatch, case, space):
    """Neither a second try, nor a partition of all, nor the policy for what is bad."""
    monkeypatch.setattr(_ranks, "_MARGINS", _ranks._MARGINS[:1])
    monkeypatch.setattr(_ranks, "_gathered", None)
    monkeypatch.setattr(_vectors.Vector, "settle", None)
    n = 300_000
    data = data_of(n, case)
    if space is not None:
        space = np.empty(space, data.dtype)
    jump = int(np.count_nonzero(data < data.max() / 2))  # first among repeated ones
    ranks = [n // 2 + 1, 0, 1, n // 20, n // 2, jump - 1, jump, n - n // 50, n - 1]
    vector = _vectors.open_vector(data, "data")
    made = _ranks.order_statistics(vector, n, ranks, space, finite=True)
    assert made == np.sort(data)[ranks].tolist()


def test_the_larger_sample_brackets_as_well(monkeypatch):
    monkeypatch.setattr(_ranks, "_LONG", 300_000)
    data = np.random.default_rng(9).lognormal(3, 2, 300_000)
    ordered = np.sort(data)
    made = clip_outliers(data)
    assert np.array_equal(made, np.clip(data, ordered[15_000], ordered[285_000]))


@pytest.mark.parametrize("quantiles", [(0, 100), (0, 0.001), (99.999, 100), (50, 100)])
@pytest.mark.parametrize("size", [2, 3, 100, 300_000])
def test_percentiles_up_to_the_ends(exact, quantiles, size):
    data = np.random.default_rng(15).normal(size=size)
    low, middle, high = (
        float(exact.percentile(data[:1000], p))
        if size < 1000
        else np.percentile(data, p)
        for p in (quantiles[0], 50, quantiles[1])
    )
    wanted = (data - middle) / (high - low)
    made = robust_scale(data, quantiles=quantiles)
    np.testing.assert_allclose(made, wanted, rtol=1e-9, atol=1e-9)
    scaler = RobustScaler(quantiles).fit(data[:, None])
    np.testing.assert_allclose(scaler.transform(data[:, None])[:, 0], made, rtol=1e-12)


@pytest.mark.parametrize("size", [1, 9, 100])
def test_brackets_ascend_do_not_overlap_and_end_within_the_sample(size):
    sample = np.arange(float(size))
    brackets = _ranks._brackets(list(range(1000)), 1000, sample, 3)
    assert [r for one in brackets for r in one.ranks] == list(range(1000))
    for rank in range(1000):
        (one,) = _ranks._brackets([rank], 1000, sample, 3)
        assert one.low < rank / 1000 * size < one.high
        assert one.low == -math.inf or one.low == int(one.low) >= 0
        assert one.high == math.inf or one.high == int(one.high) < size


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_bracket_is_as_wide_as_chance_may_move_a_rank(share):
    """Three deviations of a binomial count, and two places, on either side."""
    size, count = 10_000, 1_000_000
    (one,) = _ranks._brackets([int(share * count)], count, np.arange(float(size)), 3)
    reach = 3 * math.sqrt(size * share * (1 - share)) + 2
    assert 0 <= size * share - reach - one.low < 0.5  # of whole places
    assert 0 <= one.high - size * share - reach < 0.5
    assert one.room == pytest.approx((one.high - one.low) / size * count)


def test_what_a_bracket_and_its_ends_hold_is_found_and_nothing_else():
    data = np.array([5, 0, 3, 1, 5, 1, 2, 6, 3, 0, 4, 1, 5], float)
    ordered = np.sort(data)
    vector = _vectors.open_vector(data, "data")
    ends = [-math.inf, *range(-1, 8), math.inf]
    for low, high in itertools.combinations(ends, 2):
        below = int(np.count_nonzero(data <= low))
        inside = ordered[(ordered > low) & (ordered < high)]
        for ranks in (range(13), range(4), range(7, 13), [0], [6], [12]):
            bracket = _ranks._Bracket(list(ranks), low, high, 0)
            found = _ranks._found(vector, [bracket], [below], inside)
            assert found == {r: ordered[r] for r in ranks if low <= ordered[r] <= high}


@pytest.mark.parametrize("margins", [(0, 0), (0, 12), (3,), ()])
def test_a_bracket_that_misses_is_widened_and_the_answer_the_same(monkeypatch, margins):
    """Ranks outside their brackets are looked for again, at last among all values."""
    monkeypatch.setattr(_ranks, "_MARGINS", margins)
    data = np.random.default_rng(12).normal(size=300_000)
    ordered = np.sort(data)
    for p in (0.0, 0.01, 5, 50, 99.99):
        low, high = ordered[int(3000 * p)], ordered[int(3000 * max(p, 95))]
        made = clip_outliers(data, p, max(p, 95))
        assert np.array_equal(made, np.clip(data, low, high))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i1", "u8", "?"])
def test_selection_among_repeated_values_of_any_type(dtype):
    """A bracket between equal values holds none of them and costs no memory."""
    rng = np.random.default_rng(13)
    data = rng.choice([0, 1, 2, 3], p=[0.3, 0.3, 0.3, 0.1], size=300_000).astype(dtype)
    ordered = np.sort(data.astype(float))
    for low, high in ((5, 95), (29.9, 30.1), (50, 50), (0, 100)):
        bounds = (ordered[min(299_999, int(3000.0 * p))] for p in (low, high))
        made = clip_outliers(data, low, high)
        assert np.array_equal(made, np.clip(data.astype(made.dtype), *bounds))


@pytest.mark.parametrize("size", [5, 70_000, 300_000])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_bad_value_in_any_place_is_found_by_position(size, bad):
    """Percentiles pass over extremes, but the policy for missing and infinite holds."""
    data = np.random.default_rng(14).normal(size=size)
    for place in (0, size // 2, size - 1):
        spoilt = data.copy()
        spoilt[place] = bad
        for order in "CF":
            table = np.array([data, spoilt], order="F" if order == "C" else "C").T
            with pytest.raises(ValueError, match=f"column 1.*position {place}"):
                RobustScaler().fit(table)
        with pytest.raises(ValueError, match=f"position {place}"):
            robust_scale(spoilt)
        if bad != bad:  # noqa: PLR0124 -- NaN
            with pytest.raises(ValueError, match=f"position {place}"):
                clip_outliers(spoilt)
            kept = clip_outliers(spoilt, missing="keep")
            assert np.array_equal(
                np.delete(kept, place), clip_outliers(np.delete(data, place))
            )
            scaler = RobustScaler(missing="keep").fit(spoilt[:, None])
            assert scaler.state_.count == size - 1
        else:
            made = clip_outliers(spoilt, 25, 75)
            assert made[place] == (made.max() if bad > 0 else made.min())
            assert OutlierClipper(25, 75).fit_transform(spoilt[:, None])[
                place, 0
            ] == pytest.approx(made[place])
