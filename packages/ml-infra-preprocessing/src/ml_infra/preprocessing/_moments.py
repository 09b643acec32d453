"""Mean and deviation that add up over blocks and partitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._keys import Floats


class RunningMoments:
    """
    Count, mean and sum of squared deviations of finite doubles.

    A block is summed in two passes; blocks and partitions are joined by the formula of
    Chan, Golub and LeVeque (1983). Sums of doubles depend on their order: merges in
    different orders agree to about 1e-12 of the deviation, not to the last bit.
    """

    __slots__ = ("count", "mean", "squares")

    def __init__(self, count: int = 0, mean: float = 0.0, squares: float = 0.0) -> None:
        self.count: int = count
        self.mean: float = mean
        self.squares: float = squares

    def add(self, values: Floats) -> None:
        """Add a block of finite values; not empty."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            if not math.isfinite(mean):
                mean = float((values / len(values)).sum())
            off = values - mean
            off *= off
            squares = float(off.sum())
        self.merge(RunningMoments(len(values), mean, squares))

    def merge(self, other: RunningMoments) -> None:
        """Add the moments of other values."""
        if not other.count:
            return
        total = self.count + other.count
        share = other.count / total
        step = other.mean - self.mean
        if math.isfinite(step):
            self.mean += step * share
        else:  # two means at opposite ends of the range
            self.mean = self.mean * (1 - share) + other.mean * share
        self.squares += other.squares + step * step * self.count * share
        self.count = total

    def deviation(self) -> float | None:
        """Return the sample deviation; None for fewer than 2 values or overflow."""
        if self.count < 2 or not math.isfinite(self.squares):
            return None
        return math.sqrt(self.squares / (self.count - 1))
