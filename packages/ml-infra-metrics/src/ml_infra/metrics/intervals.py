"""Confidence intervals: the `Interval` that every metric returns, and its formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ._inputs import real

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Interval", "wilson_interval"]


@dataclass(frozen=True)
class Interval:
    """
    A value with its confidence bounds; prints as ``0.871 [0.866, 0.876]``.

    Attributes:
        value: The point estimate; ``float(interval)`` is the same.
        low: Lower bound, at most `value`.
        high: Upper bound, at least `value`.
        level: Confidence level in (0, 1).
        method: How the bounds were computed: "wilson", "delta" ...
        n: Rows behind the number.
        flags: What to know before trusting the bounds, such as "degenerate"; empty
            when there is nothing.

    >>> print(Interval(0.871, 0.866, 0.876, level=0.95, method="delta", n=10_000))
    0.871 [0.866, 0.876]
    """

    value: float
    low: float
    high: float
    level: float
    method: str
    n: int
    flags: tuple[str, ...] = ()

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def z_score(level: float) -> float:
    """Return the two-sided standard normal quantile of a level in (0, 1)."""
    share = real(level, "level")
    if not 0 < share < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level!r}")
    return _normal_quantile((1 + share) / 2)


@lru_cache
def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def wilson_bounds(
    share: ArrayLike, n: ArrayLike, level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return Wilson's score bounds of proportions `share` out of `n` (E. B. Wilson 1927).

    Both may be arrays; `n` may be a real-valued effective number of rows. Bounds are
    nan where `n` is 0 or `share` is nan, and exactly 0 or 1 where `share` is.
    """
    z2 = z_score(level) ** 2
    p, rows = np.asarray(share, np.float64), np.asarray(n, np.float64)
    known = (rows > 0) & ~np.isnan(p)
    safe = np.where(known, rows, 1.0)
    p = np.where(known, p, np.nan)
    centre = (p + z2 / (2 * safe)) / (1 + z2 / safe)
    spread = np.sqrt(np.maximum(p * (1 - p), 0) * z2 / safe + (z2 / safe) ** 2 / 4)
    spread /= 1 + z2 / safe
    low = np.where(p <= 0, p, np.maximum(centre - spread, 0))
    high = np.where(p >= 1, p, np.minimum(centre + spread, 1))
    return low, high


def wilson_interval(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """
    Return a proportion with Wilson's score interval.

    Args:
        successes: Number of successes, 0 <= successes <= n.
        n: Number of trials, at least 1.
        level: Confidence level in (0, 1).

    Raises:
        ValueError: If the numbers are no proportion or the level is out of range.
        TypeError: If one of them is no number.

    Source: E. B. Wilson, JASA 22 (1927).

    >>> print(wilson_interval(95, 100))
    0.950 [0.888, 0.978]
    """
    hits, rows = real(successes, "successes"), real(n, "n")
    if not (math.isfinite(rows) and 0 <= hits <= rows and rows > 0):
        raise ValueError(
            f"successes must lie in [0, n] with n > 0, got {successes!r} of {n!r}"
        )
    low, high = wilson_bounds(hits / rows, rows, level)
    return Interval(hits / rows, float(low), float(high), level, "wilson", int(n))
