"""What a retry tells while it works."""

from __future__ import annotations

from typing import Any, NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    EventKind = Literal["attempt", "backoff", "recovered", "gave_up"]


class RetryEvent(NamedTuple):
    """
    One step of a retried call, in plain strings and numbers.

    A call that succeeds at once makes no event. `_asdict()` fits JSON, log fields and
    span attributes; as metric labels use `name`, `kind` and `reason`, which take few
    values.

    Attributes:
        kind: "attempt" (one failed), "backoff" (a wait begins), "recovered" (a call
            succeeded after failures) or "gave_up".
        name: The policy's `name`, or the function's.
        attempt: Number of the attempt that the event is about, from 1.
        error: Type name of the attempt's exception; "" for a result or a success.
        reason: Of "gave_up": "attempts", "deadline", "budget", "not_retryable",
            "input_consumed", "adjust", "shutdown" or "interrupted"; else "".
        explanation: Of the reason, where there is more to say: what was told to
            `stop_all`, or which argument was used up; else "".
        seconds: Duration of the attempt.
        elapsed: Seconds since the first attempt began.
        waited: Seconds of that spent waiting.
        delay: Of "backoff": seconds that the wait will take; else 0.
        adjusted: The arguments that `adjust` changed, "batch_size=8"; only numbers
            are shown, of the rest the type, unless the policy says `details=True`.
        details: Message and arguments if the policy says `details=True`; else "".
    """

    kind: EventKind
    name: str
    attempt: int
    error: str = ""
    reason: str = ""
    explanation: str = ""
    seconds: float = 0.0
    elapsed: float = 0.0
    waited: float = 0.0
    delay: float = 0.0
    adjusted: str = ""
    details: str = ""


class Failure(NamedTuple):
    """
    The failed attempt, as `adjust` sees it.

    Attributes:
        attempt: Its number, from 1.
        error: The exception, its frames released already; None when `retry_result`
            refused the result.
        result: That result, else None.
        seconds: Duration of the attempt.
    """

    attempt: int
    error: Exception | None
    result: Any
    seconds: float
