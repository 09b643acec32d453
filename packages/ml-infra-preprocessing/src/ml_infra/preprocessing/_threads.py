"""
Large results are written in parts, side by side.

What costs most about a large new array is its memory, which the kernel clears page by
page; it does so on several processors at once, and NumPy lets other threads run.
"""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np

from ._passes import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

_PART = 1 << 22  # values that are worth starting a thread for
_MOST = 4  # threads: more only wait for the memory


def write_in_parts(write: Callable[[int, int], object], size: int) -> None:
    """
    Call ``write(start, stop)`` for parts that cover [0, size) and do not overlap.

    The threads have ended when this returns or raises, so a fork meets none of them.
    Where the system gives no thread, as at the interpreter's exit, the caller's own
    writes its part.
    """
    parts = max(1, min(_processors(), size // _PART, _MOST))
    step = -(-size // (parts * BLOCK)) * BLOCK or BLOCK
    failures: list[BaseException] = []

    def work(start: int) -> None:
        try:
            with np.errstate(all="ignore"):  # which a thread does not inherit
                write(start, min(start + step, size))
        except BaseException as error:  # noqa: BLE001 - raised below, by the caller's thread
            failures.append(error)

    mine, started = [0], []
    for start in range(step, size, step):
        thread = Thread(target=work, args=(start,))
        try:
            thread.start()
        except RuntimeError:
            mine.append(start)
        else:
            started.append(thread)
    for start in mine:
        work(start)
    for thread in started:
        thread.join()
    if failures:
        raise failures[0]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
