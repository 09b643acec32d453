"""Records that repeat: `once`, `every` and `every_seconds`, with exact counts."""

from __future__ import annotations

import time

from . import _gates
from ._calls import with_args
from ._counting import Claim, Counter, add_many
from ._entry import Entry
from ._levels import INFO
from ._preemption import let_through
from ._texts import text_of
from ._vocabulary import SUPPRESSED
from ._writer import notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any

    from ._context import Layer
    from ._gates import AnyGate
    from ._pipeline import Pipeline

_MAX_SITES = 4096  # events told apart; beyond, the oldest is forgotten


class Rule:
    """Which of the equal records pass: every `count`-th, or one per `seconds`."""

    __slots__ = ("count", "key", "seconds")

    def __init__(self, count: int = 0, seconds: float = 0.0) -> None:
        self.count = count
        self.seconds = seconds
        self.key = (count, seconds)

    def passes(self, site: Site) -> bool:
        """Return whether the record that is asked about passes."""
        if self.seconds:
            now = time.monotonic()
            if now < site.next_time or not site.claim.take():
                return False
            try:
                passes = now >= site.next_time
                if passes:
                    site.next_time = now + self.seconds
            finally:
                site.claim.give()
            return passes
        number = site.asked.add()
        return number % self.count == 0 if self.count else number == 0


class Site:
    """The counts of one event under one rule."""

    __slots__ = ("asked", "claim", "gate", "level", "next_time", "suppressed", "told")

    def __init__(self, gate: AnyGate, level: int) -> None:
        self.gate = gate
        self.level = level
        self.asked = Counter()
        self.suppressed = Counter()
        self.told = 0
        self.next_time = float("-inf")
        self.claim = Claim()

    def untold(self) -> int:
        """Return how many were suppressed since the last call, exact over threads."""
        if not self.claim.take():
            return 0  # another thread tells them
        try:
            total = self.suppressed.value
            fresh, self.told = total - self.told, total
        finally:
            self.claim.give()
        return fresh


_sites: dict[tuple[Hashable, ...], Site] = {}
_forgotten = Counter()
_refused = Counter()
_forgotten_told = 0


class LimitedGate:
    """A gate that lets only some of the equal records through."""

    __slots__ = ("_gate", "_rule", "name")

    def __init__(self, gate: AnyGate, rule: Rule) -> None:
        self._gate = gate
        self._rule = rule
        self.name = gate.name

    @property
    def level(self) -> int:
        """The level of the gate behind."""
        return self._gate.level

    @property
    def heads(self) -> dict[int, dict[str, bytes]]:
        """Those of the gate behind."""
        return self._gate.heads

    def emit(  # noqa: PLR0917 - keywords would cost as much as the rest
        self,
        _gate: AnyGate,
        level: int,
        event: Any,
        args: tuple[Any, ...],
        fields: dict[str, Any],
        bound: Layer | None,
        kind: str = "",
    ) -> None:
        """Pass the record on, or count it."""
        try:
            site = self._site(level, event)
            if not self._rule.passes(site):
                site.suppressed.add()
                _gates.current_pipeline().counters.suppressed.add()
                return
            fresh = site.untold()
        except BaseException as error:  # noqa: BLE001 - a log call never raises
            let_through(error)
            fresh = 0
        gate = self._gate
        if not fresh:
            gate.emit(gate, level, event, args, fields, bound, kind)
            return
        if args:
            fields = with_args(args, fields)
        closing = {"suppressed": fresh}
        _gates.current_pipeline().record(
            Entry(gate, level, event, fields, bound, kind=kind, closing=closing)
        )

    def _site(self, level: int, event: Any) -> Site:
        text = event if type(event) is str else text_of(event)
        key = (self._rule.key, self.name, level, text)
        site = _sites.get(key)
        if site is None:
            while len(_sites) >= _MAX_SITES:
                _forget(next(iter(_sites)))
            site = _sites.setdefault(key, Site(self._gate, level))
        return site


def refuse() -> None:
    """Say once that a limit was no number and that nothing is left out by it."""
    if not _refused.add():
        notice("every and every_seconds take numbers; anything else leaves nothing out")


def _forget(key: tuple[Hashable, ...]) -> None:
    site = _sites.pop(key, None)
    if site is not None:
        add_many(_forgotten, site.untold())


def tell() -> None:
    """Write one record per event with suppressed ones not told yet."""
    global _forgotten_told  # noqa: PLW0603 - counts of the process
    pipeline = _gates.current_pipeline()
    for key, site in list(_sites.items()):
        fresh = site.untold()
        if fresh:
            _tell(pipeline, site.gate, site.level, key[3], fresh)
    fresh = _forgotten.value - _forgotten_told
    _forgotten_told += fresh
    if fresh:
        gate = _gates.gate_of("ml_infra.logging")
        _tell(pipeline, gate, INFO, "(other events)", fresh)


def _tell(
    pipeline: Pipeline, gate: AnyGate, level: int, event: object, count: int
) -> None:
    closing = {"suppressed": count}
    pipeline.record(Entry(gate, level, event, {}, kind=SUPPRESSED, closing=closing))


def after_fork() -> None:
    """Leave what the parent suppressed to the parent."""
    for site in _sites.values():
        site.claim = Claim()
        site.told = site.suppressed.value
