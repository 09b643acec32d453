"""Every kind of callable gets the wrapper that fits it, or a clear error."""

import asyncio
import concurrent.futures
import contextlib
import functools
import inspect
import linecache
import time
import traceback
import types
import unittest.mock

import pytest

from ml_infra.decorators import _forward, retry


def attempts_of(make, run):
    """Return how often a callable that always fails is called."""
    calls = []
    target = make(calls)
    with retry.testing(), pytest.raises(ConnectionError):
        run(retry(target))
    return len(calls)


def fail(calls):
    calls.append(1)
    raise ConnectionError


async def fail_async(calls):
    await asyncio.sleep(0)
    fail(calls)


class AsyncObject:
    def __init__(self, calls):
        self.calls = calls

    async def __call__(self):
        await fail_async(self.calls)


class Object:
    def __init__(self, calls):
        self.calls = calls

    def __call__(self):
        fail(self.calls)


class Holder:
    def __init__(self, calls):
        self.calls = calls

    def method(self):
        fail(self.calls)

    async def async_method(self):
        await fail_async(self.calls)


@types.coroutine
def old_style(calls):
    yield
    fail(calls)


def wrapped_coroutine(calls):
    """Make a plain function around a coroutine function."""

    async def load():
        await fail_async(calls)

    @functools.wraps(load)
    def wrapper():
        return load()

    return wrapper


@pytest.mark.parametrize(
    "make",
    [
        lambda calls: lambda: fail(calls),
        lambda calls: functools.partial(fail, calls),
        Object,
        lambda calls: functools.partial(Object(calls)),
        lambda calls: Holder(calls).method,
        lambda calls: functools.partial(functools.partial(fail), calls),
    ],
)
def test_plain_callables_are_retried(make):
    assert attempts_of(make, lambda function: function()) == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda calls: functools.partial(fail_async, calls),
        AsyncObject,
        lambda calls: functools.partial(AsyncObject(calls)),
        lambda calls: Holder(calls).async_method,
        lambda calls: lambda: fail_async(calls),
        lambda calls: functools.partial(old_style, calls),
        wrapped_coroutine,
    ],
    ids=[
        "partial",
        "object",
        "partial of object",
        "method",
        "lambda returning a coroutine",
        "types.coroutine",
        "plain wrapper around a coroutine function",
    ],
)
def test_trap_11_async_callables_of_every_form_are_retried(make):
    """Trap 11: none of them is a silent no-op, none leaks an un-awaited coroutine."""

    async def await_it(function):
        await function()

    def run(function):
        asyncio.run(await_it(function))

    assert attempts_of(make, run) == 3


def test_trap_11_a_lambda_returning_a_coroutine_under_full_options():
    """Trap 11: the same with the options that need the full loop."""
    calls = []

    async def main():
        with retry.testing():
            await retry(lambda: fail_async(calls), deadline=60)()

    with pytest.raises(ConnectionError):
        asyncio.run(main())
    assert len(calls) == 3


def test_trap_12_methods_below_and_above(trial):
    """Trap 12: methods, static and class methods in both orders, right self."""

    class Loader:
        calls = 0

        @classmethod
        def count(cls):
            cls.calls += 1
            if cls.calls % 3:
                raise ConnectionError
            return cls

        @retry
        def method(self, x):
            return self, self.count(), x

        @retry
        @staticmethod
        def static_above(x):
            return Loader.count(), x

        @staticmethod
        @retry
        def static_below(x):
            return Loader.count(), x

        @retry
        @classmethod
        def class_above(cls, x):
            return cls.count(), x

        @classmethod
        @retry
        def class_below(cls, x):
            return cls.count(), x

        @property
        @retry
        def value(self):
            return self, self.count()

    loader = Loader()
    assert loader.method(1) == (loader, Loader, 1)
    for function in (
        loader.static_above,
        Loader.static_below,
        loader.class_above,
        Loader.class_below,
    ):
        assert function(2) == (Loader, 2)
    assert loader.value == (loader, Loader)
    assert Loader.calls == 18


def test_trap_12_singledispatch_above_and_below(trial):
    """Trap 12: the registry stays reachable, and every implementation is retried."""
    calls = []

    @retry
    @functools.singledispatch
    def above(x):
        fail(calls)

    @above.register
    def _(x: int):
        calls.append("int")
        if len(calls) < 3:
            raise ConnectionError
        return x

    assert above(3) == 3
    assert calls == ["int"] * 3

    @functools.singledispatch
    @retry
    def below(x):
        return fail(calls)

    calls.clear()
    with pytest.raises(ConnectionError):
        below("a")
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (property(lambda self: 1), "below @property"),
        (functools.cached_property(lambda self: 1), "cached_property, which is not"),
        (functools.partialmethod(fail), "partialmethod, which is not callable"),
        (functools.singledispatchmethod(fail), "put the decorator below it"),
        (Holder, "a class: decorate one of its methods"),
        (OSError, "say on=OSError"),
        ((OSError, KeyError), r"say on=\(OSError, KeyError\)"),
        (contextlib.contextmanager(fail), "put @contextmanager outside"),
        (contextlib.asynccontextmanager(fail), "put @contextmanager outside"),
        (
            functools.partial(contextlib.contextmanager(fail), []),
            "put @contextmanager outside",
        ),
        (3, "int, which is not callable: say attempts=3"),
        ("load", "str, which is not callable"),
    ],
)
def test_trap_12_what_cannot_be_retried_is_refused_at_decoration(target, message):
    """Trap 12: a readable message instead of a failure at the first call."""
    with pytest.raises(TypeError, match=message):
        retry(target)


