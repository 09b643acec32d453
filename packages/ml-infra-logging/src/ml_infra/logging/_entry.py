"""A record on its way to its line, when it goes the careful way."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._context import Layer
    from ._gates import AnyGate


class Entry:  # no NamedTuple: importing typing takes as long as all of `structured`
    """
    What a call gave and what we add to it, as `Pipeline.record` takes it.

    Args:
        gate: Of the logger.
        level: Number of the level.
        event: What happened; anything with a text.
        fields: The fields of the call.
        bound: Those of `bind`.
        kind: Its ``kind``, where it has one.
        opening: Further envelope keys.
        closing: Further keys of ours for the end of the line.
        error: Becomes ``exception``.
        shown: A handler of the program prints it, so that the console need not.
        foreign: It came from ``logging``, and is not handed back there.

    Attributes:
        time_ns: When it was, if not now: nanoseconds since the epoch.
    """

    def __init__(
        self,
        gate: AnyGate,
        level: int,
        event: Any,
        fields: Mapping[str, Any],
        bound: Layer | None = None,
        *,
        kind: str = "",
        opening: tuple[tuple[str, object], ...] = (),
        closing: Mapping[str, object] | None = None,
        error: BaseException | None = None,
        shown: bool = False,
        foreign: bool = False,
    ) -> None:
        self.gate = gate
        self.level = level
        self.event = event
        self.fields = fields
        self.bound = bound
        self.kind = kind
        self.opening = opening
        self.closing = closing
        self.error = error
        self.shown = shown
        self.foreign = foreign
        self.time_ns: int | None = None
