"""Tests of what is about to be released, in environments that hold nothing else."""

from __future__ import annotations

import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_groups import resolve
from packaging.version import Version

from release import environments
from release.command import tool
from release.index import STABLE, STAGING
from release.projects import ROOT, Project, ReleaseError, load_all, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.index import Index

TIMEOUT = 1800  # seconds; a suite takes a minute, one that hangs must not hold us


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
                tool(
                    [
                        str(environment.executable("pytest")),
                        *("-q", "-m", "not slow and not torch", str(self.tests)),
                        *("--config-file", str(ROOT / ".pytest.ini")),
                        *("-p", "no:cacheprovider"),
                    ],
                    why="its tests fail",
                    # A folder without sources: only what is installed is found.
                    cwd=scratch,
                    env=environments.isolated(),
                    timeout=TIMEOUT,
                )
            except ReleaseError as error:
                message = f"{self.label}: {error}\nrepeat: {self.repeat}"
                raise ReleaseError(message) from error
            except subprocess.TimeoutExpired as error:
                message = f"{self.label}: its tests did not end in {TIMEOUT} s"
                raise ReleaseError(f"{message}; repeat: {self.repeat}") from error
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
        pins = []
        for need in p.requires:
            if need.name in load_all():  # the lowest there is, once this is released
                there = {*index.files(STABLE, need.name)}
                there |= {str(c.version) for c in candidates if c.name == need.name}
                first = min(need.specifier.filter(there), key=Version)
                pins.append(f"{need.name}=={first}")
            elif need.marker is None or need.marker.evaluate():
                bounds = [s.version for s in need.specifier if s.operator == ">="]
                pins += [f"{need.name}=={bound}" for bound in bounds]
        if pins:
            yield Cell(
                label=f"{p.name} {p.version} with {', '.join(pins)}",
                project=p,
                requirements=(f"{p.name}=={p.version}", *pins),
                index_url=index.simple_url(STAGING),
                tests=p.path / "tests",
                repeat="nox -s release",
            )
