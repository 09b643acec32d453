"""
Inputs on which scaling code in the field goes wrong without a word, by number.

Each test states the trap; the answers are worked by hand or come from fractions.
Traps 31 to 33 and the table halves of others need a peer and are skipped without it.
"""

import array
import math
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from ml_infra.preprocessing import (
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    StandardScaler,
    clip_outliers,
    normalize,
    robust_scale,
    standardize,
)

BOTH = pytest.mark.parametrize("kind", [list, np.array], ids=["list", "array"])


def column(data):
    return [[x] for x in data]


def deviation(data):
    """Return the sample deviation from exact fractions."""
    values = [Fraction(float(x)) for x in data]
    mean = sum(values) / len(values)
    return math.sqrt(sum((x - mean) ** 2 for x in values) / (len(values) - 1))


@BOTH
def test_trap_01_small_noise_on_a_large_offset(kind):
    """At 1e9 + 1e-3 noise, E[x^2] - E[x]^2 is 0 and one-float means lose digits."""
    data = 1e9 + 1e-3 * np.random.default_rng(1).normal(size=1000)
    scaled = standardize(kind(data.tolist()))
    wanted = deviation(data)
    spread = (data[0] - data[1]) / (scaled[0] - scaled[1])
    assert spread == pytest.approx(wanted, rel=1e-12)
    fitted = StandardScaler().fit(column(data.tolist()))
    assert fitted.transform(column(data.tolist()))[5][0] == pytest.approx(
        scaled[5], abs=1e-13
    )


def test_trap_02_a_real_spread_near_the_resolution_of_floats():
    """1e8 + 3e-7 noise has 166 distinct values; it is not constant."""
    data = 1e8 + 3e-7 * np.random.default_rng(2).normal(size=20_000)
    fitted = StandardScaler().fit(data[:, None])
    scaled = fitted.transform(data[:, None])[:, 0]
    assert scaled.std(ddof=1) == pytest.approx(1, rel=1e-9)
    shifted = data - 1e8  # exact
    assert np.ptp(shifted) / np.ptp(scaled) == pytest.approx(
        deviation(shifted), rel=1e-9
    )


@BOTH
def test_trap_03_a_range_below_ten_eps_is_scaled_all_the_same(kind):
    """A library's threshold of 10 eps leaves small units unscaled."""
    assert list(normalize(kind([0, 1e-15, 2e-15]))) == [0, 0.5, 1]
    near = [1, 1 + 4e-16, 1 + 1e-15]
    wanted = (Fraction(near[1]) - 1) / (Fraction(near[2]) - 1)
    assert list(normalize(kind(near))) == [0, float(wanted), 1]
    assert MinMaxScaler().fit_transform(column(near)) == [[0], [float(wanted)], [1]]


@BOTH
def test_trap_04_squares_that_underflow(kind):
    """Deviations of 1e-200 and of subnormals square to 0."""
    assert list(normalize(kind([1e-200, 2e-200, 3e-200]))) == [0, 0.5, 1]
    assert list(standardize(kind([0, 5e-324, 1e-323]))) == [-1, 0, 1]
    scaled = StandardScaler().fit_transform(column([1e-200, 2e-200, 3e-200]))
    assert [x for (x,) in scaled] == pytest.approx([-1, 0, 1], abs=1e-15)


@BOTH
def test_trap_05_a_range_that_overflows(kind):
    """Max - min of +-1e308 is infinite."""
    data = [1e308, -1e308, 0.0]
    assert list(normalize(kind(data))) == [1, 0, 0.5]
    assert list(standardize(kind(data))) == [1, -1, 0]
    assert MinMaxScaler().fit_transform(column(data)) == [[1], [0], [0.5]]
    assert StandardScaler().fit_transform(column(data)) == [[1], [-1], [0]]


@BOTH
def test_trap_06_squares_and_sums_that_overflow(kind):
    """1e200 squares to infinity, and three times 1.5e308 sums to it."""
    assert list(standardize(kind([1e200, 2e200, 3e200]))) == pytest.approx([-1, 0, 1])
    data = [1e308, 1.5e308, 1.7e308]
    wanted = standardize([1.0, 1.5, 1.7])
    assert list(standardize(kind(data))) == pytest.approx(wanted, rel=1e-14)
    scaled = StandardScaler().fit_transform(column(data))
    assert [x for (x,) in scaled] == pytest.approx(wanted, rel=1e-14)


