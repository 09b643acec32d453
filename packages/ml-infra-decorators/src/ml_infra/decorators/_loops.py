"""The attempts of a call, one loop for each kind of function."""

from __future__ import annotations

from ._pause import pause, pause_async, running_trio
from ._results import (
    ASYNC_GENERATOR,
    GENERATOR,
    ORDINARY,
    is_coroutine,
    is_unfinished,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from typing import Any

    from ._call import Call


def run(call: Call) -> Any:
    """Make attempts until one succeeds or the call gives up."""
    while True:
        call.begin()
        try:
            result = call.function(*call.args, **call.kwargs)
        except BaseException as error:
            if not call.failed(error):
                raise
        else:
            if type(result) not in ORDINARY and is_unfinished(result):
                call.end()
                return take_over(call, result)
            if call.accepts(result):
                return result
            del result
        # Out here the exception is gone, and with it what its frames held.
        if not go_on(call):
            return call.outcome()


def take_over(call: Call, first: Any) -> Any:
    """
    Retry what a plain function returned when its work gets done, as what it is.

    Raises:
        TypeError: If it is none of what can be begun again.
    """
    if is_coroutine(first):
        return run_async(call, first)
    kind = type(first)
    if kind not in (GENERATOR, ASYNC_GENERATOR):
        raise TypeError(
            f"{call.name} returned a {kind.__name__}, whose work fails when the call "
            "is over, where it is not retried: decorate the function that does the "
            "work, or make this one async and let it await"
        )
    if call.policy.retry_result is not None:
        raise TypeError(
            f"retry_result does not fit {call.name}: the generator that it returns has "
            "no result before its first item"
        )
    if kind is GENERATOR:
        return run_generator(call, first)
    return async_generator(lambda _args, _kwargs: call, first)()


def go_on(call: Call) -> bool:
    """Wait for the next attempt; return whether it may begin."""
    if not call.prepare():
        return False
    pause(call.delay)
    return call.resume()


async def run_async(call: Call, first: Awaitable[Any] | None = None) -> Any:
    """Do as `run`, awaiting; the first attempt may have been called already."""
    while True:
        call.begin()
        awaitable = None
        try:
            awaitable = first or call.function(*call.args, **call.kwargs)
            first = None
            result = await limited(call, awaitable)
        except BaseException as error:
            if not call.failed(error):
                raise
        else:
            if call.accepts(result):
                return result
            del result
        del awaitable
        if not await go_on_async(call):
            return call.outcome()


async def go_on_async(call: Call) -> bool:
    """Do as `go_on`, letting other tasks run."""
    if not call.prepare():
        return False
    await pause_async(call.delay)
    return call.resume()


async def limited(call: Call, awaitable: Awaitable[Any]) -> Any:
    """Await within the policy's `attempt_timeout`."""
    seconds = call.time_left()
    if seconds is None:
        return await awaitable
    trio = running_trio()
    if trio is None:
        result = await _limited_by_asyncio(call, awaitable, seconds)
    else:
        result = None
        with trio.move_on_after(seconds) as scope:
            result = await awaitable
        call.timed_out = scope.cancelled_caught
    if call.timed_out:
        raise TimeoutError(
            f"attempt {call.attempt} of {call.name} took longer than its "
            f"attempt_timeout of {seconds:.3g} s"
        )
    return result


async def _limited_by_asyncio(
    call: Call, awaitable: Awaitable[Any], seconds: float
) -> Any:
    import asyncio

    timeout = getattr(asyncio, "timeout", None)
    started = asyncio.get_running_loop().time()
    try:
        if timeout is None:  # Python 3.10
            return await asyncio.wait_for(awaitable, seconds)
        async with timeout(seconds):
            return await awaitable
    except asyncio.TimeoutError:
        # A TimeoutError that the attempt raised itself comes sooner.
        if asyncio.get_running_loop().time() - started < seconds:
            raise
        call.timed_out = True
        return None


def run_generator(
    call: Call, first: Generator[Any, Any, Any] | None = None
) -> Generator[Any, Any, Any]:
    """
    Make attempts until an item is there; hand out that one and the rest.

    The first attempt may have been called already.
    """
    while True:
        call.begin()
        generator = None
        try:
            generator = first or call.function(*call.args, **call.kwargs)
            first = None
            item = next(generator)
        except StopIteration as end:
            call.accepts(None)
            return end.value
        except BaseException as error:
            if not call.failed(error):
                raise
        else:
            call.accepts(item)
            break
        del generator
        if not go_on(call):
            return call.outcome()
    del call
    return (yield from _rest(generator, item))


def _rest(generator: Generator[Any, Any, Any], item: Any) -> Generator[Any, Any, Any]:
    """
    Behave as `yield from generator` would, had `item` not been taken from it.

    PEP 380 spells out what that is: what the consumer sends, throws or closes reaches
    the generator, and what it then yields, returns or raises reaches the consumer. The
    same is written out in `async_generator` and, with a clock around each step, twice
    in `_timed`: async generators have no `yield from`, and it leaves no room for a
    clock. A function for all four would cost each item another call.
    """
    try:
        while True:
            try:
                sent = yield item
            except GeneratorExit:
                generator.close()
                raise
            except BaseException as error:  # noqa: BLE001 - the generator's to handle
                item = generator.throw(error)
                continue
            if sent is None:
                item = None
                return (yield from generator)
            item = generator.send(sent)
    except StopIteration as end:
        return end.value


def async_generator(
    new_call: Callable[[tuple[Any, ...], dict[str, Any]], Call],
    first: AsyncGenerator[Any, Any] | None = None,
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """Return an async generator function that does as `run_generator`, awaiting."""

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        nonlocal first
        call = new_call(args, kwargs)
        while True:
            call.begin()
            generator = None
            try:
                generator = first or call.function(*call.args, **call.kwargs)
                first = None
                item = await limited(call, generator.__anext__())
            except StopAsyncIteration:
                call.accepts(None)
                return
            except BaseException as error:
                if not call.failed(error):
                    raise
            else:
                call.accepts(item)
                break
            del generator
            if not await go_on_async(call):
                call.outcome()
        del call
        # From here on as `_rest`, awaiting.
        try:
            while True:
                try:
                    sent = yield item
                except GeneratorExit:  # noqa: PERF203 - each item's own
                    await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - the generator's to handle
                    item = await generator.athrow(error)
                else:
                    item = None
                    item = await generator.asend(sent)
        except StopAsyncIteration:
            return

    return wrapper
