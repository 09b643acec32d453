"""Edits of a distribution's pyproject.toml that leave the rest of the file alone."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from release.projects import ReleaseError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping


def edited(text: str, version: str, ranges: Mapping[str, str]) -> str:
    """
    Return a pyproject.toml with another version and other ranges of siblings.

    Args:
        text: The file.
        version: What ``project.version`` becomes.
        ranges: New specifiers by distribution name, in ``project.dependencies``.
    """
    expected: dict[str, Any] = tomllib.loads(text)
    expected["project"]["version"] = version
    dependencies = expected["project"].get("dependencies", [])
    new = re.sub(r'(?m)^version = "[^"]*"', f'version = "{version}"', text, count=1)
    for number, old in enumerate(dependencies):
        name = Requirement(old).name
        if name in ranges:
            dependencies[number] = f"{name}{ranges[name]}"
            new = new.replace(f'"{old}"', f'"{dependencies[number]}"', 1)
    if tomllib.loads(new) != expected:
        raise ReleaseError('pyproject.toml: cannot find its one line version = "…"')
    return new
