"""
Time scaling and clipping beside the installed peers, interleaved in one run.

    python benchmarks/scaling.py            the published table (needs about 2 GB)
    python benchmarks/scaling.py --quick    tiny sizes, to see that it runs
    python benchmarks/scaling.py --alone    without peers

Every ratio is the peer's best time over ours, from the same interleaved rounds. A peer
that is not installed is left out and named at the end.
"""

import argparse
import gc
import importlib
import os
import platform
import subprocess
import sys
import tempfile
import time
import tracemalloc
from array import array
from pathlib import Path

import numpy as np

from ml_infra.preprocessing import (
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    clip_outliers,
    normalize,
    standardize,
)

ABSENT = []
ALONE = "--alone" in sys.argv


def installed(name):
    try:
        if not ALONE:
            return importlib.import_module(name)
    except ImportError:
        pass
    ABSENT.append(name)
    return None


sklearn = installed("sklearn.preprocessing")
stats = installed("scipy.stats")
pandas = installed("pandas")
polars = installed("polars")


def best(functions, rounds, repeat=1):
    """Return the best seconds of each function, measured in turns."""
    times = {name: [] for name in functions}
    gc.collect()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(repeat):
                function()
            times[name].append((time.perf_counter() - start) / repeat)
    return {name: min(taken) for name, taken in times.items()}