@BOTH
def test_trap_07_a_thousand_equal_values_have_a_rounded_deviation(kind):
    """Std of 1000 times 14.62 is 3.6e-15, not 0: only min == max tells."""
    data = kind([14.62] * 1000)
    for function in (normalize, standardize, robust_scale):
        with pytest.raises(ValueError, match=r"1000 equal to 14.62"):
            function(data)
    for scaler in (MinMaxScaler(), StandardScaler(), RobustScaler()):
        with pytest.raises(ValueError, match="column 0"):
            scaler.fit(column(data))


@BOTH
def test_trap_08_three_times_a_tenth(kind):
    """Std of [.1, .1, .1] is 1.7e-17."""
    with pytest.raises(ValueError, match=r"3 equal to 0.1"):
        standardize(kind([0.1] * 3))


def test_trap_09_narrow_integers_wrap_around():
    """int8 100 - -100 is -56; uint8 minus a mean is 246 for -10."""
    assert normalize(np.array([-100, 0, 100], np.int8)).tolist() == [0, 0.5, 1]
    assert standardize(np.array([0, 10, 20], np.uint8)).tolist() == [-1, 0, 1]
    scaled = MinMaxScaler().fit_transform(np.array([[-100], [0], [100]], np.int8))
    assert scaled.tolist() == [[0], [0.5], [1]]


@BOTH
def test_trap_10_the_whole_range_of_int64(kind):
    """2^63 - 1 - -2^63 does not fit int64."""
    data = [-(2**63), 0, 2**63 - 1]
    assert list(normalize(kind(data))) == [0, 0.5, 1]
    assert MinMaxScaler().fit_transform(np.array(data)[:, None]).tolist() == [
        [0], [0.5], [1],
    ]  # fmt: skip


@BOTH
def test_trap_11_integers_beyond_2_to_the_53(kind):
    """As floats 2^62, 2^62 + 1 and 2^62 + 2 are equal."""
    data = [2**62, 2**62 + 1, 2**62 + 2]
    assert list(normalize(kind(data))) == [0, 0.5, 1]
    assert list(standardize(kind(data))) == [-1, 0, 1]
    assert list(robust_scale(kind(data))) == [-1, 0, 1]
    table = np.array(data)[:, None]
    for scaler in (MinMaxScaler(), StandardScaler()):
        restored = type(scaler).from_json(scaler.fit(table).to_json())
        low, high = restored.transform(table)[[0, 2], 0]
        assert (low, high) in {(0, 1), (-1, 1)}
    assert MinMaxScaler().fit(table).inverse_transform([[1.0]]) == [[float(data[2])]]


def test_trap_12_python_integers_of_any_size():
    """2^70 + 1 needs Python's integers; 10^400 exceeds every float."""
    assert normalize([2**70, 2**70 + 1, 2**70 + 2]) == [0, 0.5, 1]
    assert standardize([2**70, 2**70 + 1, 2**70 + 2]) == [-1, 0, 1]
    for function in (normalize, standardize, clip_outliers, robust_scale):
        with pytest.raises(ValueError, match=r"about 10\*\*400 at position 0"):
            function([10**400, 0])


@BOTH
def test_trap_13_booleans(kind):
    """NumPy has no minus for booleans."""
    assert list(normalize(kind([True, False]))) == [1.0, 0.0]
    assert list(clip_outliers(kind([True, False]), 0, 100)) == [1.0, 0.0]


@pytest.mark.parametrize("number", [Decimal, Fraction])
def test_trap_14_decimals_and_fractions_become_floats(number):
    """Decimals came back as Decimals, and a Fraction has no square root."""
    made = normalize([number(1), number(2), number(5)])
    assert made == [0.0, 0.25, 1.0]
    assert {type(x) for x in made} == {float}
    assert standardize([number(1), number(2), number(3)]) == [-1, 0, 1]
    assert normalize([number(1), 2, 3.0]) == [0, 0.5, 1]


