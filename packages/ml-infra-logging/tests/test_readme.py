"""The examples of the README, the guide and the docstrings run."""

import doctest
import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest

import ml_infra.logging
from ml_infra.logging._console import render

README = Path(__file__).parents[1] / "README.md"
GUIDE = README.parents[2] / "docs" / "logging.md"
NEEDS = {"structlog_adapter": "structlog", "_arrays": "numpy"}


def blocks(page, language):
    text = page.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def run_blocks(page):
    examples = blocks(page, "python")
    assert examples
    names = {"__name__": "example"}
    for example in examples:
        exec(compile(example, str(page), "exec"), names)  # noqa: S102 - our own text


@pytest.mark.handwritten
def test_the_examples_of_the_readme_run_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_blocks(README)
    text = (tmp_path / "logs/demo/a0-r0.jsonl").read_text()
    assert "sk-secret" not in text
    assert '"event":"tick"' in text
    (shown,) = blocks(README, "json")
    written = next(line for line in text.splitlines() if "dataset ready" in line)
    ours, theirs = json.loads(written), json.loads(shown)
    for varying in ("ts", "pid", "seq"):
        assert type(ours.pop(varying)) is type(theirs.pop(varying))
    assert list(ours.items()) == list(theirs.items())
    assert blocks(README, "text") == [render(json.loads(shown)) + "\n"]


@pytest.mark.handwritten
def test_the_examples_of_the_guide_run_in_order(tmp_path, monkeypatch):
    if not GUIDE.is_file():
        pytest.skip("the tests stand alone")
    monkeypatch.chdir(tmp_path)
    run_blocks(GUIDE)
    (path,) = tmp_path.rglob("a0-r0.jsonl")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert records[-1]["event"] == "fit failed"
    assert records[-1]["fold"] == 2


@pytest.mark.parametrize(
    "name", sorted(m.name for m in pkgutil.iter_modules(ml_infra.logging.__path__))
)
def test_the_examples_of_the_docstrings_run(name):
    pytest.importorskip(NEEDS.get(name, "sys"))
    module = importlib.import_module(f"ml_infra.logging.{name}")
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
