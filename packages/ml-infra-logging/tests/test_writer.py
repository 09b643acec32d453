"""Lines reach the file whole, whatever happens to process, disk or reader."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ml_infra.logging import configure, get_logger

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
EXECUTABLE = sys.executable


def run_program(text, *arguments, timeout=60, **options):
    return subprocess.run(
        [EXECUTABLE, "-c", text, *map(str, arguments)],
        timeout=timeout,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def start_program(text, *arguments, **options):
    return subprocess.Popen([EXECUTABLE, "-c", text, *map(str, arguments)], **options)


def events(path, name=None):
    records = [json.loads(line) for line in path.read_bytes().splitlines() if line]
    return [r for r in records if name is None or r["event"] == name]


HEAVY = pytest.param(200, marks=pytest.mark.slow)


@posix
@pytest.mark.parametrize("mode", ["direct", "background"])
@pytest.mark.parametrize("times", [12, HEAVY])
def test_trap_11_a_forked_child_logs_at_once_with_its_own_pid_and_seq(
    tmp_path, times, mode
):
    """A thread writes all the time; no child hangs, no line is doubled."""
    program = """
import os, sys, threading, time
from ml_infra.logging import configure, get_logger
path, times, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
handle = configure("fork", path=path, console=False, mode=mode)
log = get_logger("fork")
stop = threading.Event()
def chatter():
    n = 0
    while not stop.is_set():
        log.info("parent", n=n); n += 1
        if n % 50 == 0: time.sleep(0.001)
thread = threading.Thread(target=chatter); thread.start()
for n in range(times):
    child = os.fork()
    if child == 0:
        log.info("child", n=n); log.info("child again", n=n)
        handle.flush(2.0)
        os._exit(0)
    deadline = time.monotonic() + 30  # a child that hangs hangs for good
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, 9); print("hung", n); os.waitpid(child, 0); break
        time.sleep(0.001)
stop.set(); thread.join(); handle.restore()
"""
    path = tmp_path / "fork.jsonl"
    done = run_program(program, path, times, mode, timeout=200)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    records = events(path)
    first = {r["n"]: r for r in records if r["event"] == "child"}
    again = {r["n"]: r for r in records if r["event"] == "child again"}
    assert sorted(first) == sorted(again) == list(range(times))
    parent = records[0]["pid"]
    for n in range(times):
        assert first[n]["pid"] == again[n]["pid"] != parent
        assert (first[n]["seq"], again[n]["seq"]) == (0, 1)
    keys = [(r["pid"], r["seq"]) for r in records]
    assert len(keys) == len(set(keys))
    own = sorted(r["seq"] for r in records if r["pid"] == parent)
    assert own == list(range(len(own)))


@posix
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_trap_11_children_of_multiprocessing_share_the_run(tmp_path, method):
    program = tmp_path / "program.py"
    program.write_text(
        """
import multiprocessing, sys, warnings
from ml_infra.logging import configure, get_logger

def work(path, n):
    configure(path=path, console=False)
    get_logger("child").info("work", n=n)

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    configure(path=sys.argv[1], console=False)
    get_logger("parent").info("start")
    context = multiprocessing.get_context(sys.argv[2])
    children = [context.Process(target=work, args=(sys.argv[1], n)) for n in range(2)]
    for child in children: child.start()
    for child in children: child.join()
    sys.exit(max(child.exitcode for child in children))
"""
    )
    path = tmp_path / "mp.jsonl"
    done = subprocess.run(
        [EXECUTABLE, str(program), str(path), method],
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "ML_INFRA_RUN"},
    )
    assert done.returncode == 0, done.stderr
    assert sorted(r["n"] for r in events(path, "work")) == [0, 1]
    assert len({r["run"] for r in events(path)}) == 1
    assert len({r["pid"] for r in events(path)}) == 3


@posix
def test_trap_12_a_signal_handler_and_a_finalizer_may_log(tmp_path):
    program = """
import gc, os, signal, sys, time
from ml_infra.logging import configure, get_logger
configure(path=sys.argv[1], console=False, mode=sys.argv[2])
log = get_logger("main")
class Dying:
    def __del__(self): log.info("finalizer")
    def __repr__(self):
        os.kill(os.getpid(), signal.SIGUSR1)   # inside the encoder
        return "dying"
seen = []
def handler(number, frame):
    log.info("handler", n=len(seen)); seen.append(1)
signal.signal(signal.SIGUSR1, handler)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for n in range(3000):
    log.info("loop", n=n)
signal.setitimer(signal.ITIMER_REAL, 0)
for n in range(20):
    log.info("hostile", value=Dying())
    gc.collect()
