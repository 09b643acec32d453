"""
Checks of arrays and tables: every violation at once, with counts and rows.

`Schema` says what a table has to be; `Schema.validate` judges a whole one and
`Schema.validator` a stream. The `check_` functions guard the first lines of a function.
"""

from ._check import Check
from ._checks import (
    check_binary,
    check_columns,
    check_finite,
    check_in_range,
    check_no_nulls,
    check_same_length,
    check_sorted,
    check_unique,
)
from ._column import Column
from ._report import Report, Result, ValidationError
from ._schema import Change, Schema
from ._validator import Validator

__all__ = [
    "Change",
    "Check",
    "Column",
    "Report",
    "Result",
    "Schema",
    "ValidationError",
    "Validator",
    "check_binary",
    "check_columns",
    "check_finite",
    "check_in_range",
    "check_no_nulls",
    "check_same_length",
    "check_sorted",
    "check_unique",
]