def test_trap_15_sums_of_float16():
    """1e5 tens sum to infinity in float16, and a range of 120000 overflows."""
    data = np.array([10, 12] * 50_000, np.float16)
    scaled = standardize(data)
    assert scaled.dtype == np.float16
    assert set(scaled.tolist()) == {-1.0, 1.0}
    wide = np.array([-60000, 0, 60000], np.float16)
    assert normalize(wide).tolist() == [0, 0.5, 1]
    assert MinMaxScaler().fit_transform(wide[:, None]).tolist() == [[0], [0.5], [1]]


def test_trap_16_column_means_of_float32():
    """mean(axis=0) adds float32 one by one and stops at 2^24."""
    pair = np.array([[999, 1], [1001, 3]], np.float32)
    table = np.tile(pair, (200_000, 1))
    fitted = StandardScaler(ddof=0).fit(table)
    assert fitted.state_.mean.tolist() == [[1000, 2]]
    assert np.unique(fitted.transform(table)).tolist() == [-1, 1]


def test_trap_17_the_mean_is_not_cut_to_float32_before_subtracting():
    """With a float32 mean results at 1e6 are off by 0.016."""
    data = (1e6 + np.random.default_rng(3).normal(size=5000)).astype(np.float32)
    wanted = standardize(data.astype(np.float64))
    assert standardize(data) == pytest.approx(wanted, abs=3e-7)
    scaled = StandardScaler().fit_transform(np.stack([data, data], axis=1))
    assert scaled[:, 1] == pytest.approx(wanted, abs=3e-7)


@pytest.mark.parametrize("place", [0, 1, 2, 70])
def test_trap_18_nan_anywhere_in_a_list_is_found(place):
    """Python's min and sorted give answers that depend on where a NaN stands."""
    data = [float(i) for i in range(80)]
    data[place] = math.nan
    for short in (data, data[:3] if place < 3 else data):
        for function in (normalize, standardize, clip_outliers, robust_scale):
            with pytest.raises(ValueError, match=rf"1 of .* at position {place}"):
                function(short)


def test_trap_19_nan_is_counted_and_located_or_kept():
    """One NaN turned everything into NaN."""
    with pytest.raises(ValueError, match=r"2 of 4 values are missing .* position 1"):
        normalize([1, math.nan, 3, math.nan])
    assert str(normalize([1, math.nan, 3], missing="keep")) == "[0.0, nan, 1.0]"
    made = standardize(np.array([1, math.nan, 2, 3]), missing="keep")
    assert str(made.tolist()) == "[-1.0, nan, 0.0, 1.0]"
    kept = StandardScaler(missing="keep").fit_transform(column([1, math.nan, 2, 3]))
    assert str(kept) == "[[-1.0], [nan], [0.0], [1.0]]"
    with pytest.raises(ValueError, match="column 0: 1 of 2 values is missing"):
        MinMaxScaler().fit(column([1, math.nan]))


@BOTH
def test_trap_20_infinity_is_refused(kind):
    """[1, inf, 3] became [0, nan, 0]."""
    data = kind([1, math.inf, 3])
    for function in (normalize, standardize, robust_scale):
        with pytest.raises(ValueError, match=r"1 of 3 .* infinite, .* position 1"):
            function(data)
    for scaler in (MinMaxScaler(), StandardScaler(), RobustScaler()):
        with pytest.raises(ValueError, match="column 0: 1 of 3 values is infinite"):
            scaler.fit(column(data))


@BOTH
def test_trap_21_empty_and_single(kind):
    """Four warnings and a NaN, or an IndexError, for nothing."""
    for function in (normalize, standardize, robust_scale):
        for data in ([], [5.0]):
            with pytest.raises(ValueError, match="at least two different values"):
                function(kind(data))
    assert list(clip_outliers(kind([]))) == []
    assert list(clip_outliers(kind([5.0]))) == [5.0]


def test_trap_22_all_nan():
    """All NaN gave NaN and a warning."""
    data = [math.nan] * 3
    with pytest.raises(ValueError, match="3 of 3 values are missing"):
        normalize(data)
    for function in (normalize, standardize, robust_scale):
        with pytest.raises(ValueError, match="at least two different values, got none"):
            function(data, missing="keep")
    with pytest.raises(ValueError, match="column 0: no values"):
        StandardScaler(missing="keep").fit(column(data))


