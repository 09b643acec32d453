"""Clones that release to one server: one has it, the others are told who."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from release.archives import sha256
from release.index import LOCK, STABLE, Account, Index

LEAF = "ml-infra-decorators"
ONLY = ("release", "--", "--only", LEAF)
LEASE = 6  # seconds, here; long enough for a loaded machine to renew every second
# Stands for a suite that takes as long as the test wishes.
SLOW = """\
import pathlib, time


def test_waits():
    while not pathlib.Path({gate!r}).exists():
        time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def index(team, fresh, tmp_path_factory, documented):
    """Return the team's server as who may release to it, set up as the docs say."""
    root, releaser = Account("root", "team-root"), Account("releaser", "team-root")
    index = Index(team, root, root)
    mirror = index.request("GET", "/root/pypi?no_projects")["result"]
    mirror["mirror_no_project_list"] = True
    index.request("PATCH", "/root/pypi", mirror, root)
    clone = fresh.clone(tmp_path_factory.mktemp("first") / "ml-infra", **login(index))
    done = clone.nox(*ONLY)
    assert done.returncode == 0, done.stdout
    (script,) = documented("A server for the team")
    client = clone.root / "answering-client"
    client.write_text('#!/bin/sh\nyes team-root | .nox/release/bin/devpi "$@"\n')
    client.chmod(0o755)
    script = script.replace("CLIENT=.nox/release/bin/devpi\n", f"CLIENT={client}\n")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone.root,
        env=clone.env,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # no terminal to ask for passwords
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Index(team, releaser, releaser)


def login(index):
    account = index.uploader
    names = ("DEVPI_URL", "DEVPI_USER", "DEVPI_PASSWORD")
    return dict(zip(names, (index.url, account.user, account.password), strict=True))


@pytest.fixture
def clones(fresh, index, tmp_path):
    """Return two clones, each with other bytes for one next version."""
    version = f"0.1.{len(index.files(STABLE, LEAF))}"
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        clone = fresh.clone(tmp_path / name / "ml-infra", **login(index))
        path = f"packages/{LEAF}/pyproject.toml"
        clone.edit(path, '\nversion = "0.1.0"\n', f'\nversion = "{version}"\n')
        clone.edit(".ci/release/claim.py", "\nLEASE = 60 ", f"\nLEASE = {LEASE} ")
        clone.edit(".ci/release/claim.py", "\nRENEWAL = 15 ", "\nRENEWAL = 1 ")
        (clone.root / f"packages/{LEAF}/README.md").write_text(name, "utf-8")
        clone.commit(f"{LEAF} {version}, the one of clone {name}")
        found.append(clone)
    return found


@pytest.fixture
def held_up(clones, tmp_path):
    """Return a release of the first clone that is in its tests, and what ends them."""
    one, gate = clones[0], tmp_path / "gate"
    suite = one.root / f"packages/{LEAF}/tests/test_smoke.py"
    suite.write_text(SLOW.format(gate=str(gate)), "utf-8")
    one.commit("A slow suite")
    process = one.start_until("> test each wheel", *ONLY)
    yield process, gate
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def error_of(done):
    assert done.returncode == 1, done.stdout
    (line,) = (x for x in done.stdout.splitlines() if x.startswith("error: "))
    return line


def built(clone):
    """Return the hashes of what a clone built."""
    stem = f"ml_infra_decorators-{clone.version(LEAF)}"
    files = (*clone.root.glob(f"dist/{stem}*.whl"), *clone.root.glob("dist/*.tar.gz"))
    return {file.name: sha256(file) for file in files}


def on_stable(index, clone):
    """Return what stable has of the version that a clone is at."""
    return index.files(STABLE, LEAF).get(clone.version(LEAF), {})


