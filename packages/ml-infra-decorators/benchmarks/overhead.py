"""
Measure what the decorators cost when nothing fails, beside the libraries people use.

Each row is a decorated function that does nothing, called in turn with the bare one in
the same process; the figure is the median over the rounds of the difference per call.

    python benchmarks/overhead.py [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time

from ml_infra.decorators import retry, timer, timings


def work(x):
    return x


async def work_async(x):
    return x


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        print(f"{name}: not installed, skipped")
        return None


def retry_peers(function):
    """Return the retried function per library, ours first."""
    rows = {"ml_infra @retry": retry(function)}
    if version("tenacity"):
        import tenacity

        rows["tenacity"] = tenacity.retry(stop=tenacity.stop_after_attempt(3))(function)
    if version("stamina"):
        import stamina

        rows["stamina"] = stamina.retry(on=OSError, attempts=3)(function)
    if version("backoff"):
        import backoff

        decorate = backoff.on_exception(backoff.expo, OSError, max_tries=3)
        rows["backoff"] = decorate(function)
    return rows


def timer_peers():
    """Return the timed function per library, ours first."""
    off = timer(sink=None, name="off")(work)

    def switched_off(x):
        return off(x)

    rows = {"ml_infra @timer recording": timer(sink=None, name="on")(work)}
    if version("codetiming"):
        import codetiming

        # Its list of all durations grows for ever; that is part of what it does.
        rows["codetiming (no percentiles)"] = codetiming.Timer("on", logger=None)(work)
    return rows, off


def per_call(function, calls):
    """Return nanoseconds per call."""
    repeat = range(calls)
    start = time.perf_counter_ns()
    for _ in repeat:
        function(1)
    return (time.perf_counter_ns() - start) / calls


async def per_call_async(function, calls):
    repeat = range(calls)
    start = time.perf_counter_ns()
    for _ in repeat:
        await function(1)
    return (time.perf_counter_ns() - start) / calls


def overheads(rows, bare, measure, calls, rounds):
    """Return the median cost over the bare function per row, all rows interleaved."""
    costs = {name: [] for name in rows}
    for _ in range(rounds):
        for name, function in rows.items():
            base = measure(bare, calls)
            costs[name].append(measure(function, calls) - base)
    return {name: statistics.median(values) for name, values in costs.items()}


def import_seconds(modules, rounds):
    """Return the best time to import each in a fresh process with compiled modules."""
    environment = {k: v for k, v in os.environ.items() if "BYTECODE" not in k}
    best = {}
    for name, module in modules.items():
        program = (
            "import time; s = time.perf_counter(); "
            f"import {module}; print(time.perf_counter() - s)"
        )
        times = []
        for _ in range(rounds + 1):  # the first one compiles
            command = [sys.executable, "-X", f"pycache_prefix={CACHE}", "-c", program]
            result = subprocess.run(
                command, check=True, capture_output=True, text=True, env=environment
            )
            times.append(float(result.stdout))
        best[name] = min(times)
    return best


CACHE = ""


def print_rows(title, costs, demands):
    """Print a table; `demands` maps a row to the ratio or figure it must reach."""
    ours = next(iter(costs.values()))
    print(f"\n{title}")
    print(f"| {'':32} | overhead | ours is better by | must reach |")
    print(f"|{'-' * 34}|---------:|------------------:|-----------:|")
    for name, cost in costs.items():
        ratio = "" if cost == ours else f"{cost / ours:.1f} x"
        demand = demands.get(name, "")
        print(f"| {name:32} | {cost / 1000:5.3f} µs | {ratio:>17} | {demand:>10} |")


def main():
    """Run everything and print the tables."""
    global CACHE
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, no meaning")
    quick = parser.parse_args().quick
    calls, rounds = (100, 3) if quick else (20_000, 25)

    import tempfile

    print(
        f"Python {platform.python_version()}, {platform.processor() or 'cpu'}, ", end=""
    )
    print(f"{os.cpu_count()} cores; median of {rounds} rounds of {calls} calls")

    def run_async(function, calls):
        return asyncio.run(per_call_async(function, calls))

    demands = {
        "ml_infra @retry": "0.12 µs",
        "tenacity": "50 x",
        "stamina": "50 x",
        "backoff": "8 x",
    }
    costs = overheads(retry_peers(work), work, per_call, calls, rounds)
    print_rows("Success path of @retry", costs, demands)
    rows = retry_peers(work_async)
    costs = overheads(rows, work_async, run_async, calls, rounds)
    print_rows("Success path of @retry, async", costs, {"tenacity": "10 x"})
    rows, off = timer_peers()
    costs = overheads(rows, work, per_call, calls, rounds)
    print_rows("@timer", costs, {"ml_infra @timer recording": "0.6 µs"})
    timings.enabled = False
    costs = overheads({"ml_infra @timer off": off}, work, per_call, calls, rounds)
    timings.enabled = True
    print_rows("@timer switched off", costs, {"ml_infra @timer off": "0.1 µs"})

    names = ("ml_infra.decorators", "tenacity", "stamina", "backoff", "codetiming")
    modules = {
        name: name
        for name in names
        if name == "ml_infra.decorators" or version(name) is not None
    }
    with (
        tempfile.TemporaryDirectory() as CACHE
    ):  # compiled modules, as an installer leaves
        seconds = import_seconds(modules, 1 if quick else 10)
    print("\nImport in a fresh process (best)")
    print(f"| {'':32} |      time | must reach |")
    print(f"|{'-' * 34}|----------:|-----------:|")
    for name, value in seconds.items():
        demand = "5 ms" if name == "ml_infra.decorators" else ""
        print(f"| {name:32} | {value * 1000:6.1f} ms | {demand:>10} |")


if __name__ == "__main__":
    main()
