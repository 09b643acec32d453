"""Arguments that an attempt uses up: rewind them, or refuse to retry."""

from __future__ import annotations

from reprlib import repr as shorten

from ._callables import FUNCTION
from ._results import is_fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Positions = list[tuple[Any, int]]

# Types that cannot have a position to come back to. Every retried call looks its
# arguments' types up here, so the set learns, and is bounded against programs that
# make types as they go.
PLAIN: set[type] = {bool, bytes, dict, float, int, list, set, str, tuple, type(None)}
_PLAIN_LIMIT = 10_000


def positions(values: Iterable[Any]) -> Positions | None:
    """Return the seekable streams among the arguments with where they stand."""
    found: Positions = []
    for value in values:
        kind = type(value)
        if kind in PLAIN:
            continue
        stream = _stream(value)
        if stream is None:
            if len(PLAIN) < _PLAIN_LIMIT:
                PLAIN.add(kind)
            continue
        try:
            if not hasattr(stream, "seekable") or stream.seekable():
                found.append((value, value.tell()))
        except Exception:  # noqa: BLE001, S112 - closed, say: judged later
            continue
    return found or None


def _stream(value: Any) -> Any:
    """
    Return the stream that an argument is, or None.

    Asks the type: proxies answer to any attribute, some of them by a remote call.
    """
    kind = type(value)
    if kind.__module__ == "tempfile":  # hands everything on to its `file`
        return getattr(value, "file", None)
    return value if hasattr(kind, "seek") and hasattr(kind, "tell") else None


def rewind(marks: Positions | None) -> None:
    """Put each stream back to where it stood when the call began."""
    for stream, position in marks or ():
        stream.seek(position)


def used_up(
    function: object,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    safe: set[int],
) -> str:
    """
    Return why a further attempt would see less than the first one, "" if it would not.

    One-shot are iterators, and streams that can be read but not rewound. Iterators
    with an `execute` method are database cursors, and those live on; so does a
    generator that the attempt has not begun. A method's own object is not judged, nor
    are the objects whose ids are in `safe`.
    """
    for label, value in labelled(function, args, kwargs).items():
        if label in ("self", "cls") or id(value) in safe:
            continue
        if _is_spent(value):
            return (
                f"argument {label} is a {type(value).__name__}, which the failed "
                "attempt has used up: pass a list or a seekable file, create it "
                "inside the function, or renew it with adjust"
            )
    return ""


def _is_spent(value: Any) -> bool:
    try:
        return _is_unreadable_stream(value) or _is_one_shot(value)
    except Exception:  # noqa: BLE001 - it cannot say; wrong data would be worse
        return True


def _is_unreadable_stream(value: Any) -> bool:
    kind = type(value)
    if not hasattr(kind, "read"):
        return False
    if not (hasattr(kind, "seek") or hasattr(kind, "seekable")):
        return False
    try:
        return bool(value.readable()) if hasattr(kind, "readable") else True
    except ValueError:  # closed, so reading it fails in any case
        return False


def _is_one_shot(value: Any) -> bool:
    kind = type(value)
    if hasattr(kind, "__anext__"):
        return not is_fresh(value, "ag")
    if not hasattr(kind, "__next__") or hasattr(kind, "read"):
        return False
    return not hasattr(kind, "execute") and not is_fresh(value, "gi")


def labelled(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments by parameter name, where the function tells the names."""
    names: tuple[str, ...] = ()
    if isinstance(function, FUNCTION):
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
    labels = [*names, *(str(i) for i in range(len(names) + 1, len(args) + 1))]
    return {**dict(zip(labels, args)), **kwargs}  # noqa: B905 - defaults have no argument


def shown(arguments: dict[str, Any], *, values: bool) -> dict[str, str]:
    """
    Return arguments as short texts.

    Without `values` only numbers are written out: a text may be a secret.
    """
    return {
        label: _text(value)
        if values or isinstance(value, (int, float, type(None)))
        else f"<{type(value).__name__}>"
        for label, value in arguments.items()
    }


def _text(value: Any) -> str:
    try:
        return shorten(value)
    except Exception:  # noqa: BLE001 - a type that breaks its `repr`, a huge int
        return f"<{type(value).__name__}>"
