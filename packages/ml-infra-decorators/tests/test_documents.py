"""The examples that users read: README, page of the documentation, docstrings."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import ml_infra.decorators

PROJECT = Path(__file__).parents[1]


def test_the_readme_runs_on_a_real_flaky_server(capsys):
    """Its blocks in order, in one namespace: an HTTP server on loopback included."""
    readme = PROJECT / "README.md"
    if not readme.exists():
        pytest.skip("the tests stand alone")
    blocks = re.findall(
        r"^```python\n(.*?)^```", readme.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 6
    namespace = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), namespace)  # noqa: S102 - ours
    output = capsys.readouterr().out
    assert re.search(r"^download took [\d.]+ (ms|s)$", output, re.MULTILINE)
    assert re.search(
        r"^5 attempts over .* stopped: attempts; earlier: URLError",
        output,
        re.MULTILINE,
    )


def test_the_page_of_the_documentation_runs():
    """Its blocks in order, with the packages that the recipes are for."""
    page = PROJECT.parents[1] / "docs" / "decorators.md"
    if not page.exists():
        pytest.skip("the tests stand alone")
    for package in ("ml_infra.logging", "opentelemetry", "prometheus_client"):
        pytest.importorskip(package)
    blocks = re.findall(
        r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 5
    namespace = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, "decorators.md", "exec"), namespace)  # noqa: S102 - ours


def modules():
    path = ml_infra.decorators.__path__
    return sorted(module.name for module in pkgutil.iter_modules(path))


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_hold(name):
    module = importlib.import_module(f"ml_infra.decorators.{name}")
    assert doctest.testmod(module).failed == 0


def test_public_classes_and_functions_have_documentation():
    for name in ml_infra.decorators.__all__:
        assert getattr(ml_infra.decorators, name).__doc__, name
