"""Percentiles: bounded memory, bounded error, exact merging."""

import itertools
import json
import math
import os
import random
import statistics
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.decorators import timer, timings
from ml_infra.decorators._histogram import Histogram, bucket, middle, percentile

nan = float("nan")
durations = st.lists(st.integers(0, 10**13), min_size=1, max_size=200)


def recorded(values):
    histogram = Histogram("test")
    for value in values:
        histogram.add(value)
    return histogram.to_dict()


def snapshot(values, name="load"):
    return {"version": 1, "timings": {name: recorded(values)}}


@settings(deadline=None, derandomize=True, max_examples=200)
@given(nanoseconds=st.integers(1, 10**18))
def test_the_middle_of_a_bucket_is_at_most_one_sixty_fourth_off(nanoseconds):
    """The error bound that the module promises."""
    assert abs(middle(bucket(nanoseconds)) - nanoseconds) <= nanoseconds / 64


def test_buckets_are_in_order_and_without_gaps():
    indices = [bucket(n) for n in range(5_000)]
    assert indices[0] == 0
    steps = {later - earlier for earlier, later in itertools.pairwise(indices)}
    assert steps == {0, 1}


@settings(deadline=None, derandomize=True, max_examples=60)
@given(values=durations, fraction=st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_percentiles_are_within_the_bound_of_the_nearest_rank(values, fraction):
    exact = sorted(values)[math.ceil(fraction * len(values)) - 1]
    assert percentile(recorded(values), fraction) == pytest.approx(exact, rel=1 / 64)


def test_trap_37_percentiles_of_a_lognormal_are_within_the_bound():
    """Trap 37: against the sorted sample."""
    generator = random.Random(5)
    values = [round(generator.lognormvariate(14, 1.5)) for _ in range(20_000)]
    state = recorded(values)
    values.sort()
    for fraction in (0.5, 0.95, 0.99):
        exact = values[math.ceil(fraction * len(values)) - 1]
        assert percentile(state, fraction) == pytest.approx(exact, rel=0.016)
    assert state["total_ns"] == sum(values)
    assert (state["min_ns"], state["max_ns"]) == (values[0], values[-1])


@settings(deadline=None, derandomize=True, max_examples=60)
@given(parts=st.lists(durations, min_size=1, max_size=4), data=st.data())
def test_trap_37_merging_is_exact_in_any_order(parts, data):
    """Trap 37: A with B is the histogram of all, also by way of JSON."""
    whole = snapshot([value for part in parts for value in part])
    pieces = [json.loads(json.dumps(snapshot(part))) for part in parts]
    shuffled = data.draw(st.permutations(pieces))
    assert timings.merge(*shuffled) == whole
    nested = timings.merge(shuffled[0], timings.merge(*shuffled[1:]))
    assert nested == whole


def test_trap_37_an_empty_merge_is_the_identity():
    """Trap 37: also with snapshots that hold other names or nothing yet."""
    empty = timings.merge()
    assert empty == {"version": 1, "timings": {}}
    some = snapshot([1, 2, 3])
    assert timings.merge(some, empty) == timings.merge(empty, some) == some
    idle = {"version": 1, "timings": {"load": Histogram("load").to_dict()}}
    assert timings.merge(some, idle) == some
    both = timings.merge(some, snapshot([5], name="other"))
    assert sorted(both["timings"]) == ["load", "other"]


@pytest.mark.parametrize("wrong", [{}, {"version": 2, "timings": {}}, [], None])
def test_what_is_no_snapshot_is_refused(wrong):
    with pytest.raises(ValueError, match="version 1"):
        timings.merge(wrong)


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("count", -3),
        ("count", 4),
        ("errors", True),
        ("errors", None),
        ("total_ns", nan),
        ("total_ns", 2),
        ("total_ns", 16),
        ("min_ns", 2.0),
        ("min_ns", 3),
        ("max_ns", 4),
        ("buckets", []),
        ("buckets", {}),
        ("buckets", {"1": 1, "x": 1, "5": 1}),
        ("buckets", {"1": 1, "3": nan, "5": 1}),
        ("buckets", {"1": 4, "3": -2, "5": 1}),
        ("buckets", {"1": 2, "9" * 5000: 1}),
        ("buckets", {1: 1, 3: 1, 5: 1}),
    ],
)
def test_a_damaged_snapshot_is_refused(figure, value):
    """Every function that takes one says which name and which figure."""
    damaged = snapshot([1, 3, 5])
    assert timings.merge(damaged) == damaged
    damaged["timings"]["load"][figure] = value
    message = rf"damaged: .*{figure.removesuffix('s')}.* in the timings of 'load'"
    for use in (timings.merge, timings.report, lambda s: timings.get("load", s)):
        with pytest.raises(ValueError, match=message):
            use(damaged)


def test_a_snapshot_without_its_parts_is_refused():
    with pytest.raises(ValueError, match="timings must be a dict, got None"):
        timings.merge({"version": 1})
    with pytest.raises(ValueError, match=r"list instead of a dict in .* 'load'"):
        timings.merge({"version": 1, "timings": {"load": []}})
    incomplete = snapshot([1])
    del incomplete["timings"]["load"]["max_ns"]
    with pytest.raises(ValueError, match="max_ns is None"):
        timings.report(incomplete)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(parts=st.lists(durations, max_size=3))
