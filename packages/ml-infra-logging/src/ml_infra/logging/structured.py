"""Structured JSON-lines logging: `configure` once, `get_logger` anywhere."""

from __future__ import annotations

import sys

from . import _gates
from ._context import Layer, carry_context, context
from ._levels import CRITICAL, DEBUG, ERROR, INFO, NAMES, WARNING, level_number
from ._preemption import let_through
from ._vocabulary import METRIC

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any, Literal

    from ._background import Overflow
    from ._configuration import Handle
    from ._gates import AnyGate
    from ._redaction import Redactor
    from ._spans import Span

__all__ = [
    "Logger",
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

    def __init__(self, gate: AnyGate, bound: Layer | None = None) -> None:
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
        number = _number_of(level)
        gate = self._gate
        if gate.level <= number:
            gate.emit(gate, number, event, args, fields, self._bound)

    def metric(self, /, **values: Any) -> None:
        """
        Write measured values as one record of kind ``metric``, at level info.

        Scalars that are still on a device are copied without waiting for them, and the
        record is written when they have arrived.

        Args:
            values: Numbers, usually with ``step``; see `ml_infra.logging.read_log` for
                the way back into a table.
        """
        if _gates.waiting:
            from ._deferred import settle

            settle()
        gate = self._gate
        if gate.level <= INFO:
            gate.emit(gate, INFO, METRIC, (), values, self._bound, METRIC)

    def span(self, name: object, /, **fields: Any) -> Span:
        """
        Return a context manager that writes ``span.start`` and ``span.end``.

        Args:
            name: The event of both records.
            fields: In both, and in every record of the block.

        Limits do not count spans: `log.once.span` writes both records every time.

        >>> with get_logger("doc").span("epoch", epoch=3) as sp:
        ...     sp.set(samples=50_000)  # only in span.end
        """
        from ._spans import Span

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
        return self._limited()

    def every(self, count: int, /) -> Logger:
        """
        Return a logger that writes the first of every `count` equal events.

        The next record says in ``suppressed`` how many were left out. Below 1, and
        what is no number, is 1.
        """
        return self._limited(count=int(min(_at_least(1, count), sys.maxsize)))

    def every_seconds(self, seconds: float, /) -> Logger:
        """
        Return a logger that writes equal events at most once in `seconds`.

        What is no number leaves nothing out.
        """
        return self._limited(seconds=_at_least(1e-9, seconds))

    def _limited(self, count: int = 0, seconds: float = 0.0) -> Logger:
        from ._limits import LimitedGate, Rule

        return Logger(LimitedGate(self._gate, Rule(count, seconds)), self._bound)

    def _bound_fields(self) -> Mapping[str, Any]:
        return {} if self._bound is None else self._bound.fields

    def is_enabled_for(self, level: int | str) -> bool:
        """Return whether a record of `level` would be written; see `log`."""
        return self._gate.level <= _number_of(level)

    def __repr__(self) -> str:
        level = NAMES.get(self._gate.level, self._gate.level)
        return f"<Logger {self.name!r} from {level}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.name, _picklable(self._bound_fields()))


def _number_of(level: object) -> int:
    try:
        return level_number(level)
    except BaseException as error:  # noqa: BLE001 - no level, and perhaps no text
        let_through(error)
        return INFO


def _at_least(least: float, value: object) -> float:
    """Return `value` as a number, `least` when it is below or none."""
    try:
        number = float(value)  # type: ignore[arg-type]  # anything else is caught
        if number == number:  # noqa: PLR0124 - all but NaN are
            return max(least, number)
    except BaseException as error:  # noqa: BLE001 - user code may raise anything
        let_through(error)
    from ._limits import refuse

    refuse()
    return least


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

    Raises:
        TypeError: If `name` is neither a str nor None.

    Cheap, and works before `configure` as well as after it; without any `configure`,
    records go to stderr.

    >>> log = get_logger("train")
    >>> log.debug("left out: records are written from info on", rows=3)
    """
    if name is None:
        caller = sys._getframe(1)  # noqa: SLF001 - as warnings does
        name = str(caller.f_globals.get("__name__", ""))
    elif not isinstance(name, str):
        raise TypeError(f"name must be a str or None, got {name!r}")
    gate = _gates.gate_of(name)
    return Logger(gate, Layer(fields) if fields else None)


def configure(
    run: str | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
    console: bool | Literal["auto"] = "auto",
    levels: str = "info",
    ranks: Literal["job", "node", "all"] = "node",
    capture_stdlib: bool | Literal["replace"] = True,
    redact: Literal["default", "off"] | Redactor = "default",
    mode: Literal["direct", "background"] = "direct",
    config: Mapping[str, Any] | None = None,
    to_stdlib: bool = False,
    max_line: int = 131_072,
    queue_bytes: int = 16 * 1024 * 1024,
    overflow: Overflow = "block",
) -> Handle:
    """
    Decide where records go, for the whole process.

    Call it once where the program starts; calling it again replaces what the last call
    set up, so a notebook cell may run as often as it likes.

    Args:
        run: Name of the run. None takes it from the launcher (``ML_INFRA_RUN``,
            torchrun, SLURM, PBS, LSF) or makes one up; child processes inherit it.
        path: File to append to, or a folder (ending in ``/`` or existing). It may hold
            ``{run}``, ``{attempt}``, ``{rank}``, ``{local_rank}``, ``{host}`` and
            ``{pid}``. Every rank writes its file in full. None writes no file.
        console: Records on stderr: readable (True), none (False), or ``"auto"``:
            readable in a terminal or notebook, JSON lines elsewhere.
        levels: ``"info,urllib3=warning"``: the lowest level written, and exceptions
            for loggers and those below them. The environment variable
            ``ML_INFRA_LOG_LEVELS`` has the same form and wins.
        ranks: Who shows info and below on stderr: rank 0 of the ``job``, of each
            ``node``, or ``all``. Warnings and above come from every rank.
        capture_stdlib: Also write records of ``logging``, warnings and uncaught
            exceptions. Handlers that are on the root logger stay; ``"replace"`` takes
            them off until `Handle.restore`.
        redact: ``"default"`` hides secrets by name and shape, ``"off"`` nothing; or a
            `Redactor` of your own.
        mode: ``"direct"`` writes before the call returns and loses nothing to a crash.
            ``"background"`` queues for a thread.
        config: Configuration of the run; its hash goes into ``run.start``.
        to_stdlib: Also hand our records to the handlers of ``logging`` (pytest's
            caplog, Sentry).
        max_line: Most bytes of a line, at least 4096; longer ones are cut, with marks.
        queue_bytes: Most bytes queued in background mode.
        overflow: When the queue is full: ``"block"`` (at most five seconds),
            ``"drop-oldest"`` or ``"drop-newest"``.

    Returns:
        A handle with ``flush``, ``stats`` and ``restore``; also a context manager that
        restores.

    Raises:
        TypeError: If `run`, `path` or `levels` is of another type.
        ValueError: If an argument is none of its possible values; what was configured
            before stays in force. A file that cannot
            be opened raises nothing: that is told on stderr, retried, and counted.

    >>> handle = configure("demo", console=False)
    >>> handle.run
    'demo'
    >>> handle.restore()
    """
    from ._configuration import apply

    return apply(
        run,
        path=path,
        console=console,
        levels=levels,
        ranks=ranks,
        capture_stdlib=capture_stdlib,
        redact=redact,
        mode=mode,
        config=config,
        to_stdlib=to_stdlib,
        max_line=max_line,
        queue_bytes=queue_bytes,
        overflow=overflow,
    )
