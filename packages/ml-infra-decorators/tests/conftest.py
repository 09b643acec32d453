"""Shared fixtures."""

import gc
import pickle

import pytest
from ml_infra.decorators import retry
from ml_infra.decorators.retry import _hooks


@pytest.fixture(autouse=True)
def _clean_process():
    """Undo what is process-wide: the stop switch and the listeners."""
    yield
    retry.resume_all()
    _hooks._listeners.clear()


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
