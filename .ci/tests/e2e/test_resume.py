"""A release killed after any of its steps is finished by the same command."""

from __future__ import annotations

import os
import signal

import pytest

from release.archives import sha256
from release.build import build
from release.index import STABLE
from release.projects import load

LEAF, META = "ml-infra-decorators", "ml-infra-utils"
# Every step that a release of one leaf and the meta-distribution announces.
STEPS = [
    "check the artefacts",
    "test each wheel in a clean environment",
    f"upload {LEAF}",
    f"upload {META}",
    "test from ml/staging",
    "check that every target on stable is free",
    f"push {LEAF}",
    f"push {META}",
    f"tag {LEAF}",
    f"tag {META}",
]


@pytest.fixture(scope="module")
def small(fresh, tmp_path_factory):
    """Return a clone with one leaf and a meta-distribution, and its index serving."""
    clone = fresh.copy(tmp_path_factory.mktemp("small") / "ml-infra")
    for name in ("logging", "metrics", "preprocessing"):
        clone.git("rm", "-r", "--quiet", f"packages/ml-infra-{name}")
    path = clone.root / f"packages/{META}/pyproject.toml"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    others = ("logging>=", "metrics>=", "preprocessing>=")
    kept = [line for line in lines if not any(f"ml-infra-{o}" in line for o in others)]
    path.write_text("".join(kept), "utf-8")
    clone.commit("One leaf")
    with clone.serving() as index:
        clone.titles = release(clone)
        yield clone, index


def release(clone):
    """Run a release to its end; return the titles of its steps."""
    done = clone.nox("release")
    assert done.returncode == 0, done.stdout
    return [line[2:] for line in done.stdout.splitlines() if line.startswith("> ")]


def test_the_list_of_steps_is_complete(small):
    titles = small[0].titles
    assert len(titles) == len(STEPS)
    for title, step in zip(titles, STEPS, strict=True):
        assert title.startswith(step)


@pytest.mark.parametrize("step", ["> ", *(f"> {step}" for step in STEPS)])
def test_a_release_killed_after_a_step_is_finished_by_the_same_command(small, step):
    clone, index = small
    versions = {name: clone.raise_version(name) for name in (LEAF, META)}
    process = clone.start("release")
    reached = False
    for line in process.stdout:
        # The plan is printed before the first step; a step is over at its "done".
        reached = reached or (step != "> " and line.startswith(step))
        if (step == "> " and line.startswith(step)) or (reached and "done in" in line):
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    release(clone)
    # What an uninterrupted build of this commit gives, made in another place.
    expected = {name: built(clone, name) for name in versions}
    for name, version in versions.items():
        assert index.files(STABLE, name)[version] == expected[name]
        assert f"{name}-v{version}" in clone.tags()
        assert clone.git("cat-file", "-t", f"{name}-v{version}") == "tag"
    assert "nothing to release" in clone.nox("release").stdout


def built(clone, name):
    """Build the distribution in another folder; return the hashes of its files."""
    project = load(clone.root / "packages" / name)
    files = build(project, clone.root.parent / "elsewhere")
    return {file.name: sha256(file) for file in files}


def test_a_killed_release_leaves_no_server_behind(clone):
    clone.raise_version(LEAF)
    process = clone.start("release")
    for line in process.stdout:
        if line.startswith("> test each wheel"):
            break
    assert any("devpi-server" in line for line in clone.processes())
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert clone.processes_after_a_while() == []
