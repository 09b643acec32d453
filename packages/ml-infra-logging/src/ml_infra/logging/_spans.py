"""Spans: a stretch of work with a start, an end, a duration and a parent."""

from __future__ import annotations

import os
import time

from . import _context, _gates
from ._entry import Entry
from ._exceptions import describe_exception
from ._levels import ERROR, INFO
from ._vocabulary import SPAN_END, SPAN_START

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._context import Layer
    from ._gates import AnyGate


class Span:
    """
    Writes ``span.start`` and ``span.end`` around a ``with`` block.

    Made by `Logger.span`. Records inside the block carry the span's id and fields. An
    exception passes through and leaves ``status`` ``error``.
    """

    __slots__ = (
        "_bound",
        "_end",
        "_fields",
        "_gate",
        "_name",
        "_started",
        "id",
        "parent",
    )

    def __init__(
        self, gate: AnyGate, bound: Layer | None, name: object, fields: dict[str, Any]
    ) -> None:
        self._gate = gate
        self._bound = bound
        self._name = name
        self._fields = fields
        self._end: dict[str, Any] = {}
        self._started = 0.0
        self.id: str = ""
        self.parent: str = ""

    def set(self, /, **fields: Any) -> None:
        """Add fields to the ``span.end`` record."""
        self._end = {**self._end, **fields}

    def __enter__(self) -> Self:
        outer = _context.current.get()
        self.parent = "" if outer is None else outer.span
        self.id = os.urandom(8).hex()
        self._end = {}
        _context.push(self._fields, self.id)
        self._write(SPAN_START, INFO, {}, {})
        self._started = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        closing: dict[str, Any] = {
            "duration_s": round(time.perf_counter() - self._started, 9),
            "status": "ok" if kind is None else "error",
        }
        if error is not None:
            closing["exception"] = _brief(error)
        level = INFO if kind is None else ERROR
        self._write(SPAN_END, level, self._end, closing)
        _context.pop(self._fields)

    def _write(
        self, kind: str, level: int, fields: dict[str, Any], closing: dict[str, Any]
    ) -> None:
        gate = self._gate
        if gate.level > level:
            return
        opening: tuple[tuple[str, object], ...] = (("span", self.id),)
        if self.parent:
            opening += (("parent", self.parent),)
        _gates.current_pipeline().record(
            Entry(
                gate,
                level,
                self._name,
                fields,
                self._bound,
                kind=kind,
                opening=opening,
                closing=closing,
            )
        )


def _brief(error: BaseException) -> dict[str, Any]:
    """Describe the exception without its frames: who catches it will log those."""
    pipeline = _gates.current_pipeline()
    described = describe_exception(error, pipeline.encoder.redact)
    return {key: described[key] for key in ("type", "message") if key in described}
