"""Inputs that validation tools are known to get wrong, by number; the right answer."""

import datetime as dt
import json
import math
import time

import numpy as np
import pytest

from ml_infra.preprocessing import Column, Profile, Schema
from ml_infra.preprocessing._uniqueness import Uniqueness


def found(report):
    """Return {(column, rule): (count, rows)} of everything broken."""
    return {(r.column, r.rule): (r.count, list(r.rows)) for r in report.failures}


def judge(column, values, **options):
    return Schema({"a": column}).validate({"a": values}, **options)


def test_trap_20_an_int_column_as_float_fails_only_where_it_is_not_whole():
    column = Column("int")
    assert judge(column, np.array([1.0, 2.0, np.nan])).ok
    report = judge(column, np.array([1.0, 2.5, 3.0]))
    assert found(report) == {("a", "type"): (1, [1])}
    assert report.failures[0].values == (2.5,)
    strict = judge(Column("int", strict=True), np.array([1.0, 2.0]))
    assert found(strict) == {("a", "type"): (2, [0, 1])}


def test_trap_21_a_null_among_ints_is_judged_once_and_big_ints_keep_their_bits():
    report = judge(Column("int", nullable=False, min=0), [2**53 + 1, None])
    assert found(report) == {("a", "nullable"): (1, [1])}
    report = judge(Column("int", max=2**53), [2**53 + 1, None])
    assert found(report) == {("a", "max"): (1, [0])}
    assert report.failures[0].values == (2**53 + 1,)


def test_trap_21_arrow_and_masked_ints_stay_ints():
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    for values in (
        pd.Series([2**53 + 1, None], dtype="Int64"),
        pa.array([2**53 + 1, None]),
    ):
        report = judge(Column("int", max=2**53, strict=True), values)
        assert found(report) == {("a", "max"): (1, [0])}


def test_trap_22_numbers_as_text_are_named_and_never_converted():
    report = judge(Column("int", min=0), ["1", "2"])
    (failure,) = report.failures
    assert (failure.rule, failure.count, failure.rows) == ("type", 2, (0, 1))
    assert "found text, 2 of 2 parse as int" in failure.message
    (unknown,) = report.unknown
    assert (unknown.rule, unknown.unjudged) == ("min", 2)
    assert not report.ok


def test_trap_23_a_wrong_type_does_not_hide_other_violations():
    report = judge(Column("int", min=0), [1, "x", -3])
    assert found(report) == {("a", "type"): (1, [1]), ("a", "min"): (1, [2])}
    assert "found text" in report.failures[0].message


def test_trap_24_a_null_passes_a_range_and_infinity_is_no_null():
    column = Column("float", min=0)
    assert judge(column, np.array([1.0, np.nan])).ok
    assert judge(column, np.array([1.0, np.inf])).ok
    report = judge(Column("float", min=0, finite=True), np.array([np.nan, np.inf]))
    assert found(report) == {("a", "finite"): (1, [1])}


@pytest.mark.parametrize("bound", [0.1, np.float64(0.1)])
def test_trap_25_a_bound_is_rounded_to_the_type_of_the_column(bound):
    values = np.array([0.1], np.float32)
    assert judge(Column("float", max=bound, min=bound), values).ok
    above = np.nextafter(values, np.float32(1))
    assert found(judge(Column("float", max=bound), above)) == {("a", "max"): (1, [0])}


def test_trap_26_zero_and_minus_zero_are_one_value():
    assert Profile.of({"a": np.array([0.0, -0.0])})["a"].distinct == 1
    report = judge(Column("float", unique=True), np.array([0.0, -0.0]))
    assert found(report) == {("a", "unique"): (2, [0, 1])}


def test_trap_27_nulls_are_no_distinct_value_and_never_repeat():
    values = np.array([np.nan, np.nan, 1.0])
    assert Profile.of({"a": values})["a"].distinct == 1
    assert judge(Column("float", unique=True), values).ok
    assert judge(Column("text", unique=True), [None, None, "b"]).ok


