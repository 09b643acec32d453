"""Checks of arrays and tables: every violation at once, with counts and rows."""

from ._checks import check_finite, check_same_length

__all__ = ["check_finite", "check_same_length"]
