"""What every state of a streaming metric can do: add up, compare, travel as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy, deepcopy
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing_extensions import Self

#: Version of the saved form of all states; older ones stay readable.
VERSION = 1
#: One answer of every state to every question before the first row.
NOTHING_COUNTED = "nothing has been counted yet; call update first"


class State(ABC):  # noqa: PLW1641 - a state changes, so it has no hash
    """A summary of rows that merges with that of other rows; threads may share it."""

    #: What a saved state says it is.
    _format: ClassVar[str]

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

    def to_dict(self) -> dict[str, Any]:
        """
        Return the state as plain Python data, to be read by `from_dict`.

        Raises:
            TypeError: If a class or a slice key is neither number, boolean nor string.
        """
        with self._lock:
            return {"format": self._format, "version": VERSION, **self._described()}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """
        Return the state that `to_dict` described.

        Raises:
            ValueError: If it is of another kind, of a newer version, or damaged.
        """
        _check_format(state, cls._format)
        try:
            return cls._restored(state)
        except KeyError as error:
            raise ValueError(f"the state is damaged: it has no {error}") from error
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ValueError(f"the state is damaged: {error}") from error

    @abstractmethod
    def _described(self) -> dict[str, Any]:
        """Return what `_restored` needs, as plain Python data."""

    @classmethod
    @abstractmethod
    def _restored(cls, state: Mapping[str, Any]) -> Self:
        """Return the state of a description, raising whatever damage leads to."""

    def to_json(self) -> str:
        """Return the state as JSON: equal states give equal text."""
        return json.dumps(
            self.to_dict(), allow_nan=False, separators=(",", ":"), sort_keys=True
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """
        Return the state that `to_json` wrote.

        Raises:
            TypeError: If it is no text.
            ValueError: If the text is no JSON, or as `from_dict`.
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


def _check_format(state: Any, form: str) -> None:
    """Raise ValueError unless a state is of this format and of a known version."""
    if not isinstance(state, Mapping) or state.get("format") != form:
        got = state.get("format") if isinstance(state, Mapping) else type(state)
        raise ValueError(f"state: expected format {form!r}, got {got!r}")
    version: Any = state.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(f"state: expected a version number, got {version!r}")
    if version > VERSION:
        raise ValueError(
            f"state version {version}, this library reads <= {VERSION}: "
            "upgrade ml-infra-metrics"
        )


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
