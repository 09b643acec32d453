"""
From an event to its line in every output: the one path all records take.

What it may need is imported with it: a child that is forked while another thread
imports a module would wait for that import for ever.
"""

from __future__ import annotations

import sys
import time
from _thread import _local as _thread_local

from . import _deferred, _limits
from ._calls import exception_of, nesting, with_args
from ._context import current
from ._counting import counters_of
from ._exceptions import describe_exception
from ._heads import Heads
from ._levels import Levels, nearest
from ._preemption import let_through
from ._texts import text_of
from ._tracing import OTEL, trace_ids, trace_pairs
from ._vocabulary import KIND_MEMBERS, LINE_START, METRIC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ._context import Layer
    from ._counting import Counters
    from ._encoder import Encoder
    from ._gates import AnyGate, Write
    from ._identity import Identity
    from ._writer import Output

    Forward = Callable[[str, int, bytes, BaseException | None], None]

_MAX_NESTING = 3  # log calls made by the code of values that are being logged
_SECOND = 1_000_000_000  # nanoseconds
_DIGITS = [b"%03d" % number for number in range(1000)]
_modules = sys.modules  # where OpenTelemetry is looked for; it is never imported here
_time_ns = time.time_ns
_join = b"".join
_local = _thread_local()


class Pipeline:
    """Writes the records of this process as one `configure` call asked for it."""

    def __init__(self, encoder: Encoder, identity: Identity, levels: Levels) -> None:
        self.encoder = encoder
        self.identity = identity
        self.levels = levels
        self.outputs: tuple[Output, ...] = ()
        self.forward: Forward | None = None
        self.counters: Counters = counters_of(identity.run, identity.attempt)
        self._heads = Heads(encoder, identity)
        self.forked: bool = False  # since it was made, which `after_fork` notices
        self._flat = encoder.flat
        # The current second: its start in nanoseconds, and the start of its lines.
        self._second: tuple[int, bytes] = (-_SECOND, b'{"ts":"1970-01-01T00:00:00.')
        self._writes: tuple[tuple[int, Write], ...] = ()
        self._unseen: tuple[tuple[int, Write], ...] = ()
        self._only: Write | None = None  # the one output, where there is but one
        self._next_seq = self.counters.issued.add

    def rewire(self, taps: tuple[tuple[int, Write], ...] = ()) -> None:
        """Send lines to the taps while there are any, else to the outputs."""
        self._only = None
        if taps:
            self._writes = self._unseen = taps
            return
        outputs = self.outputs
        self._writes = tuple((o.least, o.write) for o in outputs)
        self._unseen = tuple((o.least, o.write) for o in outputs if not o.for_people)
        if len(self._writes) == 1 and self._writes[0][0] == 0:
            self._only = self._writes[0][1]

    def emit(  # noqa: PLR0917 - keywords would cost as much as the rest
        self,
        gate: AnyGate,
        level: int,
        event: Any,
        args: tuple[Any, ...],
        fields: dict[str, Any],
        bound: Layer | None,
        kind: str = "",
    ) -> None:
        """Write one record: the fast way when every part of it allows that."""
        line = None
        try:
            head = gate.heads[level][event]  # a KeyError: not seen yet
            body = self._flat(fields)
            if body is not None and not args:
                context = current.get()
                if context is None and bound is None and OTEL not in _modules:
                    extra: bytes | None = KIND_MEMBERS[kind]
                else:
                    extra = self._shared(context, bound, fields, kind)
                if extra is not None:
                    now = _time_ns()
                    start, second = self._second
                    past = now - start
                    if not 0 <= past < _SECOND:
                        start, second = self._tick(now)
                        past = now - start
                    line = _join(
                        (
                            second,
                            _DIGITS[past // 1_000_000],
                            _DIGITS[past // 1_000 % 1_000],
                            head,
                            b"%d" % self._next_seq(),
                            extra,
                            b"," if fields else b"",
                            body,
                            b"\n",
                        )
                    )
        except BaseException as error:  # noqa: BLE001 - the careful way copes with anything
            let_through(error)
        if line is None:
            if args:
                fields = with_args(args, fields)
            self.record(gate, level, event, fields, bound, kind=kind)
        elif self._only is not None:
            self._only(line)
        else:
            for least, write in self._writes:
                if level >= least:
                    write(line)

    def emit_carefully(  # noqa: PLR0917 - stands in for `emit`
        self,
        gate: AnyGate,
        level: int,
        event: Any,
        args: tuple[Any, ...],
        fields: dict[str, Any],
        bound: Layer | None,
        kind: str = "",
    ) -> None:
        """Write one record that is forwarded as well."""
        if args:
            fields = with_args(args, fields)
        self.record(gate, level, event, fields, bound, kind=kind)

    def _shared(
        self,
        context: Layer | None,
        bound: Layer | None,
        fields: dict[str, Any],
        kind: str,
    ) -> bytes | None:
        """Return the encoded part of context and bound fields, None if names meet."""
        extra: bytes = KIND_MEMBERS[kind]
        if OTEL in _modules:
            extra += trace_ids()
        for layer in (context, bound):
            if layer is not None:
                piece = layer.encoded(self.encoder)
                if piece is None or not fields.keys().isdisjoint(layer.fields):
                    return None
                extra += piece
        if context is None or bound is None:
            return extra
        return extra if bound.fields.keys().isdisjoint(context.fields) else None

    def record(
        self,
        gate: AnyGate,
        level: int,
        event: Any,
        fields: Mapping[str, Any],
        bound: Layer | None = None,
        **special: Any,
    ) -> None:
        """Write one record, now or when its values have arrived; see `write`."""
        if special.get("kind") == METRIC and _deferred.deferred(
            self, gate, level, event, fields, bound, **special
        ):
            return
        self.write(gate, level, event, fields, bound, **special)

    def write(
        self,
        gate: AnyGate,
        level: int,
        event: Any,
        fields: Mapping[str, Any],
        bound: Layer | None = None,
        *,
        error: BaseException | None = None,
        shown: bool = False,
        foreign: bool = False,
        **special: Any,
    ) -> None:
        """
        Write one record now.

        Args:
            gate: Of the logger; the rest as for `render`.
            level: Number of the level.
            event: What happened.
            fields: The fields of the call; an ``exc_info`` becomes `error`.
            bound: Those of `bind`.
            error: Becomes ``exception``.
            shown: A handler of the program prints it, so that the console need not.
            foreign: It came from ``logging``, and is not handed back there.
            special: Further arguments of `render`.
        """
        if error is None and "exc_info" in fields:
            error = exception_of(fields["exc_info"])
            if error is not None:
                fields = {key: fields[key] for key in fields if key != "exc_info"}
        line = self.render(gate, level, event, fields, bound, error=error, **special)
        if line is None:
            return
        self.send(level, line, shown=shown)
        if self.forward is not None and not foreign:
            self.forward(gate.name, level, line, error)

    def send(self, level: int, line: bytes, *, shown: bool = False) -> None:
        """Write a line to the outputs that take its level."""
        for least, write in self._unseen if shown else self._writes:
            if level >= least:
                write(line)

    def render(
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
        now: int | None = None,
    ) -> bytes | None:
        """
        Return the line of a record whatever is in it; None if there cannot be one.

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
            now: Time of the record in nanoseconds since the epoch; None is now.
        """
        depth = getattr(_local, "depth", 0)
        if depth >= _MAX_NESTING:
            depth = nesting(Pipeline.render.__code__)
            if depth >= _MAX_NESTING:
                self.counters.failed.add()
                return None
        try:
            _local.depth = depth + 1
            return self._careful(
                gate,
                level,
                event,
                fields,
                bound,
                kind,
                opening,
                dict(closing or ()),
                error,
                now,
            )
        except BaseException as trouble:  # noqa: BLE001 - out of memory or of stack
            self.counters.failed.add()
            let_through(trouble)
            return self._last_resort(gate, level)
        finally:
            _local.depth = depth

    def _careful(  # noqa: PLR0917 - called from one place, which names them
        self,
        gate: AnyGate,
        level: int,
        event: Any,
        fields: Mapping[str, Any],
        bound: Layer | None,
        kind: str,
        opening: tuple[tuple[str, object], ...],
        closing: dict[str, object],
        error: BaseException | None,
        now: int | None,
    ) -> bytes:
        encoder = self.encoder
        context = current.get()
        if context is not None or bound is not None:
            fields = {
                **(context.fields if context is not None else {}),
                **(bound.fields if bound is not None else {}),
                **fields,
            }
        if error is not None:
            closing["exception"] = describe_exception(error, encoder.redact)
        text = event if type(event) is str else text_of(event)
        if level not in gate.heads:
            closing.setdefault("level_number", level)
            level = nearest(level)
        head = self._heads.of(gate, level, text)
        now = _time_ns() if now is None else now
        start, second = self._second
        if not 0 <= now - start < _SECOND:
            start, second = self._tick(now)
        written = b"%b%06d" % (second, (now - start) // 1_000)
        envelope: list[tuple[str, object]] = []
        if head is not None:
            written += head + b"%d" % self._next_seq()
        else:
            written += b'Z"'
            envelope += self._heads.members(gate.name, level, text)
            envelope.append(("seq", self._next_seq()))
        if kind:
            envelope.append(("kind", kind))
        if OTEL in _modules:
            envelope += trace_pairs()
        if opening:
            envelope += opening
        elif context is not None and context.span:
            envelope.append(("span", context.span))
        line, notes = encoder.careful(envelope, fields, closing, written)
        counters = self.counters
        for _ in notes.get("_salvaged", ()):
            counters.salvaged.add()
        if "_truncated" in notes:
            counters.truncated.add()
        if "_renamed" in notes:
            counters.renamed.add()
        return line

    def _last_resort(self, gate: AnyGate, level: int) -> bytes | None:
        """Return a line that says at least that there was a record."""
        try:
            second = self._second[1]
            head = self._heads.made(gate.name, nearest(level), "(record failed)")
            tail = b',"_salvaged":[""]}\n'
            return b"%b000000%b%d%b" % (second, head, self._next_seq(), tail)
        except Exception:  # noqa: BLE001 - nothing is left to try
            return None

    def _tick(self, now: int) -> tuple[int, bytes]:
        """Encode the second of the time `now`, and do what is due once in each."""
        seconds = now // _SECOND
        stamp = b"%b%04d-%02d-%02dT%02d:%02d:%02d." % (
            LINE_START,
            *time.gmtime(seconds)[:6],
        )
        self._second = (seconds * _SECOND, stamp)
        self.look_after()
        return self._second

    def look_after(self) -> None:
        """Let every output look after its file."""
        issued = self.counters.issued.value
        for output in self.outputs:
            try:
                output.tick(issued)
            except BaseException as error:  # noqa: BLE001, PERF203 - it is no duty
                let_through(error)

    def after_fork(self) -> None:
        """Start anew in a forked child: own process id, counts and sequence."""
        self._heads = Heads(self.encoder, self.identity)
        self.forked = True
        self.counters = counters_of(self.identity.run, self.identity.attempt)
        self._next_seq = self.counters.issued.add
        for output in self.outputs:
            output.after_fork()
        _deferred.after_fork()
        _limits.after_fork()
