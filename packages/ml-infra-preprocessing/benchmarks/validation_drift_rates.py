"""
Simulate how often drift rules alarm, where nothing changed and where something did.

    python benchmarks/validation_drift_rates.py            # the published table
    python benchmarks/validation_drift_rates.py --quick    # tiny, to see that it runs

The peers' rules are written out here from their documentation and source, so that
they can be simulated a thousand times: "evidently" is its default choice (0.7), which
tests up to 1,000 reference rows by Kolmogorov-Smirnov or chi-square at p < 0.05 and
compares more by the normed Wasserstein or Jensen-Shannon distance with 0.1;
"evidently PSI" and "evidently JS" are those options with their default threshold 0.1;
"alibi-detect" tests by Kolmogorov-Smirnov or by chi-square at p < 0.05; "PSI > 0.2" is
the rule of thumb on ten bins of the reference.
"""

from __future__ import annotations

import argparse
import math

import numpy as np

from ml_infra.preprocessing import drift
from ml_infra.preprocessing._p_values import chi_square_sf, ks_p_value

ZIPF = 1 / np.arange(1, 1001) ** 1.2
ZIPF /= ZIPF.sum()


# --- the peers' rules, on counts in cells or on sorted numbers -----------------------


def shares(reference, current, *, numeric):
    """Return the shares of both in evidently's bins: Sturges', or a cell a value."""
    both = np.concatenate([reference, current])
    if numeric and len(np.unique(reference)) > 20:
        bins = np.histogram_bin_edges(both, bins="sturges")
        counts = [np.histogram(one, bins)[0] for one in (reference, current)]
    else:
        size = int(both.max()) + 1
        counts = [np.bincount(one.astype(int), minlength=size)
                  for one in (reference, current)]  # fmt: skip
        seen = (counts[0] + counts[1]) > 0
        counts = [one[seen] for one in counts]
    return counts[0] / len(reference), counts[1] / len(current)


def filled(part):
    """Put evidently's small share into empty cells."""
    least = part[part > 0].min()
    return np.where(part == 0, least / 1e6 if least <= 1e-4 else 1e-4, part)


def psi(p, q):
    return float(np.sum((p - q) * np.log(p / q)))


def js_distance(p, q):
    middle = (p + q) / 2
    parts = [np.sum(one[one > 0] * np.log(one[one > 0] / middle[one > 0]))
             for one in (p, q)]  # fmt: skip
    return math.sqrt(max(0.0, sum(parts) / 2))


def ks_rejects(reference, current):
    both = np.concatenate([reference, current])
    cdfs = [np.searchsorted(np.sort(one), both, side="right") / len(one)
            for one in (reference, current)]  # fmt: skip
    distance = float(np.abs(cdfs[0] - cdfs[1]).max())
    return ks_p_value(distance, len(reference), len(current)) < 0.05


def wasserstein_norm(reference, current):
    if len(reference) == len(current):
        distance = np.abs(np.sort(reference) - np.sort(current)).mean()
    else:
        levels = (np.arange(10_000) + 0.5) / 10_000
        gap = np.quantile(reference, levels) - np.quantile(current, levels)
        distance = np.abs(gap).mean()
    return distance / max(float(np.std(reference)), 0.001)


def evidently_default(reference, current, *, numeric):
    if len(reference) > 1000:
        if numeric and len(np.unique(np.concatenate([reference, current]))) > 5:
            return wasserstein_norm(reference, current) >= 0.1
        return js_distance(*shares(reference, current, numeric=numeric)) >= 0.1
    if numeric and len(np.unique(np.concatenate([reference, current]))) > 5:
        return ks_rejects(reference, current)
    p, q = shares(reference, current, numeric=False)
    # The reference is taken as exact, and a cell it lacks as impossible.
    if (p == 0).any():
        return True
    statistic = len(current) * float(np.sum((q - p) ** 2 / p))
    return chi_square_sf(statistic, len(p) - 1) < 0.05


