"""
Secrets kept out of the log: by the name of a key, and by the shape of a text.

A record without secrets is the common case and costs a few set look-ups: names and
short texts found harmless once are remembered.
"""

from __future__ import annotations

import re

from ._secrets import REDACTED, SAFE, SECRET, SECRET_TEXT, SHAPES, name_verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

UNCHECKED = "[redacted: beyond the limits of the check]"
MAX_DEPTH = 64
MAX_ITEMS = 32_768  # of one container
_SHORTEST_SECRET = 8  # a text below this length has no room for any pattern
_CACHE_ENTRIES = 4096
_CACHED_TEXT = 256  # longer texts seldom come twice


class Redactor:
    """
    Replaces secrets in fields and texts by a fixed marker.

    Args:
        keys: Further names to hide; compared without case, ``-`` or ``_``.
        patterns: Further regular expressions; each match is replaced whole. Their
            running time is yours to bound.
        allow: Names that are never hidden, against both the built-in and `keys`.

    >>> redactor = Redactor()
    >>> redactor.fields({"api_key": "abc", "token_count": 512, "author": "Ada"})
    {'api_key': '[redacted]', 'token_count': 512, 'author': 'Ada'}
    >>> redactor.text("GET https://ada:pw@host/data")
    'GET https://[redacted]@host/data'
    """

    __slots__ = (
        "_allow",
        "_keys",
        "_needles",
        "_rules",
        "clean_texts",
        "plain_types",
        "safe_keys",
    )

    def __init__(
        self,
        keys: Iterable[str] = (),
        patterns: Iterable[str | re.Pattern[str]] = (),
        allow: Iterable[str] = (),
    ) -> None:
        self._keys = frozenset(map(_squeezed, keys))
        self._allow = frozenset(map(_squeezed, allow))
        own = [(("",), pattern, REDACTED) for pattern in patterns]
        self._rules = (*own, *SHAPES)
        self._needles = sorted(
            {needle for needles, _, _ in self._rules for needle in needles}
        )
        # Read on every record; entries are only ever added, so no lock is needed.
        self.safe_keys: set[str] = set()
        self.clean_texts: set[str] = set()
        self.plain_types: set[type] = {int, float, bool, type(None)}

    def fields(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """
        Return `fields` itself when nothing in it is secret, else a cleaned copy.

        Nested dicts, lists and tuples are followed; other objects are returned as they
        are, so what an encoder makes of them (the dict of a dataclass, a ``repr``) has
        to go through `value` in its turn.
        """
        safe_keys, clean_texts = self.safe_keys, self.clean_texts
        plain_types = self.plain_types
        for key, value in fields.items():
            if key not in safe_keys:
                break
            kind = type(value)
            if kind is not str:
                if kind not in plain_types:
                    break
            elif value not in clean_texts:
                break
        else:
            return fields
        cleaned: Mapping[str, Any] = self.value(fields)
        return cleaned

    def value(self, value: Any) -> Any:
        """Return `value` itself when nothing in it is secret, else a cleaned copy."""
        walk = _Walk(self, mark_circles=False)
        cleaned = walk.clean(value, 0)
        if walk.circular and cleaned is not value:
            # The copy would point back into the original with its secrets.
            cleaned = _Walk(self, mark_circles=True).clean(value, 0)
        return cleaned

    def text(self, text: str) -> str:
        """Return `text` with every secret in it replaced by the marker."""
        if text in self.clean_texts:
            return text
        if len(text) < _SHORTEST_SECRET:
            self._remember(text)
            return text
        folded = text.lower()
        for needle in self._needles:
            if needle in folded:
                break
        else:
            self._remember(text)
            return text
        cleaned = text
        for needles, pattern, replacement in self._rules:
            for needle in needles:
                if needle in folded:
                    cleaned = re.sub(pattern, replacement, cleaned)
                    break
        if cleaned == text:
            self._remember(text)
        return cleaned

    def hides(self, key: object, value: object) -> bool:
        """Return whether `value` has to be hidden because of the name it goes by."""
        if isinstance(key, (bytes, bytearray)):
            key = key.decode("latin-1")
        if not isinstance(key, str) or key in self.safe_keys:
            return False
        verdict = self._verdict(key)
        if verdict == SAFE:
            if len(self.safe_keys) < _CACHE_ENTRIES and len(key) <= _CACHED_TEXT:
                self.safe_keys.add(key)
            return False
        if value is None or value is True or value is False or value == "":
            return False  # whether a secret is set is worth knowing
        if verdict == SECRET_TEXT:
            return isinstance(value, (str, bytes, bytearray, dict, list, tuple, set))
        return True

    def _verdict(self, key: str) -> int:
        key = key[:_CACHED_TEXT]
        squeezed = _squeezed(key)
        if squeezed in self._allow:
            return SAFE
        if squeezed in self._keys:
            return SECRET
        return name_verdict(key)

    def _remember(self, text: str) -> None:
        if len(text) <= _CACHED_TEXT:
            if len(self.clean_texts) >= _CACHE_ENTRIES:
                self.clean_texts.clear()
            self.clean_texts.add(text)


class _Walk:
    """One pass over nested data; remembers containers so that no circle traps it."""

    def __init__(self, redactor: Redactor, *, mark_circles: bool) -> None:
        self.redactor = redactor
        self.mark_circles = mark_circles
        self.circular = False
        self.open: set[int] = set()
        self.done: dict[int, Any] = {}

    def clean(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.redactor.text(value)
        if not isinstance(value, (dict, list, tuple)):
            if len(self.redactor.plain_types) < _CACHE_ENTRIES:
                self.redactor.plain_types.add(type(value))
            return value
        if depth >= MAX_DEPTH:
            return UNCHECKED
        mark = id(value)
        if mark in self.done:
            return self.done[mark]
        if mark in self.open:
            self.circular = True
            return "[circular]" if self.mark_circles else value
        self.open.add(mark)
        cleaned = (
            self._clean_dict(value, depth)
            if isinstance(value, dict)
            else self._clean_items(value, depth)
        )
        self.open.discard(mark)
        self.done[mark] = cleaned
        return cleaned

    def _clean_dict(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        changed: dict[Any, Any] = {}
        hides, clean = self.redactor.hides, self.clean
        for count, (key, item) in enumerate(value.items()):
            if count >= MAX_ITEMS:
                kept = dict(list(value.items())[:MAX_ITEMS])
                return {**kept, **changed, UNCHECKED: len(value) - MAX_ITEMS}
            cleaned = REDACTED if hides(key, item) else clean(item, depth + 1)
            if cleaned is not item:
                changed[key] = cleaned
        return {**value, **changed} if changed else value

    def _clean_items(
        self, value: list[Any] | tuple[Any, ...], depth: int
    ) -> list[Any] | tuple[Any, ...]:
        cleaned = [self.clean(item, depth + 1) for item in value[:MAX_ITEMS]]
        if len(value) > MAX_ITEMS:
            cleaned.append(UNCHECKED)
        elif all(new is old for new, old in zip(cleaned, value, strict=True)):
            return value
        return cleaned if isinstance(value, list) else tuple(cleaned)


def _squeezed(key: str) -> str:
    return key.replace("-", "").replace("_", "").lower()
