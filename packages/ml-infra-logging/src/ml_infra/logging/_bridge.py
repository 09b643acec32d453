"""
Records, warnings and uncaught exceptions of the standard library, and the way out.

Everything installed here is marked, so that a second `configure`, also one of a
reloaded module, replaces instead of doubling it, and `remove` puts back what was there.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings

from . import _gates
from ._entry import Entry
from ._levels import CRITICAL, WARNING
from ._preemption import let_through
from ._texts import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

_MARK = "_ml_infra_logging"
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {
    *("message", "asctime", "taskName", _MARK),
}


def _take(logger: logging.Logger, record: logging.LogRecord) -> None:
    """Write a record of ``logging`` in our shape. Never raises."""
    if hasattr(record, _MARK):
        return  # one of ours on its way to the handlers
    try:
        gate = _gates.gate_of(str(record.name))
        if record.levelno < gate.level:
            return
        fields = {
            key: value for key, value in record.__dict__.items() if key not in _STANDARD
        }
        closing: dict[str, object] = {
            "file": record.pathname,
            "line": record.lineno,
            "function": record.funcName,
        }
        if record.stack_info:
            closing["stack"] = str(record.stack_info)
        event, trouble = _message(record)
        if trouble:
            closing["args"] = trouble
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        _gates.current_pipeline().record(
            Entry(
                gate,
                record.levelno,
                event,
                fields,
                closing=closing,
                error=error,
                shown=_is_printed(logger, record),
                foreign=True,
            )
        )
    except BaseException as error:  # noqa: BLE001 - a log call never raises
        let_through(error)
        _count_failure()


def _is_printed(logger: logging.Logger | None, record: logging.LogRecord) -> bool:
    """Return whether a handler that is not ours prints the record for people."""
    handlers: list[logging.Handler] = []
    while logger is not None:
        handlers += logger.handlers
        logger = logger.parent if logger.propagate else None
    if not handlers and logging.lastResort is not None:
        handlers.append(logging.lastResort)
    return any(
        record.levelno >= handler.level
        and _stream_of(handler) in (sys.stderr, sys.stdout)
        for handler in handlers
    )


def _stream_of(handler: logging.Handler) -> object:
    """Return where it prints: a StreamHandler has a stream, rich's a console."""
    console = getattr(handler, "console", None)
    return getattr(handler, "stream", getattr(console, "file", None))


def _count_failure() -> None:
    pipeline = _gates.installed()
    if pipeline is not None:
        pipeline.counters.failed.add()


def _message(record: logging.LogRecord) -> tuple[str, object]:
    """Return the formatted message; with arguments that do not fit it, both."""
    try:
        return record.getMessage(), None
    except BaseException as error:  # noqa: BLE001 - wrong %-arguments, or user code
        let_through(error)
        return text_of(record.msg), record.args


def forward(name: str, level: int, line: bytes, error: BaseException | None) -> None:
    """Hand one of our lines to the handlers of ``logging``. Never raises."""
    try:
        logger = logging.getLogger(name)
        if not logger.isEnabledFor(level):
            return
        data = json.loads(line)
        file, line_number, function = _call_site()
        record = logger.makeRecord(
            name,
            level,
            file,
            line_number,
            data["event"],
            (),
            None if error is None else (type(error), error, error.__traceback__),
            function,
        )
        for key, value in data.items():
            if key not in _STANDARD:
                setattr(record, key, value)
        setattr(record, _MARK, True)
        logger.handle(record)
    except BaseException as trouble:  # noqa: BLE001 - a foreign handler's trouble is not the caller's
        let_through(trouble)
        _count_failure()


def _call_site() -> tuple[str, int, str]:
    """Return file, line and function of the first frame outside this package."""
    package = __package__ or ""
    frame = sys._getframe(1)  # noqa: SLF001 - as logging itself does
    while frame.f_back is not None and frame.f_globals.get("__package__") == package:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


