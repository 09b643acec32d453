"""What `configure` builds, and how it is taken down again."""

# ruff: noqa: PTH112, PTH118 - pathlib takes as long to import as all of this

from __future__ import annotations

import os
import time

from . import _deferred, _gates, _identity, _limits, _spans  # noqa: F401 - see `_pipeline`
from ._encoder import Encoder, load_orjson
from ._entry import Entry
from ._levels import INFO, WARNING, Levels
from ._pipeline import Pipeline
from ._redaction import Redactor
from ._stderr import JsonStderr, Readable, is_for_people
from ._vocabulary import RECOVERED, RUN_END, RUN_START
from ._writer import File, notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._writer import Descriptor, Output

LINE_LIMIT = 131_072
LEVELS_VARIABLE = "ML_INFRA_LOG_LEVELS"
_OWN = "ml_infra.logging"
FLUSH_AT_EXIT_S = 5.0


def build(
    identity: _identity.Identity,
    *,
    levels: str = "info",
    redact: object = "default",
    max_line: int = LINE_LIMIT,
) -> Pipeline:
    """
    Return a pipeline without outputs.

    Raises:
        ValueError: If `redact` is no redactor.
    """
    redactor: Any = redact
    if redact == "default":
        redactor = Redactor()
    elif redact == "off":
        redactor = None
    elif not isinstance(redact, Redactor):
        raise ValueError(
            f"redact must be 'default', 'off' or a Redactor, got {redact!r}"
        )
    encoder = Encoder(redactor, max_line, load_orjson())
    return Pipeline(encoder, identity, levels_with_environment(levels))


def default_pipeline() -> Pipeline:
    """Return what is used without `configure`: stderr, from info on."""
    pipeline = build(_identity.Identity())
    pipeline.outputs = (stderr_output(pipeline.encoder, "auto"),)
    return pipeline


def levels_with_environment(text: str) -> Levels:
    """Return the levels asked for, with those of the environment on top."""
    levels = Levels(text)
    extra = os.environ.get(LEVELS_VARIABLE)
    if extra:
        try:
            asked = Levels(extra)
        except ValueError as error:
            notice(f"{LEVELS_VARIABLE} ignored: {error}")
            return levels
        levels.special.update(asked.special)
        if any("=" not in entry and entry.strip() for entry in extra.split(",")):
            levels.default = asked.default
    return levels


def stderr_output(encoder: Encoder, console: str | bool) -> Output:
    """Return the output that `console` means: for people, or for machines."""
    if console is True or (console == "auto" and is_for_people()):
        return Readable()
    return JsonStderr(encoder.refit, on_recovery)


def file_output(path: str, pipeline: Pipeline) -> File:
    """Return the output that appends to the file at `path`."""
    output = File(path, on_recovery, pipeline.counters.issued.value)
    output.refit = pipeline.encoder.refit
    return output


def resolved(path: str, identity: _identity.Identity) -> str:
    """
    Return `path` with its placeholders filled in; a folder gets a file name.

    Raises:
        ValueError: If a placeholder is unknown.
    """
    if path.endswith(("/", os.sep)) or os.path.isdir(path):
        path = os.path.join(path, "{run}-a{attempt}-r{rank}.jsonl")
    values = {
        "run": _file_name(identity.run),
        "attempt": identity.attempt,
        "rank": identity.rank,
        "local_rank": identity.local_rank,
        "host": _file_name(_identity.host()),
        "pid": os.getpid(),
    }
    try:
        return path.format_map(values)
    except (KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        known = ", ".join(f"{{{name}}}" for name in values)
        raise ValueError(
            f"path may hold the placeholders {known}, got {path!r} ({error!r}); "
            "write {{ and }} for braces"
        ) from None


def _file_name(text: str) -> str:
    safe = "".join(c if c.isalnum() or c in "-_.+=" else "_" for c in text)
    return safe.lstrip(".") or "_"


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
    _record_run(
        pipeline, RUN_START, _identity.describe_start(pipeline.identity, config)
    )


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
