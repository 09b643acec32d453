"""
Lines to a descriptor: one ``os.write`` each, no lock, no buffer, no exception.

That one call is what makes a line safe across fork, signal handlers, finalizers,
SIGKILL and ``os._exit``, and whole when several processes append to one file. What
cannot be written is counted, told once on stderr, and told in the log afterwards.
"""

# ruff: noqa: PTH100, PTH103, PTH116, PTH120 - pathlib takes as long to import as all of this

from __future__ import annotations

import errno
import os
import select
import stat
import time
from contextlib import suppress

from ._counting import Claim, Counter, add_many

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Recovered = Callable[["Descriptor", int, float, str], None]

PIPE_LIMIT = min(4096, select.PIPE_BUF) if hasattr(select, "PIPE_BUF") else 4096
_NOTICE_EVERY = 60.0  # seconds between two notices about the same trouble
_REOPEN_EVERY = 1.0  # seconds between two attempts to open the file again
_write = os.write
_PATIENCE_MS = 500  # for a pipe or terminal nobody reads; then its lines are lost


class Output:
    """Where lines go, from level `least` on; the base of all writers."""

    name = ""
    least = 0
    for_people = False  # renders records instead of writing their lines
    machine_stderr = False  # writes the lines themselves to stderr

    def __init__(self) -> None:
        self.lost = Counter()
        self.dropped = Counter()  # by choice: a queue was full

    @property
    def pending(self) -> int:
        """How many lines wait to be written."""
        return 0

    def write(self, line: bytes) -> None:
        """Write the line, or count it as lost. Never raises."""
        raise NotImplementedError

    def tick(self, issued: int) -> None:
        """Do what is due once a second, after `issued` records in all."""

    def flush(self, patience_s: float) -> bool:  # noqa: ARG002 - for those that queue
        """Wait until all lines are out; return whether they are."""
        return True

    def close(self) -> None:
        """Let go of what is open."""

    def after_fork(self) -> None:
        """Start anew in a forked child."""
        self.lost = Counter()
        self.dropped = Counter()


class Descriptor(Output):
    """
    Writes lines to an open descriptor that may be anything but a regular file.

    Args:
        fd: Where to write. It is not closed.
        name: What it is called in notices.
        recovered: Called after trouble with this object, the number of lines lost,
            since when (seconds since the epoch), and why.

    A line longer than a pipe takes in one piece is handed to `refit` first, and nothing
    is written while the other side does not read: a stalled reader costs half a second
    once, then lines, never the training.
    """

    def __init__(self, fd: int, name: str, recovered: Recovered | None = None) -> None:
        super().__init__()
        self.fd = fd
        self.name = name
        self.limit: int | None = None
        self.refit: Callable[[bytes, int], bytes] = _cut
        self._recovered = recovered
        self._told = 0
        self._trouble = ""
        self._since = 0.0
        self._torn = False
        self._next_notice = 0.0
        self._telling = Claim()
        self._regular = True
        self._steady = True  # a regular file and no trouble: no care needed
        if fd >= 0:
            self._look()

    def _look(self) -> None:
        """Find out what kind of thing the descriptor is."""
        try:
            mode = os.fstat(self.fd).st_mode
        except OSError:
            return
        self._regular = stat.S_ISREG(mode)
        self._steady = self._regular and not self._trouble
        pipe = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
        self.limit = PIPE_LIMIT if pipe else None

    def write(self, line: bytes) -> None:
        """Write the line, or count it as lost."""
        if not self._steady:
            self._write_with_care(line)
            return
        try:
            done = _write(self.fd, line)
        except OSError as error:
            self._after_failure(line, error)
            return
        if done != len(line):
            self._finish(line[done:])

    def after_fork(self) -> None:
        """Start anew in a forked child."""
        super().after_fork()
        self._told = 0
        self._telling = Claim()

    def _write_with_care(self, line: bytes) -> None:
        if self.limit is not None and len(line) > self.limit:
            line = self.refit(line, self.limit)
        if self._trouble:
            self._reopen_if_due()
        if not self._regular and not writable(
            self.fd, 0 if self._trouble else _PATIENCE_MS
        ):
            self._lose("nobody reads")
            return
        start = b"\n" if self._trouble and self._ends_inside_a_line() else b""
        try:
            done = os.write(self.fd, start + line)
        except OSError as error:
            self._after_failure(line, error)
            return
        if done != len(start) + len(line):
            self._finish((start + line)[done:])
        elif self._trouble:
            self._after_recovery()

    def _after_failure(self, line: bytes, error: OSError) -> None:
        """Try once more if the descriptor itself was the trouble, else give up."""
        stale = error.errno in (errno.EBADF, errno.ESTALE)
        if stale and not self._trouble and self._reopen():
            try:
                if os.write(self.fd, line) == len(line):
                    return
            except OSError as second:
                error = second
        self._lose(error.strerror or type(error).__name__)

    def _finish(self, rest: bytes) -> None:
        """Write the rest of a line the system took only in part."""
        reason = "short write"
        for _ in range(3):
            try:
                rest = rest[os.write(self.fd, rest) :]
            except OSError as error:
                reason = error.strerror or type(error).__name__
                break
            if not rest:
                return
        self._torn = True
        self._lose(reason)

    def _lose(self, reason: str) -> None:
        self.lost.add()
        if not self._trouble:
            self._since = time.time()
        self._trouble = reason
        self._steady = False
        self._notify(f"cannot write to {self.name} ({reason})")

    def _notify(self, text: str) -> None:
        now = time.monotonic()
        if now >= self._next_notice:
            self._next_notice = now + _NOTICE_EVERY
            notice(f"{text}: carrying on, lost lines are counted")

    def _after_recovery(self) -> None:
        reason, self._trouble, self._torn = self._trouble, "", False
        self._steady = self._regular
        if not self._telling.take():
            return
        try:
            lost = self.lost.value - self._told
            self._told += lost
        finally:
            self._telling.give()
        if lost and self._recovered is not None:
            self._recovered(self, lost, self._since, reason)

    def _ends_inside_a_line(self) -> bool:
        return self._torn

    def _reopen_if_due(self) -> None:
        pass

    def _reopen(self) -> bool:
        return False


