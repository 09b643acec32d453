"""Files from an index, taken only with the hash that the index states."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from release.projects import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIMEOUT = 60  # seconds without a byte


def release_files(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the links to released files in one version's metadata on devpi."""
    return [link for link in metadata.get("+links", []) if link["rel"] == "releasefile"]


def filename(link: Mapping[str, Any]) -> str:
    """Return the name of the file that a link leads to."""
    return urllib.parse.unquote(link["href"].rpartition("/")[2])


def fetch(link: Mapping[str, Any], folder: Path) -> Path:
    """Download what a link leads to; a file with another hash is refused."""
    path = folder / filename(link)
    try:
        with urllib.request.urlopen(link["href"], timeout=TIMEOUT) as response:  # noqa: S310 - the index's own answer
            content = response.read()
    except (urllib.error.URLError, OSError) as error:
        raise ReleaseError(f"cannot download {link['href']}: {error}") from error
    if hashlib.sha256(content).hexdigest() != link["hashes"]["sha256"]:
        raise ReleaseError(f"{link['href']} has not the hash that the index states")
    path.write_bytes(content)
    return path
