"""Draining the queue of background mode when the process is told to stop."""

from __future__ import annotations

import os
import signal
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def drain_on_sigterm(drain: Callable[[], object]) -> Callable[[], None]:
    """
    Call `drain` on SIGTERM, then what would have happened without us.

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
            drain()
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
