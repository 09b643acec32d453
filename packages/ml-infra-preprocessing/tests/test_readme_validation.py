"""The README's story on real data: infer, JSON, a failing batch, a report, drift."""

import re
from pathlib import Path

import pytest


def test_the_story_of_the_readme_runs_on_real_data():
    pytest.importorskip("sklearn.datasets")
    readme = Path(__file__).resolve().parent.parent / "README.md"
    blocks = re.findall(
        r"```py\n(.*?)```", readme.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert len(blocks) == 1
    exec(blocks[0], {})  # noqa: S102 -- our own README
