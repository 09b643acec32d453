"""Waiting between attempts, and the switch that ends every wait at once."""

from __future__ import annotations

import os
import sys
import time
from _thread import TIMEOUT_MAX, allocate_lock

from . import _clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable
    from typing import Any

# One entry per sleeping retry. A signal handler reads it while the code it
# interrupted may be writing, so no lock guards it: adding, discarding and copying
# a set are single steps of the interpreter.
_wakers: set[Callable[[], object]] = set()
_stop_reason: str | None = None


def stop_reason() -> str | None:
    """Return the reason given to `stop_all`, None while retries may go on."""
    return _stop_reason


def stop_all(reason: str = "stop_all") -> None:
    """End every wait of the process; see `retry.stop_all`."""
    global _stop_reason  # noqa: PLW0603 - the switch is the process's
    _stop_reason = str(reason)
    for wake in _wakers.copy():
        try:
            wake()
        except RuntimeError:  # noqa: PERF203 - woken already, or its event loop is closed
            continue


def resume_all() -> None:
    """Allow retries again after `stop_all`."""
    global _stop_reason  # noqa: PLW0603 - the switch is the process's
    _stop_reason = None


def pause(seconds: float) -> None:
    """Block this thread for `seconds`, or until `stop_all`."""
    trial = _clock.current_trial()
    if trial is not None:
        trial.wait(seconds)
        return
    if seconds <= 0:
        time.sleep(0)
        return
    lock = allocate_lock()
    lock.acquire()
    wake = lock.release
    _wakers.add(wake)
    try:
        # Looked at after registering: a stop in between has released the lock.
        if _stop_reason is None:
            lock.acquire(timeout=min(seconds, TIMEOUT_MAX))
    finally:
        _wakers.discard(wake)


async def pause_async(seconds: float) -> None:
    """Suspend this task for `seconds`, or until `stop_all`."""
    trial = _clock.current_trial()
    if trial is not None:
        trial.wait(seconds)
        seconds = 0
    trio = running_trio()
    await (_pause_asyncio(seconds) if trio is None else _pause_trio(trio, seconds))


def running_trio() -> Any:
    """Return the module trio if this task is one of its, without importing it."""
    trio: Any = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None


async def _pause_asyncio(seconds: float) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    woken: Future[None] = loop.create_future()

    def finish() -> None:
        if not woken.done():
            woken.set_result(None)

    def wake() -> None:
        loop.call_soon_threadsafe(finish)

    timer = loop.call_later(seconds, finish)
    _wakers.add(wake)
    try:
        if _stop_reason is None:
            await woken
    finally:
        timer.cancel()
        _wakers.discard(wake)


async def _pause_trio(trio: Any, seconds: float) -> None:
    woken = trio.Event()
    token = trio.lowlevel.current_trio_token()

    def wake() -> None:
        token.run_sync_soon(woken.set)

    _wakers.add(wake)
    try:
        if _stop_reason is None:
            with trio.move_on_after(seconds):
                await woken.wait()
    finally:
        _wakers.discard(wake)


if hasattr(os, "register_at_fork"):  # not on Windows
    # The sleepers are threads of the parent.
    os.register_at_fork(after_in_child=_wakers.clear)
