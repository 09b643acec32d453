"""Log records caught in tests, with the questions tests ask about them."""

from __future__ import annotations

import json

from ._gates import tap
from ._levels import level_number
from ._nonfinite import restore_nonfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Any

__all__ = ["CapturedLogs", "capture_logs"]

_SHOWN = 20  # records listed when an assertion fails


def capture_logs(level: str | int = "debug") -> CapturedLogs:
    """
    Return a context manager that catches every record instead of writing it.

    Args:
        level: The lowest level caught, whatever `configure` has set.

    It works for loggers made and used before, for records of all threads, and inside
    another `capture_logs` (each catches from its own level on). Records pass through
    everything they would on their way to a file, so what a test sees is what the file
    would hold, with NaN and infinities as floats. What was set up before is in force
    again at the end.

    >>> from ml_infra.logging import get_logger
    >>> with capture_logs() as logs:
    ...     get_logger("data").info("dataset ready", rows=3)
    >>> logs.assert_has("dataset ready", rows=int)["rows"]
    3
    """
    return CapturedLogs(level_number(level))


class CapturedLogs:
    """
    The records caught by `capture_logs`; iterate, index and count them as a list.

    In `find`, `assert_has`, `assert_lacks` and `assert_count` a field is compared with
    a value, with a type (``rows=int``) or by a function (``loss=lambda x: x < 1``).

    Attributes:
        records: What was caught, oldest first.
    """

    def __init__(self, level: int) -> None:
        self._level = level
        self.records: list[dict[str, Any]] = []
        self._release: Callable[[], None] | None = None

    def __enter__(self) -> CapturedLogs:  # noqa: PYI034 - Self needs Python 3.11
        if self._release is None:
            self._release = tap(self._catch, self._level)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._release is not None:
            self._release()
            self._release = None

    @property
    def events(self) -> list[str]:
        """The events so far, oldest first."""
        return [record["event"] for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.records[index]

    def clear(self) -> None:
        """Forget the records so far."""
        self.records.clear()

    def find(self, event: str | None = None, /, **fields: Any) -> list[dict[str, Any]]:
        """Return the records with this event (None: any) and these fields."""
        return [
            record
            for record in self.records
            if (event is None or record["event"] == event)
            and all(
                name in record and _fits(record[name], wanted)
                for name, wanted in fields.items()
            )
        ]

    def assert_has(self, event: str | None = None, /, **fields: Any) -> dict[str, Any]:
        """
        Return the first record with this event and these fields.

        Raises:
            AssertionError: If there is none; the message lists what was caught.
        """
        found = self.find(event, **fields)
        if not found:
            raise AssertionError(
                f"no record {_asked(event, fields)}\n{self._listing()}"
            )
        return found[0]

    def assert_lacks(self, event: str | None = None, /, **fields: Any) -> None:
        """
        Check that no record has this event and these fields.

        Raises:
            AssertionError: If there is one.
        """
        self.assert_count(0, event, **fields)

    def assert_count(
        self, count: int, event: str | None = None, /, **fields: Any
    ) -> None:
        """
        Check how many records have this event and these fields.

        Raises:
            AssertionError: If there are more or fewer.
        """
        found = len(self.find(event, **fields))
        if found != count:
            raise AssertionError(
                f"{found} records instead of {count} {_asked(event, fields)}\n"
                + self._listing()
            )

    def _catch(self, line: bytes) -> None:
        record = json.loads(line)
        restore_nonfinite(record)
        self.records.append(record)

    def _listing(self) -> str:
        from ._console import render

        records = self.records[-_SHOWN:]
        hidden = len(self.records) - len(records)
        lines = [f"  ... and {hidden} before"] if hidden else []
        lines += [f"  {render(record)}" for record in records]
        return "caught:\n" + "\n".join(lines) if lines else "nothing was caught"


def _fits(value: object, wanted: object) -> bool:
    if isinstance(wanted, type):
        # True is an int in Python; in a log they are different things.
        return isinstance(value, wanted) and (
            wanted is bool or not isinstance(value, bool) or wanted is object
        )
    if callable(wanted):
        return bool(wanted(value))
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - only NaN is
        return isinstance(wanted, float) and wanted != wanted  # noqa: PLR0124 - as above
    return bool(value == wanted) and isinstance(value, bool) is isinstance(wanted, bool)


def _asked(event: str | None, fields: dict[str, Any]) -> str:
    parts = [] if event is None else [repr(event)]
    parts += [
        f"{name}={getattr(wanted, '__name__', None) or repr(wanted)}"
        for name, wanted in fields.items()
    ]
    return "with " + ", ".join(parts) if parts else "at all"