def test_below_contextmanager_the_part_before_the_yield_is_retried(trial):
    """The way out that the refusal names; the block's own error is not retried."""
    calls = []

    @contextlib.contextmanager
    @retry
    def connection():
        calls.append("open")
        if len(calls) < 3:
            raise ConnectionError
        yield 5

    with (
        pytest.raises(OSError, match="of the block"),
        connection() as opened,
    ):
        raise OSError(f"of the block with {opened}")
    assert calls == ["open"] * 3

    @contextlib.contextmanager
    def around():
        yield

    calls.clear()
    with pytest.raises(ConnectionError):
        retry(around()(fail))(calls)  # a function within a context manager is one
    assert len(calls) == 3


@pytest.mark.parametrize("options", [{}, {"deadline": 60}])
def test_a_generator_that_a_plain_function_returns_is_retried(options, trial):
    """Until its first item, as a generator function is."""
    calls = []

    def rows():
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError
        sent = yield 1
        yield sent
        return "end"

    @functools.wraps(rows)
    def passed_on():
        return rows()

    items = retry(passed_on, **options)()
    assert inspect.isgenerator(items)
    assert (next(items), items.send(7)) == (1, 7)
    with pytest.raises(StopIteration, match="end"):
        next(items)
    assert len(calls) == 3

    calls.clear()
    with pytest.raises(ConnectionError) as caught:
        list(retry(lambda *_: rows(), attempts=2, **options)())
    assert len(retry.history(caught.value)) == 2


@pytest.mark.parametrize("options", [{}, {"deadline": 60}])
def test_an_async_generator_that_a_plain_function_returns_is_retried(options, trial):
    calls = []

    async def rows():
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError
        yield 1
        yield 2

    async def main():
        return [item async for item in retry(lambda *_: rows(), **options)()]

    assert asyncio.run(main()) == [1, 2]
    assert len(calls) == 3


def test_a_generator_that_was_begun_is_a_result_like_any_other():
    items = iter_from_one()
    next(items)
    assert retry(lambda: items)() is items


def iter_from_one():
    yield from range(1, 4)


class Awaitable:
    def __await__(self):
        raise ConnectionError
        yield


def future():
    return concurrent.futures.Future()


def task():
    return asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("make", [Awaitable, future, task])
@pytest.mark.parametrize("options", [{}, {"deadline": 60}])
def test_what_fails_after_the_call_is_refused(make, options):
    """A retry that never retries anything would be taken for one that works."""
    calls = []

    def load():
        calls.append(1)
        return make()

    async def main():
        with pytest.raises(TypeError, match=r"load returned a \w+, .* let it await"):
            retry(load, **options)()

    asyncio.run(main())
    assert len(calls) == 1


def test_a_generator_for_retry_result_is_refused():
    with pytest.raises(TypeError, match="retry_result does not fit iter_from_one"):
        retry(lambda *_: iter_from_one(), retry_result=bool, name="iter_from_one")()


def test_a_coroutine_of_types_coroutine_is_awaited(trial):
    calls = []

    @types.coroutine
    def load():
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError
        yield from asyncio.sleep(0).__await__()
        return 5

    async def main():
        return await retry(lambda *_: load())()

    assert asyncio.run(main()) == 5


def test_trap_13_the_event_loop_goes_on_during_a_backoff(monkeypatch):
    """Trap 13: an async function's wait lets other tasks run."""
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("blocked"))
    ticks = []
    failures = iter([ConnectionError(), None])

    @retry(initial=0.05, jitter="none")
    async def load():
        error = next(failures)
        if error:
            raise error

    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.001)

    async def main():
        ticker = asyncio.create_task(tick())
        await load()
        ticker.cancel()

    asyncio.run(main())
    assert len(ticks) > 3


def test_trap_26_a_timeout_on_a_sync_function_is_refused_with_the_reason():
    """Trap 26: a thread cannot be stopped, so three bodies would run at once."""
    with pytest.raises(TypeError, match="thread cannot be stopped"):
        retry(attempt_timeout=1)(time.sleep)


def test_trap_26_an_async_timeout_ends_the_body_before_the_next_starts():
    """Trap 26: never two attempts of one call at the same time."""
    running, log = [], []

    @retry(attempt_timeout=0.02, on=ConnectionError, attempts=3, initial=1e-6)
    async def load():
        assert running == []
        running.append(1)
        try:
            await asyncio.sleep(30 if len(log) < 2 else 0)
        finally:
            log.append("end")
            running.clear()
        return "done"

    assert asyncio.run(load()) == "done"
    assert log == ["end"] * 3


