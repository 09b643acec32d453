"""What every state of a streaming metric can do: add up, compare, travel as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self


class State(ABC):  # noqa: PLW1641 - a state changes, so it has no hash
    """A summary of rows that merges with that of other rows."""

    @abstractmethod
    def merge(self, other: Any) -> None:
        """Add the rows of another state, which is not changed."""

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
            ValueError: If the text is no JSON, of another version, or damaged.
        """
        return cls.from_dict(json.loads(text))

    def __add__(self, other: Self) -> Self:
        if not isinstance(other, type(self)):
            return NotImplemented
        total = deepcopy(self)
        total.merge(other)
        return total

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.to_dict() == other.to_dict()


def check_schema(state: Any, schema: str) -> None:
    """Raise ValueError unless the description is of this kind and version."""
    found = state.get("schema") if hasattr(state, "get") else type(state).__name__
    if found != schema:
        raise ValueError(f"expected a state of schema {schema!r}, got {found!r}")


def check_mergeable(state: State, other: object) -> None:
    """Raise TypeError unless the other is a state of the same kind."""
    if not isinstance(other, type(state)):
        kind = type(state).__name__
        raise TypeError(f"only {kind} merges with {kind}, got {type(other).__name__}")
