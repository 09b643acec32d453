"""
Signals, finalisers, forks, full disks, gone readers and kills: what each system does.

Every cell is a process of its own with a time limit; a process that does not come back
is a deadlock. Nothing is simulated: signals arrive by timer, finalisers run by the
garbage collector, the full device is /dev/full.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peers import BY_NAME, Peer, caller, installed

_PATIENCE_S = 20.0
_SECONDS = float(os.environ.get("PROVOCATION_SECONDS", "1.5"))
_FORKS = int(os.environ.get("PROVOCATION_FORKS", "100"))
_CHILD_PATIENCE_S = 3.0
_LINES = int(os.environ.get("PROVOCATION_LINES", "100"))


def _tell(**result: Any) -> None:
    os.write(1, json.dumps(result).encode() + b"\n")


def signals(name: str, path: str) -> None:
    """A timer signal whose handler logs, 2000 times a second, during a tight loop."""
    log = caller(BY_NAME[name], path)
    calls = {"main": 0, "handler": 0}

    def handle(*_: object) -> None:
        calls["handler"] += 1
        log("in handler", n=calls["handler"])

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        calls["main"] += 1
        log("in loop", n=calls["main"])
    signal.setitimer(signal.ITIMER_REAL, 0)
    _tell(called=sum(calls.values()))


class _Cycle:
    """Garbage that logs when it is collected."""

    log: Callable[..., None]
    count = 0

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        _Cycle.count += 1
        _Cycle.log("in finaliser", n=_Cycle.count)


def finalisers(name: str, path: str) -> None:
    """Cyclic garbage with a `__del__` that logs; collections at every few objects."""
    _Cycle.log = log = caller(BY_NAME[name], path)
    gc.set_threshold(3, 1, 1)
    main = 0
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        _Cycle()
        main += 1
        log("in loop", n=main, payload=[{"a": [n]} for n in range(5)])
    gc.disable()
    _tell(called=main + _Cycle.count)


def forks(name: str, path: str) -> None:
    """Fork again and again while a thread writes; each child logs one line."""
    log = caller(BY_NAME[name], path)
    stop = threading.Event()
    calls = {"thread": 0}

    def write() -> None:
        while not stop.is_set():
            calls["thread"] += 1
            log("in thread", n=calls["thread"], text="x" * 200)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    hung = 0
    for number in range(_FORKS):
        child = os.fork()
        if child == 0:
            log("in child", n=number)
            os._exit(0)
        end = time.monotonic() + _CHILD_PATIENCE_S
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                hung += 1
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                break
            time.sleep(0.0005)
        if hung >= 3:  # it is proven; every further one would cost seconds
            break
    stop.set()
    thread.join(5)
    _tell(forked=number + 1, hung=hung)
    os._exit(0)


def full_device(name: str, path: str) -> None:  # noqa: ARG001 - the path is the device
    """Log a hundred records to /dev/full."""
    _raising(caller(BY_NAME[name], "/dev/full"))


def gone_reader(name: str, path: str) -> None:
    """Log a hundred records into a pipe whose reader has gone."""
    fifo = path + ".fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    log = caller(BY_NAME[name], fifo)
    with contextlib.suppress(Exception):
        log("while there is a reader", n=0)
    os.close(reader)
    _raising(log)


def _raising(log: Callable[..., None]) -> None:
    raised: dict[str, int] = {}
    for number in range(100):
        try:
            log("record", n=number)
        except Exception as error:  # noqa: BLE001 - exactly what is measured
            kind = type(error).__name__
            raised[kind] = raised.get(kind, 0) + 1
    _tell(raised=raised)
    os._exit(0)


def killed(name: str, path: str) -> None:
    """Log a thousand records and die by SIGKILL."""
    log = caller(BY_NAME[name], path)
    for number in range(1000):
        log("record", n=number)
    _tell(called=1000)
    os.kill(os.getpid(), signal.SIGKILL)


def together(name: str, path: str) -> None:
    """Four processes write lines of 20 kB into one file."""
    go = path + ".go"
    children = []
    for process in range(4):
        program = (
            "import os, sys, time\n"
            f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            "from peers import BY_NAME, caller\n"
            f"log = caller(BY_NAME[{name!r}], {path!r})\n"
            f"while not os.path.exists({go!r}): time.sleep(0.001)\n"
            f"for n in range({_LINES}):\n"
            f"    log('together', n=n, process={process}, text='x' * 20_000)\n"
        )
        children.append(subprocess.Popen([sys.executable, "-c", program]))
    time.sleep(1)
    Path(go).touch()
    for child in children:
        child.wait(_PATIENCE_S)
    _tell(called=4 * _LINES)


# -- judging -------------------------------------------------------------------------


def _lines(path: Path, *events: bytes) -> tuple[int, int]:
    """Return how many lines hold one of the events, and how many are not JSON."""
    whole = broken = 0
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            json.loads(line)
        except ValueError:
            broken += 1
            continue
        whole += any(event in line for event in events)
    return whole, broken


def _complete(result: dict[str, Any], path: Path, stderr: str) -> str:
    whole, broken = _lines(path, b"in loop", b"in handler", b"in finaliser", b"record")
    lost = result["called"] - whole
    said = [f"{lost} of {result['called']} lost"] if lost else []
    said += [f"{broken} lines broken"] if broken else []
    said += _noise(stderr) if said else []
    return ", ".join(said) or "✓"


def _all_there(result: dict[str, Any], path: Path, stderr: str) -> str:  # noqa: ARG001
    whole, broken = _lines(path, b"together")
    lost = result["called"] - whole
    return "✓" if not lost and not broken else f"{lost} of {result['called']} torn"


def _none_hung(result: dict[str, Any], path: Path, stderr: str) -> str:  # noqa: ARG001
    if result["hung"]:
        return f"**deadlock** ({result['hung']} of {result['forked']} children)"
    return "✓"


def _none_raised(result: dict[str, Any], path: Path, stderr: str) -> str:  # noqa: ARG001
    if result["raised"]:
        kind, count = next(iter(result["raised"].items()))
        return f"**{kind} reaches the caller**, {count} of 100"
    noise = _noise(stderr)
    return ", ".join(["returns", *noise]) if noise else "✓"


def _noise(stderr: str) -> list[str]:
    lines = len(stderr.splitlines())
    return [f"{lines} lines on stderr"] if lines > 1 else []


PROVOCATIONS = {
    "signal handler logs during a log call": (signals, _complete),
    "finaliser logs during a log call": (finalisers, _complete),
    "fork while a thread logs, child logs": (forks, _none_hung),
    "device full, 100 records": (full_device, _none_raised),
    "reader of the pipe is gone, 100 records": (gone_reader, _none_raised),
    "SIGKILL after 1000 records": (killed, _complete),
    "4 processes, one file, lines of 20 kB": (together, _all_there),
}


def cell(peer: Peer, title: str) -> str:
    """Return what one system does under one provocation."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.jsonl")
        command = [sys.executable, __file__, "--child", title, peer.name, str(path)]
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # so that grandchildren end with it
        ) as process:
            try:
                out, error = process.communicate(timeout=_PATIENCE_S + _SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return "**deadlock**"
        results = [line for line in out.splitlines() if line.startswith("{")]
        if not results:
            last = error.strip().splitlines()[-1:] or ["no reason given"]
            return f"**ended**: {last[0][:60]}"
        return PROVOCATIONS[title][1](json.loads(results[-1]), path, error)


def table(quick: bool = False) -> str:
    """Return the matrix as Markdown."""
    peers = installed()
    if quick:
        peers = peers[:2]
    head = ["provocation", *(peer.name for peer in peers)]
    lines = [" | ".join(head), "|".join("---" for _ in head)]
    lines += [
        " | ".join([title, *(cell(peer, title) for peer in peers)])
        for title in PROVOCATIONS
    ]
    return "\n".join(f"| {line} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=3, metavar=("TITLE", "NAME", "PATH"))
    given = parser.parse_args()
    if given.child:
        title, name, path = given.child
        PROVOCATIONS[title][0](name, path)
    else:
        print(table())


if __name__ == "__main__":
    main()
