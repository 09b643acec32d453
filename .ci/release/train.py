"""
``nox -s release``: everything that stable lacks, leaves first, the meta last.

Nothing touches stable before every candidate is built, checked, tested from its
wheel, and tested again as an installer gets it from staging. The plan is made from
what the index serves, so the same command finishes a release that was killed.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from release import (
    claim,
    contract,
    neighbours,
    plan,
    receipt,
    repository,
    server,
    transfers,
    verify,
)
from release.archives import sha256
from release.command import run
from release.index import STABLE, STAGING
from release.projects import ROOT, Project, ReleaseError, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.index import Index

DIST = ROOT / "dist"


def release(index: Index, projects: Sequence[Project], clone: str) -> None:
    """Do what the plan says, each step announced and safe to repeat."""
    serial = index.serial
    steps = plan.make(index, projects, DIST)
    print(plan.table(steps), flush=True)
    candidates = [s for s in steps if s.action == plan.RELEASE]
    if candidates:
        with claim.of_the_server(index, clone) as held:
            _prove(index, [s.project for s in candidates], held)
            with _step("check that every target on stable is free"):
                _preflight(index, steps)
            for s in candidates:
                with _step(f"push {s.project.name} {s.project.version} to {STABLE}"):
                    held.renew()
                    _promote(index, s)
    for s in steps:
        if s.action != plan.DONE:
            with _step(f"tag {s.project.tag}"):
                _record(index, s, serial)
    if all(s.action == plan.DONE for s in steps):
        print("nothing to release: stable has every version of this tree")
    else:
        _farewell(index, steps)


def _prove(index: Index, candidates: Sequence[Project], held: claim.Claim) -> None:
    """Bring the candidates to staging, with every test passed on the way."""
    with _step("check the artefacts"):
        contract.check(candidates, DIST)
    with _step("test each wheel in a clean environment"):
        verify.run_all([*verify.from_wheels(candidates, DIST, index)])
    for p in candidates:
        with _step(f"upload {p.name} {p.version} to {STAGING}"):
            held.renew()
            _stage(index, p)
    with tempfile.TemporaryDirectory() as scratch, _step(f"test from {STAGING}"):
        cells = [
            *verify.from_staging(candidates, index),
            *verify.lowest(candidates, index),
            *neighbours.pairs(candidates, index, Path(scratch)),
        ]
        verify.run_all(cells)


def _stage(index: Index, project: Project) -> None:
    """Make staging hold exactly this version's files, whatever stood there."""
    version, files = str(project.version), _hashes(project)
    there = index.files(STAGING, project.name).get(version)
    if there and there != files:
        index.remove(STAGING, project.name, version)
    if there != files:
        transfers.upload(index, STAGING, [DIST / name for name in project.filenames])
    _require_files(index, STAGING, project)


def _preflight(index: Index, steps: Sequence[plan.Step]) -> None:
    """Know, before the first push, that each one will go through."""
    plan.require_fit(steps, index)  # another clone may have released since the plan
    for s in steps:
        there = index.files(STABLE, s.project.name).get(str(s.project.version))
        if there and there != s.files:
            raise ReleaseError(f"{STABLE} has got other files of {s.project.tag}")
        if s.action == plan.RELEASE:
            _require_files(index, STAGING, s.project)


def _promote(index: Index, step: plan.Step) -> None:
    """Have the server copy the bytes, and compare them on both sides."""
    project, version = step.project, str(step.project.version)
    if index.files(STABLE, project.name).get(version) != step.files:
        _require_files(index, STAGING, project)
        transfers.push(index, project.name, version, STAGING, STABLE)
    _require_files(index, STABLE, project)


def _record(index: Index, step: plan.Step, serial: int) -> None:
    """Write the receipt, into ``dist`` and as an annotated tag."""
    project = step.project
    served = index.metadata(STABLE, project.name)[str(project.version)]
    made = receipt.Receipt(
        distribution=project.name,
        version=str(project.version),
        source_tree=repository.tree(project),
        files=step.files,
        description=receipt.describe(served),
        tools=receipt.tool_versions(DIST / project.filenames[0]),
        index=index.url,
        serial_before=serial,
        serial_after=index.serial,
    )
    made.write(DIST)
    if repository.tag_message(project.tag) is None:
        repository.create_tag(project.tag, made.to_message())


def _require_files(index: Index, name: str, project: Project) -> None:
    there = index.files(name, project.name).get(str(project.version), {})
    if there != _hashes(project):
        message = f"{name} serves other files of {project.name} {project.version}"
        raise ReleaseError(f"{message} than dist/: {sorted(there) or 'none'}")


def _hashes(project: Project) -> dict[str, str]:
    return {name: sha256(DIST / name) for name in project.filenames}


def _farewell(index: Index, steps: Sequence[plan.Step]) -> None:
    released = [step.project for step in steps if step.action != plan.DONE]
    tags = " ".join(project.tag for project in released)
    print(f"\nreleased. Publish the tags with:\n  git push origin {tags}")
    if index.embedded:
        print("Serve the index with:\n  nox -s serve")
    url = index.simple_url(STABLE)
    name = released[-1].name  # leaves come first
    print(f"Install with:\n  python -m pip install --index-url {url} {name}")


@contextlib.contextmanager
def _step(title: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"> {title}", flush=True)
    yield
    print(f"  done in {time.monotonic() - started:.1f} s", flush=True)


def dry_run(projects: Sequence[Project]) -> None:
    """Print the plan and write it as JSON; no index, tag or tracked file changes."""
    with server.connect_to_read() as index, tempfile.TemporaryDirectory() as folder:
        steps = plan.make(index, projects, Path(folder))
        url = index.url if index else "the embedded index, not created yet"
    print(plan.table(steps))
    DIST.mkdir(exist_ok=True)
    path = DIST / "plan.json"
    path.write_text(plan.to_json(steps, url) + "\n", "utf-8")
    print(f"\nwritten to {path.relative_to(ROOT)}; nothing else was touched")


def main(argv: Sequence[str]) -> int:
    """Release what stable lacks of the named distributions (default: all)."""
    parser = argparse.ArgumentParser(
        prog="nox -s release --", description=main.__doc__, allow_abbrev=False
    )
    parser.add_argument("--dry-run", action="store_true", help="only print the plan")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="DIST", help="nothing but these"
    )
    options = parser.parse_args(argv)
    projects = select(options.only)
    if options.dry_run:
        dry_run(projects)
        return 0
    repository.require_clean()
    with claim.of_this_clone() as clone, server.connect() as index:
        release(index, projects, clone)
    return 0


if __name__ == "__main__":
    run(main)