@pytest.mark.parametrize("padding", [0, 70])
def test_trap_23_none_is_no_number(padding):
    """None was taken for NaN."""
    data = [1, None, 3, *range(padding)]
    for function in (normalize, standardize, clip_outliers, robust_scale):
        with pytest.raises(TypeError, match="got NoneType None at position 1"):
            function(data)


@pytest.mark.parametrize("data", [["1", "2"], [b"1"], [1, "2"], ["1"] * 99])
def test_trap_24_text_is_not_read_as_numbers(data):
    """["1", "2"] was happily scaled."""
    for kind in (list, tuple, np.array):
        for function in (normalize, standardize, clip_outliers):
            with pytest.raises(TypeError, match=r"expected numbers, got .* at pos"):
                function(kind(data))
    with pytest.raises(TypeError, match="expected numbers, got"):
        MinMaxScaler().fit(column(data))


def test_trap_25_nested_data_is_not_flattened():
    """[[1, 2], [3, 4]] was scaled over all values or by column, as it happened."""
    for data in ([[1, 2], [3, 4]], np.eye(2), [np.array([1.0]), np.array([2.0])]):
        with pytest.raises(ValueError, match="a scaler such as MinMaxScaler takes"):
            normalize(data)


def test_trap_26_what_is_no_sequence():
    """Sets and dicts became 0-d object arrays; iterators were read twice."""
    for data in (np.array(5.0), {1, 2}, {1: 2}, frozenset({1, 2}), 5, None, "12", b"1"):
        with pytest.raises(TypeError, match="one-dimensional"):
            normalize(data)
    assert normalize(x for x in (1, 2, 3)) == [0, 0.5, 1]
    assert normalize({"a": 1, "b": 3}.values()) == [0, 1]
    assert normalize(range(3)) == [0, 0.5, 1]
    made = normalize(array.array("i", [1, 2, 3]))
    assert made == array.array("d", [0, 0.5, 1])


def test_trap_27_the_mask_of_a_masked_array():
    """Asarray sees the 999 under the mask."""
    data = np.ma.masked_array([1.0, 999.0, 3.0], mask=[False, True, False])
    with pytest.raises(ValueError, match="1 of 3 values is missing"):
        normalize(data)
    made = normalize(data, missing="keep")
    assert made.tolist() == [0.0, None, 1.0]
    assert data.data[1] == 999.0
    table = np.ma.masked_array([[1.0], [999.0], [3.0]], mask=[[0], [1], [0]])
    assert MinMaxScaler(missing="keep").fit_transform(table).tolist() == [
        [0.0], [None], [1.0],
    ]  # fmt: skip


def test_trap_28_the_input_is_never_written_to(tmp_path):
    """A memory-mapped file was overwritten by copy=False."""
    data = np.memmap(tmp_path / "data", np.float64, "w+", shape=(100, 3))
    data[:] = np.random.default_rng(4).normal(size=(100, 3))
    data.flush()
    before = (tmp_path / "data").read_bytes()
    mapped = np.memmap(tmp_path / "data", np.float64, "r", shape=(100, 3))
    for function in (normalize, standardize, clip_outliers, robust_scale):
        function(mapped[:, 0])
    for scaler in (MinMaxScaler(), StandardScaler(), RobustScaler(), OutlierClipper()):
        scaler.inverse_transform(scaler.fit_transform(mapped))
    assert (tmp_path / "data").read_bytes() == before


def test_trap_29_times_are_no_numbers():
    """datetime64 and timedelta64 were scaled as counts."""
    for code in ("M8[D]", "m8[D]"):
        times = np.array([1, 2], code)
        for data in (times, list(times), list(times) * 50):
            with pytest.raises(TypeError, match="at position 0"):
                normalize(data)


def test_trap_30_complex_numbers():
    """A list of complex gave a complex result; the imaginary part was dropped."""
    for data in ([1, 2 + 1j], [np.complex128(1), 2.0], [np.complex64(1)] * 99):
        for kind in (list, np.array):
            with pytest.raises(TypeError, match=r"complex.* at position"):
                normalize(kind(data))


