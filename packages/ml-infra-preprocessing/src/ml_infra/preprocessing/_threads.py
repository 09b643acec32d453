"""
Work on large arrays is done in parts, side by side.

What costs most is memory: reading it, and the pages of a new array, which the kernel
clears one by one. Several processors do so at once, and NumPy lets other threads run.
"""

from __future__ import annotations

import os
from collections import deque
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ._passes import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")

_PART = 1 << 20  # values to read or write that are worth starting a thread for
_MOST = 4  # threads: more only wait for the memory


def threads_for(size: int, least: int | None = None) -> int:
    """Return how many threads share work on `size` values, `least` or more each."""
    useful = min(size // (least or _PART), _MOST)
    return min(useful, _processors()) if useful > 1 else 1


def parts_of(size: int, least: int | None = None) -> list[range]:
    """Return ranges that cover [0, size) and do not overlap, one for each thread."""
    step = -(-size // (threads_for(size, least) * BLOCK)) * BLOCK or BLOCK
    return [range(start, min(start + step, size)) for start in range(0, size, step)]


def run_together(
    jobs: Sequence[Callable[[], _T]], threads: int | None = None
) -> list[_T]:
    """
    Return what each job returns, after some threads, the caller's among them, did all.

    None stands for a thread each. They have ended when this returns or raises, so a
    fork meets none of them. Where the system gives no thread, as at the interpreter's
    exit, the caller's own does all the work.
    """
    if len(jobs) < 2 or threads == 1:
        return [job() for job in jobs]
    todo = deque(enumerate(jobs))
    results: dict[int, _T] = {}
    failures: list[BaseException] = []

    def work() -> None:
        with np.errstate(all="ignore"):  # which a thread does not inherit
            while True:
                try:
                    place, job = todo.popleft()
                except IndexError:
                    return
                try:
                    results[place] = job()
                except BaseException as error:  # noqa: BLE001 -- raised by the caller's
                    failures.append(error)
                    todo.clear()

    def assist(busy: Lock) -> None:
        try:
            work()
        finally:
            busy.release()

    crew: list[tuple[Thread, Lock]] = []
    try:
        try:
            for _ in range(1, min(threads or len(jobs), len(jobs))):
                busy = Lock()
                busy.acquire()
                crew.append((Thread(target=assist, args=(busy,)), busy))
                crew[-1][0].start()
        except RuntimeError:
            crew.pop()
        work()
    except BaseException as error:  # noqa: BLE001 -- an interrupt between two jobs
        failures.append(error)
        todo.clear()
    for thread, busy in crew:
        _wait(thread, busy, failures)
    if failures:
        raise failures[0]
    return [results[place] for place in range(len(jobs))]


def _wait(thread: Thread, busy: Lock, failures: list[BaseException]) -> None:
    """Wait until a thread has ended, whatever interrupts; those are kept for later."""
    # Once interrupted, `Thread.join` takes a thread for ended (Python before 3.13).
    working = True
    while working:
        try:
            working = not busy.acquire(timeout=0.1) and thread.is_alive()
        except BaseException as error:  # noqa: BLE001, PERF203 -- raised by the caller
            failures.append(error)
    if thread.is_alive():
        thread.join()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
