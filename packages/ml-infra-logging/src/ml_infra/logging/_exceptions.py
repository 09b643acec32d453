"""
Exceptions as plain data: types, messages, notes and source positions.

What is left out on purpose: local variables (they hold secrets and gigabytes) and the
frames themselves (a reference to one keeps every local of the stack alive).
"""

from __future__ import annotations

from itertools import islice

from ._preemption import let_through
from ._texts import cut, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, TracebackType
    from typing import Any

MAX_EXCEPTIONS = 32  # in one description: causes, contexts and group members together
MAX_DEPTH = 16  # of causes and groups inside each other
MAX_FRAMES_OUTER = 10  # kept of a long traceback: where it entered ...
MAX_FRAMES_INNER = 30  # ... and where it was raised
MAX_NOTES = 16
MAX_TEXT = 4096  # characters of one message or note
_MAX_INSTRUCTIONS = 20_000  # positions are not searched in longer functions


def describe_exception(
    exc: BaseException, redact: Callable[[str], str] | None = None
) -> dict[str, Any]:
    """
    Return an exception, its causes and its groups as JSON-ready data.

    Args:
        exc: Any exception, raised or not.
        redact: Applied to every message, note and line of code before it is cut.

    Returns:
        A dict with ``type`` (module-qualified unless built in) and ``message``; and,
        where there is something to say, ``notes``, ``frames`` (outermost first, each
        with ``file``, ``line``, ``function`` and, from Python 3.11 on, ``column``),
        ``frames_omitted`` (cut out of the middle), ``syntax`` (position in the faulty
        source), ``group`` (the members), ``group_omitted``, and ``cause`` (raised
        from) or ``context`` (raised while handling), each of the same shape. An
        exception already described in the chain appears as ``{"type", "cycle"}``.

    Never raises for a broken exception (a ``__str__`` that fails is reported in place),
    never holds on to a frame, and is bounded in size whatever comes in.

    >>> try:
    ...     raise ValueError("batch of 0 rows") from KeyError("label")
    ... except ValueError as error:
    ...     data = describe_exception(error)
    >>> data["type"], data["message"], data["cause"]["type"]
    ('ValueError', 'batch of 0 rows', 'KeyError')
    """
    try:
        return _describe(exc, redact, set(), 0)
    except BaseException as error:  # noqa: BLE001 - properties of `exc` may raise anything
        let_through(error)
        return {
            "type": type_name(exc),
            "message": f"<description failed: {type_name(error)}>",
        }


def _describe(
    exc: BaseException,
    redact: Callable[[str], str] | None,
    seen: set[int],
    depth: int,
) -> dict[str, Any]:
    if id(exc) in seen:
        return {"type": type_name(exc), "cycle": True}
    seen.add(id(exc))
    data: dict[str, Any] = {
        "type": type_name(exc),
        "message": _text(exc, redact),
    }
    notes = getattr(exc, "__notes__", None)
    if isinstance(notes, (list, tuple)) and notes:
        data["notes"] = [_text(note, redact) for note in notes[:MAX_NOTES]]
    if isinstance(exc, SyntaxError):
        data["syntax"] = _syntax(exc, redact)
    _add_frames(data, exc.__traceback__)
    _add_group(data, exc, redact, seen, depth)
    for name, other in (
        ("cause", exc.__cause__),
        ("context", None if exc.__suppress_context__ else exc.__context__),
    ):
        # A cause is also the context: said once, as the cause.
        if other is not None and name not in data and "cause" not in data:
            data[name] = _describe_or_count(other, redact, seen, depth)
    return data


def _describe_or_count(
    exc: BaseException,
    redact: Callable[[str], str] | None,
    seen: set[int],
    depth: int,
) -> dict[str, Any]:
    """Describe `exc` unless the limits are reached, then say that it was left out."""
    if depth >= MAX_DEPTH or len(seen) >= MAX_EXCEPTIONS:
        return {"type": type_name(exc), "omitted": True}
    return _describe(exc, redact, seen, depth + 1)


def _text(value: object, redact: Callable[[str], str] | None) -> str:
    try:
        text = str.__str__(str(value))  # exactly str, never a subclass of it
    except BaseException as error:  # noqa: BLE001 - whatever a broken __str__ raises
        let_through(error)
        return f"<str() failed: {type_name(error)}>"
    more = f"… ({len(text)} characters)" if len(text) > MAX_TEXT else ""
    return cut(text, MAX_TEXT, redact) + more


def _syntax(exc: SyntaxError, redact: Callable[[str], str] | None) -> dict[str, Any]:
    position = {"file": exc.filename, "line": exc.lineno, "column": exc.offset}
    found: dict[str, Any] = {
        key: value
        for key, value in position.items()
        if type(value) is int or type(value) is str
    }
    if isinstance(exc.text, str):
        found["text"] = _text(exc.text.rstrip("\r\n"), redact)
    return found


def _add_frames(data: dict[str, Any], traceback: TracebackType | None) -> None:
    """Add the outermost and innermost positions; walk the chain without a copy."""
    if traceback is None:
        return
    outer: list[dict[str, Any]] = []
    while traceback is not None and len(outer) < MAX_FRAMES_OUTER:
        outer.append(_position(traceback))
        traceback = traceback.tb_next
    inner: list[TracebackType] = []
    rest = 0
    while traceback is not None:
        rest += 1
        inner.append(traceback)
        if len(inner) > 2 * MAX_FRAMES_INNER:
            del inner[:MAX_FRAMES_INNER]
        traceback = traceback.tb_next
    inner = inner[-MAX_FRAMES_INNER:]
    data["frames"] = outer + [_position(entry) for entry in inner]
    if rest > len(inner):
        data["frames_omitted"] = rest - len(inner)


def _position(traceback: TracebackType) -> dict[str, Any]:
    code = traceback.tb_frame.f_code
    found: dict[str, Any] = {
        "file": code.co_filename,
        "line": traceback.tb_lineno,
        "function": getattr(code, "co_qualname", code.co_name),
    }
    column = _column(code, traceback.tb_lasti)
    if column is not None:
        found["column"] = column
    return found


def _column(code: CodeType, instruction: int) -> int | None:
    """Return the 1-based column of a bytecode offset, None before Python 3.11."""
    positions = getattr(code, "co_positions", None)
    if positions is None or not 0 <= instruction < 2 * _MAX_INSTRUCTIONS:
        return None
    found = next(islice(positions(), instruction // 2, None), None)
    return None if found is None or found[2] is None else found[2] + 1


def _add_group(
    data: dict[str, Any],
    exc: BaseException,
    redact: Callable[[str], str] | None,
    seen: set[int],
    depth: int,
) -> None:
    # By shape and not by class: Python 3.10 has groups only as a backport.
    members = getattr(exc, "exceptions", None)
    if not isinstance(members, tuple) or not members:
        return
    if not all(isinstance(member, BaseException) for member in members):
        return
    room = max(0, MAX_EXCEPTIONS - len(seen))
    data["group"] = [
        _describe_or_count(member, redact, seen, depth) for member in members[:room]
    ]
    if len(members) > room:
        data["group_omitted"] = len(members) - room
