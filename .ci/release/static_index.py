"""A static copy of what stable serves, for any web server and without devpi."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from release import server
from release.archives import metadata_file, sha256
from release.command import run, tool
from release.index import STABLE
from release.projects import ROOT, ReleaseError, load_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.version import Version

    from release.index import Index

MARKER = "packages.json"  # dumb-pypi's own list stands in every folder it wrote


def collect(index: Index, names: Iterable[str], folder: Path) -> dict[str, str | None]:
    """Download all released files; return the Python each of them requires."""
    folder.mkdir(parents=True)
    found = {}
    for name in names:
        metadata = index.metadata(STABLE, name)
        for version, files in index.files(STABLE, name).items():
            for file in files:
                index.download(STABLE, name, version, file, folder)
                found[file] = metadata[version].get("requires_python") or None
                print(f"{name} {version}: {file}", flush=True)
    return found


def write(files: dict[str, str | None], out: Path) -> None:
    """
    Write the pages of an index over the files in ``out/packages``.

    Args:
        files: The Python that each file requires, by file name.
        out: ``simple/`` below it is what installers are pointed at.

    The HTML of PEP 503 is dumb-pypi's; the JSON of PEP 691 stands beside each page
    as ``index.json``, for servers that choose by the Accept header. The metadata of
    each wheel stands beside the wheel (PEP 658).
    """
    packages = out / "packages"
    records = [_record(packages / name, python) for name, python in files.items()]
    listed = out / "files.jsonl"
    listed.write_text("".join(f"{json.dumps(r)}\n" for r in records), "utf-8")
    command = [sys.executable, "-m", "dumb_pypi.main", "--no-generate-timestamp"]
    command += ["--package-list-json", str(listed), "--output-dir", str(out)]
    command += ["--packages-url", "../../packages", "--title", "ml-infra"]
    tool(command, why="dumb-pypi failed")
    listed.unlink()
    meta = {"api-version": "1.1"}
    names = sorted({_parsed(name)[0] for name in files})
    for name in names:
        own = [r for r in records if _parsed(r["filename"])[0] == name]
        versions = sorted({_parsed(r["filename"])[1] for r in own})
        page = {
            "meta": meta,
            "name": name,
            "versions": [str(v) for v in versions],
            "files": [_json_file(r, packages) for r in own],
        }
        (out / "simple" / name / "index.json").write_text(json.dumps(page), "utf-8")
    root = {"meta": meta, "projects": [{"name": name} for name in names]}
    (out / "simple/index.json").write_text(json.dumps(root), "utf-8")


def _record(path: Path, requires_python: str | None) -> dict[str, Any]:
    record = {"filename": path.name, "hash": f"sha256={sha256(path)}"}
    if requires_python:
        record["requires_python"] = requires_python
    if path.suffix == ".whl":
        beside = path.with_name(f"{path.name}.metadata")
        beside.write_bytes(metadata_file(path, "METADATA"))
        record["core_metadata"] = f"sha256={sha256(beside)}"
    return record


def _json_file(record: dict[str, Any], packages: Path) -> dict[str, Any]:
    """Return a record as the JSON page states it."""
    name = record["filename"]
    file = {
        "filename": name,
        "url": f"../../packages/{name}",
        "hashes": dict([record["hash"].split("=")]),
        "size": (packages / name).stat().st_size,
    }
    if "requires_python" in record:
        file["requires-python"] = record["requires_python"]
    if "core_metadata" in record:
        file["core-metadata"] = dict([record["core_metadata"].split("=")])
    return file


def _parsed(name: str) -> tuple[str, Version]:
    parts = parse_wheel_filename if name.endswith(".whl") else parse_sdist_filename
    found, version, *_ = parts(name)
    return canonicalize_name(found), version


def main(argv: Sequence[str]) -> int:
    """Write a static index of what is on stable, to be served by any web server."""
    parser = argparse.ArgumentParser(
        prog="nox -s static-index --", description=main.__doc__
    )
    default = ROOT / "dist" / "static-index"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    out = parser.parse_args(argv).folder.resolve()
    if out.exists() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise ReleaseError(f"{out} holds something else than a static index")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with server.connect_to_read() as index:
            if index is None:
                raise ReleaseError("there is no index yet; nox -s release makes it")
            files = collect(index, load_all(), partial / "packages")
        if not files:
            raise ReleaseError("stable has none of our distributions yet")
        write(files, partial)
        shutil.rmtree(out, ignore_errors=True)
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    print(f"{len(files)} files in {out}; serve them with:")
    print(f"  python -m http.server --directory {out}")
    print("  python -m pip install --index-url http://127.0.0.1:8000/simple/ NAME")
    return 0


if __name__ == "__main__":
    run(main)