def test_trap_31_pandas_index_and_name_are_kept():
    """An ndarray put back as a new Series lined up with the wrong index."""
    pandas = pytest.importorskip("pandas")
    data = pandas.Series([1.0, 2.0, 3.0], index=[2, 0, 1], name="a")
    made = normalize(data)
    assert made.index.tolist() == [2, 0, 1]
    assert made.name == "a"
    assert made.tolist() == [0, 0.5, 1]


def test_trap_32_nullable_integers_keep_their_na():
    """Int64 with NA became object, NaN, or all NaN."""
    pandas = pytest.importorskip("pandas")
    data = pandas.Series([1, None, 3], dtype="Int64")
    with pytest.raises(ValueError, match=r"1 of 3 values is missing .* position 1"):
        normalize(data)
    made = normalize(data, missing="keep")
    assert str(made.dtype) == "Float64"
    assert made.isna().tolist() == [False, True, False]
    assert made.dropna().tolist() == [0.0, 1.0]


def test_trap_33_polars_null_and_nan_differ():
    """A NaN sorts last and poisons the mean; a null is skipped."""
    polars = pytest.importorskip("polars")
    data = polars.Series("a", [1.0, None, math.nan, 3.0])
    with pytest.raises(ValueError, match=r"2 of 4 values are missing .* position 1"):
        normalize(data)
    made = normalize(data, missing="keep")
    assert made.null_count() == 1
    assert str(made.to_list()) == "[0.0, None, nan, 1.0]"


@BOTH
def test_trap_34_the_maximum_is_exactly_one(kind):
    """Multiplying by a reciprocal leaves [0, 1] by one unit in 5.7 % of triples."""
    data = [1268.1453632106484, 76.1272112294429, 730.4643454025991]
    assert max(normalize(kind(data))) == 1.0
    assert max(MinMaxScaler().fit_transform(column(data))) == [1.0]
    triples = np.random.default_rng(5).lognormal(3, 3, size=(2000, 3))
    for triple in triples:
        made = normalize(kind(triple.tolist()))
        assert min(made) == 0.0
        assert max(made) == 1.0


@BOTH
def test_trap_35_no_negative_zero(kind):
    """-0.0 - 0.0 is -0.0, and which zero is the minimum depends on the order."""
    for data in ([-0.0, 0.0, 1.0], [0.0, -0.0, 1.0], [1.0, -0.0], [1, -0.0]):
        assert [math.copysign(1, x) for x in normalize(kind(data))] == [1] * len(data)
        scaled = MinMaxScaler().fit_transform(column(data))
        assert [math.copysign(1, x) for (x,) in scaled] == [1] * len(data)


def test_trap_36_the_inverse_comes_back():
    """3.6 % of values came back off; 0 and 1 must give min and max exactly."""
    data = 1e6 + 1e3 * np.random.default_rng(6).normal(size=(5000, 1))
    for limits in ((0, 1), (-1, 1)):
        scaler = MinMaxScaler(limits).fit(data)
        back = scaler.inverse_transform(scaler.transform(data))
        assert np.abs(back - data).max() <= np.spacing(data).max()
        ends = scaler.inverse_transform([[limits[0]], [limits[1]]])
        assert ends == [[data.min()], [data.max()]]


def test_trap_37_a_constant_column():
    """Fitted to [5, 5], 7 became 2.0, outside [0, 1]."""
    with pytest.raises(ValueError, match="column 0: MinMaxScaler cannot scale a const"):
        MinMaxScaler().fit([[5], [5]])
    scaler = MinMaxScaler(constant="zero").fit([[5, 1], [5, 3]])
    assert scaler.transform([[7, 2]]) == [[0, 0.5]]
    assert scaler.transform([7, 2]) == [0, 0.5]
    assert scaler.inverse_transform([[0, 0.5]]) == [[5, 2]]


