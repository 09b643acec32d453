"""Building for real, in isolation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from release.archives import sha256
from release.build import build, build_all
from release.projects import ReleaseError, load

FILES = ["ml_infra_metrics-0.1.0-py3-none-any.whl", "ml_infra_metrics-0.1.0.tar.gz"]


def test_the_command_builds_the_named_distribution_only(two):
    answer = two.run("build", "--out", "made", "ml-infra-metrics")
    assert answer.returncode == 0, answer.stderr
    assert sorted(p.name for p in (two.root / "made").iterdir()) == FILES
    assert "[1/1] ml-infra-metrics 0.1.0 built" in answer.stdout
    assert two.git("status", "--porcelain") == "?? made/"


def test_leftovers_of_other_builds_do_not_get_in_and_the_bytes_stay(two, tmp_path):
    """A stale SOURCES.txt or build/lib would bring back deleted modules."""
    path = two.root / "packages/ml-infra-metrics"
    clean = [sha256(f) for f in build(load(path), tmp_path / "clean")]

    package = "src/ml_infra/metrics"
    two.write(f"packages/ml-infra-metrics/build/lib/{package}/gone.py", "")
    two.write(f"packages/ml-infra-metrics/{package}/__pycache__/old.pyc", "")
    two.write(
        "packages/ml-infra-metrics/src/ml_infra_metrics.egg-info/SOURCES.txt",
        "build/lib/src/ml_infra/metrics/gone.py\n",
    )
    wheel, sdist = build(load(path), tmp_path / "again")

    assert [sha256(wheel), sha256(sdist)] == clean
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if "gone" in n]
    with tarfile.open(sdist) as archive:
        assert not [n for n in archive.getnames() if "gone" in n or "pyc" in n]


def test_the_wheel_holds_what_imports(two, tmp_path):
    wheel, _ = build(load(two.root / "packages/ml-infra-metrics"), tmp_path)
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    program = "import ml_infra.metrics.core as m; print(m.__file__)"
    seen = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert seen.startswith(str(tmp_path / "site/ml_infra/metrics"))


def test_a_failure_names_the_distribution_shows_the_log_and_leaves_nothing(two):
    two.write("packages/ml-infra-metrics/setup.py", "raise SystemExit('no compiler')")
    answer = two.run("build", "--out", "made")
    assert answer.returncode == 1
    assert "ml-infra-metrics 0.1.0 failed" in answer.stderr
    assert "no compiler" in answer.stderr
    assert answer.stderr.splitlines()[-1] == (
        "error: not built: ml-infra-metrics; "
        "repeat with: nox -s build -- ml-infra-metrics"
    )
    assert sorted(p.name for p in (two.root / "made").iterdir()) == [
        "ml_infra_utils-0.1.0-py3-none-any.whl",
        "ml_infra_utils-0.1.0.tar.gz",
    ]


def test_sources_that_cannot_be_copied_are_told_in_one_line(two):
    """A full disk fails for each file; here each link leads nowhere."""
    folder = two.root / "packages/ml-infra-metrics/src"
    for name in ("one", "two"):
        (folder / name).symlink_to("nowhere")
    answer = two.run("build", "ml-infra-metrics", "--out", "made")
    assert answer.returncode == 1
    failed, error = answer.stderr.splitlines()
    assert failed.startswith("[1/1] ml-infra-metrics 0.1.0 failed: [Errno 2] No such")
    assert error.startswith("error: not built: ml-infra-metrics")


def test_a_failed_build_keeps_the_files_of_the_last_good_one(two, tmp_path):
    project = load(two.root / "packages/ml-infra-metrics")
    for name in FILES:
        (tmp_path / name).write_text("earlier")
    two.write("packages/ml-infra-metrics/setup.py", "raise SystemExit(1)")
    with pytest.raises(ReleaseError, match="ml-infra-metrics could not be built"):
        build(project, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == FILES
    assert {(tmp_path / n).read_text() for n in FILES} == {"earlier"}


def test_a_build_that_makes_other_files_is_refused(two, tmp_path):
    """A compiled extension would give a platform wheel, which nothing here expects."""
    two.write(
        "packages/ml-infra-metrics/setup.py",
        """
        from setuptools import Distribution, setup
        Distribution.has_ext_modules = lambda self: True
        setup()
        """,
    )
    with pytest.raises(ReleaseError, match=r"made .*linux.*, not ml_infra_metrics-0"):
        build(load(two.root / "packages/ml-infra-metrics"), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_unknown_names_are_refused_before_anything_is_built(two):
    answer = two.run("build", "--out", "made", "ml-infra-metric")
    assert answer.returncode == 1
    assert "no distribution ml-infra-metric here" in answer.stderr
    assert not (two.root / "made").exists()


def test_all_are_built_in_one_call(two, tmp_path):
    projects = [load(p) for p in sorted((two.root / "packages").iterdir())]
    made = build_all(projects, tmp_path / "all")
    assert [f.name for f in made] == [n for p in projects for n in p.filenames]


def test_what_a_killed_build_left_is_removed_and_what_runs_is_not(two, tmp_path):
    old, new = tmp_path / ".build-old", tmp_path / ".build-new"
    for folder in (old, new):
        (folder / "made").mkdir(parents=True)
    os.utime(old, (0, 0))
    build_all([], tmp_path)
    assert [p.name for p in tmp_path.glob(".build*")] == [".build-new"]
