"""The public names, and what importing them costs."""

import re
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import iter_modules

from ml_infra import metrics


def test_all_is_sorted_and_everything_in_it_is_importable():
    assert sorted(metrics.__all__) == metrics.__all__
    lives_in = {n: home for home, names in metrics._MODULES.items() for n in names}
    assert set(metrics.__all__) == set(lives_in)
    for name in metrics.__all__:
        module = import_module(f"ml_infra.metrics.{lives_in[name]}")
        assert getattr(metrics, name) is getattr(module, name)
    assert set(metrics.__all__) < set(dir(metrics))


def test_a_public_module_offers_the_public_names_that_live_there():
    modules = [one.name for one in iter_modules(metrics.__path__)]
    for module in (name for name in modules if not name.startswith("_")):
        homes = [module]
        if module == "classification":  # the module of all functions of classes
            homes = ["agreement", "classification", "confusion"]
        names = [name for home in homes for name in metrics._MODULES[home]]
        found = import_module(f"ml_infra.metrics.{module}").__all__
        assert found == sorted(names), module


def test_the_map_of_the_code_names_every_private_module():
    text = Path(metrics.__file__).read_text("utf-8").split("TYPE_CHECKING")[0]
    modules = {one.name for one in iter_modules(metrics.__path__)}
    private = {name for name in modules if name.startswith("_")}
    assert set(re.findall(r"\b_\w+", text)) == private


def test_version_is_the_installed_one():
    assert metrics.__version__ == metadata.version("ml-infra-metrics")


def test_import_loads_no_array_library_and_no_metadata():
    code = (
        "import sys, ml_infra.metrics\n"
        "heavy = {'numpy', 'importlib.metadata', 'pandas', 'typing', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    # -S: site packages' own start-up files may import what they like
    program = f"import sys; sys.path[:0] = {sys.path!r}\n{code}"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
