"""
Our encoder and our outputs for teams that log with structlog (extra ``[structlog]``).

`Renderer` is the last processor, `SinkFactory` the logger factory. What structlog has
gathered (bound values, context variables, its own processors' work) becomes a record
of the same shape as all others, and goes wherever `configure` sends them.
"""

from __future__ import annotations

from sys import exc_info

from ._calls import exception_of
from ._entry import Entry
from ._gates import current_pipeline, gate_of
from ._levels import INFO, NUMBERS
from ._texts import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

__all__ = ["Renderer", "Sink", "SinkFactory"]

_METHODS = {"exception": "error", "msg": "info", "log": "info", "err": "error"}


class Renderer:
    """
    A structlog processor that turns the event dict into one of our lines.

    The record has a time and a level of its own: ``TimeStamper`` and ``add_log_level``
    are not needed. It is named after ``logger`` in the event dict, else after the name
    given to ``structlog.get_logger``.

    >>> import structlog
    >>> log = structlog.wrap_logger(
    ...     SinkFactory()(),
    ...     processors=[structlog.contextvars.merge_contextvars, Renderer()],
    ... )
    >>> log.debug("left out: records are written from info on", rows=3)
    """

    def __call__(
        self, logger: Any, method: str, event_dict: MutableMapping[str, Any]
    ) -> bytes:
        """Return the line, or nothing where the level is not written."""
        fields = dict(event_dict)
        event = fields.pop("event", "")
        name = fields.get("logger")
        if isinstance(name, str):
            del fields["logger"]
        else:
            name = text_of(getattr(logger, "name", "structlog"))
        level = NUMBERS.get(_METHODS.get(method, method), INFO)
        said = fields.get("level")
        if isinstance(said, str) and NUMBERS.get(said) == level:
            del fields["level"]  # by add_log_level
        error = exception_of(fields.get("exc_info"))
        if error is None and method == "exception":
            error = exc_info()[1]
        if error is not None:
            fields.pop("exc_info", None)
        gate = gate_of(name)
        if level < gate.level:
            return b""
        line = current_pipeline().render(Entry(gate, level, event, fields, error=error))
        return line or b""


class SinkFactory:
    """A structlog logger factory whose loggers write to our outputs."""

    def __call__(self, name: str = "structlog", *_args: Any) -> Sink:
        """Return a sink called `name`; further arguments are ignored."""
        return Sink(name)


class Sink:
    """Writes rendered lines; any other message becomes an event first."""

    def __init__(self, name: str) -> None:
        self.name: str = text_of(name)

    def _write(self, level: int, message: object) -> None:
        pipeline = current_pipeline()
        if isinstance(message, bytes) and message.endswith(b"}\n"):
            pipeline.send(level, message)
        elif message != b"":
            pipeline.record(Entry(gate_of(self.name), level, message, {}))

    def debug(self, message: object) -> None:
        """Write at level debug."""
        self._write(NUMBERS["debug"], message)

    def info(self, message: object) -> None:
        """Write at level info."""
        self._write(INFO, message)

    def warning(self, message: object) -> None:
        """Write at level warning."""
        self._write(NUMBERS["warning"], message)

    def error(self, message: object) -> None:
        """Write at level error."""
        self._write(NUMBERS["error"], message)

    def critical(self, message: object) -> None:
        """Write at level critical."""
        self._write(NUMBERS["critical"], message)

    msg = info
    log = info
    warn = warning
    err = error
    exception = error
    fatal = critical
