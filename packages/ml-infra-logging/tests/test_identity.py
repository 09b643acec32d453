"""Run, attempt and rank from the environment of any launcher, or of none."""

import json
import os
import subprocess
import sys

import pytest

from ml_infra.logging import configure, get_logger
from ml_infra.logging._identity import Identity
from ml_infra.logging._provenance import config_hash, git_state


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, (0, 0, 1, "default")),
        ({"RANK": "", "WORLD_SIZE": " "}, (0, 0, 1, "default")),
        ({"RANK": "abc"}, (0, 0, 1, "default")),
        ({"RANK": "-1"}, (0, 0, 1, "default")),
        ({"RANK": "1e3"}, (0, 0, 1, "default")),
        ({"RANK": "²"}, (0, 0, 1, "default")),
        ({"RANK": "9" * 5000}, (0, 0, 1, "default")),
        ({"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "8"}, (3, 1, 8, "torchrun")),
        ({"RANK": "3", "WORLD_SIZE": "2"}, (3, 3, 4, "torchrun")),
        (
            {"SLURM_PROCID": "5", "SLURM_LOCALID": "1", "SLURM_NTASKS": "16"},
            (5, 1, 16, "slurm"),
        ),
        (
            {"RANK": "x", "SLURM_PROCID": "5", "SLURM_NTASKS": "?"},
            (5, 5, 6, "slurm"),
        ),
        (
            {"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "0"},
            (2, 0, 3, "openmpi"),
        ),
        ({"PMI_RANK": "1", "PMI_SIZE": "4"}, (1, 1, 4, "mpich")),
        ({"MV2_COMM_WORLD_RANK": "1"}, (1, 1, 2, "mvapich")),
        (
            {"JSM_NAMESPACE_RANK": "7", "JSM_NAMESPACE_LOCAL_RANK": "3"},
            (7, 3, 8, "jsm"),
        ),
    ],
)
def test_trap_21_the_rank_of_any_launcher_and_no_garbage(environ, expected):
    found = Identity(environ=environ)
    assert (
        found.rank,
        found.local_rank,
        found.world_size,
        found.rank_source,
    ) == expected


def test_trap_21_garbage_is_reported_in_run_start(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "abc")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "-3")
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    start = json.loads(path.read_text())
    assert start["ignored"] == {"RANK": "abc", "TORCHELASTIC_RESTART_COUNT": "-3"}
    assert (start["rank"], start["attempt"]) == (0, 0)


def test_trap_21_a_rank_set_after_the_import_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    handle = configure("r", path=tmp_path / "a{attempt}-r{rank}.jsonl", console=False)
    assert handle.path.endswith("a1-r2.jsonl")
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "2")
    handle = configure("r", path=tmp_path / "a{attempt}-r{rank}.jsonl", console=False)
    get_logger("t").info("x")
    last = json.loads((tmp_path / "a2-r3.jsonl").read_text().splitlines()[-1])
    assert (last["rank"], last["attempt"]) == (3, 2)


@pytest.mark.parametrize(
    ("environ", "run"),
    [
        ({"ML_INFRA_RUN": "mine", "SLURM_JOB_ID": "7"}, "mine"),
        ({"TORCHELASTIC_RUN_ID": "elastic"}, "elastic"),
        ({"TORCHELASTIC_RUN_ID": "none", "SLURM_JOB_ID": "7"}, "7"),
        ({"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3"}, "7_3"),
    ],
)
def test_the_run_comes_from_the_launcher(environ, run):
    assert Identity(environ=environ).run == run


def test_workers_of_a_torchrun_without_an_id_agree_on_one():
    environ = {"MASTER_ADDR": "localhost", "MASTER_PORT": "29500", "WORLD_SIZE": "2"}
    environ |= {"LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none"}
    runs = {Identity(environ={**environ, "RANK": rank}).run for rank in "01"}
    assert len(runs) == 1
    other = {**environ, "MASTER_PORT": "29501", "RANK": "0"}
    assert Identity(environ=other).run not in runs


def test_two_runs_made_up_differ():
    assert Identity(environ={}).run != Identity(environ={}).run


RANK_PROGRAM = """
import sys
from ml_infra.logging import configure, get_logger
configure("ranks", path=sys.argv[1] + "/r{rank}.jsonl", console=True, ranks=sys.argv[2])
get_logger("t").info("info")
get_logger("t").warning("warning")
"""


@pytest.mark.parametrize(("policy", "infos"), [("job", 1), ("node", 2), ("all", 4)])
def test_trap_22_who_shows_what(tmp_path, policy, infos):
    """Four ranks on two nodes; nobody waits for anybody, every file is whole."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", RANK_PROGRAM, str(tmp_path), policy],
            stderr=subprocess.PIPE,
            text=True,
            env={
                **{k: v for k, v in os.environ.items() if k != "ML_INFRA_RUN"},
                "RANK": str(rank),
                "LOCAL_RANK": str(rank % 2),
                "WORLD_SIZE": "4",
            },
        )
        for rank in range(4)
    ]
    shown = "".join(process.communicate(timeout=60)[1] for process in running)
    assert shown.count(" info     info ") == infos
    assert shown.count(" warning  warning ") == 4
    for rank in range(4):
        lines = (tmp_path / f"r{rank}.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        names = [record["event"] for record in records]
        assert names == ["run.start", "info", "warning", "run.end"]
        assert {record["rank"] for record in records} == {rank}


def test_run_start_tells_what_the_run_is_made_of(tmp_path, monkeypatch):
    repository = tmp_path / "repository"
    repository.mkdir()
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    monkeypatch.chdir(repository)
    try:
        subprocess.run([*git, "init", "-q"], check=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git")
    (repository / "a").write_text("1")
    subprocess.run([*git, "add", "a"], check=True, timeout=60)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True, timeout=60)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.strip()
    path = tmp_path / "a.jsonl"
    configure("r1", path=path, console=False, config={"lr": 0.1, "depth": 2})
    start = json.loads(path.read_text().splitlines()[0])
    assert (start["git_commit"], start["git_dirty"]) == (commit, False)
    assert start["config_hash"] == config_hash({"depth": 2, "lr": 0.1})
    assert start["versions"]["python"] == sys.version.split()[0]
    assert start["schema"] == 1
    (repository / "a").write_text("2")
    subprocess.run([*git, "pack-refs", "--all"], check=True, timeout=60)
    assert git_state() == (commit, True)


def test_outside_a_repository_and_with_broken_ones_there_is_no_commit(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for content in (None, "gitdir: nowhere", "garbage"):
        if content is not None:
            (tmp_path / ".git").write_text(content)
        assert git_state() == (None, None)


def test_the_hash_of_a_configuration_does_not_depend_on_its_order():
    one = config_hash({"a": 1, "b": {"c": [1, 2], "d": None}})
    assert one == config_hash({"b": {"d": None, "c": [1, 2]}, "a": 1})
    assert one != config_hash({"a": 2, "b": {"c": [1, 2], "d": None}})
    assert config_hash({1: object(), "x": lambda: 0}) == config_hash(
        {"x": lambda: 0, 1: object()}
    )
