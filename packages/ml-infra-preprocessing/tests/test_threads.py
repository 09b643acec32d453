"""Large data are read and written in parts, and nobody can tell."""

import math
import threading
from functools import partial

import numpy as np
import pytest

from ml_infra.preprocessing import (
    _threads,
    clip_outliers,
    normalize,
    robust_scale,
    standardize,
)

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


def test_what_a_part_raises_comes_out_when_all_have_ended():
    before = threading.active_count()
    done = []

    def job(place):
        if place == 1:
            raise MemoryError(place)
        done.append(place)

    with pytest.raises(MemoryError):
        _threads.run_together([partial(job, place) for place in range(3)])
    assert sorted(done) == [0, 2]
    assert threading.active_count() == before


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


def test_the_error_state_of_the_caller_does_not_matter_in_threads(small_parts):
    data = np.append(DATA, [5e-324, 1e-310])
    with np.errstate(all="raise"):
        assert normalize(data).max() == 1
