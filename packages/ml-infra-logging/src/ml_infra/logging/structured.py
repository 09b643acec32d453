"""Structured JSON-lines logging: `configure` once, `get_logger` anywhere."""

from __future__ import annotations

import sys

from . import _gates
from ._configuration import Handle, configure
from ._context import Layer, carry_context, context
from ._levels import CRITICAL, DEBUG, ERROR, INFO, NAMES, WARNING, level_number
from ._limits import LimitedGate, Rule
from ._spans import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._gates import Gate

__all__ = [
    "Handle",
    "Logger",
    "Span",
    "carry_context",
    "configure",
    "context",
    "get_logger",
]


class Logger:
    """
    Writes events with fields; made by `get_logger`.

    An event is a short constant text. It is written verbatim and never a template; what
    varies goes into fields, which may hold any value. No method ever raises because of
    what it is given, waits for a device, or loses a record without counting it.
    """

    __slots__ = ("_bound", "_gate")

    def __init__(self, gate: Gate, bound: Layer | None = None) -> None:
        self._gate = gate
        self._bound = bound

    @property
    def name(self) -> str:
        """The name given to `get_logger`."""
        return self._gate.name

    def debug(self, event: object = "", /, *args: object, **fields: Any) -> None:
        """Write `event` at level debug."""
        gate = self._gate
        if gate.level <= DEBUG:
            gate.emit(gate, DEBUG, event, args, fields, self._bound)

    def info(self, event: object = "", /, *args: object, **fields: Any) -> None:
        """Write `event` at level info."""
        gate = self._gate
        if gate.level <= INFO:
            gate.emit(gate, INFO, event, args, fields, self._bound)

    def warning(self, event: object = "", /, *args: object, **fields: Any) -> None:
        """Write `event` at level warning."""
        gate = self._gate
        if gate.level <= WARNING:
            gate.emit(gate, WARNING, event, args, fields, self._bound)

    def error(self, event: object = "", /, *args: object, **fields: Any) -> None:
        """Write `event` at level error."""
        gate = self._gate
        if gate.level <= ERROR:
            gate.emit(gate, ERROR, event, args, fields, self._bound)

    def critical(self, event: object = "", /, *args: object, **fields: Any) -> None:
        """Write `event` at level critical."""
        gate = self._gate
        if gate.level <= CRITICAL:
            gate.emit(gate, CRITICAL, event, args, fields, self._bound)

    def exception(self, event: object = "", /, *args: object, **fields: Any) -> None:
        """
        Write `event` at level error with the exception being handled.

        Any method does the same for ``exc_info=True`` or ``exc_info=error``.
        """
        error = sys.exc_info()[1]
        if error is not None:
            fields.setdefault("exc_info", error)
        self.error(event, *args, **fields)

    def log(
        self, level: int | str, event: object = "", /, *args: object, **fields: Any
    ) -> None:
        """Write `event` at a level given by name or number; unknown ones are info."""
        try:
            number = level_number(level)
        except ValueError:
            number = INFO
        gate = self._gate
        if gate.level <= number:
            gate.emit(gate, number, event, args, fields, self._bound)

    def metric(self, /, **values: Any) -> None:
        """
        Write measured values as one record of kind ``metric``, at level info.

        Args:
            values: Numbers, usually with ``step``; see `ml_infra.logging.read_log` for
                the way back into a table.
        """
        gate = self._gate
        if gate.level <= INFO:
            kind = b',"kind":"metric"'
            gate.emit(gate, INFO, "metric", (), values, self._bound, kind)

    def span(self, name: object, /, **fields: Any) -> Span:
        """
        Return a context manager that writes ``span.start`` and ``span.end``.

        Args:
            name: The event of both records.
            fields: In both, and in every record of the block.

        >>> with get_logger("doc").span("epoch", epoch=3) as sp:
        ...     sp.set(samples=50_000)  # only in span.end
        """
        return Span(self._gate, self._bound, name, fields)

    def bind(self, /, **fields: Any) -> Logger:
        """Return a logger that adds `fields` to every record."""
        return Logger(self._gate, Layer({**self._bound_fields(), **fields}))

    def unbind(self, *names: str) -> Logger:
        """Return a logger without the bound fields `names`; unknown names are fine."""
        kept = {k: v for k, v in self._bound_fields().items() if k not in names}
        return Logger(self._gate, Layer(kept) if kept else None)

    def new(self, /, **fields: Any) -> Logger:
        """Return a logger of the same name with `fields` bound and nothing else."""
        return Logger(self._gate, Layer(fields) if fields else None)

    @property
    def once(self) -> Logger:
        """
        A logger that writes each event only the first time in this process.

        Events are equal when logger, level and text are. How many were left out is in
        `Handle.stats` and in a ``log.suppressed`` record at flush and exit.
        """
        return self._limited(Rule())

    def every(self, count: int, /) -> Logger:
        """
        Return a logger that writes the first of every `count` equal events.

        The next record says in ``suppressed`` how many were left out. Below 1 is 1.
        """
        return self._limited(Rule(count=max(1, int(count))))

    def every_seconds(self, seconds: float, /) -> Logger:
        """Return a logger that writes equal events at most once in `seconds`."""
        return self._limited(Rule(seconds=max(1e-9, float(seconds))))

    def _limited(self, rule: Rule) -> Logger:
        return Logger(LimitedGate(self._gate, rule), self._bound)  # type: ignore[arg-type]  # answers for a Gate

    def _bound_fields(self) -> Mapping[str, Any]:
        return {} if self._bound is None else self._bound.fields

    def is_enabled_for(self, level: int | str) -> bool:
        """Return whether a record of `level` would be written."""
        return self._gate.level <= level_number(level)

    def __repr__(self) -> str:
        level = NAMES.get(self._gate.level, self._gate.level)
        return f"<Logger {self.name!r} from {level}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.name, _picklable(self._bound_fields()))


def _unpickled(name: str, bound: dict[str, Any]) -> Logger:
    return get_logger(name, **bound)


def _picklable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are if they go through pickle, else as they read."""
    import json
    import pickle

    try:
        pickle.dumps(dict(fields))
    except Exception:  # noqa: BLE001 - a lambda, a lock, an open file ...
        from ._salvage import Members

        members = Members((), None)
        for name, value in fields.items():
            members.add(name, value)
        plain: dict[str, Any] = json.loads(members.text({}))
        return plain
    return dict(fields)


def get_logger(name: str | None = None, /, **fields: Any) -> Logger:
    """
    Return the logger called `name`, with `fields` bound to it.

    Args:
        name: None means the name of the calling module.
        fields: As for `Logger.bind`.

    Cheap, and works before `configure` as well as after it; without any `configure`,
    records go to stderr.

    >>> log = get_logger("train")
    >>> log.debug("left out: records are written from info on", rows=3)
    """
    if name is None:
        name = sys._getframe(1).f_globals.get("__name__", "")  # noqa: SLF001 - as warnings does
    gate = _gates.gate_of(name)
    return Logger(gate, Layer(fields) if fields else None)
