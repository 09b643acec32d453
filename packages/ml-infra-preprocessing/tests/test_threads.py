"""Large results are written in parts, and nobody can tell."""

import threading

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
    assert len(starts) == 2
    monkeypatch.setattr(_threads, "_processors", lambda: 1)
    np.testing.assert_array_equal(in_parts, function(data, missing="keep"), strict=True)
    assert len(starts) == 2
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


def test_what_a_part_raises_comes_out_when_all_have_ended(small_parts):
    before = threading.active_count()

    def write(start, stop):
        if start:
            raise MemoryError(start)

    with pytest.raises(MemoryError):
        _threads.write_in_parts(write, 300_001)
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_001, 1_000_000])
def test_parts_cover_every_place_once(size, small_parts):
    times = np.zeros(size, int)

    def write(start, stop):
        times[start:stop] += 1

    _threads.write_in_parts(write, size)
    assert (times == 1).all()


def test_the_error_state_of_the_caller_does_not_matter_in_threads(small_parts):
    data = np.append(DATA, [5e-324, 1e-310])
    with np.errstate(all="raise"):
        assert normalize(data).max() == 1
