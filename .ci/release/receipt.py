"""
The record of one released version: what it was made of, and which bytes it became.

It stands as JSON in ``dist/`` and, below a line for people, as the message of the
version's tag.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from release.projects import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

    from release.index import Files

FORMAT = 1
TOOLS = ("build", "devpi-client", "twine")


@dataclass(frozen=True)
class Receipt:
    """One released version; the serials are the index's before and after its push."""

    distribution: str
    version: str
    commit: str
    source_tree: str
    files: Files
    tools: dict[str, str]
    index: str
    serial_before: int
    serial_after: int
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the receipt as JSON with sorted keys."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    def to_message(self) -> str:
        """Return the message of the version's tag."""
        return f"{self.distribution} {self.version}\n\n{self.to_json()}\n"

    def write(self, folder: Path) -> Path:
        """Write the receipt into a folder, beside the artefacts it names."""
        stem = f"{self.distribution.replace('-', '_')}-{self.version}"
        path = folder / f"{stem}.receipt.json"
        path.write_text(self.to_json() + "\n", "utf-8")
        return path


def from_json(text: str) -> Receipt:
    """Read a receipt; one of a newer format is refused."""
    try:
        data = json.loads(text)
        if data["format"] > FORMAT:
            message = f"the receipt has format {data['format']}, newer than this tool's"
            raise ReleaseError(f"{message} {FORMAT}: update the repository")
        return Receipt(**data)
    except (ValueError, TypeError, KeyError) as error:
        raise ReleaseError(f"not a receipt of a release: {error}") from error


def from_message(message: str) -> Receipt | None:
    """Read the receipt out of a tag's message; None for a tag made by hand."""
    _, brace, rest = message.partition("{")
    return from_json(brace + rest) if brace else None


def tool_versions() -> dict[str, str]:
    """Return the versions of everything that decides about the bytes."""
    versions = {name: importlib.metadata.version(name) for name in TOOLS}
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"python": python, "zlib": zlib.ZLIB_RUNTIME_VERSION, **versions}
