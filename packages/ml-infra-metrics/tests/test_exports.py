"""The public names, and what importing them costs."""

import subprocess
import sys
from importlib import import_module, metadata
from pkgutil import iter_modules

from ml_infra import metrics


def test_all_is_sorted_and_everything_in_it_is_importable():
    assert sorted(metrics.__all__) == metrics.__all__
    assert set(metrics.__all__) == set(metrics._MODULES)
    for name in metrics.__all__:
        module = import_module(f"ml_infra.metrics.{metrics._MODULES[name]}")
        assert getattr(metrics, name) is getattr(module, name)
    assert set(metrics.__all__) < set(dir(metrics))


def test_a_public_module_offers_the_public_names_that_live_there():
    modules = [one.name for one in iter_modules(metrics.__path__)]
    for module in (name for name in modules if not name.startswith("_")):
        names = import_module(f"ml_infra.metrics.{module}").__all__
        lives_here = {one for one, home in metrics._MODULES.items() if home == module}
        if module == "classification":  # the module of all functions of classes
            homes = ("agreement", "classification", "confusion")
            lives_here = {n for n, home in metrics._MODULES.items() if home in homes}
        assert names == sorted(lives_here), module


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
