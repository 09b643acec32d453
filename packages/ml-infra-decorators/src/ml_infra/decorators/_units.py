"""Durations as people read them."""

from __future__ import annotations

_UNITS = ((1, "ns"), (1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s"))
_MINUTE = 60 * 1_000_000_000


def duration(nanoseconds: int) -> str:
    """
    Return a duration with three significant digits and the unit that fits.

    Args:
        nanoseconds: At least 0.

    The value is rounded before the unit is chosen, so that no unit shows what the next
    one says better: 999 999 ns is "1.00 ms".

    >>> [duration(n) for n in (0, 999, 12_345, 999_999, 59_999_500_000)]
    ['0 ns', '999 ns', '12.3 µs', '1.00 ms', '1 min 00 s']
    >>> duration(3600 * 1_000_000_000)
    '1 h 00 min'
    """
    rounded = _three_digits(nanoseconds)
    if rounded >= _MINUTE:
        seconds = _divide(nanoseconds, _UNITS[-1][0])
        if seconds < 3600:
            return f"{seconds // 60} min {seconds % 60:02} s"
        minutes = _divide(seconds, 60)
        return f"{minutes // 60} h {minutes % 60:02} min"
    scale, unit = next(
        pair for pair in reversed(_UNITS) if rounded >= pair[0] or pair[0] == 1
    )
    if scale == 1:
        return f"{rounded} ns"
    value = rounded / scale
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{decimals}f} {unit}"


def _three_digits(value: int) -> int:
    step = int(10 ** max(0, len(str(value)) - 3))
    return _divide(value, step) * step


def _divide(value: int, by: int) -> int:
    """Return the nearest whole quotient, halves upwards."""
    return (value + by // 2) // by
