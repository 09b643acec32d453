"""The distribution as a whole: names, laziness, documented examples, benchmarks."""

import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import ml_infra.preprocessing as package

ROOT = Path(__file__).resolve().parent.parent


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout


def test_every_exported_name_is_there_and_sorted():
    assert package.__all__ == sorted(package.__all__)
    assert sorted(package._HOME) == package.__all__
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


def test_the_map_of_the_code_names_every_private_module():
    text = Path(package.__file__).read_text("utf-8").split("TYPE_CHECKING")[0]
    modules = {one.name for one in pkgutil.iter_modules(package.__path__)}
    private = {name for name in modules if name.startswith("_")}
    assert set(re.findall(r"\b_\w+", text)) == private


def test_a_function_wins_over_the_module_of_its_name():
    """Whatever is imported first, `drift` from the package is the function."""
    package_first = "from ml_infra.preprocessing import ColumnDrift"
    for first in ("import ml_infra.preprocessing.drift", package_first):
        program = f"{first}; from ml_infra.preprocessing import drift; drift.__code__"
        run(program)


def test_the_version_is_that_of_the_metadata_and_looked_up_late():
    assert package.__version__ == version("ml-infra-preprocessing")
    loaded = run(
        "import sys, ml_infra.preprocessing as p; before = 'importlib.metadata' in "
        "sys.modules; p.__version__; print(before, 'importlib.metadata' in sys.modules)"
    )
    assert loaded.split()[-1] == "True"


def test_importing_loads_no_numpy_and_little_else():
    """NumPy comes with the first call that needs it: a short list does not."""
    loaded = run(
        "import sys; before = set(sys.modules);"
        "from ml_infra.preprocessing import normalize, standardize, clip_outliers;"
        "normalize([1, 2, 3]); standardize([1, 2, 3]); clip_outliers([1, 2, 3]);"
        "print(*sorted(set(sys.modules) - before))"
    ).split()
    assert "ml_infra.preprocessing.normalization" in loaded
    assert not {"numpy", "pandas", "polars", "pyarrow", "torch"} & set(loaded)
    only = run(
        "import sys; before = set(sys.modules); import ml_infra.preprocessing;"
        "print(*(set(sys.modules) - before))"
    ).split()
    assert set(only) <= {"ml_infra", "ml_infra.preprocessing"}


@pytest.mark.parametrize(
    "name", [one.name for one in pkgutil.iter_modules(package.__path__)]
)
def test_examples_of_docstrings(name):
    module = importlib.import_module(f"{package.__name__}.{name}")
    assert doctest.testmod(module).failed == 0


def test_examples_of_the_readme():
    """The python blocks run in order, in one namespace."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 3
    exec("\n".join(blocks), {})  # noqa: S102 -- our own README


@pytest.mark.parametrize("peers", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_benchmark_of_scaling_runs(peers):
    """Peers take seconds to import, so the default run leaves them out."""
    program = ROOT / "benchmarks" / "scaling.py"
    if not program.exists():
        pytest.skip("the benchmarks are not part of this installation")
    options = ["--quick"] if peers else ["--quick", "--alone"]
    made = subprocess.run(
        [sys.executable, str(program), *options],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert made.count("normalize") >= 4
    if not peers:
        assert "left out" in made


@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants run in forked processes")
def test_the_mutation_program_catches_mutants():
    program = ROOT / "benchmarks" / "mutate_scaling.py"
    if not program.exists():
        pytest.skip("the benchmarks are not part of this installation")
    options = ["_lists", "--quick", "--limit", "3"]
    made = subprocess.run(
        [sys.executable, str(program), *options],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    caught, _, count = made.splitlines()[-1].partition(" of ")
    assert count.endswith(" mutants caught")
    assert 1 <= int(caught) <= int(count.split()[0])
