"""Structured JSON-lines logging: `configure` once, `get_logger` anywhere."""

from __future__ import annotations

import json
import os
import time
from itertools import count
from typing import Any

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class _Output:
    """Where lines go and from which level on."""

    def __init__(self) -> None:
        self.path: str | None = None
        self.threshold = 20
        self.seq = count()

    def write(self, line: bytes) -> None:
        if self.path is None:
            os.write(2, line)
            return
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(fd, line)
        finally:
            os.close(fd)


_output = _Output()


def _stamp() -> str:
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{nanos // 1000:06d}Z"


def configure(
    *, path: str | os.PathLike[str] | None = None, level: str = "info"
) -> None:
    """
    Choose where records go.

    Args:
        path: File to append to; None means stderr.
        level: Lowest level written: debug, info, warning, error or critical.

    Raises:
        ValueError: If `level` is none of these.
    """
    if level not in _LEVELS:
        raise ValueError(f"level must be one of {', '.join(_LEVELS)}, got {level!r}")
    _output.path = None if path is None else os.fspath(path)
    _output.threshold = _LEVELS[level]


class Logger:
    """Writes events with fields as JSON lines."""

    def __init__(self, name: str, bound: dict[str, Any] | None = None) -> None:
        self.name = name
        self._bound = bound or {}

    def bind(self, **fields: Any) -> Logger:
        """Return a logger that adds `fields` to every record."""
        return Logger(self.name, {**self._bound, **fields})

    def _log(self, level: str, event: str, fields: dict[str, Any]) -> None:
        if _LEVELS[level] < _output.threshold:
            return
        try:
            record: dict[str, Any] = {
                "ts": _stamp(),
                "level": level,
                "event": str(event),
                "logger": self.name,
                "run": "local",
                "attempt": 0,
                "rank": 0,
                "pid": os.getpid(),
                "seq": next(_output.seq),
            }
            for key, value in {**self._bound, **fields}.items():
                name = key
                while name in record:
                    name += "_"
                record[name] = value
            text = json.dumps(record, default=repr, separators=(",", ":"))
            _output.write(text.encode("utf-8", "backslashreplace") + b"\n")
        except Exception:  # noqa: BLE001, S110 - a log call never raises
            pass

    def debug(self, event: str, /, **fields: Any) -> None:
        """Write `event` at level debug."""
        self._log("debug", event, fields)

    def info(self, event: str, /, **fields: Any) -> None:
        """Write `event` at level info."""
        self._log("info", event, fields)

    def warning(self, event: str, /, **fields: Any) -> None:
        """Write `event` at level warning."""
        self._log("warning", event, fields)

    def error(self, event: str, /, **fields: Any) -> None:
        """Write `event` at level error."""
        self._log("error", event, fields)

    def critical(self, event: str, /, **fields: Any) -> None:
        """Write `event` at level critical."""
        self._log("critical", event, fields)


def get_logger(name: str = "") -> Logger:
    """
    Return the logger called `name`.

    >>> log = get_logger(__name__)
    >>> log.debug("below the threshold", rows=3)
    """
    return Logger(name)
