"""
Records for people: one aligned line each, safe to show in any terminal.

What comes from the outside (events, values, names) is escaped, so that no text can
start a line of its own, move the cursor or turn the reading direction (CWE-117).
"""

from __future__ import annotations

import json
import os
import sys

from ._nonfinite import restore_nonfinite
from ._preemption import let_through
from ._vocabulary import RESERVED, RUN_END, SPAN_END, SPAN_START, TRACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

_EVENT_WIDTH = 32
_MAX_EVENT = 1000
_MAX_VALUE = 200
_MAX_FRAMES = 6
_QUOTED = frozenset(" =\"'[]{}()<>,;|")

# Said in the margin, or of no use to somebody watching; all of it is in the file.
_UNSHOWN = RESERVED.union(TRACE)
# The same, but only as our own; a user's field of the name has another type.
_UNSHOWN_IF = {"exception": dict, "suppressed": int, "span": str, "parent": str}
_LEVEL_COLOURS = {
    "debug": "2",
    "info": "32",
    "warning": "33",
    "error": "31",
    "critical": "1;31",
}


def render(record: dict[str, Any], colour: bool = False) -> str:
    """
    Return a record as one line of text, without the line end.

    Args:
        record: A record as the schema describes it; it is not modified. Missing and
            unknown keys are no error.
        colour: Whether to use ANSI colours.

    The order is time (UTC), level, event, fields as ``key=value``, logger and rank, and
    an exception with the innermost frames first. Long values are cut with the number of
    characters left out; floats below a million are shown with six digits.

    >>> render({"ts": "2026-11-23T16:00:00.123456Z", "level": "info",
    ...         "event": "ready", "logger": "train", "rows": 3, "name": "a b"})
    '16:00:00.123 info     ready                            rows=3 name="a b"  [train]'
    """
    if "_nonfinite" in record:
        record = json.loads(json.dumps(record, default=str))
        restore_nonfinite(record)
    level = _escaped(str(record.get("level", "")))
    parts = [
        _painted(_escaped(str(record.get("ts", "")))[11:23], "2", colour),
        _painted(f"{level:<8}", _LEVEL_COLOURS.get(level, ""), colour),
        _painted(f"{_event(record):<{_EVENT_WIDTH}}", "1", colour),
        *(
            _painted(_escaped(str(key)), "36", colour) + "=" + _value(value)
            for key, value in record.items()
            if key not in _UNSHOWN
            and not (key in _UNSHOWN_IF and isinstance(value, _UNSHOWN_IF[key]))
        ),
    ]
    if isinstance(record.get("suppressed"), int) and record.get("kind") != RUN_END:
        parts.append(f"(and {record['suppressed']} like it, not shown)")
    origin = _escaped(str(record.get("logger", "")))
    if record.get("rank"):
        origin += _escaped(f" rank {record['rank']}")
    if origin:
        parts.append(_painted(f" [{origin.lstrip()}]", "2", colour))
    if isinstance(record.get("exception"), dict):
        parts.append(_painted(f" {_exception(record['exception'])}", "31", colour))
    return " ".join(parts).rstrip()


class Console:
    """
    Writes records to a terminal, above any progress bar that is running in it.

    Args:
        stream: Where to write; None follows `sys.stderr`, also when a test or a
            notebook replaces it.
        colour: None decides by the stream and the environment (`wants_colour`).

    A plain stderr is written by descriptor, one call per record and no lock; a replaced
    one (pytest, notebooks, a live display of rich) through its own ``write``.
    """

    def __init__(
        self, stream: TextIO | None = None, colour: bool | None = None
    ) -> None:
        self._stream = stream
        self._colour = colour
        self._judged: tuple[object, bool] = (None, False)
        self._pid = os.getpid()

    def emit(self, record: dict[str, Any]) -> bool:
        """Write `record`; return False, and never raise, when that failed."""
        try:
            stream = self._current_stream()
            if stream is None:
                return False
            line = render(record, self._coloured(stream))
            bars = _progress_bars(stream)
            if not bars:
                _write(stream, line + "\n")
            elif _is_terminal(stream):
                # Cleared from the bar downwards; the bar comes back below the line.
                _write(stream, f"\r\x1b[J{line}\n")
                for bar in bars:
                    bar.refresh(lock_args=(False,))  # not at all rather than waiting
            else:
                _write(stream, f"\n{line}\n")
        except BaseException as error:  # noqa: BLE001 - a broken terminal must not stop anything
            let_through(error)
            return False
        return True

    def _current_stream(self) -> TextIO | None:
        stream = self._stream or sys.stderr
        if self._pid != os.getpid() and hasattr(stream, "rich_proxied_file"):
            # The thread that draws and unlocks the live display stayed in the parent.
            return sys.__stderr__
        return stream

    def _coloured(self, stream: TextIO) -> bool:
        if self._colour is not None:
            return self._colour
        if self._judged[0] is not stream:
            self._judged = (stream, wants_colour(stream))
        return self._judged[1]


