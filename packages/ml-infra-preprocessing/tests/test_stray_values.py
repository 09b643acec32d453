"""Strays, empty tables and tables in place of columns: the same answer or a word."""

import datetime as dt
import json
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ml_infra.preprocessing import (
    Column,
    Schema,
    check_binary,
    check_finite,
    check_in_range,
    check_no_nulls,
    check_same_length,
    check_sorted,
    check_unique,
    drift,
)

INF = math.inf


@pytest.mark.parametrize("type_", ["int", "float", None])
@pytest.mark.parametrize(
    "chunks",
    [
        [[5], [5, "q"]],
        [[5, "q"], [5.0], ["q"]],
        [[5], ["q"], [2.5, 3.0, 7], [3]],
        [[1], [1.5, "q"], [1.5], [2**63], [2.0**63, "q"], [2**64 + 1], [2**64 + 1]],
        [[True, "q"], [1], [True]],
    ],
)
def test_a_stream_with_strays_is_the_whole(chunks, type_):
    """A text in one chunk sent its numbers where those of other chunks were not."""
    schema = Schema({"a": Column(type_, unique=True)})
    whole = schema.validate({"a": [one for chunk in chunks for one in chunk]})
    stream = schema.validator()
    shards = []
    for chunk in chunks:
        stream.update({"a": chunk})
        shards.append(schema.validator().update({"a": chunk}))
    merged = shards[0]
    for shard in shards[1:]:
        merged.merge(shard)
    for report in (stream.report(), merged.report()):
        assert str(report) == str(whole)
        assert report.to_dict() == whole.to_dict()


STRAYS = [
    1, 2.0, 2.5, 3, -7, 0, -0.0, 2**60, 2**70, INF, -INF, None, math.nan, "x", "NA",
    "", "12", "2.5", True, False, np.float32(2.5), np.int8(3), np.bool_(True),
    dt.date(2024, 1, 1), dt.datetime(2024, 1, 2), [1],  # noqa: DTZ001 -- naive
    dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc),
]  # fmt: skip
RULES = {
    "min": [0, 2, -3.5, "2024-01-02"],
    "max": [2.5, 2**61, INF, "2024-01-01T12:00Z"],
    "closed": ["left", "right", "neither"],
    "finite": [True],
    "strict": [True],
    "nullable": [False],
    "unique": [True],
    "ordered": ["increasing", "strictly decreasing"],
    "in_": [[1, 2.5, "x", True], [INF], ["2024-01-01"]],
    "null_like": [(-7, 2.5, "NA", True), (INF, "")],
    "regex": ["[a-z]"],
    "max_len": [1],
    "zone": ["UTC", "naive"],
}


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.data())
def test_a_stream_of_any_mix_is_the_whole(data):
    """What a value is judged as must not depend on what else is in its chunk."""
    rules = {
        name: data.draw(st.sampled_from(RULES[name]))
        for name in data.draw(st.sets(st.sampled_from([*RULES]), max_size=5))
    }
    kinds = [None, "int", "float", "bool", "text", "category", "datetime"]
    try:
        column = Column(data.draw(st.sampled_from(kinds)), **rules)
    except ValueError:
        assume(False)
    schema = Schema({"a": column})
    some = data.draw(st.lists(st.sampled_from(STRAYS), min_size=1, max_size=4))
    values = data.draw(st.lists(st.sampled_from(some), min_size=1, max_size=8))
    whole = schema.validate({"a": values})
    stream, shards, start = schema.validator(), [], 0
    while start < len(values):
        chunk = {"a": values[start : start + data.draw(st.integers(1, 3))]}
        stream.update(chunk)
        shards.append(schema.validator(start=start).update(chunk))
        start += len(chunk["a"])
    merged, *others = data.draw(st.permutations(shards))
    for shard in others:
        merged.merge(shard)
    for report in (stream.report(), merged.report()):
        assert json.dumps(report.to_dict()) == json.dumps(whole.to_dict())


FAULTY = [
    (Column("float", finite=True), [1.0, "x", -INF], {"type": (1,), "finite": (2,)}),
    (Column("datetime", max="2024-01-01"), [dt.date(2024, 1, 2), "x"],
     {"type": (1,), "max": (0,)}),
    (Column("datetime", unique=True), [dt.date(2024, 1, 2), "x", dt.date(2024, 1, 2)],
     {"type": (1,), "unique": (0, 2)}),
    (Column("datetime", ordered="increasing"), [dt.date(2024, 1, 2), "x",
     dt.date(2024, 1, 1)], {"type": (1,), "ordered": (2,)}),
    (Column("int", strict=True), [1, 2.0, None, 3], {"type": (1,)}),
    (Column("float", strict=True), [1, 2.0, None, 2.5], {"type": (0,)}),
    (Column(in_=[1, "x"]), [True, 1, "x"], {"in_": (0,)}),
    (Column("category", in_=["x"]), [dt.date(2024, 1, 1)], {"type": (0,), "in_": (0,)}),
    (Column("datetime", in_=["2024-01-01"]), [dt.date(2024, 1, 1), 5],
     {"type": (1,), "in_": (1,)}),
    (Column("int", in_=[1]), [1, [1], np.eye(2)], {"type": (1, 2), "in_": (1, 2)}),
    (Column("text", regex="a"), ["a", [1], "b"], {"type": (1,), "regex": (2,)}),
    (Column("float", null_like=(INF,), nullable=False), [1.0, INF], {"nullable": (1,)}),
]  # fmt: skip


