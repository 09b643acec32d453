"""
Every small change to the counting core is noticed, or explained here.

Each operator, comparison, number and condition of `_counting` is changed in turn, in a
copy of the module, and the copy is checked against counts made by a loop.
"""

import ast
import copy
import types
from pathlib import Path

import numpy as np
import pytest

from ml_infra.metrics import _counting
from ml_infra.metrics._codes import Codes

SWAPS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Pow: ast.Mult,
    ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Gt: ast.GtE,
    ast.LtE: ast.Lt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.MatMult: ast.Mult,
}

# (line, mutated expression) -> why the change cannot be seen in a result.
WAYS = "only chooses between two ways to the same counts"
SIZES = "the size of a block does not change a sum"
MARGINS = "if size * size <= max(BLOCK, min(len(labels), _WHOLE)):"
EXPLAINED = {
    ("n = len(keys[0][0])", "0"): "every key has a code for every row",
    ("if len(table) > BLOCK:", "if len(table) > BLOCK:"): WAYS,
    ("if len(table) > BLOCK:", "len(table) > BLOCK"): WAYS,
    (MARGINS, MARGINS): WAYS,
    (MARGINS, MARGINS[3:-1]): WAYS,
    (MARGINS, "size * size"): WAYS,
    ("for block in blocks(n, max(1, BLOCK // k)):", "1"): SIZES,
    ("for block in blocks(n, max(1, BLOCK // k)):", "BLOCK // k"): SIZES,
    (
        "cells -= np.int64((shift + 2**63) % 2**64 - 2**63)",
        "shift + 2 ** 63",
    ): "differs by 2**64, which wraps to the same",
}


def mutants():
    """Yield (line, changed expression, mutated tree)."""
    text = Path(_counting.__file__).read_text("utf-8")
    tree = ast.parse(text)
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    for function in functions:
        nodes = list(ast.walk(ast.Module(function.body, [])))
        for place, node in enumerate(nodes):
            for change in changes(node):
                mutated = copy.deepcopy(tree)
                twin_function = next(
                    n
                    for n in mutated.body
                    if isinstance(n, ast.FunctionDef) and n.name == function.name
                )
                twin = list(ast.walk(ast.Module(twin_function.body, [])))[place]
                change(twin)
                line = text.splitlines()[node.lineno - 1].strip()
                source = ast.unparse(node).splitlines()[0]
                yield line, source, ast.fix_missing_locations(mutated)


def changes(node):
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in SWAPS:
        yield lambda twin: setattr(twin, "op", SWAPS[type(twin.op)]())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield lambda twin: setattr(twin, "ops", [SWAPS[type(twin.ops[0])]()])
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield lambda twin: setattr(twin, "value", twin.value + 1)
    if isinstance(node, (ast.If, ast.IfExp)):
        yield lambda twin: setattr(twin, "test", ast.UnaryOp(ast.Not(), twin.test))


def load(tree):
    module = types.ModuleType("ml_infra.metrics._mutant")
    module.__package__ = "ml_infra.metrics"
    exec(compile(tree, "mutant", "exec"), module.__dict__)  # noqa: S102 - our own code
    return module


def table_of(predictions, labels, size, weights):
    table = np.zeros((size, size))
    for p, y, w in zip(predictions, labels, weights, strict=True):
        table[y, p] += w
    return table


def same(found, expected, kind):
    found = np.asarray(found)
    assert found.dtype.kind == kind
    assert found.shape == np.shape(expected)
    assert (found == expected).all()


def check(module):
    """Compare every function of the core with a loop over the rows."""
    rng = np.random.default_rng(3)
    for size, n, offset, dtype in (
        (3, 5, 0, np.int64),
        (200, 9, 0, np.uint8),  # small integers must not wrap
        (3, module.BLOCK + 9, 7, np.int64),
        (190, module.BLOCK + 9, -40, np.int16),  # margins, and a wide table
        (3, 6, 2**62, np.int64),
    ):
        p, y = rng.integers(0, size, (2, n))
        w = rng.integers(1, 5, n).astype(float)
        codes = [(column + offset).astype(dtype) for column in (p, y)]
        coded = Codes(codes, offset, size, ())
        for weights, kind in ((None, "i"), (w, "f")):
            expected = table_of(p, y, size, np.ones(n) if weights is None else w)
            same(module.count_pairs(coded, weights), expected, kind)
            m = module.count_marginals(coded, weights)
            same(m.hits, expected.diagonal(), kind)
            same(m.predicted, expected.sum(axis=0), kind)
            same(m.actual, expected.sum(axis=1), kind)
            assert m.total == expected.sum()
            hits, total = module.count_equal(coded, weights)
            assert (hits, total) == (expected.trace(), expected.sum())
            by = rng.integers(0, 4, n)
            keys = [(by, 0, 4), (codes[1], offset, size)]
            found = module.count_cells(keys, weights).reshape(4, size)
            for key in range(4):
                chosen = by == key
                part = table_of(p[chosen], y[chosen], size, w[chosen])
                if weights is None:
                    part = table_of(p[chosen], y[chosen], size, np.ones(chosen.sum()))
                same(found[key], part.sum(axis=1), kind)
    taken = m.take([1, 0])
    assert taken.hits.tolist() == m.hits[[1, 0]].tolist()
    assert taken.total == m.total
    for n in (4, module.BLOCK // 3 + 5):
        p, y = rng.integers(0, 2, (2, n, 3))
        w = rng.integers(1, 5, n).astype(float)
        for weights, each, kind in ((None, np.ones(n), "i"), (w, w, "f")):
            m, exact = module.count_indicators(p, y, weights)
            same(m.hits, each @ (p & y), kind)
            same(m.predicted, each @ p, kind)
            same(m.actual, each @ y, kind)
            assert m.total == each.sum()
            assert exact == each @ (p == y).all(axis=1)


def test_the_core_as_it_is_passes():
    check(_counting)


def survivors(every):
    """Return the changes that no check noticed, of every n-th change."""
    found = []
    for place, (line, source, tree) in enumerate(mutants()):
        if place % every:
            continue
        try:
            with np.errstate(all="ignore"):
                check(load(tree))
        except Exception:  # noqa: BLE001, S112 - any failure is hoped for
            continue
        found.append((line, source))
    return found


def test_changes_are_noticed_or_explained():
    assert set(survivors(every=7)) <= EXPLAINED.keys()


@pytest.mark.slow
def test_every_change_is_noticed_or_explained():
    assert len(list(mutants())) > 70
    # The explanations are all needed, too.
    assert set(survivors(every=1)) == EXPLAINED.keys()
