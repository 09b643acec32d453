"""Checks of what users pass as options."""

from __future__ import annotations

from ._callables import CO_COROUTINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

# What other libraries call it, and what it is called here.
_ELSEWHERE = {
    "attempts=": "max_attempts max_retries max_tries retries stop tries",
    "on=": "exception exceptions retry retry_on",
    "never=": "giveup",
    "initial=, factor= and max_delay=": "backoff base interval wait wait_base",
    "max_delay=": "max_value wait_max",
    "deadline=": "max_time timeout",
    "on_event=": "after before before_sleep logger on_backoff on_giveup on_retry",
}


def known(given: Iterable[str], options: Collection[str]) -> None:
    """Refuse a keyword that is no option, with our word for it."""
    for word in given:
        if word in options:
            continue
        ours = [o for o, theirs in _ELSEWHERE.items() if word in theirs.split()]
        way_out = f"here that is {ours[0]}" if ours else "see RetryPolicy"
        raise TypeError(
            f"retry() got an unexpected keyword argument {word!r}; {way_out}"
        )


def positive(option: str, value: Any, *, hint: str = "") -> float:
    """Return `value` as a float; it must be a finite number above 0."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{option} must be a positive number, got {value!r}{hint}")
    try:
        number = float(value)
    except OverflowError:  # an int of more than 308 digits
        raise ValueError(
            f"{option} must be positive and finite, got more than a float can hold"
        ) from None
    if not 0 < number < float("inf"):  # NaN compares false
        raise ValueError(f"{option} must be positive and finite, got {value!r}{hint}")
    return number


def whole(option: str, value: Any) -> int:
    """Return `value` as an int; it must be a whole number of at least 1."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{option} must be a whole number, got {value!r}")
    number: int = value.__index__()
    if number < 1:
        raise ValueError(f"{option} must be at least 1, got {value!r}")
    return number


def function(option: str, value: Any) -> None:
    """Refuse what cannot be called, and what must be awaited; None is "not given"."""
    if value is not None and not callable(value):
        raise TypeError(f"{option} must be callable or None, got {value!r}")
    code = getattr(value, "__code__", None)
    if code is not None and code.co_flags & CO_COROUTINE:
        raise TypeError(
            f"{option} must be a plain function, and {value!r} is async: nobody would "
            "await it"
        )
