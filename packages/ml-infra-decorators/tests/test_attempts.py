"""The block form."""

import asyncio

import pytest

from ml_infra.decorators import retry

pytestmark = pytest.mark.usefixtures("trial")


def test_a_block_is_retried_until_it_succeeds():
    numbers = []
    for attempt in retry.attempts(attempts=5):
        with attempt:
            numbers.append(attempt.number)
            if attempt.number < 3:
                raise ConnectionError
    assert numbers == [1, 2, 3]


def test_a_block_gives_up_with_its_own_error():
    error = ConnectionError("down")

    def load():
        for attempt in retry.attempts(attempts=2, name="download"):
            with attempt:
                raise error

    with pytest.raises(ConnectionError) as caught:
        load()
    assert caught.value is error
    assert len(retry.history(error)) == 2


def test_break_and_return_leave_the_block():
    def load():
        for attempt in retry.attempts():
            with attempt:
                return attempt.number
        return None

    assert load() == 1
    seen = []
    for attempt in retry.attempts():
        with attempt:
            seen.append(1)
            break
    assert seen == [1]


def test_the_async_form(trial):
    async def main():
        numbers = []
        async for attempt in retry.attempts(on=ConnectionError, jitter="none"):
            with attempt:
                numbers.append(attempt.number)
                await asyncio.sleep(0)
                if attempt.number < 3:
                    raise ConnectionError
        return numbers

    assert asyncio.run(main()) == [1, 2, 3]


def test_the_async_form_is_cancellable():
    async def main():
        async for attempt in retry.attempts(on=lambda error: True):
            with attempt:
                await asyncio.sleep(30)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(main(), 0.01))


def test_a_block_that_is_not_entered_is_an_error():
    """Without `with attempt:` the loop would run its body again after a success."""
    with pytest.raises(RuntimeError, match="with attempt:"):
        for _ in retry.attempts():
            pass


@pytest.mark.parametrize(
    ("option", "value"),
    [("adjust", print), ("retry_result", bool), ("attempt_timeout", 3)],
)
def test_options_without_a_meaning_in_a_block_are_refused(option, value):
    with pytest.raises(TypeError, match=f"{option} does not fit"):
        retry.attempts(**{option: value})


def test_attempts_can_be_iterated_again():
    policy = retry.attempts(attempts=2)
    for _ in range(2):
        numbers = []
        for attempt in policy:
            with attempt:
                numbers.append(attempt.number)
                if attempt.number == 1:
                    raise ConnectionError
        assert numbers == [1, 2]


def test_nested_blocks_do_not_multiply():
    calls = []

    def load():
        for outer in retry.attempts():
            with outer:
                for inner in retry.attempts():
                    with inner:
                        calls.append(1)
                        raise ConnectionError

    with pytest.raises(ConnectionError):
        load()
    assert len(calls) == 3
