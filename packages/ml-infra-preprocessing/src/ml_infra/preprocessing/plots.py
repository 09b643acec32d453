"""Pictures of drift; needs the extra: pip install "ml-infra-preprocessing[plot]"."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ._report import shown
from .profiles import Profile

if TYPE_CHECKING:
    from ._column_profile import ColumnProfile
    from .drift import Drift

__all__ = ["plot_column", "plot_drift"]

_COLORS = {"drift": "tab:red", "stable": "tab:green", "unknown": "tab:gray"}
_BARS = 20


def plot_column(reference: Any, current: Any, column: Any, *, ax: Any = None) -> Any:
    """
    Draw one column of the reference beside the same of the current data.

    Args:
        reference: A table, or a `Profile` of it.
        current: The same.
        column: Its name. Numbers are drawn as distribution functions, categories as
            bars of the most frequent.
        ax: Matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes.

    Raises:
        ImportError: If matplotlib is not installed.
        KeyError: If a table lacks the column.
        ValueError: If there is nothing to draw, or more labels than were counted.
    """
    ax = _axes(ax)
    pair = []
    for data in (reference, current):
        profile = data if isinstance(data, Profile) else Profile.of(data)
        pair.append(profile[column])
    if not all(one.count for one in pair):
        raise ValueError(f"column {shown(column)}: no values to draw")
    if all(one.is_numeric for one in pair):
        for one, name in zip(pair, ("reference", "current"), strict=True):
            levels = np.linspace(0, 1, 201)
            ax.plot(one.histogram.quantiles(levels), levels, label=name)
        ax.set_ylabel("share of values at or below")
    else:
        _draw_labels(pair, ax)
    ax.set_title(shown(column))
    ax.legend()
    return ax


def plot_drift(result: Drift, *, ax: Any = None) -> Any:
    """
    Draw the largest effect of every column, as a multiple of its floor.

    Args:
        result: What `drift` returned.
        ax: Matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes. Bars that pass the line reach their floor; colours are verdicts.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    ax = _axes(ax)
    columns = list(result.columns.values())
    sizes = [
        max((t.effect / t.floor for t in one.tests.values() if t.floor), default=0.0)
        for one in columns
    ]
    places = np.arange(len(columns))
    ax.barh(places, sizes, color=[_COLORS[one.verdict] for one in columns])
    ax.set_yticks(places, [_name(one.name) for one in columns])
    ax.invert_yaxis()
    ax.axvline(1.0, color="black", linewidth=1)
    ax.set_xlabel("largest effect, in multiples of its floor")
    ax.set_title(f"drift: {result.verdict}")
    return ax


def _draw_labels(pair: list[ColumnProfile], ax: Any) -> None:
    counts = [one.labels for one in pair]
    if counts[0] is None or counts[1] is None:
        raise ValueError("more labels than were counted one by one")
    both = {label: counts[0].get(label, 0) + counts[1].get(label, 0)
            for label in {*counts[0], *counts[1]}}  # fmt: skip
    names = sorted(both, key=lambda label: (-both[label], str(label)))[:_BARS]
    places = np.arange(len(names))
    for at, (own, name) in enumerate(
        zip(counts, ("reference", "current"), strict=True)
    ):
        total = sum(own.values()) if own else 1
        shares = [own.get(label, 0) / total if own else 0.0 for label in names]
        ax.bar(places + (at - 0.5) * 0.4, shares, width=0.4, label=name)
    ax.set_xticks(places, [_name(label) for label in names], rotation=45, ha="right")
    ax.set_ylabel("share of values")


def _name(label: Any) -> str:
    # A dollar sign would start mathematics, and hostile names could break the figure.
    return shown(label).strip("'").replace("$", r"\$")


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    try:
        figure = import_module("matplotlib.figure")
    except ImportError as error:
        raise ImportError(
            'plots need matplotlib: pip install "ml-infra-preprocessing[plot]"'
        ) from error
    # A Figure of its own: no window, no global state of pyplot.
    return figure.Figure(layout="constrained").add_subplot()
