"""What a run was made of: the code's commit, the configuration, the versions."""

# ruff: noqa: PTH109, PTH112, PTH113, PTH118, PTH120, PTH123 - pathlib takes as long to import as all of this

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_GIT_PATIENCE_S = 2.0
_WHOLE = (1 << 30, 1 << 30, 1 << 30)  # a hash leaves nothing out
_PACKAGES = (
    *("numpy", "torch", "jax", "tensorflow", "pandas", "polars", "pyarrow"),
    *("sklearn", "scipy", "xgboost", "lightgbm", "transformers", "lightning"),
    *("accelerate", "datasets", "orjson"),
)


def git_state(*, ask_git: bool = True) -> tuple[str | None, bool | None]:
    """
    Return the commit of the working directory and whether files differ from it.

    Args:
        ask_git: Whether to start git for the second answer; without, it is None.

    The commit is read from ``.git`` without git. Both are None outside a repository;
    an answer that takes longer than two seconds is None too.
    """
    try:
        folder = _git_folder(os.getcwd())
        if folder is None:
            return None, None
        commit = _commit(folder)
    except OSError:
        return None, None
    return commit, _dirty() if ask_git and commit is not None else None


def _git_folder(start: str) -> str | None:
    folder = start
    while True:
        candidate = os.path.join(folder, ".git")
        if os.path.isdir(candidate):
            return candidate
        if os.path.isfile(candidate):  # a worktree or submodule points elsewhere
            kind, _, target = _read(candidate).partition(": ")
            return os.path.join(folder, target) if kind == "gitdir" else None
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _commit(folder: str) -> str | None:
    head = _read(os.path.join(folder, "HEAD"))
    if not head.startswith("ref: "):
        return head or None
    name = head[5:]
    shared = _read(os.path.join(folder, "commondir"))
    for place in (folder, os.path.join(folder, shared)):
        commit = _read(os.path.join(place, name))
        if commit:
            return commit
        for line in _read(os.path.join(place, "packed-refs")).splitlines():
            commit, _, packed = line.partition(" ")
            if packed == name:
                return commit
    return None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(10_000_000).strip()
    except OSError:
        return ""


def _dirty() -> bool | None:
    import subprocess

    try:
        answer = subprocess.run(
            ["git", "--no-optional-locks", "status", "--porcelain", "-uno"],  # noqa: S607 - the user's own git is meant
            capture_output=True,
            timeout=_GIT_PATIENCE_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return bool(answer.stdout.strip()) if answer.returncode == 0 else None


def config_hash(config: Mapping[str, Any]) -> str:
    """
    Return the SHA-256 (first 16 hex digits) of a configuration, whatever its order.

    >>> config_hash({"lr": 0.1, "depth": 2}) == config_hash({"depth": 2, "lr": 0.1})
    True
    """
    import re
    from hashlib import sha256

    from ._salvage import Members

    members = Members((), None, _WHOLE)
    members.value(_ordered(config), None, 0)
    # Where an object lies in memory is no part of a configuration.
    text = re.sub(" at 0x[0-9a-fA-F]+", "", "".join(members.parts))
    return sha256(text.encode()).hexdigest()[:16]


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _ordered(value[key])
            for key in sorted(value, key=lambda key: (str(type(key)), str(key)))
        }
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    return value


def loaded_versions(modules: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of the libraries of the field that are already imported."""
    found = {}
    for name in _PACKAGES:
        version = getattr(modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found
