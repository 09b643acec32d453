"""A pipeline and its outputs, put together as `configure` asks or by default."""

# ruff: noqa: PTH112, PTH118 - pathlib takes as long to import as all of this

from __future__ import annotations

import os

from . import _spans  # noqa: F401 - see `_pipeline`
from ._encoder import Encoder, load_orjson
from ._identity import Identity, host
from ._levels import Levels
from ._lifecycle import on_recovery
from ._pipeline import Pipeline
from ._redaction import Redactor
from ._stderr import JsonStderr, Readable, is_for_people
from ._writer import File, notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._writer import Output

LINE_LIMIT = 131_072
LEVELS_VARIABLE = "ML_INFRA_LOG_LEVELS"


def build(
    identity: Identity,
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
    pipeline = build(Identity())
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


def resolved(path: str, identity: Identity) -> str:
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
        "host": _file_name(host()),
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
