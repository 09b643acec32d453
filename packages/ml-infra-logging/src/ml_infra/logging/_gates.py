"""
Which pipeline is the current one, and from which level on each logger writes.

There is one current pipeline per process. `install` replaces it, and loggers made
before then follow, because all loggers of one name share one `Gate`.
"""

from __future__ import annotations

import os

from ._levels import INFO, NAMES
from ._preemption import let_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ._deferred import Pending
    from ._pipeline import Pipeline

    Write = Callable[[bytes], None]

    class AnyGate(Protocol):
        """A `Gate`, or one with a limit in front."""

        @property
        def name(self) -> str: ...
        @property
        def level(self) -> int: ...
        @property
        def heads(self) -> dict[int, dict[str, bytes]]: ...
        @property
        def emit(self) -> Callable[..., None]: ...


class Gate:
    """What all loggers of one name share: the level, and the start of their lines."""

    __slots__ = ("emit", "heads", "level", "name")

    def __init__(self, name: str) -> None:
        self.name: str = name
        self.level: int = INFO
        self.heads: dict[int, dict[str, bytes]] = {level: {} for level in NAMES}
        self.emit: Callable[..., None] = _emit_first


# Metrics whose values are on their way from a device; `_deferred` fills it.
waiting: list[Pending] = []
_taps: list[tuple[int, Write]] = []
_gates: dict[str, Gate] = {}
_current: Pipeline | None = None


def gate_of(name: str) -> Gate:
    """Return the one gate of the loggers called `name`."""
    gate = _gates.get(name)
    if gate is None:
        gate = _gates.setdefault(name, Gate(name))
        _set(gate)
    return gate


def current_pipeline() -> Pipeline:
    """Return the pipeline records go through, made with defaults if there is none."""
    pipeline = _current
    if pipeline is None:
        # Upwards, and so late: only a program without `configure` comes here.
        from ._assembly import default_pipeline

        pipeline = default_pipeline()
        install(pipeline)
    return pipeline


def installed() -> Pipeline | None:
    """Return the pipeline records go through, None before the first."""
    return _current


def install(pipeline: Pipeline | None) -> None:
    """Make `pipeline` the current one; None goes back to the defaults."""
    global _current  # noqa: PLW0603 - one process, one log
    _current = pipeline
    refresh()


def refresh() -> None:
    """Bring all gates in line with the current pipeline and taps."""
    if _current is not None:
        _current.rewire(tuple(_taps))
    for gate in list(_gates.values()):
        _set(gate)


def tap(write: Write, level: int = 0) -> Callable[[], None]:
    """
    Send every line from `level` on to `write` instead of to the outputs.

    Taps nest: each gets the lines of its own level, the outputs get none.

    Returns:
        A function that takes the tap out again.
    """
    opened = (level, write)
    _taps.append(opened)
    refresh()

    def untap() -> None:
        if opened in _taps:
            _taps.remove(opened)
            refresh()

    return untap


def _set(gate: Gate) -> None:
    for heads in gate.heads.values():
        heads.clear()
    pipeline = _current
    if pipeline is None:
        gate.emit = _emit_first
    else:
        gate.emit = (
            pipeline.emit if pipeline.forward is None else pipeline.emit_carefully
        )
    gate.level = INFO if pipeline is None else pipeline.levels.of(gate.name)
    if _taps:
        gate.level = min(level for level, _ in _taps)


def _emit_first(*args: Any, **kwargs: Any) -> None:
    """Stand in for `Pipeline.emit` until there is a pipeline."""
    try:
        pipeline = current_pipeline()
    except BaseException as error:  # noqa: BLE001 - a log call never raises
        let_through(error)
        return
    pipeline.emit(*args, **kwargs)


def _after_fork() -> None:
    if _current is not None:
        _current.after_fork()
        refresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
