"""Exceptions that a signal handler raises are the program's own, and pass through."""

from __future__ import annotations

import sys


def let_through(error: BaseException) -> None:
    """
    Raise `error` again if it is not of the value being logged, else return.

    Launchers stop a training by an exception from a handler (torch's elastic agent
    raises an `Exception` for SIGTERM). Such a one may arrive in the middle of a log
    call, and must not be taken for a failure of the value that is being logged. So
    must not a `KeyboardInterrupt`; but a ``__repr__`` that calls ``sys.exit`` is one.
    """
    if not isinstance(error, Exception) and not _is_of_a_value(error):
        raise error
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


def _is_of_a_value(error: BaseException) -> bool:
    """Return whether it is of a kind that never arrives while no code waits."""
    if isinstance(error, (SystemExit, GeneratorExit)):
        return True
    asyncio = sys.modules.get("asyncio")  # perhaps only half imported
    return isinstance(error, getattr(asyncio, "CancelledError", ()))
