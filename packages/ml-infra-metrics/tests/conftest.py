"""What several test modules share: containers, and seeded rows."""

from __future__ import annotations

import numpy as np
import pytest


def _polars(values):
    return pytest.importorskip("polars").Series(values)


def _pandas(values):
    return pytest.importorskip("pandas").Series(values)


def _categorical(values):
    return pytest.importorskip("pandas").Series(values, dtype="category")


def _pyarrow(values):
    return pytest.importorskip("pyarrow").array(values)


def _dictionary(values):
    return pytest.importorskip("pyarrow").array(values).dictionary_encode()


def _strict(values):
    if isinstance(values[0], str):
        pytest.skip("the array API has no strings")
    return pytest.importorskip("array_api_strict").asarray(values)


def _torch(values):
    if isinstance(values[0], str):
        pytest.skip("torch has no strings")
    return pytest.importorskip("torch").tensor(values)


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "ndarray": np.array,
    "objects": lambda values: np.array(values, object),
    "pandas": _pandas,
    "categorical": _categorical,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "dictionary": _dictionary,
    "array-api-strict": _strict,
}


@pytest.fixture(
    params=[*CONTAINERS, pytest.param("torch", marks=pytest.mark.torch)],
)
def container(request):
    """A function that puts a list of classes into one kind of container."""
    return {**CONTAINERS, "torch": _torch}[request.param]


@pytest.fixture
def rng():
    """Randomness that is the same in every run."""
    return np.random.default_rng(7)
