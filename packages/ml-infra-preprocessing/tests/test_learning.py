"""Learning from whole rows of matrices: what it must see, and that it is taken."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from ml_infra.preprocessing import MinMaxScaler, StandardScaler, _learning

RANDOM = np.random.default_rng(19)
BLOCKS = {  # eight values each
    "tenth": np.full(8, 0.1),
    "other": np.full(8, 0.3),
    "large": np.full(8, 1e6 + 0.1),
    "noise": 0.1 + RANDOM.normal(size=8),
    "narrow": 0.1 + np.array([0, 1, 5, 2, 0, 3, 1, 1]) * 2.0**-56,
}


def check_moments(exact, scaler, X):
    """Hold each column's state against fractions."""
    state = scaler.state_
    for j, data in enumerate(X.T.tolist()):
        total, mean, squares = exact.moments(data)
        held = Fraction(state.mean[0, j]) + Fraction(state.mean_rest[0, j])
        assert state.weight[0, j] == total
        assert state.exponent[0, j] == 0
        assert state.varied[0, j] == (squares > 0)
        if squares:
            assert abs(Fraction(state.squares[0, j]) / squares - 1) <= 3e-14
            assert abs(held - mean) <= 1e-14 * math.sqrt(squares / total)
        else:
            assert (held, state.squares[0, j]) == (data[0], 0)


def test_blocks_of_rows_add_up(exact, monkeypatch):
    """Constant, narrow and noisy blocks in any order; a few rows at the end."""
    monkeypatch.setattr(_learning, "MOMENT_BLOCK", 1)
    monkeypatch.setattr(_learning, "BLOCK", 1)
    monkeypatch.setattr(_learning, "settled_moments", None)  # no second chance
    columns = [
        np.concatenate([*parts, parts[-1][:3]])
        for parts in itertools.product(BLOCKS.values(), repeat=3)
    ]
    X = np.stack(columns, axis=1)  # eight rows are laid side by side
    scaler = StandardScaler(constant="zero").fit(X)
    check_moments(exact, scaler, X)
    assert StandardScaler.from_json(scaler.to_json()) == scaler
    extents = MinMaxScaler(constant="zero").fit(X)
    assert extents.data_min_.tolist() == [min(column) for column in columns]
    assert extents.data_max_.tolist() == [max(column) for column in columns]


def test_a_spread_just_above_the_noise_of_the_mean(exact):
    """The mean is no float: its square would count for a thousandth."""
    steps = np.round(RANDOM.normal(size=(101, 40)) * 20)
    X = 1 + steps * 2.0**-52
    check_moments(exact, StandardScaler().fit(X), X)


def test_one_value_of_thousands_is_another(monkeypatch):
    """By one unit, less than the noise of the mean: its squares are 1 - 1/n units."""
    monkeypatch.setattr(_learning, "settled_moments", None)
    values = RANDOM.uniform(1e6, 2e6, 20)
    X = np.tile(values, (8000, 1))
    X[5000] += 2.0**-32
    state = StandardScaler().fit(X).state_
    for j, value in enumerate(values.tolist()):
        squares = Fraction(state.squares[0, j]) * 2**64
        assert abs(squares - (1 - Fraction(1, 8000))) <= 3e-14
        off = Fraction(state.mean[0, j]) - Fraction(value)
        off = (off + Fraction(state.mean_rest[0, j])) * 2**32
        assert abs(off - Fraction(1, 8000)) <= 1e-14


