"""Waiting, and the switch that ends it everywhere."""

import asyncio
import os
import signal
import threading
import time

import pytest

from ml_infra.decorators import retry


def sleeping(calls):
    @retry(initial=60, max_delay=60, jitter="none")
    def load():
        calls.append(1)
        raise ConnectionError("down")

    return load


def wait_until(condition):
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.001)


def test_stop_all_wakes_every_sleeping_thread():
    calls, errors = [], []
    load = sleeping(calls)

    def work():
        try:
            load()
        except ConnectionError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(calls) == 4)
    time.sleep(0.02)
    started = time.monotonic()
    retry.stop_all("SIGTERM")
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - started < 5
    assert len(calls) == 4
    assert len(errors) == 4
    for error in errors:
        assert retry.history(error)[-1]["reason"] == "shutdown"
        assert "stopped: shutdown (SIGTERM)" in error.__notes__[0]


def test_stop_all_wakes_sleeping_tasks():
    calls = []

    @retry(initial=60, max_delay=60, jitter="none")
    async def load():
        calls.append(1)
        raise ConnectionError("down")

    async def main():
        tasks = [asyncio.create_task(load()) for _ in range(3)]
        await asyncio.sleep(0.01)
        retry.stop_all("preempted")
        return await asyncio.wait_for(
            asyncio.gather(*tasks, return_exceptions=True), 10
        )

    errors = asyncio.run(main())
    assert len(calls) == 3
    assert [retry.history(error)[-1]["reason"] for error in errors] == ["shutdown"] * 3


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_stop_all_works_from_a_signal_handler_in_the_sleeping_thread():
    """The handler interrupts the very thread that waits; no lock may be in the way."""
    calls = []
    load = sleeping(calls)
    previous = signal.signal(signal.SIGTERM, lambda *_: retry.stop_all("SIGTERM"))
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
    try:
        timer.start()
        started = time.monotonic()
        with pytest.raises(ConnectionError):
            load()
        assert time.monotonic() - started < 5
    finally:
        timer.join()
        signal.signal(signal.SIGTERM, previous)
    assert len(calls) == 1


def test_after_stop_all_a_failure_is_final_until_resume_all(trial, failing):
    retry.stop_all("SIGTERM")
    assert retry(lambda: 5)() == 5
    load = failing(ConnectionError())
    with pytest.raises(ConnectionError):
        retry(load)()
    retry.resume_all()
    load = failing(ConnectionError())
    assert retry(load)() == "done"


def test_stop_all_twice_and_with_closed_loops_is_harmless():
    retry.stop_all()
    retry.stop_all("again")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_keyboard_interrupt_ends_the_wait():
    calls = []
    # A suite started in the background of a shell inherits that Ctrl-C is ignored.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            sleeping(calls)()
    finally:
        timer.join()
        signal.signal(signal.SIGINT, previous)
    assert len(calls) == 1


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_stop_all_works_from_a_signal_handler_under_asyncio():
    """The handler interrupts the event loop while all its tasks wait."""

    @retry(initial=60, max_delay=60, jitter="none")
    async def load():
        raise ConnectionError("down")

    async def main():
        return await asyncio.gather(load(), load(), return_exceptions=True)

    previous = signal.signal(signal.SIGTERM, lambda *_: retry.stop_all("SIGTERM"))
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
    try:
        timer.start()
        errors = asyncio.run(asyncio.wait_for(main(), 10))
    finally:
        timer.join()
        signal.signal(signal.SIGTERM, previous)
    assert all("shutdown (SIGTERM)" in error.__notes__[0] for error in errors)