def test_trap_28_a_value_repeated_in_another_chunk_is_found_with_both_rows():
    schema = Schema({"id": Column("int", unique=True)})
    report = schema.validator().update({"id": [1, 2]}).update({"id": [2, 3]}).report()
    assert found(report) == {("id", "unique"): (2, [1, 2])}
    assert report.failures[0].values == (2, 2)


def test_trap_28_beyond_the_cap_uniqueness_is_unknown_or_plainly_false():
    distinct, repeated = Uniqueness(3, cap=1000), Uniqueness(3, cap=1000)
    for start in range(0, 10_000, 500):
        rows = np.arange(start, start + 500)
        distinct.add_numbers(rows, rows)
        repeated.add_numbers(rows % 5000, rows)
    assert distinct.violations()[0] == 0
    assert "more than 1,000 distinct" in distinct.undecided()
    assert 3500 < repeated.violations()[0] < 6000


def test_trap_28_an_undecided_uniqueness_is_not_ok(monkeypatch):
    monkeypatch.setattr(Uniqueness.__init__, "__defaults__", (10,))
    report = judge(Column("int", unique=True), np.arange(100))
    (result,) = report.unknown
    assert (result.rule, result.status) == ("unique", "unknown")
    assert not report.ok


def test_trap_29_two_columns_of_one_name_are_an_error_unless_chosen_by_position():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame([[1, -5], [2, -6]], columns=["a", "a"])
    report = Schema({"a": Column("int", min=0)}).validate(frame)
    assert not report.ok
    assert [r.rule for r in report.failures] == ["duplicate_name"]
    assert {r.rule for r in report.unknown} == {"type", "min"}
    chosen = Schema(
        {"first": Column("int", min=0, position=0), "second": Column("int", position=1)}
    )
    assert chosen.validate(frame).ok


def test_trap_30_extra_missing_and_moved_columns():
    schema = Schema({"a": "int", "b": "int"})
    extra = schema.validate({"a": [1], "b": [2], "c": [3]})
    assert extra.ok
    assert [(r.column, r.rule, r.status) for r in extra.failures] == [
        ("c", "extra", "warn")
    ]
    missing = schema.validate({"a": [1]})
    assert not missing.ok
    assert found(missing) == {("b", "present"): (1, [])}
    moved = schema.validate({"b": [2], "a": [1]})
    assert moved.ok
    assert moved.failures == []
    assert moved.notes == ["columns come in another order: 'b', 'a'; not 'a', 'b'"]


@pytest.mark.parametrize("extra", ["warn", "error", "allow"])
def test_trap_30_the_schema_says_what_an_extra_column_is(extra):
    report = Schema({"a": "int"}, extra=extra).validate({"a": [1], "c": [3]})
    assert report.ok == (extra != "error")
    assert len(report.failures) == (extra != "allow")


def test_trap_31_an_empty_batch_says_nothing_about_types():
    schema = Schema({"a": Column("int", min=0, unique=True, nullable=False)})
    for empty in ({"a": []}, {"a": np.array([], object)}, {"a": np.array([])}):
        report = schema.validate(empty)
        assert report.ok
        assert {r.status for r in report.results} == {"pass", "unknown"}
        assert {r.reason for r in report.unknown} == {"no rows"}
    chunked = schema.validator().update({"a": [1]}).update({"a": []}).report()
    assert chunked.to_dict() == schema.validate({"a": [1]}).to_dict()
    needed = Schema({"a": "int"}, min_rows=1).validate({"a": []})
    assert [r.rule for r in needed.failures] == ["min_rows"]
    profile = Profile.of({"a": [1.5]})
    before = profile.to_json()
    assert profile.update({"a": []}).to_json() == before


