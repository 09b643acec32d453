"""The examples of the documentation pages on metrics run, in order."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.skipif(
    not (DOCS / "metrics.md").exists(), reason="tests without the repository's docs"
)
@pytest.mark.parametrize(("page", "least"), [("metrics", 3), ("metrics-scores", 6)])
def test_the_examples_run(page, least, capsys):
    text = (DOCS / f"{page}.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= least
    names: dict = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)  # noqa: S102 - our own page
    assert capsys.readouterr().out
