"""Changelog fragments: what users will read of a change, written with the change."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release.baseline import last_tag
from release.command import run, tool
from release.projects import ROOT, Project, ReleaseError, load_all
from release.repository import git
from release.versions import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The sections of Keep a Changelog, and what an entry in each demands of the version.
LEVELS = {
    "added": Level.MINOR,
    "changed": Level.MINOR,
    "deprecated": Level.MINOR,
    "removed": Level.MAJOR,
    "fixed": Level.PATCH,
    "security": Level.PATCH,
}
NAME = re.compile(rf"[a-z0-9][a-z0-9-]*\.({'|'.join(LEVELS)})\.md")
CONFIG = ("towncrier.toml", "towncrier.md.jinja")
# A version's section, in a distribution's changelog and in the train log.
HEADING = re.compile(r"^## \[(?!Unreleased\])", re.MULTILINE)


@dataclass(frozen=True)
class Fragment:
    """One file in ``changes/``."""

    path: Path

    @property
    def kind(self) -> str:
        """Its section, in lower case."""
        return self.path.name.split(".")[1]

    @property
    def level(self) -> Level:
        """What it demands of the version."""
        return LEVELS[self.kind]


def pending(project: Project) -> list[Fragment]:
    """Return the fragments of a distribution; refuse one that would be overlooked."""
    files = [p for p in (project.path / "changes").glob("*") if p.name != ".gitkeep"]
    for file in files:
        where = f"packages/{project.name}/changes/{file.name}"
        if not NAME.fullmatch(file.name):
            raise ReleaseError(f"{where}: name it <slug>.<{'|'.join(LEVELS)}>.md")
        if not file.read_text("utf-8").strip():
            raise ReleaseError(f"{where} is empty: write one sentence for users")
    return [Fragment(file) for file in sorted(files)]


def render(entries: Mapping[str, str], version: str, date: str) -> str:
    """
    Compile entries into the section of a version, by towncrier.

    Args:
        entries: Text by fragment name, ``<slug>.<kind>.md``.
        version: Of the section's heading.
        date: The day of the release, ``2026-11-23``.
    """
    with tempfile.TemporaryDirectory(prefix="changes-") as name:
        folder = Path(name, "packages", "one")  # towncrier.toml counts on this depth
        (folder / "changes").mkdir(parents=True)
        (folder.parents[1] / ".ci").mkdir()
        for file in CONFIG:
            shutil.copy(ROOT / ".ci" / file, folder.parents[1] / ".ci")
        for file, text in entries.items():
            (folder / "changes" / file).write_text(text, "utf-8")
        config = folder.parents[1] / ".ci" / CONFIG[0]
        command = [sys.executable, "-m", "towncrier", "build", "--draft"]
        command += ["--config", str(config), "--dir", str(folder)]
        command += ["--name", "", "--version", version, "--date", date]
        said = tool(command, why="towncrier failed", stderr=subprocess.PIPE)
    return re.sub(r"\n{3,}", "\n\n", said).strip() + "\n"


def insert(changelog: str, section: str) -> str:
    """Put a version's section above the newest one."""
    newest = HEADING.search(changelog)
    if newest is None:
        return f"{changelog.rstrip()}\n\n{section}"
    start = newest.start()
    return f"{changelog[:start].rstrip()}\n\n{section}\n{changelog[start:]}"


def has_section(project: Project) -> bool:
    """Tell whether the changelog of a distribution has a section for its version."""
    changelog = project.path / "CHANGELOG.md"
    text = changelog.read_text("utf-8") if changelog.is_file() else ""
    return f"\n## [{project.version}] - " in f"\n{text}"


def missing(project: Project, root: Path = ROOT) -> str:
    """Return why a distribution needs a fragment, "" when it needs none."""
    if pending(project):
        return ""
    found = last_tag(project, root)
    if found is None or found[0] != project.version:
        # Its version waits for its release: the section was compiled already.
        if has_section(project):
            return ""
        return f"CHANGELOG.md has no section [{project.version}]"
    folder = project.path.relative_to(root).as_posix()
    shipped = [f"{folder}/src", f"{folder}/pyproject.toml"]
    changed = git("diff", "--name-only", found[1], "--", *shipped, root=root)
    new = git("ls-files", "--others", "--exclude-standard", "--", *shipped, root=root)
    files = [*changed.splitlines(), *new.splitlines()]
    if not files:
        return ""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{more} changed since {found[1]}"


def _fault(project: Project) -> str:
    try:
        reason = missing(project)
    except ReleaseError as error:
        return str(error)
    way = f"packages/{project.name}/changes/<slug>.<{'|'.join(LEVELS)}>.md"
    return reason and f"{project.name} lacks a fragment: {reason}; write {way}"


def main(argv: Sequence[str]) -> int:  # noqa: ARG001 - as every command is called
    """Refuse a changed distribution without a fragment, and a misnamed fragment."""
    projects = load_all().values()
    faults = [fault for fault in map(_fault, projects) if fault]
    if faults:
        raise ReleaseError("\n  ".join(["changelog fragments:", *faults]))
    print(f"changelog fragments: {len(projects)} distributions checked")
    return 0


if __name__ == "__main__":
    run(main)