def test_trap_38_quartiles_that_are_equal():
    """A scale of 1 was put in for an interquartile range of 0."""
    data = [10, 10, 10, 10, 12]
    with pytest.raises(ValueError, match="percentiles 25 and 75 of the data are equal"):
        robust_scale(data)
    with pytest.raises(ValueError, match="column 'x': percentiles 25 and 75 are equal"):
        RobustScaler().fit({"x": data})
    zero = RobustScaler(constant="zero").fit_transform({"x": data})
    assert zero == {"x": [0.0] * 5}


def test_trap_39_large_values_in_batches():
    """Mean * n overflows: 1e308 twice gave inf and NaN."""
    scaler = StandardScaler(constant="zero")
    for _ in range(2):
        scaler.partial_fit([[1e308]])
    back = scaler.inverse_transform([[0.0]])
    assert back == [[1e308]]
    scaler.partial_fit([[-1e308]])
    high, low = scaler.transform([[1e308], [-1e308]])
    assert high[0] == pytest.approx(1 / math.sqrt(3), rel=1e-14)
    assert low[0] == pytest.approx(-2 / math.sqrt(3), rel=1e-14)


def test_trap_40_batches_at_a_large_offset_and_negative_weights():
    """Ten at a time at 1e12 the deviation was lost; a weight of -1 passed."""
    data = 1e12 + np.random.default_rng(7).normal(size=(1000, 1))
    scaler = StandardScaler()
    for start in range(0, 1000, 10):
        scaler.partial_fit(data[start : start + 10])
    spread = np.ptp(data) / np.ptp(scaler.transform(data))
    assert spread == pytest.approx(deviation(data[:, 0]), rel=1e-12)
    with pytest.raises(ValueError, match="weights: expected numbers >= 0"):
        StandardScaler().fit([[1], [2], [3]], weights=[1, -1, 1])


def test_trap_41_columns_in_another_order():
    """Swapped columns were an error, mixed names too; a name finds its column."""
    scaler = MinMaxScaler().fit({"a": [0, 1], "b": [10, 30]})
    assert scaler.transform({"b": [20], "x": ["?"], "a": [1]}) == {
        "b": [0.5], "x": ["?"], "a": [1.0],
    }  # fmt: skip
    assert scaler.transform({"b": 20, "a": 1}) == {"b": 0.5, "a": 1.0}
    with pytest.raises(KeyError, match=r"'b' \(nearest: 'bb'\)"):
        scaler.transform({"a": [1], "bb": [1]})
    mixed = MinMaxScaler().fit({"a": [0, 1], 7: [10, 30]})
    assert mixed.transform({7: 20, "a": 1}) == {7: 0.5, "a": 1.0}


@BOTH
def test_trap_42_percentiles_at_and_beyond_the_ends(kind):
    """100 indexes past the end; NaN passes `p < 0 or p > 100`; crossed clips to one."""
    data = kind([3.0, 1.0, 2.0])
    assert list(clip_outliers(data, 0, 100)) == [3, 1, 2]
    for bounds in ((5, 100.1), (-0.1, 95), (math.nan, 95), (5, math.nan), (7, 3)):
        with pytest.raises(ValueError, match="percentiles must satisfy"):
            clip_outliers(data, *bounds)
        with pytest.raises(ValueError, match="percentiles must satisfy"):
            OutlierClipper(*bounds).fit(column(data))
    with pytest.raises(ValueError, match="percentiles must satisfy"):
        clip_outliers(data, "5", 95)


@BOTH
def test_trap_43_the_index_is_that_of_float_arithmetic(kind):
    """int(375 * 18.4 / 100) is 68; in decimals it would be 69."""
    data = [float(i) for i in range(375)]
    assert int(375 * 18.4 / 100) == 68
    assert min(clip_outliers(kind(data), 18.4, 100)) == 68
    assert OutlierClipper(18.4, 100).fit(column(data)).transform([[0]]) == [[68]]


