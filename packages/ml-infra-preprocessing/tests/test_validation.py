"""Schemas, reports and simple checks: what they promise."""

import collections
import datetime as dt
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_infra.preprocessing import (
    Check,
    Column,
    Schema,
    ValidationError,
    check_binary,
    check_columns,
    check_finite,
    check_in_range,
    check_no_nulls,
    check_same_length,
    check_sorted,
    check_unique,
)

QUIET = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],  # busy machines are slow
)


def found(report):
    """Return {(column, rule): rows} of everything broken."""
    return {(r.column, r.rule): list(r.rows) for r in report.failures}


# --- simple checks ----------------------------------------------------------------

GOOD = [
    (check_finite, [1.0, 2.0]),
    (check_no_nulls, ["a", "b"]),
    (check_unique, ["a", None, "b", None]),
    (lambda data: check_in_range(data, 0, 1), [0.0, None, 1.0]),
    (check_binary, [0, 1, 1.0]),
    (check_binary, [True, False]),
    (check_sorted, [1, 1, 3]),
    (lambda data: check_columns(data, ["a"]), {"a": [1], "b": [2]}),
    (check_finite, []),
    (check_unique, []),
    (check_sorted, [None]),
]


@pytest.mark.parametrize(("check", "data"), GOOD)
def test_a_check_returns_the_very_data(check, data):
    assert check(data) is data


@pytest.mark.parametrize(
    ("check", "data", "message"),
    [
        (check_finite, [1.0, float("inf"), None, 2],
         "data: 2 of 4 values are not finite (rows 1, 2: inf, None)"),
        (check_no_nulls, ["a", None, None],
         "data: 2 of 3 values are null (rows 1, 2: None, None)"),
        (check_unique, [5, 6, 5],
         "data: 2 of 3 values are not unique (rows 0, 2: 5, 5)"),
        (check_unique, ["x", 1, "x"],
         "data: 2 of 3 values are not unique (rows 0, 2: 'x', 'x')"),
        (lambda x: check_in_range(x, 0, 1, "share"), [0.5, 1.5],
         "share: 1 of 2 values are outside [0, 1] (rows 1: 1.5)"),
        (lambda x: check_in_range(x, 0, 1, closed="left"), [0, 1],
         "data: 1 of 2 values are outside [0, 1) (rows 1: 1)"),
        (check_binary, [0, 2, None],
         "data: 2 of 3 values are neither 0 nor 1 (rows 1, 2: 2, None)"),
        (check_sorted, [1, 3, 2], "data: 1 of 3 values are out of order (rows 2: 2)"),
        (lambda x: check_sorted(x, strict=True), [1, 1],
         "data: 1 of 2 values are out of order (rows 1: 1)"),
        (lambda x: check_columns(x, ["pirce"]), {"price": [1]},
         ("columns: 'pirce' is missing (did you mean 'price'?); "
         "the table has ['price']")),
        (lambda x: check_columns(x, [], extra=False), {"a": [1]},
         "columns: 'a' is not expected; the table has ['a']"),
        (lambda x: check_same_length(x, [1], names=("x", "y")), [1, 2],
         "lengths differ: x has 2, y has 1"),
    ],
)  # fmt: skip
def test_a_check_names_count_rows_and_values(check, data, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check(data)


def test_a_check_lists_the_first_rows_only():
    with pytest.raises(ValueError, match=r"7 of 7 .*\(rows 0, 1, 2, 3, 4, …: nan"):
        check_finite(np.full(7, np.nan))


@pytest.mark.parametrize("check", [check_finite, check_binary, check_sorted])
def test_text_is_no_number(check):
    with pytest.raises(TypeError, match="expected numbers"):
        check(["1"])


def test_arrays_of_any_shape_are_judged_row_by_row():
    with pytest.raises(ValueError, match="rows 3: nan"):
        check_finite(np.array([[1, 2], [3, np.nan]]))


# --- rules ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "good", "bad", "rule"),
    [
        (Column("int", min=0), [0, 1], [-1], "min"),
        (Column("int", min=0, closed="right"), [1], [0], "min"),
        (Column("int", max=5), [5], [6], "max"),
        (Column("int", max=5, closed="left"), [4], [5], "max"),
        (Column("int", min=0.5), [1], [0], "min"),
        (Column("int", max=0.5, closed="neither"), [0], [1], "max"),
        (Column("float", min=0, closed="neither"), [1e-300], [0.0], "min"),
        (Column("float", finite=True), [1e308], [float("-inf")], "finite"),
        (Column("bool"), [True], [1], "type"),
        (Column("int"), [1], [True], "type"),
        (Column("text"), ["a"], [1], "type"),
        (Column("datetime"), [dt.date(2024, 1, 1)], ["2024-01-01"], "type"),
        (Column("int", in_=[1, 2]), [1, 2], [3], "in_"),
        (Column("float", in_=[0.5]), [0.5], [0.25], "in_"),
        (Column("bool", in_=[True]), [True], [False], "in_"),
        (Column("text", in_=["a"]), ["a"], ["A"], "in_"),
        (Column("datetime", in_=["2024-01-01"]), [dt.date(2024, 1, 1)],
         [dt.date(2024, 1, 2)], "in_"),
        (Column("text", regex="[A-Z]{3}"), ["ABC"], ["ABCD"], "regex"),
        (Column("text", max_len=2), ["ab"], ["abc"], "max_len"),
        (Column("int", unique=True), [1, 2], [3, 3], "unique"),
        (Column("float", unique=True), [0.5, 2.0], [0.5, 0.5], "unique"),
        (Column("text", unique=True), ["1", "2"], ["a", "a"], "unique"),
        (Column("int", ordered="increasing"), [1, 1, 2], [2, 1], "ordered"),
        (Column("int", ordered="strictly increasing"), [1, 2], [1, 1], "ordered"),
        (Column("int", ordered="decreasing"), [2, 2, 1], [1, 2], "ordered"),
        (Column("float", ordered="strictly decreasing"), [2.0, 1.0], [1.0, 1.0],
         "ordered"),
        (Column("int", nullable=False), [1], [None], "nullable"),
        (Column("datetime", max=dt.date(2024, 1, 1)), [dt.date(2024, 1, 1)],
         [dt.date(2024, 1, 2)], "max"),
        (Column("datetime", min="2024-01-01", closed="neither"), [dt.date(2024, 1, 2)],
         [dt.date(2024, 1, 1)], "min"),
        (Column("int", max=2**64), [2**64], [2**64 + 1], "max"),
        (Column(min=0), [1, 2.5], [-0.5], "min"),
    ],
)  # fmt: skip
def test_each_rule_passes_the_good_and_reports_the_bad(column, good, bad, rule):
    schema = Schema({"a": column})
    assert schema.validate({"a": good}).ok
    report = schema.validate({"a": good + bad})
    assert not report.ok
    assert {r.rule for r in report.failures} == {rule}
    assert len(good) + len(bad) - 1 in report.failures[0].rows
    restored = Schema.from_json(schema.to_json())
    assert restored == schema
    assert restored.validate({"a": good + bad}).to_dict() == report.to_dict()
    warned = Schema({"a": Column.from_dict({**column.to_dict(), "severity": "warn"})})
    assert warned.validate({"a": good + bad}).ok
    assert {r.status for r in warned.validate({"a": good + bad}).failures} == {"warn"}