def evidently_psi(reference, current, *, numeric):
    pair = map(filled, shares(reference, current, numeric=numeric))
    return psi(*pair) >= 0.1


def evidently_js(reference, current, *, numeric):
    return js_distance(*shares(reference, current, numeric=numeric)) >= 0.1


def alibi_detect(reference, current, *, numeric):
    if numeric:
        return ks_rejects(reference, current)
    p, q = shares(reference, current, numeric=False)
    n, m = len(reference), len(current)
    pooled = (n * p + m * q) / (n + m)
    statistic = float(np.sum(n * (p - pooled) ** 2 / pooled)
                      + np.sum(m * (q - pooled) ** 2 / pooled))  # fmt: skip
    return chi_square_sf(statistic, len(p) - 1) < 0.05


def rule_of_thumb(reference, current, *, numeric):
    if numeric:
        edges = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
        cells = [np.searchsorted(edges, one) for one in (reference, current)]
    else:
        cells = [reference, current]
    return psi(*map(filled, shares(*cells, numeric=False))) > 0.2


def ours(reference, current, *, numeric):
    if not numeric:
        names = np.array([f"c{k}" for k in range(1000)])
        reference, current = names[reference], names[current]
    return drift({"x": reference}, {"x": current})["x"].verdict == "drift"


RULES = {
    "ours": ours,
    "evidently": evidently_default,
    "evidently PSI": evidently_psi,
    "evidently JS": evidently_js,
    "alibi-detect": alibi_detect,
    "PSI > 0.2": rule_of_thumb,
}


# --- what is drawn ------------------------------------------------------------------


def die(rng, n, loaded=0.0):
    return np.where(rng.random(n) < loaded, 5, rng.integers(0, 6, n))


def zipf(rng, n, moved=0.0):
    draws = np.searchsorted(np.cumsum(ZIPF)[:-1], rng.random(n))
    return np.where(rng.random(n) < moved, 0, draws)


def scenarios():
    """Yield (title, numeric, draw the reference, draw the current data)."""
    for shift in (0.0, 0.1, 0.3, 0.5):
        title = f"normal, shift {shift} deviations" if shift else "normal, no change"
        yield (title, True, lambda rng, n: rng.standard_normal(n),
               lambda rng, n, s=shift: rng.standard_normal(n) + s)  # fmt: skip
    for loaded in (0.0, 0.2):
        title = f"die, {loaded:.0%} loaded" if loaded else "die, no change"
        yield title, True, die, lambda rng, n, k=loaded: die(rng, n, k)
    for moved in (0.0, 0.2):
        title = f"Zipf, 1,000 labels, {moved:.0%} moved" if moved else (
            "Zipf, 1,000 labels, no change")  # fmt: skip
        yield title, False, zipf, lambda rng, n, k=moved: zipf(rng, n, k)


def runs_for(n):
    return {30: 2000, 100: 2000, 300: 2000, 1000: 1000, 10_000: 300}.get(
        n, 60 if n <= 100_000 else 20
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    options = parser.parse_args(arguments)
    sizes = (30, 100) if options.quick else (30, 100, 300, 1000, 10**4, 10**5, 10**6)
    print("Share of runs, in %, in which a rule calls drift; n rows on both sides.\n")
    print(f"| data | n | runs | {' | '.join(RULES)} |")
    print("|---" * (3 + len(RULES)) + "|")
    for title, numeric, first, second in scenarios():
        for n in sizes:
            runs = 3 if options.quick else runs_for(n)
            rng = np.random.default_rng(n)
            alarms = dict.fromkeys(RULES, 0)
            for _ in range(runs):
                reference, current = first(rng, n), second(rng, n)
                for name, rule in RULES.items():
                    alarms[name] += bool(rule(reference, current, numeric=numeric))
            cells = " | ".join(f"{100 * k / runs:.1f}" for k in alarms.values())
            print(f"| {title} | {n:,} | {runs:,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
