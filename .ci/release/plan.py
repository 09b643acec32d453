"""What a release will do, computed before anything is done: the index is the truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from release import ranges, receipt, repository
from release.archives import sha256
from release.build import build_all
from release.index import STABLE, STAGING
from release.projects import Project, ReleaseError, load_all

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from release.index import Files, Index

RELEASE, TAG, DONE = "release", "tag", "done"


@dataclass(frozen=True)
class Step:
    """What happens to one distribution, and why."""

    project: Project
    action: str
    files: Files
    reason: str

    def as_dict(self) -> dict[str, object]:
        """Return the step as the plan file states it."""
        return {
            "distribution": self.project.name,
            "version": str(self.project.version),
            "action": self.action,
            "files": self.files,
            "goes_to": [STAGING, STABLE] if self.action == RELEASE else [],
            "tag": self.project.tag,
            "reason": self.reason,
        }


def make(index: Index | None, projects: Sequence[Project], dist: Path) -> list[Step]:
    """
    Compare every distribution with stable and say what is missing there.

    What stable may lack is built into ``dist``, for only bytes can be compared. A
    version that stable has with other bytes stops everything.

    Args:
        index: The server; None stands for one that does not exist yet.
        projects: In release order.
        dist: Where builds go.
    """
    served = {p.name: index.files(STABLE, p.name) if index else {} for p in projects}
    current = {p.name: served[p.name].get(str(p.version), {}) for p in projects}
    recorded = [p for p in projects if _is_recorded(p, current[p.name])]
    to_build = [p for p in projects if p not in recorded]
    if to_build:
        build_all(to_build, dist)
    steps, conflicts = [], []
    for p in projects:
        there = current[p.name]
        if p in recorded:
            reason = "on stable with the bytes that its tag records"
            steps.append(Step(p, DONE, there, reason))
            continue
        files = {name: sha256(dist / name) for name in p.filenames}
        if not there:
            known = ", ".join(sorted(served[p.name])) or "nothing"
            reason = f"not on stable, which has {known}"
            steps.append(Step(p, RELEASE, files, reason))
        elif there != files:
            conflicts += _conflicts(p, there, files)
        elif repository.tag_message(p.tag) is None:
            steps.append(Step(p, TAG, files, "on stable with these bytes, not tagged"))
        else:
            steps.append(Step(p, DONE, files, "on stable with these bytes, and tagged"))
    if conflicts:
        lines = "\n  ".join(conflicts)
        raise ReleaseError(f"stable already has other bytes:\n  {lines}")
    require_fit(steps, index)
    return steps


def require_fit(steps: Sequence[Step], index: Index | None) -> None:
    """Refuse a plan that would leave something on stable that cannot be installed."""
    _require_closed_ranges(steps, index)
    _require_siblings(steps, index)


def _is_recorded(project: Project, there: Files) -> bool:
    """Tell whether the tag proves, without a build, that ``there`` is this source."""
    message = repository.tag_message(project.tag)
    made = receipt.from_message(message) if message else None
    return (
        made is not None
        and bool(there)
        and made.files == there
        and made.source_tree == repository.tree(project)
    )


def _conflicts(project: Project, there: Files, files: Files) -> list[str]:
    fix = f"raise the version (nox -s bump -- {project.name}) or restore the source"
    return [
        f"{name}: stable serves sha256 {there.get(name, 'no such file')[:12]}…, "
        f"this tree builds {files.get(name, 'no such file')[:12]}…; {fix}"
        for name in sorted({*there, *files})
        if there.get(name) != files.get(name)
    ]


def _require_closed_ranges(steps: Sequence[Step], index: Index | None) -> None:
    """Refuse a plan after which something on stable excludes something else there."""
    planned = {s.project.name for s in steps if s.action == RELEASE}
    served = {}
    for name in load_all():
        versions = index.files(STABLE, name) if index else {}
        if index and versions:
            newest = str(max(map(Version, versions)))
            metadata = index.metadata(STABLE, name)[newest]
            served[name] = metadata.get("requires_dist", [])
    if found := ranges.check([*load_all().values()], planned, served):
        lines = "\n  ".join(map(str, found))
        raise ReleaseError(f"the plan does not fit together:\n  {lines}")


def _require_siblings(steps: Sequence[Step], index: Index | None) -> None:
    """Refuse to release what nobody could install, as ``--only`` may ask for."""
    planned = {s.project.name for s in steps}
    for s in steps:
        for need in s.project.sibling_requirements(set(load_all()) - planned):
            versions = index.files(STABLE, need.name) if index else {}
            if s.action == RELEASE and not [*need.specifier.filter(versions)]:
                message = f"{s.project.name} needs {need}, which stable lacks"
                raise ReleaseError(f"{message}; release {need.name} with it")


def table(steps: Sequence[Step]) -> str:
    """Return the plan as a table for people."""
    rows = [("", "distribution", "version", "action", "why")]
    for number, s in enumerate(steps, 1):
        version = str(s.project.version)
        rows.append((str(number), s.project.name, version, s.action, s.reason))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for row, step in zip(rows, [None, *steps], strict=True):
        cells = [cell.ljust(w) for cell, w in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[4]]).rstrip())
        if step and step.action == RELEASE:
            way = f"{STAGING} -> {STABLE}"
            lines += [f"     {f}  sha256 {h}  {way}" for f, h in step.files.items()]
    return "\n".join(lines)


def to_json(steps: Sequence[Step], index_url: str) -> str:
    """Return the plan as JSON."""
    plan = {"format": 1, "index": index_url, "steps": [s.as_dict() for s in steps]}
    return json.dumps(plan, indent=2)
