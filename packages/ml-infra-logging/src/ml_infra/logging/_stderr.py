"""Lines to stderr: as JSON for machines, or rendered for people."""

from __future__ import annotations

import json
import sys
import time

from ._preemption import let_through
from ._writer import Descriptor, Output, writable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._writer import Recovered

_PATIENCE_MS = 500
_TRY_AGAIN_S = 1.0


def is_for_people() -> bool:
    """Return whether somebody reads stderr: a terminal or a notebook."""
    stream = sys.stderr
    try:
        return stream.isatty() or "ipykernel" in type(stream).__module__
    except BaseException as error:  # noqa: BLE001 - None, closed, or replaced by anything
        let_through(error)
        return False


class JsonStderr(Output):
    """JSON lines to whatever stderr is at the moment: the descriptor or a stand-in."""

    name = "stderr"
    machine_stderr = True

    def __init__(
        self, refit: Callable[[bytes, int], bytes], recovered: Recovered
    ) -> None:
        super().__init__()
        self._descriptor = Descriptor(2, "stderr", recovered)
        self._descriptor.refit = refit
        self._descriptor.lost = self.lost

    def write(self, line: bytes) -> None:
        """Write the line, or count it as lost."""
        stream = sys.stderr
        if stream is None:
            self.lost.add()
            return
        if stream is sys.__stderr__:
            self._descriptor.write(line)
            return
        try:
            stream.write(line.decode())
            stream.flush()
        except BaseException as error:  # noqa: BLE001 - None, closed, or replaced by anything
            let_through(error)
            self.lost.add()

    def after_fork(self) -> None:
        """Start anew in a forked child."""
        super().after_fork()
        self._descriptor.after_fork()
        self._descriptor.lost = self.lost


class Readable(Output):
    """Records rendered for people, above progress bars."""

    name = "console"
    for_people = True

    def __init__(self) -> None:
        from ._console import Console

        super().__init__()
        self._console = Console()
        self._stalled_until = 0.0

    def write(self, line: bytes) -> None:
        """Render and write the record, or count it as lost."""
        try:
            if self._stalled() or not self._console.emit(json.loads(line)):
                self.lost.add()
        except BaseException as error:  # noqa: BLE001 - a console must not stop anything
            let_through(error)
            self.lost.add()

    def _stalled(self) -> bool:
        """Return whether nobody reads the terminal; find out at most once a second."""
        if sys.stderr is not sys.__stderr__:
            return False
        now = time.monotonic()
        waited = 0 if self._stalled_until else _PATIENCE_MS
        if now < self._stalled_until:
            return True
        stalled = not writable(2, waited)
        self._stalled_until = now + _TRY_AGAIN_S if stalled else 0.0
        return stalled
