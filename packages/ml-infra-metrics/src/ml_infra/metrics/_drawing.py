"""What the plots share: axes, titles, and which points of a curve can be seen."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._arrays import FloatArray
    from ._inputs import Missing
    from .intervals import Interval

_GRID = 2000  # points closer than this fraction of the axis cannot be told apart


def drawn_on(ax: Any) -> Any:
    """Return the Axes, or those of a new figure; needs matplotlib for these only."""
    if ax is not None:
        return ax
    try:
        plt: Any = import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ImportError(
            'plots need matplotlib; pip install "ml-infra-metrics[plot]"'
        ) from error
    return plt.subplots(layout="constrained")[1]


def refuse_rows(labels: Any, weights: Any, positive: Any, missing: Missing) -> None:
    """Raise TypeError for options about rows, which a state has counted already."""
    given = {
        "labels": labels is not None,
        "weights": weights is not None,
        "positive": positive != 1,
        "missing": missing != "raise",
    }
    if any(given.values()):
        names = ", ".join(name for name in given if given[name])
        raise TypeError(
            f"a Scores state has counted its rows already; pass {names} to its update "
            "or constructor instead"
        )


def visible(x: FloatArray, y: FloatArray) -> NDArray[np.intp]:
    """Return the places of points that differ visibly from the one before."""
    moved = np.diff(np.floor(x * _GRID)) != 0
    moved |= np.diff(np.floor(y * _GRID)) != 0
    keep = np.append(True, moved)  # the first of each run ...
    keep[:-1] |= moved  # ... and the last, so that corners stay where they are
    keep[-1] = True
    return np.flatnonzero(keep)


def titled(name: str | None, metric: str, interval: Interval) -> str:
    """Return a line of a legend: who, which metric, and its interval."""
    return f"{name + ': ' if name else ''}{metric} {interval}"
