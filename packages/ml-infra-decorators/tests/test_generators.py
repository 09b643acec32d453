"""Generators are retried up to their first item, and are otherwise transparent."""

import asyncio
import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.decorators import retry, timer

pytestmark = pytest.mark.usefixtures("trial")


def test_trap_09_a_failure_before_the_first_item_is_retried():
    """Trap 9: a generator's error comes at its first item, not at its call."""
    starts, ends = [], []

    @retry
    def rows():
        starts.append(1)
        try:
            if len(starts) < 3:
                raise ConnectionError
            yield from "abc"
        finally:
            ends.append(1)

    assert list(rows()) == ["a", "b", "c"]
    assert len(starts) == len(ends) == 3  # each attempt's finally ran once


def test_trap_09_a_later_failure_propagates_without_duplicates():
    """Trap 9: items that are out cannot be taken back."""
    seen = []

    @retry
    def rows():
        yield 1
        yield 2
        raise ConnectionError

    with pytest.raises(ConnectionError):
        seen.extend(rows())
    assert seen == [1, 2]


def test_trap_09_send_throw_close_and_the_return_value_are_preserved():
    """Trap 9: the wrapper is as transparent as `yield from`."""
    log = []

    @retry
    def echo():
        received = None
        try:
            while True:
                try:
                    received = yield received
                except KeyError as error:
                    received = f"caught {error}"
                if received == "end":
                    return "result"
        finally:
            log.append("closed")

    generator = echo()
    assert next(generator) is None
    assert generator.send("a") == "a"
    assert generator.throw(KeyError("k")) == "caught 'k'"
    assert next(generator) is None
    with pytest.raises(StopIteration) as stop:
        generator.send("end")
    assert stop.value.value == "result"

    generator = echo()
    next(generator)
    generator.close()
    assert log == ["closed", "closed"]

    generator = echo()
    next(generator)
    with pytest.raises(ValueError, match="foreign"):
        generator.throw(ValueError("foreign"))
    assert log == ["closed"] * 3


def test_an_empty_generator_keeps_its_return_value():
    @retry
    def empty():
        return "nothing"
        yield

    with pytest.raises(StopIteration) as stop:
        next(empty())
    assert stop.value.value == "nothing"


def test_attempts_run_out_for_generators_too():
    starts = []

    @retry(attempts=2)
    def rows():
        starts.append(1)
        raise ConnectionError
        yield

    with pytest.raises(ConnectionError) as caught:
        next(rows())
    assert len(starts) == 2
    assert len(retry.history(caught.value)) == 2


def test_async_generators_are_retried_before_the_first_item():
    starts = []

    @retry
    async def rows():
        starts.append(1)
        await asyncio.sleep(0)
        if len(starts) < 3:
            raise ConnectionError
        for item in "abc":
            yield item
        raise KeyError

    async def main():
        seen = []
        try:
            async for item in rows():
                seen.append(item)  # noqa: PERF401 - the error comes in between
        except KeyError:
            return seen

    assert asyncio.run(main()) == ["a", "b", "c"]
    assert len(starts) == 3


def test_async_generators_keep_asend_athrow_and_aclose():
    log = []

    @retry
    async def echo():
        received = None
        try:
            while received != "end":
                try:
                    received = yield received
                except KeyError:  # noqa: PERF203 - thrown in by the test
                    received = "caught"
        finally:
            await asyncio.sleep(0)
            log.append("closed")

    async def main():
        generator = echo()
        assert await generator.__anext__() is None
        assert await generator.asend("a") == "a"
        assert await generator.athrow(KeyError()) == "caught"
        with pytest.raises(StopAsyncIteration):
            await generator.asend("end")
        generator = echo()
        await generator.__anext__()
        await generator.aclose()

    asyncio.run(main())
    assert log == ["closed", "closed"]


def test_an_async_generator_times_out_before_its_first_item():
    starts = []

    @retry(attempt_timeout=0.02)
    async def rows():
        starts.append(1)
        if len(starts) == 1:
            await asyncio.sleep(30)
        yield len(starts)

    async def main():
        return [item async for item in rows()]

    assert asyncio.run(main()) == [2]


def test_trap_10_breaking_out_closes_the_inner_generator_on_the_same_loop():
    """Trap 10: nothing is left open, nothing warns (warnings are errors here)."""
    loops = []

    @retry
    async def rows():
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            loops.append(asyncio.get_running_loop())

    async def main():
        generator = rows()
        async for _ in generator:
            break
        await generator.aclose()
        async for _ in rows():
            break
        gc.collect()
        await asyncio.sleep(0.01)
        return asyncio.get_running_loop()

    loop = asyncio.run(main())
    assert loops == [loop, loop]


def steps(log):
    """Make a generator with every reaction there is: items, catches, ends, raises."""
    log.append("start")
    received = None
    try:
        while True:
            try:
                received = yield received
            except KeyError as error:
                received = f"caught {error.args}"
            if received == "return":
                return "result"
            if received == "raise":
                raise LookupError("own")
    finally:
        log.append("end")


def trace(function, operations):
    """Return what a generator answers to the operations, and what it logs."""
    log = []
    generator = function(log)
    answers = []
    for operation in operations:
        try:
            if operation == "next":
                answers.append(next(generator))
            elif operation == "close":
                answers.append(generator.close())
            elif operation.startswith("throw "):
                kind = {"key": KeyError, "other": OSError}[operation[6:]]
                answers.append(generator.throw(kind("thrown")))
            else:
                answers.append(generator.send(operation))
        except (StopIteration, LookupError, OSError, TypeError) as error:  # noqa: PERF203 - an answer too
            answers.append((type(error), error.args))
    generator.close()
    return answers, log


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    operations=st.lists(
        st.sampled_from(
            ["next", "close", "throw key", "throw other", "a", "return", "raise"]
        ),
        max_size=8,
    )
)
def test_decorated_generators_answer_as_the_bare_one_does(operations):
    """Whatever is sent and thrown in any order, once the first item is there."""
    operations = ["next", *operations]
    expected = trace(steps, operations)
    assert trace(retry(steps), operations) == expected
    assert trace(timer(sink=None)(steps), operations) == expected
    assert trace(timer(sink=None)(retry(steps, deadline=9)), operations) == expected
