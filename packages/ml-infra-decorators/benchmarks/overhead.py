"""
Measure what the decorators cost when nothing fails, beside the libraries people use.

The function does nothing. All rows of a table are called in turn, together with the
bare function, in one process; shown is the best round of each less that of the bare
one, since every disturbance only adds.

    python benchmarks/overhead.py [--quick]
"""

import argparse
import asyncio
import contextlib
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time

from ml_infra.decorators import retry, timer, timings


def work(x):
    return x


async def work_async(x):
    return x


def retried(function):
    """Return the retried function per library, ours first."""
    rows = {
        "ml_infra @retry": retry(function),
        "ml_infra @retry(deadline=60)": retry(function, deadline=60),
    }
    if installed("tenacity"):
        import tenacity

        rows["tenacity"] = tenacity.retry(stop=tenacity.stop_after_attempt(3))(function)
    if installed("stamina"):
        import stamina

        rows["stamina"] = stamina.retry(on=OSError, attempts=3)(function)
    if installed("backoff"):
        import backoff

        waits = {"interval": 0, "jitter": None}
        decorate = backoff.on_exception(backoff.constant, OSError, max_tries=3, **waits)
        rows["backoff"] = decorate(function)
    return rows


def timed():
    """Return the timed function per library, ours first."""
    rows = {"ml_infra @timer, recording": timer(sink=None, name="on")(work)}
    if installed("codetiming"):
        import codetiming

        # Keeps every duration in a list, for ever, and has no percentiles.
        rows["codetiming"] = codetiming.Timer("on", logger=None)(work)
    return rows


def nested_calls():
    """Return per library how many calls 3 attempts around 3 make when all fail."""
    if installed("stamina"):
        import stamina

        stamina.set_testing(True, attempts=3)  # no waits
        stamina.instrumentation.set_on_retry_hooks([])
    calls = 0

    def fail():
        nonlocal calls
        calls += 1
        raise OSError

    made = {}
    for name, once in retried(fail).items():
        calls = 0
        with contextlib.suppress(Exception), retry.testing():
            retried(once)[name]()
        made[name] = calls
    return made


def installed(module):
    return importlib.util.find_spec(module) is not None


def nanoseconds(function, calls):
    """Return the time of one call."""
    repeat = range(calls)
    start = time.perf_counter_ns()
    for _ in repeat:
        function(1)
    return (time.perf_counter_ns() - start) / calls


def nanoseconds_async(function, calls):
    """Return the time of one awaited call."""

    async def main():
        repeat = range(calls)
        start = time.perf_counter_ns()
        for _ in repeat:
            await function(1)
        return (time.perf_counter_ns() - start) / calls

    return asyncio.run(main())


def overheads(rows, bare, measure, size):
    """Return the cost per row over the bare function, in nanoseconds."""
    calls, rounds = size
    everything = {"": bare, **rows}
    best = dict.fromkeys(everything, float("inf"))
    for _ in range(rounds):
        for name, function in everything.items():
            best[name] = min(best[name], measure(function, calls))
    return {name: best[name] - best[""] for name in rows}


def import_times(modules, rounds):
    """Return the best seconds to import each in a fresh process, modules compiled."""
    environment = {k: v for k, v in os.environ.items() if "BYTECODE" not in k}
    best = {}
    with tempfile.TemporaryDirectory() as cache:
        for module in modules:
            program = (
                "import time; start = time.perf_counter(); "
                f"import {module}; print(time.perf_counter() - start)"
            )
            command = [sys.executable, "-X", f"pycache_prefix={cache}", "-c", program]
            best[module] = min(
                float(subprocess.check_output(command, text=True, env=environment))  # noqa: S603 - our own
                for _ in range(rounds + 1)  # the first one compiles
            )
    return best


def show(title, costs, demands):
    """Print a table; `demands` maps a row to what it must reach."""
    ours = next(iter(costs.values()))
    print(f"\n| {title:30} |  overhead | over ours | must reach |")
    print(f"|{'-' * 32}|----------:|----------:|-----------:|")
    for name, cost in costs.items():
        ratio = "" if cost == ours else f"{cost / ours:.1f} x"
        print(
            f"| {name:30} | {cost / 1000:6.3f} µs | {ratio:>9} "
            f"| {demands.get(name, ''):>10} |"
        )


def main():
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="tiny sizes, no meaning")
    quick = parser.parse_args().quick
    size = (100, 2) if quick else (1_000, 500)

    print(f"Python {platform.python_version()}, {platform.machine()}, ", end="")
    print(f"{os.cpu_count()} cores; best of {size[1]} rounds of {size[0]} calls")
    peers = ("tenacity", "stamina", "backoff", "codetiming")
    for peer in peers:
        if not installed(peer):
            print(f"{peer} is not installed and left out")

    demands = {
        "ml_infra @retry": "≤ 0.12 µs",
        "tenacity": "≥ 50 x",
        "stamina": "≥ 50 x",
        "backoff": "≥ 8 x",
    }
    show("@retry", overheads(retried(work), work, nanoseconds, size), demands)
    costs = overheads(retried(work_async), work_async, nanoseconds_async, size)
    show("@retry, async", costs, {"tenacity": "≥ 10 x"})
    demands = {"ml_infra @timer, recording": "≤ 0.6 µs"}
    show("@timer", overheads(timed(), work, nanoseconds, size), demands)
    off = {"ml_infra @timer, off": timer(sink=None, name="off")(work)}
    timings.enabled = False
    costs = overheads(off, work, nanoseconds, size)
    timings.enabled = True
    show("@timer, switched off", costs, {"ml_infra @timer, off": "≤ 0.1 µs"})

    print(f"\n| {'3 attempts around 3, all fail':30} | calls |")
    print(f"|{'-' * 32}|------:|")
    for name, calls in nested_calls().items():
        print(f"| {name:30} | {calls:5} |")

    modules = ["ml_infra.decorators", *(peer for peer in peers if installed(peer))]
    print(f"\n| {'import':30} | {'time':>9} | over ours | must reach |")
    print(f"|{'-' * 32}|----------:|----------:|-----------:|")
    times = import_times(modules, 1 if quick else 10)
    ours = times["ml_infra.decorators"]
    for module, seconds in times.items():
        ratio, demand = f"{seconds / ours:.1f} x", ""
        if module == "ml_infra.decorators":
            ratio, demand = "", "≤ 5 ms"
        print(f"| {module:30} | {seconds * 1000:6.1f} ms | {ratio:>9} | {demand:>10} |")


if __name__ == "__main__":
    main()
