"""
Time validation, profiles and drift beside the peers that are installed.

    python benchmarks/validation.py                 # the published table
    python benchmarks/validation.py --quick         # tiny, to see that it runs
    python benchmarks/validation.py --with evidently=/path/to/venv/bin/python

Ours and the peers of one row take turns within one run, and the least time of each
counts. A peer that does not install beside the others runs in its own environment,
given by --with; this very program then runs there as a worker.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import time
from operator import attrgetter

import numpy as np

COLUMNS = 10
NAMES = [f"c{k}" for k in range(COLUMNS)]


def numbers(rows, seed=0, bad=0.0, limits=(0, 1)):
    """Return columns of floats within the limits, a share of them set beyond."""
    low, high = limits
    rng = np.random.default_rng(seed)
    table = {name: low + (high - low) * rng.random(rows) for name in NAMES}
    for values in table.values():
        values[rng.random(rows) < bad] = high + 1.0
    return table


def least_times(calls, repeats, *, in_turn=1):
    """Return the least seconds of each call, the calls taking turns of so many."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(repeats):
        for name, call in calls.items():
            for _ in range(in_turn):
                start = time.perf_counter()
                call()
                best[name] = min(best[name], time.perf_counter() - start)
    return best


# --- ours and the peers that share an environment -----------------------------------


def installed(name):
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def our_schema(low=0, high=1):
    from ml_infra.preprocessing import Column, Schema

    column = Column("float", min=low, max=high, nullable=False)
    return Schema(dict.fromkeys(NAMES, column))


def pandera_call(library, frame, limits):
    """Return a call that judges every rule and keeps the failing rows."""
    if library == "pandas":
        import pandera.pandas as pa
    else:
        import pandera.polars as pa
    check = pa.Check.in_range(*limits)
    column = pa.Column(float, check, nullable=False)
    schema = pa.DataFrameSchema(dict.fromkeys(NAMES, column))

    def call():
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            return len(error.failure_cases)
        return 0

    return call


def dataframely_calls(frame, limits):
    import dataframely as dy

    low, high = limits
    columns = {name: dy.Float64(nullable=False, min=low, max=high) for name in NAMES}
    schema = type("Frame", (dy.Schema,), columns)
    return lambda: schema.validate(frame), lambda: schema.filter(frame)


def validation_calls(data, limits, *, bad):
    """Return {container: {tool: call}} for one table."""
    schema = our_schema(*limits)
    read = attrgetter("failures" if bad else "ok")
    groups = {"NumPy": {"ours": lambda: read(schema.validate(data))}}
    if installed("pandas"):
        import pandas as pd

        frame = pd.DataFrame(data)
        groups["pandas"] = {"ours": lambda: read(schema.validate(frame))}
        if installed("pandera"):
            groups["pandas"]["pandera"] = pandera_call("pandas", frame, limits)
    if installed("polars"):
        import polars as pl

        polars_frame = pl.DataFrame(data)
        groups["polars"] = {"ours": lambda: read(schema.validate(polars_frame))}
        if installed("pandera"):
            groups["polars"]["pandera"] = pandera_call("polars", polars_frame, limits)
        if installed("dataframely"):
            validate, keep = dataframely_calls(polars_frame, limits)
            groups["polars"]["dataframely"] = keep if bad else validate
    return groups


def profile_calls(data):
    from ml_infra.preprocessing import Profile

    calls = {"ours": lambda: Profile.of(data).summary()}
    if installed("pandas"):
        import pandas as pd

        calls["pandas.describe"] = pd.DataFrame(data).describe
    if installed("polars"):
        import polars as pl

        calls["polars.describe"] = pl.DataFrame(data).describe
    return calls


# --- peers in an environment of their own -------------------------------------------


def work(task, rows):
    """Run one peer's task here and print its seconds; called by --worker."""
    import pandas as pd

    if task == "evidently":
        from evidently import Report
        from evidently.presets import DataDriftPreset

        before, after = (pd.DataFrame(numbers(rows, seed)) for seed in (1, 2))

        def call():
            Report([DataDriftPreset()]).run(after, before)

    else:
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral")
        asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
        batch = asset.add_batch_definition_whole_dataframe("b").get_batch(
            batch_parameters={"dataframe": pd.DataFrame(numbers(rows))}
        )
        rules = gx.expectations
        suite = gx.ExpectationSuite(name="s")
        for name in NAMES:
            suite.add_expectation(rules.ExpectColumnValuesToNotBeNull(column=name))
            suite.add_expectation(
                rules.ExpectColumnValuesToBeBetween(
                    column=name, min_value=0, max_value=1
                )
            )

        def call():
            assert batch.validate(suite).success

    print(json.dumps(least_times({task: call}, 2)[task]))


