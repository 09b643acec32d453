"""
The files of a release: what wheels say of themselves, and reproducible sdists.

setuptools honours SOURCE_DATE_EPOCH for wheels but not for sdists: those keep file
times, the builder's name, directory order and the time in the gzip header.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import tarfile
import tempfile
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from release.projects import Project, ReleaseError

# ZIP, and with it a wheel, cannot express an earlier time.
ZIP_FLOOR = int(datetime(1980, 1, 1, tzinfo=timezone.utc).timestamp())


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def metadata_file(wheel: Path, name: str) -> bytes:
    """Return what stands in one file of a wheel's ``dist-info``."""
    with zipfile.ZipFile(wheel) as archive:
        (member,) = (n for n in archive.namelist() if n.endswith(f".dist-info/{name}"))
        return archive.read(member)


def epoch(project: Project) -> int:
    """
    Return the Unix time that all files of this version's archives carry.

    The first of: SOURCE_DATE_EPOCH; the date of the version's section in CHANGELOG.md,
    which is the same in a full clone, a shallow one and an export without git; the
    last commit that touched the distribution; 1980, the earliest time of a ZIP.
    """
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        if not given.isdecimal():
            message = f"SOURCE_DATE_EPOCH must be whole seconds, not {given!r}"
            raise ReleaseError(message)
        return max(int(given), ZIP_FLOOR)
    seconds = _changelog_date(project) or _last_commit(project) or 0
    return max(seconds, ZIP_FLOOR)


def _changelog_date(project: Project) -> int | None:
    changelog = project.path / "CHANGELOG.md"
    if not changelog.is_file():
        return None
    heading = rf"^## \[{re.escape(str(project.version))}\] - (\d{{4}}-\d\d-\d\d)\s*$"
    found = re.search(heading, changelog.read_text("utf-8"), re.MULTILINE)
    if found is None:
        return None
    try:
        day = datetime.strptime(found[1], "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise ReleaseError(f"{changelog}: no such day: {found[1]}") from error
    return int(day.timestamp())


def _last_commit(project: Project) -> int | None:
    log = ["git", "log", "-1", "--format=%ct", "--", "."]
    try:
        answer = subprocess.run(
            log, cwd=project.path, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:  # no git on this machine
        return None
    seconds = answer.stdout.strip()
    return int(seconds) if answer.returncode == 0 and seconds else None


def normalise(sdist: Path, seconds: int) -> str:
    """
    Rewrite an sdist in place into its one canonical form; return its SHA-256.

    Entries are sorted, belong to nobody, carry the given time and the modes that a
    umask of 022 gives. The file is replaced in one step.
    """
    handle, name = tempfile.mkstemp(dir=sdist.parent, prefix=".")
    temporary = Path(name)
    try:
        with open(handle, "wb") as raw:  # noqa: PTH123 - an open descriptor, no path
            _write_canonical(sdist, raw, seconds)
        temporary.chmod(0o644)
        temporary.replace(sdist)
    except tarfile.TarError as error:
        raise ReleaseError(f"{sdist} is not a source archive: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return sha256(sdist)


def _write_canonical(sdist: Path, raw: IO[bytes], seconds: int) -> None:
    with (
        tarfile.open(sdist, "r:gz") as source,
        # An empty file name and a fixed level keep the gzip header constant.
        gzip.GzipFile("", "wb", 9, raw, mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        for member in sorted(source.getmembers(), key=lambda m: m.name):
            entry = tarfile.TarInfo(member.name)
            entry.type, entry.linkname = member.type, member.linkname
            entry.size, entry.mtime = member.size, seconds
            executable = member.isdir() or member.mode & 0o100
            entry.mode = 0o755 if executable else 0o644
            target.addfile(
                entry, source.extractfile(member) if member.isreg() else None
            )
