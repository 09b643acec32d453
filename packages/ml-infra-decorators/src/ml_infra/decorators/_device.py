"""Time that work takes on a device, read when someone asks for it."""

from __future__ import annotations

from ._hooks import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._histogram import Histogram

# Pairs of events that may wait for their reading; each holds two device handles.
_PENDING_LIMIT = 1024


def event_maker(device: Any) -> Callable[[], Any] | None:
    """
    Return what makes timing events, or None if `device` can only synchronize.

    Args:
        device: A module or object with `Event` (`torch.cuda`, `torch.xpu`), a callable
            that returns an event with `record` and `elapsed_time`, or an object with
            `synchronize`.

    Raises:
        TypeError: If it is none of them.
    """
    event = getattr(device, "Event", None)
    if event is not None:
        return lambda: event(enable_timing=True)
    if hasattr(device, "synchronize"):
        return None
    if callable(device):
        return device  # type: ignore[no-any-return] # duck-typed
    raise TypeError(
        "device must have Event (as torch.cuda has), or synchronize, or be a callable "
        f"that returns an event with record and elapsed_time, got {device!r}"
    )


class DeviceTimes:
    """Pairs of recorded events whose time has not been read yet."""

    def __init__(self) -> None:
        self._pairs: list[tuple[Any, Any]] = []

    def add(self, start: Any, end: Any, histogram: Histogram) -> None:
        """Keep a pair; when there are too many, read those that are over."""
        self._pairs.append((start, end))
        if len(self._pairs) > _PENDING_LIMIT:
            self._read(histogram, wait=False)
        if len(self._pairs) > 2 * _PENDING_LIMIT:
            self._read(histogram, wait=True)

    def resolve(self, histogram: Histogram) -> None:
        """Read all pairs, waiting for the device where it has to be."""
        self._read(histogram, wait=True)

    def clear(self) -> None:
        """Forget the pairs."""
        self._pairs.clear()

    def _read(self, histogram: Histogram, *, wait: bool) -> None:
        pairs = self._pairs[:]
        del self._pairs[: len(pairs)]
        problem = None
        for start, end in pairs:
            try:
                query = getattr(end, "query", None)
                if not wait and query is not None and not query():
                    self._pairs.append((start, end))
                else:
                    histogram.add(nanoseconds_between(start, end))
            except Exception as error:  # noqa: BLE001, PERF203 - those of a device that broke
                problem = error
        if problem is not None:  # once: when one cannot be read, few of the others can
            report(problem, self)


def nanoseconds_between(start: Any, end: Any) -> int:
    """Return the device time between two events, waiting for the later one."""
    synchronize = getattr(end, "synchronize", None)
    if synchronize is not None:
        synchronize()
    milliseconds: float = start.elapsed_time(end)
    return max(0, round(milliseconds * 1e6))
