"""The part of a line that all records of one event share, encoded once."""

from __future__ import annotations

import os

from ._encoder import one_line
from ._levels import NAMES
from ._texts import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._encoder import Encoder
    from ._gates import AnyGate
    from ._identity import Identity

_HEADS = 512  # kept per logger and level
_LONGEST_EVENT = 256
_LONGEST_HEAD = 1024  # bytes


class Heads:
    """
    Encodes what stands between the time and the sequence number of a line.

    Args:
        encoder: Hides secrets.
        identity: Who writes.
    """

    def __init__(self, encoder: Encoder, identity: Identity) -> None:
        self._encoder = encoder
        self._identity = identity
        self._pid = os.getpid()

    def of(self, gate: AnyGate, level: int, event: str) -> bytes | None:
        """Return the head, and keep it in the gate; None where it may need a cut."""
        heads = gate.heads[level]
        head = heads.get(event)
        if head is not None:
            return head
        if len(event) > _LONGEST_EVENT or self._encoder.redact(event) != event:
            return None
        head = self.made(gate.name, level, event)
        if len(head) > _LONGEST_HEAD:
            return None
        if len(heads) >= _HEADS:
            heads.clear()
        heads[event] = head
        return head

    def made(self, name: str, level: int, event: str) -> bytes:
        """Return the head of a logger called `name`, however long."""
        redact, identity = self._encoder.redact, self._identity
        return one_line(
            (
                f'Z","level":"{NAMES[level]}","event":{quoted(event)}'
                f',"logger":{quoted(redact(name))},"run":{quoted(redact(identity.run))}'
                f',"attempt":{identity.attempt},"rank":{identity.rank}'
                f',"pid":{self._pid},"seq":'
            ).encode()
        )

    def members(self, name: str, level: int, event: str) -> list[tuple[str, object]]:
        """Return the same as members of the record, to be cut and redacted."""
        identity = self._identity
        return [
            ("level", NAMES[level]),
            ("event", event),
            ("logger", name),
            ("run", identity.run),
            ("attempt", identity.attempt),
            ("rank", identity.rank),
            ("pid", self._pid),
        ]
