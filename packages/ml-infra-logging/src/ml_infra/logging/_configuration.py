"""What `configure` does, and the handle that undoes it."""

from __future__ import annotations

import os

from . import _assembly, _gates, _lifecycle
from ._exit import call_at_exit
from ._identity import RUN_VARIABLE, Identity
from ._levels import WARNING
from ._provenance import config_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, Literal

    from typing_extensions import Self

    from ._background import Overflow
    from ._pipeline import Pipeline
    from ._redaction import Redactor
    from ._writer import Output

_RANKS = ("job", "node", "all")
_MODES = ("direct", "background")
_active: Handle | None = None
_started: set[object] = set()


def apply(
    run: str | None,
    *,
    path: str | os.PathLike[str] | None,
    console: bool | Literal["auto"],
    levels: str,
    ranks: Literal["job", "node", "all"],
    capture_stdlib: bool | Literal["replace"],
    redact: Literal["default", "off"] | Redactor,
    mode: Literal["direct", "background"],
    config: Mapping[str, Any] | None,
    to_stdlib: bool,
    max_line: int,
    queue_bytes: int,
    overflow: Overflow,
) -> Handle:
    """Do what `structured.configure` says."""
    _check("console", console, (True, False, "auto"))
    _check("ranks", ranks, _RANKS)
    _check("capture_stdlib", capture_stdlib, (True, False, "replace"))
    _check("mode", mode, _MODES)
    _check("overflow", overflow, ("block", "drop-oldest", "drop-newest"))
    if not isinstance(max_line, int) or max_line < 4096:
        raise ValueError(f"max_line must be at least 4096 bytes, got {max_line!r}")
    if not isinstance(queue_bytes, int) or queue_bytes < 1:
        raise ValueError(f"queue_bytes must be at least 1, got {queue_bytes!r}")
    identity = Identity(_checked_run(run))
    file = None if path is None else _assembly.resolved(_checked_path(path), identity)
    if config is not None:
        config_hash(config)
    pipeline = _assembly.build(
        identity, levels=levels, redact=redact, max_line=max_line
    )

    # Nothing below refuses an argument: the old configuration goes only for a new one.
    if _active is not None:
        _active._take_down()  # noqa: SLF001 - of this module
    outputs: list[Output] = []
    if file is not None:
        outputs.append(_assembly.file_output(file, pipeline))
        if mode == "background":
            from ._background import Background

            outputs[0] = Background(outputs[0], queue_bytes, overflow)
    if console is not False:
        stderr = _assembly.stderr_output(pipeline.encoder, console)
        stderr.least = WARNING if identity.quiet(ranks) else 0
        outputs.append(stderr)
    pipeline.outputs = tuple(outputs)
    handle = Handle(pipeline, file)
    handle._take_up(capture_stdlib, to_stdlib=to_stdlib, background=mode != "direct")  # noqa: SLF001 - of this module
    start = (identity.run, identity.attempt, os.getpid(), file)
    if start not in _started:
        _started.add(start)
        _lifecycle.write_start(pipeline, config)
    return handle


