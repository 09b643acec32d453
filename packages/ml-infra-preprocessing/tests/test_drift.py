"""Drift verdicts, p-values beside SciPy, segments, profiles and plots."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml_infra.preprocessing import Profile, drift
from ml_infra.preprocessing._p_values import (
    benjamini_hochberg,
    chi_square_sf,
    kolmogorov_sf,
    ks_p_value,
    proportions_p_value,
)

# --- p-values ---------------------------------------------------------------------


@pytest.mark.parametrize("df", [1, 2, 9, 50, 999])
@pytest.mark.parametrize("x", [0.01, 1.0, 5.0, 20.0, 300.0, 1200.0])
def test_chi_square_tails_agree_with_scipy(df, x):
    stats = pytest.importorskip("scipy.stats")
    assert chi_square_sf(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-10)


@pytest.mark.parametrize("x", [0.05, 0.3, 0.8, 1.1799, 1.18, 1.5, 2.5, 5.0])
def test_kolmogorov_tails_agree_with_scipy(x):
    special = pytest.importorskip("scipy.special")
    assert kolmogorov_sf(x) == pytest.approx(special.kolmogorov(x), abs=1e-14)
    assert ks_p_value(x / 5, 50, 50) == pytest.approx(special.kolmogorov(x), abs=1e-14)


@pytest.mark.parametrize("table", [(1, 30, 5, 40), (0, 1000, 8, 900), (3, 30, 9, 900)])
def test_small_rates_use_fisher_s_exact_test(table):
    stats = pytest.importorskip("scipy.stats")
    hits, n, other, m = table
    expected = stats.fisher_exact([[hits, n - hits], [other, m - other]])[1]
    assert proportions_p_value(*table) == pytest.approx(expected, rel=1e-9)


def test_large_rates_use_pearson_s_chi_square():
    stats = pytest.importorskip("scipy.stats")
    expected = stats.chi2_contingency([[500, 500], [600, 400]], correction=False)[1]
    assert proportions_p_value(500, 1000, 600, 1000) == pytest.approx(expected)


def test_adjusted_p_values_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    p = np.random.default_rng(0).random(30) ** 2
    assert benjamini_hochberg(p.tolist()) == pytest.approx(
        stats.false_discovery_control(p).tolist()
    )


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: chi_square_sf(3.841458820694124, 1), 0.05),
        (lambda: chi_square_sf(0.0, 3), 1.0),
        (lambda: kolmogorov_sf(1.3580986393225505), 0.05),
        (lambda: proportions_p_value(0, 10, 0, 20), 1.0),
        # Fisher's tea: 3 of 4 right, p = 34/70.
        (lambda: proportions_p_value(3, 4, 1, 4), 34 / 70),
    ],
)
def test_p_values_by_hand(call, expected):
    assert call() == pytest.approx(expected)


def test_statistics_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal(900), rng.standard_normal(1100) + 0.2
    column = drift({"x": one}, {"x": two})["x"]
    assert column["ks"].value == pytest.approx(stats.ks_2samp(one, two).statistic)
    assert column.distances["wasserstein"] == pytest.approx(
        stats.wasserstein_distance(one, two)
    )
    first, second = rng.integers(0, 8, 500), rng.integers(0, 8, 700)
    column = drift({"x": first}, {"x": second})["x"]
    table = [np.bincount(k, minlength=8) for k in (first, second)]
    expected = stats.chi2_contingency(table)
    assert column["chi_square"].value == pytest.approx(expected.statistic)
    assert column["chi_square"].p == pytest.approx(expected.pvalue)


# --- verdicts ---------------------------------------------------------------------


def sample(rng, n, shift=0.0):
    return {
        "x": rng.standard_normal(n) + shift,
        "c": np.where(rng.random(n) < 0.3 + shift / 3, "a", "b"),
    }


def test_a_change_is_found_and_named():
    rng = np.random.default_rng(0)
    before, after = sample(rng, 1000), sample(rng, 1000, 0.8)
    after["flat"] = before["flat"] = rng.random(1000)
    result = drift(before, after)
    assert result.verdict == "drift"
    assert {n: c.verdict for n, c in result.columns.items()} == {
        "x": "drift",
        "c": "drift",
        "flat": "stable",
    }
    assert "ks" in result["x"].reason
    assert result["x"]["ks"].drift
    assert str(result).startswith("drift: drift (alpha = 0.01)\n  drift   'x': psi ")
    assert "<table>" in result._repr_html_()


def test_data_profiles_and_restored_profiles_give_the_same_bytes():
    rng = np.random.default_rng(1)
    before, after = sample(rng, 5000), sample(rng, 8000, 0.1)
    saved = Profile.from_json(Profile.of(before).to_json())
    results = [
        drift(before, after),
        drift(Profile.of(before), after),
        drift(saved, Profile.of(after)),
    ]
    texts = {
        json.dumps(sorted(r.to_dict()["columns"], key=lambda c: c["column"]))
        for r in results
    }
    assert len(texts) == 1


def test_the_floor_of_the_effect_is_the_user_s():
    rng = np.random.default_rng(2)
    before, after = sample(rng, 50_000), sample(rng, 50_000, 0.05)
    assert drift(before, after)["x"].verdict == "stable"
    assert drift(before, after, min_effect=0)["x"].verdict == "drift"
    assert drift(before, after, min_effect={"ks": 0.01})["x"].verdict == "drift"


def test_columns_that_cannot_be_compared_are_unknown():
    many = list(range(50))
    before = {"a": many, "kind": many, "gone": many, "rare": [f"u{k}" for k in many]}
    after = {
        "a": many,
        "kind": ["x"] * 50,
        "new": many,
        "rare": [f"v{k}" for k in many],
    }
    result = drift(before, after)
    assert {n: c.reason for n, c in result.columns.items()} == {
        "a": "no test rejects",
        "kind": "was int before and is text now",
        "gone": "not in the current data",
        "rare": "every value is rare: no cell expects 5 rows",
        "new": "not in the reference data",
    }
    assert result.verdict == "unknown"


def test_rare_numbers_are_pooled_with_their_neighbours():
    """Forty rows of thirty values: none is frequent, yet a shift is seen."""
    before = {"x": [k % 30 for k in range(200)]}
    shifted = {"x": [k % 10 + 25 for k in range(40)]}
    column = drift(before, shifted)["x"]
    assert column["chi_square"].bins >= 5
    assert column.verdict == "drift"
    same = drift(before, {"x": [k % 30 for k in range(60)]})
    assert same.verdict == "stable"


def test_segments_are_compared_and_corrected_together():
    rng = np.random.default_rng(3)
    seg = np.repeat(["a", "b", "c"], 400)
    before = {"seg": seg, "x": rng.standard_normal(1200)}
    after = {"seg": seg, "x": rng.standard_normal(1200) + 2 * (seg == "b")}
    result = drift(before, after, by="seg")
    assert {n: s.verdict for n, s in result.segments.items()} == {
        "a": "stable",
        "b": "drift",
        "c": "stable",
    }
    assert result.verdict == "drift"
    assert result.segments["b"]["x"]["ks"].n == 400
    single = drift({"x": before["x"][:400]}, {"x": after["x"][:400]})["x"]["ks"]
    part = result.segments["a"]["x"]["ks"]
    assert part.p == pytest.approx(single.p)
    assert part.p_adjusted >= part.p
    assert json.loads(result.to_json())["segments"][1]["segment"] == "b"
    with pytest.raises(TypeError, match="by"):
        drift(Profile.of(before), after, by="seg")
    with pytest.raises(ValueError, match="no column 'nope'"):
        drift(before, after, by="nope")


def test_times_are_compared_in_seconds():
    start = dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)
    before = [start + dt.timedelta(seconds=k) for k in range(200)]
    column = drift({"t": before}, {"t": [t + dt.timedelta(hours=1) for t in before]})[
        "t"
    ]
    assert column.verdict == "drift"
    assert column.distances["wasserstein"] == pytest.approx(3600)
    assert column.wasserstein_unit == "seconds"


def test_huge_cardinality_is_compared_by_hash():
    rng = np.random.default_rng(4)

    def users(power):
        return [f"user-{int(k)}" for k in rng.random(30_000) ** power * 40_000]

    same = drift({"u": users(2)}, {"u": users(2)})["u"]
    assert same.verdict == "stable"
    assert "compared by hash" in same.note
    assert drift({"u": users(2)}, {"u": users(9)})["u"].verdict == "drift"


@pytest.mark.parametrize(
    "options",
    [{"alpha": 0}, {"alpha": 2}, {"alpha": "x"}, {"min_effect": -1},
     {"min_effect": {"nope": 1}}, {"min_effect": "x"}],
)  # fmt: skip
def test_bad_options_are_refused_with_their_name(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        drift({"x": [1]}, {"x": [1]}, **options)


@pytest.mark.parametrize("by", [["x"], np.array(["x"]), {"x": 1}])
def test_rows_are_split_by_the_name_of_a_column(by):
    """The metrics take the column itself as `by`."""
    with pytest.raises(TypeError, match="by: expected the name of one column, got"):
        drift({"x": [1]}, {"x": [1]}, by=by)


def test_a_result_is_no_truth_value():
    with pytest.raises(TypeError, match=r"\.verdict"):
        bool(drift({}, {}))


# --- plots ------------------------------------------------------------------------


def test_plots_return_axes_and_leave_pyplot_alone():
    pytest.importorskip("matplotlib")
    from ml_infra.preprocessing import plot_column, plot_drift

    rng = np.random.default_rng(5)
    before, after = sample(rng, 300), sample(rng, 300, 1)
    before["$x$\n"] = after["$x$\n"] = np.arange(300)
    loaded = set(sys.modules)
    ax = plot_column(before, Profile.of(after), "x")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "reference",
        "current",
    ]
    assert plot_column(before, after, "c", ax=ax) is ax
    bars = plot_drift(drift(before, after))
    assert [label.get_text() for label in bars.get_yticklabels()][:2] == ["x", "c"]
    bars.figure.canvas.draw()
    assert "matplotlib.pyplot" not in set(sys.modules) - loaded
    with pytest.raises(KeyError, match="no column"):
        plot_column(before, after, "nope")
    with pytest.raises(ValueError, match="no values"):
        plot_column({"e": []}, {"e": [1]}, "e")


# --- programs ---------------------------------------------------------------------


@pytest.mark.parametrize("program", ["validation.py", "validation_drift_rates.py"])
def test_the_benchmarks_run(program):
    path = Path(__file__).parents[1] / "benchmarks" / program
    if not path.exists():
        pytest.skip("the benchmarks are not part of this installation")
    code = (
        "import runpy, sys, importlib.metadata as m;"
        "sys.argv = [sys.argv[1], '--quick'];"
        # The peers take seconds to import, and are no part of this test.
        "real = m.version;"
        "m.version = lambda n: real(n) if n == 'numpy' else 1 / 0;"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    code = code.replace("1 / 0", "(_ for _ in ()).throw(m.PackageNotFoundError(n))")
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "|---|" in done.stdout
