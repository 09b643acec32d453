"""
Writing in a thread of its own: a queue, bounded by bytes, in front of an output.

Lines are encoded before they are queued, so that a value may change right after the
call. What is still queued when the process is killed is lost; direct mode loses
nothing.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress

from ._writer import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Overflow = Literal["block", "drop-oldest", "drop-newest"]

OVERFLOWS = ("block", "drop-oldest", "drop-newest")
_LONGEST_BLOCK_S = 5.0  # then even "block" drops: a dead disk must not stop training
_IDLE_S = 0.2


class Background(Output):
    """
    Queues lines for another output.

    Args:
        target: Writes the lines, in the worker thread.
        max_bytes: Most bytes queued.
        overflow: When the queue is full: ``block`` waits for room, at most five
            seconds; ``drop-oldest`` and ``drop-newest`` count what they drop.

    The lock around the byte count is re-entrant and held for a few instructions; a
    signal handler or finalizer that logs in between goes through a side queue.
    """

    def __init__(self, target: Output, max_bytes: int, overflow: Overflow) -> None:
        super().__init__()
        self.target = target
        self.name = target.name
        self.least = target.least
        self.max_bytes = max_bytes
        self.overflow = overflow
        self._closing = False
        self._start()

    def _start(self) -> None:
        self._lines: deque[bytes] = deque()
        self._side: deque[bytes] = deque()
        self._bytes = 0
        self._lock = threading.RLock()
        self._wake = threading.Lock()
        self._wake.acquire()
        self._busy = False
        self._pid = os.getpid()
        self._worker: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """How many lines are queued."""
        return len(self._lines) + len(self._side)

    def write(self, line: bytes) -> None:
        """Queue the line, or drop one as `overflow` says."""
        if self._lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001 - as threading.Condition does
            self._side.append(line)  # we interrupted ourselves: never wait here
            return
        if not self._start_worker():
            self.target.write(line)
            return
        deadline = None
        while True:
            with self._lock:
                if self._bytes + len(line) <= self.max_bytes or not self._lines:
                    self._lines.append(line)
                    self._bytes += len(line)
                    break
                if self.overflow == "drop-newest":
                    self.dropped.add()
                    break
                if self.overflow == "drop-oldest":
                    self._bytes -= len(self._lines.popleft())
                    self.dropped.add()
                    continue
            self._wake_up()
            now = time.monotonic()
            deadline = deadline or now + _LONGEST_BLOCK_S
            if now >= deadline:
                self.dropped.add()
                break
            time.sleep(0.002)
        self._wake_up()

    def _wake_up(self) -> None:
        with suppress(RuntimeError):  # it is awake already
            self._wake.release()

    def _start_worker(self) -> bool:
        if self._worker is not None and self._worker.is_alive():
            return True
        with self._lock:
            if self._worker is None or not self._worker.is_alive():
                worker = threading.Thread(
                    target=self._work, name="ml_infra.logging", daemon=True
                )
                try:
                    worker.start()
                except RuntimeError:  # the interpreter is shutting down
                    return False
                self._worker = worker
        return True

    def _work(self) -> None:
        while not (self._closing and not self.pending):
            self._wake.acquire(timeout=_IDLE_S)
            self._busy = True
            try:
                while (line := self._take()) is not None:
                    self.target.write(line)
            finally:
                self._busy = False

    def _take(self) -> bytes | None:
        if self._side:
            return self._side.popleft()
        with self._lock:
            if not self._lines:
                return None
            line = self._lines.popleft()
            self._bytes -= len(line)
            return line

    def tick(self, issued: int) -> None:
        """Let the target look after its file."""
        self.target.tick(issued)

    def flush(self, patience_s: float) -> bool:
        """Wait for the queue to run empty; when no worker does it, do it here."""
        deadline = time.monotonic() + patience_s
        while self.pending or self._busy:
            owned = self._lock._is_owned()  # type: ignore[attr-defined]  # noqa: SLF001 - as in write
            if owned or self._worker is None or not self._worker.is_alive():
                while (line := self._take()) is not None:
                    self.target.write(line)
                return True
            self._wake_up()
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.001)
        return True

    def close(self) -> None:
        """Stop the worker and close the target."""
        self._closing = True
        self._wake_up()
        worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join(_LONGEST_BLOCK_S)
        self.target.close()

    def after_fork(self) -> None:
        """Forget the parent's queue, which the parent writes; start a worker anew."""
        super().after_fork()
        self._start()
        self.target.after_fork()
