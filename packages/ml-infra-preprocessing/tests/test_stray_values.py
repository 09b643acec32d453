"""Strays, empty tables and tables in place of columns: the same answer or a word."""

import math

import numpy as np
import pytest

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
