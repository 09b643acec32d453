"""The one clock of the retries, and the trial that lets tests skip the waiting."""

from __future__ import annotations

from _thread import allocate_lock
from contextvars import ContextVar
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token

    from typing_extensions import Self

_trial: ContextVar[Trial | None] = ContextVar("ml_infra_retry_trial", default=None)
_lock = allocate_lock()
_active = 0

# Reading a context variable at every call would cost as much as the rest of the
# wrapper. So the plain clock stands here, and trials exchange it while one runs.
now = monotonic


def _now_in_trial() -> float:
    trial = _trial.get()
    return monotonic() if trial is None else monotonic() + trial.skipped


def current_trial() -> Trial | None:
    """Return the trial of this context (task or thread), if there is one."""
    return _trial.get() if _active else None


class Trial:
    """
    A test's view of the retries made in one context; see `retry.testing`.

    Attributes:
        waits: The delays that were skipped, in seconds, in order.
        attempts: At most so many attempts per call; None keeps each policy's.
        skipped: Seconds by which this trial's clock is ahead of the real one.
    """

    attempts: int | None
    waits: list[float]
    skipped: float

    def __init__(self, attempts: int | None) -> None:
        self.attempts = attempts
        self.waits = []
        self.skipped = 0.0
        self._tokens: list[Token[Trial | None]] = []

    def wait(self, seconds: float) -> None:
        """Note a delay and let the clock jump over it."""
        self.waits.append(seconds)
        self.skipped += seconds

    def advance(self, seconds: float) -> None:
        """Let the clock jump, as if the attempt under way took this much longer."""
        self.skipped += seconds

    def __enter__(self) -> Self:
        global _active, now  # noqa: PLW0603 - see the comment at `now`
        outer = _trial.get()
        if outer is not None:
            self.skipped = max(self.skipped, outer.skipped)
        self._tokens.append(_trial.set(self))
        with _lock:
            _active += 1
            now = _now_in_trial
        return self

    def __exit__(self, *_: object) -> None:
        global _active, now  # noqa: PLW0603 - see the comment at `now`
        _trial.reset(self._tokens.pop())
        with _lock:
            _active -= 1
            if not _active:
                now = monotonic
