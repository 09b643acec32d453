"""Which sessions nox makes of a command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def sessions(*arguments):
    """Return the names that nox would run, of the session itself first."""
    command = [sys.executable, "-m", "nox", "--list", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [each["session"] for each in json.loads(done.stdout)]


@pytest.mark.parametrize("session", ["bench", "stress"])
def test_a_session_covers_every_distribution_that_is_named(session):
    listed = sessions("-s", session, "--", "ml-infra-metrics", "ml-infra-logging")
    assert set(listed) - {"build"} == {
        f"{session}(ml-infra-logging)",
        f"{session}(ml-infra-metrics)",
    }


def test_a_session_leaves_out_what_is_not_named():
    assert sessions("-s", "torch", "--", "ml-infra-metrics") == [
        "build",
        "torch(ml-infra-metrics)",
    ]


@pytest.mark.parametrize("session", ["test", "build", "torch", "upload"])
@pytest.mark.parametrize("word", ["metrics", "ml-infra-metric", "-k"])
def test_what_names_no_distribution_is_refused(session, word):
    """It would cover all of them without a word."""
    command = [sys.executable, "-m", "nox", "--list", "-s", session, "--", word]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"no distribution {word}; there are: ml-infra-" in done.stderr


@pytest.mark.parametrize("session", ["release", "bump", "docs", "selftest(tools)"])
def test_words_of_their_own_are_left_to_the_sessions_that_have_them(session):
    assert session in sessions("-s", session, "--", "--dry-run")


def test_without_a_name_bench_covers_all_that_have_benchmarks():
    measured = {
        path.parents[1].name for path in ROOT.glob("packages/*/benchmarks/*.py")
    }
    assert set(sessions("-s", "bench")) - {"build"} == {
        f"bench({dist})" for dist in measured
    }