def test_the_second_is_refused_and_told_who_has_the_server(clones, index, held_up):
    (one, two), (first, gate) = clones, held_up
    line = error_of(two.nox(*ONLY))
    assert f"releaser@{os.uname().nodename}:{one.root} has been releasing" in line
    assert not on_stable(index, two)
    gate.touch()
    output = first.communicate(timeout=120)[0]
    assert first.returncode == 0, output
    assert on_stable(index, one) == built(one) != {}
    # The claim is given back: what the second is told now is about the bytes.
    assert "stable already has other bytes" in error_of(two.nox(*ONLY))
    assert on_stable(index, one) == built(one)
    assert two.tags() == set()
    assert len(index.metadata(LOCK, "release")) == 1  # nothing piles up


def test_two_at_once_end_in_one(clones, index):
    processes = [clone.start(*ONLY) for clone in clones]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert sorted(p.returncode for p in processes) == [0, 1], outputs
    winner, loser = sorted(clones, key=lambda c: -len(c.tags()))
    assert on_stable(index, winner) == built(winner) != built(loser)
    assert loser.tags() == set()


def test_what_a_killed_holder_left_lapses(clones, index, held_up):
    (one, two), (first, _) = clones, held_up
    line = error_of(two.nox(*ONLY))
    assert f"{one.root} has been releasing" in line
    assert f"if it was killed, has been silent for {LEASE} s" in line
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    # On a loaded machine the build, which comes first, may outlast the lease.
    refusals = []
    while (done := two.nox(*ONLY)).returncode:
        refusals.append(error_of(done))
        assert f"{one.root} has been releasing" in refusals[-1]
        assert len(refusals) < 20
        time.sleep(1)
    who = re.escape(f"releaser@{os.uname().nodename}:{one.root}")
    silence = re.search(rf"taking over from {who}, silent for (\d+) s", done.stdout)
    assert int(silence[1]) >= LEASE
    assert on_stable(index, two) == built(two) != {}


def test_a_killed_release_is_finished_from_its_clone_at_once(clones, index, held_up):
    one, (first, gate) = clones[0], held_up
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    gate.touch()
    done = one.nox(*ONLY)
    assert done.returncode == 0, done.stdout
    assert f"{one.root}, silent for" in done.stdout
    assert on_stable(index, one) == built(one) != {}


def test_a_holder_that_was_frozen_does_not_push_over_its_successor(
    clones, index, held_up
):
    """As a laptop that was shut, or a machine that swapped: alive, but overtaken."""
    (_, two), (first, gate) = clones, held_up
    os.killpg(first.pid, signal.SIGSTOP)
    time.sleep(LEASE + 1)
    done = two.nox(*ONLY)
    assert done.returncode == 0, done.stdout
    gate.touch()
    os.killpg(first.pid, signal.SIGCONT)
    output = first.communicate(timeout=120)[0]
    assert first.returncode == 1
    assert "another release took" in output
    assert on_stable(index, two) == built(two) != {}


def test_of_many_that_ask_together_one_at_a_time_gets_in(index, fresh, tmp_path):
    """Mutual exclusion itself: who is inside makes a folder that nobody else made."""
    script = """
        import json, pathlib, sys, time, uuid
        from release import claim, projects
        from release.index import Account, Index

        user = Account("releaser", "team-root")
        index, folder = Index(sys.argv[1], user, user), pathlib.Path(sys.argv[2])
        entered = refused = 0
        while entered < 8:
            try:
                with claim.of_the_server(index, uuid.uuid4().hex):
                    folder.mkdir()
                    time.sleep(0.02)
                    folder.rmdir()
                    entered += 1
            except projects.ReleaseError as error:
                assert "has been releasing" in str(error), error
                refused += 1
        print(json.dumps([entered, refused]))
    """
    code = "\n".join(line[8:] for line in script.splitlines())
    command = [sys.executable, "-c", code, index.url, str(tmp_path / "inside")]
    workers = [
        subprocess.Popen(
            command,
            env={**fresh.env, "PYTHONPATH": str(fresh.root / ".ci")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    results = [worker.communicate(timeout=300) for worker in workers]
    assert [error for _, error in results] == [""] * 4
    counts = [json.loads(out) for out, _ in results]
    assert [entered for entered, _ in counts] == [8] * 4
    assert sum(refused for _, refused in counts) > 0
