"""
From an event to its line in every output: the one path all records take.

`Pipeline.emit` puts most lines together from parts that are encoded already. What it
cannot take goes the careful way as an `Entry`, through hops that do one thing each:

- `record` puts a metric aside whose values are still on a device;
- `write` sends the line to the outputs, and to ``logging`` where that is asked for;
- `render` sees to it that there is a line, whatever goes wrong while it is made;
- `_line` makes it.

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
from ._entry import Entry
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
            self.record(Entry(gate, level, event, fields, bound, kind=kind))
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
        self.record(Entry(gate, level, event, fields, bound, kind=kind))

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

    def record(self, entry: Entry) -> None:
        """Write one record, now or when its values have arrived from a device."""
        if entry.kind != METRIC or not _deferred.deferred(self, entry):
            self.write(entry)

    def write(self, entry: Entry) -> None:
        """Write one record now; an ``exc_info`` among its fields becomes `error`."""
        fields = entry.fields
        if entry.error is None and "exc_info" in fields:
            entry.error = exception_of(fields["exc_info"])
            if entry.error is not None:
                entry.fields = {k: v for k, v in fields.items() if k != "exc_info"}
        line = self.render(entry)
        if line is None:
            return
        self.send(entry.level, line, shown=entry.shown)
        if self.forward is not None and not entry.foreign:
            self.forward(entry.gate.name, entry.level, line, entry.error)

    def send(self, level: int, line: bytes, *, shown: bool = False) -> None:
        """Write a line to the outputs that take its level."""
        for least, write in self._unseen if shown else self._writes:
            if level >= least:
                write(line)

    def render(self, entry: Entry) -> bytes | None:
        """Return the line, whatever is in the record; None if there cannot be one."""
        depth = getattr(_local, "depth", 0)
        if depth >= _MAX_NESTING:
            depth = nesting(Pipeline.render.__code__)
            if depth >= _MAX_NESTING:
                self.counters.failed.add()
                return None
        try:
            _local.depth = depth + 1
            return self._line(entry)
        except BaseException as trouble:  # noqa: BLE001 - out of memory or of stack
            self.counters.failed.add()
            let_through(trouble)
            return self._last_resort(entry.gate, entry.level)
        finally:
            _local.depth = depth

    def _line(self, entry: Entry) -> bytes:
        """Put the line together, and count what had to change."""
        context, bound, fields = current.get(), entry.bound, entry.fields
        if context is not None or bound is not None:
            fields = {
                **(context.fields if context is not None else {}),
                **(bound.fields if bound is not None else {}),
                **fields,
            }
        closing = dict(entry.closing or ())
        if entry.error is not None:
            closing["exception"] = describe_exception(entry.error, self.encoder.redact)
        event = entry.event if type(entry.event) is str else text_of(entry.event)
        level = entry.level
        if level not in entry.gate.heads:
            closing.setdefault("level_number", level)
            level = nearest(level)
        written, envelope = self._start(entry.gate, level, event, entry.time_ns)
        if entry.kind:
            envelope.append(("kind", entry.kind))
        if OTEL in _modules:
            envelope += trace_pairs()
        if entry.opening:
            envelope += entry.opening
        elif context is not None and context.span:
            envelope.append(("span", context.span))
        line, notes = self.encoder.careful(envelope, fields, closing, written)
        self._count(notes)
        return line

    def _start(
        self, gate: AnyGate, level: int, event: str, now: int | None
    ) -> tuple[bytes, list[tuple[str, object]]]:
        """Return the line as far as it is encoded, and what is missing up to `seq`."""
        head = self._heads.of(gate, level, event)
        now = _time_ns() if now is None else now
        start, second = self._second
        if not 0 <= now - start < _SECOND:
            start, second = self._tick(now)
        written = b"%b%06d" % (second, (now - start) // 1_000)
        if head is not None:
            return written + head + b"%d" % self._next_seq(), []
        members = self._heads.members(gate.name, level, event)
        return written + b'Z"', [*members, ("seq", self._next_seq())]

    def _count(self, notes: Mapping[str, Any]) -> None:
        """Count what the side keys of a line tell."""
        counters = self.counters
        for _ in notes.get("_salvaged", ()):
            counters.salvaged.add()
        if "_truncated" in notes:
            counters.truncated.add()
        if "_renamed" in notes:
            counters.renamed.add()

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