class File(Descriptor):
    """
    Appends lines to a file by path, and follows the path when it is rotated.

    Args:
        path: Created with its folders when absent.
        recovered: See `Descriptor`.
        issued: How many records there were before.

    Once a second the path is compared with the open file; when an outside rotator has
    renamed or removed it, it is opened anew.
    """

    def __init__(
        self, path: str, recovered: Recovered | None = None, issued: int = 0
    ) -> None:
        super().__init__(-1, path, recovered)
        self.path = path
        with suppress(OSError):  # the working directory is gone
            self.path = os.path.abspath(path)  # and may change
        self._identity = (0, 0)
        self._last_open = -_REOPEN_EVERY
        self._issued = issued
        self._open()

    def _open(self) -> bool:
        self._last_open = time.monotonic()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        flags |= getattr(os, "O_NONBLOCK", 0)  # a named pipe nobody reads must not hang
        try:
            folder = os.path.dirname(self.path)
            if folder:
                os.makedirs(folder, exist_ok=True)
            fd = os.open(self.path, flags, 0o644)
            status = os.fstat(fd)
        except OSError as error:
            if not self._trouble:
                self._since = time.time()
            self._trouble = error.strerror or type(error).__name__
            self._steady = False
            self._notify(f"cannot open {self.path} ({self._trouble})")
            return False
        self.fd = fd
        self._identity = (status.st_dev, status.st_ino)
        self._look()
        return True

    def tick(self, issued: int) -> None:
        """Open the path anew when it no longer leads to the open file."""
        fresh, self._issued = issued - self._issued, issued
        if self.fd < 0:
            return
        own, there = _status(self.fd), _status(self.path)
        if own is None:
            self._reopen()  # closed behind our back
        elif (own.st_dev, own.st_ino) != self._identity:
            # Closed behind our back, and the number is another file's by now.
            self.fd = -1
            self._open()
            self._count_gone(fresh, "descriptor was taken over")
        elif there is None or (there.st_dev, there.st_ino) != self._identity:
            self._reopen()
            if own.st_nlink == 0:
                self._count_gone(fresh, "file was removed")  # not renamed

    def _count_gone(self, fresh: int, reason: str) -> None:
        """Count as lost what was written since the last look, to the wrong place."""
        if fresh <= 0:
            return
        add_many(self.lost, fresh)
        if not self._trouble:
            self._since = time.time()
            self._trouble = reason
        self._steady = False

    def after_fork(self) -> None:
        """Start anew in a forked child."""
        super().after_fork()
        self._issued = 0

    def close(self) -> None:
        """Close the file; lines that come later open it again."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            _close(fd)

    def _ends_inside_a_line(self) -> bool:
        """Look: a process that shares the file may have been cut short as well."""
        if not self._regular:
            return False
        try:
            fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            try:
                size = os.fstat(fd).st_size
                return size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            finally:
                os.close(fd)
        except (OSError, AttributeError):
            return self._torn

    def _reopen_if_due(self) -> None:
        if self.fd < 0 and time.monotonic() - self._last_open >= _REOPEN_EVERY:
            self._open()

    def _reopen(self) -> bool:
        old = self.fd
        if not self._open():
            return False
        if old >= 0 and old != self.fd:
            _close(old)
        return True


def notice(text: str) -> None:
    """Say one line on stderr about the log itself, unless that could block."""
    try:
        if writable(2, 0):
            os.write(2, f"ml_infra.logging: {text}\n".encode("utf-8", "replace"))
    except OSError:
        pass


def writable(fd: int, wait_ms: int) -> bool:
    """Return whether a write would not block; wait for it at most `wait_ms`."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()  # one per call: a shared one refuses a second thread
    poll.register(max(fd, 0), select.POLLOUT)
    return bool(poll.poll(wait_ms))


def _status(file: int | str) -> os.stat_result | None:
    try:
        return os.stat(file)
    except OSError:
        return None


def _close(fd: int) -> None:
    with suppress(OSError):
        os.close(fd)


def _cut(line: bytes, limit: int) -> bytes:
    return line[: limit - 1] + b"\n"
