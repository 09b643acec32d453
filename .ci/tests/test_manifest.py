"""Edits of pyproject.toml that change what is meant and nothing else."""

from __future__ import annotations

import pytest

from release.manifest import edited
from release.projects import ReleaseError

TEXT = """\
# A comment stays.
[project]
name = "ml-infra-utils"
version = "0.1.0"  # so does this
dependencies = [
    "ml-infra-logging>=0.1,<0.2",
    "ml-infra-metrics>=0.1,<0.2",
]
[tool.other]
version = "7"
"""


def test_version_and_ranges_change_and_every_other_byte_stays():
    assert edited(TEXT, "0.2.0", {"ml-infra-metrics": ">=0.2,<0.3"}) == TEXT.replace(
        '"0.1.0"', '"0.2.0"'
    ).replace('metrics>=0.1,<0.2"', 'metrics>=0.2,<0.3"')


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace('version = "0.1.0"', 'version="0.1.0"'),
        TEXT.replace('version = "0.1.0"', "version = '0.1.0'"),
        '[tool.first]\nversion = "1"\n' + TEXT,
    ],
)
def test_a_version_in_another_shape_is_refused_rather_than_guessed(text):
    with pytest.raises(ReleaseError, match="cannot find its one line version"):
        edited(text, "0.2.0", {})
