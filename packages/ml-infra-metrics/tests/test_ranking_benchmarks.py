"""The benchmarks of scores run, and print their tables, at a tiny size."""

import runpy
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ranking", "| roc_auc, 1,000 rows |"),
        ("ranking_coverage", "| mean_absolute_error |"),
    ],
)
def test_the_benchmark_runs(name, expected, capsys):
    program = runpy.run_path(str(BENCHMARKS / f"{name}.py"))
    program["main"](["--quick"])
    assert expected in capsys.readouterr().out