class Handle:
    """What `configure` has set up: its state, and the way back."""

    def __init__(self, pipeline: Pipeline, path: str | None) -> None:
        self._pipeline = pipeline
        self._undo: list[Callable[[], None]] = []
        self.path: str | None = path
        self.run: str = pipeline.identity.run
        self.attempt: int = pipeline.identity.attempt
        self.rank: int = pipeline.identity.rank

    def __repr__(self) -> str:
        who = f"run {self.run!r}, attempt {self.attempt}, rank {self.rank}"
        return f"<Handle of {who}, path {self.path!r}>"

    def flush(self, timeout: float = 5.0) -> bool:
        """
        Write what waits: queued lines, metrics on a device, suppressed counts.

        Args:
            timeout: Longest wait for the background thread, in seconds.

        Returns:
            Whether everything is written.
        """
        if _active is self:
            _lifecycle.settle()
        return _lifecycle.flush(self._pipeline, timeout)

    def stats(self) -> dict[str, int]:
        """
        Return what happened to the records of this run in this process.

        Returns:
            Counts under ``written`` (records made), ``lost`` (lines an output could not
            take), ``dropped`` and ``pending`` (background mode), ``failed`` (records
            that could not be made), ``salvaged`` (values replaced by markers),
            ``truncated`` and ``renamed`` (records with such values) and ``suppressed``
            (by `once` and `every`).
        """
        return _lifecycle.statistics(self._pipeline)

    def restore(self) -> None:
        """
        Undo the `configure` call: hooks, levels, handlers, files.

        Without effect when a later `configure` has replaced it.
        """
        global _active  # noqa: PLW0603 - one process, one log
        if _active is not self:
            return
        _lifecycle.write_end(self._pipeline)
        self._take_down()
        _active = None
        _gates.install(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.restore()

    def _take_up(
        self, capture_stdlib: bool | str, *, to_stdlib: bool, background: bool
    ) -> None:
        global _active  # noqa: PLW0603 - one process, one log
        before = os.environ.get(RUN_VARIABLE)
        os.environ[RUN_VARIABLE] = self.run
        self._undo.append(lambda: _restore_variable(self.run, before))
        if to_stdlib:
            from ._bridge import forward

            self._pipeline.forward = forward
        _gates.install(self._pipeline)
        if capture_stdlib:
            from ._bridge import Bridge

            bridge = Bridge(replace_handlers=capture_stdlib == "replace")
            bridge.install()
            self._undo.append(bridge.remove)
        if background:
            from ._signals import drain_on_sigterm

            self._undo.append(drain_on_sigterm(self.flush, _at_exit))
        if _active is None:
            call_at_exit(_at_exit)
        _active = self

    def _take_down(self) -> None:
        while self._undo:
            self._undo.pop()()
        _lifecycle.flush(self._pipeline, _lifecycle.FLUSH_AT_EXIT_S)
        for output in self._pipeline.outputs:
            output.close()
            counts = (output.lost, output.dropped)
            if counts not in self._pipeline.counters.former:
                self._pipeline.counters.former.append(counts)


def _at_exit() -> None:
    """Write ``run.end``, once, in the process that was configured."""
    if _active is None:
        return
    pipeline = _active._pipeline  # noqa: SLF001 - of this module
    if pipeline.forked:
        _lifecycle.flush(pipeline, _lifecycle.FLUSH_AT_EXIT_S)
        return
    if pipeline.counters.ended:
        return
    pipeline.counters.ended = True
    _lifecycle.write_end(pipeline)


def _checked_run(run: object) -> str | None:
    if run is None:
        return None
    if not isinstance(run, str):
        raise TypeError(f"run must be a str or None, got {run!r}")
    if not _is_for_the_system(run):
        raise ValueError(
            "run must be a str that an environment variable can hold, "
            f"without NUL and lone surrogates, got {run!r}"
        )
    return run


def _checked_path(path: object) -> str:
    try:
        text = os.fspath(path)  # type: ignore[call-overload]  # refused below
    except TypeError:
        text = path
    if not isinstance(text, str):
        raise TypeError(
            "path must be a str or a pathlib.Path, got "
            f"{path!r}; os.fsdecode makes a str of bytes"
        )
    if not text or not _is_for_the_system(text):
        raise ValueError(
            f"path must name a file or a folder, got {path!r}; path=None writes no file"
        )
    return text


def _is_for_the_system(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _check(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if not any(value is each or value == each for each in allowed):
        options = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} must be one of {options}, got {value!r}")


def _restore_variable(ours: str, before: str | None) -> None:
    if os.environ.get(RUN_VARIABLE) != ours:
        return
    if before is None:
        del os.environ[RUN_VARIABLE]
    else:
        os.environ[RUN_VARIABLE] = before
