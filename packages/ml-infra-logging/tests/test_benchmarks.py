"""The comparison runs, at tiny size, wherever the sources of the distribution are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="the benchmarks are part of the sources only"
)


def run(program, *arguments):
    environment = {**os.environ, "PROVOCATION_SECONDS": "0.2", "PROVOCATION_FORKS": "5"}
    done = subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bad_values_are_all_right_in_ours():
    """The claim of the published table, kept true for the columns that are ours."""
    pytest.importorskip("numpy")
    lines = run(["bad_values.py"], "--quick").splitlines()
    head = next(line for line in lines if line.startswith("| value")).split("|")
    wrong = next(line for line in lines if "rows not right" in line).split("|")
    counts = dict(zip((h.strip() for h in head), wrong, strict=True))
    ours = {name: int(count) for name, count in counts.items() if "ours" in name}
    assert set(ours.values()) == {0}
    assert "ours, no extra" in ours


@pytest.mark.parametrize(
    "title",
    [
        "signal handler logs during a log call",
        "finaliser logs, at each line of a log call",
        "fork while a thread logs, child logs",
        "device full, 100 records",
        "reader of the pipe is gone, 100 records",
        "SIGKILL after 1000 records",
        pytest.param("4 processes, one file, lines of 20 kB", marks=pytest.mark.slow),
    ],
)
def test_no_provocation_harms_ours(title):
    program = (
        "import provocations as p; from peers import BY_NAME; "
        f"print(p.cell(BY_NAME['ours, no extra'], {title!r}))"
    )
    assert run(["-c", program]).strip() == "✓"


def test_speed_runs_at_tiny_size():
    program = (
        "import speed; print(speed.records_table(50, 1)); "
        "print(speed.filtered_table(50, 1)); print(speed.machine())"
    )
    assert "| ours, no extra |" in run(["-c", program])


@pytest.mark.slow
def test_the_page_is_written(tmp_path):
    target = tmp_path / "page.md"
    run(["compare.py"], "--quick", "--write", str(target))
    text = target.read_text(encoding="utf-8")
    for title in ("Values no encoder likes", "Signals, forks, disks", "Reading back"):
        assert f"## {title}" in text
