"""
The record's shape as JSON Schema, and a validator that needs no other package.

The schema file is the contract in machine-readable form; any JSON Schema library takes
it. The validator here knows the keywords that file uses, and refuses others.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["record_schema", "validate_record"]

_schema: dict[str, Any] = {}


def record_schema() -> dict[str, Any]:
    """
    Return the JSON Schema (draft 2020-12) of one log record, a fresh copy.

    >>> record_schema()["properties"]["level"]["enum"][:2]
    ['debug', 'info']
    """
    text = (files("ml_infra.logging") / "schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def validate_record(record: object) -> list[str]:
    """
    Return what is wrong with a record, one sentence each; an empty list if nothing.

    Args:
        record: One line of a log, parsed.

    >>> validate_record({"level": "loud"})[-1]
    "level: 'loud' is none of ['debug', 'info', 'warning', 'error', 'critical']"
    """
    if not _schema:
        _schema.update(record_schema())
    return list(_violations(record, _schema, ""))


def _violations(value: Any, schema: dict[str, Any], place: str) -> Iterator[str]:
    for keyword, rule in schema.items():
        if keyword in _KEYWORDS:
            yield from _KEYWORDS[keyword](value, rule, place)
        elif keyword == "if":
            if not any(_violations(value, rule, place)):
                yield from _violations(value, schema["then"], place)
        elif keyword not in ("$schema", "$id", "$defs", "title", "then"):
            raise ValueError(
                f"schema keyword {keyword!r} is not known to the validator"
            )


def _ref(value: Any, rule: str, place: str) -> Iterator[str]:
    yield from _violations(value, _schema["$defs"][rule.rpartition("/")[2]], place)


def _type(value: Any, rule: str | list[str], place: str) -> Iterator[str]:
    names = [rule] if isinstance(rule, str) else rule
    if not any(_IS[name](value) for name in names):
        yield f"{place or 'record'}: {value!r:.80} is no {' or '.join(names)}"


def _const(value: Any, rule: Any, place: str) -> Iterator[str]:
    if not _same(value, rule):
        yield f"{place}: {value!r:.80} is not {rule!r}"


def _enum(value: Any, rule: list[Any], place: str) -> Iterator[str]:
    if not any(_same(value, allowed) for allowed in rule):
        yield f"{place}: {value!r:.80} is none of {rule}"


def _pattern(value: Any, rule: str, place: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(rule, value):
        yield f"{place}: {value!r:.80} does not match {rule}"


def _minimum(value: Any, rule: float, place: str) -> Iterator[str]:
    if _IS["number"](value) and value < rule:
        yield f"{place}: {value!r} is below {rule}"


def _required(value: Any, rule: list[str], place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key in rule:
            if key not in value:
                yield f"{place or 'record'}: {key!r} is missing"


def _properties(value: Any, rule: dict[str, Any], place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in rule.items():
            if key in value:
                yield from _violations(value[key], inner, _below(place, key))


def _additional(value: Any, rule: dict[str, Any], place: str) -> Iterator[str]:
    # The file uses this keyword only where no property has a schema of its own.
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _violations(item, rule, _below(place, key))


def _names(value: Any, rule: dict[str, Any], place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key in value:
            yield from _violations(key, rule, _below(place, key))


def _items(value: Any, rule: dict[str, Any], place: str) -> Iterator[str]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _violations(item, rule, _below(place, str(number)))


def _all_of(value: Any, rule: list[dict[str, Any]], place: str) -> Iterator[str]:
    for inner in rule:
        yield from _violations(value, inner, place)


def _any_of(value: Any, rule: list[dict[str, Any]], place: str) -> Iterator[str]:
    if not any(not any(_violations(value, inner, place)) for inner in rule):
        yield f"{place}: {value!r:.80} fits none of {len(rule)} shapes"


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _same(value: Any, other: Any) -> bool:
    """Compare as JSON does, where `true` is not 1."""
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_IS: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == value // 1,
}
_KEYWORDS: dict[str, Callable[[Any, Any, str], Iterator[str]]] = {
    "$ref": _ref,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _minimum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "allOf": _all_of,
    "anyOf": _any_of,
}
