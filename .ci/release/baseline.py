"""The sources of a distribution's last release: from its tag, else from the index."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from release import server
from release.index import STABLE
from release.projects import ROOT, Project
from release.repository import git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.index import Index


@dataclass(frozen=True)
class Baseline:
    """A released version and the folder in which its package lies."""

    version: Version
    origin: str
    sources: Path


def last_tag(project: Project, root: Path = ROOT) -> tuple[Version, str] | None:
    """Return the newest version that is tagged, and the tag; None before the first."""
    if not (root / ".git").exists():  # an export has no history
        return None
    prefix = f"{project.name}-v"
    tags = git("tag", "--list", f"{prefix}*", root=root).split()
    versions = ((_version(tag.removeprefix(prefix)), tag) for tag in tags)
    return max(((v, tag) for v, tag in versions if v), default=None)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:  # somebody's own tag
        return None


@contextmanager
def released(project: Project, root: Path = ROOT) -> Iterator[Baseline | None]:
    """
    Yield the last release with its sources unpacked; None when there is none.

    The index is asked only where no tag knows, and only where there is one already.
    """
    with tempfile.TemporaryDirectory(prefix="released-") as name:
        folder = Path(name)
        if found := last_tag(project, root):
            version, tag = found
            yield Baseline(version, f"tag {tag}", _export(project, tag, root, folder))
        else:
            with server.connect_to_read() as index:
                baseline = _newest_wheel(project, index, folder) if index else None
            yield baseline


def _export(project: Project, tag: str, root: Path, folder: Path) -> Path:
    """Unpack a distribution's sources as a tag has them."""
    sources = (project.path / "src").relative_to(root).as_posix()
    archive = folder / "archive.tar"
    git("archive", f"--output={archive}", tag, sources, root=root)
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    return folder / sources


def _newest_wheel(project: Project, index: Index, folder: Path) -> Baseline | None:
    """Unpack the newest wheel on stable, if there is any."""
    files = index.files(STABLE, project.name)
    wheels = {
        Version(version): name
        for version, names in files.items()
        for name in names
        if name.endswith(".whl")
    }
    if not wheels:
        return None
    version = max(wheels)
    name = wheels[version]
    wheel = index.download(STABLE, project.name, str(version), name, folder)
    shutil.unpack_archive(wheel, folder / "wheel", "zip")
    return Baseline(version, f"{STABLE} has {name}", folder / "wheel")
