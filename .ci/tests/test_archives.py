"""Sdists in one canonical form, and the time their files carry."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from release.archives import ZIP_FLOOR, epoch, normalise
from release.projects import ReleaseError, load

if TYPE_CHECKING:
    from pathlib import Path


def make_sdist(path: Path, *, names, mtime, uid, mode, level) -> Path:
    with (
        gzip.open(path, "wb", level) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name in names:
            entry = tarfile.TarInfo(f"demo-1.0/{name}")
            entry.mtime, entry.uid, entry.uname, entry.mode = mtime, uid, "joe", mode
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
    return path


def test_trap_26_two_sdists_that_differ_in_everything_but_content_become_equal(
    tmp_path,
):
    """Trap 26: setuptools sdists keep times, owners, modes, order and gzip header."""
    long = "x" * 150  # beyond the 100 characters of a plain tar header
    one = make_sdist(
        tmp_path / "one.tar.gz",
        names=["a.py", "b.py", long], mtime=1, uid=0, mode=0o600, level=1,
    )  # fmt: skip
    two = make_sdist(
        tmp_path / "two.tar.gz",
        names=[long, "b.py", "a.py"], mtime=9e8, uid=1000, mode=0o664, level=9,
    )  # fmt: skip
    assert one.read_bytes() != two.read_bytes()

    assert normalise(one, 1_000_000_000) == normalise(two, 1_000_000_000)

    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as archive:
        entries = archive.getmembers()
        contents = [archive.extractfile(e).read().decode() for e in entries]
    assert contents == ["a.py", "b.py", long]
    assert {e.mtime for e in entries} == {1_000_000_000}
    assert {(e.uid, e.gid, e.uname, e.gname, e.mode) for e in entries} == {
        (0, 0, "", "", 0o644)
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.tar.gz", "two.tar.gz"]


def test_normalising_again_changes_nothing(tmp_path):
    sdist = make_sdist(
        tmp_path / "one.tar.gz", names=["a"], mtime=1, uid=0, mode=0o755, level=1
    )
    first = normalise(sdist, ZIP_FLOOR)
    assert normalise(sdist, ZIP_FLOOR) == first


def test_what_is_no_archive_is_refused_and_left_as_it_is(tmp_path):
    file = tmp_path / "demo-1.0.tar.gz"
    file.write_text("nothing")
    with pytest.raises(ReleaseError, match=r"demo-1\.0\.tar\.gz is not a source"):
        normalise(file, 1)
    assert file.read_text() == "nothing"
    assert list(tmp_path.iterdir()) == [file]


def test_the_time_is_that_of_the_changelog_section(two, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    path = two.root / "packages/ml-infra-metrics"
    two.write(
        "packages/ml-infra-metrics/CHANGELOG.md",
        "# Changelog\n\n## [0.1.0] - 2026-11-23\n\n### Added\n",
    )
    assert epoch(load(path)) == 1_795_392_000  # date -ud 2026-11-23 +%s


def test_without_a_section_the_time_is_that_of_the_last_commit(two, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    path = two.root / "packages/ml-infra-metrics"
    assert epoch(load(path)) == int(two.git("log", "-1", "--format=%ct", "--", path))


def test_trap_29_an_export_without_git_still_has_a_time(tmp_path, two, monkeypatch):
    """Trap 29: tags and history are missing in exports and shallow clones."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (two.root / ".git").rename(tmp_path / "hidden")
    assert epoch(load(two.root / "packages/ml-infra-metrics")) == ZIP_FLOOR


@pytest.mark.parametrize(("given", "seconds"), [("5", ZIP_FLOOR), ("2000000000", 2e9)])
def test_source_date_epoch_decides_down_to_the_floor_of_zip(
    two, monkeypatch, given, seconds
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    assert epoch(load(two.root / "packages/ml-infra-metrics")) == seconds


def test_a_source_date_epoch_that_is_no_number_is_refused(two, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    with pytest.raises(ReleaseError, match="whole seconds, not 'today'"):
        epoch(load(two.root / "packages/ml-infra-metrics"))


def test_a_day_that_does_not_exist_is_refused(two, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    two.write("packages/ml-infra-metrics/CHANGELOG.md", "## [0.1.0] - 2026-02-30\n")
    with pytest.raises(ReleaseError, match="no such day: 2026-02-30"):
        epoch(load(two.root / "packages/ml-infra-metrics"))
