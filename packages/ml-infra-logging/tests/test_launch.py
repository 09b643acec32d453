"""Four real processes with torchrun's variables become one gap-free run."""

import os
import signal
import subprocess
import sys

import pytest

from ml_infra.logging import read_log

PROGRAM = """
import os, signal, sys, time
from ml_infra.logging import configure, context, get_logger

folder, last_step, die_after = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
configure(path=folder + "/", console="auto")
log = get_logger("train")
log.info("ready")
rank = int(os.environ["RANK"])
first = 5 if os.environ["TORCHELASTIC_RESTART_COUNT"] == "1" else 0
with context(stage="fit"), log.span("epoch", epoch=0):
    for step in range(first, last_step):
        log.metric(step=step, loss=1 / (step + 1) + rank)
        if step == die_after:
            os.kill(os.getpid(), signal.SIGKILL)
log.warning("done", rank_seen=rank)
"""


def launch(folder, attempt=0, steps=10, victim=None):
    """Start four ranks as torchrun does; return what each wrote to stderr."""
    processes = []
    for rank in range(4):
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("ML_INFRA")},
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": "4",
            "TORCHELASTIC_RUN_ID": "job-7",
            "TORCHELASTIC_RESTART_COUNT": str(attempt),
        }
        die_after = 6 if rank == victim else -1
        command = [sys.executable, "-c", PROGRAM, str(folder), str(steps)]
        processes.append(
            subprocess.Popen(
                [*command, str(die_after)], env=environment, stderr=subprocess.PIPE
            )
        )
    errors = [process.communicate(timeout=60)[1] for process in processes]
    codes = [process.returncode for process in processes]
    expected = [-signal.SIGKILL if rank == victim else 0 for rank in range(4)]
    assert codes == expected, errors
    return errors


@pytest.fixture(scope="module")
def one_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    errors = launch(folder)
    return folder, errors


def test_four_ranks_become_one_gap_free_run(one_run):
    folder, _ = one_run
    assert len(list(folder.iterdir())) == 4
    log = read_log(folder)
    report = log.report()
    assert report.ok, str(report)
    assert [process.rank for process in report.processes] == [0, 1, 2, 3]
    assert all(process.ended for process in report.processes)
    assert {record["run"] for record in log} == {"job-7"}
    times = [record["ts"] for record in log]
    assert times == sorted(times)
    for rank in range(4):
        numbers = [record["seq"] for record in log if record["rank"] == rank]
        assert numbers == list(range(len(numbers)))


def test_metrics_and_spans_of_all_ranks_are_there(one_run):
    log = read_log(one_run[0])
    found = {(r["rank"], r["step"], r["loss"]) for r in log.metrics("loss")}
    assert found == {
        (rank, s, 1 / (s + 1) + rank) for rank in range(4) for s in range(10)
    }
    assert {record["stage"] for record in log.metrics("loss")} == {"fit"}
    spans = list(log.spans())
    assert len(spans) == 4
    assert {(span["name"], span["status"]) for span in spans} == {("epoch", "ok")}


def test_trap_22_info_is_shown_once_and_warnings_by_every_rank(one_run):
    folder, errors = one_run
    shown = b"".join(errors)
    assert shown.count(b'"event":"ready"') == 1
    assert shown.count(b'"event":"done"') == 4
    for file in folder.iterdir():  # every file is complete all the same
        assert file.read_bytes().count(b'"event":"ready"') == 1


def test_a_killed_rank_and_a_restart_are_told_apart(tmp_path):
    """Rank 2 dies after step 6; the second attempt resumes at step 5."""
    launch(tmp_path, attempt=0, victim=2)
    launch(tmp_path, attempt=1, steps=12)
    log = read_log(tmp_path)
    report = log.report()
    assert report.stopped_early == [("job-7", 0, 2)]
    assert (report.missing, report.duplicates, report.torn) == (0, 0, [])
    steps = [record["step"] for record in log.metrics("loss") if record["rank"] == 2]
    assert sorted(steps) == sorted([*range(7), *range(5, 12)])
    last = [
        (record["step"], record["attempt"])
        for record in log.metrics("loss", attempts="last")
        if record["rank"] == 2
    ]
    assert sorted(last) == [(s, 0) for s in range(5)] + [(s, 1) for s in range(5, 12)]
    (span,) = [s for s in log.spans() if s["rank"] == 2 and s["attempt"] == 0]
    assert (span["status"], span["stage"]) == ("open", "fit")
