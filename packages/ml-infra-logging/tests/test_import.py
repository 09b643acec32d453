"""Importing is cheap and configures nothing."""

import subprocess
import sys

PROGRAM = """
import sys
before = set(sys.modules)
import logging as stdlib
root = (list(stdlib.getLogger().handlers), stdlib.getLogger().level)
hooks = (sys.excepthook, sys.unraisablehook)
before = set(sys.modules)
{statement}
assert (list(stdlib.getLogger().handlers), stdlib.getLogger().level) == root
assert (sys.excepthook, sys.unraisablehook) == hooks
loaded = set(sys.modules) - before
print(" ".join(sorted(loaded)))
"""
HEAVY = {"asyncio", "multiprocessing", "numpy", "torch", "pandas", "polars", "orjson"}
HEAVY |= {"structlog", "matplotlib", "subprocess", "importlib.metadata", "json", "re"}
LOG = 'get_logger("x").info("event", rows=3); configure(console=False).restore()'


def loaded_by(statement):
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", _with_paths(statement)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def _with_paths(statement):
    lines = [
        f"import sys; sys.path = {sys.path!r}",
        PROGRAM.format(statement=statement),
    ]
    return "\n".join(lines)


def test_trap_29_the_import_loads_nothing_heavy():
    loaded = loaded_by("from ml_infra.logging import configure, get_logger, context")
    assert not HEAVY & loaded
    assert "ml_infra.logging.structured" in loaded


def test_trap_29_importing_the_package_loads_nothing_of_it():
    assert {m for m in loaded_by("import ml_infra.logging") if "ml_infra" in m} == {
        *("ml_infra", "ml_infra.logging")
    }


def test_trap_29_logging_loads_no_event_loop_and_no_array_library():
    loaded = loaded_by(f"from ml_infra.logging import configure, get_logger; {LOG}")
    assert not {"asyncio", "multiprocessing", "numpy", "torch"} & loaded


def test_our_subpackage_does_not_shadow_the_standard_library():
    import logging

    import ml_infra.logging

    assert logging is not ml_infra.logging
    assert hasattr(logging, "Handler")
