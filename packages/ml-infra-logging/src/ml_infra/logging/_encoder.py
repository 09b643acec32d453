"""
Records as lines: a fast way for flat fields, the careful way for everything else.

Both ways, with and without orjson, write the same bytes for the same record.
"""

from __future__ import annotations

import json
from _json import encode_basestring
from functools import partial
from itertools import islice

from ._conversion import convert
from ._pointers import keys_of
from ._salvage import BUDGETS, MAX_DEPTH, SAFE_DEPTH, Members
from ._vocabulary import ENVELOPE, RESERVED, SIDE, TRACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ._redaction import Redactor

    Pairs = Iterable[tuple[str, object]]

# Names with a meaning of their own: the careful way looks at them.
_SPECIAL = RESERVED.union(
    ("args", "exc_info", "exception", "span", "stack_info", "suppressed"), TRACE
)
_REST = 3400  # bytes: the most that the rest of a line takes on the fast way
_KNOWN_NAMES = 4096
_LONGEST_NAME = 100
_FEW = 20  # numbers that the fast way takes in a list
# str.splitlines knows more line ends than JSON escapes; as bytes and as escapes.
_LINE_ENDS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)


def load_orjson() -> Callable[[Any], bytes] | None:
    """Return ``orjson.dumps`` where the extra ``[fast]`` is installed."""
    try:
        import orjson
    except Exception:  # noqa: BLE001 - absent, or broken on this machine
        return None
    return orjson.dumps


def one_line(line: bytes) -> bytes:
    """Return the line with every further line end escaped."""
    if not line.isascii():
        for raw, escaped in _LINE_ENDS:
            if raw in line:
                line = line.replace(raw, escaped)
    return line


class Encoder:
    """
    Writes fields, and whole records, as JSON.

    Args:
        redactor: Hides secrets; None leaves them.
        limit: Most bytes of a line, newline included.
        dumps: ``orjson.dumps``, or None for the standard library alone.
    """

    def __init__(
        self,
        redactor: Redactor | None,
        limit: int,
        dumps: Callable[[Any], bytes] | None = None,
    ) -> None:
        self.redactor = redactor
        self.limit = limit
        self._dumps = dumps
        self._clean: set[str] = set() if redactor is None else redactor._clean_texts  # noqa: SLF001 - as its own
        self.redact: Callable[[str], str] = str if redactor is None else redactor.text
        # Names that need nothing: no clash, no secret, no escape in sight.
        self._names: dict[str, str] = {}
        self._known: set[str] = set()
        self._room = limit - _REST
        self.flat: Callable[[Mapping[str, Any]], bytes | None] = (
            self._flat_text if dumps is None else self._flat_orjson
        )

    def _flat_text(self, fields: Mapping[str, Any]) -> bytes | None:
        """Return ``"name":value ...}`` for plain fields, None for the careful way."""
        names = self._names
        clean = self._clean
        parts = []
        try:
            for name, value in fields.items():
                kind = type(value)
                if kind is float:
                    if value - value != 0:
                        return None
                    parts.append(f"{names[name]}{value!r}")
                elif kind is str:
                    if value not in clean and not self._is_clean(value):
                        return None
                    parts.append(f"{names[name]}{encode_basestring(value)}")
                elif kind is int:
                    parts.append(f"{names[name]}{value!r}")
                elif value is None:
                    parts.append(f"{names[name]}null")
                elif kind is bool:
                    parts.append(f"{names[name]}{'true' if value else 'false'}")
                else:
                    text = _numbers(value)
                    if text is None:
                        return None
                    parts.append(f"{names[name]}{text}")
            body = f"{','.join(parts)}}}".encode()
        except (KeyError, ValueError):  # a new name, a surrogate, too many digits
            return None
        if len(body) > self._room:
            return None
        return body if body.isascii() else one_line(body)

    def _flat_orjson(self, fields: Mapping[str, Any]) -> bytes | None:
        """Return what `_flat_text` returns, sooner."""
        if not self._known.issuperset(fields):
            return None
        clean = self._clean
        for value in fields.values():
            kind = type(value)
            if kind is float:
                # Outside, orjson's versions differ from each other in the exponent.
                if not 1e-4 <= value < 1e16 and not -1e16 < value <= -1e-4 and value:
                    return self._flat_text(fields)
            elif kind is str:
                if value not in clean and not self._is_clean(value):
                    return None
            elif kind is not int and value is not None and kind is not bool:
                return self._flat_text(fields)
        try:
            body = self._dumps(fields)  # type: ignore[misc]  # set with this method
        except TypeError:  # a surrogate, more than 64 bits
            return self._flat_text(fields)
        if len(body) > self._room:
            return None
        return (body if body.isascii() else one_line(body))[1:]

    def _is_clean(self, text: str) -> bool:
        """Return whether a text is short and without secrets."""
        return len(text) <= self._room and self.redact(text) == text

    def learn(self, fields: Mapping[str, object]) -> None:
        """Remember the names that the fast way may take next time."""
        names = self._names
        for name in fields:
            if name in names or name in _SPECIAL or len(names) >= _KNOWN_NAMES:
                continue
            if type(name) is not str or len(name) > _LONGEST_NAME:
                continue
            if not name.isascii() or not name.isprintable():
                continue
            if self.redact(name) != name:
                continue
            if self.redactor is None or not self.redactor.hides(name, "a text"):
                names[name] = f"{encode_basestring(name)}:"
                self._known.add(name)

    def careful(
        self,
        opening: Pairs,
        fields: Mapping[str, object],
        closing: Mapping[str, object],
        written: bytes = b"{",
    ) -> tuple[bytes, dict[str, Any]]:
        """
        Return the line of any record whatever its values, and its side keys.

        Args:
            opening: Envelope keys with their values, in order.
            fields: The user's fields; names are made unique.
            closing: Further keys of ours for the end of the line.
            written: The line as far as it stands already, in at most 2 kB.
        """
        self.learn(fields)
        draft = _Draft(list(opening), fields, closing, written.decode())
        return draft.fit(self.redactor, self.limit, Members.notes)

    def refit(self, line: bytes, limit: int) -> bytes:
        """Return a line cut, with marks, to at most `limit` bytes."""
        record = json.loads(line)
        before = {key: record.pop(key) for key in SIDE if key in record}
        opening = [(key, record.pop(key)) for key in ENVELOPE if key in record]
        draft = _Draft(opening, {}, record)
        return draft.fit(None, limit, partial(_merged, before))[0]


