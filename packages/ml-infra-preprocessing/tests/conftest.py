"""Exact references for the numeric tests: rational arithmetic, no float library."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest


class Exact:
    """The right answers, as fractions (or decimals of 60 digits for square roots)."""

    @staticmethod
    def normalize(data):
        values = [Fraction(x) for x in data]
        low, high = min(values), max(values)
        return [(x - low) / (high - low) for x in values]

    @staticmethod
    def moments(data, weights=None):
        """Return (weight, mean, sum of squared deviations)."""
        values = [Fraction(x) for x in data]
        weights = [Fraction(w) for w in weights or [1] * len(values)]
        total = sum(weights)
        mean = sum(w * x for w, x in zip(weights, values, strict=True)) / total
        squares = sum(w * (x - mean) ** 2 for w, x in zip(weights, values, strict=True))
        return total, mean, squares

    @classmethod
    def standardize(cls, data, ddof=1):
        count, mean, squares = cls.moments(data)
        with localcontext() as context:
            context.prec = 60
            context.Emin, context.Emax = -99999, 99999
            variance = squares / (count - ddof)
            deviation = _decimal(variance).sqrt()
            return [_decimal(Fraction(x) - mean) / deviation for x in data]

    @staticmethod
    def percentile(data, level):
        """Return the linearly interpolated percentile (Hyndman and Fan's type 7)."""
        ordered = sorted(Fraction(x) for x in data)
        position = Fraction(level) / 100 * (len(ordered) - 1)
        below = int(position)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (position - below) * (ordered[above] - ordered[below])

    @staticmethod
    def clip(data, lower, upper):
        """Return data limited to sorted[min(n - 1, int(n * p / 100))], floats p."""
        ordered, n = sorted(data), len(data)
        low, high = (ordered[min(n - 1, int(n * p / 100))] for p in (lower, upper))
        return [low if x < low else min(x, high) for x in data]


def _decimal(value):
    return Decimal(value.numerator) / Decimal(value.denominator)


@pytest.fixture(scope="session")
def exact():
    """Return exact references for the functions under test."""
    return Exact
