"""
The words of a record that are ours, as ``schema.json`` publishes them.

Names that go together and kinds stand here, once; what one module alone says about one
key stays with it.
"""

from __future__ import annotations

# First in every record, in this order.
ENVELOPE = ("ts", "level", "event", "logger", "run", "attempt", "rank", "pid", "seq")
PROCESS = ("run", "attempt", "rank", "pid")  # what tells who wrote it
TRACE = ("trace_id", "span_id", "trace_flags")
# Last in a record, where there is something to say.
SIDE = ("_nonfinite", "_salvaged", "_truncated", "_renamed")
RESERVED = frozenset((*ENVELOPE, "kind", *SIDE))  # never the name of a user's field

# Kinds; the record of an ordinary log call has none.
RUN_START, RUN_END = "run.start", "run.end"
SPAN_START, SPAN_END = "span.start", "span.end"
METRIC = "metric"
RECOVERED, SUPPRESSED = "log.recovered", "log.suppressed"
KINDS = (RUN_START, RUN_END, SPAN_START, SPAN_END, METRIC, RECOVERED, SUPPRESSED)

# As bytes of a line, which nothing has to encode again.
LINE_START = b'{"ts":"'
KIND_MEMBERS = {"": b"", **{kind: b',"kind":"%b"' % kind.encode() for kind in KINDS}}
