"""The workflows: what they may do, and that the linters find nothing in them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
TEXTS = [path.read_text("utf-8") for path in WORKFLOWS]
PUBLISH, TEST = map(YAML(typ="safe").load, TEXTS)
JOBS = PUBLISH["jobs"]


def scripts(workflow):
    """Return what the steps of all jobs run."""
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]


@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        ("zizmor", "--offline", "--pedantic"),
    ],
    ids=["schema", "security"],
)
def test_the_linters_find_nothing(command):
    tool = shutil.which(command[0], path=Path(sys.executable).parent)
    if tool is None:
        pytest.skip(f"{command[0]} stands in the environment of nox -s lint")
    done = subprocess.run(
        [tool, *command[1:], *WORKFLOWS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pull_requests_and_main_are_tested_as_a_contributor_tests():
    assert TEST["on"] == {"push": {"branches": ["main"]}, "pull_request": None}
    assert scripts(TEST) == ["bash .ci/run"]
    assert (ROOT / ".ci/run").is_file()


def test_what_a_pull_request_runs_can_only_read():
    (job,) = TEST["jobs"].values()
    assert TEST["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    assert job["steps"][0]["with"]["persist-credentials"] is False
    assert "secrets." not in str(TEST)


def test_it_publishes_for_release_tags_only():
    assert PUBLISH["on"] == {"push": {"tags": ["ml-infra-*-v*"]}}


def test_every_action_is_pinned_by_a_commit_and_says_its_version():
    uses = re.findall(r"uses: (.*)", "".join(TEXTS))
    assert len(uses) == 9
    for action in uses:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    versions = {tuple(re.split("[@ ]", a)[::3]) for a in uses}
    assert len(versions) == len({a.partition("@")[0] for a in uses})


def test_only_the_job_that_publishes_can_prove_an_identity():
    assert PUBLISH["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "pypi": {"id-token": "write"},
        "devpi": {},
    }
    assert "secrets." not in str([JOBS["build"], JOBS["pypi"]])


def test_building_and_publishing_are_apart():
    for name in ("pypi", "devpi"):
        assert JOBS[name]["needs"] == "build"
        assert JOBS[name]["environment"] == name
        assert "checkout" not in str(JOBS[name])
        assert not [step for step in JOBS[name]["steps"] if "run" in step]


def test_what_comes_from_outside_never_stands_in_a_script():
    assert scripts(PUBLISH)
    assert not [s for s in scripts(PUBLISH) + scripts(TEST) if "${{" in s]
