"""Tests of what is about to be released, in environments that hold nothing else."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_groups import resolve
from packaging.requirements import Requirement
from packaging.version import Version

from release import environments
from release.index import STABLE, STAGING
from release.projects import ROOT, Project, ReleaseError, load_all, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.index import Index

TAIL = 40


@dataclass(frozen=True)
class Cell:
    """
    One environment and the tests that must pass in it.

    Attributes:
        label: What is tried, for people.
        project: Whose tests run.
        requirements: What is installed besides the group of its tests.
        index_url: The one index to install from; None means as the machine does.
        tests: The folder of the tests.
        repeat: The command that repeats just this.
    """

    label: str
    project: Project
    requirements: tuple[str, ...]
    index_url: str | None
    tests: Path
    repeat: str

    def run(self) -> float:
        """Install, run the tests, return the seconds it took."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ml-infra-") as scratch:
            environment = environments.create(Path(scratch, "env"))
            try:
                environment.install(*self.requirements, index_url=self.index_url)
                environment.install(
                    *test_requirements(self.project), index_url=self.index_url
                )
            except ReleaseError as error:
                raise ReleaseError(f"{self.label}: {error}") from error
            done = subprocess.run(
                [
                    str(environment.executable("pytest")),
                    *("-q", "-m", "not slow and not torch", str(self.tests)),
                    *("--config-file", str(ROOT / ".pytest.ini")),
                    *("-p", "no:cacheprovider"),
                ],
                # From a folder without sources: only what is installed can be found.
                cwd=scratch,
                env=environments.isolated(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        if done.returncode:
            tail = "\n".join(done.stdout.splitlines()[-TAIL:])
            message = f"{self.label}: its tests fail\n{tail}\nrepeat: {self.repeat}"
            raise ReleaseError(message)
        return time.monotonic() - started


def test_requirements(project: Project) -> tuple[str, ...]:
    """Return the ``test`` dependency group of a distribution."""
    groups = read_toml(project.path / "pyproject.toml")["dependency-groups"]
    return tuple(resolve(groups, "test"))


def run_all(cells: Sequence[Cell]) -> None:
    """Run the cells two at a time, saying how far it is; stop at the first failure."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = {pool.submit(cell.run): cell for cell in cells}
        try:
            for done, future in enumerate(as_completed(running), start=1):
                label = running[future].label
                seconds = future.result()
                print(f"  [{done}/{len(cells)}] {label}: {seconds:.1f} s", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def from_wheels(
    candidates: Sequence[Project], dist: Path, index: Index
) -> Iterator[Cell]:
    """Yield each wheel alone with what it declares, before it leaves this machine."""
    names = {p.name for p in candidates}
    wheels = {p.name: str(dist / p.filenames[0]) for p in candidates}
    for p in candidates:
        needed = [r.name for r in p.sibling_requirements(names)]
        yield Cell(
            label=f"{p.name} {p.version} from its wheel",
            project=p,
            requirements=tuple(wheels[name] for name in [p.name, *needed]),
            index_url=index.simple_url(STABLE),
            tests=p.path / "tests",
            repeat=f"nox -s test -- {p.name}",
        )


def from_staging(candidates: Sequence[Project], index: Index) -> Iterator[Cell]:
    """Yield each distribution as an installer gets it from staging."""
    for p in candidates:
        yield Cell(
            label=f"{p.name} {p.version} from {STAGING}",
            project=p,
            requirements=(f"{p.name}=={p.version}",),
            index_url=index.simple_url(STAGING),
            tests=p.path / "tests",
            repeat="nox -s release",
        )


def lowest(candidates: Sequence[Project], index: Index) -> Iterator[Cell]:
    """Yield each distribution with the lowest versions that its metadata allows."""
    for p in candidates:
        pins = tuple(
            f"{r.name}=={bound.version}"
            for r in p.requires
            if r.marker is None or r.marker.evaluate()
            for bound in r.specifier
            if bound.operator == ">="
        )
        if pins:
            yield Cell(
                label=f"{p.name} {p.version} with {', '.join(pins)}",
                project=p,
                requirements=(f"{p.name}=={p.version}", *pins),
                index_url=index.simple_url(STAGING),
                tests=p.path / "tests",
                repeat="nox -s release",
            )


def neighbours(
    candidates: Sequence[Project], index: Index, scratch: Path
) -> Iterator[Cell]:
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
