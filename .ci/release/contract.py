"""
What every artefact must be before anyone may install it: the namespace contract.

Implicit namespaces (PEP 420) break silently: one stray ``ml_infra/__init__.py``
hides every sibling, and two wheels with one path overwrite each other.
"""

from __future__ import annotations

import argparse
import email
import itertools
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from release.archives import metadata_file
from release.command import run
from release.projects import ROOT, Project, ReleaseError, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMESPACE = "ml_infra"


def violations(project: Project, folder: Path) -> Iterator[str]:
    """Yield what is wrong with the wheel and the sdist of one distribution."""
    wheel, sdist = (folder / name for name in project.filenames)
    if missing := [path.name for path in (wheel, sdist) if not path.is_file()]:
        yield f"{', '.join(missing)}: not in {folder}; run: nox -s build"
        return
    yield from (f"{wheel.name}: {what}" for what in _wheel(project, wheel))
    yield from (f"{sdist.name}: {what}" for what in _sdist(project, sdist))


def _wheel(project: Project, wheel: Path) -> Iterator[str]:
    package = project.import_name.replace(".", "/")
    info = f"{project.stem}-{project.version}.dist-info"
    names = [n for n in _paths(wheel) if not n.endswith("/")]
    metadata = email.message_from_bytes(metadata_file(wheel, "METADATA"))
    own = sorted(n for n in names if not n.startswith(f"{info}/"))
    source = project.path / "src"
    expected = sorted(
        path.relative_to(source).as_posix()
        for path in (source / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    for name in own:
        if not name.startswith(f"{package}/"):
            where = "hides the siblings" if name.startswith(NAMESPACE) else "is foreign"
            yield f"{name} {where}: only {package}/ belongs in this wheel"
    if gone := set(expected) - set(own):
        yield f"lacks {', '.join(sorted(gone))} of the source tree"
    if more := set(own) - set(expected):
        yield f"has {', '.join(sorted(more))}, not in the source tree"
    if f"{package}/py.typed" not in own:
        yield f"lacks {package}/py.typed"
    if f"{info}/licenses/LICENSE" not in names:
        yield "lacks its licence file"
    wanted = {
        "Name": project.name,
        "Version": str(project.version),
        "License-Expression": "MIT",
        "Requires-Python": ">=3.10",
        "Description-Content-Type": "text/markdown",
    }
    for key, value in wanted.items():
        if metadata[key] != value:
            yield f"metadata {key} is {metadata[key]!r}, expected {value!r}"


def _sdist(project: Project, sdist: Path) -> Iterator[str]:
    base = f"{project.stem}-{project.version}"
    with tarfile.open(sdist) as archive:
        names = {m.name for m in archive.getmembers() if m.isfile()}
    for required in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        if f"{base}/{required}" not in names:
            yield f"lacks {required}"
    for name in sorted(names):
        if name.rpartition("/")[0] == f"{base}/src/{NAMESPACE}":
            yield f"{name} stands directly in the namespace and hides the siblings"
        if name.endswith((".pyc", ".so")) or "/.git/" in name:
            yield f"{name} does not belong in a source distribution"
    root_licence = (ROOT / "LICENSE").read_bytes()
    if (project.path / "LICENSE").read_bytes() != root_licence:
        yield "LICENSE differs from the repository's"


def overlaps(wheels: Sequence[Path]) -> Iterator[str]:
    """Yield every path that two wheels would both install."""
    for one, other in itertools.combinations(wheels, 2):
        shared = set(_paths(one)) & set(_paths(other))
        for path in sorted(shared):
            yield f"{path} is in {one.name} and in {other.name}"


def _paths(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def broken_subsets(projects: Sequence[Project], folder: Path) -> Iterator[str]:
    """
    Yield every subset of the leaves in which an import goes wrong.

    Unpacked wheels on ``sys.path`` stand for installs: the same files in the same
    places, without fifteen environments. A leaf that is absent must be missing by
    its own name, and the standard library's ``logging`` must stay itself.
    """
    leaves = [p for p in projects if p.import_name.startswith(f"{NAMESPACE}.")]
    check = """
import importlib, logging, sys
present, absent = sys.argv[1].split(), sys.argv[2].split()
for name in present:
    importlib.import_module(name)
for name in absent:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert error.name == name, f"{name} is absent, but {error.name} is reported"
    else:
        raise AssertionError(f"{name} can be imported without its distribution")
assert hasattr(logging, "getLogger"), "ml_infra.logging hides the standard library"
"""
    with tempfile.TemporaryDirectory() as scratch:
        places = {}
        for leaf in leaves:
            places[leaf.name] = Path(scratch, leaf.name)
            with zipfile.ZipFile(folder / leaf.filenames[0]) as archive:
                archive.extractall(places[leaf.name])  # noqa: S202 - a wheel of our own
        for size in range(1, len(leaves) + 1):
            for subset in itertools.combinations(leaves, size):
                present = [p.import_name for p in subset]
                absent = [p.import_name for p in leaves if p not in subset]
                paths = [str(places[p.name]) for p in subset]
                setup = f"import sys; sys.path[:0] = {paths!r}\n"
                command = [sys.executable, "-c", setup + check]
                command += [" ".join(present), " ".join(absent)]
                done = subprocess.run(
                    command, capture_output=True, text=True, check=False
                )
                if done.returncode:
                    reason = done.stderr.strip().splitlines()[-1]
                    yield f"with only {', '.join(present)} installed: {reason}"


def check(projects: Sequence[Project], folder: Path) -> None:
    """Check the artefacts of ``projects``; raise with every violation at once."""
    found = [what for p in projects for what in violations(p, folder)]
    if not found:
        found += overlaps([folder / p.filenames[0] for p in projects])
        found += broken_subsets(projects, folder)
    if found:
        lines = "\n  ".join(found)
        raise ReleaseError(f"the artefacts break the contract:\n  {lines}")


def main(argv: Sequence[str]) -> int:
    """Check the named distributions (default: all) in a folder of artefacts."""
    parser = argparse.ArgumentParser(prog="nox -s check --", description=main.__doc__)
    parser.add_argument("distributions", nargs="*", metavar="DIST")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    options = parser.parse_args(argv)
    projects = select(options.distributions)
    check(projects, options.dist)
    files = [str(options.dist / name) for p in projects for name in p.filenames]
    command = [sys.executable, "-m", "twine", "check", "--strict", *files]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    run(main)
