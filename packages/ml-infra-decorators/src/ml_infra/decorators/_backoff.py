"""How long to wait after a failed attempt."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._policy import RetryPolicy

    Draw = Callable[[], float]


def draw_from_system() -> float:
    """
    Return a number in [0, 1) made of the operating system's randomness.

    It has no state that a seed, a fork or another user of `random` could share, so no
    two processes draw alike, and it is there even when no module can be loaded.
    """
    return int.from_bytes(os.urandom(7), "big") / 2**56


def drawer(seed: int | None) -> Draw:
    """Return the source of jitter for one call, the same each time for a seed."""
    if seed is None:
        return draw_from_system
    from random import Random

    return Random(seed).random  # noqa: S311 - spreads waits, guards nothing


def usual_delay(
    policy: RetryPolicy, attempt: int, previous: float, draw: Draw
) -> float:
    """
    Return the seconds to wait after `attempt` (from 1), in [0, policy.max_delay].

    Args:
        policy: Gives initial, factor, max_delay and jitter.
        attempt: The attempt that failed.
        previous: The delay before it, which decorrelated jitter grows from.
        draw: The source of jitter.

    The formulas are those of Marc Brooker, "Exponential Backoff And Jitter", 2015.
    Jitter is drawn after the cap: at the cap the clients still spread out.
    """
    if policy.jitter == "decorrelated":
        top = 3 * max(policy.initial, previous)
        return min(policy.max_delay, _between(policy.initial, top, draw))
    try:
        delay = min(policy.max_delay, policy.initial * policy.factor ** (attempt - 1))
    except OverflowError:
        delay = policy.max_delay
    if policy.jitter == "full":
        return _between(0, delay, draw)
    if policy.jitter == "equal":
        return _between(delay / 2, delay, draw)
    return delay


def hinted_delay(policy: RetryPolicy, hint: object, draw: Draw) -> float | None:
    """
    Return the seconds that a server's hint stands for, in [0, policy.max_hint].

    None means that the hint says nothing usable. Jitter of up to `policy.initial`
    keeps the clients that got the same hint from coming back together.
    """
    try:
        seconds = _seconds(hint)
    except Exception:  # noqa: BLE001 - a date or a number that no clock can take
        return None
    if seconds is None or not seconds >= 0:  # NaN compares false
        return None
    spread = 0.0 if policy.jitter == "none" else _between(0, policy.initial, draw)
    if seconds + spread <= policy.max_hint:
        return seconds + spread
    return max(0.0, policy.max_hint - spread)


def _between(low: float, high: float, draw: Draw) -> float:
    return low + (high - low) * draw()


def _seconds(hint: object) -> float | None:
    if isinstance(hint, bool):
        return None
    if isinstance(hint, (int, float)):
        return float(hint)
    if isinstance(hint, str):
        try:
            return float(hint)
        except ValueError:
            return _seconds_until(hint)
    total = getattr(hint, "total_seconds", None)  # a timedelta
    return None if total is None else float(total())


def _seconds_until(http_date: str) -> float | None:
    """Return the seconds from now to an HTTP date, 0 if it is past."""
    import time
    from email.utils import mktime_tz, parsedate_tz

    parsed = parsedate_tz(http_date)
    # The wall clock is the one that the server wrote the date with.
    return max(0.0, mktime_tz(parsed) - time.time()) if parsed else None
