"""Background mode: bounded, counted, drained, and honest about what it may lose."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from ml_infra.logging import configure, get_logger, read_log
from ml_infra.logging._background import Background
from ml_infra.logging._writer import Output


class Gated(Output):
    """Takes lines only while the gate is open."""

    name = "gated"

    def __init__(self):
        super().__init__()
        self.open = threading.Event()
        self.reached = threading.Event()
        self.lines = []

    def write(self, line):
        self.reached.set()
        self.open.wait(60)
        self.lines.append(line)


def line(n):
    return b"%08d\n" % n + b"x" * 90


@pytest.mark.parametrize("overflow", ["drop-oldest", "drop-newest"])
def test_a_full_queue_drops_by_choice_and_counts(overflow):
    target = Gated()
    queue = Background(target, 1000, overflow)
    queue.write(line(0))
    assert target.reached.wait(60)  # the worker holds the first
    for n in range(1, 100):
        queue.write(line(n))
    assert sum(map(len, queue._lines)) <= 1000
    target.open.set()
    assert queue.flush(60)
    queue.close()
    numbers = [int(data[:8]) for data in target.lines]
    assert queue.dropped.value == 100 - len(numbers)
    assert numbers[0] == 0
    assert numbers[-1] == (99 if overflow == "drop-oldest" else 10)


def test_blocking_waits_for_room_and_drops_only_at_the_bound(monkeypatch):
    from ml_infra.logging import _background

    monkeypatch.setattr(_background, "_LONGEST_BLOCK_S", 60)
    target = Gated()
    queue = Background(target, 300, "block")
    for n in range(10):
        queue.write(line(n)) if n < 4 else None
    threading.Timer(0.1, target.open.set).start()
    for n in range(4, 10):
        queue.write(line(n))
    assert queue.flush(60)
    assert [int(data[:8]) for data in target.lines] == list(range(10))
    assert queue.dropped.value == 0
    monkeypatch.setattr(_background, "_LONGEST_BLOCK_S", 0.05)
    target.open.clear()
    for n in range(10):
        queue.write(line(n))
        if queue.dropped.value:
            break
    assert queue.dropped.value == 1
    target.open.set()
    queue.close()


def test_a_line_larger_than_the_queue_is_written_alone():
    target = Gated()
    target.open.set()
    queue = Background(target, 10, "drop-newest")
    queue.write(line(1))
    assert queue.flush(60)
    assert len(target.lines) == 1
    queue.close()


def test_trap_10_a_value_changed_after_the_call_is_written_as_it_was(tmp_path):
    path = tmp_path / "a.jsonl"
    handle = configure(path=path, console=False, mode="background")
    rows = [1]
    for n in range(200):
        get_logger("t").info("rows", n=n, rows=rows)
        rows[0] += 1
    assert handle.flush()
    records = [json.loads(text) for text in path.read_text().splitlines()][1:]
    assert [record["rows"] for record in records] == [[n + 1] for n in range(200)]


END_PROGRAM = """
import os, signal, sys, time
from ml_infra.logging import configure, get_logger
configure("end", path=sys.argv[1], console=False, mode="background")
for n in range(2000):
    get_logger("t").info("line", n=n)
if sys.argv[2] == "SIGTERM": os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)
if sys.argv[2] == "SIGKILL": os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "error": raise SystemExit(3)
"""


@pytest.mark.parametrize(
    ("end", "status"), [("exit", 0), ("error", 3), ("SIGTERM", -signal.SIGTERM)]
)
def test_trap_14_exit_and_sigterm_drain_the_queue(tmp_path, end, status):
    path = tmp_path / "a.jsonl"
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", END_PROGRAM, str(path), end], timeout=60, check=False
    )
    assert done.returncode == status
    assert time.monotonic() - start < 20
    records = [json.loads(text) for text in path.read_text().splitlines()]
    assert [r["n"] for r in records if r["event"] == "line"] == list(range(2000))
    assert records[-1]["event"] == "run.end"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("how", ["fork", "forkserver", "os.fork"])
def test_trap_11_a_forked_child_drains_its_queue_when_it_ends(tmp_path, how):
    """Children of multiprocessing, as DataLoader workers are, end without atexit."""
    program = tmp_path / "program.py"
    program.write_text("""
