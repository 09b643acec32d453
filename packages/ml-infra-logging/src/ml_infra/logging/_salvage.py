"""
Any value as JSON text: the careful writer behind the fast one.

It writes what it can, field by field, and notes in side maps what it had to change:
non-finite floats, values that could not be written, cuts and renamed keys.
"""

from __future__ import annotations

import sys
from itertools import islice

from ._conversion import Unwritable, convert
from ._pointers import pointer
from ._preemption import let_through
from ._secrets import REDACTED
from ._texts import cut, quoted, type_name, utf8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol

    from ._pointers import Place

    class Redaction(Protocol):
        """What the writer asks of a redactor."""

        def hides(self, key: object, value: object) -> bool: ...
        def text(self, text: str) -> str: ...


MAX_DEPTH = 500
SAFE_DEPTH = 40  # when the caller is itself deep in the stack
_MAX_INT_BITS = 14_000  # about 4 200 digits: beyond, Python refuses to write them
_LONGEST_KEY = 1000  # characters
_LONGEST_REMARK = 200  # characters of a marker's reason and repr
_CONSTANTS = {None: "null", True: "true", False: "false"}

# Tried in turn until the line fits: characters of one string, items of one container,
# values in all. No line holds more characters than its limit has bytes.
BUDGETS = (
    (1 << 17, 20_000, 20_000),
    (30_000, 4_000, 8_000),
    (4_000, 200, 2_000),
    (500, 20, 200),
    (100, 5, 20),
)


def _integer(value: int) -> str:
    if value.bit_length() > _MAX_INT_BITS:
        raise Unwritable(f"integer of {value.bit_length()} bits")
    return int.__repr__(value)


def _first(pair: tuple[str, object]) -> str:
    return pair[0]


