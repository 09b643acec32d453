"""Whether a log is whole: gaps, duplicates, torn lines and ranks that stopped early."""

from __future__ import annotations

from ._vocabulary import METRIC, PROCESS, RUN_END, RUN_START

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .reading import Log


class ProcessReport:
    """
    What the log holds of one process.

    Attributes:
        run: Id of the run.
        attempt: Which start of the run.
        rank: Global rank.
        pid: Process id.
        records: How many records were found.
        missing: Ranges of sequence numbers that are not there, both ends included.
        duplicates: How many records repeat a sequence number.
        started: Whether the first ``run.start`` is there; a forked child writes none.
        ended: Whether the final ``run.end`` is there.
        last_ts: Time of the last record.
        last_step: Highest step of a metric, None without one.
        counts: What ``run.end`` says about records written, lost and dropped.
    """

    def __init__(self, run: Any, attempt: Any, rank: Any, pid: Any) -> None:
        self.run = run
        self.attempt = attempt
        self.rank = rank
        self.pid = pid
        self.records: int = 0
        self.missing: list[tuple[int, int]] = []
        self.duplicates: int = 0
        self.started: bool = False
        self.ended: bool = False
        self.last_ts: str = ""
        self.last_step: float | None = None
        self.counts: dict[str, int] = {}
        self._numbers: list[int] = []

    def _add(self, record: dict[str, Any]) -> None:
        self.records += 1
        number = record.get("seq")
        if type(number) is int and number >= 0:
            self._numbers.append(number)
        self.last_ts = max(self.last_ts, str(record.get("ts", "")))
        kind = record.get("kind")
        if kind == RUN_START:
            self.started = True
        elif kind == RUN_END:
            self.ended = True
            for name in ("written", "lost", "dropped"):
                if type(record.get(name)) is int:
                    self.counts[name] = record[name]
        elif kind == METRIC:
            step = record.get("step")
            if isinstance(step, (int, float)) and not isinstance(step, bool):
                self.last_step = max(step, self.last_step or step)

    def _close(self) -> None:
        expected = 0
        for number in sorted(self._numbers):
            if number < expected:
                self.duplicates += 1
                continue
            if number > expected:
                self.missing.append((expected, number - 1))
            expected = number + 1
        self._numbers.clear()

    @property
    def name(self) -> str:
        """How the report calls this process."""
        return f"run {self.run} attempt {self.attempt} rank {self.rank} pid {self.pid}"


class Report:
    """
    The completeness of a log, as far as its own sequence numbers prove it.

    Attributes:
        processes: One `ProcessReport` per run, attempt, rank and pid, in order.
        torn: Places (``file:line``) where a line was cut short.
        unreadable: Places where something else than a record stood.
        stopped_early: (run, attempt, rank) without a ``run.end`` although another rank
            of the attempt has one or got to a later step.
        absent: (run, attempt, rank) that ``world_size`` promises and no record has.

    ``str`` gives a page for people; `ok` is the verdict.
    """

    def __init__(self, log: Log) -> None:
        self.torn: list[str] = list(log.torn)
        self.unreadable: list[str] = list(log.unreadable)
        found: dict[tuple[Any, ...], ProcessReport] = {}
        sizes: dict[tuple[Any, Any], int] = {}
        for record in log:
            key = _key(record)
            process = found.get(key)
            if process is None:
                process = found[key] = ProcessReport(*key)
            process._add(record)  # noqa: SLF001 - the two classes are one unit
            if record.get("kind") == RUN_START:
                size = record.get("world_size")
                if type(size) is int:
                    sizes[key[:2]] = max(size, sizes.get(key[:2], 0))
        for process in found.values():
            process._close()  # noqa: SLF001 - the same
        self.processes: list[ProcessReport] = [
            found[key] for key in sorted(found, key=repr)
        ]
        self.stopped_early: list[tuple[Any, Any, Any]] = _stopped_early(self.processes)
        self.absent: list[tuple[Any, Any, Any]] = [
            (run, attempt, rank)
            for (run, attempt), size in sizes.items()
            for rank in range(size)
            if not any(key[:3] == (run, attempt, rank) for key in found)
        ]

    @property
    def missing(self) -> int:
        """How many records are proven to be missing."""
        return sum(b - a + 1 for process in self.processes for a, b in process.missing)

    @property
    def duplicates(self) -> int:
        """How many records repeat a sequence number of their process."""
        return sum(process.duplicates for process in self.processes)

    @property
    def ok(self) -> bool:
        """Whether nothing is missing, double, torn, unreadable, early or absent."""
        return not any(
            (
                self.missing,
                self.duplicates,
                self.torn,
                self.unreadable,
                self.stopped_early,
                self.absent,
            )
        )

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [
            f"{sum(process.records for process in self.processes)} records of "
            f"{len(self.processes)} processes: "
            + ("nothing missing" if self.ok else "not whole")
        ]
        for process in self.processes:
            said = [f"{process.records} records"]
            if process.missing:
                ranges = ", ".join(f"{a}-{b}" for a, b in process.missing[:10])
                more = " ..." if len(process.missing) > 10 else ""
                said.append(f"missing seq {ranges}{more}")
            if process.duplicates:
                said.append(f"{process.duplicates} duplicates")
            said += [f"{count} {name}" for name, count in process.counts.items()]
            if process.started and not process.ended:
                said.append(f"no end (last record {process.last_ts})")
            lines.append(f"  {process.name}: {'; '.join(said)}")
        lines += _places("torn line", self.torn)
        lines += _places("unreadable", self.unreadable)
        lines += [f"  stopped early: {_rank(place)}" for place in self.stopped_early]
        lines += [f"  absent: {_rank(place)}" for place in self.absent]
        return "\n".join(lines)


def _key(record: dict[str, Any]) -> tuple[Any, ...]:
    """Return run, attempt, rank and pid; foreign records may hold anything there."""
    parts = (record.get(name) for name in PROCESS)
    return tuple(part if _is_plain(part) else repr(part) for part in parts)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int))


def _stopped_early(processes: list[ProcessReport]) -> list[tuple[Any, Any, Any]]:
    """Compare the ranks of each attempt: the furthest of them sets the measure."""
    attempts: dict[tuple[Any, Any], dict[Any, list[ProcessReport]]] = {}
    for process in processes:
        ranks = attempts.setdefault((process.run, process.attempt), {})
        ranks.setdefault(process.rank, []).append(process)
    found = []
    for (run, attempt), ranks in attempts.items():
        ended = {rank: any(p.ended for p in group) for rank, group in ranks.items()}
        steps = {
            rank: max(
                (p.last_step for p in group if p.last_step is not None), default=-1
            )
            for rank, group in ranks.items()
        }
        for rank in ranks:
            behind = any(ended.values()) or steps[rank] < max(steps.values())
            if not ended[rank] and behind:
                found.append((run, attempt, rank))
    return found


def _places(kind: str, places: Iterable[str]) -> list[str]:
    return [f"  {kind}: {place}" for place in places]


def _rank(place: tuple[Any, Any, Any]) -> str:
    run, attempt, rank = place
    return f"run {run} attempt {attempt} rank {rank}"