def test_columns_of_one_value_are_constant(monkeypatch):
    """Whatever their sums round to, beside a column that varies."""
    monkeypatch.setattr(_learning, "settled_moments", None)
    values = [0.1, -14.62, *10.0 ** RANDOM.uniform(-30, 30, 60)]
    X = np.stack([np.full(1000, x) for x in values] + [np.arange(1000.0)], axis=1)
    scaler = StandardScaler(constant="zero").fit(X)
    assert scaler.mean_.tolist() == [*values, 499.5]
    assert scaler.scale_[:-1].tolist() == [0] * 62
    for kind in (MinMaxScaler, StandardScaler):
        with pytest.raises(ValueError, match=r"column 0 \(and 61 more\): .*constant"):
            kind().fit(X)


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "u1"])
def test_matrices_are_read_by_rows(exact, kind, dtype, monkeypatch):
    """No column is read alone, and none with the care that narrow ones take."""
    for name in ("settled_extent", "settled_moments", "narrow"):
        monkeypatch.setattr(_learning, name, None)
    scale = 0.02 if np.dtype(dtype).kind == "f" else 20
    X = ((RANDOM.normal(size=(60, 2)) + 5) * scale).astype(dtype)
    scaler = kind().fit(X)
    if kind is StandardScaler:
        check_moments(exact, scaler, X)
    else:
        assert scaler.data_min_.tolist() == X.min(axis=0).tolist()
        assert scaler.data_max_.tolist() == X.max(axis=0).tolist()


def test_columns_in_one_piece_are_read_alone(monkeypatch):
    monkeypatch.setattr(_learning, "row_blocks", None)
    X = np.asfortranarray(RANDOM.normal(size=(60, 2)))
    assert MinMaxScaler().fit(X).data_max_.tolist() == X.max(axis=0).tolist()
    StandardScaler().fit(X)


def test_matrices_of_long_integers_are_read_exactly():
    """2^62 + 1 and its neighbours are one float."""
    for first in (2**62 + 1, 2**63 - 3):
        X = np.array([[first, 4], [first + 1, 6], [first + 2, 8]])
        assert MinMaxScaler().fit_transform(X).tolist() == [[0, 0], [0.5, 0.5], [1, 1]]
        made = StandardScaler().fit_transform(X)
        assert made.tolist() == [[-1, -1], [0, 0], [1, 1]]


def test_means_of_long_integers_are_held_to_the_fraction(exact):
    """A start that is no float, and a mean with a third behind the point."""
    for first in (2**62 + 1, 2**53 + 1, -(2**60) - 3):
        data = [first, first + 2, first + 5]
        state = StandardScaler().fit({"x": np.array(data)}).state_
        _, mean, squares = exact.moments(data)
        held = Fraction(state.mean[0, 0]) + Fraction(state.mean_rest[0, 0])
        assert abs(held - mean) <= Fraction(1, 2**51)
        assert abs(Fraction(state.squares[0, 0]) / squares - 1) <= Fraction(1, 2**51)


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("column", [0, 1])
def test_what_is_not_finite_in_a_matrix_is_found(kind, bad, column):
    X = RANDOM.normal(size=(60, 2))
    X[7, column] = bad
    problem = "missing" if math.isnan(bad) else "infinite"
    message = f"column {column}: 1 of 60 values is {problem}.* position 7"
    with pytest.raises(ValueError, match=message):
        kind().fit(X)


@pytest.mark.parametrize("size", [1e-160, 1e160, 1e308])
def test_squares_that_no_float_holds_are_learned_column_by_column(exact, size):
    """In units of their own; an ordinary column beside them is not touched."""
    data = [size, -size / 2, size / 4]
    X = np.array([data, [1.0, 2.0, 4.0]]).T
    state = StandardScaler().fit(X).state_
    for j, column in enumerate(X.T.tolist()):
        _, mean, squares = exact.moments(column)
        unit = Fraction(2) ** int(state.exponent[0, j])
        held = Fraction(state.mean[0, j]) + Fraction(state.mean_rest[0, j])
        assert abs(held * unit - mean) <= 1e-15 * Fraction(size if j == 0 else 1)
        assert abs(Fraction(state.squares[0, j]) * unit**2 / squares - 1) <= 1e-14
    assert state.exponent[0, 0] != 0
    assert state.exponent[0, 1] == 0
