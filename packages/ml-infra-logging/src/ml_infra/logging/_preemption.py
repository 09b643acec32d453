"""Exceptions that a signal handler raises are the program's own, and pass through."""

from __future__ import annotations

import sys


def let_through(error: BaseException) -> None:
    """
    Raise `error` again if it is not of the value being logged, else return.

    Launchers stop a training by an exception from a handler (torch's elastic agent
    raises an `Exception` for SIGTERM). Such a one may arrive in the middle of a log
    call, and must not be taken for a failure of the value that is being logged. Nor
    must a `KeyboardInterrupt`; a ``__repr__`` that calls ``sys.exit`` is one.
    """
    if not isinstance(error, Exception) and not _is_of_a_value(error):
        raise error
    codes = {getattr(each, "__code__", None) for each in _signal_handlers()} - {None}
    traceback = error.__traceback__
    while codes and traceback is not None:
        if traceback.tb_frame.f_code in codes:
            raise error
        traceback = traceback.tb_next


def _is_of_a_value(error: BaseException) -> bool:
    """
    Return whether the code of a value has raised what is no `Exception`.

    Only kinds that arrive where code waits, and so not in a log call, can be told; and
    not where a signal handler is no plain function, which leaves no trace of itself.
    """
    asyncio = sys.modules.get("asyncio")  # perhaps only half imported
    cancelled = getattr(asyncio, "CancelledError", SystemExit)
    if not isinstance(error, (SystemExit, GeneratorExit, cancelled)):
        return False
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None or traceback.tb_frame.f_globals.get("__package__") == (
        __package__
    ):
        return False
    return all(hasattr(handler, "__code__") for handler in _signal_handlers())


def _signal_handlers() -> list[object]:
    """Return the handlers that the program has installed."""
    signal = sys.modules.get("signal")
    if signal is None:
        return []
    default = signal.default_int_handler
    handlers = map(signal.getsignal, signal.valid_signals())
    return [
        getattr(handler, "__func__", handler)
        for handler in handlers
        if callable(handler) and handler is not default
    ]
