"""Random tables with random faults: every fault reported with its row, no other."""

import collections
import datetime as dt
import importlib.util
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_infra.preprocessing import Check, Column, Schema

DAY = dt.datetime(2024, 1, 1)  # noqa: DTZ001 -- the column has no zone
NEVER_NULL = {"nullable": False}

# Of each column: its rules, good values, and faults that every table can hold, as
# (value, rules it breaks); `STRAYS` are of another type, which only objects can hold.
COLUMNS = {
    "age": (
        Column("int", min=0, max=100, **NEVER_NULL),
        st.integers(0, 100),
        [(-7, ["min"]), (1000, ["max"]), (None, ["nullable"])],
    ),
    "price": (
        Column("float", min=-10, max=10, closed="left", finite=True, **NEVER_NULL),
        st.floats(-10, 10, exclude_max=True),
        [
            (-10.5, ["min"]),
            (10.0, ["max"]),
            (math.inf, ["max", "finite"]),
            (-math.inf, ["min", "finite"]),
            (math.nan, ["nullable"]),
            (None, ["nullable"]),
        ],
    ),
    "code": (
        Column("text", regex="[a-z]{1,3}", max_len=4, **NEVER_NULL),
        st.sampled_from(["a", "bc", "xyz"]),
        [("A", ["regex"]), ("abcde", ["max_len"]), ("", ["regex"]),
         (None, ["nullable"])],
    ),
    "kind": (
        Column("category", in_=["red", "green"], severity="warn"),
        st.sampled_from(["red", "green", None]),
        [("blue", ["in_"]), ("Red", ["in_"])],
    ),
    "when": (
        Column("datetime", min="2024-01-01", max="2024-12-31", zone="naive"),
        st.builds(lambda days: DAY + dt.timedelta(days), st.integers(0, 365)),
        [(DAY - dt.timedelta(1), ["min"]), (DAY + dt.timedelta(400), ["max"])],
    ),
    "flag": (Column("bool", **NEVER_NULL), st.booleans(), [(None, ["nullable"])]),
}  # fmt: skip
STRAYS = {
    "age": [("oops", ["type"]), (2.5, ["type"]), (True, ["type"])],
    "price": [("1.5", ["type"])],
    "code": [(5, ["type"]), (b"a", ["type"])],
    "kind": [(1, ["type", "in_"]), ([], ["type", "in_"])],
    "when": [("2024-05-05", ["type"]), (5, ["type"])],
    "flag": [(1, ["type"]), ("yes", ["type"])],
}
RULES = {name: column for name, (column, _, _) in COLUMNS.items()} | {
    "id": Column("int", unique=True),
    "step": Column("int", ordered="strictly increasing"),
}
CHECKS = [Check("age<=id", lambda age, id_: age <= id_, columns=("age", "id"))]
SCHEMA = Schema(RULES, checks=CHECKS)


def as_rows(data):
    names, columns = list(data), data.values()
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def chunks_of(make, size):
    """Cut a table into chunks of some rows, each made by `make`."""

    def cut(data):
        rows = len(data["id"])
        for at in range(0, rows, size):
            yield make({name: values[at : at + size] for name, values in data.items()})

    return cut


def as_pandas(data):
    pandas = pytest.importorskip("pandas")
    series = {name: pandas.Series(v, dtype=object) for name, v in data.items()}
    return pandas.DataFrame(series)


def typed_pandas(data):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(data).astype({"age": "Int64", "flag": "boolean"})


def as_polars(data):
    polars = pytest.importorskip("polars")
    kinds = {"age": polars.Int64, "price": polars.Float64, "code": polars.String,
             "kind": polars.Categorical, "when": polars.Datetime("us"),
             "flag": polars.Boolean}  # fmt: skip
    return polars.DataFrame(data, schema_overrides=kinds)


def as_arrow(data):
    pa = pytest.importorskip("pyarrow")
    kinds = {"age": pa.int64(), "price": pa.float64(), "code": pa.string(),
             "kind": pa.string(), "when": pa.timestamp("us"),
             "flag": pa.bool_()}  # fmt: skip
    return pa.table({name: pa.array(v, kinds.get(name)) for name, v in data.items()})


OBJECTS = {"lists": dict, "rows": as_rows, "chunks of lists": chunks_of(dict, 7)}
TYPED = {}
if importlib.util.find_spec("pandas"):
    OBJECTS["pandas of objects"] = as_pandas
    TYPED["pandas"] = typed_pandas
if importlib.util.find_spec("polars"):
    TYPED["polars"] = as_polars
    TYPED["chunks of polars"] = chunks_of(as_polars, 7)
if importlib.util.find_spec("pyarrow"):
    TYPED["arrow"] = as_arrow


@settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.data())
def test_every_fault_of_a_random_table_is_reported_and_nothing_else(data):
    kind = data.draw(st.sampled_from([*OBJECTS, *TYPED]))
    size = data.draw(st.integers(2, 30))
    table = {
        name: data.draw(st.lists(good, min_size=size, max_size=size))
        for name, (_, good, _) in COLUMNS.items()
    }
    table["id"] = [1000 + row for row in range(size)]
    table["step"] = [10 * row for row in range(size)]
    expected = collections.defaultdict(list)
    anywhere = st.integers(0, size - 1)

    for name, (_, _, faults) in COLUMNS.items():
        known = faults + (STRAYS[name] if kind in OBJECTS else [])
        places = data.draw(st.dictionaries(anywhere, st.sampled_from(known)))
        for row in sorted(places):
            table[name][row], broken = places[row]
            for rule in broken:
                expected[name, rule].append(row)
    if data.draw(st.booleans()):  # an id that comes twice
        row = data.draw(st.integers(1, size - 1))
        table["id"][row] = table["id"][0]
        expected["id", "unique"] = [0, row]
    if data.draw(st.booleans()):  # a step back
        row = data.draw(st.integers(1, size - 1))
        table["step"][row] = table["step"][row - 1]
        expected["step", "ordered"] = [row]
    if kind in TYPED:  # functions get arrays, which objects would make of any type
        row = data.draw(anywhere)
        table["age"][row] = 99
        for rows in [v for (name, _), v in expected.items() if name == "age"]:
            rows[:] = [one for one in rows if one != row]
        table["id"][row] = 5 if ("id", "unique") not in expected else table["id"][row]
        if table["id"][row] == 5:
            expected[None, "age<=id"] = [row]

    made = (OBJECTS | TYPED)[kind](table)
    schema = SCHEMA if kind in TYPED else Schema(RULES)
    report = schema.validate(made, max_examples=size)
    found = {(r.column, r.rule): list(r.rows) for r in report.failures}
    assert found == {place: rows for place, rows in expected.items() if rows}
    assert all(r.count == len(r.rows) for r in report.failures)
    assert report.ok == all(r.severity == "warn" for r in report.failures)
