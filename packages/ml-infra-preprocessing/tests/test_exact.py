"""Every result against exact rational arithmetic, over floats and integers."""

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ml_infra.preprocessing import (
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    StandardScaler,
    _groups,
    _passes,
    clip_outliers,
    normalize,
    robust_scale,
    standardize,
)

# derandomize: a red test is red for everyone; the fixtures used are constants.
FAST = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ROUNDING = Fraction(1, 2**53)

ANY_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
OFFSET = st.builds(
    lambda base, spread: [base + x for x in spread],
    st.sampled_from([0.0, 1.0, 1e6, -1e9, 1e12, 1e15]),
    st.lists(st.floats(-1, 1), min_size=2, max_size=90),
)
FLOATS = st.one_of(st.lists(ANY_FLOAT, min_size=2, max_size=90), OFFSET)
INTEGERS = st.lists(
    st.one_of(st.integers(-100, 100), st.integers(-(2**63), 2**63 - 1)),
    min_size=2,
    max_size=90,
)
PERCENTILE = st.one_of(st.integers(0, 100), st.floats(0, 100))


@pytest.fixture(params=["list", "array", "blocks"])
def read(request, monkeypatch):
    """Return data as a list, as an array, or as an array read in tiny blocks."""
    if request.param == "blocks":
        monkeypatch.setattr(_passes, "MOMENT_BLOCK", 7)
        monkeypatch.setattr(_passes, "BLOCK", 5)
    return list if request.param == "list" else np.array


def varied(data):
    assume(min(data) < max(data))
    return data


class TestNormalize:
    """Three roundings: within 3.01 units of 2**-53 of the exact quotient."""

    @FAST
    @given(data=FLOATS)
    def test_floats(self, exact, read, data):
        self.check(exact, read, varied(data))

    @FAST
    @given(data=INTEGERS)
    def test_integers(self, exact, read, data):
        self.check(exact, read, varied(data))

    @staticmethod
    def check(exact, read, data):
        made = normalize(read(data))
        assert min(made) == 0.0
        assert max(made) == 1.0
        for x, wanted in zip(made, exact.normalize(data), strict=True):
            error = abs(Fraction(float(x)) - wanted)
            assert error <= 3.01 * ROUNDING * wanted + Fraction(5e-324)


class TestStandardize:
    """Within 1e-14 of the exact value, relative to the larger of it and 1."""

    @FAST
    @given(data=FLOATS, ddof=st.integers(0, 1))
    def test_floats(self, exact, read, data, ddof):
        self.check(exact, read, varied(data), ddof)

    @FAST
    @given(data=INTEGERS, ddof=st.integers(0, 1))
    def test_integers(self, exact, read, data, ddof):
        self.check(exact, read, varied(data), ddof)

    @staticmethod
    def check(exact, read, data, ddof):
        made = standardize(read(data), ddof=ddof)
        for x, wanted in zip(made, exact.standardize(data, ddof), strict=True):
            assert abs(Fraction(float(x)) - Fraction(wanted)) <= 1e-14 * max(
                1, abs(float(wanted))
            )


class TestClip:
    """Order statistics are values of the data: equal, not close."""

    @FAST
    @given(
        data=st.lists(ANY_FLOAT, max_size=90),
        bounds=st.tuples(PERCENTILE, PERCENTILE).map(sorted),
    )
    def test_floats(self, exact, read, data, bounds):
        wanted = exact.clip(data, *bounds) if data else []
        assert list(clip_outliers(read(data), *bounds)) == wanted

    @FAST
    @given(data=INTEGERS, bounds=st.tuples(PERCENTILE, PERCENTILE).map(sorted))
    def test_integers(self, exact, read, data, bounds):
        wanted = [float(x) for x in exact.clip(data, *bounds)]
        assert list(clip_outliers(read(data), *bounds)) == wanted


class TestRobustScale:
    """Within 1e-14 of the exact value, relative to the sizes that were subtracted."""

    @FAST
    @given(data=FLOATS)
    def test_floats(self, exact, read, data):
        low, middle, high = (exact.percentile(data, p) for p in (25, 50, 75))
        # Quartiles that differ by rounding only cannot be told from equal ones.
        largest = max(map(abs, (low, high)))
        assume(high - low > largest / 2**40 + Fraction(1e-300))
        assume(all(abs(Fraction(x) - middle) / (high - low) < 1e300 for x in data))
        made = robust_scale(read(data))
        for x, value in zip(made, data, strict=True):
            wanted = (Fraction(value) - middle) / (high - low)
            size = (abs(Fraction(value)) + largest) / (high - low)
            # The error of the scale is that of two percentiles near it.
            blur = 1 + largest / (high - low)
            bound = 1e-15 * float(size + abs(wanted) * blur) + 5e-324
            assert abs(Fraction(float(x)) - wanted) <= 4 * bound


