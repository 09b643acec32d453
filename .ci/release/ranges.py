"""The ranges by which the distributions of this repository need each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from release.projects import Project


@dataclass(frozen=True)
class Violation:
    """A requirement that a plan must not go out with, and what to do."""

    dependent: str
    requirement: str
    reason: str

    def __str__(self) -> str:
        return f"{self.dependent} requires {self.requirement}: {self.reason}"


def written(version: Version) -> str:
    """
    Return the range by which a dependent uses ``version``, as it is written.

    >>> from packaging.version import Version
    >>> written(Version("0.2.1")), written(Version("1.4.0"))
    ('>=0.2,<0.3', '>=1.4,<2')
    """
    upper = f"0.{version.minor + 1}" if version.major == 0 else f"{version.major + 1}"
    return f">={version.major}.{version.minor},<{upper}"


def check(
    projects: Sequence[Project],
    planned: Collection[str] | None = None,
    served: Mapping[str, Sequence[str]] | None = None,
) -> list[Violation]:
    """
    Return what keeps a plan from being installable together afterwards.

    Args:
        projects: All distributions of the repository.
        planned: The names of those that go out; None means all.
        served: ``requires_dist`` of each distribution's newest version on stable.
            A dependent that is not planned stays as it is there.

    A requirement must have the form ``>=X.Y,<X+1`` (``<0.Y+1`` below 1.0) and admit
    the version of the sibling in this tree.
    """
    versions = {p.name: p.version for p in projects}
    planned = versions.keys() if planned is None else planned
    found = []
    for project in projects:
        for requirement in project.sibling_requirements(set(versions)):
            reason = _form(requirement) or _outside(requirement, versions)
            if reason:
                found.append(Violation(project.name, str(requirement), reason))
        if project.name in planned:
            continue
        for requirement in map(Requirement, (served or {}).get(project.name, ())):
            if requirement.name not in planned:
                continue
            if _outside(requirement, versions):
                reason = (
                    f"{requirement.name} {versions[requirement.name]} is outside, so "
                    f"{project.name} must be released with it"
                )
                found.append(Violation(project.name, str(requirement), reason))
    return found


def _form(requirement: Requirement) -> str:
    lower = [s.version for s in requirement.specifier if s.operator == ">="]
    expected = written(Version(lower[0])) if len(lower) == 1 else ""
    if expected and requirement.specifier == SpecifierSet(expected):
        return ""
    wanted = expected or ">=X.Y,<X+1 (<0.Y+1 below 1.0)"
    return f"not a range of this repository; write {wanted}"


def _outside(requirement: Requirement, versions: Mapping[str, Version]) -> str:
    version = versions[requirement.name]
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return (
        f"{requirement.name} {version} is outside; "
        f"nox -s bump -- {requirement.name} raises the range"
    )
