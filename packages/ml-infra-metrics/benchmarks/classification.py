"""
Counting metrics beside scikit-learn and torchmetrics, interleaved in one run.

Prints each time, the ratio and the ratio that is aimed at. Peers that are not installed
are left out::

    python classification.py            # a million rows, a few minutes
    python classification.py --rows 10000000 --only integers
    python classification.py --quick    # a smoke run
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import subprocess
import sys
import time
import tracemalloc
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_infra import metrics
from ml_infra.metrics import Counts

if TYPE_CHECKING:
    from collections.abc import Callable

PEER = "scikit-learn"


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    name = next((x for x in text.splitlines() if x.startswith("model name")), ":?")
    width = "with" if "avx512f" in text else "without"
    return f"{name.split(':')[1].strip()}, {width} AVX-512"


def clock(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def race(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the least seconds of each call; calls take turns, after one warm-up."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(clock(call))
    # On a shared machine the least is what the work takes; the rest is others' work.
    return {name: min(found) for name, found in times.items()}


def line(work: str, times: dict[str, float], demand: str, peer: str = PEER) -> None:
    ours = times["ours"]
    shown = [work, f"{ours * 1e3:.4g} ms"]
    if peer in times:
        shown += [f"{peer} {times[peer] * 1e3:.4g} ms", f"{times[peer] / ours:.3g}×"]
    else:
        shown += [f"{peer} not installed", ""]
    print(f"| {' | '.join([*shown, demand])} |", flush=True)


def labelled(rng: np.random.Generator, rows: int, classes: int) -> tuple[Any, Any]:
    predictions = rng.integers(0, classes, rows)
    other = rng.integers(0, classes, rows)
    return predictions, np.where(rng.random(rows) < 0.7, predictions, other)


def count_pairs(p: Any, y: Any, classes: int) -> Any:
    """Count pairs as one would by hand, without any check of the input."""
    return np.bincount(y * classes + p, None, classes * classes)


def with_interval(p: Any, y: Any) -> Any:
    return Counts.of(p, y).interval("f1_score", "macro")


def integers(rng: np.random.Generator, rows: int, rounds: int) -> None:
    for classes in (2, 10, 1000):
        p, y = labelled(rng, rows, classes)
        work = {
            "accuracy": partial(metrics.accuracy, p, y),
            "macro precision": partial(metrics.precision, p, y, average="macro"),
            "macro recall": partial(metrics.recall, p, y, average="macro"),
            "macro F1": partial(metrics.f1_score, p, y, average="macro"),
            "confusion matrix": partial(metrics.confusion_matrix, p, y),
        }
        peers: dict[str, Callable[[], Any]] = {}
        if installed("sklearn"):
            from sklearn import metrics as sk

            peers = {
                "accuracy": partial(sk.accuracy_score, y, p),
                "macro precision": partial(sk.precision_score, y, p, average="macro"),
                "macro recall": partial(sk.recall_score, y, p, average="macro"),
                "macro F1": partial(sk.f1_score, y, p, average="macro"),
                "confusion matrix": partial(sk.confusion_matrix, y, p),
            }
        for name, call in work.items():
            calls = {
                "ours": call,
                "pairs": partial(count_pairs, p, y, classes),
            }
            calls["column"] = partial(np.bincount, y)
            times = race(calls, rounds)
            if name in peers:  # apart: whoever runs after it finds the caches cold
                times |= race({PEER: peers[name]}, rounds)
            line(f"{name}, {rows:.0e} rows, K = {classes}", times, "≥ 20×")
            ours = times["ours"]
            print(
                f"| … of a bare bincount | {ours / times['pairs']:.2f} of the pairs, "
                f"{ours / times['column']:.2f} of one column | | | ≤ 2 |"
            )


def lists(rounds: int) -> None:
    p, y = [0, 1, 2, 2, 1], [0, 1, 1, 2, 0]
    work: dict[str, Callable[[], Any]] = {
        "accuracy": partial(metrics.accuracy, p, y),
        "macro precision": partial(metrics.precision, p, y, average="macro"),
        "macro F1": partial(metrics.f1_score, p, y, average="macro"),
        "confusion matrix": partial(metrics.confusion_matrix, p, y),
    }
    peers: dict[str, Callable[[], Any]] = {}
    if installed("sklearn"):
        from sklearn import metrics as sk

        peers = {
            "accuracy": partial(sk.accuracy_score, y, p),
            "macro precision": partial(sk.precision_score, y, p, average="macro"),
            "macro F1": partial(sk.f1_score, y, p, average="macro"),
            "confusion matrix": partial(sk.confusion_matrix, y, p),
        }

    def many(call: Callable[[], Any], times: int) -> Callable[[], None]:
        def loop() -> None:
            for _ in range(times):
                call()

        return loop

    for name, call in work.items():
        calls = {"ours": many(call, 1000)}
        if name in peers:
            calls[PEER] = many(peers[name], 10)
        times = race(calls, rounds)
        times["ours"] /= 1000
        if PEER in times:
            times[PEER] /= 10
        line(f"{name}, 5-element lists", times, "≥ 70×, ≤ 0.005 ms")


def text(rng: np.random.Generator, rows: int, rounds: int) -> None:
    names = [
        "airplane",
        "auto",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    p, y = (np.array(names)[codes] for codes in labelled(rng, rows, len(names)))
    columns = {"NumPy strings": (p, y), "lists of str": (p.tolist(), y.tolist())}
    if installed("pandas"):
        import pandas as pd

        columns["pandas str"] = pd.Series(p.tolist()), pd.Series(y.tolist())
        columns["Categorical"] = tuple(
            pd.Series(c.tolist(), dtype="category") for c in (p, y)
        )
    for name, (left, right) in columns.items():
        calls = {"ours": partial(metrics.classification_report, left, right)}
        if installed("sklearn"):
            from sklearn import metrics as sk

            calls[PEER] = partial(
                sk.classification_report, right, left, zero_division=0
            )
        demand = "≥ 100×" if name == "Categorical" else "≥ 15×"
        line(f"full report, {rows:.0e} {name}", race(calls, min(rounds, 2)), demand)


def intervals(rng: np.random.Generator, rows: int, rounds: int) -> None:
    for classes in (10, 1000):
        p, y = labelled(rng, rows, classes)
        times = race(
            {
                "ours": partial(with_interval, p, y),
                "point": partial(metrics.f1_score, p, y, average="macro"),
            },
            rounds,
        )
        ratio = times["ours"] / times["point"]
        print(
            f"| macro F1 with interval, {rows:.0e} rows, K = {classes} | "
            f"{times['ours'] * 1e3:.4g} ms | point alone {times['point'] * 1e3:.4g} ms "
            f"| {ratio:.2f} of it | ≤ 1.3 |"
        )
        if classes == 10:
            some = 3
            again = {"ours": partial(row_bootstrap, rng, p, y, some)}
            resample = race(again, 1)["ours"]
            factor = resample / some * 1000 / times["ours"]
            print(
                "| … row bootstrap, 1 000 replicates of our own macro F1 | "
                f"{resample / some:.4g} s | from {some} replicates | {factor:.0f}× "
                "| ≥ 1000× |"
            )
    p, y = labelled(rng, rows, 2)
    by = rng.integers(0, max(1, rows // 100), rows)
    times = race({"ours": lambda: Counts.of(p, y, by=by).slices("recall")}, rounds)
    print(
        f"| {rows // 100} slices with intervals, {rows:.0e} rows | "
        f"{times['ours'] * 1e3:.4g} ms | | | ≤ 20 ms |"
    )


def row_bootstrap(rng: np.random.Generator, p: Any, y: Any, replicates: int) -> float:
    values = []
    for _ in range(replicates):
        drawn = rng.integers(0, len(p), len(p))
        values.append(metrics.f1_score(p[drawn], y[drawn], average="macro"))
    return float(np.std(values))


def updates(rng: np.random.Generator, batches: int) -> None:
    rows = rng.integers(0, 10, (2, batches, 256))

    def ours(pairs: list[Any]) -> float:
        state = Counts()
        for p, y in pairs:
            state.update(p, y)
        return float(state.f1_score("macro"))

    # Cutting batches out of an epoch is no part of an update.
    calls: dict[str, Callable[[], Any]] = {
        "arrays": partial(ours, list(zip(*rows, strict=True)))
    }
    if installed("torchmetrics"):
        import torch
        from torchmetrics.classification import MulticlassF1Score

        tensors = list(zip(*torch.tensor(rows), strict=True))

        def theirs() -> float:
            state = MulticlassF1Score(num_classes=10, average="macro")
            for p, y in tensors:
                state.update(p, y)
            return float(state.compute())

        calls |= {"torchmetrics": theirs, "tensors": partial(ours, tensors)}
    times = race(calls, 5)
    for kind in (name for name in times if name != "torchmetrics"):
        line(
            f"update, {batches} batches of 256 {kind}",
            {**times, "ours": times[kind]},
            "≥ 10×",
            "torchmetrics",
        )


def scale(rng: np.random.Generator, rows: int, rounds: int) -> None:
    for classes in (10, 1000):
        p, y = labelled(rng, rows, classes)
        calls = (
            partial(metrics.f1_score, p, y, average="macro"),
            partial(metrics.confusion_matrix, p, y),
        )
        for name, call in zip(("macro F1", "confusion matrix"), calls, strict=True):
            tracemalloc.start()
            call()
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            print(
                f"| memory of {name}, {rows:.0e} rows, K = {classes} | {peak:.2f} MiB "
                "beyond the inputs | | | ≤ 8 MiB |"
            )
    every = range(10**6)
    one = {"ours": partial(metrics.f1_score, [7], [7], average="macro", classes=every)}
    print(
        f"| macro F1, 1 row, 10⁶ classes | {race(one, rounds)['ours'] * 1e3:.4g} ms "
        "| | | < 20 ms |"
    )


def imports() -> None:
    def start(code: str) -> float:
        return clock(lambda: subprocess.run([sys.executable, "-c", code], check=True))  # noqa: S603 - our own code

    codes = {"ours": "import ml_infra.metrics", "bare": "pass"}
    for name in ("sklearn.metrics", "torchmetrics"):
        if installed(name.partition(".")[0]):
            codes[name] = f"import {name}"
    times = {name: min(start(code) for _ in range(7)) for name, code in codes.items()}
    for name in codes.keys() - {"bare"}:
        extra = (times[name] - times["bare"]) * 1e3
        demand = "< 5 ms" if name == "ours" else ""
        print(
            f"| import, {name} | {extra:.3g} ms beyond the interpreter | | | {demand} |"
        )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="classification metrics beside peers")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    parser.add_argument("--rows", type=int, default=10**6)
    parser.add_argument("--only", help="name of one part")
    options = parser.parse_args(argv)
    rows = 2000 if options.quick else options.rows
    rounds = 1 if options.quick else 7 if rows <= 10**6 else 2
    warnings.simplefilter("ignore")  # scikit-learn warns about undefined values
    rng = np.random.default_rng(0)
    parts: dict[str, Callable[[], None]] = {
        "integers": lambda: integers(rng, rows, rounds),
        "lists": lambda: lists(rounds),
        "text": lambda: text(rng, rows, rounds),
        "intervals": lambda: intervals(rng, rows, rounds),
        "updates": lambda: updates(rng, 20 if options.quick else 10**4),
        "scale": lambda: scale(rng, rows * 10, rounds),
        "imports": imports,
    }
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, {processor()}; "
        f"least of {rounds}\n"
    )
    print("| work | ours | peer | ratio | target |\n|---|---|---|---|---|")
    for name, part in parts.items():
        if options.only in (None, name):
            part()


if __name__ == "__main__":
    main()
