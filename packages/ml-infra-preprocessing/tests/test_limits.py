"""The quick look at bounds passes what plain Python passes, and never more."""

import math
import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.preprocessing import Column, Schema
from ml_infra.preprocessing._limits import Limits

CLOSED = {
    "both": (operator.ge, operator.le),
    "left": (operator.ge, operator.lt),
    "right": (operator.gt, operator.le),
    "neither": (operator.gt, operator.lt),
}
TYPES = ["f8", "f4", "f2", "g", ">f8", "i8", "i1", "u8", "u1", ">i4"]
FLOATS = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 100.0, -100.0]
ODD = [math.nan, math.inf, -math.inf, 5e-324, np.finfo("f8").max]
BOUNDS = [None, 0, -0.0, 1, -1, 0.5, 2, 100, -200, 300, math.inf, -math.inf]
BOUNDS += [1e39, -1e39, 10**400, -(10**400)]  # beyond every float32, every double


@settings(deadline=None, derandomize=True, max_examples=600)
@given(st.data())
def test_a_batch_holds_only_where_every_value_does(data):
    dtype = np.dtype(data.draw(st.sampled_from(TYPES)))
    if dtype.kind == "f":
        pool = FLOATS if dtype == "f2" else FLOATS + ODD
    else:
        ends = np.iinfo(dtype)
        pool = [0, 1, 2, 100, ends.min, ends.max, ends.max - 1]
    drawn = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=6))
    with np.errstate(over="ignore"):
        values = np.array(drawn, dtype)
    low, high = data.draw(st.sampled_from(BOUNDS)), data.draw(st.sampled_from(BOUNDS))
    closed = data.draw(st.sampled_from([*CLOSED]))
    finite = data.draw(st.booleans())
    above, below = CLOSED[closed]
    exact = values.tolist()
    low_enough = [low is None or math.isnan(x) or above(x, low) for x in exact]
    high_enough = [high is None or math.isnan(x) or below(x, high) for x in exact]
    limits = Limits(dtype, low, high, closed, finite=finite)
    assert limits.too_low(values).tolist() == [not good for good in low_enough]
    assert limits.too_high(values).tolist() == [not good for good in high_enough]
    good = all(low_enough) and all(high_enough) and not any(map(math.isnan, exact))
    good = good and not (finite and any(map(math.isinf, exact)))
    minus_zero = any(x == 0 and math.copysign(1, x) < 0 for x in exact)
    if limits.hold(values):
        assert good
    else:
        assert not good or minus_zero  # the one case for a closer look


@pytest.mark.parametrize("low", [None, 0, -3])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4"])
def test_columns_of_many_blocks_are_judged_as_short_ones(dtype, low):
    """Good blocks are passed by a reduction or two, others value by value."""
    size = 200_000
    values = np.arange(size).astype(dtype) % 50
    faults = {3: 999, 65_536: -7, 65_537: 999, 140_000: -8, size - 1: 999}
    for row, value in faults.items():
        values[row] = value
    if values.dtype.kind == "f":
        values[70_000] = np.nan
    schema = Schema({"a": Column(min=low, max=50, nullable=False)})
    report = schema.validate({"a": values})
    found = {r.rule: (r.count, r.checked, r.rows) for r in report.failures}
    nulls = int(values.dtype.kind == "f")
    wanted = {"max": (3, size - nulls, (3, 65_537, size - 1))}
    if low is not None:
        wanted["min"] = (2, size - nulls, (65_536, 140_000))
    if nulls:
        wanted["nullable"] = (1, size, (70_000,))
    assert found == wanted
    few = schema.validate({"a": values}, max_examples=1).failures
    assert {r.rule: r.rows for r in few} == {k: v[2][:1] for k, v in wanted.items()}


def test_what_a_mask_hides_is_not_judged():
    """Numbers under a mask broke bounds, and were shown as None."""
    values = np.ma.array([1.0, 999.0, math.nan, -5.0], mask=[0, 1, 0, 0])
    report = Schema({"a": Column("float", min=0, max=9)}).validate({"a": values})
    assert [(r.rule, r.rows) for r in report.failures] == [("min", (3,))]
