"""Coroutines under trio instead of asyncio."""

import threading
import time

import pytest

from ml_infra.decorators import retry, timer, timings

trio = pytest.importorskip("trio")


def test_waits_are_trios_own():
    failures = iter([ConnectionError(), None])

    @timer(sink=None)
    @retry(initial=0.02, jitter="none")
    async def load():
        await trio.sleep(0)
        error = next(failures)
        if error:
            raise error
        return "done"

    assert trio.run(load) == "done"
    assert timings.get("load").min >= 0.02


def test_cancellation_is_not_retried():
    calls = []

    @retry(on=lambda error: True)
    async def load():
        calls.append(1)
        await trio.sleep(30)

    async def main():
        with trio.move_on_after(0.01):
            await load()

    trio.run(main)
    assert calls == [1]


def test_an_attempt_times_out():
    calls = []

    @retry(attempt_timeout=0.01, attempts=2, initial=1e-6)
    async def load():
        calls.append(1)
        await trio.sleep(30)

    with pytest.raises(TimeoutError, match="attempt 2 of load"):
        trio.run(load)
    assert len(calls) == 2


def test_stop_all_wakes_a_trio_task():
    @retry(initial=60, max_delay=60, jitter="none")
    async def load():
        raise ConnectionError

    stopper = threading.Timer(0.05, retry.stop_all, ("SIGTERM",))
    stopper.start()
    started = time.monotonic()
    with pytest.raises(ConnectionError) as caught:
        trio.run(load)
    stopper.join()
    assert time.monotonic() - started < 10
    assert retry.history(caught.value)[-1]["reason"] == "shutdown"


def test_trials_skip_trios_waits():
    async def main():
        with retry.testing() as trial:
            async for attempt in retry.attempts(jitter="none"):
                with attempt:
                    if attempt.number == 1:
                        raise ConnectionError
        return trial.waits

    assert trio.run(main) == [0.1]