def _numbers(value: Any) -> str | None:
    """Return a NumPy scalar or a few numbers as JSON, None for anything else."""
    kind = type(value)
    if kind.__module__ == "numpy" and not hasattr(kind, "__len__"):
        form, value = convert(value)
        return _number(value) if form == "value" else None
    if (kind is list or kind is tuple) and len(value) <= _FEW:
        texts = [_number(item) for item in value]
        return None if None in texts else f"[{','.join(texts)}]"  # type: ignore[arg-type]  # no None
    return None


def _number(value: Any) -> str | None:
    kind = type(value)
    if kind is int or (kind is float and value - value == 0):
        return repr(value)
    return str(value).lower() if kind is bool else None


class _Draft:
    """What a line is made of, tried within tighter and tighter budgets."""

    def __init__(
        self,
        opening: list[tuple[str, object]],
        fields: Mapping[str, object],
        closing: Mapping[str, object],
        written: str = "{",
    ) -> None:
        self.written = written
        self.opening = opening
        self.fields = fields
        self.closing = closing
        self.taken = RESERVED.union(closing)

    def fit(
        self,
        redactor: Redactor | None,
        limit: int,
        notes_of: Callable[[Members], dict[str, Any]],
    ) -> tuple[bytes, dict[str, Any]]:
        """Return the line within the widest budget that makes it short enough."""
        depth = MAX_DEPTH
        for budget in BUDGETS:
            try:
                members = self._write(Members(self.taken, redactor, budget, depth))
            except RecursionError:
                depth = SAFE_DEPTH
                members = self._write(Members(self.taken, redactor, budget, depth))
            notes = notes_of(members)
            line = self._line(members, notes)
            if len(line) <= limit:
                return line, notes
        return self._smallest(redactor, limit, notes_of)

    def _smallest(
        self,
        redactor: Redactor | None,
        limit: int,
        notes_of: Callable[[Members], dict[str, Any]],
    ) -> tuple[bytes, dict[str, Any]]:
        """Return the line with half of the fields, a quarter … until it fits."""
        whole = kept = len(self.fields) + len(self.closing)
        while True:
            kept //= 2
            members = Members(self.taken, redactor, BUDGETS[-1], SAFE_DEPTH)
            members = self._write(members, kept)
            members.truncated[""] = {"fields": whole, "kept": kept}
            notes = notes_of(members)
            line = self._line(members, notes)
            if len(line) <= limit or kept == 0:
                return line, notes

    def _write(self, members: Members, kept: int | None = None) -> Members:
        for key, value in self.opening:
            members.add_plain(key, value)
        for name, value in islice(self.fields.items(), kept):
            members.add(name, value)
        rest = None if kept is None else max(0, kept - len(self.fields))
        for key, value in islice(self.closing.items(), rest):
            members.add_plain(key, value)
        return members

    def _line(self, members: Members, notes: dict[str, Any]) -> bytes:
        return one_line(f"{members.text(notes, self.written)}\n".encode())


def _merged(before: dict[str, Any], members: Members) -> dict[str, Any]:
    """Return the side keys of a line that was cut twice."""
    record = json.loads(members.text({}))
    truncated = {**before.get("_truncated", {}), **members.truncated}
    for place, first in before.get("_truncated", {}).items():
        if place in members.truncated:  # the counts are those of the original
            truncated[place] = {**first, "kept": members.truncated[place].get("kept")}
    merged = {
        "_nonfinite": before.get("_nonfinite", {}),
        "_salvaged": before.get("_salvaged", []),
        "_truncated": truncated,
        "_renamed": before.get("_renamed", {}),
    }
    return {
        key: [place for place in notes if _resolves(record, place)]
        if isinstance(notes, list)
        else {place: notes[place] for place in notes if _resolves(record, place)}
        for key, notes in merged.items()
        if notes
    }


def _resolves(value: Any, place: str) -> bool:
    try:
        for key in keys_of(place):
            value = value[int(key) if isinstance(value, list) else key]
    except (KeyError, IndexError, TypeError, ValueError):
        return False
    return True