class Bridge:
    """Everything hooked into the interpreter for one `configure`, and the way back."""

    def __init__(self, *, replace_handlers: bool = False) -> None:
        self._undo: list[Callable[[], None]] = []
        self._replace_handlers = replace_handlers
        self._installed = False

    def install(self) -> None:
        """Hook into ``logging``, warnings and the exception hooks."""
        self._installed = True
        self._take_records()
        self._take_warnings()
        self._take_exceptions()

    def remove(self) -> None:
        """Put everything back, except what somebody else has replaced since then."""
        self._installed = False
        while self._undo:
            self._undo.pop()()

    def _take_records(self) -> None:
        """
        Take each record where its logger hands it to the handlers.

        A handler on the root logger would miss what does not propagate, and would be
        gone after ``dictConfig``. An idle one is there so that logging.basicConfig,
        also the one that logging.warning calls, finds the root logger configured.
        """
        root = logging.getLogger()
        for handler in list(root.handlers):
            if hasattr(handler, _MARK):
                root.removeHandler(handler)  # left by a reloaded module
        kept = list(root.handlers)
        if self._replace_handlers:
            for handler in kept:
                root.removeHandler(handler)
            self._undo.append(lambda: _put_back(root, kept))
        idle = logging.NullHandler()
        setattr(idle, _MARK, True)
        root.addHandler(idle)
        self._undo.append(lambda: root.removeHandler(idle))
        before = _unmarked(logging.Logger.callHandlers)

        def callHandlers(  # noqa: N802 - the name is logging's
            logger: logging.Logger, record: logging.LogRecord
        ) -> None:
            if self._installed:
                _take(logger, record)
            before(logger, record)

        self._hook(logging.Logger, "callHandlers", _marked(callHandlers, before))
        levels = _gates.current_pipeline().levels
        self._set_level(root, levels.default)
        for name, level in levels.special.items():
            self._set_level(logging.getLogger(name), level)

    def _set_level(self, logger: logging.Logger, level: int) -> None:
        before = logger.level
        logger.setLevel(level)

        def undo() -> None:
            if logger.level == level:
                logger.setLevel(before)

        self._undo.append(undo)

    def _take_warnings(self) -> None:
        before = _unmarked(warnings.showwarning)

        def showwarning(  # noqa: PLR0917 - the signature is warnings'
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if file is not None or not self._installed:
                before(message, category, filename, lineno, file, line)
                return
            gate = _gates.gate_of("py.warnings")
            closing = {
                "category": getattr(category, "__name__", str(category)),
                "file": filename,
                "line": lineno,
            }
            _gates.current_pipeline().record(
                Entry(gate, WARNING, message, {}, closing=closing)
            )

        self._hook(warnings, "showwarning", _marked(showwarning, before))

    def _take_exceptions(self) -> None:
        self._hook_exceptions(
            sys, "excepthook", lambda _kind, error, _traceback: (error, "")
        )
        self._hook_exceptions(
            threading,
            "excepthook",
            lambda args: (args.exc_value, getattr(args.thread, "name", None) or "?"),
        )
        self._hook_exceptions(
            sys, "unraisablehook", lambda args: (args.exc_value, "(finalizer)")
        )

    def _hook_exceptions(
        self,
        owner: Any,
        name: str,
        parts: Callable[..., tuple[BaseException | None, str]],
    ) -> None:
        before = _unmarked(getattr(owner, name))
        prints = before is getattr(owner, f"__{name}__")

        def hook(*args: Any) -> None:
            told = False
            try:
                error, thread = parts(*args)
                if error is not None and not isinstance(error, SystemExit):
                    told = self._installed and _uncaught(error, thread, prints=prints)
            finally:
                if not told:
                    before(*args)  # the traceback, a debugger, another logger

        self._hook(owner, name, _marked(hook, before))

    def _hook(self, owner: Any, name: str, hook: Callable[..., Any]) -> None:
        before = getattr(hook, _MARK)
        setattr(owner, name, hook)

        def undo() -> None:
            if getattr(owner, name) is hook:
                setattr(owner, name, before)

        self._undo.append(undo)


def _uncaught(error: BaseException, thread: str, *, prints: bool) -> bool:
    """
    Write the record; return whether that replaces what the interpreter prints.

    People get the interpreter's own traceback, and not our line on top of it; a stderr
    that is read by machines gets our line only.
    """
    pipeline = _gates.current_pipeline()
    stderr = [each for each in pipeline.outputs if each.machine_stderr]
    lost = [each.lost.value for each in stderr]
    pipeline.record(
        Entry(
            _gates.gate_of("ml_infra.logging"),
            CRITICAL,
            "uncaught exception",
            {},
            closing={"thread": thread} if thread else {},
            error=error,
            shown=prints,
        )
    )
    written = lost == [each.lost.value for each in stderr]
    return prints and bool(stderr) and written


def _marked(hook: Any, before: Any) -> Any:
    setattr(hook, _MARK, before)
    return hook


def _unmarked(hook: Any) -> Any:
    """Return the hook below ours, which a reloaded module may have left."""
    while hasattr(hook, _MARK):
        hook = getattr(hook, _MARK)
    return hook


def _put_back(root: logging.Logger, handlers: list[logging.Handler]) -> None:
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
