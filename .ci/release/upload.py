"""``nox -s upload``: what ``dist/`` holds, to the development index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release import server
from release.command import run
from release.index import DEV
from release.projects import ROOT, select
from release.transfers import upload

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Upload the named distributions (default: all), leaves first."""
    with server.connect() as index:
        for project in select(list(argv)):
            upload(index, DEV, [ROOT / "dist" / name for name in project.filenames])
            print(f"{project.name} {project.version} is on {DEV}", flush=True)
        print(f"install with: --index-url {index.simple_url(DEV)}")
    return 0


if __name__ == "__main__":
    run(main)