def elsewhere(peer, python, rows):
    """Return the seconds of a peer in its own environment."""
    command = [python, __file__, "--worker", peer, "--rows", str(rows)]
    done = subprocess.run(  # noqa: S603 -- this very program
        command, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"{peer}: did not run: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return float(done.stdout.strip().splitlines()[-1])


# --- the table ----------------------------------------------------------------------


UNITS = {"ms": 1e3, "µs": 1e6, "ns/value": None}


def row(work_, container, ours, peer, *, demanded, unit="ms", scale=None):
    """Print one line; `peer` is a name and seconds, or a name and None."""
    name, theirs = peer
    scale = scale or UNITS[unit]
    ratio = f"{theirs / ours:.1f}" if theirs else ""
    shown = f"{theirs * scale:.1f}" if theirs else ""
    print(
        f"| {work_} | {container} | {ours * scale:.2f} {unit} | {name} {shown} "
        f"| {ratio} | {demanded} |"
    )


def validation_rows(
    title, rows, repeats, demanded, *, bad=0.0, limits=(0, 1), in_turn=1
):
    data = numbers(rows, bad=bad, limits=limits)
    for container, calls in validation_calls(data, limits, bad=bad).items():
        times = least_times(calls, repeats, in_turn=in_turn)
        ours = times.pop("ours")
        unit = "µs" if rows < 1000 else "ms"
        for peer, theirs in (times or {"–": None}).items():
            wanted = demanded.get(f"{peer} {container}", demanded.get("ours", ""))
            row(title, container, ours, (peer, theirs), demanded=wanted, unit=unit)


def import_ms(module, python=sys.executable, repeats=7):
    """Return what an import costs beyond the bare interpreter, in ms."""

    def once(code):
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603 -- an import
            [python, "-c", code], check=False, capture_output=True
        )
        return float("nan") if done.returncode else time.perf_counter() - start

    pairs = [(once("pass"), once(f"import {module}")) for _ in range(repeats)]
    bare, loaded = (min(times) for times in zip(*pairs, strict=True))
    return (loaded - bare) * 1e3


def stream(rows):
    """Validate and profile a stream; return seconds and the growth of memory in MiB."""
    from ml_infra.preprocessing import Profile

    chunk = 100_000
    table = numbers(chunk)
    small = {name: table[name] for name in NAMES[:2]}
    schema = our_schema()
    validator, profile = (
        type(schema)({name: schema.columns[name] for name in small}).validator(),
        Profile(),
    )
    validator.update(small)
    profile.update(small)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for _ in range(rows // chunk):
        for values in small.values():
            rng.random(out=values)
        validator.update(small)
        profile.update(small)
    seconds = time.perf_counter() - start
    assert validator.report().ok
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return seconds, grown / 1024


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    parser.add_argument("--with", dest="peers", action="append", default=[])
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        work(options.worker, options.rows)
        return
    rows = 2_000 if options.quick else 1_000_000
    repeats = 1 if options.quick else 7
    elsewhere_at = dict(one.split("=", 1) for one in options.peers)

    libraries = ("numpy", "pandas", "polars", "pandera", "dataframely")
    versions = [
        f"{n} {importlib.metadata.version(n)}" for n in libraries if installed(n)
    ]
    missing = ", ".join(one for one in libraries if not installed(one)) or "none"
    python = f"Python {platform.python_version()}"
    print(f"{python}, {', '.join(versions)}, {os.cpu_count()} CPUs; missing: {missing}")
    print()
    print("| work | on | ours | peer, same unit | times faster | target |")
    print("|---|---|---|---|---|---|")
    good = {"pandera pandas": "15", "pandera polars": "2", "dataframely polars": "2"}
    title = f"{rows:,} × {COLUMNS} floats, range + not null, good, 0 to 1"
    validation_rows(title, rows, repeats, good)
    for limits in ((0, 1_000_000), (18, 120), (-10, 10)):
        named = "the same, {:,} to {:,}".format(*limits)
        validation_rows(named, rows, repeats, good, limits=limits)
    gx = elsewhere_at.get("great_expectations")
    if gx:
        schema, data = our_schema(), numbers(rows)
        ours = least_times({"ours": lambda: schema.validate(data).ok}, repeats)["ours"]
        theirs = elsewhere("great_expectations", gx, rows)
        row(title, "NumPy / pandas", ours, ("great_expectations", theirs), demanded="")
    eight = {"pandera pandas": "8", "pandera polars": "8"}
    validation_rows(
        "the same, 0 to 1, 1 % bad, rows listed", rows, repeats, eight, bad=0.01
    )
    few = 5 if options.quick else 100
    small = {"ours": "≤ 150 µs"}
    validation_rows("100 × 10, good, in a loop", 100, few, small, in_turn=10)
    validation_rows("100 × 10, good, one call between others'", 100, few, {})

    times = least_times(profile_calls(numbers(rows)), repeats)
    ours, scale = times.pop("ours"), 1e9 / (rows * COLUMNS)
    for peer in (times or {"–": None}).items():
        wanted = "≤ 100 ns/value; 1"
        row(
            "full profile", "columns of floats", ours, peer,
            demanded=wanted, unit="ns/value", scale=scale,
        )  # fmt: skip

    from ml_infra.preprocessing import drift

    half = rows // 2
    before, after = numbers(half, 1), numbers(half, 2)
    ours = least_times({"ours": lambda: drift(before, after).verdict}, repeats)["ours"]
    python = elsewhere_at.get("evidently")
    theirs = elsewhere("evidently", python, half) if python else None
    work_ = f"drift of 2 × {half:,} × {COLUMNS}"
    row(work_, "columns / pandas", ours, ("evidently", theirs), demanded="20")

    seconds, grown = stream(200_000 if options.quick else 100_000_000)
    size = "2·10⁵" if options.quick else "10⁸"
    print(f"| stream of {size} rows × 2, validated and profiled | chunks of 10⁵ "
          f"| {seconds:.1f} s, + {grown:.1f} MiB | | | < 64 MiB |")  # fmt: skip
    ours = import_ms("ml_infra.preprocessing", repeats=3 if options.quick else 15)
    peers = [("pandera.pandas", sys.executable)] if installed("pandera") else []
    peers += list(elsewhere_at.items())
    few = 1 if options.quick else 3
    listed = ", ".join(f"{m} {import_ms(m, p, few):.0f}" for m, p in peers)
    print(f"| import, beyond the interpreter | | {ours:.1f} ms | {listed} | | < 5 ms |")


if __name__ == "__main__":
    main()