class Members:
    """
    Writes the members of one record, whatever their values.

    Args:
        taken: Names already written, which no member may repeat.
        redact: Hides secrets; None leaves them.
        budget: Limits on characters of a string, items of a container, values in all.
    """

    def __init__(
        self,
        taken: Iterable[str],
        redact: Redaction | None,
        budget: tuple[int, int, int] = BUDGETS[0],
        max_depth: int = MAX_DEPTH,
    ) -> None:
        self.taken = set(taken)
        self.redact = redact
        self.max_chars, self.max_items, self.nodes_left = budget
        self.max_depth = max_depth
        self.parts: list[str] = []
        self.nonfinite: dict[str, str] = {}
        self.salvaged: list[str] = []
        self.truncated: dict[str, Any] = {}
        self.renamed: dict[str, str] = {}
        self._open: set[int] = set()

    def add(self, key: object, value: object) -> None:
        """Write one field of the record."""
        name = self._name(key, self.taken, None)
        self.parts.append(f",{quoted(name)}:")
        if self._hides(key, value):
            self.parts.append(f'"{REDACTED}"')
        else:
            self.value(value, (None, name), 0)

    def add_plain(self, key: str, value: object) -> None:
        """Write a member of ours: no renaming, no redaction of its name."""
        self.taken.add(key)
        self.parts.append(f",{quoted(key)}:")
        self.value(value, (None, key), 0)

    def notes(self) -> dict[str, Any]:
        """Return the side keys that have something to say."""
        return {
            key: notes
            for key, notes in (
                ("_nonfinite", self.nonfinite),
                ("_salvaged", self.salvaged),
                ("_truncated", self.truncated),
                ("_renamed", self.renamed),
            )
            if notes
        }

    def text(self, notes: dict[str, Any], written: str = "{") -> str:
        """Return the record as JSON: its start as `written`, `notes` at the end."""
        side = Members((), None)
        for key, value in notes.items():
            side.add_plain(key, value)
        members = "".join((*self.parts, *side.parts))
        return f"{written}{members[written == '{' :]}}}"

    def value(self, value: object, place: Place, depth: int) -> None:
        """
        Write `value`; any failure of its own code leaves a marker in its stead.

        Two stack frames per level of nesting, this one and `_object` or `_array`, so
        that 400 levels fit into Python's default recursion limit.
        """
        self.nodes_left -= 1
        kind = type(value)
        if kind is str:
            self._string(value, place)  # type: ignore[arg-type]  # kind says so
            return
        if value is None or kind is bool:
            self.parts.append(_CONSTANTS[value])  # type: ignore[index]  # kind says so
            return
        if kind is float:
            self._float(value, place)  # type: ignore[arg-type]  # kind says so
            return
        mark = len(self.parts)
        identity = id(value)
        opened = False
        try:
            if kind is int:
                self.parts.append(_integer(value))  # type: ignore[arg-type]  # kind says so
                return
            if identity in self._open:
                raise Unwritable("contains itself")  # noqa: TRY301 - as convert does
            if depth >= self.max_depth:
                self._cut(place, {"depth": depth})
                self.parts.append("null")
                return
            self._open.add(identity)
            opened = True
            form, plain = convert(value)
            if form == "object":
                self._object(plain, place, depth)
            elif form == "array":
                self._array(plain, place, depth)
            elif form == "set":
                chosen = self._sorted(plain)
                self._array(chosen, place, depth)
                if len(chosen) < len(plain):
                    self._note_items(place, len(plain), len(chosen))
            else:
                self.value(plain, place, depth + 1)
        except RecursionError:
            if depth > SAFE_DEPTH:
                raise  # unwind to where there is room to write a marker
            self._back(mark, value, place, "RecursionError: stack exhausted")
        except Unwritable as error:
            self._back(mark, value, place, str(error))
        except BaseException as error:  # noqa: BLE001 - user code may raise anything
            let_through(error)
            self._back(mark, value, place, _reason(error))
        finally:
            if opened:
                self._open.discard(identity)

    def _back(self, mark: int, value: object, place: Place, reason: str) -> None:
        """Take back what was half written and put a marker there."""
        del self.parts[mark:]
        at = pointer(place)
        self._forget(f"{at}/")
        self.salvaged.append(at)
        marker = {"_type": type_name(value), "_reason": self._remark(reason)}
        text = _repr(value)
        if text is not None:
            more = "…" if len(text) > _LONGEST_REMARK else ""
            marker["_repr"] = self._remark(text) + more
        body = ",".join(f'"{key}":{quoted(text)}' for key, text in marker.items())
        self.parts.append(f"{{{body}}}")

    def _remark(self, text: str) -> str:
        return cut(text, _LONGEST_REMARK, self.redact.text if self.redact else None)

    def _cut(self, place: Place, note: dict[str, int]) -> None:
        at = pointer(place)
        self.truncated[at] = {**self.truncated.get(at, {}), **note}

    def _forget(self, start: str) -> None:
        """Remove the notes about places below `start`, which are gone."""
        for notes in (self.nonfinite, self.truncated, self.renamed):
            for gone in [key for key in notes if key.startswith(start)]:
                del notes[gone]
        self.salvaged = [key for key in self.salvaged if not key.startswith(start)]

    def _string(self, text: str, place: Place) -> None:
        whole = len(text)
        text = cut(text, self.max_chars, self.redact.text if self.redact else None)
        if whole > self.max_chars:
            self._cut(place, {"chars": whole, "kept": len(text)})
        self.parts.append(quoted(text))

    def _float(self, value: float, place: Place) -> None:
        if value - value == 0:
            self.parts.append(float.__repr__(value))
        else:
            self.nonfinite[pointer(place)] = float.__repr__(value)
            self.parts.append("null")

    def _object(self, items: Any, place: Place, depth: int) -> None:
        taken: set[str] = set()
        self.parts.append("{")
        first = True
        for key, value in islice(items, self._room(len(items))):
            name = self._name(key, taken, place)
            self.parts.append(f"{quoted(name)}:" if first else f",{quoted(name)}:")
            first = False
            if self._hides(key, value):
                self.parts.append(f'"{REDACTED}"')
            else:
                self.value(value, (place, name), depth + 1)
        self.parts.append("}")
        self._note_items(place, len(items), len(taken))

    def _array(self, values: Any, place: Place, depth: int) -> None:
        self.parts.append("[")
        kept = 0
        name: object = None  # what the item before says about this one
        for value in islice(values, self._room(len(values))):
            if kept:
                self.parts.append(",")
            if name is not None and self._hides(name, value):
                self.parts.append(f'"{REDACTED}"')
            else:
                self.value(value, (place, kept), depth + 1)
            name = _name_of_next(value, pair=len(values) == 2 and not kept)
            kept += 1
        self.parts.append("]")
        self._note_items(place, len(values), kept)

    def _sorted(self, values: Any) -> list[object]:
        """Return the members of a set in the order of their JSON text."""
        texts: list[tuple[str, object]] = []
        for value in islice(values, self._room(len(values))):
            trial = Members((), None, (100, 10, 20), max_depth=5)
            trial.value(value, None, 0)
            texts.append(("".join(trial.parts), value))
        texts.sort(key=_first)
        return [value for _, value in texts]

    def _room(self, whole: int) -> int:
        return min(whole, self.max_items, max(self.nodes_left, 0))

    def _note_items(self, place: Place, whole: int, kept: int) -> None:
        if kept < whole:
            self._cut(place, {"items": whole, "kept": kept})

    def _hides(self, key: object, value: object) -> bool:
        if self.redact is None:
            return False
        try:
            return self.redact.hides(key, value)
        except BaseException as error:  # noqa: BLE001 - the value's own __eq__ may raise
            let_through(error)
            return True

    def _name(self, key: object, taken: set[str], place: Place) -> str:
        """Return the member name for `key`: text, unique among `taken`."""
        whole = key_text(key)
        if self.redact is not None:
            whole = self.redact.text(whole)
        room = min(self.max_chars, _LONGEST_KEY)
        name = original = whole[:room]
        while name in taken:
            name += "_"
        taken.add(name)
        if name is not original:
            self.renamed[pointer((place, name))] = original
        if len(whole) > room:
            self.truncated[pointer((place, name))] = {"key_chars": len(whole)}
        return name