def test_strict_types_tell_ints_from_floats():
    schema = Schema({"a": Column("float", strict=True)})
    assert schema.validate({"a": np.zeros(2)}).ok
    assert found(schema.validate({"a": np.zeros(2, int)})) == {("a", "type"): [0, 1]}
    assert Schema({"a": "float"}).validate({"a": np.zeros(2, int)}).ok


@pytest.mark.parametrize(
    "make",
    [
        lambda: Column("integer"),
        lambda: Column("int", min=2, max=1),
        lambda: Column("int", min="a"),
        lambda: Column("int", min=float("nan")),
        lambda: Column("text", min=1),
        lambda: Column("int", regex="a"),
        lambda: Column("text", regex="("),
        lambda: Column("text", in_="abc"),
        lambda: Column("int", closed="open"),
        lambda: Column("int", severity="fatal"),
        lambda: Column("int", nullable=1),
        lambda: Column("int", max_len=-1),
        lambda: Column("int", zone="UTC"),
        lambda: Column("datetime", min=5),
        lambda: Column("datetime", min="soon"),
        lambda: Column("datetime", min="now"),
        lambda: Column("datetime", min=""),
        lambda: Column("datetime", min="NaT"),
        lambda: Column("datetime", min="2024-01-01", zone="UTC"),
        lambda: Column("text", ordered="increasing"),
        lambda: Column("int", in_=[[1]]),
        lambda: Schema({}, extra="maybe"),
        lambda: Schema({}, min_rows=-1),
        lambda: Schema({"a": "int"}, checks=[Check("c", len, ("a",))] * 2),
        lambda: Schema({"a": "int"}).validate({"a": [1]}, max_examples=-1),
        lambda: Schema.infer({"a": [1]}, max_categories=-1),
    ],
)
def test_bad_rules_are_refused_with_their_name(make):
    with pytest.raises(ValueError, match=r"^\w+(, \w+)*: "):
        make()