def test_an_attempt_timeout_comes_out_as_a_timeout_error(trial):
    @retry(attempt_timeout=0.01, attempts=2)
    async def load():
        await asyncio.sleep(30)

    with pytest.raises(TimeoutError, match=r"attempt 2 of load .* 0.01 s"):
        asyncio.run(load())


def test_a_timeout_of_the_attempts_own_keeps_its_type(trial):
    """The policy's limit is not blamed for what the function itself raised."""

    @retry(attempt_timeout=30, attempts=2)
    async def load():
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        asyncio.run(load())


def test_retry_result_on_a_generator_is_refused():
    def rows():
        yield 1

    with pytest.raises(TypeError, match="no result before its first item"):
        retry(rows, retry_result=bool)


def plain(a, /, b: int = 2, *rest, c, d=4, **options) -> str:
    """Do it."""
    return f"{a} {b} {rest} {c} {d} {options}"


async def coroutine_function(a, b=2):
    """Do it."""


def generator_function(a, b=2):
    """Do it."""
    yield a


async def async_generator_function(a, b=2):
    """Do it."""
    yield a


@pytest.mark.parametrize(
    "function",
    [plain, coroutine_function, generator_function, async_generator_function],
)
@pytest.mark.parametrize("decorate", [retry, retry(deadline=9)])
def test_trap_41_metadata_and_kind_survive(function, decorate):
    """Trap 41: name, documentation, signature and kind are those of the function."""
    decorated = decorate(function)
    assert decorated.__name__ == function.__name__
    assert decorated.__qualname__ == function.__qualname__
    assert decorated.__module__ == function.__module__
    assert decorated.__doc__ == "Do it."
    assert decorated.__wrapped__ is function
    assert decorated.__annotations__ == function.__annotations__
    assert inspect.signature(decorated) == inspect.signature(function)
    for same_kind in (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        inspect.isfunction,
    ):
        assert same_kind(decorated) == same_kind(function)


def test_every_way_to_pass_arguments_reaches_the_function(trial):
    for decorated in (retry(plain), retry(plain, deadline=3)):
        assert decorated(1, c=3) == plain(1, c=3)
        assert decorated(1, 5, 6, 7, c=3, d=8, e=9) == plain(1, 5, 6, 7, c=3, d=8, e=9)
        assert decorated(1, b=5, c=3, a=9) == plain(1, b=5, c=3, a=9)


def test_parameters_named_like_the_wrappers_own_names_work(trial, failing):
    @retry
    def load(function, type, /, clock, *, args, positions=3):  # noqa: A002 - the point
        return [function, type, clock, args, positions]

    assert load(1, 2, 3, args=4) == [1, 2, 3, 4, 3]


def test_defaults_keep_their_identity():
    marker = object()

    @retry
    def load(x=marker, *, y=marker):
        return x, y

    assert load() == (marker, marker)


def test_mocks_and_builtins_can_be_retried(trial):
    mock = unittest.mock.Mock(side_effect=[ConnectionError(), 5])
    assert retry(mock)(1, k=2) == 5
    assert mock.call_args_list == [unittest.mock.call(1, k=2)] * 2
    async_mock = unittest.mock.AsyncMock(side_effect=[ConnectionError(), 6])
    assert asyncio.run(retry(async_mock)()) == 6
    assert retry(len)("abc") == 3


def test_marked_coroutine_functions_are_async(trial):
    if not hasattr(inspect, "markcoroutinefunction"):
        pytest.skip("from Python 3.12")
    calls = []
    marked = inspect.markcoroutinefunction(lambda: fail_async(calls))
    assert inspect.iscoroutinefunction(retry(marked))
    with pytest.raises(ConnectionError):
        asyncio.run(retry(marked)())
    assert len(calls) == 3


def test_two_retries_stack_in_both_orders_with_other_wrappers(trial, failing):
    load = failing(ConnectionError(), ConnectionError())
    assert retry(functools.lru_cache(load))() == "done"
    load = failing(ConnectionError())
    assert functools.lru_cache(retry(load))() == "done"


def test_a_traceback_shows_the_lines_of_the_wrapper(trial):
    @retry
    def load(path, *, folder):
        raise KeyError(path)

    @retry
    def outer(path, *, cache):
        return load(path, folder=cache)

    with pytest.raises(KeyError) as caught:
        outer("x", cache="y")
    lines = traceback.format_tb(caught.tb)
    assert any("function(path, cache=cache)" in line for line in lines)
    # The attempts of the inner one are gone when it gives up; its wrapper still shows.
    assert sum("<wrapper " in line for line in lines) == 2


def test_the_lines_kept_for_tracebacks_are_bounded(monkeypatch):
    monkeypatch.setattr(_forward, "_sources", {})
    monkeypatch.setattr(_forward, "_SOURCES_LIMIT", 10)
    before = len(linecache.cache)
    for number in range(50):
        names = {}
        exec(f"def made(argument_{number}): pass", names)  # noqa: S102 - a new signature
        retry(names["made"])
    assert len(linecache.cache) - before <= 11
