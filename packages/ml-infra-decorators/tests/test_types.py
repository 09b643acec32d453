"""Trap 42: static types survive, as mypy and pyright see them."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "typing" / "samples.py"


def test_trap_42_mypy_strict_passes_over_the_samples(tmp_path):
    """Trap 42: with disallow_any_decorated, as the strictest users have it."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    options = [
        "--strict",
        "--disallow-any-decorated",
        "--python-version=3.10",
        "--namespace-packages",
        "--explicit-package-bases",
        f"--cache-dir={tmp_path}",
        "--config-file=",
    ]
    result = subprocess.run(
        [sys.executable, "-m", "mypy", *options, SAMPLES],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout


def test_trap_42_pyright_passes_over_the_samples(tmp_path):
    """Trap 42: the same for pyright."""
    program = shutil.which("pyright", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("pyright is not installed")
    result = subprocess.run(
        [program, "--pythonpath", sys.executable, SAMPLES],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout
