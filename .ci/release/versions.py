"""What a change means for the number: patch, minor or major."""

from __future__ import annotations

import enum

from packaging.version import Version


class Level(enum.IntEnum):
    """How much of a version changes; a greater level covers a smaller one."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


def demanded(level: Level, current: Version) -> Level:
    """Return the level that a change asks of ``current``; below 1.0, minor at most."""
    return min(level, Level.MINOR) if current.major == 0 else level


def following(current: Version, level: Level) -> Version:
    """
    Return the version that follows ``current`` at a level.

    >>> from packaging.version import Version
    >>> str(following(Version("0.1.4"), Level.MINOR))
    '0.2.0'
    """
    major, minor, micro = current.major, current.minor, current.micro
    if level is Level.MAJOR:
        return Version(f"{major + 1}.0.0")
    if level is Level.MINOR:
        return Version(f"{major}.{minor + 1}.0")
    return Version(f"{major}.{minor}.{micro + 1}")
