"""
How fast are the metrics of scores and of numbers, beside scikit-learn in one run?

::

    python ranking.py            # a million rows: the published table
    python ranking.py --quick    # a smoke run

Both sides get the same NumPy arrays; times are the best of several interleaved rounds.
AVX-512 speeds up NumPy's sort on both sides, so the CPU is printed with the ratios.
"""

from __future__ import annotations

import argparse
import platform
import time
import tracemalloc
from pathlib import Path

import numpy as np

from ml_infra import metrics
from ml_infra.metrics import RegressionStats, Scores

try:
    import sklearn
    from sklearn import metrics as peer
except ImportError:
    peer = None

#: Ours, scikit-learn's, the ratio that is aimed at (None: no target).
SCORES = (
    ("roc_auc", "roc_auc_score", 7),
    ("average_precision", "average_precision_score", 7),
    ("roc_curve", "roc_curve", None),
    ("precision_recall_curve", "precision_recall_curve", None),
    ("log_loss", "log_loss", 8),
    ("brier_score", "brier_score_loss", None),
)
NUMBERS = (
    ("mean_absolute_error", "mean_absolute_error", None),
    ("mean_squared_error", "mean_squared_error", None),
    ("r2_score", "r2_score", None),
    ("mean_absolute_percentage_error", "mean_absolute_percentage_error", None),
    ("median_absolute_error", "median_absolute_error", None),
    ("pinball_loss", "mean_pinball_loss", None),
)


def machine() -> str:
    model, flags = platform.processor(), ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        pairs = (line.split(":", 1) for line in lines if ":" in line)
        fields = {key.strip(): value.strip() for key, value in pairs}
        model = fields.get("model name", model)
        known = fields.get("flags", "").split()
        flags = ", AVX-512" if "avx512f" in known else ", no AVX-512"
    return (
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"scikit-learn {sklearn.__version__ if peer else 'not installed'}, "
        f"{model}{flags}"
    )


def best(rounds, *calls):
    """The least seconds of each call, taken in turns so that noise hits all alike."""
    times = [float("inf")] * len(calls)
    for _ in range(rounds):
        for place, call in enumerate(calls):
            start = time.perf_counter()
            call()
            times[place] = min(times[place], time.perf_counter() - start)
    return times


def compare(cases, first, labels, rows, rounds):
    for ours, theirs, demanded in cases:
        calls = [lambda ours=ours: getattr(metrics, ours)(first, labels)]
        if peer is not None:
            calls.append(lambda theirs=theirs: getattr(peer, theirs)(labels, first))
        seconds = best(rounds, *calls)
        if peer is None:
            peers, ratio = "not installed", ""
        else:
            peers = f"{seconds[1] * 1e3:.2f}"
            ratio = f"{seconds[1] / seconds[0]:.1f}×"
        wanted = f"≥ {demanded}×" if demanded else "–"
        mine = f"{seconds[0] * 1e3:.2f}"
        print(f"| {ours}, {rows} | {mine} | {peers} | {ratio} | {wanted} |")


def streaming(rng, n, batch):
    """Time per row of a state, and what it holds at the end."""
    labels = (rng.random(n) < 0.002).astype(int)
    scores = 1 / (1 + np.exp(6 - rng.normal(size=n) - 1.5 * labels))
    state = Scores()
    start = time.perf_counter()
    for place in range(0, n, batch):
        state.update(scores[place : place + batch], labels[place : place + batch])
    found = state.roc_auc()
    seconds = time.perf_counter() - start
    exact = metrics.roc_auc(scores, labels)
    print(
        f"\nScores, {n:,} rows of 0.2 % positives in batches of {batch}: "
        f"{seconds / n * 1e9:.0f} ns per row; AUC {found}, exact {exact:.6f} "
        f"(off by {abs(exact - found.value):.2g}); "
        f"{len(state.to_dict()['low']):,} cells"
    )
    start = time.perf_counter()
    RegressionStats.of(scores, scores**2 + 1)
    print(f"RegressionStats: {(time.perf_counter() - start) / n * 1e9:.0f} ns per row")


def memory(rng, n):
    """Peak beyond the inputs of one call."""
    labels, scores = rng.integers(0, 2, n), rng.random(n)
    print(f"\n| {n:,} rows | MiB beyond the inputs |\n|---|---|")
    for name in (
        "log_loss",
        "brier_score",
        "expected_calibration_error",
        "mean_squared_error",
        "roc_auc",
    ):
        tracemalloc.start()
        getattr(metrics, name)(scores, labels)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"| {name} | {peak / 2**20:.1f} |")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="speed of metrics of scores")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    n = 1000 if options.quick else 10**6
    rounds = 1 if options.quick else options.rounds
    rng = np.random.default_rng(0)
    print(machine())
    labels = rng.integers(0, 2, n)
    scores = 1 / (1 + np.exp(-rng.normal(size=n) - labels))
    print("\n| work | ours, ms | scikit-learn, ms | ratio | target |")
    print("|---|---|---|---|---|")
    compare(SCORES, scores, labels, f"{n:,} rows", rounds)
    compare(
        SCORES[:2], scores.astype(np.float32), labels, f"{n:,} float32 rows", rounds
    )
    compare(SCORES[:2], np.log(scores / (1 - scores)), labels, f"{n:,} logits", rounds)
    numbers = rng.normal(5, 1, n)
    compare(NUMBERS, numbers + rng.normal(size=n), numbers, f"{n:,} rows", rounds)
    five = ([0.1, 0.4, 0.35, 0.8, 0.7], [0, 0, 1, 1, 0])
    untargeted = [(ours, theirs, None) for ours, theirs, _ in SCORES]
    compare(untargeted, *five, "5-element lists", max(rounds, 3) * 20)
    streaming(rng, n, 256)
    memory(rng, 1000 if options.quick else 10**7)


if __name__ == "__main__":
    main()
