"""
Break the numeric core of scaling one operator at a time and see that a test fails.

    python benchmarks/mutate_scaling.py [module ...] [--seconds 3600]
    python benchmarks/mutate_scaling.py _lists --limit 3 --quick     to see that it runs

Each mutant replaces one comparison, operator or number of a module and runs its tests
in a forked process (so: not on Windows), collected once. Survivors are printed with
their line; those that cannot be caught are explained in
docs/preprocessing-benchmarks.md.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import io
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

_SCALERS = ["test_scalers.py", "test_traps.py", "test_exact.py"]
MODULES = {
    "_lists": ["test_normalization.py", "test_traps.py", "test_exact.py"],
    "_vector_functions": [
        "test_ranks.py",
        "test_threads.py",
        "test_containers.py",
        *_SCALERS,
    ],
    "_passes": ["test_moments.py", "test_containers.py", *_SCALERS],
    "_ranks": ["test_ranks.py", "test_threads.py", "test_containers.py"],
    "_threads": ["test_threads.py"],
    "_learning": ["test_learning.py", *_SCALERS],
    "_states": ["test_fitted_states.py", *_SCALERS],
    "_groups": ["test_groups.py", *_SCALERS],
    "_plans": ["test_plans.py", "test_groups.py", *_SCALERS],
    "_quantiles": ["test_quantile_states.py", "test_ranks.py", *_SCALERS],
    "_affine_scalers": [
        "test_affine_scalers.py",
        "test_plans.py",
        "test_groups.py",
        *_SCALERS,
    ],
    "_quantile_scalers": [
        "test_quantile_scalers.py",
        "test_quantile_states.py",
        "test_plans.py",
        "test_groups.py",
        "test_ranks.py",
        *_SCALERS,
    ],
}
FOLDER = Path(__file__).resolve().parent.parent / "tests"
PACKAGE = "ml_infra.preprocessing"

COMPARE = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATE = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def places(tree):
    """Return (node, field, new value) of every mutation of a module."""
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
                    ops = [*node.ops[:i], COMPARE[type(one)](), *node.ops[i + 1 :]]
                    found.append((node, "ops", ops))
        elif isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)):
            if type(node.op) in OPERATE:
                found.append((node, "op", OPERATE[type(node.op)]()))
        elif isinstance(node, ast.Constant) and type(node.value) in {int, float}:
            found.append((node, "value", node.value + 1))
    return found


def mutants(module, wanted):
    """Yield (description, source) of a module with one place changed, in any order."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    found = places(tree)
    random.Random(1).shuffle(found)
    for node, field, new in found[wanted]:
        whole = getattr(node, field)
        before = ast.unparse(node)
        setattr(node, field, new)
        what = f"{module.__name__}:{node.lineno}: {before} -> {ast.unparse(node)}"
        yield what, ast.unparse(tree)
        setattr(node, field, whole)


def replace(module, source):
    """Give the functions and constants of a loaded module those of another source."""
    fresh = copy.copy(vars(module))
    exec(compile(source, module.__file__, "exec"), fresh)  # noqa: S102 -- our source
    for name, new in fresh.items():
        old = vars(module).get(name)
        if getattr(old, "__module__", None) == module.__name__:
            _take(old, new)
        elif type(new) in {int, float, tuple, str} and name != "__doc__":
            for key, other in list(sys.modules.items()):
                if key.startswith(PACKAGE) and vars(other).get(name) == old:
                    setattr(other, name, new)


def _take(old, new):
    """Take over the code of a function, or the methods and constants of a class."""
    if isinstance(old, type):
        for name, value in vars(new).items():
            if type(value) in {int, float, tuple}:
                setattr(old, name, value)
            elif name in vars(old):
                _take(vars(old)[name], value)
        return
    for wrapped in ("fget", "__func__"):  # properties, class methods
        old, new = getattr(old, wrapped, old), getattr(new, wrapped, new)
    if hasattr(old, "__code__"):
        old.__code__, old.__defaults__ = new.__code__, new.__defaults__


class Mutation:
    """A pytest plugin that runs the collected tests once for each mutant."""

    def __init__(self, module, sources, end):
        self.module, self.sources, self.end = module, sources, end
        self.count, self.survivors, self.is_child = 0, [], False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self):
        for what, source in self.sources:
            if time.monotonic() > self.end:
                break
            child = os.fork()
            if child == 0:
                self.is_child = True
                # An endless loop is caught, too; by CPU time, which no pause adds to.
                signal.setitimer(signal.ITIMER_PROF, 60)
                try:
                    replace(self.module, source)
                except Exception:  # noqa: BLE001 -- a module that does not load is caught
                    os._exit(1)
                return None  # run the tests
            self.count += 1
            if os.waitpid(child, 0)[1] == 0:
                self.survivors.append(what)
        return True


def run(name, sources, end, *, quick):
    """Run mutants of one module; return how many there were and the survivors."""
    module = importlib.import_module(f"{PACKAGE}.{name}")
    plugin = Mutation(module, sources(module), end)
    files = MODULES[name][:1] if quick else MODULES[name]
    tests = dict.fromkeys(str(FOLDER / file) for file in files)
    options = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow and not torch",
        "-k",
        "not batch_is_stream or f8-C",
    ]  # fmt: skip -- one layout will do
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main([*options, *tests], plugins=[plugin])
    if plugin.is_child:
        os._exit(int(code))
    return plugin.count, plugin.survivors


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*", default=list(MODULES))
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--skip", type=int, default=0, help="mutants of each module")
    parser.add_argument("--limit", type=int, help="mutants of each module")
    parser.add_argument("--quick", action="store_true", help="one file of tests")
    options = parser.parse_args()
    for library in ("pandas", "pyarrow", "ml_infra.preprocessing.scalers"):
        with contextlib.suppress(ImportError):
            importlib.import_module(library)  # once, not in every child
    end, count, survivors = time.monotonic() + options.seconds, 0, []
    stop = None if options.limit is None else options.skip + options.limit
    wanted = slice(options.skip, stop)
    for name in options.modules:

        def sources(module):
            # First nothing changed, to see that the tests pass with a replaced module.
            yield "nothing", Path(module.__file__).read_text(encoding="utf-8")
            yield from mutants(module, wanted)

        more, alive = run(name, sources, end, quick=options.quick)
        if "nothing" not in alive:
            sys.exit(f"{name}: a test fails without any mutation")
        count, survivors = count + more - 1, survivors + alive[1:]
    for what in survivors:
        print(f"SURVIVED {what}")
    print(f"{count - len(survivors)} of {count} mutants caught")


if __name__ == "__main__":
    main()
