"""The benchmark runs, at a size without meaning."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "overhead.py"


def test_the_benchmark_prints_its_tables():
    if not BENCHMARK.exists():
        pytest.skip("the tests stand alone")
    result = subprocess.run(
        [sys.executable, BENCHMARK, "--quick"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    for row in ("@retry, async", "@timer, switched off", "around 3", "≤ 5 ms"):
        assert row in result.stdout
