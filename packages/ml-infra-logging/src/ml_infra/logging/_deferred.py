"""
Metrics whose values are still on a device: copied without waiting, written when there.

Reading a device scalar waits for all the work queued before it. A `metric` call starts
an asynchronous copy instead; the record, with the time of the call, is written by the
next `metric` call that finds the copy done, or by flush and exit.
"""

from __future__ import annotations

import sys
import time

from . import _context
from ._gates import waiting
from ._preemption import let_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ._entry import Entry
    from ._pipeline import Pipeline

_MAX_PENDING = 1000
_LONGEST_WAIT_S = 5.0


class Pending:
    """One record that waits for its values."""

    def __init__(self, pipeline: Pipeline, entry: Entry) -> None:
        self.pipeline = pipeline
        self.entry = entry
        fields = entry.fields
        self.copies = {
            name: value.detach().to("cpu", non_blocking=True)
            for name, value in fields.items()
            if on_device(value)
        }
        self.context = _context.current.get()
        self._query = _fence(fields)

    def arrived(self) -> bool | None:
        """Return whether the values are there, None if they never will be."""
        try:
            return self._query()
        except BaseException as error:  # noqa: BLE001 - the device has failed
            let_through(error)
            return None

    def settle(self, *, resolved: bool) -> None:
        """Write the record, in the context of the call."""
        before = _context.current.get()
        _context.current.set(self.context)
        try:
            if resolved:  # else the record shows shape, dtype and device
                self.entry.fields = {**self.entry.fields, **self.copies}
            self.pipeline.write(self.entry)
        finally:
            _context.current.set(before)


def on_device(value: Any) -> bool:
    """Return whether `value` is a scalar tensor that is not in main memory."""
    kind = type(value)
    if not (hasattr(kind, "detach") and hasattr(kind, "item")):
        return False
    try:
        away = getattr(value, "is_cuda", False) or not str(
            getattr(value, "device", "cpu")
        ).startswith(("cpu", "meta"))
        return bool(away) and len(value.shape) == 0
    except BaseException as error:  # noqa: BLE001 - user code may raise anything
        let_through(error)
        return False


def deferred(pipeline: Pipeline, entry: Entry) -> bool:
    """Take an entry over if it waits for a device; return whether that is so."""
    if not any(map(on_device, entry.fields.values())):
        return False
    entry.time_ns = time.time_ns()
    try:
        pending = Pending(pipeline, entry)
    except BaseException as error:  # noqa: BLE001 - a foreign tensor that cannot be copied
        let_through(error)
        return False
    waiting.append(pending)
    while len(waiting) > _MAX_PENDING:
        waiting.pop(0).settle(resolved=False)
    return True


def settle(*, wait: bool = False) -> None:
    """
    Write the records whose values have arrived, in order.

    Args:
        wait: Whether to wait for all of them, at most five seconds; what has not
            arrived then is written without its value.
    """
    deadline = time.monotonic() + (_LONGEST_WAIT_S if wait else 0.0)
    while waiting:
        try:
            pending = waiting.pop(0)
        except IndexError:  # another thread was quicker
            return
        arrived = pending.arrived()
        if arrived or arrived is None or (wait and time.monotonic() >= deadline):
            pending.settle(resolved=bool(arrived))
            continue
        waiting.insert(0, pending)
        if not wait:
            return
        time.sleep(0.001)


def after_fork() -> None:
    """Leave what waits to the parent."""
    waiting.clear()


def _fence(fields: Mapping[str, Any]) -> Callable[[], bool]:
    """Return a function that tells, without waiting, whether the copies are done."""
    torch = sys.modules.get("torch")
    if torch is not None and any(
        isinstance(value, torch.Tensor) and value.is_cuda for value in fields.values()
    ):
        event = torch.cuda.Event()
        event.record()
        query: Callable[[], bool] = event.query
        return query
    return _at_once


def _at_once() -> bool:
    """Other devices have no fence; their copy had the time until the next call."""
    return True
