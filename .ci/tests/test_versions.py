"""Levels and the versions that follow."""

from __future__ import annotations

import pytest
from packaging.version import Version

from release.versions import Level, demanded, following


@pytest.mark.parametrize(
    ("current", "level", "expected"),
    [
        ("0.1.0", Level.PATCH, "0.1.1"),
        ("0.1.4", Level.MINOR, "0.2.0"),
        ("0.9.9", Level.MAJOR, "1.0.0"),
        ("1.2.3", Level.PATCH, "1.2.4"),
        ("1.2.3", Level.MINOR, "1.3.0"),
        ("1.2.3", Level.MAJOR, "2.0.0"),
    ],
)
def test_the_following_version(current, level, expected):
    assert str(following(Version(current), level)) == expected


def test_below_one_a_breaking_change_demands_the_minor_only():
    assert demanded(Level.MAJOR, Version("0.4.0")) is Level.MINOR
    assert demanded(Level.MAJOR, Version("1.0.0")) is Level.MAJOR
    assert demanded(Level.PATCH, Version("0.4.0")) is Level.PATCH


def test_levels_read_as_words():
    assert [str(level) for level in Level] == ["patch", "minor", "major"]