import multiprocessing, os, sys
from ml_infra.logging import configure, get_logger
def work():
    if sys.argv[2] == "forkserver":
        configure(path=sys.argv[1], console=False, mode="background")
    sys.setswitchinterval(60)  # the thread that writes hardly gets a turn
    for n in range(2000):
        get_logger("t").info("line", n=n, text="x" * 200)
if __name__ == "__main__":
    configure("same", path=sys.argv[1], console=False, mode="background")
    if sys.argv[2] == "os.fork":
        if os.fork() == 0: work(); sys.exit()
        os.wait()
    else:
        child = multiprocessing.get_context(sys.argv[2]).Process(target=work)
        child.start(); child.join()
""")
    path = tmp_path / "a.jsonl"
    command = [sys.executable, "-W", "ignore", str(program), str(path), how]
    subprocess.run(command, timeout=60, check=True)
    log = read_log(path)
    assert [r["n"] for r in log if r["event"] == "line"] == list(range(2000))
    ends = [r["event"] for r in log].count("run.end")
    assert ends == (2 if how == "forkserver" else 1)  # of those that were configured


def test_trap_14_what_a_kill_takes_from_the_queue_is_a_tail(tmp_path):
    path = tmp_path / "a.jsonl"
    subprocess.run(
        [sys.executable, "-c", END_PROGRAM, str(path), "SIGKILL"],
        timeout=60,
        check=False,
    )
    numbers = [r.get("n") for r in read_log(path)] if path.exists() else []
    numbers = [n for n in numbers if n is not None]
    assert numbers == list(range(len(numbers)))


def test_a_handler_for_sigterm_that_was_there_is_called_after_draining(tmp_path):
    program = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *a: (print("mine"), sys.exit(4)))
from ml_infra.logging import configure, get_logger
handle = configure(path=sys.argv[1], console=False, mode="background")
get_logger("t").info("x")
os.kill(os.getpid(), signal.SIGTERM)
"""
    path = tmp_path / "a.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (4, "mine\n")
    assert '"event":"x"' in path.read_text()


def test_a_program_that_goes_on_after_sigterm_ends_its_log_at_its_own_end(tmp_path):
    """A notice of preemption: the program saves its state before it goes."""
    program = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *a: None)
from ml_infra.logging import configure, get_logger
configure(path=sys.argv[1], console=False, mode="background")
get_logger("t").info("before")
os.kill(os.getpid(), signal.SIGTERM)
get_logger("t").info("saved")
"""
    path = tmp_path / "a.jsonl"
    subprocess.run([sys.executable, "-c", program, str(path)], timeout=60, check=True)
    records = list(read_log(path))
    events = [record["event"] for record in records]
    assert events == ["run.start", "before", "saved", "run.end"]
    assert records[-1]["written"] == len(records)


def test_restore_puts_the_handler_back(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    handle = configure(path=tmp_path / "a.jsonl", console=False, mode="background")
    assert signal.getsignal(signal.SIGTERM) is not before
    handle.restore()
    assert signal.getsignal(signal.SIGTERM) is before


def test_background_mode_may_be_configured_in_a_thread(tmp_path):
    done = []

    def work():
        configure(path=tmp_path / "a.jsonl", console=False, mode="background")
        done.append(os.getpid())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert done


def test_lines_the_target_loses_are_counted(tmp_path):
    with configure("lossy", path="/dev/full", console=False, mode="background") as it:
        assert it.flush(60)
        before = it.stats()["lost"]
        for n in range(100):
            get_logger("t").info("x", n=n)
        assert it.flush(60)
        assert it.stats()["lost"] == before + 100
        run = it.run
    again = configure(run, path=tmp_path / "a.jsonl", console=False)
    assert again.stats()["lost"] >= 100  # of the run, whatever its outputs


def test_blocking_is_patient_once_while_nothing_moves(monkeypatch):
    from ml_infra.logging import _background

    monkeypatch.setattr(_background, "_LONGEST_BLOCK_S", 0.3)
    target = Gated()
    queue = Background(target, 1000, "block")
    queue.write(line(0))
    assert target.reached.wait(60)
    started = time.monotonic()
    for n in range(1, 200):
        queue.write(line(n))
    assert time.monotonic() - started < 20  # not 190 times 0.3 seconds
    assert queue.dropped.value > 180
    dropped = queue.dropped.value
    target.open.set()
    assert queue.flush(60)
    queue.write(line(200))  # it moves again
    assert queue.flush(60)
    assert queue.dropped.value == dropped
    queue.close()
