"""One row at a time: the same map as for tables, in plain Python, in microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import numpy as np

from ._elements import shown
from ._naming import check_names, place_of_group, wrong_width
from ._vectors import open_vector

SMALL = 64  # values of an array up to which a Python loop beats NumPy's start-up
KINDS = frozenset((dict, list, tuple))  # of containers that may be a row

_PLAIN = frozenset((float, int, bool))


def values_of_row(scaler: Any, X: Any) -> list[Any] | None:
    """Return the values of the learned columns as numbers; None if X is a table."""
    if type(X) is dict:
        try:
            values = [X[name] for name in scaler.columns_]
        except KeyError:
            if any(_is_column(value) for value in X.values()):
                return None
            check_names(list(X), scaler.columns_)
            raise
    else:
        if not X or isinstance(X[0], (list, tuple, Mapping, np.ndarray)):
            return None
        if len(X) != scaler.n_features_in_:
            raise wrong_width(scaler, len(X))
        values = [X[place] for place in _places(scaler)]
    if _PLAIN.issuperset(map(type, values)):
        return values
    if any(_is_column(value) for value in values):
        return None
    return [
        _number(value, f"column {name!r}", scaler.missing)
        for name, value in zip(scaler.columns_, values, strict=True)
    ]


def _number(value: Any, name: str, missing: str) -> Any:
    vector = open_vector([value], name)
    if vector.null is None:
        return vector.values[0].item()
    vector.settle(missing)
    return nan


def _is_column(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes))


def _names(scaler: Any) -> list[Any]:
    return list(getattr(scaler, "feature_names_in_", range(scaler.n_features_in_)))


def _places(scaler: Any) -> list[int]:
    places: list[int] | None = scaler.cache_.get("places")
    if places is None:
        names = _names(scaler)
        places = scaler.cache_["places"] = [names.index(n) for n in scaler.columns_]
    return places


def group_of_row(scaler: Any, X: Any) -> int:
    """Return the row of the state that this row's group has; 0 without groups."""
    if scaler.groups_ is None:
        return 0
    places = scaler.cache_.get("groups")
    if places is None:
        places = {key: i for i, key in enumerate(scaler.groups_)}
        scaler.cache_["groups"] = places
    names = list(X) if type(X) is dict else _names(scaler)
    place = place_of_group(names, scaler.by)
    key = X[scaler.by] if type(X) is dict else X[place]
    try:
        found: int = places[key]
    except (KeyError, TypeError):
        raise ValueError(
            f"by={scaler.by!r}: the group {shown(key)} was not seen in training"
        ) from None
    return found


def put_back(scaler: Any, X: Any, made: list[float]) -> Any:
    """Return a row like X with the learned columns replaced."""
    if type(X) is dict:
        copied = X.copy()
        copied.update(zip(scaler.columns_, made))  # noqa: B905 -- hot, same length
        return copied
    if len(made) < len(X) or scaler.columns is not None:
        row = list(X)
        for place, value in zip(_places(scaler), made, strict=True):
            row[place] = value
        made = row
    return made if type(X) is list else tuple(made)


def affine_row(values: list[Any], plan: Any) -> list[float] | None:
    """Return ((x - center) - rest) / scale; None if that is not all finite."""
    centers, rests, scales = plan
    try:
        if rests:
            made = [
                ((x - center) - rest) / scale
                for x, center, rest, scale in zip(  # noqa: B905 -- hot, same length
                    values, centers, rests, scales
                )
            ]
        else:
            made = [
                (x - center) / scale
                for x, center, scale in zip(values, centers, scales)  # noqa: B905 -- hot
            ]
    except OverflowError:  # an integer beyond every float
        return None
    total = sum(made)
    return made if total - total == 0.0 else None
