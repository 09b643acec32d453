"""Code that type checkers must accept and understand; it is checked, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar, overload

from typing_extensions import Unpack, assert_type

from ml_infra.decorators import (
    RetryBudget,
    RetryEvent,
    RetryPolicy,
    is_out_of_memory,
    retry,
    timer,
    timings,
)
from ml_infra.decorators.retry import AttemptRecord, RetryOptions
from ml_infra.decorators.timing import Snapshot

T = TypeVar("T")


def patient(
    function: Callable[[int], str], **options: Unpack[RetryOptions]
) -> Callable[[int], str]:
    return retry(function, **options)


@retry
def bare(a: int, *, b: str = "") -> float:
    return a + len(b)


@retry(on=(OSError, TimeoutError), attempts=5, jitter="equal", deadline=60)
def configured(a: int) -> str:
    return str(a)


@timer
@retry
async def asynchronous(a: int) -> bytes:
    return bytes(a)


@retry(attempt_timeout=3)
async def limited(a: int) -> bytes:
    return bytes(a)


@retry
def generic(value: T) -> list[T]:
    return [value]


@retry
def rows(n: int) -> Iterator[int]:
    yield from range(n)


@timer(sink=None)
async def batches(n: int) -> AsyncIterator[int]:
    yield n


@overload
def either(value: int) -> int: ...
@overload
def either(value: str) -> str: ...
@retry
def either(value: int | str) -> int | str:
    return value


class Loader:
    @retry
    def method(self, a: int) -> str:
        return str(a)

    @retry(attempts=2)
    async def coroutine(self, a: int) -> str:
        return str(a)

    @classmethod
    @retry
    def made(cls, a: int) -> Loader:
        return cls()

    @staticmethod
    @timer(name="static", record=False)
    def static(a: int) -> str:
        return str(a)

    @property
    @retry
    def value(self) -> int:
        return 5


def halve(
    args: tuple[Any, ...], kwargs: dict[str, Any], failure: object
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    return args, kwargs


def listener(event: RetryEvent) -> None:
    assert_type(event.attempt, int)
    assert_type(event.name, str)


def plain(a: int) -> str:
    return str(a)


async def check() -> None:
    assert_type(bare(1, b="x"), float)
    assert_type(configured(1), str)
    assert_type(await asynchronous(1), bytes)
    assert_type(await limited(1), bytes)
    assert_type(generic("a"), list[str])
    assert_type(generic(1), list[int])
    assert_type(rows(3), Iterator[int])
    assert_type(batches(3), AsyncIterator[int])
    assert_type(either(1), int)
    assert_type(either("a"), str)
    loader = Loader()
    assert_type(loader.method(1), str)
    assert_type(await loader.coroutine(1), str)
    assert_type(Loader.made(1), Loader)
    assert_type(Loader.static(1), str)
    assert_type(loader.value, int)

    bare("no")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # the parameters are kept
    retry(plain, attempts="3")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # and the options checked

    function: Callable[[int], str] = retry(plain, attempts=2)
    assert_type(function(1), str)
    made: Coroutine[Any, Any, bytes] = asynchronous(1)
    await made

    policy = RetryPolicy(on=is_out_of_memory, adjust=halve, budget=RetryBudget())
    assert_type(policy(plain)(1), str)
    assert_type(policy.call(plain, 1), str)
    assert_type(policy.replace(attempts=2), RetryPolicy)

    for attempt in retry.attempts(on=OSError, attempts=2):
        with attempt:
            assert_type(attempt.number, int)
    async for attempt in retry.attempts(deadline=5):
        with attempt:
            pass
    with retry.testing(attempts=2) as trial:
        assert_type(trial.waits, list[float])
    for record in retry.history(OSError()):
        assert_type(record, AttemptRecord)
        assert_type(record["error"], str)
        assert_type(record["waited"], float)
    retry.listen(listener)
    retry.stop_all("SIGTERM")
    retry.resume_all()

    with timer("epoch") as t:
        assert_type(t.elapsed, float)
    async with timer(name="epoch", sink=lambda line: None) as t:
        pass
    summary = timings.get("epoch")
    assert_type(summary.p99, float)
    assert_type(summary.count, int)
    merged = timings.merge(timings.snapshot(), timings.snapshot())
    assert_type(merged, Snapshot)
    assert_type(timings.report(merged), str)
