"""McNemar's test: did two models err equally often on the same rows?"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["McNemar"]


@dataclass(frozen=True)
class McNemar:
    """
    McNemar's exact test of whether two models err equally often.

    Attributes:
        fixed: Rows that only the new model gets right.
        broken: Rows that only the old model gets right.
        p_value: Two-sided probability of a split at least as uneven, if each of these
            rows were fixed or broken with equal chance; 1.0 if there are none.

    >>> from ml_infra.metrics import Paired
    >>> Paired.of([1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 0, 0]).mcnemar()
    McNemar(fixed=2, broken=0, p_value=0.5)
    """

    fixed: int
    broken: int
    p_value: float


def sign_test(one: int, other: int) -> float:
    """Return the two-sided exact binomial p-value of a split with equal chances."""
    n, least = one + other, min(one, other)
    if not n:
        return 1.0
    term = math.exp(
        math.lgamma(n + 1)
        - math.lgamma(least + 1)
        - math.lgamma(n - least + 1)
        - n * math.log(2)
    )
    tail = 0.0
    for k in range(least, -1, -1):
        tail += term
        if term <= tail * 1e-18:
            break
        term *= k / (n - k + 1)
    return min(1.0, 2 * tail)
