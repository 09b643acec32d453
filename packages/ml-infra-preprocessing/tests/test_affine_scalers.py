"""MinMaxScaler and StandardScaler: too few values, groups of none, what is told."""

import math
from fractions import Fraction

import numpy as np
import pytest

from ml_infra.preprocessing import MinMaxScaler, StandardScaler

both = pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])


@pytest.mark.parametrize(
    "limits",
    [(1, 1), (0.0, 0.0), (-1e308, 1e308), (2**60, 2**60 + 1), (0, "1"), ("0", "1")],
)
def test_a_range_needs_two_ends_a_float_apart(limits):
    with pytest.raises(ValueError, match="range must be two finite numbers"):
        MinMaxScaler(limits).fit([[1.0], [2.0]])


@both
def test_a_group_without_values_is_no_constant(kind):
    """It says nothing, and gets nothing but what is missing later, too."""
    table = {"g": list("aabb"), "x": np.array([1.0, 3.0, math.nan, math.nan])}
    made = kind(by="g", missing="keep").fit_transform(table)["x"]
    ends = [0, 1] if kind is MinMaxScaler else [-math.sqrt(0.5), math.sqrt(0.5)]
    assert made[:2].tolist() == pytest.approx(ends, rel=1e-15)
    assert np.isnan(made[2:]).all()
    table["x"][2:] = 5.0
    with pytest.raises(ValueError, match="column 'x' in group 'b'"):
        kind(by="g").fit(table)


def test_one_value_has_no_spread_but_may_become_zero():
    for data in ([[5.0]], [[5.0, 6.0]]):
        with pytest.raises(ValueError, match="needs more than 1 samples"):
            StandardScaler().fit(data)
        with pytest.raises(ValueError, match="n_samples = 1, MinMaxScaler cannot"):
            MinMaxScaler().fit(data)
        for kind in (StandardScaler, MinMaxScaler):
            zeros = kind(constant="zero").fit(data)
            assert zeros.transform(data) == [[0.0] * len(data[0])]
            assert zeros.transform([[9.0] * len(data[0])]) == [[0.0] * len(data[0])]
    with pytest.raises(ValueError, match="StandardScaler cannot scale a constant"):
        StandardScaler(ddof=0).fit([[5.0]])
    assert StandardScaler(ddof=0).fit([[5.0], [7.0]]).transform([[7.0]]) == [[1.0]]


@pytest.mark.parametrize("constant", ["raise", "zero"])
def test_weights_must_add_up_to_more_than_the_freedom_they_lose(constant):
    """At a weight of `ddof` the variance is something over nothing."""
    scaler = StandardScaler(constant=constant)
    for weights in ([0.5, 0.5], [0.25, 0.5]):
        with pytest.raises(ValueError, match="needs more than 1 samples"):
            scaler.fit([[1.0], [3.0]], weights=weights)
    # Squares 2 * 0.75 over 1.5 - 1.
    made = scaler.fit([[1.0], [3.0]], weights=[0.75, 0.75]).transform([[3.0]])
    assert made[0][0] == pytest.approx(1 / math.sqrt(3), rel=1e-15)


@pytest.mark.parametrize("weights", [[1, 1, 1], [0, 0, 0], [-1, 1], [0, 0]])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(ValueError, match="weights: expected"):
        StandardScaler().fit([[1.0], [3.0]], weights=weights)


def test_rows_of_no_weight_are_as_if_they_were_not_there():
    X = [[1.0], [1e9], [3.0]]
    scaler = StandardScaler(ddof=0).fit(X, weights=[1, 0, 1])
    assert (scaler.mean_.tolist(), scaler.scale_.tolist()) == ([2.0], [1.0])
    empty = StandardScaler().partial_fit(np.empty((0, 1)), weights=[])
    assert empty.state_.weight.tolist() == [[0.0]]


def test_the_mean_that_is_told_is_a_float_next_to_the_exact_one():
    """Sums of 500 values are off by some units, which the rest puts back."""
    X = np.random.default_rng(20).lognormal(size=(500, 40))
    wanted = [sum(map(Fraction, column)) / 500 for column in X.T.tolist()]
    for data in (X, np.asfortranarray(X)):
        means = StandardScaler().fit(data).mean_.tolist()
        for mean, exactly in zip(means, wanted, strict=True):
            unit = Fraction(float(np.spacing(mean)))
            assert abs(Fraction(mean) - exactly) <= Fraction(0.9) * unit


def test_what_is_told_can_be_written_to():
    """And the scaler stays as it was."""
    X = [[1.0], [3.0]]
    for kind, names in (
        (MinMaxScaler, ["data_min_", "data_max_"]),
        (StandardScaler, ["mean_", "scale_"]),
    ):
        scaler = kind().fit(X)
        for name in names:
            getattr(scaler, name)[0] = 99.0
            with pytest.raises(ValueError, match="not fitted"):
                getattr(kind(), name)
        assert scaler == kind().fit(X)


def test_a_width_beyond_every_float_is_halved_twice():
    """And integers beside it keep their own units."""
    top = 1.5 * 2.0**1023
    X = np.array([[-top, 2.0**62], [0.0, 2.0**62 + 1024], [top, 2.0**62 + 2048]])
    for table in (X, np.asfortranarray(X), X.tolist()):
        made = np.array(MinMaxScaler().fit_transform(table))
        assert made.tolist() == [[0, 0], [0.5, 0.5], [1, 1]]
    scaler = MinMaxScaler().fit(X)
    assert scaler.inverse_transform(made).tolist() == X.tolist()
    assert scaler.data_max_.tolist() == [top, 2.0**62 + 2048]
    assert (scaler.data_min_[0], Fraction(scaler.data_max_[0])) == (-top, Fraction(top))