def test_what_was_recorded_is_never_taken_for_damaged(parts):
    merged = timings.merge(*[snapshot(part) for part in parts])
    assert timings.merge(merged) == merged


def test_the_summary_is_in_seconds():
    state = snapshot([10**9, 2 * 10**9, 3 * 10**9, 6 * 10**9])
    summary = timings.get("load", state)
    assert (summary.count, summary.errors, summary.total) == (4, 0, 12)
    assert (summary.mean, summary.min, summary.max) == (3, 1, 6)
    assert summary.p50 == pytest.approx(2, rel=0.016)
    assert summary.p99 == 6


def test_an_unknown_name_is_told_with_the_known_ones():
    timings.histogram("load").add(5)
    with pytest.raises(KeyError, match="no timings named 'laod'; there are: 'load'"):
        timings.get("laod")


def test_a_name_without_calls_has_an_empty_summary():
    timer(sink=None, name="idle")(lambda: 5)
    summary = timings.get("idle")
    assert (summary.count, summary.total) == (0, 0)
    assert math.isnan(summary.p99)


def test_reset_forgets_the_durations_and_goes_on_counting():
    load = timer(sink=None, name="load")(lambda: 5)
    load()
    timings.reset()
    assert timings.get("load").count == 0
    load()
    assert timings.get("load").count == 1


def test_the_report_is_a_table_with_the_largest_total_first():
    for name, values in {"a": [1_000], "much longer": [10**9, 3 * 10**9]}.items():
        for value in values:
            timings.histogram(name).add(value)
    timings.histogram("idle").fold()
    header, *rows = timings.report().splitlines()
    columns = "name count errors total mean min p50 p95 p99 max"
    assert header.split() == columns.split(" ")
    assert rows[0].split()[:6] == ["much", "longer", "2", "0", "4.00", "s"]
    assert rows[1].startswith("a ")
    assert "-" in rows[2]
    assert len({len(row) for row in (header, *rows)}) == 1
    assert timings.report(snapshot([5])).splitlines()[1].startswith("load")


def test_trap_36_memory_is_bounded():
    """Trap 36: under 100 KB per name after a million observations."""
    count = 1_000_000
    generator = random.Random(1)
    histogram = Histogram("load")
    for _ in range(count):
        histogram.add(round(10 ** generator.uniform(0, 13)))  # 1 ns to 3 hours
    held = [histogram, histogram.pending, histogram._buckets, *histogram._buckets]
    assert sum(map(sys.getsizeof, held)) < 100_000
    assert histogram.to_dict()["count"] == count


def test_the_mean_is_exact():
    values = [3, 5, 10**12 + 1]
    state = recorded(values)
    assert state["total_ns"] / state["count"] == statistics.mean(values)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_trap_31_a_child_forked_under_the_lock_can_record():
    """Trap 31: another thread may hold the lock at the moment of the fork."""
    program = (
        "import os, sys\n"
        "from ml_infra.decorators import timer, timings\n"
        "load = timer(sink=None, name='load')(lambda: 5)\n"
        "load()\n"
        "sys.modules['ml_infra.decorators._histogram']._lock.acquire()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    load()\n"
        "    os._exit(0 if timings.get('load').count == 1 else 1)\n"
        "print(os.waitpid(pid, 0)[1])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.stdout.strip() == "0"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_trap_31_a_forked_child_begins_with_nothing_of_its_parent():
    """Trap 31: or merging would count the parent's calls once more per child."""
    program = (
        "import json, os\n"
        "from ml_infra.decorators import timer, timings\n"
        "def fail(): raise OSError\n"
        "load = timer(sink=None, name='load')(lambda: 5)\n"
        "for _ in range(300): load()\n"  # more than are sorted at once
        "try: timer(sink=None, name='load')(fail)()\n"
        "except OSError: pass\n"
        "if os.fork():\n"
        "    os.wait()\n"
        "else:\n"
        "    for _ in range(5): load()\n"
        "print(json.dumps(timings.snapshot()), flush=True)\n"
        "os._exit(0)\n"
    )
    lines = subprocess.check_output([sys.executable, "-c", program], timeout=30)
    child, parent = map(json.loads, lines.splitlines())
    assert timings.get("load", child).count == 5
    summary = timings.get("load", timings.merge(parent, child))
    assert (summary.count, summary.errors) == (306, 1)


def test_snapshots_of_processes_merge(tmp_path):
    """Two processes write theirs as JSON, this one reads both."""
    program = (
        "import json, sys\n"
        "from ml_infra.decorators import timer, timings\n"
        "load = timer(sink=None, name='load')(lambda: 5)\n"
        "for _ in range(int(sys.argv[1])): load()\n"
        "print(json.dumps(timings.snapshot()))\n"
    )
    snapshots = [
        json.loads(subprocess.check_output([sys.executable, "-c", program, str(calls)]))
        for calls in (300, 500)
    ]
    summary = timings.get("load", timings.merge(*snapshots))
    assert summary.count == 800
    parts = [timings.get("load", snapshot) for snapshot in snapshots]
    assert summary.total == pytest.approx(sum(part.total for part in parts))
    assert summary.max == max(part.max for part in parts)
