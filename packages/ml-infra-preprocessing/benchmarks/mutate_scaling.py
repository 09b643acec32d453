"""
Break the numeric core of scaling one operator at a time and see that a test fails.

    python benchmarks/mutate_scaling.py [module ...] [--seconds 600] [--share 1.0]

Each mutant replaces one comparison, operator or number of a module and runs the tests
in a forked process (so: not on Windows). Survivors are printed with their line; those
that cannot be caught are explained in docs/preprocessing.md.
"""

import argparse
import ast
import importlib
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

MODULES = ["_lists", "_passes", "_ranks", "_states", "_groups"]
TESTS = ["test_traps.py", "test_normalization.py", "test_exact.py", "test_scalers.py",
         "test_containers.py"]  # fmt: skip
FOLDER = Path(__file__).resolve().parent.parent / "tests"

COMPARE = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATE = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def places(tree):
    """Return (node, field, index, replacement) of every mutation of a module."""
    found, notes = [], set()
    for node in ast.walk(tree):  # annotations are never evaluated
        for field in ("annotation", "returns"):
            note = getattr(node, field, None)
            notes.update(map(id, ast.walk(note)) if note else ())
    for node in ast.walk(tree):
        if id(node) in notes:
            continue
        if isinstance(node, ast.Compare):
            for i, one in enumerate(node.ops):
                if type(one) in COMPARE:
                    found.append((node, "ops", i, COMPARE[type(one)]()))
        elif isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)):
            if type(node.op) in OPERATE:
                found.append((node, "op", None, OPERATE[type(node.op)]()))
        elif isinstance(node, ast.Constant) and type(node.value) in {int, float}:
            found.append((node, "value", None, node.value + 1))
    return found


def killed(source, module, path, limit):
    """Return whether a test fails with this source in place of the module's."""
    child = os.fork()
    if child == 0:
        with Path(os.devnull).open("w", encoding="utf-8") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        signal.alarm(limit)  # an endless loop is a kill, too
        try:
            exec(compile(source, path, "exec"), vars(module))  # noqa: S102
        except Exception:  # noqa: BLE001 -- a module that does not load is dead
            os._exit(1)
        for name, one in list(sys.modules.items()):
            # Names that other modules imported from this one.
            if name.startswith("ml_infra.preprocessing.") and one is not module:
                for key, value in list(vars(one).items()):
                    if getattr(value, "__module__", None) == module.__name__:
                        setattr(one, key, getattr(module, key, value))
        options = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            "not slow and not torch",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
        ]
        os._exit(int(pytest.main([*options, *(str(FOLDER / t) for t in TESTS)])))
    return os.waitpid(child, 0)[1] != 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    for name in ("numpy", "ml_infra.preprocessing.scalers"):
        importlib.import_module(name)
    importlib.import_module("ml_infra.preprocessing._vector_functions")
    end, count, survivors = time.monotonic() + options.seconds, 0, []
    for name in options.modules:
        module = importlib.import_module(f"ml_infra.preprocessing.{name}")
        text = Path(module.__file__).read_text(encoding="utf-8")
        tree = ast.parse(text)
        if killed(ast.unparse(tree), module, module.__file__, 300):
            sys.exit(f"{name}: a test fails without any mutation")
        chosen = random.Random(1)
        for node, field, index, new in places(tree):
            if chosen.random() > options.share or time.monotonic() > end:
                continue
            whole = getattr(node, field)
            broken = new
            if index is not None:
                broken = [*whole[:index], new, *whole[index + 1 :]]
            setattr(node, field, broken)
            source = ast.unparse(tree)
            setattr(node, field, whole)
            count += 1
            if not killed(source, module, module.__file__, 120):
                line = text.splitlines()[node.lineno - 1].strip()
                what = new if not isinstance(new, ast.AST) else type(new).__name__
                survivors.append(name)
                print(f"SURVIVED {name}:{node.lineno} {field} -> {what}: {line}",
                      flush=True)  # fmt: skip
    print(f"{count - len(survivors)} of {count} mutants caught")


if __name__ == "__main__":
    main()
