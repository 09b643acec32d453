"""Exceptions that a signal handler raises are the program's own, and pass through."""

from __future__ import annotations

import sys


def let_through(error: BaseException) -> None:
    """
    Raise `error` again if a signal handler raised it, else return.

    Launchers stop a training by an exception from a handler (torch's elastic agent
    raises an `Exception` for SIGTERM). Such a one may arrive in the middle of a log
    call, and must not be taken for a failure of the value that is being logged.
    """
    signal = sys.modules.get("signal")
    if signal is None:
        return
    codes = set()
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        handler = getattr(handler, "__func__", handler)
        codes.add(getattr(handler, "__code__", None))
    codes.discard(None)
    traceback = error.__traceback__
    while codes and traceback is not None:
        if traceback.tb_frame.f_code in codes:
            raise error
        traceback = traceback.tb_next
