"""
The dicts that users pass and get, as types.

Nothing here imports this module; it is loaded when someone asks for one of its names,
because it needs `typing`, which takes longer to import than the rest of the package.
"""

from __future__ import annotations

from typing import TypedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._budget import RetryBudget
    from ._events import RetryEvent
    from ._matching import Rule
    from ._policy import Adjust, Hint, Jitter


class RetryOptions(TypedDict, total=False):
    """The keywords of `RetryPolicy`, for `retry(...)` and `retry.attempts(...)`."""

    on: Rule
    never: Rule
    attempts: int | None
    initial: float
    factor: float
    max_delay: float
    jitter: Jitter
    deadline: float | None
    attempt_timeout: float | None
    retry_result: Callable[[Any], object] | None
    delay: Hint | None
    max_hint: float
    budget: RetryBudget | None
    adjust: Adjust | None
    cleanup: Callable[[], object] | None
    on_event: Callable[[RetryEvent], object] | None
    name: str | None
    seed: int | None
    details: bool


class AttemptRecord(TypedDict):
    """
    One failed attempt, as `retry.history` tells it; any serialiser takes it.

    `reason` is why no further one was made, on the last attempt; "" before.
    """

    attempt: int
    error: str
    seconds: float
    waited: float
    reason: str


class HistogramDict(TypedDict):
    """A histogram as JSON takes it; times in whole nanoseconds."""

    count: int
    errors: int
    total_ns: int
    min_ns: int
    max_ns: int
    buckets: dict[str, int]


class Snapshot(TypedDict):
    """What `timings.snapshot()` returns; JSON takes it as it is."""

    version: int
    timings: dict[str, HistogramDict]
