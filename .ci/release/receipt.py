"""The receipt of a release: what was made from what, with which tools, and where."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import platform
import shutil
import zlib
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release import repository
from release.archives import metadata_file, sha256
from release.command import run
from release.projects import ROOT, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOOLS = ("build", "packaging", "twine", "devpi-client", "uv")


@dataclass(frozen=True)
class Receipt:
    """
    What one released version consists of; the same in ``dist/`` and in its tag.

    Attributes:
        distribution: Its name.
        version: Its version.
        source_tree: Git's hash of the distribution's folder.
        files: SHA-256 of each released file, by name.
        description: A digest of each field of the metadata that the index served.
        tools: Version of each tool that had a part in it.
        index: URL of the index.
        serial_before: The index's transaction number before the push.
        serial_after: The same after it.
    """

    distribution: str
    version: str
    source_tree: str
    files: dict[str, str]
    description: dict[str, str]
    tools: dict[str, str]
    index: str
    serial_before: int
    serial_after: int

    def filename(self) -> str:
        """Return the name of its file in ``dist/``."""
        stem = self.distribution.replace("-", "_")
        return f"{stem}-{self.version}.receipt.json"

    def to_json(self) -> str:
        """Return it as JSON with a stable order."""
        return json.dumps({"format": 1, **asdict(self)}, indent=2, sort_keys=True)

    def to_message(self) -> str:
        """Return it as the message of the version's tag."""
        return f"{self.distribution} {self.version}\n\n{self.to_json()}\n"

    def write(self, folder: Path) -> Path:
        """Write it into a folder in one step; return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.filename()
        temporary = path.with_suffix(".partial")
        temporary.write_text(self.to_json() + "\n", "utf-8")
        return temporary.replace(path)


def from_json(text: str) -> Receipt:
    """Return the receipt that ``to_json`` wrote."""
    try:
        data = json.loads(text)
        known = {f.name: data[f.name] for f in fields(Receipt)}
    except (ValueError, TypeError, KeyError) as error:
        raise ReleaseError(f"not a release receipt: {error}") from error
    if data.get("format") != 1:
        message = f"a receipt of format {data.get('format')}, this tool knows format 1"
        raise ReleaseError(message)
    return Receipt(**known)


def from_message(message: str) -> Receipt | None:
    """Return the receipt in a tag's message, None when it holds none."""
    _, brace, rest = message.partition("{")
    try:
        return from_json(brace + rest)
    except ReleaseError:
        return None


def read(path: Path) -> Receipt:
    """Read a receipt that ``write`` wrote."""
    try:
        return from_json(path.read_text("utf-8"))
    except (ReleaseError, OSError) as error:
        raise ReleaseError(f"{path}: {error}") from error


def describe(metadata: Mapping[str, Any]) -> dict[str, str]:
    """
    Digest the metadata that an index serves for one version, field by field.

    Empty fields and those of the index itself (their names begin with ``+``) are
    left out; the order of a list does not count.
    """
    digests = {}
    for name, value in sorted(metadata.items()):
        if name.startswith("+") or not value:
            continue
        content = sorted(value) if isinstance(value, list) else value
        text = json.dumps(content, sort_keys=True)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return digests


def tool_versions(wheel: Path | None = None) -> dict[str, str]:
    """Return the versions of what shapes the bytes and moves them."""
    found = {"python": platform.python_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION}
    for tool in TOOLS:
        # uv may be a program of the machine, or absent
        with contextlib.suppress(PackageNotFoundError):
            found[tool] = version(tool)
    if wheel is not None:
        found["backend"] = _generator(wheel)
    return found


def _generator(wheel: Path) -> str:
    """Return what wrote a wheel, in its own words: ``setuptools (84.2.1)``."""
    lines = metadata_file(wheel, "WHEEL").decode().splitlines()
    return next(
        line.partition(":")[2].strip() for line in lines if line.startswith("Generator")
    )


def main(argv: Sequence[str]) -> int:
    """Copy the files of a tagged release out of dist/, if they are its very bytes."""
    parser = argparse.ArgumentParser(
        prog="python -m release.receipt", description=main.__doc__
    )
    parser.add_argument("--tag", required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(argv)
    made = from_message(repository.tag_message(options.tag) or "")
    if made is None:
        raise ReleaseError(f"there is no tag {options.tag} with a receipt")
    options.out.mkdir(parents=True, exist_ok=True)
    for name, digest in made.files.items():
        file = ROOT / "dist" / name
        found = sha256(file) if file.is_file() else "not built"
        if found != digest:
            tools = ", ".join(f"{k} {v}" for k, v in made.tools.items())
            raise ReleaseError(
                f"{name}: {found}, the receipt says {digest}; it was made with {tools}"
            )
        shutil.copy(file, options.out)
        print(digest, name)
    return 0


if __name__ == "__main__":
    run(main)
