"""What importing the distribution gives, and what it does not load."""

import importlib
import importlib.metadata
import subprocess
import sys

import pytest

import ml_infra.decorators


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout


def test_version_is_that_of_the_installed_distribution():
    expected = importlib.metadata.version("ml-infra-decorators")
    assert ml_infra.decorators.__version__ == expected


def test_every_exported_name_is_there_and_sorted():
    names = ml_infra.decorators.__all__
    assert names == sorted(names)
    assert dir(ml_infra.decorators) == sorted([*names, "__version__"])
    assert all(getattr(ml_infra.decorators, name) is not None for name in names)


@pytest.mark.parametrize("module", ["retry", "timing"])
def test_a_public_module_has_the_names_it_lists(module):
    found = importlib.import_module(f"ml_infra.decorators.{module}")
    assert found.__all__ == sorted(found.__all__)
    assert all(getattr(found, name).__doc__ for name in found.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'retyr'"):
        _ = ml_infra.decorators.retyr


@pytest.mark.parametrize(
    "first",
    [
        "import ml_infra.decorators.retry",
        "from ml_infra.decorators.retry import retry",
        "import importlib; importlib.import_module('ml_infra.decorators.retry')",
    ],
)
def test_the_name_retry_is_always_the_decorator(first):
    """The submodule of the same name never takes the decorator's place."""
    program = (
        f"{first}\n"
        "from ml_infra.decorators import retry\n"
        "import ml_infra.decorators.retry\n"
        "assert retry is ml_infra.decorators.retry\n"
        "assert retry(len)('abc') == 3\n"
    )
    run(program)


def test_trap_43_import_loads_nothing_heavy():
    """Trap 43: asyncio, inspect, logging and dataclasses cost more than we do."""
    heavy = "asyncio inspect logging dataclasses typing random functools email json re"
    program = (
        "import sys; before = set(sys.modules); import ml_infra.decorators\n"
        f"print(sorted((set(sys.modules) - before) & set({heavy!r}.split())))\n"
        "print(hasattr(sys.modules['ml_infra'], '__file__')"
        " and sys.modules['ml_infra'].__file__)"
    )
    loaded, namespace_file = run(program).splitlines()
    assert loaded == "[]"
    assert namespace_file in ("None", "False")  # implicit: siblings can join


def test_a_first_failure_loads_no_module():
    """With every file descriptor in use a failure could not load one."""
    program = (
        "import sys\n"
        "from ml_infra.decorators import retry\n"
        "@retry(initial=1e-9)\n"
        "def load():\n"
        "    raise OSError('too many open files')\n"
        "before = set(sys.modules)\n"
        "try:\n"
        "    load()\n"
        "except OSError:\n"
        "    print(sorted(set(sys.modules) - before))\n"
    )
    assert run(program).strip() == "[]"
