"""
Retry calls that fail, and give up in the way that production needs.

The decorator `retry` is callable and carries the rest as attributes: `attempts`,
`history`, `stop_all`, `resume_all`, `listen`, `unlisten`, `testing`.
"""

from __future__ import annotations

from . import _checks, _history, _hooks, _pause
from ._attempts import Attempt, Attempts
from ._budget import RetryBudget
from ._clock import Trial
from ._memory import is_out_of_memory
from ._policy import DEFAULT, OPTIONS, RetryPolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar, overload

    from typing_extensions import Unpack

    from ._dicts import AttemptRecord, RetryOptions
    from ._events import Failure, RetryEvent

    F = TypeVar("F", bound=Callable[..., Any])
    L = TypeVar("L", bound=Callable[[RetryEvent], object])

    class RetryDecorator(Protocol):
        """Return the same kind of function that it got."""

        def __call__(self, function: F, /) -> F: ...


__all__ = [
    "Attempt",
    "AttemptRecord",
    "Attempts",
    "Failure",
    "Retry",
    "RetryBudget",
    "RetryEvent",
    "RetryOptions",
    "RetryPolicy",
    "Trial",
    "is_out_of_memory",
    "retry",
]


class Retry:
    """
    Retry a function that raises: `@retry`, `@retry(...)` or `retry(function, ...)`.

    Bare, it makes 3 attempts at most, retries `Exception` and its subclasses, waits a
    random time of up to 0.1 s and 0.2 s in between, and lets the last exception out
    unchanged but for a note. The options are those of `RetryPolicy`.

    Functions, methods, coroutine functions, generators and async generators keep
    their kind, signature and type. A generator is retried until its first item is
    there; a later error propagates, since items cannot be taken back.
    So are the coroutine and the generator that a plain function returns. What fails
    after the call and cannot be begun again is refused: a context manager at
    decoration, a future or another awaitable when it is returned.

    Never retried, whatever `on` says: KeyboardInterrupt, SystemExit, GeneratorExit,
    cancellation, the end of an iterator, and anything after `retry.stop_all`.

    Nested retries do not multiply: the attempts of an inner retry that gave up count
    for the outer one too, so 3 around 3 makes 3 calls in all, and 5 around 3 makes 5.
    The deadline of the outer one holds inside as well.

    An argument that a failed attempt has used up ends the call with its own error and
    the stop reason "input_consumed"; seekable files are put back to where they were.

    Raises:
        TypeError, ValueError: At decoration, if an option cannot work.

    >>> @retry(on=(OSError, TimeoutError), attempts=5, deadline=60)
    ... def fetch(url):
    ...     return url.upper()
    >>> fetch("a")
    'A'
    """

    if TYPE_CHECKING:

        @overload
        def __call__(self, function: F, /, **options: Unpack[RetryOptions]) -> F: ...
        @overload
        def __call__(
            self, function: None = None, /, **options: Unpack[RetryOptions]
        ) -> RetryDecorator: ...

    def __call__(self, function: Any = None, /, **options: Unpack[RetryOptions]) -> Any:
        """Decorate a function, or return the decorator with these options."""
        _checks.known(options, OPTIONS)
        policy = RetryPolicy(**options) if options else DEFAULT
        return policy if function is None else policy(function)

    def attempts(self, **options: Unpack[RetryOptions]) -> Attempts:
        """
        Retry a block instead of a function, in a `for` or an `async for` loop.

        Takes the options of `RetryPolicy` except `adjust`, `retry_result` and
        `attempt_timeout`. Leave the block with `break` or `return` as you like.

        >>> for attempt in retry.attempts(on=OSError, attempts=5):
        ...     with attempt:
        ...         print("attempt", attempt.number)
        attempt 1
        """
        _checks.known(options, OPTIONS)
        return Attempts(RetryPolicy(**options))

    def testing(self, *, attempts: int | None = None) -> Trial:
        """
        Skip all waiting in the `with` block, and cap the attempts if asked to.

        Holds for this task or thread only. Delays take no real time, yet deadlines
        see them pass; `waits` of what `as` gives lists them, `advance(seconds)` plays
        a slow attempt.

        Args:
            attempts: At most so many per call; a smaller policy keeps its own number.

        >>> with retry.testing(attempts=2) as trial:
        ...     try:
        ...         RetryPolicy(jitter="none").call(int, "seven")
        ...     except ValueError:
        ...         trial.waits
        [0.1]
        """
        if attempts is not None:
            _checks.whole("attempts", attempts)
        return Trial(attempts)

    def history(self, error: BaseException) -> list[AttemptRecord]:
        """
        Return what happened before `error` reached the caller, one dict per attempt.

        Args:
            error: An exception that came out of a retried call, pickled or not.

        Returns:
            Dicts with "attempt" (from 1), "error" (the type's name), "seconds" (the
            attempt's duration), "waited" (seconds of delay after it) and "reason" (on
            the last one the stop reason, "" before). Empty for any other exception.

        >>> from ml_infra.decorators import RetryPolicy, retry
        >>> with retry.testing():
        ...     try:
        ...         RetryPolicy(attempts=2).call(int, "seven")
        ...     except ValueError as error:
        ...         [(each["error"], each["reason"]) for each in retry.history(error)]
        [('ValueError', ''), ('ValueError', 'attempts')]
        """
        return _history.history(error)

    def stop_all(self, reason: str = "stop_all") -> None:
        """
        End every wait between attempts, in all threads and event loops of the process.

        Each sleeping retry gives up at once: its caller gets the last attempt's own
        exception, with the stop reason "shutdown" and `reason` in the note. Attempts
        under way run on; when they fail they are not retried, until `resume_all`.

        Args:
            reason: What to tell, for example "SIGTERM".

        Safe to call from a signal handler; takes no lock and returns at once.

        >>> from ml_infra.decorators import retry
        >>> def on_sigterm(signal_number, frame):
        ...     retry.stop_all("SIGTERM")
        >>> # signal.signal(signal.SIGTERM, on_sigterm)
        """
        _pause.stop_all(reason)

    def resume_all(self) -> None:
        """Allow retries again after `stop_all`."""
        _pause.resume_all()

    def listen(self, listener: L) -> L:
        """
        Call `listener` with every `RetryEvent` of the process; usable as a decorator.

        What it raises is printed to stderr and changes nothing for the retried call.

        >>> from ml_infra.decorators import retry
        >>> kinds = []
        >>> listener = retry.listen(lambda event: kinds.append(event.kind))
        >>> outcomes = iter(["x", "7"])
        >>> with retry.testing():
        ...     retry(lambda: int(next(outcomes)))()
        7
        >>> retry.unlisten(listener)
        >>> kinds
        ['attempt', 'backoff', 'recovered']
        """
        return _hooks.listen(listener)

    def unlisten(self, listener: Callable[[RetryEvent], object]) -> None:
        """Stop calling a listener given to `listen`; ValueError if it is not one."""
        _hooks.unlisten(listener)

    def __repr__(self) -> str:
        return "<retry of ml_infra.decorators>"


retry: Retry = Retry()


def __getattr__(name: str) -> Any:
    # These need `typing`, and so wait.
    if name in ("Failure", "RetryEvent"):
        from . import _events

        return getattr(_events, name)
    if name in ("AttemptRecord", "RetryOptions"):
        from . import _dicts

        return getattr(_dicts, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
