"""
Logs read back: all files, ranks and attempts of a run as one table.

`read_log` is made for logs as they are: lines torn by a crash, keys that appear late,
one key with several types, compressed and rotated files. It leaves nothing out in
silence; `Log.report` says what was missing, double or unreadable.
"""

from __future__ import annotations

from itertools import accumulate

from ._columns import Table, pack
from ._lines import log_files, read_records
from ._vocabulary import ENVELOPE, METRIC, PROCESS, SPAN_END, SPAN_START

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from typing import Any, Literal

    from ._columns import Block
    from ._report import Report

__all__ = ["Log", "read_log"]

# What tells nothing about a span or a metric: the rest says whose it is, and when.
_NOT_SPANS = {*ENVELOPE, "kind"}.difference(("run", "attempt", "rank"))
_NOT_METRICS = {*_NOT_SPANS, "span"}.difference(("ts",))


def read_log(path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Log:
    r"""
    Read log files into one `Log`.

    Args:
        path: A file, a folder (every file below it with ``.jsonl`` in its name,
            compressed or not) or several of either.

    Returns:
        Every whole record. Those of one file keep their order; several files are merged
        by time, so a clock that steps back never reorders a process. NaN and infinities
        are floats again.

    Raises:
        FileNotFoundError: If `path` does not exist, or is a folder without log files.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "run.jsonl")
    >>> _ = path.write_text('{"event": "metric", "kind": "metric", "loss": 0.5}\n')
    >>> [record["loss"] for record in read_log(path)]
    [0.5]
    """
    torn: list[str] = []
    unreadable: list[str] = []
    parts = [
        [
            block
            for records in read_records(file, torn, unreadable)
            for block in pack(records)
        ]
        for file in log_files(path)
    ]
    blocks = [block for part in parts for block in part]
    order = None
    if len(parts) > 1:
        times = [time for part in parts for time in accumulate(_times(part), max)]
        order = sorted(range(len(times)), key=times.__getitem__)
    return Log(Table(blocks, order), torn=torn, unreadable=unreadable)


class Log:
    """
    Records of one or many processes, in order; what `read_log` returns.

    Args:
        records: Dicts as the schema describes them; foreign ones are no error.
        torn: Places (``file:line``) where a line was cut short.
        unreadable: Places where something else than a record stood.

    Iterating gives the records, ``len`` their number. A log just read is kept as
    columns and makes each dict when asked for it, so a million records take little
    memory until `records` is used.
    """

    def __init__(
        self,
        records: list[dict[str, Any]] | Table,
        *,
        torn: Iterable[str] = (),
        unreadable: Iterable[str] = (),
    ) -> None:
        self._source = records
        self.torn: list[str] = list(torn)
        self.unreadable: list[str] = list(unreadable)

    @property
    def records(self) -> list[dict[str, Any]]:
        """All records as dicts, always the same ones; changing them changes the log."""
        if isinstance(self._source, Table):
            self._source = list(self._source)
        return self._source

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._source)

    def __repr__(self) -> str:
        return f"<Log of {len(self)} records>"

    def metrics(self, *names: str, attempts: Literal["all", "last"] = "all") -> Log:
        """
        Return the metric records, without the parts that all of them share.

        Args:
            names: Only records that hold at least one of these; none means all.
            attempts: ``"all"`` as written; ``"last"`` keeps, of each run, rank and
                step, the record of the last attempt (and of that, the last one
                written), so that steps repeated after a restart count once. Records
                without a step are always kept.

        Raises:
            ValueError: If `attempts` is neither.
        """
        if attempts not in ("all", "last"):
            raise ValueError(f"attempts must be 'all' or 'last', got {attempts!r}")
        found = [
            record
            for record in self
            if record.get("kind") == METRIC
            and (not names or any(name in record for name in names))
        ]
        if attempts == "last":
            found = _last_attempts(found)
        return Log(
            [
                {key: item for key, item in record.items() if key not in _NOT_METRICS}
                for record in found
            ]
        )

    def spans(self) -> Log:
        """
        Return one record per span: its name, times, duration, status and fields.

        ``start`` and ``end`` are times, ``duration_s`` monotonic seconds. A span whose
        end is not in the log has status ``"open"`` and no ``end``; one whose start is
        not has no ``start``.
        """
        spans: dict[Any, dict[str, Any]] = {}
        for record in self:
            kind = record.get("kind")
            if kind not in (SPAN_START, SPAN_END):
                continue
            mark = (_process(record), str(record.get("span")))
            row = spans.setdefault(mark, {"name": record.get("event"), "start": None})
            row["start" if kind == SPAN_START else "end"] = record.get("ts")
            row.setdefault("status", "open")
            row |= {key: item for key, item in record.items() if key not in _NOT_SPANS}
        return Log(list(spans.values()))

    def report(self) -> Report:
        """Return what is missing, double, torn or early in these records."""
        from ._report import Report

        return Report(self)

    def to_pandas(self) -> Any:
        """
        Return a ``pandas.DataFrame`` with one row per record.

        Columns stand in order of first appearance, cells without a value are missing.
        ``ts`` becomes a time in UTC, integers with gaps ``Int64``, integers and floats
        in one column ``float64``, other mixtures stay objects.
        """
        from ._frames import pandas_frame

        return pandas_frame(self._table())

    def to_polars(self) -> Any:
        """
        Return a ``polars.DataFrame`` with one row per record.

        As `to_pandas`, except that NaN and missing stay distinct and that a column of
        mixed types becomes text: strings as they are, everything else as JSON.
        """
        from ._frames import polars_frame

        return polars_frame(self._table())

    def _table(self) -> Table:
        if isinstance(self._source, Table):
            return self._source
        return Table(pack(self._source))

    def plot(
        self,
        *names: str,
        path: str | os.PathLike[str] | None = None,
        attempts: Literal["all", "last"] = "last",
    ) -> Any:
        """
        Draw metrics over their step, one line per name and rank.

        Args:
            names: The metrics to draw, at least one.
            path: Where to save the picture; its ending chooses the format.
            attempts: As in `metrics`; with ``"all"`` each attempt has its own line.

        Returns:
            The ``matplotlib.figure.Figure``; no global state of matplotlib is touched.

        Raises:
            ImportError: If matplotlib, the extra ``[plot]``, is not installed.
            ValueError: If no record holds one of `names` as a number.
        """
        from ._plot import draw

        return draw(self.metrics(*names, attempts=attempts), names, path, attempts)


def _times(blocks: list[Block]) -> Iterator[str]:
    table = Table(blocks)
    for time in table.cells(table.columns().get("ts", [])):
        yield time if type(time) is str else ""


def _process(record: dict[str, Any]) -> str:
    return repr([record.get(key) for key in PROCESS])


def _last_attempts(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    winners: dict[str, int] = {}
    for index, record in enumerate(records):
        if record.get("step") is None:
            winners[f"no step {index}"] = index
            continue
        mark = repr([record.get(key) for key in ("run", "rank", "step")])
        rival = records[winners[mark]] if mark in winners else record
        if _attempt(record) >= _attempt(rival):
            winners[mark] = index
    return [records[index] for index in sorted(winners.values())]


def _attempt(record: dict[str, Any]) -> float:
    attempt = record.get("attempt")
    return attempt if isinstance(attempt, (int, float)) else -1