@FAST
@given(
    data=st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=60),
    weights=st.lists(st.integers(1, 5), min_size=60, max_size=60),
    offset=st.sampled_from([0.0, 1e6, 1e9, 1e12]),
    cuts=st.lists(st.integers(0, 60), max_size=4).map(sorted),
)
def test_merged_moments_are_those_of_the_whole(exact, data, weights, offset, cuts):
    """Mean and variance of shards merged in any tree agree with fractions to 1e-14."""
    data = varied([x + offset for x in data])
    weights = weights[: len(data)]
    edges = [0, *cuts, len(data)]
    merged = StandardScaler()
    for start, stop in pairwise(edges):
        if data[start:stop]:
            part = StandardScaler().partial_fit(
                [[x] for x in data[start:stop]], weights=weights[start:stop]
            )
            merged = part.merge(merged)
    total, mean, squares = exact.moments(data, weights)
    state = merged.state_
    assert state.weight[0, 0] == total
    unit = Fraction(2) ** int(state.exponent[0, 0])
    held = unit * (Fraction(state.mean[0, 0]) + Fraction(state.mean_rest[0, 0]))
    deviation = float(squares / total) ** 0.5
    assert abs(float(held - mean)) <= 1e-14 * deviation + 1e-28 * offset
    ratio = Fraction(state.squares[0, 0]) * unit**2 / squares
    assert float(ratio) == pytest.approx(1, rel=3e-14)


@FAST
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=60),
    keys=st.lists(st.integers(0, 3), min_size=60, max_size=60),
    offsets=st.lists(st.sampled_from([0.0, 0.0, 1e6, 1e12, 1e15]), min_size=4),
    exponent=st.sampled_from([0, 0, 0, -340, 340]),
    chunk=st.sampled_from([5, 1 << 15]),
)
@example(  # one group's squares vanish in the units of another
    values=[0.0, 2.0**-340, 1.0, 3.0], keys=[0, 0, 1, 1], offsets=[0.0] * 4,
    exponent=0, chunk=5,
)  # fmt: skip
def test_moments_of_groups_are_exact(exact, values, keys, offsets, exponent, chunk):
    """At any offset and size, in one walk or in chunks, to the bounds of one group."""
    keys = keys[: len(values)]
    values = [
        (x + offsets[key]) * 2.0**exponent for x, key in zip(values, keys, strict=True)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_groups, "CHUNK", chunk)
        patch.setattr(_groups, "_BLOCK", chunk)
        scaler = StandardScaler(by="g", constant="zero").partial_fit(
            {"g": np.array(keys), "x": np.array(values)}
        )
    state = scaler.state_
    assert scaler.groups_ == sorted(set(keys))
    for group, key in enumerate(scaler.groups_):
        own = [x for x, k in zip(values, keys, strict=True) if k == key]
        total, mean, squares = exact.moments(own)
        unit = Fraction(2) ** int(state.exponent[group, 0])
        held = sum(
            unit * Fraction(part[group, 0]) for part in (state.mean, state.mean_rest)
        )
        assert state.weight[group, 0] == total
        assert state.varied[group, 0] == (squares > 0)
        if squares:
            ratio = Fraction(state.squares[group, 0]) * unit**2 / squares
            assert abs(float(ratio) - 1) <= 3e-14
            off = float((held - mean) ** 2 * total / squares) ** 0.5
            assert off <= 1e-14 or abs(held - mean) <= Fraction(2) ** -104 * abs(mean)
        else:
            assert held == mean


@FAST
@given(data=st.lists(ANY_FLOAT, min_size=2, max_size=60), cut=st.integers(0, 60))
def test_extents_and_bounds_of_shards_are_those_of_the_whole(data, cut):
    """What is a choice of values adds up exactly, state for state."""
    rows = [[x] for x in varied(data)]
    for scaler in (MinMaxScaler, OutlierClipper):
        whole = scaler().fit(rows)
        parts = [scaler().partial_fit(p) for p in (rows[:cut], rows[cut:]) if p]
        if len(parts) == 2:
            assert parts[0].merge(parts[1]) == parts[1].merge(parts[0]) == whole


@FAST
@given(data=st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=60))
def test_inverse_comes_back(data):
    """Within two roundings of the larger of value and center; the ends exactly."""
    data = varied(data)
    rows = [[x] for x in data]
    for kind in (MinMaxScaler, MinMaxScaler, StandardScaler):
        scaler = kind().fit(rows)
        back = [row[0] for row in scaler.inverse_transform(scaler.transform(rows))]
        size = max(map(abs, data))
        assert all(
            abs(x - y) <= 8 * 2**-53 * size for x, y in zip(back, data, strict=True)
        )
        if kind is MinMaxScaler:
            assert min(back) == min(data)
            assert max(back) == max(data)


@FAST
@given(data=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=80))
def test_robust_fit_is_exact_and_streams_agree_while_values_are_few(exact, data):
    """Up to 4096 distinct values the histogram holds every one of them."""
    rows = [[x] for x in data]
    low, high = (exact.percentile(data, p) for p in (25, 75))
    assume(high - low > 1e-3)
    whole = RobustScaler().fit(rows)
    stream = RobustScaler()
    for start in range(0, len(rows), 7):
        stream.partial_fit(rows[start : start + 7])
    assert stream == whole
    assert stream.rank_error_[0, 0] == 0.0


@pytest.mark.parametrize("spread", [1e-3, 1e-6, 1e-9])
def test_a_tiny_spread_keeps_what_rounding_took_from_the_mean(spread):
    """The float nearest to the mean is off by up to 1e-16, which matters here."""
    data = 1 + spread * np.random.default_rng(4).normal(size=100)
    with localcontext() as context:
        context.prec = 60
        exact = [Decimal(x) for x in data.tolist()]
        mean = sum(exact) / 100
        deviation = (sum((x - mean) ** 2 for x in exact) / 99).sqrt()
        wanted = np.array([float((x - mean) / deviation) for x in exact])
    for made in (
        standardize(data),
        StandardScaler().fit_transform(data[:, None])[:, 0],
    ):
        assert np.abs(made - wanted).max() <= 1e-14 * np.abs(wanted).max()
