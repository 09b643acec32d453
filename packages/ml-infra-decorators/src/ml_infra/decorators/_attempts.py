"""The block form: `for attempt in retry.attempts(...): with attempt: ...`."""

from __future__ import annotations

from . import _clock
from ._call import Call
from ._loops import go_on, go_on_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Literal

    from typing_extensions import Self

    from ._policy import RetryPolicy

_UNFIT = {
    "adjust": "the block has no arguments",
    "retry_result": "the block has no result",
    "attempt_timeout": "use asyncio.timeout inside the block",
}


class Attempt:
    """
    One attempt of the block form, to be entered with `with attempt:`.

    Attributes:
        number: 1 for the first attempt.
    """

    number: int
    state: Literal["offered", "entered", "failed", "over"]

    def __init__(self, call: Call) -> None:
        self.number = call.attempt
        self.state = "offered"
        self._call = call

    def __enter__(self) -> Self:
        self.state = "entered"
        self._call.attempt_started = _clock.now()
        self._call.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self.state = "over"
        if error is None:
            self._call.accepts(None)
            return False
        if self._call.failed(error):
            self.state = "failed"
            return True
        return False


class Attempts:
    """What `retry.attempts` returns; each loop over it is a call of its own."""

    def __init__(self, policy: RetryPolicy) -> None:
        for option, reason in _UNFIT.items():
            if getattr(policy, option) is not None:
                raise TypeError(f"{option} does not fit retry.attempts: {reason}")
        self._policy = policy

    def __iter__(self) -> AttemptLoop:
        return AttemptLoop(self._policy)

    def __aiter__(self) -> AttemptLoop:
        return AttemptLoop(self._policy)


class AttemptLoop:
    """The attempts of one loop, sync or async."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._call = Call(
            policy,
            policy.name or "block",
            _block,
            (),
            {},
            started=_clock.now(),
            marks=None,
        )
        self._attempt: Attempt | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Attempt:
        if self._is_over():
            raise StopIteration
        if self._attempt is not None and not go_on(self._call):
            self._call.outcome()
        return self._next()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Attempt:
        if self._is_over():
            raise StopAsyncIteration
        if self._attempt is not None and not await go_on_async(self._call):
            self._call.outcome()
        return self._next()

    def _is_over(self) -> bool:
        if self._attempt is None:
            return False
        if self._attempt.state == "offered":
            raise RuntimeError(
                "an attempt was not entered: write `with attempt:` inside the loop"
            )
        return self._attempt.state != "failed"

    def _next(self) -> Attempt:
        self._attempt = Attempt(self._call)
        return self._attempt


def _block() -> None:
    """Stand for the block's body where a function is asked for."""
