"""
Writing in a thread of its own: a queue, bounded by bytes, in front of an output.

Lines are encoded before they are queued, so that a value may change right after the
call. What is still queued when the process is killed is lost; direct mode loses
nothing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress

from ._exit import drain_at_exit_of_fork
from ._writer import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Overflow = Literal["block", "drop-oldest", "drop-newest"]

_LONGEST_BLOCK_S = 5.0  # then even "block" drops: a dead disk must not stop training
_IDLE_S = 0.2
_RECOUNT_EVERY = 1024  # lines


class Background(Output):
    """
    Queues lines for another output.

    Args:
        target: Writes the lines, in the worker thread.
        max_bytes: Most bytes queued.
        overflow: When the queue is full: ``block`` waits for room, at most five
            seconds, and once only while nothing moves; ``drop-oldest`` and
            ``drop-newest`` count what they drop.

    No lock: a deque's steps cannot be interrupted. The count of bytes may drift when
    two threads meet, and is made exact whenever it would decide that a line is dropped.
    """

    def __init__(self, target: Output, max_bytes: int, overflow: Overflow) -> None:
        super().__init__()
        self.target = target
        self.name = target.name
        self.least = target.least
        self.lost = target.lost  # one count: what the target loses is lost
        self.max_bytes = max_bytes
        self.overflow = overflow
        self._closing = False
        self._start()

    def _start(self) -> None:
        self._lines: deque[bytes] = deque()
        self._queued = 0  # bytes, about
        self._wake = threading.Lock()
        self._wake.acquire()
        self._busy = False
        self._stuck: bytes | None = None  # head of the queue when patience ran out
        self._worker: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """How many lines are queued."""
        return len(self._lines)

    def write(self, line: bytes) -> None:
        """Queue the line, or drop one as `overflow` says."""
        if not self._working():
            self.target.write(line)
            return
        if self._queued + len(line) > self.max_bytes and not self._made_room(line):
            self.dropped.add()
            return
        self._lines.append(line)
        self._queued += len(line)
        self._wake_up()

    def _made_room(self, line: bytes) -> bool:
        """Wait or drop until the line fits; return whether it does."""
        deadline = time.monotonic() + _LONGEST_BLOCK_S
        while self._lines:
            self._recount()
            if self._queued + len(line) <= self.max_bytes:
                return True
            if self.overflow == "drop-oldest":
                with suppress(IndexError):
                    self._lines.popleft()
                    self.dropped.add()
            elif self.overflow == "drop-newest" or self._is_stuck():
                return False
            elif time.monotonic() >= deadline:
                with suppress(IndexError):
                    self._stuck = self._lines[0]
                return False
            else:
                self._wake_up()
                time.sleep(0.002)
        return True

    def _is_stuck(self) -> bool:
        """Return whether the queue has not moved since a wait for it was in vain."""
        try:
            return self._lines[0] is self._stuck
        except IndexError:
            return False

    def _recount(self) -> None:
        self._queued = sum(map(len, self._lines.copy()))

    def _wake_up(self) -> None:
        with suppress(RuntimeError):  # it is awake already
            self._wake.release()

    def _working(self) -> bool:
        """Start the worker if there is none; return whether there is one."""
        if self._worker is not None and self._worker.is_alive():
            return True
        worker = threading.Thread(
            target=self._work, name="ml_infra.logging", daemon=True
        )
        self._worker = worker
        try:
            worker.start()
        except RuntimeError:  # the interpreter is shutting down
            return False
        return True

    def _work(self) -> None:
        if self._worker is not threading.current_thread():
            return  # two threads started one each; the other is it
        taken = 0
        while not (self._closing and not self._lines):
            self._wake.acquire(timeout=_IDLE_S)
            self._busy = True
            while (line := self._take()) is not None:
                self.target.write(line)
                taken += 1
                if taken % _RECOUNT_EVERY == 0:
                    self._recount()
            self._busy = False

    def _take(self) -> bytes | None:
        try:
            line = self._lines.popleft()
        except IndexError:
            return None
        self._queued -= len(line)
        return line

    def tick(self, issued: int) -> None:
        """Let the target look after its file."""
        self.target.tick(issued)

    def flush(self, patience_s: float) -> bool:
        """Wait for the queue to run empty; when no worker does it, do it here."""
        deadline = time.monotonic() + patience_s
        while self._lines or self._busy:
            if self._worker is None or not self._worker.is_alive():
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
        if worker is not None and worker.is_alive():
            worker.join(_LONGEST_BLOCK_S)
        self.target.close()

    def after_fork(self) -> None:
        """Forget the parent's queue, which the parent writes; start a worker anew."""
        super().after_fork()
        self._start()
        self.target.after_fork()
        self.lost = self.target.lost
        drain_at_exit_of_fork(self)