def show(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def line(work, ours, measured, demanded):
    """Print one row: our time, then each peer's with the ratio and what is asked."""
    mine = measured[ours]
    cells = []
    for name, seconds in measured.items():
        if name == ours:
            continue
        wanted = demanded.get(name)
        asked = f" (≥ {wanted:g}×)" if wanted else ""
        cells.append(f"{name} {show(seconds)}: **{seconds / mine:.2f}×**{asked}")
    print(f"| {work} | {show(mine)} | {'; '.join(cells)} |", flush=True)


def only(functions):
    """Leave out the functions of peers that are not installed."""
    return {name: one for name, one in functions.items() if one is not None}


def long_arrays(n, rounds):
    x = np.random.default_rng(1).normal(size=n)
    column, out = x[:, None], np.empty(n)
    size = f"{n:.0e} doubles"
    copy = {"copy": x.copy}
    minmax = sklearn and (lambda: sklearn.MinMaxScaler().fit_transform(column))
    for name, into, asked in (("new array", None, 1.4), ("out=", out, 2)):
        functions = only({
            "ours": lambda into=into: normalize(x, out=into),
            "scikit-learn": minmax,
            "NumPy": lambda: (x - x.min()) / (x.max() - x.min()),
            **copy,
        })  # fmt: skip
        times = best(functions, rounds)
        line(f"normalize {size}, {name}", "ours", times, {"scikit-learn": asked})
    standard = sklearn and (lambda: sklearn.StandardScaler().fit_transform(column))
    for name, into, asked in (("new array", None, 2.4), ("out=", out, 3)):
        functions = only({
            "ours": lambda into=into: standardize(x, out=into),
            "scikit-learn": standard,
            "SciPy": stats and (lambda: stats.zscore(x)), **copy,
        })  # fmt: skip
        times = best(functions, rounds)
        line(f"standardize {size}, {name}", "ours", times, {"scikit-learn": asked})
    series = polars and polars.Series(x)

    def by_polars():
        low, high = (series.quantile(q, interpolation="lower") for q in (0.05, 0.95))
        return series.clip(low, high)

    functions = only({
        "ours": lambda: clip_outliers(x),
        "NumPy percentile + clip": lambda: np.clip(x, *np.percentile(x, [5, 95])),
        "polars": polars and by_polars, **copy,
    })  # fmt: skip
    asked = {"NumPy percentile + clip": 5, "polars": 2.5}
    line(f"clip 5/95 % {size}", "ours", best(functions, rounds), asked)


def tables(rows, columns, rounds):
    C = np.random.default_rng(2).normal(size=(rows, columns))
    for order, X, standard in (("C", C, 1.8), ("F", np.asfortranarray(C), 2)):
        for name, mine, theirs, asked in (
            ("StandardScaler", StandardScaler, sklearn and sklearn.StandardScaler,
             standard),
            ("RobustScaler", RobustScaler, sklearn and sklearn.RobustScaler, 4),
            ("MinMaxScaler", MinMaxScaler, sklearn and sklearn.MinMaxScaler, None),
        ):  # fmt: skip
            functions = only({
                "ours": lambda X=X, mine=mine: mine().fit_transform(X),
                "scikit-learn": theirs
                and (lambda X=X, theirs=theirs: theirs().fit_transform(X)),
                "copy": lambda X=X: X.copy(order="K"),
            })  # fmt: skip
            work = f"{name} fit + transform {rows:.0e} × {columns}, {order} order"
            line(work, "ours", best(functions, rounds), {"scikit-learn": asked})


def small_things(rounds, repeat):
    data = [3.5, 1.25, 4.0, 1.5, 9.25]
    for name, function, peer in (
        ("normalize", normalize, "minmax_scale"),
        ("standardize", standardize, "scale"),
        ("clip_outliers", clip_outliers, None),
    ):
        theirs = sklearn and peer and getattr(sklearn, peer)
        functions = only({
            "ours": lambda function=function: function(data),
            "scikit-learn": (lambda theirs=theirs: theirs(data)) if theirs else None,
        })  # fmt: skip
        times = best(functions, rounds, repeat)
        line(f"{name}, five-element list", "ours", times, {"scikit-learn": 100})
    X = np.random.default_rng(3).normal(size=(100, 20))
    names = [f"c{i}" for i in range(20)]
    fitted = StandardScaler.from_json(StandardScaler().fit(X).to_json())
    named = StandardScaler().fit(dict(zip(names, X.T, strict=True)))
    as_list, as_array = X[0].tolist(), X[:1]
    as_dict = dict(zip(names, as_list, strict=True))
    peer = sklearn and sklearn.StandardScaler().fit(X)
    functions = only({
        "list": lambda: fitted.transform(as_list),
        "dict": lambda: named.transform(as_dict),
        "ndarray (1, 20)": lambda: fitted.transform(as_array),
        "scikit-learn": peer and (lambda: peer.transform(as_array)),
    })  # fmt: skip
    times = best(functions, rounds, repeat)
    theirs = {k: v for k, v in times.items() if k == "scikit-learn"}
    for kind in ("list", "dict", "ndarray (1, 20)"):
        work = f"one row of 20 columns as {kind}"
        line(work, "ours", {"ours": times[kind], **theirs}, {"scikit-learn": 20})


def long_lists(n, rounds):
    data = np.random.default_rng(4).normal(size=n).tolist()

    def read_and_build():
        return np.frombuffer(array("d", data)).tolist()

    times = best({"ours": lambda: normalize(data), "reading": read_and_build}, rounds)
    over = times["ours"] / times["reading"]
    print(
        f"| normalize a list of {n:.0e} floats | {show(times['ours'])} | reading and "
        f"building such a list {show(times['reading'])}: we take **{over:.2f}×** "
        "(≤ 1.2×) |",
        flush=True,
    )


def groups(rows, count, rounds):
    rng = np.random.default_rng(5)
    keys, x = rng.integers(0, count, rows), rng.normal(size=rows)
    table = {"g": keys, "x": x}
    frame = pandas and pandas.DataFrame(table)

    def by_pandas():
        grouped = frame.groupby("g")["x"]
        return (frame["x"] - grouped.transform("mean")) / grouped.transform("std")

    scaler = StandardScaler(by="g")
    functions = only({
        "ours": lambda: scaler.fit_transform(table),
        "pandas groupby transform": pandas and by_pandas,
    })  # fmt: skip
    work = f"per group, {rows:.0e} rows, {count} groups"
    line(work, "ours", best(functions, rounds), {"pandas groupby transform": 3})


def memory(n):
    x = np.random.default_rng(6).normal(size=n)
    X = x.reshape(-1, 20)
    for name, function in (
        ("normalize", lambda: normalize(x)),
        ("standardize", lambda: standardize(x)),
        ("clip_outliers", lambda: clip_outliers(x)),
        ("StandardScaler fit + transform", lambda: StandardScaler().fit_transform(X)),
    ):
        gc.collect()
        tracemalloc.start()
        made = function()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        over = (peak - made.nbytes) / 2**20
        print(f"| peak memory of {name} | output + {over:.2f} MiB | (≤ 1 MiB) |")
        del made


def importing(rounds):
    """Time the statement inside fresh interpreters, bytecode cached as usual."""
    program = (
        "import time; start = time.perf_counter(); import ml_infra.preprocessing;"
        "print(time.perf_counter() - start)"
    )
    with tempfile.TemporaryDirectory() as cache:
        place = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        place.pop("PYTHONDONTWRITEBYTECODE", None)
        taken = [
            float(
                subprocess.run(  # noqa: S603 -- our own program
                    [sys.executable, "-c", program],
                    check=True, capture_output=True, env=place,
                ).stdout
            )
            for _ in range(rounds)
        ]  # fmt: skip
    print(f"| import ml_infra.preprocessing | {show(min(taken))} | (< 5 ms) |")


def machine():
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [one for one in info.read_text().splitlines() if "model name" in one]
        model = names[0].partition(":")[2].strip() if names else model
    pages = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    setting = pages.read_text().strip() if pages.exists() else "unknown"
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, {model}, "
        f"{os.cpu_count()} CPUs; transparent huge pages: {setting}\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    parser.add_argument("--alone", action="store_true", help="import no peers")
    quick = parser.parse_args().quick
    machine()
    print("| work | ours | peer: ratio (target) |\n|---|---|---|")
    long_arrays(20_000 if quick else 20_000_000, 2 if quick else 7)
    tables(1000 if quick else 1_000_000, 20, 2 if quick else 5)
    small_things(1 if quick else 30, 5 if quick else 100)
    long_lists(1000 if quick else 1_000_000, 2 if quick else 9)
    groups(1000 if quick else 1_000_000, 10 if quick else 1000, 2 if quick else 9)
    memory(20_000 if quick else 20_000_000)
    importing(2 if quick else 20)
    if ABSENT:
        print(f"\nNot installed, left out: {', '.join(ABSENT)}")


if __name__ == "__main__":
    main()
