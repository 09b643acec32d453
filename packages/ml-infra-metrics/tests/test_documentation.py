"""What the documentation shows runs, on the installed distribution."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

from ml_infra import metrics

README = Path(__file__).parents[1] / "README.md"
MODULES = sorted(metrics._MODULES)


def test_the_readme_runs_from_top_to_bottom(capsys):
    pytest.importorskip("sklearn")
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)  # noqa: S102 - our own text
    first = capsys.readouterr().out.splitlines()[0]
    assert re.fullmatch(r"0\.9\d\d \[0\.\d{3}, 0\.9\d\d\]", first)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_are_true(module):
    failed, tried = doctest.testmod(import_module(f"ml_infra.metrics.{module}"))
    assert not failed
    assert tried or module.startswith("_") or module == "plots"  # draws


def test_every_public_function_has_an_example():
    for name in metrics.__all__:
        value = getattr(metrics, name)
        plain = callable(value) and not isinstance(value, type)
        if plain and not name.startswith("plot_"):
            assert ">>>" in (value.__doc__ or ""), name
