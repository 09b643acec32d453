"""`retry.testing`: no waiting, in one context only."""

import asyncio
import threading
import time

import pytest

from ml_infra.decorators import retry


def test_waits_are_listed_and_not_waited_for(failing):
    started = time.monotonic()
    with retry.testing() as trial:
        assert (
            retry(
                failing(ConnectionError(), ConnectionError()),
                initial=1000,
                max_delay=5000,
                jitter="none",
            )()
            == "done"
        )
    assert trial.waits == [1000, 2000]
    assert time.monotonic() - started < 10


def test_attempts_are_capped_not_replaced(trial):
    calls = []

    def load():
        calls.append(1)
        raise ConnectionError

    with retry.testing(attempts=2):
        for attempts, expected in ((5, 2), (1, 1)):
            calls.clear()
            with pytest.raises(ConnectionError):
                retry(load, attempts=attempts)()
            assert len(calls) == expected


def test_trap_29_a_success_is_not_retried_while_testing():
    """Trap 29: a test mode once retried successes."""
    calls = []
    with retry.testing():
        retry(lambda: calls.append(1))()
    assert calls == [1]


def test_trap_29_hinted_delays_are_skipped_too(failing):
    """Trap 29: whoever asked for the delay."""
    with retry.testing() as trial:
        retry(failing(ConnectionError()), delay=lambda error: 200, jitter="none")()
    assert trial.waits == [200]


def test_trap_29_nested_trials_restore_the_outer_one(failing):
    """Trap 29: the inner one ends, the outer one still holds."""
    with retry.testing() as outer:
        with retry.testing(attempts=1) as inner, pytest.raises(ConnectionError):
            retry(failing(ConnectionError()))()
        assert retry(failing(ConnectionError()), jitter="none")() == "done"
    assert inner.waits == []
    assert outer.waits == [0.1]


def test_trap_29_a_trial_leaks_into_no_other_thread(failing):
    """Trap 29: the other thread waits for real."""
    took = []

    def work():
        started = time.monotonic()
        retry(failing(ConnectionError()), initial=0.05, jitter="none")()
        took.append(time.monotonic() - started)

    with retry.testing() as trial:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert took[0] >= 0.05
    assert trial.waits == []


def test_trap_29_a_trial_leaks_into_no_other_task(failing):
    """Trap 29: a task that began outside waits for real."""
    took = []

    async def work():
        await asyncio.sleep(0)
        failures = iter([ConnectionError(), None])

        @retry(initial=0.05, jitter="none")
        async def load():
            error = next(failures)
            if error:
                raise error

        started = time.monotonic()
        await load()
        took.append(time.monotonic() - started)

    async def test():
        with retry.testing():
            await asyncio.sleep(0.01)

    async def main():
        await asyncio.gather(work(), test())

    asyncio.run(main())
    assert took[0] >= 0.05


def test_a_wrong_cap_is_refused():
    with pytest.raises(ValueError, match="attempts"):
        retry.testing(attempts=0)
