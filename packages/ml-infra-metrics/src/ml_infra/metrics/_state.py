"""What every state of a streaming metric can do: add up, compare, travel as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from copy import copy, deepcopy
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self


#: One answer of every state to every question before the first row.
NOTHING_COUNTED = "nothing has been counted yet; call update first"


class State(ABC):  # noqa: PLW1641 - a state changes, so it has no hash
    """A summary of rows that merges with that of other rows; threads may share it."""

    def __init__(self) -> None:
        self._lock = RLock()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is copied and pickled: all but the lock, at one moment."""
        with self._lock:
            return {
                name: copy(value)
                for name, value in vars(self).items()
                if name != "_lock"
            }

    def __setstate__(self, values: dict[str, Any]) -> None:
        vars(self).update(values)
        self._lock = RLock()

    @abstractmethod
    def merge(self, other: Any) -> Self:
        """Add the rows of another state, which is not changed; return this one."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain Python data, to be read by `from_dict`."""

    @classmethod
    @abstractmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Return the state that `to_dict` described."""

    def to_json(self) -> str:
        """Return the state as JSON: equal states give equal text."""
        return json.dumps(self.to_dict(), allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """
        Return the state that `to_json` wrote.

        Raises:
            TypeError: If it is no text.
            ValueError: If the text is no JSON, of another version, or damaged.
        """
        if not isinstance(text, (str, bytes, bytearray)):
            raise TypeError(
                "text must be the str or bytes that to_json wrote, "
                f"got {type(text).__name__}"
            )
        try:
            state = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"text must be the JSON that to_json wrote, got {text[:40]!r}: {error}"
            ) from error
        return cls.from_dict(state)

    def __add__(self, other: Self) -> Self:
        if not isinstance(other, type(self)):
            return NotImplemented
        return deepcopy(self).merge(other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.to_dict() == other.to_dict()


def check_schema(state: Any, schema: str) -> None:
    """Raise ValueError unless the description is of this kind and version."""
    found = state.get("schema") if hasattr(state, "get") else type(state).__name__
    if found != schema:
        raise ValueError(f"expected a state of schema {schema!r}, got {found!r}")


def whole_number(state: Mapping[str, Any], name: str) -> int:
    """Return a number of rows, or raise ValueError if it cannot be one."""
    value = state[name]
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} must be an integer >= 0, got {value!r}")
    return value


def check_mergeable(state: State, other: object) -> None:
    """Raise TypeError unless the other is a state of the same kind."""
    if not isinstance(other, type(state)):
        kind = type(state).__name__
        raise TypeError(f"only {kind} merges with {kind}, got {type(other).__name__}")