def _name_of_next(value: object, *, pair: bool) -> object:
    """Return the name that an item gives the next: a flag, or the first of a pair."""
    if type(value) is not str:
        return None
    return value if pair or value[:1] == "-" else None


def key_text(key: object) -> str:
    """Return a dict key as JSON needs it; equal keys give equal text."""
    kind = type(key)
    if kind is str:
        return utf8(str(key))
    if key is None:
        return "null"
    if kind is bool:
        return "true" if key else "false"
    try:
        if isinstance(key, str):
            return utf8(str.__str__(key))
        if isinstance(key, bytes):
            return key.decode("utf-8", "backslashreplace")
        enum = sys.modules.get("enum")
        if enum is not None and issubclass(kind, enum.Enum):
            return f"{kind.__name__}.{key.name}"  # type: ignore[attr-defined]  # members have it
        if (kind.__module__ or "").partition(".")[0] == "numpy":
            return utf8(str(key))
        return utf8(str.__str__(repr(key))[:200])
    except BaseException as error:  # noqa: BLE001 - user code may raise anything
        let_through(error)
        return f"<{type_name(key)}>"


def _reason(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException as trouble:  # noqa: BLE001 - an exception whose str() fails
        let_through(trouble)
        return type(error).__name__


def _repr(value: object) -> str | None:
    if issubclass(type(value), (dict, list, tuple, set, frozenset, int)):
        return None  # its items are in the record, or are the trouble
    try:
        return str.__str__(repr(value))
    except BaseException as error:  # noqa: BLE001 - user code may raise anything
        let_through(error)
        return None