def wants_colour(stream: TextIO) -> bool:
    """Return whether colours fit: a terminal, unless NO_COLOR or FORCE_COLOR decide."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and _is_terminal(stream)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except Exception:  # noqa: BLE001 - replaced streams do what they like
        return False


def _write(stream: TextIO, text: str) -> None:
    if stream is sys.__stderr__:
        data = text.encode(stream.encoding or "utf-8", "backslashreplace")
        descriptor = stream.fileno()
        while data:
            data = data[os.write(descriptor, data) :]
        return
    encoding = getattr(stream, "encoding", None)
    if isinstance(encoding, str):
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)
    stream.flush()


def _progress_bars(stream: TextIO) -> list[Any]:
    """Return the bars of tqdm on `stream`; tqdm is never imported for that."""
    module = sys.modules.get("tqdm.std")
    if module is None:
        return []
    return [
        bar
        for bar in list(getattr(module.tqdm, "_instances", ()))
        if not bar.disable
        and not hasattr(bar, "container")  # a widget of a notebook needs no room
        and (bar.fp == stream or (_is_terminal(bar.fp) and _is_terminal(stream)))
    ]


def _event(record: dict[str, Any]) -> str:
    event = _escaped(str(record.get("event", "")), _MAX_EVENT)
    kind = record.get("kind")
    if kind == SPAN_START:
        return f"{event}: start"
    if kind == SPAN_END:
        return f"{event}: end"
    return event


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else repr(value)
    if isinstance(value, str):
        text, rest = _escaped(value[:_MAX_VALUE]), len(value) - _MAX_VALUE
        if not text or not _QUOTED.isdisjoint(text):
            text = '"' + text.replace('"', '\\"') + '"'
        return f"{text}…(+{rest})" if rest > 0 else text
    if isinstance(value, dict) and "_type" in value and "_reason" in value:
        shown = value.get("_repr", value["_reason"])
        return _escaped(f"<{value['_type']}: {shown}>", _MAX_VALUE)
    if isinstance(value, (dict, list)):
        return _escaped(json.dumps(value, ensure_ascii=False, default=str), _MAX_VALUE)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _escaped(str(value), _MAX_VALUE)


def _exception(exception: dict[str, Any]) -> str:
    """Return the chain, outermost exception first, each with its innermost frames."""
    told: list[str] = []
    link = ""
    current: Any = exception
    while isinstance(current, dict) and len(told) < _MAX_FRAMES:
        said = f"{current.get('type')}: {current.get('message', '')}"
        told.append(link + _escaped(said, _MAX_EVENT) + _frames(current))
        if isinstance(current.get("group"), list):
            told.extend(
                "| member " + _escaped(f"{m.get('type')}: {m.get('message', '')}", 200)
                for m in current["group"][:_MAX_FRAMES]
            )
        link = "| caused by " if "cause" in current else "| while handling "
        current = current.get("cause") or current.get("context")
    return " ".join(told)


def _frames(exception: dict[str, Any]) -> str:
    frames = exception.get("frames")
    if not isinstance(frames, list) or not frames:
        return ""
    shown = [
        _escaped(f"{frame.get('file')}:{frame.get('line')} {frame.get('function')}")
        for frame in reversed(frames[-_MAX_FRAMES:])
    ]
    hidden = len(frames) - len(shown) + exception.get("frames_omitted", 0)
    if hidden:
        shown.append(f"{hidden} more")
    return " at " + " < ".join(shown)


def _escaped(text: str, limit: int = _MAX_EVENT) -> str:
    """Return `text` in one line of printable characters, cut at `limit`."""
    cut = len(text) - limit
    if cut > 0:
        text = text[:limit]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return f"{text}…(+{cut})" if cut > 0 else text


def _painted(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code and text else text
