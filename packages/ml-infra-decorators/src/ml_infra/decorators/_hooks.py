"""Run what users hook in, so that its errors never take the place of the call's own."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ._events import RetryEvent

    Listener = Callable[[RetryEvent], object]
    L = TypeVar("L", bound=Listener)

_listeners: list[Listener] = []


def listen(listener: L) -> L:
    """Add a listener; see `retry.listen`."""
    if not callable(listener):
        raise TypeError(f"listener must be callable, got {listener!r}")
    from . import _events as _  # noqa: F401 - now: with all files open a failure cannot

    _listeners.append(listener)
    return listener


def unlisten(listener: Listener) -> None:
    """Stop calling a listener given to `listen`; ValueError if it is not one."""
    if listener not in _listeners:
        raise ValueError(f"{listener!r} is not listening")
    _listeners.remove(listener)


def receivers(on_event: Listener | None) -> list[Listener]:
    """Return who wants the events of a policy: its own hook, then the listeners."""
    return [*_listeners] if on_event is None else [on_event, *_listeners]


def deliver(event: RetryEvent, listeners: list[Listener]) -> None:
    """Hand the event to each of `listeners`."""
    for listener in listeners:
        try:
            listener(event)
        except Exception as error:  # noqa: BLE001, PERF203 - the call's own error matters more
            report(error, listener)


def report(error: Exception, hook: object) -> None:
    """Print what a hook raised to stderr, as logging does for its handlers."""
    if sys.stderr is None:
        return
    try:
        import traceback

        print(f"Ignored what the hook {hook!r} raised:", file=sys.stderr)  # noqa: T201 - see above
        traceback.print_exception(error, file=sys.stderr)
    except Exception:  # noqa: BLE001 - stderr is closed, or the hook cannot be shown
        return
