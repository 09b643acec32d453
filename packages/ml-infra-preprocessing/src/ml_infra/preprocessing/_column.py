"""What one column of a table has to be."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._bounds import is_number, is_time, parse_time, time_as_text
from ._state import StateError, expect_keys

TYPES = ("int", "float", "bool", "text", "category", "datetime")
SEVERITIES = ("error", "warn")
CLOSED = ("both", "left", "right", "neither")
ORDERS = ("increasing", "strictly increasing", "decreasing", "strictly decreasing")


@dataclass(frozen=True, repr=False)
class Column:
    """
    The rules for one column. A null is judged by `nullable` alone.

    Args:
        type: "int" (whole floats pass unless `strict`), "float" (integers pass unless
            `strict`), "bool", "text", "category" (text or labels, compared by label),
            "datetime", or None for any. Values are never converted.
        nullable: Whether None, NaN, NaT and NA are allowed.
        min: Smallest value allowed, for numbers and datetimes.
        max: Largest value allowed.
        closed: Which bounds are themselves allowed: "both", "left" (min alone),
            "right" (max alone) or "neither".
        in_: The values allowed.
        regex: Pattern the whole text must match. It is tried once per distinct value;
            Python's `re` has no time limit, so bound hostile text by `max_len`.
        max_len: Most characters of a text. Longer texts fail this rule, and the
            pattern is not tried on them.
        unique: No value twice, in the whole stream. Nulls do not count.
        null_like: Further values taken for nulls, such as ("NA", "") or (-999,).
        finite: Whether infinities are refused.
        ordered: "increasing", "strictly increasing", "decreasing" or
            "strictly decreasing", from each non-null value to the next.
        zone: Time zone a datetime column must have; "naive" for none; None for any.
        strict: Refuse a float column for "int" and an int column for "float".
        severity: "error", or "warn" for findings that leave a report ok.
        position: Take the column at this place (0-based), whatever it is called.

    Raises:
        ValueError: If options contradict each other or are unknown.

    >>> Column("int", min=0, max=130, nullable=False).max
    130
    """

    type: str | None = None
    nullable: bool = dataclasses.field(default=True, kw_only=True)
    min: Any = dataclasses.field(default=None, kw_only=True)
    max: Any = dataclasses.field(default=None, kw_only=True)
    closed: str = dataclasses.field(default="both", kw_only=True)
    in_: tuple[Any, ...] | None = dataclasses.field(default=None, kw_only=True)
    regex: str | None = dataclasses.field(default=None, kw_only=True)
    max_len: int | None = dataclasses.field(default=None, kw_only=True)
    unique: bool = dataclasses.field(default=False, kw_only=True)
    null_like: tuple[Any, ...] = dataclasses.field(default=(), kw_only=True)
    finite: bool = dataclasses.field(default=False, kw_only=True)
    ordered: str | None = dataclasses.field(default=None, kw_only=True)
    zone: str | None = dataclasses.field(default=None, kw_only=True)
    strict: bool = dataclasses.field(default=False, kw_only=True)
    severity: str = dataclasses.field(default="error", kw_only=True)
    position: int | None = dataclasses.field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _choice("type", self.type, (*TYPES, None))
        _choice("closed", self.closed, CLOSED)
        _choice("ordered", self.ordered, (*ORDERS, None))
        _choice("severity", self.severity, SEVERITIES)
        for name in ("nullable", "unique", "finite", "strict"):
            _choice(name, getattr(self, name), (True, False))
        for name in ("max_len", "position"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 0):
                raise ValueError(f"{name}: expected an integer >= 0, got {value!r}")
        for name in ("in_", "null_like"):
            object.__setattr__(self, name, self._values(name))
        for name in ("min", "max"):
            object.__setattr__(self, name, self._bound(name))
        if self.min is not None and self.max is not None and self._crossed():
            raise ValueError(f"min: {self.min!r} is above max {self.max!r}")
        self._check_domain()
        if self.regex is not None:
            self.pattern  # noqa: B018 -- a bad pattern is refused now

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled `regex`."""
        try:
            return re.compile(self.regex or "")
        except (re.error, TypeError) as error:
            raise ValueError(f"regex: {self.regex!r} is no pattern: {error}") from error

    @functools.cached_property
    def domain(self) -> str:
        """What the rules on values judge: "numbers", "text", "times" or "any"."""
        by_type = {"int": "numbers", "float": "numbers", "text": "text",
                   "category": "text", "datetime": "times", "bool": "any"}  # fmt: skip
        if self.type is not None:
            return by_type[self.type]
        if isinstance(self.min, str) or isinstance(self.max, str):
            return "times"
        if self.regex is not None or self.max_len is not None:
            return "text"
        bounded = self.min is not None or self.max is not None or self.finite
        return "numbers" if bounded else "any"

    def to_dict(self) -> dict[str, Any]:
        """Return the rules that differ from their defaults, as strict JSON types."""
        state: dict[str, Any] = {}
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            if value != one.default or type(value) is not type(one.default):
                state[one.name] = (
                    [_json(v) for v in value] if isinstance(value, tuple)
                    else _json(value)
                )  # fmt: skip
        return state

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Column:
        """Restore what `to_dict` wrote; ValueError for anything else."""
        if not isinstance(state, Mapping):
            raise StateError(f"column: expected rules, got {type(state).__name__}")
        names = {one.name for one in dataclasses.fields(cls)}
        expect_keys(state, names)
        try:
            return cls(**{name: _unjson(value) for name, value in state.items()})
        except TypeError as error:
            raise StateError(f"column: {error}") from error

    def __repr__(self) -> str:
        rules = (
            f"{one.name}={getattr(self, one.name)!r}"
            for one in dataclasses.fields(self)[1:]
            if getattr(self, one.name) != one.default
        )
        first = [repr(self.type)] if self.type is not None else []
        return f"Column({', '.join([*first, *rules])})"

    def _bound(self, name: str) -> Any:
        value = getattr(self, name)
        if value is None:
            return None
        if is_time(value) or isinstance(value, str):
            if self.type not in ("datetime", None):
                raise ValueError(f"{name}: expected a number for {self.type}")
            try:
                text = time_as_text(value)
            except ValueError as error:
                raise ValueError(f"{name}: {value!r} is no time: {error}") from error
            _, zoned = parse_time(text)
            if self.zone is not None and zoned == (self.zone == "naive"):
                need = "no zone" if zoned else "a zone, such as a trailing Z"
                raise ValueError(f"{name}: {text!r} needs {need}, as {self.zone=}")
            return text
        if not is_number(value) or value != value:  # noqa: PLR0124 -- NaN bounds nothing
            raise ValueError(f"{name}: expected a number or a time, got {value!r}")
        if self.type == "datetime":
            raise ValueError(f"{name}: expected a time, got {value!r}")
        return value.item() if isinstance(value, np.generic) else value

    def _values(self, name: str) -> Any:
        values = getattr(self, name)
        if values is None:
            return None
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise ValueError(f"{name}: expected a list of values, got {values!r}")  # noqa: TRY004 -- one error for bad rules
        plain = (
            v.item() if isinstance(v, (np.number, np.bool_)) else v for v in values
        )
        kept = tuple(time_as_text(v) if is_time(v) else v for v in plain)
        for one in kept:
            if not isinstance(one, (str, int, float, bool, type(None))):
                raise ValueError(f"{name}: expected text or numbers, got {one!r}")  # noqa: TRY004 -- one error for bad rules
        if self.type == "datetime":
            try:
                kept = tuple(map(time_as_text, kept))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{name}: {error}") from error
        return tuple(sorted(kept)) if isinstance(values, (set, frozenset)) else kept

    def _crossed(self) -> bool:
        if isinstance(self.min, str) != isinstance(self.max, str):
            raise ValueError("min, max: expected two numbers or two times")
        if isinstance(self.min, str):
            low, high = parse_time(self.min), parse_time(self.max)
            if low[1] != high[1]:
                raise ValueError("min, max: expected both with a zone or both without")
            return low[0] > high[0]
        return bool(self.min > self.max)

    def _check_domain(self) -> None:
        numbers = ("min", "max", "finite") if self.domain in ("text", "any") else ()
        text = ("regex", "max_len") if self.domain != "text" else ()
        for name in (*numbers, *text):
            if getattr(self, name) not in (None, False):
                raise ValueError(f"{name}: does not apply to {self.type or 'this mix'}")
        if self.ordered and self.domain == "text":
            raise ValueError("ordered: applies to numbers and times")
        if self.zone is not None and self.type != "datetime":
            raise ValueError('zone: needs type "datetime"')


def _choice(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if not any(value is one or (value == one and type(value) is type(one))
               for one in allowed):  # fmt: skip
        known = ", ".join(repr(one) for one in allowed)
        raise ValueError(f"{name}: expected one of {known}, got {value!r}")


def _json(value: Any) -> Any:
    """Spell infinities as text: JSON has no number for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def _unjson(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unjson(one) for one in value)
    if isinstance(value, dict):
        if set(value) == {"float"} and value["float"] in ("inf", "-inf", "nan"):
            return float(value["float"])
        raise StateError(f"state: expected a plain value, got {value!r}")
    return value
