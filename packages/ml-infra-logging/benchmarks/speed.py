"""
Speed: records that reached a file, calls below the level, import, and reading back.

The systems take turns within one run, so that whatever else the machine does hits all
of them; what counts are the ratios. Times are processor time, of all threads. After
every turn the lines in the file are counted.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peers import Peer, installed, ours

if TYPE_CHECKING:
    from collections.abc import Callable

# The peer each figure is held against, and how many times faster ours has to be.
DEMANDS = {
    ("ours, orjson", "structlog, orjson"): 2.0,
    ("ours, orjson", "python-json-logger"): 4.0,
    ("ours, orjson", "loguru"): 8.0,
    ("ours, no extra", "structlog, orjson"): 1.0,
}
_EVENT = b"step done"


def _as_fields(log: Any, count: int) -> None:
    info = log.info
    for step in range(count):
        info("step done", step=step, loss=step * 0.125, lr=1e-3, split="train")


def _as_extra(log: Any, count: int) -> None:
    info = log.info
    for step in range(count):
        info(
            "step done",
            extra={"step": step, "loss": step * 0.125, "lr": 1e-3, "split": "train"},
        )


def one_turn(peer: Peer, folder: str, count: int) -> float:
    """Return the seconds per record of one system, having counted its lines."""
    path = Path(folder, f"{peer.name}.jsonl")
    path.unlink(missing_ok=True)
    log = peer.open(str(path))
    work = _as_extra if peer.style == "extra" else _as_fields
    work(log, 200)  # caches fill before the clock starts
    started = time.process_time()
    work(log, count)
    spent = time.process_time() - started
    lines = sum(_EVENT in line for line in path.read_bytes().splitlines())
    if lines != count + 200:
        raise AssertionError(f"{peer.name}: {lines} lines of {count + 200}")
    return spent / count


def floor(folder: str, count: int) -> float:
    """Return the seconds per record of orjson and os.write and nothing else."""
    import orjson

    file = os.open(Path(folder, "floor.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    started = time.process_time()
    for step in range(count):
        record = {
            "ts": "2026-11-23T16:00:00.123456Z",
            "level": "info",
            "event": "step done",
            "step": step,
            "loss": step * 0.125,
            "lr": 1e-3,
            "split": "train",
        }
        os.write(file, orjson.dumps(record) + b"\n")
    spent = time.process_time() - started
    os.close(file)
    return spent / count


def records_table(count: int, turns: int) -> str:
    """Time records of four fields; return Markdown."""
    peers = installed()
    times: dict[str, list[float]] = {peer.name: [] for peer in peers}
    floors = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(turns):
            for peer in peers:
                times[peer.name].append(one_turn(peer, folder, count))
            if importlib.util.find_spec("orjson"):
                floors.append(floor(folder, count))
    best = {name: min(values) for name, values in times.items()}
    lines = ["| system | µs per record, best | median | against ours | target |"]
    lines += ["|---|---|---|---|---|"]
    for name, seconds in best.items():
        ratios, demands = [], []
        for (mine, peer), demand in DEMANDS.items():
            if peer == name and mine in best:
                ratios.append(f"{seconds / best[mine]:.1f}× {mine}")
                demands.append(f"≥ {demand:g}×" if demand > 1 else "> 1×")
        middle = statistics.median(times[name])
        cells = [name, f"{seconds * 1e6:.2f}", f"{middle * 1e6:.2f}"]
        lines.append(_row(*cells, "; ".join(ratios), "; ".join(demands)))
    if floors:
        cells = ["bare orjson + os.write", f"{min(floors) * 1e6:.2f}"]
        lines.append(_row(*cells, f"{statistics.median(floors) * 1e6:.2f}", "", ""))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _debug(log: Any, count: int) -> None:
    debug = log.debug
    for step in range(count):
        debug("detail", step=step, loss=0.5)


def _debug_extra(log: Any, count: int) -> None:
    debug = log.debug
    for step in range(count):
        debug("detail", extra={"step": step, "loss": 0.5})


def _empty(log: Any, count: int) -> None:  # noqa: ARG001 - same shape as the others
    for _ in range(count):
        pass


def filtered_table(count: int, turns: int) -> str:
    """Time calls below the level; return Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "debug.jsonl"))
        subjects: dict[str, tuple[Any, Callable[[Any, int], None]]] = {}
        for peer in installed():
            if peer.name in ("ours, no extra", "structlog, json") or (
                peer.name.endswith(", orjson") and peer.style == "extra"
            ):
                continue  # same loggers as another configuration
            work = _debug_extra if peer.style == "extra" else _debug
            subjects[peer.name.removesuffix(", orjson")] = (peer.open(path), work)
        if importlib.util.find_spec("structlog"):
            import structlog

            subjects["structlog, module-level"] = (structlog.get_logger(), _debug)
        stdlib = logging.getLogger("compare.stdlib")
        stdlib.setLevel(logging.INFO)
        subjects["logging"] = (stdlib, _debug_extra)
        times: dict[str, list[float]] = {name: [] for name in subjects}
        loops = []
        for _ in range(turns):
            for name, (log, work) in subjects.items():
                times[name].append(_timed(work, log, count))
            loops.append(_timed(_empty, None, count))
    lines = ["| system | µs per call below the level | target |", "|---|---|---|"]
    for name, values in times.items():
        demand = "≤ 0.12" if name == "ours" else ""
        lines.append(_row(name, f"{(min(values) - min(loops)) * 1e6:.3f}", demand))
    return "\n".join(lines)


