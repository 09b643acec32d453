"""
Work on large arrays is done in parts, side by side.

What costs most is memory: reading it, and the pages of a new array, which the kernel
clears one by one. Several processors do so at once, and NumPy lets other threads run.
"""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ._passes import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")

_PART = 1 << 22  # values to read or write that are worth starting a thread for
_MOST = 4  # threads: more only wait for the memory


def parts_of(size: int, least: int | None = None) -> list[range]:
    """
    Return ranges that cover [0, size) and do not overlap, one for each thread.

    Each has about `least` values or more; None stands for plain reading or writing.
    """
    parts = max(1, min(_processors(), size // (least or _PART), _MOST))
    step = -(-size // (parts * BLOCK)) * BLOCK or BLOCK
    return [range(start, min(start + step, size)) for start in range(0, size, step)]


def run_together(jobs: Sequence[Callable[[], _T]]) -> list[_T]:
    """
    Return what each job returns; all but the first have threads of their own.

    The threads have ended when this returns or raises, so a fork meets none of them.
    Where the system gives no thread, as at the interpreter's exit, the caller's own
    does the work.
    """
    results: dict[int, _T] = {}
    failures: list[BaseException] = []

    def work(place: int) -> None:
        try:
            with np.errstate(all="ignore"):  # which a thread does not inherit
                results[place] = jobs[place]()
        except BaseException as error:  # noqa: BLE001 - raised below, by the caller's thread
            failures.append(error)

    mine, started = [0] if jobs else [], []
    for place in range(1, len(jobs)):
        thread = Thread(target=work, args=(place,))
        try:
            thread.start()
        except RuntimeError:
            mine.append(place)
        else:
            started.append(thread)
    for place in mine:
        work(place)
    for thread in started:
        thread.join()
    if failures:
        raise failures[0]
    return [results[place] for place in range(len(jobs))]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