print(len(seen))
"""
    for mode in ("direct", "background"):
        path = tmp_path / f"{mode}.jsonl"
        done = run_program(program, path, mode)
        assert done.returncode == 0, done.stderr
        assert len(events(path, "loop")) == 3000
        assert len(events(path, "handler")) == int(done.stdout)
        assert len(events(path, "hostile")) == 20
        assert len(events(path, "finalizer")) == 20


class Preempted(Exception):  # noqa: N818 - a signal, not an error
    """As torch's elastic agent raises it: no BaseException."""


@posix
@pytest.mark.parametrize("mode", ["direct", "background"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, Preempted])
@pytest.mark.parametrize("stride", [41, pytest.param(1, marks=pytest.mark.slow)])
def test_trap_13_an_exception_at_any_instruction_of_a_call_leaves_the_log_working(
    tmp_path, mode, error, stride
):
    """What a signal handler raises passes through; the next call works."""
    path = tmp_path / "a.jsonl"
    handle = configure("torn", path=path, console=False, mode=mode)
    log = get_logger("t")

    def call():
        log.info("flat", step=1, loss=0.5)
        log.info("careful", values=[1, {"a": float("nan")}], odd=object())
        log.every(2).info("limited")

    def preempt(number, frame):
        raise error

    def look(frame, event, arg):
        frame.f_trace_opcodes = True
        return look

    # Python 3.12 sends opcode events only to functions that were traced before.
    sys.settrace(look)
    call()
    sys.settrace(None)
    before = signal.signal(signal.SIGUSR1, preempt)
    steps, passed = 0, 0
    try:
        while True:
            steps += stride
            left = [steps]

            def trace(frame, event, arg, left=left):
                if "ml_infra" not in frame.f_code.co_filename:
                    return None
                frame.f_trace_opcodes = True
                if event == "opcode":
                    left[0] -= 1
                    if left[0] == 0:
                        signal.raise_signal(signal.SIGUSR1)
                return trace

            sys.settrace(trace)
            try:
                call()
            except error:
                passed += 1
            finally:
                sys.settrace(None)
            log.info("after", steps=steps)
            if left[0] > 0:
                break
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert handle.flush()
    after = [r["steps"] for r in events(path, "after")]
    assert len(after) > 1000 / stride
    assert after == list(range(stride, steps + 1, stride))
    assert passed == len(after) - 1


@posix
@pytest.mark.parametrize("end", ["SIGKILL", "_exit", "segfault"])
def test_trap_14_direct_mode_loses_nothing_to_a_crash(tmp_path, end):
    program = """
import os, signal, sys
from ml_infra.logging import configure, get_logger
configure(path=sys.argv[1], console=False)
for n in range(500):
    get_logger("t").info("line", n=n)
if sys.argv[2] == "SIGKILL": os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "_exit": os._exit(3)
import ctypes; ctypes.string_at(0)
"""
    path = tmp_path / "a.jsonl"
    assert run_program(program, path, end).returncode != 0
    assert [r["n"] for r in events(path, "line")] == list(range(500))


def test_trap_15_many_processes_append_to_one_file_without_torn_lines(tmp_path):
    _many_writers(tmp_path, 3, 60)


@pytest.mark.slow
def test_trap_15_at_full_size(tmp_path):
    _many_writers(tmp_path, 8, 500)


def _many_writers(folder, processes, lines):
    program = """
import random, sys
from ml_infra.logging import configure, get_logger
configure("shared", path=sys.argv[1], console=False)
rng = random.Random(int(sys.argv[2]))
for n in range(int(sys.argv[3])):
    get_logger("t").info("line", n=n, text="x" * int(100 * 640 ** rng.random()))
"""
    path = folder / "shared.jsonl"
    running = [start_program(program, path, n, lines) for n in range(processes)]
    assert [process.wait(120) for process in running] == [0] * processes
    found = events(path, "line")
    assert len(found) == processes * lines
    assert len({(r["pid"], r["seq"]) for r in found}) == processes * lines


