"""Whether a release works beside what its users have already installed."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import Version

from release.index import STABLE, STAGING
from release.projects import Project, load_all
from release.verify import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from release.index import Index


def pairs(candidates: Sequence[Project], index: Index, scratch: Path) -> Iterator[Cell]:
    """
    Yield candidates beside what stable already serves of the other side.

    Who upgrades a leaf keeps yesterday's meta-distribution, and the other way round:
    each such pair that the ranges allow must pass the dependent's own tests.
    """
    every = load_all()
    for dependent in every.values():
        for need in dependent.sibling_requirements(set(every)):
            leaf = every[need.name]
            if leaf not in candidates:
                continue
            released = _latest(dependent, index, candidates)
            if released and _allows(index, dependent, released, leaf):
                pins = (f"{dependent.name}=={released}", f"{leaf.name}=={leaf.version}")
                tests = _released_tests(index, dependent, released, scratch)
                yield _pair(dependent, pins, index, tests)
            previous = _latest(leaf, index, candidates)
            if (
                dependent in candidates
                and previous
                and need.specifier.contains(previous)
            ):
                pins = (
                    f"{dependent.name}=={dependent.version}",
                    f"{leaf.name}=={previous}",
                )
                yield _pair(dependent, pins, index, dependent.path / "tests")


def _pair(project: Project, pins: tuple[str, str], index: Index, tests: Path) -> Cell:
    return Cell(
        label=" beside ".join(pins),
        project=project,
        requirements=pins,
        index_url=index.simple_url(STAGING),
        tests=tests,
        repeat="nox -s release",
    )


def _latest(
    project: Project, index: Index, candidates: Sequence[Project]
) -> str | None:
    """Return the newest version that stable served before this release."""
    versions = map(Version, index.files(STABLE, project.name))
    own = project.version if project in candidates else None
    return str(max((v for v in versions if v != own), default="")) or None


def _allows(index: Index, dependent: Project, version: str, leaf: Project) -> bool:
    """Tell whether a released dependent's range admits the candidate leaf."""
    declared = index.metadata(STABLE, dependent.name)[version]["requires_dist"]
    needs = (Requirement(text) for text in declared)
    return any(
        r.name == leaf.name and r.specifier.contains(leaf.version) for r in needs
    )


def _released_tests(
    index: Index, project: Project, version: str, scratch: Path
) -> Path:
    """Unpack the tests that a released version brought along in its sdist."""
    stem = f"{project.stem}-{version}"
    if not (scratch / stem).exists():
        sdist = index.download(STABLE, project.name, version, f"{stem}.tar.gz", scratch)
        with tarfile.open(sdist) as archive:
            archive.extractall(scratch, filter="data")
    return scratch / stem / "tests"
