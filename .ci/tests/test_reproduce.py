"""The same bytes twice, and a finger on the first member that differs."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from release.reproduce import first_difference


def test_two_builds_under_different_surroundings_are_identical(two):
    answer = two.run("reproduce")
    assert answer.returncode == 0, answer.stderr
    assert "4 files are identical in both builds" in answer.stdout
    assert two.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    "leak",
    [
        "os.environ.get('TZ')",
        pytest.param("os.getcwd()", marks=pytest.mark.slow),
        pytest.param("hash('a word')", marks=pytest.mark.slow),
        pytest.param("getpass.getuser()", marks=pytest.mark.slow),
        pytest.param("os.path.expanduser('~')", marks=pytest.mark.slow),
        pytest.param("os.environ.get('LC_ALL')", marks=pytest.mark.slow),
    ],
)
def test_what_leaks_from_the_surroundings_is_named(two, leak):
    two.write(
        "packages/ml-infra-metrics/setup.py",
        f"""
        import getpass, os
        from setuptools import setup
        with open("src/ml_infra/metrics/leak.py", "w") as file:
            print(repr({leak}), file=file)
        setup()
        """,
    )
    answer = two.run("reproduce", "ml-infra-metrics")
    assert answer.returncode == 1
    assert "not reproducible: ml_infra_metrics-0.1.0-py3-none-any.whl" in answer.stderr
    assert "ml_infra/metrics/leak.py: SHA-256" in answer.stderr
    assert "; ml_infra_metrics-0.1.0.tar.gz differs in" in answer.stderr


def test_a_second_build_that_fails_is_named(two):
    two.write(
        "packages/ml-infra-metrics/setup.py",
        """
        import os
        from setuptools import setup
        if os.environ.get("USER") == "somebody":
            raise SystemExit("not for you")
        setup()
        """,
    )
    answer = two.run("reproduce", "ml-infra-metrics")
    assert answer.returncode == 1
    assert "not for you" in answer.stderr
    assert answer.stderr.splitlines()[-1] == "ml-infra-metrics: the second build failed"


def wheel(path, members, *, mode=0o644, date=(1980, 1, 1, 0, 0, 0), compress=0):
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, text in members:
            entry = zipfile.ZipInfo(name, date)
            entry.external_attr = mode << 16
            entry.compress_type = compress
            archive.writestr(entry, text)
    return path


@pytest.mark.parametrize(
    ("members", "options", "said"),
    [
        ([("a", "1"), ("b", "9")], {}, "b: SHA-256 "),
        ([("b", "2"), ("a", "1")], {}, "a: member a and b"),
        ([("a", "1"), ("b", "2")], {"mode": 0o600}, "a: mode 0o644 and 0o600"),
        (
            [("a", "1"), ("b", "2")],
            {"date": (2001, 1, 1, 0, 0, 0)},
            "a: time (1980, 1, 1, 0, 0, 0) and (2001, 1, 1, 0, 0, 0)",
        ),
        ([("a", "1"), ("b", "2"), ("c", "3")], {}, "c: only in one of them"),
        ([("a", "1")], {}, "b: only in one of them"),
        ([("a", "1"), ("b", "2")], {"compress": 8}, "a: flags"),
    ],
)
def test_the_first_difference_of_two_wheels_is_named(tmp_path, members, options, said):
    one = wheel(tmp_path / "one.whl", [("a", "1"), ("b", "2")])
    two = wheel(tmp_path / "two.whl", members, **options)
    assert first_difference(one, two).startswith(said)


def sdist(path, *, uid=0, mtime=0, level=9):
    with tarfile.open(path, "w:gz", compresslevel=level) as archive:
        entry = tarfile.TarInfo("a")
        entry.uid, entry.mtime, entry.size = uid, mtime, 1
        archive.addfile(entry, io.BytesIO(b"1"))
    return path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"uid": 7}, "a: owner (0, 0, '', '') and (7, 0, '', '')"),
        ({"mtime": 5}, "a: time 0 and 5"),
        ({"level": 1}, "the container only: compression or header"),
    ],
)
def test_the_first_difference_of_two_sdists_is_named(tmp_path, options, said):
    one = sdist(tmp_path / "one.tar.gz")
    assert first_difference(one, sdist(tmp_path / "two.tar.gz", **options)) == said
