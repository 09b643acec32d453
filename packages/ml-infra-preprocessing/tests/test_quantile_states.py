"""What percentiles are learned from and travel as: nulls, infinities, no groups."""

import json
import math
import random

import numpy as np
import pytest

from ml_infra.preprocessing import (
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    StandardScaler,
    _quantiles,
    _vectors,
)

INF = math.inf
both = pytest.mark.parametrize("kind", [RobustScaler, OutlierClipper])
every_scaler = pytest.mark.parametrize(
    "kind", [RobustScaler, OutlierClipper, StandardScaler, MinMaxScaler]
)


def column(data, **more):
    return {"x": np.array(data, float), **more}


class TestInfinities:
    """They are extreme values: below and above the others, counted apart."""

    one = (-INF, 3.0, -INF, 1.0, INF, 2.0)
    two = (INF, -INF, 5.0, 4.0, 0.0, 6.0)
    # Sorted: three times -inf, 0 to 6, twice inf; int(12 * 25 / 100) = 3 and
    # int(12 * 80 / 100) = 9 are the places of 0 and of 6.
    bounds = ([0.0], [6.0])

    def scalers(self):
        one, two = (
            OutlierClipper(25, 80).partial_fit(column(x)) for x in (self.one, self.two)
        )
        yield one.merge(two)
        yield two.merge(one)
        yield OutlierClipper(25, 80).fit(column(self.one + self.two))
        yield one.partial_fit(column(self.two))

    def test_shards_add_up(self):
        for scaler in self.scalers():
            assert (scaler.lower_, scaler.upper_) == self.bounds
            assert scaler.state_.count.tolist() == [[12]]

    def test_they_travel(self):
        for scaler in self.scalers():
            restored = OutlierClipper.from_json(scaler.to_json())
            assert restored == scaler
            assert (restored.lower_, restored.upper_) == self.bounds
            cell = scaler.to_dict()["state"]["cells"][0][0]
            assert (cell["count"], cell["below"], cell["above"]) == (12, 3, 2)

    @pytest.mark.parametrize("wrong", [{"count": 11}, {"below": 2}, {"above": 3}])
    def test_counts_that_contradict_each_other_are_refused(self, wrong):
        state = next(self.scalers()).to_dict()
        state["state"]["cells"][0][0].update(wrong)
        with pytest.raises(ValueError, match="counts of a column contradict"):
            OutlierClipper.from_dict(state)

    @pytest.mark.parametrize("bad", [INF, -INF, math.nan])
    def test_where_they_are_not_allowed_their_position_is_told(self, bad):
        for data in ([1.0, 2.0, bad], [bad], [bad, bad, 3.0]):
            for learn in (RobustScaler().fit, RobustScaler().partial_fit):
                with pytest.raises(ValueError, match=f"at position {data.index(bad)}"):
                    learn(column(data))


class TestLargeFit:
    """Beyond 2**16 rows `fit` keeps order statistics alone, which travel as well."""

    size = 70_000

    def data(self):
        return column(np.random.default_rng(5).permutation(self.size))

    def test_its_state_holds_the_two_bounds_and_nothing_else(self):
        # int(70000 * 5 / 100) = 3500 and int(70000 * 95 / 100) = 66500.
        scaler = OutlierClipper().fit(self.data())
        assert scaler.to_dict()["state"] == {
            "cells": [[{
                "count": 70_000, "below": 0, "above": 0,
                "exact": [[3500, 3500.0], [66_500, 66_500.0]], "histogram": None,
            }]]
        }  # fmt: skip
        restored = OutlierClipper.from_json(scaler.to_json())
        assert restored == scaler
        assert (restored.lower_, restored.upper_) == ([3500.0], [66_500.0])

    def test_quartiles_between_two_values(self):
        # A quarter of the way from 0 to 69999 is 17499.75.
        scaler = RobustScaler().fit(self.data())
        restored = RobustScaler.from_json(scaler.to_json())
        assert (restored.center_, restored.scale_) == ([34_999.5], [34_999.5])
        assert restored.rank_error_.tolist() == [[0.0]]

    @both
    def test_up_to_the_limit_fits_can_be_merged(self, monkeypatch, kind):
        monkeypatch.setattr(_quantiles, "MERGEABLE", 8)
        small, large = (kind().fit(column(range(size))) for size in (8, 9))
        assert small.merge(small).state_.count.tolist() == [[16]]
        for one, two in ((small, large), (large, small)):
            with pytest.raises(ValueError, match="of more than 8 rows"):
                one.merge(two)

    @pytest.mark.parametrize(
        "bad",
        [
            [[3500, 1.0]],
            [[3500, 2.0], [66_500, 1.0]],
            [[3500, 1.0], [66_500]],
            [[3500, 1.0], [66_500, 2.0, 3.0]],
            [[3500, 1.0], [66_500.0, 2.0]],
            [[3500, 1.0], ["66500", 2.0]],
            [[3500, 1.0], [66_500, "2"]],
            [[3500, 1.0], [66_500, None]],
            [[3500, 1.0], [66_500, True]],
            [[3500, 1.0], [66_500, INF]],
            [[3500, 1.0], [66_500, math.nan]],
            [[3500, 1.0], [66_500, 10**400]],
            [[3500, 1.0], 66_500],
            {"3500": 1.0, "66500": 2.0},
            3500,
            [],
            None,
        ],
        ids=str,
    )
    def test_damaged_order_statistics_are_refused(self, bad):
        state = OutlierClipper().fit(self.data()).to_dict()
        state["state"]["cells"][0][0]["exact"] = bad
        with pytest.raises(ValueError, match="exact"):
            OutlierClipper.from_dict(state)

    def test_counts_of_no_data_there_could_be_are_refused(self):
        state = OutlierClipper(0, 100).fit(self.data()).to_dict()
        for count, good in ((2**62 - 1, True), (2**62, False), (-1, False)):
            state["state"]["cells"][0][0].update(
                count=count, exact=[[0, 1.0], [count - 1, 2.0]]
            )
            if good:
                assert OutlierClipper.from_dict(state).upper_ == [2.0]
            else:
                with pytest.raises(ValueError, match="counts must be integers"):
                    OutlierClipper.from_dict(state)


