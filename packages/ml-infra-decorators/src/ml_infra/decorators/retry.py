"""Retry a call that failed, with exponential backoff."""

from __future__ import annotations

import functools
import random
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

# Own generator: the global one belongs to the user's experiment.
_random = random.SystemRandom()


def retry(function: F) -> F:
    """
    Retry the function's exceptions and raise the last one unchanged.

    Three attempts; the wait before each further one is drawn from 0 to
    0.1 s, then 0.2 s.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        for attempt in range(2):
            try:
                return function(*args, **kwargs)
            except Exception:  # noqa: BLE001, S110 - the next attempt is the handling
                pass
            time.sleep(_random.uniform(0, 0.1 * 2**attempt))
        return function(*args, **kwargs)

    return wrapper  # type: ignore[return-value] # same signature, kept by wraps
