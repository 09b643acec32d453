"""The distributions of this repository, as their pyproject.toml files state them."""

from __future__ import annotations

import functools
import graphlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]


class ReleaseError(Exception):
    """
    A reason to stop that the person at the terminal can act on.

    Every command of this package prints it as one line and exits with 1.
    """


@dataclass(frozen=True)
class Project:
    """One distribution: where it stands and what its metadata declares."""

    name: str
    path: Path
    version: Version
    requires: tuple[Requirement, ...]

    @property
    def stem(self) -> str:
        """The name as it stands in file names: ``ml_infra_metrics``."""
        return self.name.replace("-", "_")

    @property
    def import_name(self) -> str:
        """The package it holds: ``ml_infra.metrics`` or ``ml_infra_utils``."""
        source = self.path / "src"
        if (source / self.stem).is_dir():
            return self.stem
        (leaf,) = (p.name for p in (source / "ml_infra").iterdir() if p.is_dir())
        return f"ml_infra.{leaf}"

    @property
    def tag(self) -> str:
        """The git tag of this version: ``ml-infra-metrics-v0.1.0``."""
        return f"{self.name}-v{self.version}"

    @property
    def filenames(self) -> tuple[str, str]:
        """The two files one release consists of, wheel and sdist."""
        base = f"{self.stem}-{self.version}"
        return f"{base}-py3-none-any.whl", f"{base}.tar.gz"

    def sibling_requirements(self, names: set[str]) -> tuple[Requirement, ...]:
        """What it needs of the other distributions of this repository."""
        return tuple(r for r in self.requires if canonicalize_name(r.name) in names)


def load(path: Path) -> Project:
    """Read one distribution's folder."""
    metadata = read_toml(path / "pyproject.toml")["project"]
    return Project(
        name=metadata["name"],
        path=path,
        version=Version(metadata["version"]),
        requires=tuple(Requirement(r) for r in metadata.get("dependencies", [])),
    )


@functools.cache
def load_all(root: Path = ROOT) -> dict[str, Project]:
    """
    Read every distribution, in release order: leaves first, dependents after.

    Ties are broken by name, so that the order is the same on every machine.
    """
    found = {
        p.name: p
        for p in (load(f.parent) for f in root.glob("packages/*/pyproject.toml"))
    }
    graph = {
        name: {r.name for r in found[name].sibling_requirements(set(found))}
        for name in found
    }
    sorter = graphlib.TopologicalSorter(graph)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        cycle = " -> ".join(error.args[1])
        message = f"the distributions need each other in a circle: {cycle}"
        raise ReleaseError(message) from error
    ordered = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += ready
        sorter.done(*ready)
    return {name: found[name] for name in ordered}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    return tomllib.loads(path.read_text("utf-8"))


def maintainer(root: Path = ROOT) -> tuple[str, str]:
    """Return the name and the address that the metadata gives for the maintainers."""
    metadata = read_toml(root / "packages/ml-infra-utils/pyproject.toml")
    first = metadata["project"]["maintainers"][0]
    return first["name"], first["email"]


def select(names: list[str], root: Path = ROOT) -> list[Project]:
    """Return the named distributions (all when none is named) in release order."""
    projects = load_all(root)
    if unknown := [n for n in names if n not in projects]:
        known = ", ".join(projects)
        message = f"no distribution {', '.join(unknown)} here; there are: {known}"
        raise ReleaseError(message)
    return [p for p in projects.values() if not names or p.name in names]
