"""How far two distributions lie apart, from counts in the same cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ._keys import Floats, Ints


def psi(reference: Ints, current: Ints) -> float:
    """
    Return the population stability index of two count vectors, in nats.

    Half a count is added to every cell, so that an empty one leaves it finite.

    >>> round(psi(np.array([10, 0]), np.array([10, 0])), 12)
    0.0
    """
    p, q = _shares(reference + 0.5), _shares(current + 0.5)
    return float(np.sum((p - q) * np.log(p / q)))


def js_divergence(reference: Ints, current: Ints) -> float:
    """Return the Jensen-Shannon divergence in nats, in [0, log(2)]."""
    p, q = _shares(reference), _shares(current)
    middle = (p + q) / 2
    both = ((one[one > 0], middle[one > 0]) for one in (p, q))
    return float(sum(np.sum(one * np.log(one / m)) for one, m in both) / 2)


def chi_square(reference: Ints, current: Ints) -> float:
    """Return Pearson's statistic for the homogeneity of two count vectors."""
    n, m = int(reference.sum()), int(current.sum())
    share = (reference + current) / (n + m)
    return float(
        np.sum((reference - n * share) ** 2 / (n * share))
        + np.sum((current - m * share) ** 2 / (m * share))
    )


def gaps(reference: Ints, current: Ints) -> Floats:
    """Return the difference of the two distribution functions after each cell."""
    first: Floats = np.cumsum(reference) / int(reference.sum())
    return first - np.cumsum(current) / int(current.sum())


def wasserstein(values: Floats, reference: Ints, current: Ints) -> float | None:
    """Return the first Wasserstein distance of counts at sorted values; None if inf."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
        distance = float(np.sum(np.abs(gaps(reference, current)[:-1]) * steps))
    return distance if math.isfinite(distance) else None


def _shares(counts: npt.NDArray[Any]) -> Floats:
    shares: Floats = counts / counts.sum()
    return shares
