"""The end of a process: atexit, and what children of multiprocessing have instead."""

from __future__ import annotations

import atexit
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._writer import Output

_PATIENCE_S = 5.0


def call_at_exit(function: Callable[[], object]) -> None:
    """Call `function` once when this process ends."""
    atexit.unregister(function)
    atexit.register(function)
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        _finalize(function)


def drain_at_exit_of_fork(output: Output) -> None:
    """Flush `output` when this process, forked just now by multiprocessing, ends."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:  # which forgets, right after a fork, what is to be done last
        util.register_after_fork(
            output, lambda each: _finalize(each.flush, _PATIENCE_S)
        )


def _finalize(function: Callable[..., object], *args: object) -> None:
    from multiprocessing.util import Finalize

    Finalize(None, function, args, exitpriority=0)
