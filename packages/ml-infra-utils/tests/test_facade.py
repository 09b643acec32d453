"""The facade: the leaves' own objects, nothing loaded before it is asked for."""

import doctest
import importlib
import logging
import subprocess
import sys
from importlib.metadata import version

import pytest

import ml_infra_utils

FLAT = {
    "accuracy": "metrics",
    "clip_outliers": "preprocessing",
    "f1_score": "metrics",
    "get_logger": "logging",
    "normalize": "preprocessing",
    "precision": "metrics",
    "recall": "metrics",
    "retry": "decorators",
    "standardize": "preprocessing",
    "timer": "decorators",
}
DEEP = [
    "preprocessing",
    "metrics",
    "metrics.classification",
    "decorators",
    "decorators.retry",
    "decorators.timing",
    "logging",
    "logging.structured",
]
LEAVES = ["decorators", "logging", "metrics", "preprocessing"]


def in_fresh_interpreter(code: str) -> str:
    """Run code where nothing is imported yet; ``-P`` keeps the folder off the path."""
    flags = ["-P"] if sys.version_info >= (3, 11) else []
    done = subprocess.run(
        [sys.executable, *flags, "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("name", "leaf"), FLAT.items())
def test_a_flat_name_is_the_object_of_its_leaf(name, leaf):
    assert getattr(ml_infra_utils, name) is getattr(
        importlib.import_module(f"ml_infra.{leaf}"), name
    )


@pytest.mark.parametrize("path", DEEP)
def test_a_deep_path_gives_every_public_name_of_its_leaf(path):
    facade = importlib.import_module(f"ml_infra_utils.{path}")
    leaf = importlib.import_module(f"ml_infra.{path}")
    public = getattr(leaf, "__all__", None) or [
        name for name in vars(leaf) if not name.startswith("_")
    ]
    assert public
    for name in {*public} - {"__version__"}:  # a new string at each look-up
        assert getattr(facade, name) is getattr(leaf, name), name


def test_a_star_import_brings_what_the_leaf_declares():
    scope = {}
    exec("from ml_infra_utils.metrics import *", scope)  # noqa: S102 - what a user types
    assert scope["accuracy"] is ml_infra_utils.accuracy


@pytest.mark.parametrize("first", ["import ml_infra_utils.decorators.retry", "pass"])
def test_retry_stays_the_decorator_whatever_was_imported_before(first):
    code = f"""
{first}
from ml_infra_utils.decorators import retry
from ml_infra_utils.decorators.retry import retry as deep
from ml_infra_utils import retry as flat
from ml_infra.decorators import retry as leaf
print(retry is deep is flat is leaf and callable(retry))
"""
    assert in_fresh_interpreter(code) == "True"


@pytest.mark.parametrize("leaf", LEAVES)
def test_no_module_of_a_leaf_is_loaded_a_second_time(leaf):
    """Two copies of a class would refuse to merge with each other."""
    code = f"""
import sys, ml_infra_utils.{leaf} as facade
for public in ("scalers", "ranking", "reading"):
    try:
        __import__(facade.__name__ + "." + public)
    except ModuleNotFoundError:
        pass
for name in facade.__all__:
    getattr(facade, name)
print(*(m for m in sys.modules if m.startswith("ml_infra_utils.{leaf}.")))
"""
    loaded = in_fresh_interpreter(code).split()
    assert {*loaded} <= {f"ml_infra_utils.{path}" for path in DEEP}


def test_importing_the_facade_loads_no_leaf():
    code = """
import sys, ml_infra_utils
print([m for m in sys.modules if m.startswith("ml_infra.")])
"""
    assert in_fresh_interpreter(code) == "[]"


def test_asking_for_one_function_loads_one_leaf():
    code = """
import sys
from ml_infra_utils import timer
print(sorted(m for m in sys.modules if m.startswith("ml_infra.") and m.count(".") == 1))
"""
    assert in_fresh_interpreter(code) == "['ml_infra.decorators']"


def test_an_unknown_name_is_an_attribute_error_that_says_which():
    with pytest.raises(AttributeError, match="no attribute 'normalise'"):
        _ = ml_infra_utils.normalise


def test_all_is_sorted_and_listed():
    assert ml_infra_utils.__all__ == sorted(ml_infra_utils.__all__)
    assert set(ml_infra_utils.__all__) < set(dir(ml_infra_utils))


def test_versions_are_those_of_the_installed_metadata():
    assert ml_infra_utils.__version__ == version("ml-infra-utils")
    for leaf in LEAVES:
        module = importlib.import_module(f"ml_infra.{leaf}")
        assert module.__version__ == version(f"ml-infra-{leaf}")


@pytest.mark.parametrize("leaf", LEAVES)
def test_asking_for_a_version_is_what_loads_the_metadata_reader(leaf):
    code = f"import sys, ml_infra.{leaf}; print('importlib.metadata' in sys.modules)"
    assert in_fresh_interpreter(code) == "False"


def test_the_namespace_belongs_to_nobody():
    namespace = importlib.import_module("ml_infra")
    assert getattr(namespace, "__file__", None) is None


def test_the_standard_library_keeps_its_logging():
    assert logging.getLogger(__name__).name == __name__
    assert "ml_infra" not in (logging.__file__ or "")


def test_the_doctests_of_the_facade_pass():
    result = doctest.testmod(ml_infra_utils)
    assert result.attempted
    assert not result.failed
