"""What the log records of itself, from ``run.start`` to ``run.end``, and its counts."""

from __future__ import annotations

import time

from . import _deferred, _gates, _limits
from ._entry import Entry
from ._identity import describe_start
from ._levels import INFO, WARNING
from ._vocabulary import RECOVERED, RUN_END, RUN_START

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._pipeline import Pipeline
    from ._writer import Descriptor

FLUSH_AT_EXIT_S = 5.0
_OWN = "ml_infra.logging"


def on_recovery(output: Descriptor, lost: int, since: float, reason: str) -> None:
    """Tell in the log what could not be written for a while."""
    pipeline = _gates.installed()
    if pipeline is None:
        return
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since))
    closing = {
        "lost": lost,
        "since": f"{second}.{int(since % 1 * 1e6):06d}Z",
        "reason": reason,
        "output": output.name,
    }
    gate = _gates.gate_of(_OWN)
    pipeline.record(
        Entry(gate, WARNING, RECOVERED, {}, kind=RECOVERED, closing=closing)
    )


def write_start(pipeline: Pipeline, config: Mapping[str, Any] | None) -> None:
    """Write the ``run.start`` record."""
    _record_run(pipeline, RUN_START, describe_start(pipeline.identity, config))


def write_end(pipeline: Pipeline) -> None:
    """Tell what was suppressed, empty the queues and write ``run.end``."""
    settle()
    flush(pipeline, FLUSH_AT_EXIT_S)
    counts = statistics(pipeline)
    counts["written"] += 1  # with this one
    _record_run(pipeline, RUN_END, counts)
    flush(pipeline, FLUSH_AT_EXIT_S)


def _record_run(pipeline: Pipeline, kind: str, closing: Mapping[str, object]) -> None:
    gate = _gates.gate_of(_OWN)
    shown = gate.level > INFO  # always in the file, not always for people
    pipeline.record(
        Entry(gate, INFO, kind, {}, kind=kind, closing=closing, shown=shown)
    )


def settle() -> None:
    """Write what waits for a device or for its count to be told."""
    _deferred.settle(wait=True)
    _limits.tell()


def flush(pipeline: Pipeline, patience_s: float) -> bool:
    """Wait for the queues to run empty, at most `patience_s` each."""
    pipeline.look_after()
    empty = [output.flush(patience_s) for output in pipeline.outputs]
    return all(empty)


def statistics(pipeline: Pipeline) -> dict[str, int]:
    """Return the counts of this process by name."""
    counters = pipeline.counters
    outputs = {*counters.former, *((o.lost, o.dropped) for o in pipeline.outputs)}
    lost = sum(lost.value for lost, _ in outputs)
    dropped = sum(dropped.value for _, dropped in outputs)
    pending = sum(each.pending for each in pipeline.outputs)
    return {
        "written": counters.issued.value,
        "lost": lost,
        "dropped": dropped,
        "pending": pending,
        "failed": counters.failed.value,
        "salvaged": counters.salvaged.value,
        "truncated": counters.truncated.value,
        "renamed": counters.renamed.value,
        "suppressed": counters.suppressed.value,
    }
