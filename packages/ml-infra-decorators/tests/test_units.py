"""Trap 38: durations without artefacts at the borders of the units."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.decorators._units import duration

SECOND = 10**9


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (1, "1 ns"),
        (999, "999 ns"),
        (1_000, "1.00 µs"),
        (1_234, "1.23 µs"),
        (9_999, "10.0 µs"),
        (99_940, "99.9 µs"),
        (99_951, "100 µs"),
        (999_499, "999 µs"),
        (999_500, "1.00 ms"),
        (12_345_678, "12.3 ms"),
        (999_999_999, "1.00 s"),
        (SECOND, "1.00 s"),
        (59_940_000_000, "59.9 s"),
        (59_999_500_000, "1 min 00 s"),
        (60 * SECOND, "1 min 00 s"),
        (61 * SECOND, "1 min 01 s"),
        (3_599_400_000_000, "59 min 59 s"),
        (3_599_600_000_000, "1 h 00 min"),
        (3_600 * SECOND, "1 h 00 min"),
        (7_290 * SECOND, "2 h 02 min"),
        (100 * 3_600 * SECOND, "100 h 00 min"),
    ],
)
def test_trap_38_borders(nanoseconds, text):
    """Trap 38: "1.00 s", never "1000.0 ms"; "1 min", never "60.0 s"."""
    assert duration(nanoseconds) == text


@settings(deadline=None, derandomize=True, max_examples=300)
@given(nanoseconds=st.integers(0, 59 * SECOND))
def test_trap_38_the_text_is_within_half_a_percent(nanoseconds):
    """Trap 38: and the number shown is always below 1000."""
    number, unit = re.fullmatch(r"([0-9.]+) (\S+)", duration(nanoseconds)).groups()
    scale = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}[unit]
    assert float(number) < 1000
    assert float(number) * scale == pytest.approx(nanoseconds, rel=0.006)
