"""Importing is cheap and configures nothing."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import ml_infra.logging

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


def test_a_public_module_offers_what_it_lists_and_nothing_else():
    for module in pkgutil.iter_modules(ml_infra.logging.__path__):
        if not module.name.startswith("_"):
            found = importlib.import_module(f"ml_infra.logging.{module.name}")
            assert found.__all__ == sorted(found.__all__)
            for name in found.__all__:
                assert getattr(found, name).__doc__, name


def test_our_subpackage_does_not_shadow_the_standard_library():
    import logging

    assert logging is not ml_infra.logging
    assert hasattr(logging, "Handler")


EVERY_CALL = """
import sys, threading, warnings
import ml_infra.logging
from ml_infra.logging import carry_context, configure, context, get_logger
try:
    import numpy
except ImportError:
    numpy = None
handle = configure(path={path!r}, console={console!r}, mode="background")
log = get_logger("t")
before = set(sys.modules)
with context(stage="fit"), log.span("epoch") as span:
    span.set(done=1)
    log.metric(step=1, loss=float("nan"), seen=numpy and numpy.ones(3))
log.info("values", odd=object(), deep=[{{1: {{2, 3}}}}, b"x", 1j], api_key="s")
log.bind(a=1).info("secret", url="https://ada:pw@host/", long="x" * 200_000)
for _ in range(3):
    log.once.info("once"); log.every(2).info("every"); log.every_seconds(9).info("s")
try:
    raise ValueError("boom")
except ValueError:
    log.exception("failed")
import logging
logging.getLogger("third").warning("theirs", stack_info=True)
warnings.warn("careful")
handle.flush()
handle.stats()
handle._pipeline.outputs[0].target._recovered(
    handle._pipeline.outputs[0].target, 1, 0.0, "test")
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("console", [True, "auto"])
def test_trap_11_no_call_imports_anything(tmp_path, console):
    """Forked in the middle of an import, a child would wait for it for ever."""
    program = EVERY_CALL.format(path=str(tmp_path / "a.jsonl"), console=console)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr
