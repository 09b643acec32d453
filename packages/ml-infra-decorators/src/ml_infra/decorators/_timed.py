"""Put a timer around any kind of callable."""

from __future__ import annotations

from time import perf_counter_ns

from ._callables import kind_of
from ._forward import dress, forward
from ._histogram import BATCH
from ._measurement import Measurement, Telling, begin_telling
from ._registry import timings
from ._results import COROUTINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from typing import Any

    from ._measurement import Options

# The names in the templates are chosen as in `_wrapping`.
_RECORD = """\
def wrapper($parameters):
    if not _timings.enabled:
        return function($arguments)
    _wrapper_start = _clock()
    try:
        _wrapper_result = function($arguments)
    except BaseException:
        _histogram.add(_clock() - _wrapper_start, failed=True)
        raise
    _wrapper_elapsed = _clock() - _wrapper_start
    if type(_wrapper_result) is _COROUTINE:
        return _measure_async(_options, _wrapper_result)
    _wrapper_pending = _histogram.pending
    _wrapper_pending.append(_wrapper_elapsed)
    if len(_wrapper_pending) >= _BATCH:
        _histogram.fold()
    return _wrapper_result
"""
_RECORD_ASYNC = """\
async def wrapper($parameters):
    if not _timings.enabled:
        return await function($arguments)
    _wrapper_start = _clock()
    try:
        _wrapper_result = await function($arguments)
    except BaseException:
        _histogram.add(_clock() - _wrapper_start, failed=True)
        raise
    _histogram.add(_clock() - _wrapper_start)
    return _wrapper_result
"""
_FULL = """\
def wrapper($parameters):
    if not _timings.enabled:
        return function($arguments)
    return _measure(_options, function, $args, $kwargs)
"""
_FULL_ASYNC = """\
async def wrapper($parameters):
    if not _timings.enabled:
        return await function($arguments)
    return await _measure_async(_options, function($arguments))
"""


def timed(function: Callable[..., Any], options: Options) -> Callable[..., Any]:
    """Return a function of the same kind that measures each call."""
    kind = kind_of(function)
    if kind.endswith("generator") and options.device is not None:
        raise TypeError(
            f"device does not fit the generator {options.name}: its work is spread "
            "over its consumer's; use `with timer(..., device=...)` around the launches"
        )
    if kind == "generator":
        return dress(_generator(function, options), function)
    if kind == "async generator":
        return dress(_async_generator(function, options), function)
    only_record = options.sink is None and options.device is None
    if kind == "async":
        template = _RECORD_ASYNC if only_record else _FULL_ASYNC
    else:
        template = _RECORD if only_record else _FULL
    available: dict[str, Any] = {
        "_BATCH": BATCH,
        "_COROUTINE": COROUTINE,
        "_clock": perf_counter_ns,
        "_histogram": timings.histogram(options.name),
        "_measure": measure,
        "_measure_async": measure_async,
        "_options": options,
        "_timings": timings,
    }
    names = {word: available[word] for word in available if word in template}
    return forward(function, template, names)


def measure(
    options: Options,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Call the function within a measurement."""
    measurement = Measurement(options)
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        measurement.stop(error)
        raise
    if type(result) is COROUTINE:
        measurement.abandon()
        return measure_async(options, result)
    measurement.stop()
    return result


async def measure_async(options: Options, awaitable: Awaitable[Any]) -> Any:
    """Await within a measurement."""
    measurement = Measurement(options)
    try:
        result = await awaitable
    except BaseException as error:
        measurement.stop(error)
        raise
    measurement.stop()
    return result


class _Items:
    """
    The times of one generator: active, held by the consumer, and to the first item.

    `resume` and `suspend` stand around each step of the generator.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._active = self._held = 0
        self._first = True
        self._outermost = False
        self._telling: Telling | None = None
        self._since = perf_counter_ns()

    def resume(self) -> None:
        """The generator goes on; what passed was the consumer's."""
        now = perf_counter_ns()
        if not self._first:
            self._held += now - self._since
        self._telling = begin_telling(self._options)
        self._outermost = self._outermost or self._telling is not None
        self._since = perf_counter_ns()

    def suspend(self, *, item: bool = True) -> None:
        """The generator has stopped, at an item or for good."""
        now = perf_counter_ns()
        if self._telling is not None:
            self._telling.end()
        self._active += now - self._since
        self._since = now
        if item and self._first:
            self._first = False
            self._options.add(self._active, failed=False, suffix=":first")

    def finish(self, error: BaseException | None = None) -> None:
        """The generator has stopped for good: record the whole, and tell it."""
        self.suspend(item=False)
        self._options.add(self._active, failed=error is not None)
        self._options.add(self._held, failed=False, suffix=":held")
        if self._outermost:
            self._options.tell(self._active, error)


class _Nothing:
    """What an async generator reports to while timers are switched off."""

    def resume(self) -> None: ...

    def suspend(self) -> None: ...

    def finish(self, error: BaseException | None = None) -> None: ...


def _generator(function: Callable[..., Any], options: Options) -> Callable[..., Any]:
    # As `yield from`, with the times around each step; see `_loops._rest`.
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        if not timings.enabled:
            return (yield from function(*args, **kwargs))
        generator = function(*args, **kwargs)
        times = _Items(options)
        step, value = generator.send, None
        while True:
            times.resume()
            try:
                item = step(value)
            except StopIteration as end:
                times.finish()
                return end.value
            except BaseException as error:
                times.finish(error)
                raise
            times.suspend()
            try:
                value = yield item
                step = generator.send
            except GeneratorExit:
                times.resume()
                try:
                    generator.close()
                except BaseException as error:
                    times.finish(error)
                    raise
                times.finish()
                raise
            except BaseException as error:  # noqa: BLE001 - the generator's to handle
                step, value = generator.throw, error

    return wrapper


def _async_generator(
    function: Callable[..., Any], options: Options
) -> Callable[..., Any]:
    # As `_generator`, awaiting.
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        generator = function(*args, **kwargs)
        times = _Items(options) if timings.enabled else _Nothing()
        step, value = generator.asend, None
        while True:
            times.resume()
            try:
                item = await step(value)
            except StopAsyncIteration:
                times.finish()
                return
            except BaseException as error:
                times.finish(error)
                raise
            times.suspend()
            try:
                value = yield item
                step = generator.asend
            except GeneratorExit:
                times.resume()
                try:
                    await generator.aclose()
                except BaseException as error:
                    times.finish(error)
                    raise
                times.finish()
                raise
            except BaseException as error:  # noqa: BLE001 - the generator's to handle
                step, value = generator.athrow, error

    return wrapper
