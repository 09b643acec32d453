"""
Signals, finalisers, forks, full disks, gone readers and kills: what each system does.

Every cell is a process of its own with a time limit; a process that does not come back
is a deadlock. Signals arrive by timer, the full device is /dev/full, a kill is a kill.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peers import BY_NAME, Peer, caller, installed

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 20.0
_SECONDS = float(os.environ.get("PROVOCATION_SECONDS", "1.5"))
_FORKS = int(os.environ.get("PROVOCATION_FORKS", "100"))
_CHILD_PATIENCE_S = 3.0
_LINES = int(os.environ.get("PROVOCATION_LINES", "100"))


def _tell(**result: Any) -> None:
    os.write(1, json.dumps(result).encode() + b"\n")


class _Guarded:
    """Counts the calls of a log function, and what they raise."""

    def __init__(self, log: Callable[..., None]) -> None:
        self.log = log
        self.called = 0
        self.raised: dict[str, int] = {}

    def __call__(self, event: str, **fields: Any) -> None:
        self.called += 1
        try:
            self.log(event, **fields)
        except Exception as error:  # noqa: BLE001 - exactly what is measured
            kind = type(error).__name__
            self.raised[kind] = self.raised.get(kind, 0) + 1

    def tell(self) -> None:
        _tell(called=self.called, raised=self.raised)


def signals(name: str, path: str) -> None:
    """A timer signal whose handler logs once, somewhere in each of many log calls."""
    log = _Guarded(caller(BY_NAME[name], path))
    signal.signal(signal.SIGALRM, lambda *_: log("record in handler"))
    log("record")
    chance = random.Random(1)
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 6e-5))
        log("record", text="x" * 100)
    signal.setitimer(signal.ITIMER_REAL, 0)
    log.tell()


def finalisers(name: str, path: str) -> None:
    """
    Log from inside a log call, at each of its lines in turn.

    There a finaliser may run: the collector starts when it likes. A trace function
    stands in for it, so that every line has its turn and none is left to chance.
    """
    log = _Guarded(caller(BY_NAME[name], path))
    log("record")
    state = {"line": 0, "at": 0}

    def trace(frame: Any, event: str, arg: Any) -> Any:  # noqa: ARG001
        if event == "line" and frame.f_globals.get("__name__") != __name__:
            state["line"] += 1
            if state["line"] == state["at"]:
                log("record in finaliser")
        return trace

    while state["line"] >= state["at"]:
        state["at"] += 1
        state["line"] = 0
        sys.settrace(trace)
        log("record", n=state["at"], text="x" * 100)
        sys.settrace(None)
    log.tell()


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
    _hundred(caller(BY_NAME[name], "/dev/full"))


def gone_reader(name: str, path: str) -> None:
    """Log a hundred records into a pipe whose reader has gone."""
    fifo = path + ".fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    log = caller(BY_NAME[name], fifo)
    log("while there is a reader", n=0)
    os.close(reader)
    _hundred(log)


def _hundred(log: Callable[..., None]) -> None:
    guarded = _Guarded(log)
    for number in range(100):
        guarded("record", n=number)
    guarded.tell()
    os._exit(0)


def killed(name: str, path: str) -> None:
    """Log a thousand records and die by SIGKILL."""
    log = caller(BY_NAME[name], path)
    for number in range(1000):
        log("record", n=number)
    _tell(called=1000, raised={})
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
            f"    log('together', n=n, worker={process}, text='x' * 20_000)\n"
        )
        children.append(subprocess.Popen([sys.executable, "-c", program]))  # noqa: S603 - our own program
    time.sleep(1)
    Path(go).touch()
    for child in children:
        child.wait(PATIENCE_S)
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
    whole, broken = _lines(path, b"record")
    lost = result["called"] - whole
    said = _reached(result)
    said += [f"{lost} of {result['called']} lost"] if lost else []
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
    said = _reached(result) or ["returns"]
    noise = _noise(stderr)
    return "✓" if said == ["returns"] and not noise else ", ".join(said + noise)


def _reached(result: dict[str, Any]) -> list[str]:
    return [
        f"**{kind} reaches the caller** {count} times"
        for kind, count in result["raised"].items()
    ]


def _noise(stderr: str) -> list[str]:
    lines = len(stderr.splitlines())
    return [f"{lines} lines on stderr"] if lines > 1 else []


PROVOCATIONS = {
    "signal handler logs during a log call": (signals, _complete),
    "finaliser logs, at each line of a log call": (finalisers, _complete),
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
        with subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # so that grandchildren end with it
        ) as process:
            try:
                out, error = process.communicate(timeout=PATIENCE_S + _SECONDS)
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
    """Return the matrix as Markdown, of ours alone when `quick`."""
    peers = installed()
    peers = [peer for peer in peers if "ours" in peer.name] if quick else peers
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
