"""The examples of the README and of the docstrings run."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import ml_infra.logging

README = Path(__file__).parents[1] / "README.md"
NEEDS = {"structlog_adapter": "structlog", "_arrays": "numpy"}


@pytest.mark.handwritten
def test_the_examples_of_the_readme_run_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert blocks
    names = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)  # noqa: S102 - our own text
    text = (tmp_path / "logs/demo/a0-r0.jsonl").read_text()
    assert "sk-secret" not in text
    assert '"event":"tick"' in text


@pytest.mark.parametrize(
    "name", sorted(m.name for m in pkgutil.iter_modules(ml_infra.logging.__path__))
)
def test_the_examples_of_the_docstrings_run(name):
    pytest.importorskip(NEEDS.get(name, "sys"))
    module = importlib.import_module(f"ml_infra.logging.{name}")
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