def _timed(work: Callable[[Any, int], None], log: Any, count: int) -> float:
    started = time.process_time()
    work(log, count)
    return (time.process_time() - started) / count


_IMPORTS = {
    "ours": "from ml_infra.logging import configure, get_logger",
    "structlog": "import structlog",
    "loguru": "import loguru",
    "python-json-logger": "import pythonjsonlogger.json",
    "logbook": "import logbook",
    "logging": "import logging",
}
_HEAVY = ("asyncio", "multiprocessing", "numpy")


def import_table(turns: int) -> str:
    """Time the import in fresh processes; return Markdown."""
    lines = ["| system | ms | modules | of these heavy | target |"]
    lines += ["|---|---|---|---|---|"]
    for name, statement in _IMPORTS.items():
        program = (
            "import sys, time\nbefore = set(sys.modules)\nstart = time.process_time()\n"
            f"try:\n    {statement}\nexcept ImportError:\n    raise SystemExit(3)\n"
            "spent = time.process_time() - start\nnew = set(sys.modules) - before\n"
            f"print(spent, len(new), *[name for name in {_HEAVY!r} if name in new])\n"
        )
        found = []
        for _ in range(turns):
            done = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-c", program],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0:
                found.append(done.stdout.split())
        if not found:
            continue
        best = min(found, key=lambda parts: float(parts[0]))
        demand = "< 10 ms, none of these" if name == "ours" else ""
        heavy = ", ".join(best[2:]) or "none"
        lines.append(_row(name, f"{float(best[0]) * 1e3:.1f}", best[1], heavy, demand))
    return "\n".join(lines)


_READERS = {
    "ours, to pandas": "read_log(path).to_pandas()",
    "ours, to polars": "read_log(path).to_polars()",
    "ours, no extra, to pandas": "read_log(path).to_pandas()",
    "pandas.read_json": "pandas.read_json(path, lines=True)",
    "polars.read_ndjson": "polars.read_ndjson(path)",
}


def reading_table(count: int, turns: int) -> str:
    """Time a log of `count` records becoming a data frame; return Markdown."""
    lines = [
        f"| reader | s of processor time for {count:,} records, best | target |",
        "|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.jsonl")
        log = ours(str(path))
        chance = random.Random(1)
        for step in range(count):
            log.metric(step=step, loss=chance.random(), lr=1e-3, split="train")
        for name, expression in _READERS.items():
            library = "polars" if "polars" in name else "pandas"
            if not importlib.util.find_spec(library):
                print(f"left out: {name} ({library} not installed)")
                continue
            program = (
                "import sys, time\n"
                + ("sys.modules['orjson'] = None\n" if "no extra" in name else "")
                + f"import {library}\nfrom ml_infra.logging import read_log\n"
                + f"path = {str(path)!r}\nstart = time.process_time()\n"
                + f"frame = {expression}\nprint(time.process_time() - start)\n"
                + f"assert len(frame) >= {count}, len(frame)\n"
            )
            spent = [
                float(
                    subprocess.run(  # noqa: S603 - the same
                        [sys.executable, "-c", program],
                        capture_output=True,
                        text=True,
                        check=True,
                    ).stdout
                )
                for _ in range(turns)
            ]
            demand = "< 5 s for 10⁶" if name.startswith("ours") else ""
            lines.append(_row(name, f"{min(spent):.2f}", demand))
    return "\n".join(lines)


def machine() -> str:
    """Return what the figures were taken on."""
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpu.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    return (
        f"Python {platform.python_version()}, {platform.system()}, {model}, "
        f"{os.cpu_count()} cores"
    )


def tables(quick: bool = False) -> dict[str, str]:
    """Return the tables by title, as Markdown."""
    count, turns, rows = (300, 1, 2000) if quick else (10_000, 7, 1_000_000)
    return {
        "Records of four fields that reached the file": records_table(count, turns),
        "Calls below the level": filtered_table(count * 10, turns),
        "Import": import_table(1 if quick else 7),
        "Reading back": reading_table(rows, 1 if quick else 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to see it run"
    )
    for title, table in tables(parser.parse_args().quick).items():
        print(f"\n## {title}\n\n{table}")


if __name__ == "__main__":
    main()