def test_trap_32_zoned_times_are_compared_in_utc_and_units_are_kept():
    zurich = dt.timezone(dt.timedelta(hours=1), "Europe/Zurich")
    times = [dt.datetime(2024, 1, 2, 0, 0, tzinfo=zurich)]
    good = Column("datetime", zone="Europe/Zurich", min="2024-01-01T23:00:00Z")
    assert judge(good, times).ok
    late = Column("datetime", min="2024-01-01T23:00:00.000001Z")
    assert found(judge(late, times)) == {("a", "min"): (1, [0])}
    other = judge(Column("datetime", zone="UTC"), times)
    assert found(other) == {("a", "type"): (1, [0])}
    naive = judge(Column("datetime", min="2024-01-01"), times)
    assert "time zone" in naive.unknown[0].reason
    assert not naive.ok
    mixed = judge(Column("datetime"), [*times, dt.datetime(2024, 1, 2)])  # noqa: DTZ001 -- the point
    assert mixed.ok  # both are datetimes; nothing is compared
    ns = np.array(["2024-01-01T00:00:00.000000001"], "M8[ns]")
    us = ns.astype("M8[us]")
    limit = Column("datetime", max="2024-01-01T00:00:00")
    assert found(judge(limit, ns)) == {("a", "max"): (1, [0])}
    assert judge(limit, us).ok


def test_trap_33_categories_are_compared_by_label_never_by_code():
    pd = pytest.importorskip("pandas")
    one = pd.Series(pd.Categorical(["b", "a"], categories=["a", "b"]))
    two = pd.Series(pd.Categorical(["b", "a"], categories=["b", "a"]))
    states = [Profile.of({"a": series}).to_json() for series in (one, two)]
    assert states[0] == states[1]
    for series in (one, two):
        report = judge(Column("category", in_=["b"]), series)
        assert found(report) == {("a", "in_"): (1, [1])}
        assert report.failures[0].values == ("a",)


def test_trap_34_null_like_text_is_counted_hinted_and_taken_only_when_asked():
    values = ["CH", "NA", "", "null", "None"]
    plain = judge(Column("text", nullable=False), values)
    assert plain.ok  # NA is Namibia
    assert "look like nulls" in plain.notes[0]
    taken = judge(Column("text", nullable=False, null_like=("", "null")), values)
    assert found(taken) == {("a", "nullable"): (2, [2, 3])}
    assert taken.notes == ["column 'a': values taken as null: '' (1), 'null' (1)"]
    sentinel = judge(Column("int", min=0, null_like=(-999,)), [1, -999, -1])
    assert found(sentinel) == {("a", "min"): (1, [2])}


def test_trap_35_a_slow_pattern_runs_once_per_value_and_never_on_long_text():
    values = ["a" * 18 + "b"] * 3000  # about 5 ms each, twice that a character more
    column = Column("text", regex="(a+)+$", max_len=20)
    start = time.perf_counter()
    report = judge(column, values)
    assert found(report)[("a", "regex")][0] == 3000
    assert time.perf_counter() - start < 10  # one run; 3,000 would take minutes
    hostile = judge(column, ["a" * 50_000 + "b", "aa"])
    assert found(hostile) == {("a", "max_len"): (1, [0])}


def test_trap_36_state_with_nan_and_infinity_is_strict_json():
    def refuse(word):
        raise AssertionError(word)

    data = {"a": np.array([np.nan, np.inf, -np.inf, 1e308, -1e308])}
    schema = Schema({"a": Column("float", max=math.inf, in_=[math.inf, 1.0])})
    texts = [
        schema.to_json(),
        schema.validate(data).to_json(),
        Profile.of(data).to_json(),
        Schema.infer(data).to_json(),
        json.dumps(Profile.of(data).summary(), allow_nan=False),
    ]
    for text in texts:
        json.loads(text, parse_constant=refuse)
    assert Schema.from_json(texts[0]) == schema


@pytest.mark.parametrize("kind", [Schema, Profile])
def test_trap_37_state_of_a_newer_version_is_refused(kind):
    state = kind({}).to_dict() if kind is Schema else Profile().to_dict()
    with pytest.raises(ValueError, match="state version 9, this library reads <= 1"):
        kind.from_dict({**state, "version": 9})
    with pytest.raises(ValueError, match="unknown fields surprise"):
        kind.from_dict({**state, "surprise": 1})
