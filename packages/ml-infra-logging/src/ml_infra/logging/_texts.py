"""Texts of what may refuse to have one, as JSON strings, and cut without a leak."""

from __future__ import annotations

from _json import encode_basestring

from ._preemption import let_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MARGIN = 512  # characters read beyond a cut


def text_of(value: object) -> str:
    """Return any value as text, if need be as one that says there is none."""
    try:
        return str.__str__(str(value))
    except BaseException as error:  # noqa: BLE001 - user code may raise anything
        let_through(error)
        return f"<{type(value).__name__} without text>"


def type_name(value: object) -> str:
    """Return the module-qualified class name of `value`, plain when built in."""
    kind = type(value)
    try:
        module, name = kind.__module__, kind.__qualname__
    except BaseException as error:  # noqa: BLE001 - a metaclass may break its own attributes
        let_through(error)
        return "unnameable type"
    return name if module in ("builtins", "__main__") else f"{module}.{name}"


def cut(text: str, limit: int, redact: Callable[[str], str] | None) -> str:
    """
    Return at most `limit` characters of a text, its secrets hidden by `redact`.

    A margin beyond the cut is looked at, so that a secret there is still recognised.
    """
    if len(text) <= limit:
        return redact(text) if redact else text
    text = text[: limit + _MARGIN]
    return (redact(text) if redact else text)[:limit]


def utf8(text: str) -> str:
    r"""
    Return `text` with lone surrogates spelled out, as UTF-8 cannot carry them.

    >>> utf8("caf\xe9 \udc80")
    'café \\udc80'
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def quoted(text: str) -> str:
    """Return `text` as a JSON string."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = utf8(text)
    return encode_basestring(text)
