"""
How often do the intervals of scores, differences and numbers contain the truth?

A simulation with known populations, for the metrics that `coverage.py` does not have::

    python ranking_coverage.py            # 2 000 data sets per line
    python ranking_coverage.py --quick    # a smoke run
"""

from __future__ import annotations

import argparse
import math
from statistics import NormalDist

import numpy as np

from ml_infra.metrics import (
    Interval,
    Paired,
    RegressionStats,
    average_precision,
    average_precision_interval,
    roc_auc_interval,
)

SIZES = (20, 100, 1000)
Z = NormalDist().inv_cdf(0.975)


def normal_scores(rng, n, prevalence, shift):
    """Normal scores, the positives' mean `shift` higher; at least one of each."""
    while True:
        labels = (rng.random(n) < prevalence).astype(int)
        if 0 < labels.sum() < n:
            return rng.normal(size=n) + shift * labels, labels


def plain(interval: Interval) -> Interval:
    """The interval on the scale of the metric, clipped, from the one on the logit."""
    if interval.flags:
        return interval
    slope = interval.value * (1 - interval.value)
    high, low = (math.log(p / (1 - p)) for p in (interval.high, interval.low))
    half = (high - low) / 2 * slope
    bounds = max(interval.value - half, 0.0), min(interval.value + half, 1.0)
    return Interval(interval.value, *bounds, interval.level, "plain", interval.n)


def ranking(rng, datasets):
    print("\n| population | metric | n | logit | plain | flagged |")
    print("|---|---|---|---|---|---|")
    for prevalence, shift in ((0.5, 1.0), (0.5, 2.5), (0.1, 1.5)):
        big, big_labels = normal_scores(rng, 10**6, prevalence, shift)
        metrics = (
            ("roc_auc", roc_auc_interval, NormalDist().cdf(shift / math.sqrt(2))),
            (
                "average_precision",
                average_precision_interval,
                average_precision(big, big_labels),
            ),
        )
        for name, make, truth in metrics:
            for n in SIZES:
                found = [
                    make(*normal_scores(rng, n, prevalence, shift))
                    for _ in range(datasets)
                ]
                share = np.mean([truth in interval for interval in found])
                other = np.mean([truth in plain(interval) for interval in found])
                flagged = np.mean([bool(interval.flags) for interval in found])
                print(
                    f"| {prevalence:.0%} positive, means {shift} apart | {name} | {n} "
                    f"| {share:.3f} | {other:.3f} | {flagged:.1%} |"
                )


def two_models(rng, n):
    """Scores of two models that share half of their noise; the new one is better."""
    common = rng.normal(size=n)
    labels = rng.integers(0, 2, n)
    labels[:2] = 0, 1
    new = (common + rng.normal(size=n)) / math.sqrt(2) + 1.5 * labels
    old = (common + rng.normal(size=n)) / math.sqrt(2) + 1.0 * labels
    return new, old, labels


def differences(rng, datasets):
    cdf = NormalDist().cdf
    right = cdf(0.75) - cdf(0.5)  # thresholds half-way between the means
    truths = {
        "roc_auc": cdf(1.5 / math.sqrt(2)) - cdf(1.0 / math.sqrt(2)),
        "accuracy": right,
        "f1_score": right,  # even classes, errors alike: F1 is the accuracy
    }
    print("\n| difference | n | coverage | flagged |\n|---|---|---|---|")
    for metric, truth in truths.items():
        for n in SIZES:
            found = []
            for _ in range(datasets):
                new, old, labels = two_models(rng, n)
                if metric != "roc_auc":
                    new, old = new >= 0.75, old >= 0.5
                    labels = labels.astype(bool)
                found.append(Paired.of(new, old, labels).difference(metric))
            share = np.mean([truth in interval for interval in found])
            flagged = np.mean([bool(interval.flags) for interval in found])
            print(f"| {metric} | {n} | {share:.3f} | {flagged:.1%} |")


def numbers(rng, datasets):
    truths = {
        "mean_absolute_error": math.sqrt(2 / math.pi),
        "mean_squared_error": 1.0,
        "root_mean_squared_error": 1.0,
        "r2_score": 1 - 1 / 5,
        "median_absolute_error": NormalDist().inv_cdf(0.75),
        "pinball_loss": math.sqrt(2 / math.pi) / 2,
    }
    covered = {(metric, n): 0 for metric in truths for n in SIZES}
    for n in SIZES:
        for _ in range(datasets):
            predictions = rng.normal(0, 2, n)
            stats = RegressionStats.of(predictions, predictions + rng.normal(size=n))
            for metric, truth in truths.items():
                covered[metric, n] += truth in stats.interval(metric)
    print("\n| normal errors |", " | ".join(f"n = {n}" for n in SIZES), "|")
    print("|---|" + "---|" * len(SIZES))
    for metric in truths:
        shares = " | ".join(f"{covered[metric, n] / datasets:.3f}" for n in SIZES)
        print(f"| {metric} | {shares} |")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="coverage of the intervals")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    parser.add_argument("--datasets", type=int, default=2000)
    options = parser.parse_args(argv)
    datasets = 5 if options.quick else options.datasets
    rng = np.random.default_rng(21)
    print(f"Share of 95 % intervals that hold the truth, {datasets} data sets each.")
    ranking(rng, datasets)
    differences(rng, datasets)
    numbers(rng, datasets)


if __name__ == "__main__":
    main()
