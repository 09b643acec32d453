"""Clean environments: made by uv where it is there, by venv and pip otherwise."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.command import tool
from release.projects import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

TRIES = 2  # of an install from an index that mirrors others
# What of the caller's installer settings is about the machine and not about the index.
KEPT = {
    "PIP_CERT",
    "PIP_CACHE_DIR",
    "PIP_DEFAULT_TIMEOUT",
    "UV_CACHE_DIR",
    "UV_PYTHON_DOWNLOADS",
}


@dataclass(frozen=True)
class Environment:
    """A virtual environment of our own, driven from outside."""

    path: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.executable("python")

    def executable(self, name: str) -> Path:
        """Return the path of a program installed in it."""
        return self.path / "bin" / name

    def install(self, *requirements: str, index_url: str | None = None) -> None:
        """
        Install from ``index_url`` alone, or as the machine is set up without one.

        With an index given, no pip or uv configuration of the machine takes part:
        what is installed is what that one URL serves.
        """
        env = isolated() if index_url else dict(os.environ)
        if uv := shutil.which("uv"):
            command = [uv, "pip", "install", "--quiet", "--python", str(self.python)]
        else:
            command = [sys.executable, "-m", "pip", "--python", str(self.python)]
            command += ["install", "--quiet", "--disable-pip-version-check"]
        if index_url:
            # A page of this index may be seconds old: never answer from a cache.
            command += ["--index-url", index_url]
            command += ["--refresh"] if uv else []
        why = f"cannot install {' '.join(requirements)}"
        # Of two who ask devpi's mirror for the same new project at once, the second is
        # told that there is none; a moment later it is there.
        for left in reversed(range(TRIES if index_url else 1)):
            try:
                tool([*command, *requirements], why=why, env=env)
                break
            except ReleaseError:
                if not left:
                    raise
                time.sleep(1)


def isolated() -> dict[str, str]:
    """Return the environment variables without any pip, uv or Python setting."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not name.startswith(("PIP_", "UV_", "PYTHON"))
    }
    env.pop("VIRTUAL_ENV", None)
    return env | {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


def create(path: Path, python: str = sys.executable) -> Environment:
    """Make an empty environment, in place of whatever stands there."""
    shutil.rmtree(path, ignore_errors=True)
    if uv := shutil.which("uv"):
        command = [uv, "venv", "--quiet", "--python", python, str(path)]
    else:
        command = [python, "-m", "venv", "--without-pip", str(path)]
    tool(command, why=f"cannot make an environment in {path}")
    return Environment(path)


def ensure(path: Path, requirements: list[str]) -> Environment:
    """Return the environment that holds ``requirements``; make it when it does not."""
    stamp = path / "requirements.json"
    wanted = json.dumps([sys.version, *requirements])
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        environment = create(path)
        environment.install(*requirements)
        stamp.write_text(wanted, "utf-8")  # last, so that half an install is redone
    return Environment(path)
