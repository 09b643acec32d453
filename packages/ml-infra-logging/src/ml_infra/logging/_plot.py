"""Metrics as a picture, without touching matplotlib's global state."""

from __future__ import annotations

import re
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

    from .reading import Log


def draw(
    metrics: Log,
    names: tuple[str, ...],
    path: str | os.PathLike[str] | None,
    attempts: str,
) -> Any:
    """Return a figure of `names` over the step, a line per name, run, rank, attempt."""
    lines = _lines(metrics, names, attempts)
    if not lines:
        raise ValueError(
            f"names must be metrics with numbers in this log, got {list(names)!r}"
        )
    try:
        matplotlib = import_module("matplotlib.figure")
    except ImportError as error:
        raise ImportError(
            "plot needs matplotlib: pip install 'ml-infra-logging[plot]'"
        ) from error
    figure = matplotlib.Figure(layout="constrained")
    axes = figure.subplots()
    for label, points in lines.items():
        axes.plot(
            [step for step, _ in points],
            [value for _, value in points],
            marker="." if len(points) < 50 else None,
            label=label,
        )
    axes.set_xlabel("step")
    axes.set_ylabel(", ".join(names))
    if len(lines) > 1:
        axes.legend()
    if path is not None:
        figure.savefig(path)
    return figure


def _lines(
    metrics: Log, names: tuple[str, ...], attempts: str
) -> dict[str, list[tuple[float, float]]]:
    """Return points per label; a record without a step stands at its own number."""
    parts = ("run", "rank", "attempt") if attempts == "all" else ("run", "rank")
    shown = [part for part in parts if len({str(r.get(part)) for r in metrics}) > 1]
    lines: dict[str, list[tuple[float, float]]] = {}
    for name in names:
        here: dict[str, list[tuple[float, float]]] = {}
        for record in metrics:
            value = record.get(name)
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                continue
            label = " ".join([name, *(f"{part} {record.get(part)}" for part in shown)])
            points = here.setdefault(label, [])
            step = record.get("step")
            if not isinstance(step, (int, float)) or isinstance(step, bool):
                step = len(points)
            points.append((_finite(step), _finite(value)))
        lines |= {label: here[label] for label in sorted(here, key=_natural)}
    return {label: sorted(points, key=_step) for label, points in lines.items()}


def _natural(label: str) -> list[int | str]:
    """Sort rank 10 behind rank 9."""
    parts = re.split(r"([0-9]+)", label)
    return [int(part) if part.isdigit() else part for part in parts]


def _finite(value: float) -> float:
    """Return an integer no float can hold as infinity, which is a gap in the line."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _step(point: tuple[float, float]) -> float:
    return point[0]
