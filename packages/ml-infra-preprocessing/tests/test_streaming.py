"""Whole == chunks == shards merged in random order: reports, profiles, drift."""

import copy
import json
import pickle
import random

import numpy as np
import pytest

from ml_infra.preprocessing import Check, Column, Profile, Schema, drift

ROWS = 3000


def table(seed):
    """Return a table with a fault of every kind, nulls, infinities, many labels."""
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal(ROWS) * 10.0 ** rng.integers(-3, 4, ROWS)
    numbers[rng.random(ROWS) < 0.05] = np.nan
    numbers[rng.random(ROWS) < 0.01] = np.inf
    text = np.array([f"w{k}" for k in rng.zipf(1.4, ROWS) % 400])
    mixed = [
        None if k == 0 else "x" if k == 1 else int(k) for k in rng.integers(0, 50, ROWS)
    ]
    times = np.datetime64("2024-01-01", "s") + np.sort(rng.integers(0, 10**6, ROWS))
    times[rng.integers(0, ROWS, 5)] = np.datetime64("2020-01-01")
    return {
        "number": numbers,
        "int": rng.integers(-5, 2000, ROWS),
        "text": text,
        "mixed": mixed,
        "time": times,
        "flag": rng.random(ROWS) < 0.3,
        "surplus": np.zeros(ROWS),
    }


SCHEMA = Schema(
    {
        "number": Column("float", min=-50, max=50, finite=True, nullable=False),
        "int": Column("int", min=0, unique=True, closed="right"),
        "text": Column(
            "text", regex=r"w\d{1,2}", max_len=3, unique=True, severity="warn"
        ),
        "mixed": Column("int", min=5, in_=range(2, 60), null_like=(7,)),
        "time": Column("datetime", min="2023-01-01", ordered="increasing"),
        "flag": Column("bool", in_=[True]),
        "absent": Column("int"),
    },
    min_rows=ROWS,
    checks=[
        Check("number<int", lambda a, b: a < b, columns=("number", "int")),
        Check("throws", lambda a: 1 / 0, columns=("int",)),
    ],
)


def rows(data, start, stop):
    return {name: values[start:stop] for name, values in data.items()}


def cut(chance):
    """Return (start, stop) of a few random pieces that cover all rows."""
    inner = sorted(chance.choices(range(ROWS + 1), k=chance.randint(1, 12)))
    return list(zip([0, *inner], [*inner, ROWS], strict=True))


def merged(parts, chance):
    """Merge in a random tree."""
    while len(parts) > 1:
        chance.shuffle(parts)
        parts.append(parts.pop().merge(parts.pop()))
    return parts[0]


def state_of_report(report):
    return json.dumps(report.to_dict())


def state_of_profile(profile):
    """Return the bytes without the moments, and the moments."""
    state = copy.deepcopy(profile.to_dict())
    moments = [
        (column["state"].pop("mean"), column["state"].pop("squares"))
        for column in state["columns"]
    ]
    return json.dumps(state), np.array(moments, float)


class Reports:
    def whole(self, data):
        return SCHEMA.validate(data)

    def empty(self, start):
        return SCHEMA.validator(start=start)

    def same(self, one, two):
        assert state_of_report(one) == state_of_report(two.report())


class Profiles:
    def whole(self, data):
        data = dict(data, mixed=np.arange(ROWS))
        return Profile.of(data, cap=64, max_labels=50)

    def empty(self, _):
        return Profile(cap=64, max_labels=50)

    def same(self, one, two):
        (bytes_one, moments_one), (bytes_two, moments_two) = map(
            state_of_profile, (one, two)
        )
        assert bytes_one == bytes_two
        np.testing.assert_allclose(moments_one, moments_two, rtol=1e-11)


class Drifts(Profiles):
    def __init__(self):
        self.other = self.whole(table(99))

    def same(self, one, two):
        results = [drift(self.other, each).to_json() for each in (one, two)]
        assert results[0] == results[1]