@BOTH
def test_trap_44_the_order_of_operations_of_the_index(kind):
    """N * p / 100 is 29 for n = 100, p = 29; n * (p / 100) is 28."""
    assert int(100 * (29 / 100)) == 28
    assert min(clip_outliers(kind([float(i) for i in range(100)]), 29, 100)) == 29
    for n in (1, 7, 20, 100, 333):
        data = [float(i) for i in range(n)]
        for p in range(101):
            wanted = min(n - 1, n * p // 100)
            assert min(clip_outliers(kind(data), p, 100)) == wanted


@BOTH
def test_trap_45_few_values_and_duplicates(kind):
    """Interpolated bounds are no values of the data: 1.45 and 55.9 here."""
    data = [1, *[2] * 8, 100]
    assert list(clip_outliers(kind(data))) == data


def test_trap_46_the_callers_error_state():
    """Under errstate(all="raise") libraries fail on harmless underflow."""
    table = np.array([[1e-200, 1e-310], [2e-200, 1.0], [4e-200, 2.0]])
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for data in ([1e-310, 1.0, 2.0], [1e-200, 2e-200, 4e-200], [1e308, -1e308, 0]):
            for function in (normalize, standardize, clip_outliers, robust_scale):
                assert function(data) == function(np.array(data)).tolist()
                function([np.float64(x) for x in data])
        for scaler in (
            MinMaxScaler(), StandardScaler(), RobustScaler(), OutlierClipper(),
        ):  # fmt: skip
            scaler.inverse_transform(scaler.fit_transform(table))
    assert np.geterr()["divide"] == "warn"


@BOTH
def test_trap_47_interpolating_next_to_infinity(kind):
    """The 75th percentile of [1, inf, inf] was NaN; the index rule has a value."""
    data = kind([-math.inf, 1.0, 2.0, 3.0, math.inf])
    assert list(clip_outliers(data, 20, 79)) == [1, 1, 2, 3, 3]
    clipper = OutlierClipper(20, 79).fit(column(data))
    assert clipper.transform(column(data)) == [[1], [1], [2], [3], [3]]
    assert clipper.transform([math.inf]) == [3.0]
    with pytest.raises(ValueError, match="the bounds would be -inf and inf"):
        clip_outliers(data, 0, 100)
    with pytest.raises(ValueError, match="a bound would be infinite"):
        OutlierClipper(0, 100).fit(column(data))


@BOTH
def test_trap_48_interpolating_between_the_largest_floats(kind):
    """The median of +-1.7e308 was -inf; half the distance fits a float."""
    data = [-1.7e308, 1.7e308, -1.7e308, 1.7e308]
    assert list(robust_scale(kind(data))) == [-0.5, 0.5, -0.5, 0.5]
    assert RobustScaler().fit_transform(column(data)) == [[-0.5], [0.5], [-0.5], [0.5]]


def test_trap_49_merging_a_shard_without_values():
    """An empty or all-NaN shard divided by zero, and its NaN passed every guard."""
    for kind in (MinMaxScaler, StandardScaler, RobustScaler, OutlierClipper):
        full = kind(missing="keep").partial_fit(column([1.0, 2.0, 4.0, 8.0]))
        empty = kind(missing="keep").partial_fit(column([math.nan] * 3))
        assert full.merge(empty) == empty.merge(full) == full
        assert full.merge(kind(missing="keep")) == full
        assert full.merge(kind(missing="keep").partial_fit(np.empty((0, 1)))) == full


def test_trap_50_a_column_of_another_name_or_length_is_no_match():
    """By position alone, a table with a column too many was scaled as it stood."""
    scaler = StandardScaler().fit([[1, 2], [3, 5]])
    for X in ([[1, 2, 3]], np.ones((2, 3)), [1, 2, 3]):
        with pytest.raises(ValueError, match="X has 3 features, but StandardScaler is"):
            scaler.transform(X)
    with pytest.raises(ValueError, match="X has 3 features"):
        scaler.partial_fit([[1, 2, 3]])
    assert sys.getrefcount(scaler) < 10  # no cache of ours keeps scalers alive


def test_integers_whose_range_exceeds_every_float_beside_floats():
    """The sum of such a list is small, so only the range tells."""
    assert normalize([1.0, 10**308, -(10**308), 2]) == [0.5, 1.0, 0.0, 0.5]
    assert normalize([2**1023, -(2**1023), 1.0]) == [1.0, 0.0, 0.5]
    for function in (normalize, standardize, robust_scale, clip_outliers):
        with pytest.raises(ValueError, match="exceeds every float"):
            function([10**400, -(10**400), 1.0])
