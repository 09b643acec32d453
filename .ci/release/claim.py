"""
One release at a time: a locked file for this clone, a claim for the whole server.

A claim is the newest entry of a log on an index of its own. That index is not
volatile, and the server does one write after the other: of all who upload entry n + 1,
the first has it and the others are answered 409. To claim, to renew, to take over and
to give back is each one such upload, so none can pass unnoticed by a rival.

Who holds the server renews every few seconds. The claim lapses after a minute of
silence by the server's own clock; what a killed release of this very clone left is
taken over at once, for the locked file proves that nobody is there any more.
"""

from __future__ import annotations

import calendar
import contextlib
import fcntl
import json
import socket
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from uuid import uuid4

from release.embedded import HOME
from release.index import LOCK, HttpError
from release.projects import ROOT, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.index import Index

NAME = "release"  # the project whose versions are the entries of the log
LEASE = 60  # seconds of silence after which a holder counts as killed
RENEWAL = 15  # seconds between two signs of life


@dataclass(frozen=True)
class Holder:
    """Who an entry of the log is of; a free entry says who had the server last."""

    who: str
    clone: str
    since: str
    free: bool = False


@contextlib.contextmanager
def of_this_clone() -> Iterator[str]:
    """Refuse a second release from this clone while one runs; yield the clone's id."""
    HOME.mkdir(mode=0o700, exist_ok=True)
    with (HOME / "release.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError("another release is running from this clone") from None
        lock.seek(0)
        clone = lock.read() or uuid4().hex
        lock.truncate(0)
        lock.write(clone)
        lock.flush()
        yield clone


@contextlib.contextmanager
def of_the_server(index: Index, clone: str) -> Iterator[Claim]:
    """Hold the server, or be refused by a line that says who does."""
    claim = Claim(index, clone)
    claim.take()
    stop = threading.Event()
    renewing = threading.Thread(target=claim.keep, args=(stop,), daemon=True)
    renewing.start()
    try:
        yield claim
    finally:
        stop.set()
        renewing.join()
        claim.give_back()


class Claim:
    """One release's hold on a server, renewed by a thread and before each write."""

    def __init__(self, index: Index, clone: str) -> None:
        self._index = replace(index, _tokens={})  # requests of a thread of its own
        who = f"{index.uploader.user}@{socket.gethostname()}:{ROOT}"
        now = datetime.now(timezone.utc).isoformat(" ", "seconds")
        self._holder = Holder(who, clone, now)
        self._number = 0
        self._lost = False
        self._writing = threading.Lock()

    def take(self) -> None:
        """Claim the server: when nobody has it, or who had it is dead."""
        self._number, last, silence = self._newest()
        if last and not last.free:
            own = (last.who, last.clone) == (self._holder.who, self._holder.clone)
            if not own and silence < LEASE:
                raise self._refusal(last, silence)
            print(f"taking over from {last.who}, silent for {silence:.0f} s")
        if not self._append(self._holder):
            _, rival, silence = self._newest()
            raise self._refusal(rival or self._holder, silence)

    def renew(self) -> None:
        """Show that this release lives; an error means that another took over."""
        with self._writing:
            if not self._append(self._holder):
                raise ReleaseError(
                    f"another release took {self._index.url} over, because this one "
                    f"gave no sign of life for {LEASE} s; repeat the command"
                )

    def keep(self, stop: threading.Event) -> None:
        """Renew until told to stop; what was lost shows at the next write."""
        while not stop.wait(RENEWAL):
            with contextlib.suppress(ReleaseError):  # a server that is restarted
                self.renew()

    def give_back(self) -> None:
        """Let the next release in; a server that is gone waits for the lease to end."""
        with contextlib.suppress(ReleaseError), self._writing:
            self._append(replace(self._holder, free=True))

    def _append(self, holder: Holder) -> bool:
        """Write entry n + 1, if it is still to be had, and clear away older ones."""
        if self._lost:
            return False
        number = self._number + 1
        form = {":action": "file_upload", "name": NAME, "version": str(number)}
        content = json.dumps(asdict(holder)).encode()
        try:
            self._index.submit_form(
                LOCK, form, self._index.uploader, (_filename(number), content)
            )
        except HttpError as error:
            if error.status != 409:
                raise
            self._lost = True
            return False
        entries = {int(version) for version in self._index.files(LOCK, NAME)}
        if number != max(entries):  # it was to be had because the log is long past it
            self._lost = True
            return False
        self._number = number
        for old in entries - {number}:
            with contextlib.suppress(HttpError):  # another one cleared it away
                self._index.remove(LOCK, NAME, str(old), force=True)
        return True

    def _newest(self) -> tuple[int, Holder | None, float]:
        """Return the newest entry: its number, whose it is, and its age in seconds."""
        while True:
            log = self._index.metadata(LOCK, NAME)
            links = {int(n): log[n]["+links"][0] for n in log if log[n].get("+links")}
            if not links:
                return 0, None, 0
            number = max(links)
            try:
                content = self._index.content(links[number])
            except HttpError as error:
                if error.status not in (404, 410):
                    raise
                continue  # renewed, and cleared away, between the two requests
            written = calendar.timegm((*links[number]["log"][0]["when"], 0, 0, 0))
            return number, Holder(**json.loads(content)), self._index.time - written

    def _refusal(self, rival: Holder, silence: float) -> ReleaseError:
        return ReleaseError(
            f"{rival.who} has been releasing to {self._index.url} since {rival.since}, "
            f"last sign of life {silence:.0f} s ago; repeat the command when that is "
            f"over, or, if it was killed, has been silent for {LEASE} s"
        )


def _filename(number: int) -> str:
    return f"{NAME}-{number}.zip"  # its content is JSON, but the index takes archives
