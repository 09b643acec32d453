"""The examples of the documentation page on scores run, in order."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "metrics-scores.md"


@pytest.mark.skipif(not PAGE.exists(), reason="tests without the repository's docs")
def test_the_examples_run(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 6
    names: dict = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    assert capsys.readouterr().out
