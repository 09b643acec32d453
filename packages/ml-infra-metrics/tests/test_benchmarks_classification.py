"""The benchmark programs run, at a size that shows only that they do."""

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("name", ["classification", "coverage"])
def test_the_program_runs(name, monkeypatch, capsys):
    program = runpy.run_path(str(BENCHMARKS / f"{name}.py"))
    # The parts that import heavy peers have no place in a quick run.
    only = ["--only", "integers"] if name == "classification" else []
    monkeypatch.setattr(sys, "argv", [name])
    program["main"](["--quick", *only])
    assert "| " in capsys.readouterr().out