@posix
def test_trap_15_lines_into_a_pipe_are_cut_to_what_is_written_whole(strict_json):
    program = """
import random, sys
from ml_infra.logging import configure, get_logger
configure("shared", console="auto", capture_stdlib=False)
rng = random.Random(int(sys.argv[1]))
for n in range(100):
    get_logger("t").info("line", n=n, text="x" * int(100 * 300 ** rng.random()))
"""
    read, write = os.pipe()
    running = [start_program(program, n, stderr=write) for n in range(4)]
    os.close(write)
    guard = threading.Timer(60, lambda: [process.kill() for process in running])
    guard.start()
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    guard.cancel()
    assert [process.wait(60) for process in running] == [0] * 4
    records = [strict_json(line) for line in data.splitlines()]
    assert max(map(len, data.splitlines())) < 4096
    found = [r for r in records if r["event"] == "line"]
    assert len(found) == 400
    for record in found:
        note = record.get("_truncated", {}).get("/text", {"kept": len(record["text"])})
        assert note["kept"] == len(record["text"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_trap_16_a_full_device_stops_nothing_and_says_so_once():
    program = """
import sys
from ml_infra.logging import configure, get_logger
handle = configure(path="/dev/full", console=False)
for n in range(1000):
    get_logger("t").info("line", n=n)
print(handle.stats()["lost"])
"""
    done = run_program(program)
    assert done.returncode == 0
    assert int(done.stdout) == 1001  # with run.start
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


ON_A_FULL_DISK = """
import sys
from ml_infra.logging import configure, get_logger
{fill}
handle = configure("full", path=sys.argv[1], console=False)
log = get_logger("t")
for n in range(500):
    log.info("line", n=n)
lost = handle.stats()["lost"]
{clear}
for n in range(500, 510):
    log.info("line", n=n)
print(lost, handle.stats()["lost"])
sys.stdout.write(open(sys.argv[1], newline="").read())
"""


@posix
def test_trap_16_losses_to_a_full_disk_are_told_when_there_is_room_again(tmp_path):
    """A size limit on the file stands for the disk."""
    program = ON_A_FULL_DISK.format(
        fill="import resource\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))",
        clear="resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))",
    )
    _check_losses(run_program(program, tmp_path / "full.txt"))


def test_trap_16_losses_to_a_small_file_system_are_told_when_there_is_room(tmp_path):
    """A file system of 64 kB, half taken by another file, mounted for the program."""
    mounted = [
        *("unshare", "--user", "--mount", "--map-root-user", "sh", "-c"),
        f'mount -t tmpfs -o size=64k none "{tmp_path}" && exec "$@"',
        "sh",
    ]
    try:
        subprocess.run([*mounted, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"nothing can be mounted here: {error}")
    program = ON_A_FULL_DISK.format(
        fill="import os\nother = sys.argv[1] + '.other'\n"
        "open(other, 'wb').write(bytes(32 * 1024))",
        clear="os.remove(other)",
    )
    command = [*mounted, EXECUTABLE, "-c", program, str(tmp_path / "full.txt")]
    _check_losses(
        subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    )


def _check_losses(done):
    """Judge the program above by what it says and by the lines of its file."""
    assert done.returncode == 0, done.stderr
    counts, *lines = done.stdout.split("\n")[:-1]
    lost, in_the_end = map(int, counts.split())
    assert lost == in_the_end > 200
    good, torn = [], []
    for line in lines:
        try:
            good.append(json.loads(line))
        except ValueError:  # noqa: PERF203 - a few lines
            torn.append(line)
    assert len(torn) <= 1
    (told,) = [r for r in good if r["event"] == "log.recovered"]
    assert told["lost"] == lost
    assert "too large" in told["reason"] or "No space" in told["reason"]
    numbers = [r["n"] for r in good if r["event"] == "line"]
    assert numbers[-10:] == list(range(500, 510))
    assert len(numbers) + lost == 510
    assert done.stderr.count("\n") == 1


@posix
def test_trap_16_a_reader_that_is_gone_or_stuck_never_stops_the_program(tmp_path):
    program = """
import os, sys, time
from ml_infra.logging import configure, get_logger
handle = configure(console="auto", capture_stdlib=False)
log = get_logger("t")
start = time.monotonic()
for n in range(3000):
    log.info("line", n=n, text="x" * 200)
print(handle.stats()["lost"] > 0, time.monotonic() - start < 10, flush=True)
os._exit(0)
"""
    for gone in (True, False):
        read, write = os.pipe()
        if gone:
            os.close(read)
        done = subprocess.run(
            [EXECUTABLE, "-c", program],
            stderr=write,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
        os.close(write)
        if not gone:
            os.close(read)
        assert (done.returncode, done.stdout.split()) == (0, ["True", "True"])


@posix
def test_trap_16_a_full_nonblocking_stderr_loses_lines_and_counts_them():
    program = """
import os
from ml_infra.logging import configure, get_logger
os.set_blocking(2, False)
handle = configure(console="auto", capture_stdlib=False)
for n in range(2000):
    get_logger("t").info("line", n=n, text="x" * 200)
print(handle.stats()["lost"] > 0, flush=True)
os._exit(0)
"""
    read, write = os.pipe()
    done = subprocess.run(
        [EXECUTABLE, "-c", program],
        stderr=write,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(read)
    os.close(write)
    assert (done.returncode, done.stdout.strip()) == (0, "True")


@pytest.mark.parametrize("error", [errno.EBUSY, errno.EIO, errno.ENOSPC, errno.EAGAIN])
def test_trap_16_any_error_of_the_system_is_counted(
    tmp_path, monkeypatch, error, capfd
):
    from ml_infra.logging import _writer

    path = tmp_path / "a.jsonl"
    handle = configure(path=path, console=False)
    log = get_logger("t")
    log.info("before")

    def broken(fd, data):
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as patch:
        patch.setattr(_writer, "_write", broken)
        patch.setattr(_writer.os, "write", broken)
        for n in range(7):
            log.info("lost", n=n)
    log.info("after")
    assert handle.stats()["lost"] == 7
    names = [r["event"] for r in events(path)]
    assert names == ["run.start", "before", "after", "log.recovered"]
    assert events(path)[-1]["lost"] == 7


def test_trap_16_a_short_write_is_completed(tmp_path, monkeypatch):
    from ml_infra.logging import _writer

    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(_writer, "_write", lambda fd, data: real(fd, data[:10]))
        get_logger("t").info("cut", n=1)
    get_logger("t").info("whole", n=2)
    assert [r["event"] for r in events(path)][1:] == ["cut", "whole"]


def test_trap_16_a_closed_descriptor_is_opened_again(tmp_path):
    path = tmp_path / "a.jsonl"
    handle = configure(path=path, console=False)
    log = get_logger("t")
    log.info("before")
    os.close(handle._pipeline.outputs[0].fd)
    log.info("after")
    log.info("after")
    assert [r["event"] for r in events(path)][1:] == ["before", "after", "after"]
    assert handle.stats()["lost"] == 0


@pytest.fixture
def next_second(monkeypatch):
    """Stop the clock of the records; each call lets one second pass."""
    from ml_infra.logging import _pipeline

    now = [time.time_ns()]
    monkeypatch.setattr(_pipeline, "_time_ns", lambda: now[0])

    def step():
        now[0] += 1_000_000_000

    return step


def test_trap_16_a_rotated_file_is_followed(tmp_path, next_second):
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    log = get_logger("t")
    log.info("old")
    path.rename(tmp_path / "a.1.jsonl")
    next_second()
    log.info("new")
    assert [r["event"] for r in events(path)] == ["new"]
    assert events(tmp_path / "a.1.jsonl")[-1]["event"] == "old"


def test_trap_16_a_removed_file_and_folder_come_back_and_the_loss_is_told(
    tmp_path, next_second
):
    folder = tmp_path / "logs"
    path = folder / "a.jsonl"
    handle = configure(path=path, console=False)
    log = get_logger("t")
    next_second()
    log.info("seen")
    path.unlink()
    folder.rmdir()
    for n in range(3):
        log.info("gone", n=n)
    next_second()
    log.info("new")
    names = [r["event"] for r in events(path)]
    assert names == ["new", "log.recovered"]
    # At most all since the last look: when in the second the file went is not known.
    assert 3 <= events(path)[1]["lost"] <= 5
    assert handle.stats()["lost"] == events(path)[1]["lost"]


def test_copy_and_truncate_leaves_no_hole(tmp_path):
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    get_logger("t").info("old")
    os.truncate(path, 0)
    get_logger("t").info("new")
    assert [r["event"] for r in events(path)] == ["new"]


def test_a_file_that_cannot_be_opened_stops_nothing(tmp_path, capfd):
    (tmp_path / "file").write_text("")
    handle = configure(path=tmp_path / "file" / "a.txt", console=False)
    get_logger("t").info("x")
    assert handle.stats()["lost"] == 2
    assert capfd.readouterr().err.count("\n") == 1


@posix
def test_a_named_pipe_without_a_reader_does_not_hang(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    handle = configure(path=path, console=False)
    get_logger("t").info("x")
    assert handle.stats()["lost"] == 2


def test_writing_from_many_threads_loses_nothing(tmp_path):
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    log = get_logger("t")

    def work(n):
        for step in range(200):
            log.info("step", n=n, step=step)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = events(path)
    assert len(found) == 1 + 8 * 200
    assert sorted(r["seq"] for r in found) == list(range(len(found)))


def test_a_descriptor_taken_over_by_another_file_is_counted(tmp_path):
    code = f"""
import os
from ml_infra.logging import configure, get_logger
handle = configure("t", path={str(tmp_path / "a.jsonl")!r}, console=False)
os.closerange(3, 50)
stranger = open({str(tmp_path / "data.bin")!r}, "wb")
get_logger("x").info("lost")
handle.flush()
get_logger("x").info("kept")
print(handle.stats()["lost"])
stranger.write(b"still mine")
stranger.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) >= 1
    log = (tmp_path / "a.jsonl").read_text()
    assert '"event":"kept"' in log
    assert '"kind":"log.recovered"' in log
    assert (tmp_path / "data.bin").read_bytes().endswith(b"still mine")


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    handle = configure(path="a.jsonl", console=False)
    os.chdir("elsewhere")
    handle.flush()
    get_logger("t").info("after")
    handle.flush()
    assert not list((tmp_path / "elsewhere").iterdir())
    assert "after" in (tmp_path / "a.jsonl").read_text()
