"""Why a distribution needs a new version: its fragments and its changed interface."""

from __future__ import annotations

from dataclasses import dataclass, field
from filecmp import dircmp
from typing import TYPE_CHECKING

from release import api, fragments
from release.baseline import Baseline, released
from release.projects import ROOT, Project
from release.versions import Level, demanded, following

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from packaging.version import Version


@dataclass
class Bump:
    """
    One distribution's way to its next version.

    Attributes:
        project: The distribution as it is.
        reasons: What happened to it, and what each demands.
        entries: Changelog texts by fragment name.
        changes: Of its interface since the last release.
        ranges: New ranges of siblings.
        level: As decided; None leaves the version as it is.
    """

    project: Project
    reasons: list[tuple[Level, str]] = field(default_factory=list)
    entries: dict[str, str] = field(default_factory=dict)
    changes: list[api.Change] = field(default_factory=list)
    ranges: dict[str, str] = field(default_factory=dict)
    level: Level | None = None

    @property
    def demanded(self) -> Level:
        """The least level that its reasons allow."""
        return demanded(max(v for v, _ in self.reasons), self.project.version)

    @property
    def version(self) -> Version:
        """The version that it goes to."""
        current = self.project.version
        return current if self.level is None else following(current, self.level)

    def above(self, level: Level) -> list[str]:
        """Return the reasons that demand more than a level."""
        current = self.project.version
        return [r for v, r in self.reasons if demanded(v, current) > level]

    def __str__(self) -> str:
        name, current = self.project.name, self.project.version
        lines = [f"{name} {current} -> {self.version} ({self.level})"]
        if self.level is None:
            lines = [f"{name} {current} stays"]
        lines += [f"  {reason}" for _, reason in self.reasons]
        lines += [f"  now requires {n}{r}" for n, r in self.ranges.items()]
        return "\n".join(lines)


def collect(project: Project) -> Bump:
    """Collect what happened to a distribution since its last release."""
    waiting = fragments.pending(project)
    bump = Bump(
        project,
        reasons=[(f.level, f"{_relative(f.path)}: {f.kind}") for f in waiting],
        entries={f.path.name: f.path.read_text("utf-8") for f in waiting},
    )
    sources = project.path / "src"
    with released(project) as baseline:
        if baseline is None:
            return bump
        bump.changes = api.compare(baseline.sources, sources, project.import_name)
        bump.reasons += [
            (c.level, f"{c.symbol} {c.what} ({_relative(sources)}/{c.file}:{c.line})")
            for c in bump.changes
        ]
        if not bump.reasons and (file := _first_difference(baseline, project)):
            reason = f"{_relative(file)} changed since {baseline.origin}"
            bump.reasons = [(Level.PATCH, reason)]
    if bump.reasons and not bump.entries:
        bump.entries = _written_for(bump.changes)
    return bump


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _written_for(changes: Sequence[api.Change]) -> dict[str, str]:
    """Write changelog entries for changes that nobody described."""
    if not changes:
        return {"internal.changed.md": "Internal changes; the interface is as before."}
    kinds = {api.ADDED: "added", api.REMOVED: "removed"}
    return {
        f"{n:04}.{kinds.get(c.what, 'changed')}.md": f"`{c.symbol}` {c.what}."
        for n, c in enumerate(changes)
    }


def _first_difference(baseline: Baseline, project: Project) -> Path | None:
    """Return a file of the package that is not as it was released."""
    package = project.import_name.replace(".", "/")
    ours = project.path / "src" / package
    return next(_differences(baseline.sources / package, ours), None)


def _differences(old: Path, new: Path) -> Iterator[Path]:
    pair = dircmp(old, new, ignore=["__pycache__"])
    for name in sorted(
        [*pair.left_only, *pair.right_only, *pair.diff_files, *pair.funny_files]
    ):
        yield new / name
    for name in sorted(pair.subdirs):
        yield from _differences(old / name, new / name)
