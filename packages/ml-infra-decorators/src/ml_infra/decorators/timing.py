"""
Measure how long calls and blocks take, print it, and keep percentiles.

`timer` decorates functions and measures blocks; `timings` holds what was recorded.
"""

from __future__ import annotations

from contextvars import ContextVar

from ._callables import refuse, short_name
from ._measurement import Measurement, Options, Timing
from ._registry import Timings, timings
from ._timed import timed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from types import TracebackType
    from typing import Any, Protocol, TypeVar, overload

    from ._dicts import Snapshot
    from ._summary import Summary

    F = TypeVar("F", bound=Callable[..., Any])
    Sink = Callable[[Timing], object] | Logger

    class SupportsSynchronize(Protocol):
        """A device that can only wait for its work."""

        def synchronize(self) -> object: ...

    class DeviceEvent(Protocol):
        """A point in a device's stream of work, as torch.cuda.Event is."""

        def record(self) -> object: ...

        def elapsed_time(self, end: Any, /) -> float: ...

    Device = SupportsSynchronize | Callable[[], DeviceEvent]

__all__ = [
    "Measurement",
    "Snapshot",
    "Summary",
    "Timer",
    "Timing",
    "Timings",
    "timer",
    "timings",
]

# The blocks that are open in this task or thread, innermost last.
_open: ContextVar[tuple[tuple[Timer, Measurement], ...]] = ContextVar(
    "ml_infra_timer_open", default=()
)


class Timer:
    """
    What `timer(...)` returns: a decorator and a context manager in one.

    The same timer may be entered again while it is open, by recursion, threads and
    tasks; each entry is a `Measurement` of its own, which `as` gives.
    """

    def __init__(
        self,
        *,
        name: str | None,
        sink: Sink | None,
        record: bool,
        device: Device | None,
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a str or None, got {name!r}")
        if sink is not None and not callable(sink) and not hasattr(sink, "info"):
            raise TypeError(
                f"sink must be print, a logger, another callable or None, got {sink!r}"
            )
        if not isinstance(record, bool):
            raise TypeError(f"record must be a bool, got {record!r}")
        self._name = name
        self._options = Options(name or "block", sink, record, device)
        self._last: Measurement | None = None

    def __repr__(self) -> str:
        return f"<timer {self._options.name!r}>"

    def __call__(self, function: F, /) -> F:
        """Return `function`, measured."""
        if isinstance(function, (classmethod, staticmethod)):
            inner = self(function.__func__)
            return type(function)(inner)  # pyright: ignore[reportReturnType] # the kind it was
        refuse(function)
        given = self._options
        if given.sink is None and not given.record and given.device is None:
            return function  # nothing to do
        name = self._name or short_name(function)
        options = Options(name, given.sink, given.record, given.device)
        return timed(function, options)  # type: ignore[return-value] # the same parameters

    @property
    def elapsed(self) -> float:
        """Seconds of the block entered last, until now while it is open."""
        if self._last is None:
            raise ValueError(
                "the timer has not been entered yet: use `with timer(...)`"
            )
        return self._last.elapsed

    def __enter__(self) -> Measurement:
        self._last = measurement = Measurement(self._options)
        _open.set((*_open.get(), (self, measurement)))
        return measurement

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        opened = _open.get()
        mine = [entry for entry in opened if entry[0] is self]
        if mine:
            _open.set(tuple(entry for entry in opened if entry is not mine[-1]))
            mine[-1][1].stop(error)
        elif self._last is not None:  # left in another context than entered
            self._last.stop(error)

    async def __aenter__(self) -> Measurement:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)


if TYPE_CHECKING:

    @overload
    def timer(function: F, /) -> F: ...
    @overload
    def timer(
        function: str | None = None,
        /,
        *,
        name: str | None = None,
        sink: Sink | None = print,
        record: bool = True,
        device: Device | None = None,
    ) -> Timer: ...


def timer(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    sink: Sink | None = print,
    record: bool = True,
    device: Device | None = None,
) -> Any:
    """
    Measure each call of a function, or a block.

    The forms are `@timer`, `@timer(...)` and `with timer("epoch") as t:`, also async.

    Functions, methods, coroutine functions, generators and async generators keep
    their kind, signature and type. Calls that raise are measured too, and counted as
    errors. Durations end up in `timings` under the name.

    Args:
        function: What to decorate; or the name, `timer("epoch")`.
        name: Default is the function's own, "Loader.fetch", or "block". Names are kept
            for good, so do not make them from data; timers of one name share it.
        sink: Gets the line "load took 12.3 ms", a str with `name`, `seconds` and
            `outcome`: `print`, a logger (at level info), any callable, or None for
            silence. Of a recursion only the outermost call is told. What a sink
            raises is printed to stderr.
        record: Whether to keep the duration in `timings`.
        device: For work that a device does asynchronously: `torch.cuda`, or a callable
            that makes an event with `record` and `elapsed_time`. Its time is kept as
            `"name:device"`, read only when asked for, so nothing waits. An object that
            has only `synchronize` is waited for before and after, and the wall time
            then covers the work.

    Returns:
        The decorated function, or a `Timer`.

    Of a generator the time is what it was active; what its consumer held it, and the
    time to the first item, are kept as `"name:held"` and `"name:first"`. Around a
    retried function the timer measures the whole, inside it each attempt.

    >>> with timer("epoch", sink=None) as t:
    ...     pass
    >>> 0 <= t.elapsed < 60
    True
    >>> timings.get("epoch").count
    1
    """
    if isinstance(function, str):
        if name is not None:
            raise TypeError(f"two names: {function!r} and {name!r}")
        function, name = None, function
    decorator = Timer(name=name, sink=sink, record=record, device=device)
    return decorator if function is None else decorator(function)


def __getattr__(name: str) -> Any:
    # These need `typing`, and so wait.
    if name == "Summary":
        from ._summary import Summary

        return Summary
    if name == "Snapshot":
        from ._dicts import Snapshot

        return Snapshot
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