class TestNulls:
    """Of containers that have them; what lies under the null counts nowhere."""

    values = np.array([3, 10**6, 1, 2, -(10**6), 4])
    mask = np.array([0, 1, 0, 0, 1, 0], bool)

    def tables(self):
        yield {"x": np.ma.masked_array(self.values, self.mask)}
        yield {"x": np.ma.masked_array(self.values.astype(float), self.mask)}
        yield {"x": [3, None, 1, 2, None, 4.0]}

    @both
    def test_they_are_refused_or_left_out(self, kind):
        alone = kind().fit(column([3, 1, 2, 4]))
        for table in self.tables():
            for learn in ("fit", "partial_fit"):
                with pytest.raises((TypeError, ValueError), match="position 1"):
                    getattr(kind(), learn)(table)
                scaler = getattr(kind(missing="keep"), learn)(table)
                assert scaler.to_dict()["state"] == alone.to_dict()["state"]

    @both
    def test_in_groups_too(self, kind):
        keys = ["a", "a", "a", "b", "b", "b"]
        alone = [kind().fit(column(x)) for x in ([3, 1], [2, 4])]
        for table in self.tables():
            with pytest.raises((TypeError, ValueError), match="position 1"):
                kind(by="g").fit({**table, "g": keys})
            scaler = kind(by="g", missing="keep").fit({**table, "g": keys})
            assert scaler.state_.to_dict()["cells"] == [
                one.state_.to_dict()["cells"][0] for one in alone
            ]

    @both
    def test_nan_in_a_group_is_left_out_and_a_group_of_nothing_is_zero(self, kind):
        table = column([1, 2, math.nan, math.nan], g=["a", "a", "b", "b"])
        scaler = kind(by="g", missing="keep").fit(table)
        assert scaler.state_.count.tolist() == [[2], [0]]
        learned = scaler.center_ if kind is RobustScaler else scaler.lower_
        assert learned.tolist() == [[1.5 if kind is RobustScaler else 1.0], [0.0]]

    @both
    @pytest.mark.parametrize("size", [100, 100_000])
    def test_clean_data_never_meet_the_policy(self, monkeypatch, kind, size):
        monkeypatch.setattr(_vectors.Vector, "settle", None)
        for dtype in ("f8", "f4", "i8"):
            kind().fit(np.arange(size, dtype=dtype)[:, None])


@every_scaler
def test_an_empty_batch_of_groups_comes_first_or_last(kind):
    empty = {"g": np.empty(0, int), "x": np.empty(0), "y": np.empty(0)}
    table = {"g": [1, 1, 2, 2], "x": [1.0, 2.0, 4.0, 8.0], "y": [3.0, 1.0, 2.0, 7.0]}
    wanted = kind(by="g").partial_fit(table)
    nothing = kind(by="g").partial_fit(empty)
    assert nothing.state_.shape == (0, 2)
    restored = kind.from_json(nothing.to_json())
    assert restored == nothing
    with pytest.raises(ValueError, match="2 groups were not seen in training"):
        nothing.transform(table)
    assert wanted.merge(nothing) == wanted
    assert restored.merge(wanted) == wanted
    assert nothing.partial_fit(table) == wanted


def test_a_rank_error_is_a_share_of_all_values():
    """Infinities are exact; the bins that are not hold a share of the finite ones."""
    numbers = np.random.default_rng(6).normal(size=9000)
    finite = OutlierClipper().partial_fit(column(numbers))
    more = OutlierClipper().partial_fit(column([*numbers, *[INF] * 3000]))
    assert 0 < finite.rank_error_[0, 0] < 0.01
    assert more.rank_error_[0, 0] == pytest.approx(finite.rank_error_[0, 0] * 9 / 12)


@pytest.mark.parametrize("levels", [(25, 75), (10, 99.5), (0, 100), (37.5, 61)])
def test_percentiles_between_the_largest_floats(levels):
    """Twice the data have twice the percentiles, to the bit: no sum may overflow."""
    chance = random.Random(3)
    for size in (2, 3, 4, 9):
        half = [chance.uniform(-0.89e308, 0.89e308) for _ in range(size)]
        half[:2] = -0.89e308, 0.89e308
        cells = (
            RobustScaler().partial_fit(column(x)).state_.cells[0][0]
            for x in (half, [2 * x for x in half])
        )
        small, large = (_quantiles.percentiles(cell, list(levels)) for cell in cells)
        assert large == [2 * x for x in small]


def test_percentiles_of_the_smallest_floats():
    """Halved, three times the least float would be two or four times it."""
    least = 5e-324
    scaler = RobustScaler((0, 100)).fit(column([1 * least, 3 * least, 9 * least]))
    assert (scaler.center_, scaler.scale_) == ([3 * least], [8 * least])


def test_states_of_other_shapes_are_refused():
    state = RobustScaler().fit({"x": [1.0, 2.0], "y": [1.0, 2.0]}).to_dict()
    (row,) = state["state"]["cells"]
    for cells in ([], [row, row], [row[:1]], [[*row, row[0]]], [row[0]], {}, None):
        with pytest.raises(ValueError, match="state: 'cells' must"):
            RobustScaler.from_json(json.dumps({**state, "state": {"cells": cells}}))
