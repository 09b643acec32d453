"""Reading states that came as JSON: nothing in them is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    from ._histogram import KeyHistogram

_LISTS = {"steps", "counts"}
_INT64 = range(-(2**63), 2**63)


class StateError(ValueError):
    """A saved state is damaged, of another kind, or from a newer version."""


def expect_format(state: Any, form: str, version: int) -> Mapping[str, Any]:
    """Return `state` if it is a mapping of this format, readable by this version."""
    if not isinstance(state, Mapping) or state.get("format") != form:
        got = state.get("format") if isinstance(state, Mapping) else type(state)
        raise StateError(f"state: expected format {form!r}, got {got!r}")
    found: Any = state.get("version")
    if not is_int(found, range(1, 2**31)):
        raise StateError(f"state: expected a version number, got {found!r}")
    if found > version:
        raise StateError(
            f"state version {found}, this library reads <= {version}: "
            "upgrade ml-infra-preprocessing"
        )
    return state


def read_json(text: Any) -> Any:
    """
    Return what strict JSON holds.

    Raises:
        TypeError: If it is no text.
        StateError: If it is no strict JSON.
    """
    if not isinstance(text, (str, bytes, bytearray)):
        raise TypeError(f"text: expected JSON text, got {type(text).__name__}")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except StateError:
        raise
    except RecursionError as error:
        raise StateError("text: no JSON: nested too deeply") from error
    except ValueError as error:
        raise StateError(f"text: no JSON: {error}") from error


def _refuse_constant(text: str) -> NoReturn:
    raise StateError(f"text: no JSON: {text} is not strict JSON")


def is_int(value: Any, allowed: range = _INT64) -> bool:
    """Whether the value is a true integer of the range: no bool, no 1.0."""
    return type(value) is int and value in allowed


def field(state: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    """Return one field of a state, of exactly this type."""
    if name not in state:
        raise StateError(f"state: {name!r} is missing")
    value = state[name]
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if type(value) not in kinds:
        wanted = " or ".join(one.__name__ for one in kinds)
        raise StateError(
            f"state: {name!r} must be {wanted}, got {type(value).__name__}"
        )
    return value


def expect_keys(state: Mapping[str, Any], names: set[str]) -> None:
    """Refuse fields this version does not know: ignoring them would change meaning."""
    unknown = sorted(str(name) for name in set(state) - names)
    if unknown:
        raise StateError(f"state: unknown fields {', '.join(unknown)}")


def read_histogram(cls: type[KeyHistogram], state: Mapping[str, Any]) -> KeyHistogram:
    """Return the histogram that `KeyHistogram.to_dict` wrote."""
    from ._histogram import FORMAT, VERSION

    state = expect_format(state, FORMAT, VERSION)
    names = {"kind", "cap", "shift", "low", "high", "first", "steps", "counts"}
    expect_keys(state, names | {"format", "version"})
    numbers = {name: field(state, name, int) for name in names - {"kind"} - _LISTS}
    steps, counts = (field(state, name, list) for name in ("steps", "counts"))
    made = cls(numbers["cap"], field(state, "kind", str))
    if not all(is_int(n, range(1, 2**62)) for n in counts):
        raise StateError("state: 'counts' must hold positive integers")
    if not all(is_int(n, range(1, 2**64)) for n in steps):
        raise StateError("state: 'steps' must hold positive integers")
    if len(steps) != max(len(counts) - 1, 0) or len(counts) > made.cap:
        raise StateError("state: 'steps' and 'counts' do not fit each other or 'cap'")
    if not counts:
        return made
    last = numbers["first"] + sum(steps)
    shift, low, high = numbers["shift"], numbers["low"], numbers["high"]
    ends = (numbers["first"], last, low, high)
    if shift not in range(64) or not all(is_int(n) for n in ends):
        raise StateError("state: numbers beyond 64 bits")
    if low >> shift != numbers["first"] or high >> shift != last or sum(counts) >> 62:
        raise StateError("state: 'low', 'high' and the bins contradict each other")
    made._shift = shift
    made._low, made._high, made._total = low, high, sum(counts)
    made._counts = np.array(counts, np.int64)
    made._bins = np.cumsum(
        np.array([numbers["first"] % 2**64, *steps], np.uint64)
    ).view(np.int64)
    return made
