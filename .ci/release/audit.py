"""What stable serves now, compared with the receipts of its releases."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from release import receipt, repository, server
from release.command import run
from release.index import STABLE
from release.projects import ROOT, ReleaseError, load_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from release.index import Files, Index
    from release.receipt import Receipt


@dataclass(frozen=True)
class Served:
    """One version as an index has it: its files and a digest of each metadata field."""

    files: Files
    description: dict[str, str]


Versions = dict[tuple[str, str], Served]  # by distribution and version


def served(index: Index, names: Iterable[str]) -> Versions:
    """Return every version on stable that has files."""
    found = {}
    for name in names:
        metadata = index.metadata(STABLE, name)
        for version, files in index.files(STABLE, name).items():
            described = receipt.describe(metadata[version])
            found[name, version] = Served(files, described)
    return found


def receipts(names: Iterable[str], folder: Path) -> list[Receipt]:
    """Return the receipts in the tags of this clone and in a folder."""
    found = [receipt.read(path) for path in sorted(folder.glob("*.receipt.json"))]
    for name in names:
        for tag in repository.git("tag", "--list", f"{name}-v*").split():
            made = receipt.from_message(repository.tag_message(tag) or "")
            if made is not None:
                found.append(made)
    return found


def compare(now: Versions, recorded: Sequence[Receipt]) -> list[str]:
    """
    Return what is not as it was released, a line each; nothing when all is well.

    Reported are deleted versions and files, replaced files, changed descriptions,
    files and versions that no receipt knows, and receipts that contradict each other.
    """
    faults = []
    known: dict[tuple[str, str], Receipt] = {}
    for made in recorded:
        key = (made.distribution, made.version)
        first = known.setdefault(key, made)
        if (first.files, first.description) != (made.files, made.description):
            faults.append(f"{' '.join(key)}: dist/ and the tag hold different receipts")
    for key, made in known.items():
        there = now.get(key)
        found = _differences(there, made) if there else ["deleted"]
        faults += [f"{' '.join(key)}: {what}" for what in found]
    faults += [f"{' '.join(key)}: no receipt" for key in now.keys() - known.keys()]
    return sorted(faults)


def _differences(there: Served, made: Receipt) -> Iterator[str]:
    for name in sorted(there.files.keys() | made.files.keys()):
        old, new = made.files.get(name), there.files.get(name)
        if new is None:
            yield f"{name} deleted"
        elif old is None:
            yield f"{name} added after the release"
        elif old != new:
            yield f"{name} replaced, sha256 {new} instead of {old}"
    for field in sorted(there.description.keys() | made.description.keys()):
        if there.description.get(field) != made.description.get(field):
            yield f"re-described, {field} changed"


def main(argv: Sequence[str]) -> int:
    """Report whatever stable serves otherwise than its receipts say."""
    parser = argparse.ArgumentParser(prog="nox -s audit --", description=main.__doc__)
    default = ROOT / "dist"
    parser.add_argument(
        "--receipts", type=Path, default=default, metavar="FOLDER", help="default: dist"
    )
    options = parser.parse_args(argv)
    names = list(load_all())
    recorded = receipts(names, options.receipts)
    with server.connect_to_read() as index:
        if index is None:
            raise ReleaseError("there is no index yet; nox -s release makes it")
        now = served(index, names)
    for name, version in sorted(now, key=lambda key: (key[0], Version(key[1]))):
        print(f"{name} {version}: {len(now[name, version].files)} files")
    if faults := compare(now, recorded):
        lines = "\n  ".join(faults)
        raise ReleaseError(f"stable is not what was released:\n  {lines}")
    print(f"stable serves what the receipts of {len(now)} releases say")
    return 0


if __name__ == "__main__":
    run(main)