@pytest.mark.parametrize(
    "data", [5, None, "abc", np.zeros(3), {"a": 1}, [1, 2], {"a": "x"}]
)
def test_what_is_no_table_is_a_type_error(data):
    with pytest.raises(TypeError):
        Schema({"a": "int"}).validate(data)


def test_messages_are_one_line_with_count_rows_and_values():
    report = Schema({"age": Column("int", max=130)}).validate({"age": [131, 5, 999]})
    assert report.failures[0].message == (
        "column 'age': 2 of 3 values above max 130 (rows 0, 2: 131, 999)"
    )
    many = Schema({"age": Column("int", max=0)}).validate({"age": range(1, 5001)}, 3)
    assert many.failures[0].message == (
        "column 'age': 5,000 of 5,000 values above max 0 (rows 0, 1, 2, …: 1, 2, 3, …)"
    )


def test_raise_if_failed_carries_the_report():
    report = Schema({"a": Column("int", min=0)}).validate({"a": [-1]})
    with pytest.raises(ValidationError, match="1 of 1 values below min 0") as caught:
        report.raise_if_failed()
    assert caught.value.report is report
    Schema({"a": "int"}).validate({"a": [1]}).raise_if_failed()


def test_a_check_over_columns_skips_rows_with_nulls_and_names_the_rest():
    check = Check("start<=end", lambda s, e: s <= e, columns=("start", "end"))
    schema = Schema({"start": "int", "end": "int"}, checks=[check])
    report = schema.validate({"start": [1, 5, None], "end": [2, 4, 3]})
    (failure,) = report.failures
    assert (failure.rule, failure.checked, failure.rows) == ("start<=end", 2, (1,))
    assert failure.values == ((5, 4),)


def test_a_check_that_throws_is_an_error_and_the_others_go_on():
    checks = [
        Check("throws", lambda a: 1 / 0, ("a",)),
        Check("bad shape", lambda a: a[:1] > 0, ("a",)),
        Check("no bools", lambda a: a, ("a",)),
        Check("works", lambda a: a > 0, ("a",)),
        Check("scalar", lambda a: False, ("a",)),
        Check("absent", lambda z: z > 0, ("z",)),
    ]
    report = Schema({"a": Column("int", max=1)}, checks=checks).validate(
        {"a": [1, 2, -3]}
    )
    status = {r.rule: (r.status, r.count) for r in report.results}
    assert status["throws"] == ("error", 0)
    assert status["bad shape"] == status["no bools"] == ("error", 0)
    assert status["works"] == ("fail", 1)
    assert status["scalar"] == ("fail", 3)
    assert status["absent"] == ("unknown", 0)
    assert status["max"] == ("fail", 1)
    assert "ZeroDivisionError" in str(report)


def test_checks_are_saved_by_name_and_asked_for_when_restored():
    check = Check("positive", lambda a: a > 0, ("a",), severity="warn")
    schema = Schema({"a": "int"}, checks=[check])
    with pytest.raises(ValueError, match=r"positive.*checks="):
        Schema.from_json(schema.to_json())
    assert Schema.from_json(schema.to_json(), checks=[check]) == schema


def test_infer_takes_limits_as_seen():
    schema = Schema.infer(
        {
            "i": [3, 1],
            "f": [0.5, None],
            "inf": [1.0, float("inf")],
            "t": ["b", "a"],
            "b": [True, False],
            "n": [None, None],
            "d": np.array(["2024-01-01", "2024-02-01"], "M8[D]"),
        }
    )
    assert schema.columns == {
        "i": Column("int", min=1, max=3, nullable=False),
        "f": Column("float", min=0.5, max=0.5, finite=True),
        "inf": Column("float", min=1.0, nullable=False),
        "t": Column("text", in_=["a", "b"], nullable=False),
        "b": Column("bool", nullable=False),
        "n": Column(),
        "d": Column("datetime", min="2024-01-01", max="2024-02-01", zone="naive",
                    nullable=False),
    }  # fmt: skip
    assert Schema.infer({"t": ["a", "b"]}, max_categories=1).columns["t"].in_ is None


def test_diff_tells_what_changed_between_two_trainings():
    old = Schema.infer({"age": [1, 50], "kind": ["a", "b"], "gone": [1, 2]})
    new = Schema.infer({"age": [1, 60], "kind": ["a", "c"], "born": [1, None]})
    assert [tuple(change)[:2] for change in old.diff(new)] == [
        ("age", "max"), ("kind", "in_"), ("gone", "column"), ("born", "column"),
    ]  # fmt: skip
    assert old.diff(new)[0][2:] == (50, 60)
    assert old.diff(old) == []