@pytest.mark.parametrize("kind", [Reports, Profiles, Drifts])
@pytest.mark.parametrize("seed", range(5))
def test_whole_equals_chunks_equals_shards_merged_in_random_order(kind, seed):
    kind, data, chance = kind(), table(seed), random.Random(seed)
    if not isinstance(kind, Reports):
        data["mixed"] = np.arange(ROWS)
    whole = kind.whole(data)

    stream = kind.empty(None)
    for start, stop in cut(chance):
        stream.update(rows(data, start, stop))
    kind.same(whole, stream)

    shards = []
    for start, stop in cut(chance):
        shard = kind.empty(start)
        for first in range(start, stop, 100):
            shard.update(rows(data, first, min(stop, first + 100)))
        shards.append(shard)
    kind.same(whole, merged(shards, chance))


def test_an_iterator_of_chunks_is_a_stream():
    data = table(1)
    chunks = (rows(data, k, k + 500) for k in range(0, ROWS, 500))
    assert state_of_report(SCHEMA.validate(chunks)) == state_of_report(
        SCHEMA.validate(data)
    )


def test_a_shard_without_a_start_follows_what_it_is_merged_into():
    data = table(2)
    first, second = (
        SCHEMA.validator().update(rows(data, *span)) for span in ((0, 700), (700, ROWS))
    )
    before = state_of_report(second.report())
    report = first.merge(second).report()
    assert state_of_report(report) == state_of_report(SCHEMA.validate(data))
    assert state_of_report(second.report()) == before  # left as it was


def test_rows_that_were_seen_before_are_refused():
    one = SCHEMA.validator(start=0).update(rows(table(0), 0, 10))
    two = SCHEMA.validator(start=5).update(rows(table(0), 5, 15))
    with pytest.raises(ValueError, match=r"rows 5 to 9 were seen before.*start="):
        one.merge(two)
    with pytest.raises(ValueError, match="same schema"):
        one.merge(Schema({"a": "int"}).validator())


def test_a_report_is_not_changed_by_later_chunks():
    validator = Schema({"a": Column("int", min=0)}).validator()
    report = validator.update({"a": [1, -1]}).report()
    validator.update({"a": [-5]})
    assert report.failures[0].count == 1
    assert validator.report().failures[0].rows == (1, 2)


def test_a_refused_chunk_changes_nothing():
    validator = (
        Schema({"a": "int", "b": "int"}).validator().update({"a": [1], "b": [1]})
    )
    before = validator.report().to_json()
    with pytest.raises(ValueError, match="column 'b': expected 2 rows"):
        validator.update({"a": [1, 2], "b": [1]})
    assert validator.report().to_json() == before
    profile = Profile.of({"a": [1], "b": [1]})
    state = profile.to_json()
    with pytest.raises(ValueError, match="column 'b': was int before and is text now"):
        profile.update({"a": [2], "b": ["x"]})
    assert profile.to_json() == state


def test_validators_and_profiles_can_be_pickled():
    schema = Schema({"int": Column("int", min=0, unique=True)})
    half = pickle.loads(pickle.dumps(schema.validator().update({"int": [1, -1]})))  # noqa: S301 -- our own
    assert (
        half.update({"int": [1]}).report().to_json()
        == schema.validate({"int": [1, -1, 1]}).to_json()
    )
    profile = Profile.of({"int": [1, 2]})
    assert pickle.loads(pickle.dumps(profile)) == profile  # noqa: S301 -- our own


@pytest.mark.parametrize(
    "rows_", [1_000_000, pytest.param(100_000_000, marks=pytest.mark.slow)]
)
def test_a_stream_needs_constant_memory(rows_):
    """Ten times the rows need no more memory than a tenth."""
    import tracemalloc

    schema = Schema(
        {"x": Column("float", min=-3, max=9), "t": Column("text", regex="a")}
    )
    rng = np.random.default_rng(0)
    chunk = {"x": rng.standard_normal(10_000), "t": ["a", "b"] * 5000}

    def peak(count):
        validator, profile = schema.validator(), Profile()
        tracemalloc.start()
        for _ in range(count // 10_000):
            validator.update(chunk)
            profile.update(chunk)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(20_000)
    assert peak(rows_) < peak(rows_ // 10) + 2**20 < 64 * 2**20
