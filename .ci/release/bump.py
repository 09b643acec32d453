"""The next version of a distribution, written everywhere it belongs, and committed."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from release import api, evidence, fragments, manifest, ranges
from release.command import run
from release.evidence import Bump
from release.projects import ROOT, Project, ReleaseError, load_all, select
from release.repository import git, identity
from release.versions import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

TRAIN_LOG = ROOT / "CHANGELOG.md"
HEADER = "# Changelog\n\nEvery released version of every distribution, newest first.\n"


def decide(project: Project, wished: Level | None) -> list[Bump]:
    """
    Return the bump of a distribution and of the dependents that it forces.

    Args:
        project: What to bump.
        wished: At least what the evidence demands; None takes just that.
    """
    bump = evidence.collect(project)
    name = project.name
    if not bump.reasons:
        raise ReleaseError(
            f"nothing to bump: {name} {project.version} has no fragments in "
            f"packages/{name}/changes/ and no changes since its last release"
        )
    bump.level = wished or bump.demanded
    if too_much := bump.above(bump.level):
        raise ReleaseError(
            f"{bump.level} is too low for {name} {project.version}, "
            f"{bump.demanded} is demanded by:\n  " + "\n  ".join(too_much)
        )
    return [bump, *_dependents(bump)]


def _dependents(leaf: Bump) -> Iterator[Bump]:
    """Yield the distributions whose range of the leaf must be raised."""
    name, wanted = leaf.project.name, ranges.written(leaf.version)
    new = [c.symbol for c in leaf.changes if c.what == api.ADDED]
    for dependent in load_all().values():
        for requirement in dependent.sibling_requirements({name}):
            if not requirement.specifier.contains(leaf.version):
                bump = evidence.collect(dependent)
                reason = f"{name} {leaf.version} is outside {requirement}"
                bump.reasons.append((leaf.level or Level.PATCH, reason))
                bump.level = bump.demanded
                bump.entries["requires.changed.md"] = f"Requires {name}{wanted}."
            elif _uses(dependent, new):
                bump = Bump(dependent)  # in range, but it needs what is new here
            else:
                continue
            bump.ranges[name] = wanted
            yield bump


def _uses(dependent: Project, symbols: Sequence[str]) -> bool:
    used = api.imports(dependent.path / "src", dependent.import_name)
    return any(u == s or u.startswith(f"{s}.") for u in used for s in symbols)


def edits(bumps: Sequence[Bump], date: str) -> dict[Path, str | None]:
    """Return the new text of every file that the bumps touch; None deletes it."""
    files: dict[Path, str | None] = {}
    train = TRAIN_LOG.read_text("utf-8") if TRAIN_LOG.is_file() else HEADER
    for bump in reversed(bumps):  # so that the one asked for comes first in the log
        folder, version = bump.project.path, str(bump.version)
        text = (folder / "pyproject.toml").read_text("utf-8")
        files[folder / "pyproject.toml"] = manifest.edited(text, version, bump.ranges)
        if bump.level is None:
            continue
        section = fragments.render(bump.entries, version, date)
        changelog = folder / "CHANGELOG.md"
        text = changelog.read_text("utf-8") if changelog.is_file() else "# Changelog\n"
        files[changelog] = fragments.insert(text, section)
        entry = section.replace("## [", f"## [{bump.project.name} ", 1)
        train = fragments.insert(train, entry)
        files |= dict.fromkeys(f.path for f in fragments.pending(bump.project))
    return {**files, TRAIN_LOG: train}


def commit(files: Mapping[Path, str | None], message: str) -> None:
    """Write the files and commit them; on any failure all is as it was."""
    before = {p: p.read_bytes() if p.is_file() else None for p in files}
    paths = [str(p) for p in files]
    try:
        for path, text in files.items():
            _write(path, None if text is None else text.encode())
        git("add", "--all", "--", *paths)
        git("commit", "--quiet", "--message", message, "--", *paths, env=identity())
    except BaseException:
        for path, content in before.items():
            _write(path, content)
        git("reset", "--quiet", "--", *paths)
        raise


def _write(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)


def main(argv: Sequence[str]) -> int:
    """Raise the version of a distribution by what its changes demand, and commit."""
    parser = argparse.ArgumentParser(
        prog="nox -s bump --", description=main.__doc__, allow_abbrev=False
    )
    parser.add_argument("name", metavar="DIST")
    parser.add_argument("level", nargs="?", choices=[str(level) for level in Level])
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    options = parser.parse_args(argv)
    (project,) = select([options.name])
    changed = git("status", "--porcelain")
    if changed and not options.dry_run:  # a preview is for the fragment at hand
        raise ReleaseError(f"commit or remove these changes first:\n{changed}")
    bumps = decide(project, Level[options.level.upper()] if options.level else None)
    date = datetime.now(timezone.utc).date().isoformat()
    files = edits(bumps, date)
    print("\n".join(map(str, bumps)))
    if options.dry_run:
        for path, text in sorted(files.items()):
            verb = "remove" if text is None else "write"
            print(f"would {verb} {path.relative_to(ROOT)}")
        for bump in bumps:
            if bump.level is not None:
                section = fragments.render(bump.entries, str(bump.version), date)
                print(f"\n{bump.project.name}:\n{section}", end="")
        return 0
    raised = " and ".join(
        f"{b.project.name} to {b.version}" for b in bumps if b.level is not None
    )
    reasons = "\n\n".join(map(str, bumps))
    commit(files, f"Bump {raised}\n\n{reasons}\n")
    print(f"committed; nox -s release releases it: {git('log', '-1', '--oneline')}")
    return 0


if __name__ == "__main__":
    run(main)
