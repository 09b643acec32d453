# ruff: noqa: SLF001 -- saving is the own business of a scaler, in a room of its own
"""Fitted scalers as strict JSON, and back; nothing that was saved is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._estimator import settings_of
from ._state import StateError, expect_format, read_json

FORMAT = "ml_infra.scaler"
VERSION = 1


def settings(scaler: Any) -> dict[str, Any]:
    """Return the constructor's arguments as types that JSON knows."""
    return {name: _plain(value) for name, value in scaler.get_params().items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def to_dict(scaler: Any) -> dict[str, Any]:
    """Return settings and state as types that JSON knows."""
    names = getattr(scaler, "feature_names_in_", None)
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": type(scaler).__name__,
        "settings": settings(scaler),
        "columns": [_as_name(name) for name in scaler.columns_],
        "features": scaler.n_features_in_ if names is None else list(names),
        "groups": scaler.groups_,
        "state": scaler.state_.to_dict(),
    }


def _as_name(name: Any) -> str | int:
    name = _plain(name)
    if type(name) not in (str, int):
        raise TypeError(f"to_dict: column names must be text or integers, got {name!r}")
    found: str | int = name
    return found


def from_dict(cls: Any, state: Any) -> Any:
    """Restore a scaler; StateError for anything that `to_dict` does not write."""
    state = expect_format(state, FORMAT, VERSION)
    if state.get("kind") != cls.__name__:
        raise StateError(f"state: expected a {cls.__name__}, got {state.get('kind')!r}")
    made = _restored_settings(cls, state.get("settings"))
    columns = _names(state, "columns", (str, int))
    features, groups = state.get("features"), state.get("groups")
    if type(features) is int and len(columns) <= features < 2**31:
        made.n_features_in_ = features
    else:
        features = _names(state, "features", (str,))
        made.n_features_in_ = len(features)
        made.feature_names_in_ = np.array(features, dtype=object)
        if not set(columns) <= set(features):
            raise StateError("state: 'columns' must be among 'features'")
    if (groups is None) != (made.by is None):
        raise StateError("state: 'groups' and the setting 'by' contradict each other")
    if made.columns is not None and set(made.columns) != set(columns):
        raise StateError("state: the setting 'columns' must be those learned")
    if groups is not None:
        _names(state, "groups", (str, int, float, bool))
    arrays = state.get("state")
    if not isinstance(arrays, Mapping):
        raise StateError("state: 'state' must be an object")
    made.columns_, made.groups_, made.cache_ = list(columns), groups, {}
    made.state_ = cls._state_type.from_dict(
        arrays, 1 if groups is None else len(groups), len(columns)
    )
    made._check_state()
    return made


def _restored_settings(cls: Any, found: Any) -> Any:
    if not isinstance(found, Mapping) or set(found) != set(settings_of(cls)):
        raise StateError(f"state: settings must be {list(settings_of(cls))}")
    given = {
        name: tuple(value) if isinstance(value, list) and name != "columns" else value
        for name, value in found.items()
    }
    try:
        made = cls(**given)
        made._check_settings()
    except (TypeError, ValueError) as error:
        raise StateError(f"state: {error}") from error
    return made


def _names(state: Any, what: str, kinds: tuple[type, ...]) -> list[Any]:
    names = state.get(what)
    valid = isinstance(names, list) and all(type(name) in kinds for name in names)
    if not valid or len(set(names)) < len(names):
        raise StateError(f"state: {what!r} must be a list of different names")
    found: list[Any] = names
    return found


def to_json(scaler: Any) -> str:
    """Return `to_dict` as strict JSON; equal states give equal text."""
    return json.dumps(to_dict(scaler), allow_nan=False, separators=(",", ":"))


def from_json(cls: Any, text: str | bytes) -> Any:
    """Restore what `to_json` wrote."""
    return from_dict(cls, read_json(text))
