"""
How often do the intervals contain the truth? A simulation with known populations.

Every simulated data set is a slice of one big table, so that thousands of them are
counted and bounded in one pass each. Run it whole to repeat the published table::

    python coverage.py            # 4 000 data sets per line
    python coverage.py --quick    # a smoke run
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np

from ml_infra.metrics import Counts

SIZES = (20, 100, 1000)


class Population(NamedTuple):
    """Shares of [label, prediction], which sum to 1."""

    name: str
    shares: np.ndarray

    def truth(self, metric: str, average: str) -> float:
        counts = np.rint(self.shares * 10**12).astype(np.int64)
        return Counts.from_matrix(counts).metric(metric, average)

    def draw(self, rng: np.random.Generator, rows: int) -> tuple[np.ndarray, ...]:
        cells = rng.choice(self.shares.size, rows, p=self.shares.ravel())
        return cells % len(self.shares), cells // len(self.shares)


class LabelSets(NamedTuple):
    """Indicators of three columns; with a share `alike`, a row errs in all or none."""

    name: str
    prevalence: tuple[float, float, float]
    wrong: float
    alike: float

    def every(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return all predictions and labels there can be, and their shares."""
        bits = (np.arange(64)[:, None] >> np.arange(6)) & 1
        labels, errors = bits[:, :3], bits[:, 3:]
        of_labels = np.where(labels, self.prevalence, 1 - np.array(self.prevalence))
        alone = np.where(errors, self.wrong, 1 - self.wrong).prod(axis=1)
        whole = (errors.sum(axis=1) == 3) * self.wrong
        whole = whole + (errors.sum(axis=1) == 0) * (1 - self.wrong)
        mixed = self.alike * whole + (1 - self.alike) * alone
        return labels ^ errors, labels, of_labels.prod(axis=1) * mixed

    def truth(self, metric: str, average: str) -> float:
        predictions, labels, shares = self.every()
        return Counts.of(predictions, labels, weights=shares).metric(metric, average)

    def draw(self, rng: np.random.Generator, rows: int) -> tuple[np.ndarray, ...]:
        predictions, labels, shares = self.every()
        drawn = rng.choice(64, rows, p=shares)
        return predictions[drawn], labels[drawn]


def confusable(prevalence: list[float], recall: list[float]) -> np.ndarray:
    """Return shares with these label shares and recalls, errors spread evenly."""
    k = len(prevalence)
    rows = [
        [r if i == j else (1 - r) / (k - 1) for j in range(k)]
        for i, r in enumerate(recall)
    ]
    return np.array(prevalence)[:, None] * np.array(rows)


POPULATIONS = (
    Population("2 classes, even, 80 % right", confusable([0.5, 0.5], [0.8, 0.8])),
    Population("2 classes, 10 % positive", confusable([0.9, 0.1], [0.95, 0.7])),
    Population("2 classes, 98 % right", confusable([0.5, 0.5], [0.98, 0.98])),
    Population("4 classes, even, 75 % right", confusable([0.25] * 4, [0.75] * 4)),
    Population(
        "5 classes, 50 % to 3 %",
        confusable([0.5, 0.25, 0.15, 0.07, 0.03], [0.9, 0.8, 0.7, 0.6, 0.5]),
    ),
    LabelSets("3 labels, 80 % right", (0.5, 0.3, 0.2), 0.2, 0.0),
    LabelSets("3 labels, errors together", (0.5, 0.3, 0.2), 0.2, 0.8),
)
BINARY = (
    ("accuracy", "binary"),
    ("precision", "binary"),
    ("recall", "binary"),
    ("f1_score", "binary"),
    ("f1_score", "macro"),
    ("matthews_corrcoef", "binary"),
    ("cohen_kappa", "binary"),
)
WHOLE = ("accuracy", "matthews_corrcoef", "cohen_kappa")
MULTICLASS = (
    ("accuracy", "macro"),
    ("precision", "macro"),
    ("recall", "macro"),
    ("f1_score", "macro"),
    ("f1_score", "weighted"),
    ("matthews_corrcoef", "macro"),
    ("cohen_kappa", "macro"),
)
MULTILABEL = (
    ("accuracy", "macro"),
    ("hamming_loss", "binary"),
    ("precision", "micro"),
    ("f1_score", "micro"),
    ("f1_score", "macro"),
    ("f1_score", "weighted"),
)


def asks_of(population: Population | LabelSets) -> tuple[tuple[str, str], ...]:
    if isinstance(population, LabelSets):
        return MULTILABEL
    return BINARY if len(population.shares) == 2 else MULTICLASS


def share_covered(counts: Counts, truth: float, ask: tuple[str, str], method: str):
    """Return the share of slices whose 95 % interval holds the truth."""
    table = counts.slices(*ask, method=method)
    known = ~np.isnan(table.value)
    inside = (table.low <= truth + 1e-12) & (table.high >= truth - 1e-12)
    return float(inside[known].mean()), float(1 - known.mean())


def clustered(
    rng: np.random.Generator, datasets: int
) -> list[tuple[int, float, float]]:
    """Return units and the coverage of accuracy with and without them known."""
    lines = []
    for units in (20, 100, 1000):
        hits = [0, 0]
        for _ in range(datasets):
            skill = rng.beta(
                4, 1, units
            )  # mean 0.8: rows of a unit resemble each other
            right = rng.random((units, 10)) < skill[:, None]
            labels = rng.integers(0, 2, right.size)
            predictions = np.where(right.ravel(), labels, 1 - labels)
            unit = np.repeat(np.arange(units), 10)
            plain = Counts.of(predictions, labels)
            grouped = Counts.of(predictions, labels, unit=unit)
            for place, counts in enumerate((plain, grouped)):
                hits[place] += 0.8 in counts.interval("accuracy")
        lines.append((units, hits[0] / datasets, hits[1] / datasets))
    return lines


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="coverage of the intervals")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    parser.add_argument("--datasets", type=int, default=4000)
    options = parser.parse_args(argv)
    datasets = 50 if options.quick else options.datasets
    rng = np.random.default_rng(20)
    heads = [f"n = {n} {method}" for n in SIZES for method in ("auto", "delta")]
    print(f"Share of 95 % intervals that hold the truth, {datasets} data sets each.\n")
    print("| population | metric |", " | ".join(heads), "| undefined |")
    print("|---|---|" + "---|" * (len(heads) + 1))
    for population in POPULATIONS:
        states = {}
        for n in SIZES:
            predictions, labels = population.draw(rng, n * datasets)
            states[n] = Counts.of(
                predictions, labels, by=np.repeat(np.arange(datasets), n)
            )
        for ask in asks_of(population):
            truth = population.truth(*ask)
            cells, gone = [], 0.0
            for n in SIZES:
                for method in ("auto", "delta"):
                    covered, missing = share_covered(states[n], truth, ask, method)
                    cells.append(f"{covered:.3f}")
                    gone = max(gone, missing)
            name = (
                ask[0]
                if ask[1] == "binary" or ask[0] == "accuracy"
                else " ".join(ask[::-1])
            )
            if ask[0] in ("matthews_corrcoef", "cohen_kappa"):
                name = ask[0]
            print(
                f"| {population.name} | {name} |", " | ".join(cells), f"| {gone:.1%} |"
            )
    print("\nRows in units of 10 that share their skill, accuracy:\n")
    print("| units | rows taken as independent | bootstrap of units |\n|---|---|---|")
    for units, plain, grouped in clustered(rng, 5 if options.quick else 400):
        print(f"| {units} | {plain:.3f} | {grouped:.3f} |")


if __name__ == "__main__":
    main()
