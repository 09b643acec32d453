"""Shared fixtures."""

import gc
import pickle

import pytest

from ml_infra.decorators import _hooks, _measurement, _timed, retry, timings


@pytest.fixture(autouse=True)
def _clean_process():
    """Undo what is process-wide: stop switch, listeners, recorded durations."""
    yield
    retry.resume_all()
    _hooks._listeners.clear()
    timings.enabled = True
    timings._histograms.clear()
    timings._devices.clear()


@pytest.fixture
def trial():
    """Retries of the test wait in virtual time only."""
    with retry.testing() as trial:
        yield trial


@pytest.fixture
def no_gc():
    """Only reference counting frees memory, so that a cycle shows."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def failing():
    """Make a function that raises the given errors, then returns 'done'."""

    def make(*errors):
        calls = []

        def load(*args, **kwargs):
            calls.append((args, kwargs))
            if len(calls) <= len(errors):
                raise errors[len(calls) - 1]
            return "done"

        load.calls = calls
        return load

    return make


class Tensor:
    """Something that a weak reference can watch."""


@pytest.fixture
def tensor_type():
    return Tensor


@pytest.fixture
def through_pickle():
    """Return a copy of an object that has been pickled and unpickled."""
    return lambda value: pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes


@pytest.fixture
def clock(monkeypatch):
    """A clock for the timers that moves only when told to; in nanoseconds."""

    class Clock:
        now = 1_000

        def __call__(self):
            return self.now

        def advance(self, seconds):
            self.now += round(seconds * 1e9)

    clock = Clock()
    monkeypatch.setattr(_measurement, "perf_counter_ns", clock)
    monkeypatch.setattr(_timed, "perf_counter_ns", clock)
    return clock
