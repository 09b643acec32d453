"""The durations recorded in this process, by name."""

from __future__ import annotations

import os

from ._histogram import Histogram, check, merged, renew_lock
from ._units import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._device import DeviceTimes
    from ._dicts import HistogramDict, Snapshot
    from ._summary import Summary

_VERSION = 1
_COLUMNS = ("count", "errors", "total", "mean", "min", "p50", "p95", "p99", "max")


class Timings:
    """
    What the timers of this process have recorded; use the one object `timings`.

    Attributes:
        enabled: False switches every timer off: nothing is recorded or printed, and a
            decorated function costs one more call; an async generator, which cannot
            hand over to another, one more step per item. Default True.

    Each name takes less than 100 KB however many calls there are. A forked child
    begins with none of its parent's durations, so that their snapshots merge.
    """

    enabled: bool

    def __init__(self) -> None:
        self.enabled = True
        self._histograms: dict[str, Histogram] = {}
        self._devices: dict[str, DeviceTimes] = {}

    def __reduce__(self) -> str:
        return "timings"  # a pickled function records where it then runs

    def __repr__(self) -> str:
        names = ", ".join(map(repr, sorted(self._histograms))) or "nothing yet"
        return f"<timings of {names}; see timings.report()>"

    def get(self, name: str, snapshot: Snapshot | None = None) -> Summary:
        """
        Return count, errors, total, mean, min, max, p50, p95 and p99, in seconds.

        Args:
            name: The timer's name. Of a generator it is the time it was active;
                `"name:held"` is the time its consumer held it, `"name:first"` the
                time to the first item. `"name:device"` is the time on a device.
            snapshot: Look there, for example in what `merge` returned, instead of in
                this process.

        Raises:
            KeyError: If there is no such name; the message lists those there are.
        """
        from ._summary import summary

        if not isinstance(name, str):
            raise TypeError(f"name must be a str, got {name!r}")
        states = self.snapshot()["timings"] if snapshot is None else _states(snapshot)
        if name not in states:
            known = ", ".join(map(repr, sorted(states))) or "none"
            raise KeyError(f"no timings named {name!r}; there are: {known}")
        return summary(states[name])

    def snapshot(self) -> Snapshot:
        """Return everything recorded so far as plain data, ready for JSON."""
        for name, device in list(self._devices.items()):
            device.resolve(self.histogram(name))
        histograms = list(self._histograms.items())
        return {
            "version": _VERSION,
            "timings": {name: each.to_dict() for name, each in histograms},
        }

    @staticmethod
    def merge(*snapshots: Snapshot) -> Snapshot:
        """
        Return one snapshot with the durations of all, from processes or ranks.

        Exact, whatever the order and the grouping; of no snapshot it is empty.

        Raises:
            ValueError: If one is no snapshot of this version, or its figures cannot
                belong together.
        """
        parts = [_states(snapshot) for snapshot in snapshots]
        names = sorted({name for part in parts for name in part})
        return {
            "version": _VERSION,
            "timings": {
                name: merged([part[name] for part in parts if name in part])
                for name in names
            },
        }

    def report(self, snapshot: Snapshot | None = None) -> str:
        """Return a table of all names, the largest total first."""
        from ._summary import summary

        states = self.snapshot()["timings"] if snapshot is None else _states(snapshot)
        summaries = {name: summary(state) for name, state in states.items()}
        rows: list[tuple[str, ...]] = [("name", *_COLUMNS)]
        for name in sorted(summaries, key=lambda name: -summaries[name].total):
            figures = summaries[name]._asdict()
            cells = [_cell(column, figures[column]) for column in _COLUMNS]
            rows.append((name, *cells))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = []
        for name, *cells in rows:
            padded = [f"{c:>{w}}" for c, w in zip(cells, widths[1:], strict=True)]
            lines.append("  ".join([f"{name:<{widths[0]}}", *padded]))
        return "\n".join(lines)

    def reset(self) -> None:
        """Forget all durations."""
        for device in list(self._devices.values()):
            device.clear()
        for histogram in list(self._histograms.values()):
            histogram.clear()

    def histogram(self, name: str) -> Histogram:
        """Return where durations of `name` go; timers use it."""
        found = self._histograms.get(name)
        if found is None:
            found = self._histograms.setdefault(name, Histogram(name))
        return found

    def device(self, name: str) -> DeviceTimes:
        """Return where device times of `name` go; timers use it."""
        from ._device import DeviceTimes

        found = self._devices.get(name)
        if found is None:
            found = self._devices.setdefault(name, DeviceTimes())
        return found


timings: Timings = Timings()


def _start_anew() -> None:
    # What the parent recorded is in the parent's snapshot; merging must not see it
    # twice.
    renew_lock()
    timings.reset()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_start_anew)


def _states(snapshot: Snapshot) -> Mapping[str, HistogramDict]:
    version = snapshot.get("version") if isinstance(snapshot, dict) else None
    if version != _VERSION:
        raise ValueError(
            f"expected a snapshot of version {_VERSION}, as timings.snapshot() makes "
            f"it, got {version!r} in {type(snapshot).__name__}"
        )
    states = snapshot.get("timings")
    if not isinstance(states, dict):
        raise ValueError(f"a snapshot's timings must be a dict, got {states!r}")  # noqa: TRY004 - as above
    for name, state in states.items():
        problem = check(state)
        if problem:
            raise ValueError(
                f"the snapshot is damaged: {problem} in the timings of {name!r}"
            )
    return states


def _cell(column: str, value: float) -> str:
    if column in ("count", "errors"):
        return str(value)
    return "-" if value != value else duration(round(value * 1e9))  # noqa: PLR0124 - NaN
