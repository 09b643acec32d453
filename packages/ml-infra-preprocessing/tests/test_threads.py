"""Large data are read and written in parts, and nobody can tell."""

import math
import signal
import threading
import time

import numpy as np
import pytest

from ml_infra.preprocessing import (
    Column,
    Schema,
    _threads,
    clip_outliers,
    normalize,
    robust_scale,
    standardize,
)
from ml_infra.preprocessing._judge import Judge

FUNCTIONS = [normalize, standardize, clip_outliers, robust_scale]
DATA = np.random.default_rng(3).normal(size=300_001)


@pytest.fixture
def small_parts(monkeypatch):
    """Two threads write an array of some 100 000 values."""
    monkeypatch.setattr(_threads, "_PART", 1 << 16)
    monkeypatch.setattr(_threads, "_processors", lambda: 3)


def wide(values):
    return np.repeat(values, 2)[::2]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "data",
    [
        DATA,
        DATA.astype(np.float32),
        DATA[::-1],
        wide(DATA),
        (DATA * 1e6).astype(np.int64) + 2**60,
        np.where(DATA > 2, np.nan, DATA),
    ],
    ids=["double", "single", "reversed", "strided", "integers", "missing"],
)
def test_parts_are_the_whole_to_the_last_bit(function, data, small_parts, monkeypatch):
    starts = []
    start = threading.Thread.start
    monkeypatch.setattr(
        threading.Thread, "start", lambda self: (starts.append(self), start(self))
    )
    in_parts = function(data, missing="keep")
    # The result, and before it what the percentiles may be.
    passes = 2 if function in {clip_outliers, robust_scale} else 1
    assert len(starts) == 2 * passes
    monkeypatch.setattr(_threads, "_processors", lambda: 1)
    np.testing.assert_array_equal(in_parts, function(data, missing="keep"), strict=True)
    assert len(starts) == 2 * passes
    assert not any(thread.is_alive() for thread in starts)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_input_itself_takes_the_result(function, small_parts):
    expected, data = function(DATA), DATA.copy()
    assert function(data, out=data) is data
    np.testing.assert_array_equal(data, expected)


def test_without_a_thread_to_be_had_the_caller_writes_all(small_parts, monkeypatch):
    def none(self):
        raise RuntimeError("can't start new thread")

    expected = normalize(DATA)
    monkeypatch.setattr(threading.Thread, "start", none)
    np.testing.assert_array_equal(normalize(DATA), expected)


def test_what_a_job_raises_comes_out_when_all_threads_have_ended():
    together, left = threading.Barrier(2, timeout=20), []

    def fail():
        together.wait()
        raise MemoryError

    def wait():
        time.sleep(0.01)
        left.append(wait)

    jobs = [fail, together.wait, *[wait] * 1000]
    before = threading.active_count()
    with pytest.raises(MemoryError):
        _threads.run_together(jobs, 2)
    assert threading.active_count() == before
    assert len(left) < 1000


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="POSIX only")
def test_an_interrupt_leaves_no_thread_that_still_writes():
    together, done = threading.Barrier(2, timeout=20), []

    def interrupt(*_):
        raise KeyboardInterrupt

    def job():
        together.wait()
        if threading.current_thread() is not threading.main_thread():
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
            time.sleep(0.2)
            done.append(True)

    before = signal.signal(signal.SIGUSR1, interrupt)  # SIGINT may be ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            _threads.run_together([job, job])
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert done


def test_results_come_in_the_order_of_the_jobs():
    first = threading.Event()

    def early():
        return first.wait(10), "early"

    def late():
        first.set()
        return True, "late"

    found = _threads.run_together([early, late])
    assert found == [(True, "early"), (True, "late")]
    assert _threads.run_together([]) == []


def test_one_thread_or_one_job_starts_none(monkeypatch):
    monkeypatch.setattr(_threads, "Thread", None)
    jobs = [lambda: 1, lambda: 2]
    assert _threads.run_together(jobs, 1) == [1, 2]
    assert _threads.run_together(jobs[1:]) == [2]


def test_work_is_shared_by_processors_size_and_no_more_than_four(monkeypatch):
    monkeypatch.setattr(_threads, "_processors", lambda: 3)
    made = [_threads.threads_for(size, 10) for size in (0, 9, 19, 20, 39, 1000)]
    assert made == [1, 1, 1, 2, 3, 3]
    monkeypatch.setattr(_threads, "_processors", lambda: 64)
    assert _threads.threads_for(1000, 10) == 4


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_001, 1_000_000])
def test_parts_cover_every_place_once(size, small_parts):
    parts = _threads.parts_of(size)
    assert [place for rows in parts for place in rows] == list(range(size))
    assert len(parts) <= 3
    assert len(_threads.parts_of(size, size + 1)) <= 1


@pytest.mark.parametrize("place", [0, 150_000, 299_999, 300_000])
def test_a_part_that_holds_what_no_other_does(place, small_parts):
    """Each part counts and collects: an end, the only NaN, all the large values."""
    data = np.zeros(300_001)
    data[place] = 1.0
    assert clip_outliers(data, 0, 100)[place] == 1
    data[place] = math.nan
    with pytest.raises(ValueError, match=f"the first at position {place}"):
        clip_outliers(data)
    rising = np.arange(300_001.0)
    np.testing.assert_array_equal(
        clip_outliers(rising, 2, 60), rising.clip(6000, 180_000)
    )


def test_columns_are_judged_side_by_side(small_parts, monkeypatch):
    """Each keeps a state of its own: the report is that of one thread."""
    columns = {f"c{i}": DATA[:100_000] + i for i in range(8)}
    columns["text"] = np.array(["a", "bb", ""] * 33_333 + ["a"], object)
    columns["times"] = np.arange(100_000).astype("datetime64[s]")
    rules = {name: Column("float", min=-2 + i, max=3 + i, unique=i == 5)
             for i, name in enumerate(columns)}  # fmt: skip
    rules["text"] = Column("text", regex="[ab]+", in_=("a", "bb"))
    rules["times"] = Column("datetime", ordered="increasing")
    schema = Schema(rules)
    together, judging, judge = threading.Barrier(3, timeout=20), set(), Judge.judge

    def judged(self, *batch):
        if threading.get_ident() not in judging:
            judging.add(threading.get_ident())
            together.wait()
        judge(self, *batch)

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "judge", judged)
        report = schema.validate(columns).to_dict()
    assert len(judging) == 3
    monkeypatch.setattr(_threads, "_processors", lambda: 1)
    assert schema.validate(columns).to_dict() == report
    failed = {(one["column"], one["rule"]): one["count"] for one in report["results"]}
    assert failed["text", "regex"] == failed["text", "in_"] == 33_333
    for i in range(8):
        assert failed[f"c{i}", "max"] == np.count_nonzero(columns[f"c{i}"] > 3 + i)


def test_the_error_state_of_the_caller_does_not_matter_in_threads(small_parts):
    data = np.append(DATA, [5e-324, 1e-310])
    with np.errstate(all="raise"):
        assert normalize(data).max() == 1
