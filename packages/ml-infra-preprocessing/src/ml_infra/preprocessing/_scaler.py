"""The verbs that all scalers share: learn, merge, save."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _saving
from ._frames import Frame, open_frame
from ._groups import Codes, encoded
from ._naming import chosen, key_order, matching, place_of_group
from ._transformer import Transformer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from typing_extensions import Self


class Batch(NamedTuple):
    """What a scaler learns from: columns of a table, and the groups of its rows."""

    frame: Frame
    places: list[int]
    weights: Any
    exact: bool  # whether this is all of the data, so that percentiles are exact
    groups: Codes | None = None


class Scaler(Transformer):
    """
    Base of the scalers: names, groups, merging, containers, JSON.

    A subclass says what it learns from a batch (`_learn`), besides what a
    `Transformer` asks for. Its constructor stores its arguments as they are, so that
    scikit-learn can clone it.
    """

    state_: Any
    _state_type: Any

    # --- what subclasses define -----------------------------------------------

    def _check_settings(self) -> None:
        raise NotImplementedError

    def _learn(self, table: Batch) -> Any:
        raise NotImplementedError

    # --- learning -------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> Self:
        """
        Learn from a whole table, forgetting what was learned before.

        Args:
            X: Shape (rows, columns), rows >= 1: array, list of rows, dict of columns,
                or a pandas, polars or pyarrow table. Never written to.
            y: Ignored; pipelines pass it.

        Returns:
            This object.

        Raises:
            ValueError: If there are no rows, a column is constant and
                `constant="raise"`, a value is infinite, or values are missing and
                `missing="raise"`; the message names the column.
            TypeError: If a value is not a real number.
            KeyError: If one of `columns` is not there.
        """
        del y
        return self._fit(X, None)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """
        Learn from one more batch of rows; nothing is forgotten.

        Takes and raises what `fit` does, but a batch may be empty and a column
        constant so far. If it raises, nothing was learned. Returns this object.
        """
        del y
        return self._partial_fit(X, None)

    def _fit(self, X: Any, weights: Any) -> Self:
        self._check_settings()
        return self._fit_frame(open_frame(X), weights)

    def _fit_frame(self, frame: Frame, weights: Any) -> Self:
        if not frame.rows or not frame.names:
            raise ValueError(
                f"X: found array with {frame.rows} sample(s) and {len(frame.names)} "
                f"feature(s) (shape=({frame.rows}, {len(frame.names)})) while a "
                "minimum of 1 is required by " + type(self).__name__
            )
        fresh = type(self)(**self.get_params())
        fresh._learn_batch(frame, weights, exact=True)  # noqa: SLF001 -- own class
        fresh._plan_once()  # noqa: SLF001 -- own class; refuses constants now
        self._forget()
        self.__dict__.update(fresh.__dict__)
        return self

    def _partial_fit(self, X: Any, weights: Any) -> Self:
        self._check_settings()
        batch = type(self)(**self.get_params())
        frame = open_frame(X)
        if hasattr(self, "columns_"):
            batch.columns = [frame.names[p] for p in matching(self, frame)]
        batch._learn_batch(frame, weights, exact=False)  # noqa: SLF001 -- own class
        batch.columns = self.columns
        if hasattr(self, "columns_"):
            batch.columns_ = self.columns_
        learned = self.merge(batch) if hasattr(self, "columns_") else batch
        self._forget()
        self.__dict__.update(learned.__dict__)
        return self

    def _forget(self) -> None:
        for name in ("feature_names_in_", "cache_"):
            self.__dict__.pop(name, None)

    def _learn_batch(self, frame: Frame, weights: Any, *, exact: bool) -> None:
        places = chosen(frame, self.columns, self.by)
        self.columns_: list[Any] = [frame.names[p] for p in places]
        self.n_features_in_: int = len(frame.names)
        if frame.named and all(isinstance(name, str) for name in frame.names):
            self.feature_names_in_: NDArray[np.object_] = np.array(
                frame.names, dtype=object
            )
        self.cache_: dict[str, Any] = {}
        self.groups_ = None
        with np.errstate(all="ignore"):
            if self.by is None:
                self.state_ = self._learn(Batch(frame, places, weights, exact))
                return
            by = place_of_group(frame.names, self.by)
            groups = encoded(frame, by, self.by)
            self.state_ = self._learn(Batch(frame, places, weights, exact, groups))
            self.groups_ = groups.keys

    def merge(self, other: Self) -> Self:
        """
        Return a new scaler that learned from the data of both; neither changes.

        Raises:
            TypeError: If the other is another kind of scaler.
            ValueError: If settings or columns differ.
        """
        if type(other) is not type(self):
            raise TypeError(
                f"merge: expected a {type(self).__name__}, got {type(other).__name__}"
            )
        mine, theirs = _saving.settings(self), _saving.settings(other)
        differing = [name for name in mine if mine[name] != theirs[name]]
        if differing:
            name = differing[0]
            raise ValueError(
                f"merge: {name} differs, {mine[name]!r} and {theirs[name]!r}"
            )
        if not hasattr(other, "columns_") or not hasattr(self, "columns_"):
            return copy.copy(self if hasattr(self, "columns_") else other)
        if set(self.columns_) != set(other.columns_):
            raise ValueError(
                f"merge: columns differ, {self.columns_} and {other.columns_}"
            )
        theirs_state = other.state_
        if self.columns_ != other.columns_:
            order = [other.columns_.index(name) for name in self.columns_]
            theirs_state = theirs_state.reordered(order)
        made = copy.copy(self)
        made.cache_ = {}
        mine_state = self.state_
        if self.groups_ is not None and other.groups_ is not None:
            keys = sorted({*self.groups_, *other.groups_}, key=key_order)
            place = {key: i for i, key in enumerate(keys)}
            made.groups_ = keys
            mine_state = mine_state.spread([place[k] for k in self.groups_], len(keys))
            theirs_state = theirs_state.spread(
                [place[k] for k in other.groups_], len(keys)
            )
        made.state_ = mine_state.merged(theirs_state)
        return made

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit to a table and return it transformed."""
        del y
        self._check_settings()
        frame = open_frame(X)
        self._fit_frame(frame, None)
        return self._transformed(frame, X)

    def _learned(self, read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return what is read from the state, one number a column and group."""
        self._check_fitted()
        with np.errstate(all="ignore"):
            values = read()
        return values[0] if self.groups_ is None else values

    def _check_state(self) -> None:
        """Raise StateError if a restored state lacks what its settings need."""

    # --- saving ---------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """
        Return settings and state as types that JSON knows.

        Raises:
            TypeError: If a column's name is neither text nor integer.
        """
        self._check_fitted()
        return _saving.to_dict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """
        Restore what `to_dict` wrote.

        Raises:
            ValueError: If it is another kind of state, from a newer version, or
                contradicts itself.
        """
        made: Self = _saving.from_dict(cls, state)
        return made

    def to_json(self) -> str:
        """Return `to_dict` as strict JSON; equal states give equal text."""
        self._check_fitted()
        return _saving.to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Restore what `to_json` wrote; ValueError as for `from_dict`."""
        made: Self = _saving.from_json(cls, text)
        return made

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        if not hasattr(self, "columns_") or not hasattr(other, "columns_"):
            mine, theirs = hasattr(self, "columns_"), hasattr(other, "columns_")
            return mine == theirs and _saving.settings(self) == _saving.settings(other)
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        # The same for all of a kind, as equal ones must agree and fit changes state:
        # scikit-learn's ColumnTransformer keeps transformers in a set.
        return hash(type(self))