# --- containers -------------------------------------------------------------------

DATA = {
    "i": [1, None, 300],
    "f": [0.5, 2.5, None],
    "t": ["a", None, "zz"],
    "b": [True, False, None],
    "d": [dt.datetime(2024, 1, 1), None, dt.datetime(2030, 1, 1)],  # noqa: DTZ001 -- naive
}
RULES = Schema(
    {
        "i": Column("int", max=99, strict=True),
        "f": Column("float", max=1),
        "t": Column("text", regex=".", nullable=False),
        "b": Column("bool", in_=[True]),
        "d": Column("datetime", max="2025-01-01", zone="naive"),
    }
)
BROKEN = {
    ("i", "max"): [2], ("f", "max"): [1], ("t", "nullable"): [1], ("t", "regex"): [2],
    ("b", "in_"): [1], ("d", "max"): [2],
}  # fmt: skip


def as_rows():
    return [
        dict(zip(DATA, row, strict=True)) for row in zip(*DATA.values(), strict=True)
    ]


def as_polars():
    return pytest.importorskip("polars").DataFrame(DATA)


def as_arrow():
    return pytest.importorskip("pyarrow").table(DATA)


def as_pandas(**dtypes):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(
        {name: pd.Series(v, dtype=dtypes.get(name)) for name, v in DATA.items()}
    )


