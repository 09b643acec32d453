"""The block form: `for attempt in retry.attempts(...): with attempt: ...`."""

from __future__ import annotations

from . import _clock
from ._call import Call
from ._loops import go_on, go_on_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
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
    """What `retry.attempts` returns: the attempts of one block, sync or async."""

    def __init__(self, policy: RetryPolicy) -> None:
        for option, reason in _UNFIT.items():
            if getattr(policy, option) is not None:
                raise TypeError(f"{option} does not fit retry.attempts: {reason}")
        self._policy = policy

    def __iter__(self) -> Iterator[Attempt]:
        call = self._new_call()
        while True:
            attempt = Attempt(call)
            yield attempt
            if not _failed(attempt):
                return
            if not go_on(call):
                call.outcome()

    async def __aiter__(self) -> AsyncIterator[Attempt]:
        call = self._new_call()
        while True:
            attempt = Attempt(call)
            yield attempt
            if not _failed(attempt):
                return
            if not await go_on_async(call):
                call.outcome()

    def _new_call(self) -> Call:
        name = self._policy.name or "block"
        return Call(
            self._policy, name, _block, (), {}, started=_clock.now(), marks=None
        )


def _block() -> None:
    """Stand for the block's body where a function is asked for."""


def _failed(attempt: Attempt) -> bool:
    if attempt.state == "offered":
        raise RuntimeError(
            "an attempt was not entered: write `with attempt:` inside the loop"
        )
    return attempt.state == "failed"
