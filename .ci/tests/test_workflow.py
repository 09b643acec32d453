"""The workflows: what they may do, and that the linters find nothing in them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
TEXT = (ROOT / ".github/workflows/publish.yml").read_text("utf-8")
TESTS = (ROOT / ".github/workflows/test.yml").read_text("utf-8")


def job(name):
    """Return the text of one job."""
    return re.search(rf"^  {name}:\n(.*?)(?=^  \w|\Z)", TEXT, re.MULTILINE | re.DOTALL)[
        1
    ]


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
    assert "on:\n  push:\n    branches: [main]\n  pull_request:\n\n" in TESTS
    assert re.findall(r"run: (.*)", TESTS) == ["bash .ci/run"]
    assert (ROOT / ".ci/run").is_file()


def test_what_a_pull_request_runs_can_only_read():
    assert re.findall(r"permissions:(?: {}|(?:\n      .*)+)", TESTS) == [
        "permissions: {}",
        "permissions:\n      contents: read",
    ]
    assert "secrets." not in TESTS
    assert "persist-credentials: false" in TESTS


def test_it_publishes_for_release_tags_only():
    assert 'on:\n  push:\n    tags: ["ml-infra-*-v*"]\n\n' in TEXT


def test_every_action_is_pinned_by_a_commit_and_says_its_version():
    uses = re.findall(r"uses: (.*)", TEXT + TESTS)
    assert len(uses) == 9
    for action in uses:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    versions = {tuple(re.split("[@ ]", a)[::3]) for a in uses}
    assert len(versions) == len({a.partition("@")[0] for a in uses})


def test_only_the_job_that_publishes_can_prove_an_identity():
    assert "\npermissions: {}\n" in TEXT
    assert "permissions:\n      contents: read\n    outputs" in job("build")
    assert "permissions:\n      id-token: write # " in job("pypi")
    assert "permissions: {}\n" in job("devpi")
    assert TEXT.count("id-token") == 1
    assert "secrets." not in job("build") + job("pypi")


def test_building_and_publishing_are_apart():
    for name in ("pypi", "devpi"):
        assert "needs: build\n" in job(name)
        assert "environment: " in job(name)
        assert "checkout" not in job(name)
        assert "run:" not in job(name)


def test_what_comes_from_outside_never_stands_in_a_script():
    scripts = re.findall(r"run: (.*)", TEXT)
    assert scripts
    assert not [s for s in scripts if "${{" in s]
