"""Moments of one column, block by block: constants, tiny spreads, weights, nulls."""

import math
from fractions import Fraction

import numpy as np
import pytest

from ml_infra.preprocessing import (
    MinMaxScaler,
    StandardScaler,
    _passes,
    _vectors,
    normalize,
    standardize,
)

A, B = 14.62, 3.0
ONE_UP = math.nextafter(1.0, 2.0)
SERIES = {  # in blocks of 7
    "constant": [A] * 20,
    "zeros": [0.0] * 20,
    "a step after one block": [A] * 7 + [B] * 7,
    "a step after two blocks": [A] * 14 + [B] * 7,
    "a step within a block": [A] * 10 + [B] * 10,
    "constant again after all": [A] * 7 + [B, A, B, A, A, A, A] + [A] * 7,
    "one step of the last place": [1.0] * 7 + [1.0, 1.0, ONE_UP, 1.0] + [ONE_UP] * 9,
    "an outlier first": [1e15, 1.1, 2.2, 4.3, 5.7, 7.9, 8.6, 3.4, 6.8],
}
WEIGHTS = {
    "none": None,
    "ones": [1.0] * 28,
    "tenths": [0.1] * 28,
    "zero and more": [3.0, 0.0, 1.0, 0.5] * 7,
    "hardly an outlier": [2.0**-100] + [1.0] * 27,
    "a block of nothing": [0.0] * 7 + [2.0] * 21,
}


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_passes, "MOMENT_BLOCK", 7)


def check(exact, state, data, weights):
    """Mean and variance within 1e-14, a constant to the bit."""
    total, mean, squares = exact.moments(data, weights)
    assert state.weight[0, 0] == pytest.approx(float(total), rel=1e-15)
    assert state.varied[0, 0] == (squares > 0)
    held = Fraction(state.mean[0, 0]) + Fraction(state.mean_rest[0, 0])
    if squares:
        ratio = Fraction(state.squares[0, 0]) / squares
        assert float(ratio) == pytest.approx(1, rel=1e-14)
        assert float(abs(held - mean)) <= 1e-14 * float(squares / total) ** 0.5
    else:
        assert held == mean
        assert state.squares[0, 0] == 0.0


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("heavy", WEIGHTS)
def test_any_series_of_blocks_with_any_weights(exact, name, heavy):
    data, weights = SERIES[name], WEIGHTS[heavy]
    weights = None if weights is None else weights[: len(data)]
    scaler = StandardScaler(ddof=0, constant="zero").fit({"x": data}, weights=weights)
    check(exact, scaler.state_, data, weights)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("heavy", WEIGHTS)
def test_what_lies_under_a_mask_counts_nowhere(exact, heavy):
    """Integers have no NaN that could stand in for the mask."""
    mask = np.arange(20) % 5 == 3
    masked = np.ma.masked_array(np.arange(20), mask=mask)
    masked.data[mask] = 10**6
    weights = np.array(WEIGHTS[heavy] or WEIGHTS["ones"])[:20]
    scaler = StandardScaler(missing="keep").fit(
        {"x": masked}, weights=weights if WEIGHTS[heavy] else None
    )
    check(exact, scaler.state_, masked.compressed().tolist(), weights[~mask].tolist())


@pytest.mark.parametrize("value", [0.0, 14.62, 0.1, -1 / 3, 5e-324, 1.7e308, 7])
@pytest.mark.parametrize("size", [2, 3, 10, 1000, 16_384, 40_000])
def test_equal_values_are_equal_at_any_length(value, size):
    """Sums of equal values round, and so do their means; only the values can tell."""
    data = np.full(size, value)
    with pytest.raises(ValueError, match=f"got {size} equal to"):
        standardize(data)
    for weights in (None, np.full(size, 0.9)):
        with pytest.raises(ValueError, match="constant"):
            StandardScaler().fit(data[:, None], weights=weights)


@pytest.mark.parametrize("size", [100, 1000, 16_384, 50_000])
@pytest.mark.parametrize("base", [1.0, 0.1, 14.62, 1e9])
def test_one_value_differs_in_its_last_bit(size, base):
    """One value in n: it is at (n - 1) / sqrt(n), the others are at -1 / sqrt(n)."""
    data = np.full(size, base)
    data[size // 2] = np.nextafter(base, np.inf)
    made = standardize(data)
    assert made[size // 2] == pytest.approx((size - 1) / math.sqrt(size), rel=1e-14)
    rest = np.delete(made, size // 2)
    assert rest.min() == rest.max() == pytest.approx(-1 / math.sqrt(size), rel=1e-14)


@pytest.mark.parametrize(
    "data",
    [
        np.linspace(0.1, 0.3, 50_000),
        1e6 + np.linspace(-1, 1, 50_000, dtype="f8"),
        np.linspace(-3, 3, 50_000, dtype="f4"),
        np.arange(50_000, dtype="i4"),
        np.arange(50_000) % 256 > 9,
    ],
    ids=["small", "offset", "float32", "int32", "bool"],
)
def test_ordinary_data_are_read_twice_and_nothing_else(monkeypatch, data):
    """No policy, no second look at a block, no extent for the sake of its exponent."""
    wanted = standardize(data)
    monkeypatch.setattr(_vectors.Vector, "settle", None)
    normalize(data)
    MinMaxScaler().fit(data[:, None])
    monkeypatch.setattr(_passes, "narrow", None)
    monkeypatch.setattr(_passes, "extent", None)
    assert np.array_equal(standardize(data), wanted)
    StandardScaler().fit(data[:, None])
