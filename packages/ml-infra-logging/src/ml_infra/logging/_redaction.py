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
    from collections.abc import Iterable
    from typing import Any

    _Rule = tuple[tuple[str, ...], str | re.Pattern[str], str]

_SHORTEST_SECRET = 8  # a text below this length has no room for any pattern
_CACHE_ENTRIES = 4096
_CACHED_TEXT = 256  # longer texts seldom come twice


class Redactor:
    """
    Knows which fields are secret by their name, and hides secrets inside texts.

    Args:
        keys: Further names to hide; compared without case, ``-`` or ``_``.
        patterns: Further regular expressions; each match is replaced whole. Their
            running time is yours to bound.
        allow: Names that are never hidden, against both the built-in and `keys`.

    Raises:
        TypeError: If one is no list of texts. A single text is refused, too: taken
            letter by letter it would hide the wrong things.
        ValueError: If a pattern is no regular expression.

    >>> redactor = Redactor(keys=["patient_id"])
    >>> redactor.hides("patientId", "x"), redactor.hides("author", "Ada")
    (True, False)
    >>> redactor.text("GET https://ada:pw@host/data")
    'GET https://[redacted]@host/data'
    """

    __slots__ = (
        "_allow",
        "_clean_texts",
        "_keys",
        "_needles",
        "_rules",
        "_safe_keys",
    )

    def __init__(
        self,
        keys: Iterable[str] = (),
        patterns: Iterable[str | re.Pattern[str]] = (),
        allow: Iterable[str] = (),
    ) -> None:
        self._keys = frozenset(map(_squeezed, _listed("keys", keys, str)))
        self._allow = frozenset(map(_squeezed, _listed("allow", allow, str)))
        own = [
            (("",), _compiled(pattern), REDACTED)
            for pattern in _listed("patterns", patterns, (str, re.Pattern))
        ]
        self._rules: tuple[_Rule, ...] = (*own, *SHAPES)
        self._needles = sorted(
            {needle for needles, _, _ in self._rules for needle in needles}
        )
        # Read on every record; entries are only ever added, so no lock is needed.
        self._safe_keys: set[str] = set()
        self._clean_texts: set[str] = set()

    def text(self, text: str) -> str:
        """Return `text` with every secret in it replaced by the marker."""
        if text in self._clean_texts:
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
        if not isinstance(key, str) or key in self._safe_keys:
            return False
        verdict = self._verdict(key)
        if verdict == SAFE:
            if len(self._safe_keys) < _CACHE_ENTRIES and len(key) <= _CACHED_TEXT:
                self._safe_keys.add(key)
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
            if len(self._clean_texts) >= _CACHE_ENTRIES:
                self._clean_texts.clear()
            self._clean_texts.add(text)


def _listed(argument: str, given: Any, kind: Any) -> tuple[Any, ...]:
    if isinstance(given, (str, bytes, re.Pattern)) or not hasattr(given, "__iter__"):
        raise TypeError(f"{argument} must be a list of texts, got {given!r}")
    words = tuple(given)
    for word in words:
        if not isinstance(word, kind):
            raise TypeError(f"{argument} must hold texts, got {word!r}")
    return words


def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"patterns must hold regular expressions, got {pattern!r} ({error})"
        ) from None


def _squeezed(key: str) -> str:
    return key.replace("-", "").replace("_", "").lower()
