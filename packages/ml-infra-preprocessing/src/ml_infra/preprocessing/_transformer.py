"""What a fitted scaler does: to tables, to single rows, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._estimator import Estimator
from ._frames import Frame, open_frame
from ._groups import codes_of
from ._learning import in_rows
from ._naming import matching
from ._passes import BLOCK
from ._plans import Affine, Bounds, row_blocks
from ._rows import KINDS, SMALL, group_of_row, put_back, values_of_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ._vectors import Vector


class Transformer(Estimator):
    """
    Applies a plan to any container, and undoes it.

    A subclass says what to do about its state (`_plan`), and the same for one row of
    plain numbers (`_row`).
    """

    missing: str
    constant: str
    columns: Sequence[Any] | None
    by: Any

    n_features_in_: int
    feature_names_in_: NDArray[np.object_]
    columns_: list[Any]
    groups_: list[Any] | None
    cache_: dict[str, Any]

    _infinite = False  # whether infinities are values like others

    def _plan(self) -> Affine | Bounds:
        raise NotImplementedError

    def transform(self, X: Any) -> Any:
        """
        Apply what was learned.

        Args:
            X: A table of any kind `fit` takes, columns found by name in any order,
                others passed through untouched; or one row: a dict of numbers, or a
                flat list or tuple of them. Never written to.

        Returns:
            The same kind of table or row. A column is float64 unless it was a
            smaller float.

        Raises:
            KeyError: If a column is missing; with its nearest match.
            ValueError: As for `fit`, and for a group not seen in training.
            TypeError: If a value is not a real number.
        """
        self._check_fitted()
        if type(X) in KINDS:
            row = self._transform_row(X)
            if row is not None:
                return row
        elif type(X) is np.ndarray and 0 < X.size <= SMALL:
            made = self._transform_small(X)
            if made is not None:
                return made
        return self._transformed(open_frame(X), X)

    def _transformed(self, frame: Frame, X: Any) -> Any:
        """Return the frame that X was opened as, transformed."""
        with np.errstate(all="ignore"):
            result = self._transform_frame(frame)
        names = frame.names if frame.named else list(self.get_feature_names_out())
        return self._in_chosen_container(result, X, names)

    def inverse_transform(self, X: Any) -> Any:
        """
        Undo `transform`.

        Within a unit in the last place of the larger of value and center, and exact
        where `transform` gave the ends of a range. Takes and returns what `transform`
        does. A constant column comes back as its constant; what `OutlierClipper` cut
        off does not.
        """
        self._check_fitted()
        if type(X) in KINDS and values_of_row(self, X) is not None:
            return self.inverse_transform([X])[0]
        frame = open_frame(X)
        plan = self._plan_once()
        with np.errstate(all="ignore"):
            places = matching(self, frame)
            codes = codes_of(self, frame)
            vectors, results = {}, {}
            for j, place in enumerate(places):
                vector = vectors[place] = frame.vector(place)
                if vector.null is not None:
                    vector.settle(self.missing, infinite=self._infinite)
                if codes is not None:
                    self._refuse_unknown(plan.known[:, j], j, vector, codes)
                back = plan.inverse(vector.values, j, 0 if codes is None else codes)
                if not np.isfinite(np.add.reduce(back)):
                    vector.settle(self.missing, infinite=self._infinite)
                results[place] = back.astype(vector.dtype, copy=False)
            return frame.rebuild(results, vectors)

    def _transform_frame(self, frame: Frame) -> Any:
        plan = self._plan_once()
        places = matching(self, frame)
        codes = codes_of(self, frame)
        matrix = in_rows(frame, places) if codes is None else None
        if matrix is not None and places == list(range(len(places))):
            return self._transform_matrix(frame, matrix)
        results: dict[int, NDArray[Any]] = {}
        vectors = {}
        whole: NDArray[Any] | None = None
        if frame.matrix is not None:
            whole = np.empty(frame.matrix.shape, frame.dtype, order=_order(frame))
            if len(places) < len(frame.names):
                whole[...] = frame.matrix
        for j, place in enumerate(places):
            vector = vectors[place] = frame.vector(place)
            if vector.null is not None:
                vector.settle(self.missing, infinite=self._infinite)
            out = (
                np.empty(frame.rows, vector.dtype) if whole is None else whole[:, place]
            )
            if codes is None:
                total = plan.column(0, j, vector, out)
            else:
                self._refuse_unknown(plan.known[:, j], j, vector, codes)
                total = plan.grouped(j, vector.values, codes, out)
            if not np.isfinite(total):
                vector.settle(self.missing, infinite=self._infinite)
            results[place] = out
        if whole is not None and frame.finish is not None:
            return frame.finish(whole)
        return frame.rebuild(results, vectors)

    def _refuse_columns(self, which: Any, problem: str) -> None:
        """Raise ValueError naming the first of these (groups, columns), if any."""
        if which.any():
            group, j = (int(i) for i in np.argwhere(which)[0])
            where = f"column {self.columns_[j]!r}"
            if self.groups_ is not None:
                where += f" in group {self.groups_[group]!r}"
            more = int(which.sum()) - 1
            others = f" (and {more} more)" if more else ""
            raise ValueError(f"{where}{others}: {problem}")

    def _refuse_unknown(
        self, known: NDArray[np.bool_], j: int, vector: Vector, codes: NDArray[np.intp]
    ) -> None:
        """Raise ValueError for a value in a group of which none was ever learned."""
        if known.all():
            return
        lost = ~known.take(codes)
        if vector.null is not None:
            lost &= ~vector.null
        if vector.values.dtype.kind == "f":
            lost &= ~np.isnan(vector.values)
        which = np.zeros((len(known), len(self.columns_)), np.bool_)
        which[codes[lost], j] = True
        self._refuse_columns(which, "training had no values of it to learn from")

    def _transform_matrix(self, frame: Frame, matrix: NDArray[Any]) -> Any:
        plan = self._plan_once()
        result = np.empty(matrix.shape, frame.dtype)
        total = 0.0
        for first, block, repeat in row_blocks(matrix, matrix.shape[1], BLOCK):
            last = first + len(block) * repeat
            target = result[first:last].reshape(block.shape)
            plan.matrix(block, target, repeat)
            total += float(np.add.reduce(target, axis=None, dtype=np.float64))
        if not np.isfinite(total):
            for place in range(matrix.shape[1]):
                frame.vector(place).settle(self.missing, infinite=self._infinite)
        return frame.finish(result) if frame.finish else result

    # --- one row --------------------------------------------------------------

    def _transform_small(self, X: NDArray[Any]) -> NDArray[Any] | None:
        """Transform a few rows in plain Python, to the same bits; None if it cannot."""
        if X.dtype != np.float64 or X.ndim != 2 or self.groups_ is not None:
            return None
        every = len(self.columns_) == X.shape[1] == self.n_features_in_
        if not every or self.columns is not None or self._chosen_container():
            return None
        plan = self._plan_of_rows()[0]
        if plan is None:
            return None
        rows = [self._row(row, plan) for row in X.tolist()]
        return None if None in rows else np.array(rows)

    def _transform_row(self, X: Any) -> Any:
        values = values_of_row(self, X)
        if values is None:
            return None
        group = group_of_row(self, X)
        rows = self._plan_of_rows()
        made = self._row(values, rows[group]) if rows[group] is not None else None
        if made is not None:
            return put_back(self, X, made)
        # Not finite, or units and sizes that the arrays take care of.
        with np.errstate(all="ignore"):
            return self._transform_frame(open_frame([X]))[0]

    def _plan_of_rows(self) -> list[Any]:
        rows: list[Any] | None = self.cache_.get("rows")
        if rows is None:
            plan = self._plan_once()
            rows = [plan.row(place) for place in range(len(self.groups_ or [0]))]
            self.cache_["rows"] = rows
        return rows

    def _row(self, values: list[Any], plan: Any) -> list[float] | None:
        """Transform plain numbers; None hands over to the arrays."""
        raise NotImplementedError

    def _plan_once(self) -> Affine | Bounds:
        plan = self.cache_.get("plan")
        if plan is None:
            with np.errstate(all="ignore"):
                plan = self.cache_["plan"] = self._plan()
        found: Affine | Bounds = plan
        return found


def _order(frame: Frame) -> Any:
    matrix = frame.matrix
    flat = matrix is not None and abs(matrix.strides[0]) <= matrix.itemsize
    return "F" if flat else "C"
