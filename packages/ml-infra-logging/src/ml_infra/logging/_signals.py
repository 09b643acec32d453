"""Draining the queue of background mode when the process is told to stop."""

from __future__ import annotations

import os
import signal
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def drain_on_sigterm(
    drain: Callable[[], object], end: Callable[[], object]
) -> Callable[[], None]:
    """
    Act on SIGTERM before what would have happened without us.

    Args:
        drain: Called where the program has a handler, after which it may go on.
        end: Called where it has none and the signal ends it.

    Returns:
        A function that takes the handler out again.
    """
    if threading.current_thread() is not threading.main_thread():
        return _nothing
    before = signal.getsignal(signal.SIGTERM)
    if before is None:  # installed by C code, which cannot be chained
        return _nothing

    def handler(number: int, frame: FrameType | None) -> None:
        try:
            (drain if callable(before) else end)()
        finally:
            if callable(before):
                before(number, frame)
            elif before != signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, handler)

    def undo() -> None:
        try:
            if signal.getsignal(signal.SIGTERM) is handler:
                signal.signal(signal.SIGTERM, before)
        except ValueError:  # not in the main thread
            pass

    return undo


def _nothing() -> None:
    pass