KINDS = {
    "dict of lists": lambda: DATA,
    "ordered dict of object arrays": lambda: collections.OrderedDict(
        (name, np.array(v, object)) for name, v in DATA.items()
    ),
    "dict of masked arrays": lambda: {
        **DATA, "i": np.ma.array([1, 0, 300], mask=[False, True, False])
    },
    "list of dicts": as_rows,
    "iterator of dicts": lambda: iter(as_rows()),
    "iterator of dicts of lists": lambda: iter([DATA]),
    "list of dicts of lists": lambda: iter([{k: v[:2] for k, v in DATA.items()},
                                            {k: v[2:] for k, v in DATA.items()}]),
    "polars": as_polars,
    "polars lazy": lambda: as_polars().lazy(),
    "iterator of polars": lambda: (as_polars()[k : k + 1] for k in range(3)),
    "arrow table": as_arrow,
    "arrow record batch": lambda: as_arrow().to_batches()[0],
    "arrow reader": lambda: as_arrow().to_reader(),
    "arrow dictionary": lambda: as_arrow().set_column(
        2, "t", as_arrow()["t"].dictionary_encode()
    ),
    "pandas": lambda: as_pandas(i="Int64", b="boolean"),
    "pandas objects": lambda: as_pandas(i=object, t=object, b=object, d=object),
    "pandas on arrow": lambda: as_arrow().to_pandas(
        types_mapper=pytest.importorskip("pandas").ArrowDtype
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_gives_the_same_findings(kind):
    assert found(RULES.validate(KINDS[kind]())) == BROKEN


def test_structured_and_two_dimensional_arrays_are_tables():
    array = np.array([(1, "a"), (-1, "b")], dtype=[("n", "i4"), ("t", "U1")])
    schema = Schema({"n": Column("int", min=0), "t": Column("text", in_=["a"])})
    assert found(schema.validate(array)) == {("n", "min"): [1], ("t", "in_"): [1]}
    flat = Schema({0: "float", 1: Column("float", max=0)})
    assert found(flat.validate(np.eye(2))) == {(1, "max"): [1]}


def test_data_is_never_written_to():
    values = np.array([3.0, np.nan, -1.0])
    values.flags.writeable = False
    text = np.array(["a", "b", "a"])
    text.flags.writeable = False
    schema = Schema({"x": Column("float", min=0, unique=True, null_like=(3,)),
                     "t": Column("text", null_like=("a",))})  # fmt: skip
    assert found(schema.validate({"x": values, "t": text})) == {("x", "min"): [2]}
    assert values.tolist()[0] == 3.0


def test_no_array_library_is_imported_for_the_user():
    code = (
        "import sys; from ml_infra.preprocessing import Schema, drift, Profile;"
        "s = Schema.infer({'a': [1, 2], 'b': ['x', 'y']});"
        "assert s.validate([{'a': 1, 'b': 'x'}]).ok; drift({'a': [1]}, {'a': [2]});"
        "loaded = {'pandas', 'polars', 'pyarrow', 'scipy', 'matplotlib'};"
        "loaded &= set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- against plain Python ---------------------------------------------------------


@QUIET
@given(
    st.lists(st.floats(width=32) | st.none(), max_size=60),
    st.floats(-10, 10), st.floats(-10, 10),
    st.sampled_from(["both", "left", "right", "neither"]),
)  # fmt: skip
def test_ranges_agree_with_plain_python(values, one, two, closed):
    low, high = sorted((one, two))
    expected = collections.defaultdict(list)
    for row, value in enumerate(values):
        if value is None or math.isnan(value):
            continue
        if value < low or (value == low and closed in ("right", "neither")):
            expected["a", "min"].append(row)
        if value > high or (value == high and closed in ("left", "neither")):
            expected["a", "max"].append(row)
    schema = Schema({"a": Column("float", min=low, max=high, closed=closed)})
    report = schema.validate({"a": values}, max_examples=60)
    assert {k: v for k, v in found(report).items() if k[1] != "type"} == expected


@QUIET
@given(
    st.lists(st.sampled_from(["a", "b", "c", "A1", "", "ä"]) | st.none(), max_size=40)
)
def test_text_rules_agree_with_plain_python(values):
    expected = collections.defaultdict(list)
    counts = collections.Counter(v for v in values if v is not None)
    for row, value in enumerate(values):
        if value is None:
            continue
        if not re.fullmatch("[a-z]", value):
            expected["a", "regex"].append(row)
        if counts[value] > 1:
            expected["a", "unique"].append(row)
    column = Column("text", regex="[a-z]", unique=True)
    report = Schema({"a": column}).validate({"a": values}, max_examples=40)
    assert found(report) == expected


# --- hostile ----------------------------------------------------------------------

HOSTILE = ["<script>alert(1)</script>", "a\nb", "\x1b[31mred", "", " ", "\ud800", "';",
           "{0}", "%s", "名前", "a" * 5000, "$x$"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_values_are_shown_as_text(name):
    schema = Schema({name: Column("text", in_=["good"])})
    report = schema.validate({name: [name, "good"], f"{name}2": [1, 2]})
    assert report.failures[0].rows == (0,)
    html = report._repr_html_()
    for text in (str(report), html):
        assert "\x1b" not in text
        assert len(text) < 4000
    assert len(str(report).splitlines()) == 3 + len(report.notes)
    assert "<script>" not in html
    json.loads(report.to_json())
    assert Schema.from_json(schema.to_json()) == schema
    assert Schema.infer({name: [name]}).validate({name: [name]}).ok


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "5", "{}", '{"format": "ml_infra.schema"}', "[" * 100_000,
     '{"format": "other", "version": 1}', b"\xff"],
)  # fmt: skip
def test_hostile_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"state|text"):
        Schema.from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {}},
        {"columns": [1]},
        {"columns": [{"name": "a"}]},
        {"columns": [{"name": "a", "rules": 5}]},
        {"columns": [{"name": "a", "rules": {"type": "int", "evil": 1}}]},
        {"columns": [{"name": "a", "rules": {"type": "int", "min": [1]}}]},
        {"columns": [{"name": "a", "rules": {"regex": "("}}]},
        {"columns": [{"name": "a", "rules": {"in_": [[1]]}}]},
        {"columns": [{"name": "a", "rules": {"min": {"float": "evil"}}}]},
        {"columns": [{"name": ["a"], "rules": {}}]},
        {"columns": [{"name": "a", "rules": {}}] * 2},
        {"extra": 1},
        {"min_rows": "1"},
        {"min_rows": True},
        {"checks": [1]},
        {"version": "1"},
        {"version": 0},
    ],
)
def test_damaged_schemas_are_a_value_error(change):
    with pytest.raises(ValueError, match=r"\w+: "):
        Schema.from_dict({**Schema({"a": "int"}).to_dict(), **change})


def test_huge_cardinality_is_judged_in_one_pass():
    names = [f"user-{k}" for k in range(50_000)]
    schema = Schema({"u": Column("text", regex=r"user-\d+", unique=True)})
    assert schema.validate({"u": names}).ok
    assert found(schema.validate({"u": [*names, "user-7"]})) == {
        ("u", "unique"): [7, 50_000]
    }


def test_odd_objects_are_judged_where_they_can_be():
    values = [[1], {"a": 1}, {1}, object, 1 + 2j]
    report = Schema({"a": Column("int", unique=True)}).validate({"a": values})
    assert report.failures[0].count == 5
    assert "cannot be compared" in report.unknown[0].reason
    assert not report.ok
    json.loads(report.to_json())


def test_a_report_is_no_truth_value():
    with pytest.raises(TypeError, match=r"report\.ok"):
        bool(Schema({}).validate({}))
