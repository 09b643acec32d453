"""How files get onto an index, and from one to the next: by twine and devpi-client."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING

from release.command import tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from release.index import Index


def upload(index: Index, target: str, paths: Sequence[Path]) -> None:
    """Upload files with twine; identical bytes again are fine."""
    env = {
        **os.environ,
        "TWINE_USERNAME": index.uploader.user,
        "TWINE_PASSWORD": index.uploader.password,
        # A desktop keyring may block without a desktop; we never want it.
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TWINE_NON_INTERACTIVE": "1",
    }
    command = [sys.executable, "-m", "twine", "upload", "--disable-progress-bar"]
    command += ["--repository-url", f"{index.url}/{target}/", *map(str, paths)]
    names = ", ".join(p.name for p in paths)
    _quiet(command, f"upload of {names} to {target} failed", env)


def push(index: Index, name: str, version: str, source: str, target: str) -> None:
    """Have the server copy a version's files between its indexes."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "DEVPI_CLIENTDIR": folder, "HOME": folder}
        for setting in ("DEVPI_INDEX", "DEVPI_USER"):
            env.pop(setting, None)
        user, password = index.promoter.user, index.promoter.password
        _devpi(["use", f"{index.url}/{source}"], env)
        _devpi(["login", user], env, stdin=password + "\n")
        _devpi(["push", f"{name}=={version}", target], env)


def _devpi(arguments: list[str], env: dict[str, str], stdin: str = "") -> None:
    command = [sys.executable, "-m", "devpi", *arguments]
    _quiet(command, f"devpi {' '.join(arguments)} failed", env, stdin)


def _quiet(command: list[str], why: str, env: dict[str, str], stdin: str = "") -> None:
    """Run a tool without a terminal, so that a password prompt reads our stdin."""
    tool(command, why=why, tail=1, env=env, input=stdin, start_new_session=True)
