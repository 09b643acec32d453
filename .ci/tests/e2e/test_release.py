"""``nox -s release`` from a clean clone, and again, and after changes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from release import environments, receipt
from release.index import STABLE, STAGING
from release.projects import select

LEAVES = ["decorators", "logging", "metrics", "preprocessing"]
NAMES = [f"ml-infra-{leaf}" for leaf in LEAVES] + ["ml-infra-utils"]
LEAF = "ml-infra-decorators"


def python(environment, code):
    done = subprocess.run(
        [str(environment.python), "-c", code],
        env=environments.isolated(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_first_release_puts_five_distributions_on_stable(served, released):
    stable = {name: served.files(STABLE, name) for name in NAMES}
    assert sorted(stable) == NAMES
    for name, versions in stable.items():
        (project,) = (p for p in select([name], released.root))
        assert list(versions) == [str(project.version)]
        assert sorted(versions[str(project.version)]) == sorted(project.filenames)


def test_leaves_are_pushed_first_and_the_meta_last(released):
    lines = released.output.splitlines()
    pushed = [line.split()[2] for line in lines if "> push" in line]
    assert sorted(pushed) == NAMES
    assert pushed[-1] == "ml-infra-utils"


def test_each_version_has_an_annotated_tag_of_the_maintainers(served, released):
    stable = {name: served.files(STABLE, name) for name in NAMES}
    for name in NAMES:
        tag = f"{name}-v{released.version(name)}"
        assert released.git("cat-file", "-t", tag) == "tag"
        tagger = released.git(
            "tag", "--list", "--format=%(taggername) %(taggeremail)", tag
        )
        assert tagger == "ML Infrastructure Team <ml-team@example.com>"
        message = released.git("tag", "--list", "--format=%(contents)", tag)
        made = receipt.from_message(message)
        assert made.files == stable[name][released.version(name)]
        assert made.serial_before < made.serial_after
        stem = f"{name.replace('-', '_')}-{released.version(name)}.receipt.json"
        assert receipt.read(released.root / "dist" / stem) == made


@pytest.mark.parametrize("leaf", LEAVES)
def test_one_leaf_installs_alone_with_the_one_index_url(served, tmp_path, leaf):
    environment = environments.create(tmp_path / "empty")
    environment.install(f"ml-infra-{leaf}", index_url=served.simple_url(STABLE))
    code = f"""