@pytest.mark.parametrize(("column", "values", "wanted"), FAULTY)
def test_every_value_is_judged_beside_any_other(column, values, wanted):
    """One stray hid the infinities, times and repetitions beside it, or threw."""
    report = Schema({"a": column}).validate({"a": values})
    assert {r.rule: r.rows for r in report.failures} == wanted


def test_repeated_times_are_shown_as_times():
    times = np.array(["2024-01-02", "2024-01-01", "2024-01-02"], "M8[s]")
    schema = Schema({"a": Column("datetime", unique=True, ordered="increasing")})
    shown = {r.rule: r.values for r in schema.validate({"a": times}).failures}
    day = "2024-01-02T00:00:00"
    assert shown == {"unique": (day, day), "ordered": ("2024-01-01T00:00:00",)}
    two = schema.validator(start=3).update({"a": times.astype("M8[ns]")})
    unknown = schema.validator(start=0).update({"a": times[:1]}).merge(two).report()
    reasons = {r.reason for r in unknown.unknown}
    assert reasons <= {"chunks count time in different units"}


def test_a_repeated_number_beside_a_stray_text():
    validator = Schema({"a": Column("int", unique=True)}).validator()
    report = validator.update({"a": [5]}).update({"a": [5, "q"]}).report()
    assert "2 of 3 values are not unique (rows 0, 1: 5, 5)" in str(report)
    assert "found text (rows 2: 'q')" in str(report)


def test_no_rows_teach_no_rules():
    """An empty list was taken as proof that there are no nulls."""
    for column in ([], np.array([], float), np.array([], np.int64)):
        assert Schema.infer({"a": column}).columns == {"a": Column()}


@pytest.mark.parametrize("other", [[1.0, 2.0] * 25, [INF] * 50, [-INF] * 50])
def test_drift_where_all_is_infinite(other):
    """No finite value on a side was a division by zero."""
    endless = [INF] * 50
    for one, two in ((endless, other), (other, endless)):
        found = drift({"a": one}, {"a": two})
        assert found.verdict == ("stable" if one == two else "drift")
        if max(other) == 2.0:
            assert "infinity_rate 1 " in str(found)


CHECKS = (
    check_finite,
    check_no_nulls,
    check_unique,
    check_binary,
    check_sorted,
    lambda data: check_in_range(data, 0, 1),
)


@pytest.mark.parametrize("check", CHECKS)
def test_a_table_is_no_column(check):
    tables = [{"a": [1, 1]}]
    pandas = pytest.importorskip("pandas")
    tables.append(pandas.DataFrame({"a": [1, 1]}))
    for table in tables:
        with pytest.raises(TypeError, match=r"data: expected one column, .*pass one"):
            check(table)
    with pytest.raises(TypeError, match="data: expected a list, an array or a series"):
        check(5)


def test_checks_say_what_they_cannot_compare():
    with pytest.raises(ValueError, match=r"expected one column, got shape \(2, 2\)"):
        check_unique(np.eye(2))
    with pytest.raises(ValueError, match=r"expected one column, got shape \(2, 2\)"):
        check_sorted(np.eye(2))
    with pytest.raises(TypeError, match="values that can be compared, got list"):
        check_unique([[1], [1]])
    with pytest.raises(TypeError, match=r"expected sized objects .* got int 3"):
        check_same_length(3, 4)
    assert check_finite(np.eye(2)).shape == (2, 2)


def test_nan_is_shown_as_nan():
    for data in ([1.0, math.nan], np.array([1.0, math.nan])):
        with pytest.raises(ValueError, match=r"rows 1: nan\)"):
            check_finite(data)
    with pytest.raises(ValueError, match=r"rows 1: None\)"):
        check_no_nulls(["a", None])


def test_what_is_no_column_is_named():
    with pytest.raises(TypeError, match=r"column 'a': .* got shape \(2, 2\)"):
        Schema.infer({"a": np.zeros((2, 2))})
    with pytest.raises(TypeError, match=r"column 'a': .* got set"):
        Schema.infer({"a": {1, 2}})


@pytest.mark.parametrize(
    ("library", "frame"),
    [("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "table")],
)
def test_a_frame_in_the_place_of_a_column_is_named(library, frame):
    module = pytest.importorskip(library)
    column = getattr(module, frame)({"x": [1, 2]})
    for use in (Schema.infer, Schema({"a": "int"}).validate):
        with pytest.raises(TypeError, match=r"column 'a': expected a list, .* got "):
            use({"a": column})
