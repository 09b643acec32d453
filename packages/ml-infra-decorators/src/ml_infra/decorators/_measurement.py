"""One measured call or block, from its start to what is told about it."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from time import perf_counter_ns

from ._device import event_maker, nanoseconds_between
from ._hooks import report
from ._registry import timings
from ._units import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from typing_extensions import Self


class Timing(str):
    """
    The line that tells a duration, "load took 12.3 ms", with the figures behind it.

    Attributes:
        name: The timer's name.
        seconds: The duration.
        outcome: "ok", or "error" if the call raised.
    """

    __slots__ = ("name", "outcome", "seconds")

    name: str
    seconds: float
    outcome: Literal["ok", "error"]

    def __new__(cls, name: str, nanoseconds: int, error: str = "") -> Self:
        suffix = f" (failed: {error})" if error else ""
        self = super().__new__(cls, f"{name} took {duration(nanoseconds)}{suffix}")
        self.name = name
        self.seconds = nanoseconds / 1e9
        self.outcome = "error" if error else "ok"
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)


class Options:
    """What a timer does with a duration; checked once."""

    name: str
    sink: Any
    record: bool
    device: Any
    new_event: Callable[[], Any] | None

    def __init__(
        self,
        name: str,
        sink: Any,
        record: bool,
        device: Any,
    ) -> None:
        self.name = name
        self.sink = sink
        self.record = record
        self.device = device
        self.new_event = None if device is None else event_maker(device)

    def add(self, nanoseconds: int, *, failed: bool, suffix: str = "") -> None:
        """Record a duration under the name or one of its companions."""
        if self.record and timings.enabled:
            timings.histogram(self.name + suffix).add(nanoseconds, failed=failed)

    def tell(self, nanoseconds: int, error: BaseException | None) -> None:
        """Hand the line to the sink; an error of the sink stays here."""
        if self.sink is None or not timings.enabled:
            return
        failure = "" if error is None else type(error).__name__
        line = Timing(self.name, nanoseconds, failure)
        try:
            if self.sink is print:
                _print(line)
            elif hasattr(self.sink, "info"):
                self.sink.info(line)
            else:
                self.sink(line)
        except Exception as problem:  # noqa: BLE001 - telling must not break the call
            report(problem, self.sink)


class Measurement:
    """
    One run of a timed block; what `with timer(...) as t` gives.

    Attributes:
        name: The timer's name.
    """

    name: str

    def __init__(self, options: Options) -> None:
        self.name = options.name
        self._options = options
        self._end: int | None = None
        self._events: tuple[Any, Any] | None = None
        if options.device is not None:
            self._ask_device(self._start_device)
        self._telling = begin_telling(options)
        self._start = perf_counter_ns()

    @property
    def elapsed(self) -> float:
        """Seconds since the start, until now or until the end."""
        end = perf_counter_ns() if self._end is None else self._end
        return (end - self._start) / 1e9

    def __repr__(self) -> str:
        state = "took" if self._end is not None else "running for"
        return f"<timer {self.name!r} {state} {duration(round(self.elapsed * 1e9))}>"

    @property
    def device_elapsed(self) -> float:
        """Seconds on the device, waiting for it; only after the end, with events."""
        if self._events is None or self._end is None:
            raise ValueError(
                f"timer {self.name!r} has no device time: it needs device= with "
                "events, and to have ended"
            )
        return nanoseconds_between(*self._events) / 1e9

    def stop(self, error: BaseException | None = None) -> None:
        """End the measurement, record it and tell it."""
        options = self._options
        try:
            if options.device is not None:
                self._ask_device(self._stop_device)
        finally:  # also when waiting for the device was interrupted
            self._end = perf_counter_ns()
            if self._telling is not None:
                self._telling.end()
        failed = error is not None
        options.add(self._end - self._start, failed=failed)
        if self._events is not None and options.record and timings.enabled:
            name = f"{self.name}:device"
            timings.device(name).add(*self._events, timings.histogram(name))
        if self._telling is not None:
            options.tell(self._end - self._start, error)

    def _start_device(self) -> None:
        new_event = self._options.new_event
        if new_event is None:
            self._options.device.synchronize()  # what was queued is not this block's
            return
        start = new_event()
        start.record()
        self._events = (start, new_event())

    def _stop_device(self) -> None:
        if self._options.new_event is None:
            self._options.device.synchronize()
        elif self._events is not None:
            self._events[1].record()

    def _ask_device(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as problem:  # noqa: BLE001 - measuring must not break the call
            self._events = None
            report(problem, self._options.device)

    def abandon(self) -> None:
        """End without telling: the work has not begun yet."""
        if self._telling is not None:
            self._telling.end()


class Telling:
    """
    A call under way that will be told: of a recursion only the outermost is.

    Whether it is over is noted here too, since a task that it leaves behind keeps its
    context.
    """

    __slots__ = ("is_over", "name", "outer", "token")

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_over = False
        self.outer = _telling.get()
        self.token = _telling.set(self)

    def end(self) -> None:
        """Let the next call of the name be told."""
        self.is_over = True
        try:
            _telling.reset(self.token)
        except ValueError:  # closed by the garbage collector, in another context
            return


_telling: ContextVar[Telling | None] = ContextVar("ml_infra_timer", default=None)


def begin_telling(options: Options) -> Telling | None:
    """Begin a call with a sink; None if there is no sink or an outer call is told."""
    if options.sink is None:
        return None
    outer = _telling.get()
    while outer is not None:
        if outer.name == options.name and not outer.is_over:
            return None
        outer = outer.outer
    return Telling(options.name)


def _print(line: str) -> None:
    # Text and newline in one write, so that threads do not mix their lines.
    try:
        print(f"{line}\n", end="")  # noqa: T201 - the default of the timer
    except UnicodeEncodeError:  # a name, or "µs", that the stream's encoding lacks
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        plain = line.encode(encoding, "backslashreplace").decode(encoding)
        print(f"{plain}\n", end="")  # noqa: T201 - see above
    except (OSError, ValueError):  # stdout is closed or gone
        return