import importlib.metadata as m, ml_infra.{leaf} as module
names = sorted(d.name for d in m.distributions() if d.name.startswith("ml-infra"))
print(names, module.__version__ == m.version("ml-infra-{leaf}"))
"""
    assert python(environment, code) == f"['ml-infra-{leaf}'] True"


def test_the_meta_distribution_brings_everything(served, tmp_path):
    environment = environments.create(tmp_path / "empty")
    environment.install("ml-infra-utils", index_url=served.simple_url(STABLE))
    code = "from ml_infra_utils import normalize; print(normalize([1, 2, 3, 4, 5]))"
    assert python(environment, code) == "[0.0, 0.25, 0.5, 0.75, 1.0]"
    command = [str(environment.executable("ml-utils")), "--normalize", "1", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[0.0, 1.0]\n"
    # Whatever goes away, the others stay.
    for gone, left in [("metrics", "logging"), ("logging", "decorators")]:
        uninstall(environment, f"ml-infra-{gone}")
        assert python(environment, f"import ml_infra.{left}") == ""
    uninstall(environment, *(f"ml-infra-{leaf}" for leaf in LEAVES))
    found = python(
        environment, "import importlib.util as u; print(u.find_spec('ml_infra'))"
    )
    assert found == "None"


def uninstall(environment, *names):
    if uv := shutil.which("uv"):
        command = [uv, "pip", "uninstall", "--python", str(environment.python)]
    else:
        command = [sys.executable, "-m", "pip", "--python", str(environment.python)]
        command += ["uninstall", "--yes"]
    subprocess.run([*command, "--quiet", *names], check=True)


def test_a_second_release_changes_nothing(clone):
    with clone.serving() as index:
        before = index.request("GET", "/+api"), index.serial
    tags = clone.git("show-ref", "--tags")
    done = clone.nox("release")
    assert done.returncode == 0, done.stdout
    assert "nothing to release" in done.stdout
    with clone.serving() as index:
        assert (index.request("GET", "/+api"), index.serial) == before
    assert clone.git("show-ref", "--tags") == tags
    assert clone.git("status", "--porcelain") == ""


def test_a_raised_leaf_is_released_alone(clone):
    before = clone.stable()
    version = clone.raise_version(LEAF)
    done = clone.nox("release")
    assert done.returncode == 0, done.stdout
    after = clone.stable()
    assert set(after[LEAF]) - set(before[LEAF]) == {version}
    assert {n: v for n, v in after.items() if n != LEAF} == {
        n: v for n, v in before.items() if n != LEAF
    }
    assert f"{LEAF}-v{version}" in clone.tags()
    # The users of yesterday's meta-distribution get the new leaf: that pair is tested.
    meta = f"ml-infra-utils=={clone.version('ml-infra-utils')}"
    assert f"{meta} beside {LEAF}=={version}" in done.stdout
    assert f"/ml/stable/+simple/ {LEAF}\n" in done.stdout  # what there is to install


def test_other_bytes_for_a_released_version_are_refused_by_name(clone):
    before = clone.stable()
    path = "packages/ml-infra-decorators/README.md"
    text = (clone.root / path).read_text("utf-8")
    (clone.root / path).write_text(text + "\nOne more line.\n", "utf-8")
    clone.commit("Change without a new version")
    done = clone.nox("release")
    assert done.returncode != 0
    version = clone.version(LEAF)
    assert f"ml_infra_decorators-{version}.tar.gz: stable serves sha256" in done.stdout
    assert "nox -s bump -- ml-infra-decorators" in done.stdout
    assert clone.stable() == before


def test_a_failing_test_leaves_stable_untouched(clone):
    before = clone.stable()
    versions = {name: clone.raise_version(name) for name in NAMES[:2]}
    tests = clone.root / f"packages/{NAMES[1]}/tests/test_smoke.py"
    tests.write_text("def test_broken():\n    assert 1 == 2\n", "utf-8")
    clone.commit("Break it")
    done = clone.nox("release")
    assert done.returncode != 0
    assert f"repeat: nox -s test -- {NAMES[1]}" in done.stdout
    assert clone.stable() == before
    with clone.serving() as index:
        for name, version in versions.items():
            assert version not in index.files(STAGING, name)


def test_uncommitted_changes_are_refused_before_anything_runs(clone):
    (clone.root / "packages/ml-infra-metrics/stray.txt").write_text("x")
    done = clone.nox("release")
    assert done.returncode != 0
    assert "stray.txt" in done.stdout


def test_a_server_killed_during_the_upload_costs_only_a_second_run(clone):
    version = clone.raise_version(LEAF)
    process = clone.start("release")
    for line in process.stdout:
        if line.startswith("> upload"):
            break
    for line in clone.processes():
        if "devpi-server" in line and "supervise" not in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    rest = process.communicate(timeout=120)[0]
    assert process.returncode != 0
    assert "error: " in rest
    done = clone.nox("release")
    assert done.returncode == 0, done.stdout
    assert version in clone.stable()[LEAF]


def test_a_dry_run_writes_the_plan_and_nothing_else(clone):
    version = clone.raise_version(LEAF)
    before, tags = clone.stable(), clone.tags()
    artefacts = {p: p.read_bytes() for p in (clone.root / "dist").iterdir()}
    done = clone.nox("release", "--", "--dry-run")
    assert done.returncode == 0, done.stdout
    assert f"{LEAF}" in done.stdout
    assert clone.stable() == before
    assert clone.tags() == tags
    assert clone.git("status", "--porcelain") == ""
    plan = clone.root / "dist/plan.json"
    assert version in plan.read_text("utf-8")
    left = {p: p.read_bytes() for p in (clone.root / "dist").iterdir() if p != plan}
    assert left == artefacts


def test_a_dry_run_before_the_first_release_makes_no_index(fresh, tmp_path):
    clone = fresh.copy(tmp_path / "ml-infra")
    done = clone.nox("release", "--", "--dry-run", "--only", LEAF)
    assert done.returncode == 0, done.stdout
    assert LEAF in done.stdout
    assert "ml-infra-metrics" not in done.stdout
    assert not (clone.root / ".devpi").exists()


def test_only_narrows_the_release_and_refuses_what_could_not_be_installed(clone):
    clone.raise_version("ml-infra-logging")
    version = clone.raise_version(LEAF)
    done = clone.nox("release", "--", "--only", LEAF)
    assert done.returncode == 0, done.stdout
    stable = clone.stable()
    assert version in stable[LEAF]
    assert len(stable["ml-infra-logging"]) == 1
    done = clone.nox("release", "--", "--only", "ml-infra-metric")
    assert done.returncode != 0
    assert "no distribution ml-infra-metric;" in done.stdout


def test_two_releases_at_once_end_in_one(clone):
    version = clone.raise_version(LEAF)
    one, two = clone.start("release"), clone.start("release")
    outputs = [p.communicate(timeout=300)[0] for p in (one, two)]
    codes = sorted(p.returncode for p in (one, two))
    assert codes == [0, 1], outputs
    assert "another release is running" in outputs[0] + outputs[1]
    assert version in clone.stable()[LEAF]


def test_an_interrupt_leaves_no_process(clone):
    clone.raise_version(LEAF)
    process = clone.start("release")
    for line in process.stdout:
        if line.startswith("> test each wheel"):
            break
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert clone.processes_after_a_while() == []
