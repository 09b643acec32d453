"""
The two-dimensional door: rows and columns in, the same kind of table out.

A `Frame` knows the names of its columns, opens one column at a time as a `Vector`, and
builds the same kind of table again with some columns replaced; the others pass through
untouched. Arrays of one dtype also offer themselves whole, as `matrix`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._elements import in_doubles, shown
from ._vectors import open_vector, result_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._groups import Codes
    from ._vectors import Vector


class Frame:
    """
    A table of any kind.

    Attributes:
        names: Of all columns, in order; 0, 1, ... for arrays and lists of rows.
        named: Whether the names are the user's own.
        rows: Number of rows.
        matrix: The numbers as one array of shape (rows, columns), where the table is
            one; else None.
        encoded: The groups of the rows, once they were asked for.
    """

    def __init__(
        self,
        names: list[Any],
        rows: int,
        column: Callable[[int], Any],
        build: Callable[[dict[int, Any]], Any],
        *,
        named: bool = True,
        matrix: NDArray[Any] | None = None,
        finish: Callable[[NDArray[Any]], Any] | None = None,
    ) -> None:
        self.names = names
        self.named = named
        self.rows = rows
        self.matrix = None if matrix is None else in_doubles(matrix, "X")
        self.column = column
        self.build = build
        self.finish = finish
        self.encoded: Codes | None = None

    def vector(self, place: int) -> Vector:
        """Open one column; errors call it by its name."""
        return open_vector(self.column(place), f"column {self.names[place]!r}")

    def vectors(self, places: Sequence[int]) -> Iterator[Vector]:
        """
        Open several columns, each in one piece where that is faster to read.

        A row of a matrix in C order lies in few cache lines: eight columns copied at
        once cost little more than one. The next eight take the same memory, so read a
        column before asking for another.
        """
        matrix = self.matrix
        if matrix is None or abs(matrix.strides[0]) <= matrix.itemsize:
            yield from map(self.vector, places)
            return
        space = np.empty(
            (min(8, len(places)), self.rows), matrix.dtype.newbyteorder("=")
        )
        for start in range(0, len(places), 8):
            group = list(places[start : start + 8])
            whole = group == list(range(group[0], group[0] + len(group)))
            columns = matrix[:, group[0] : group[-1] + 1] if whole else matrix[:, group]
            for first in range(0, self.rows, 1024):
                rows = slice(first, first + 1024)
                space[: len(group), rows] = columns[rows].T
            for place, column in zip(group, space):  # noqa: B905 -- maybe fewer than 8
                yield open_vector(column, f"column {self.names[place]!r}")

    @property
    def dtype(self) -> np.dtype[Any]:
        """Floating dtype of the result where the table is a matrix."""
        return result_dtype(self.matrix) if self.matrix is not None else np.dtype(float)

    def rebuild(self, results: dict[int, NDArray[Any]], vectors: Any) -> Any:
        """Return a table of the same kind with these columns replaced."""
        if self.finish is not None and self.matrix is not None:
            whole = np.array(self.matrix, dtype=self.dtype, order="K")
            for place, result in results.items():
                whole[:, place] = result
            return self.finish(whole)
        wrapped = {p: vectors[p].wrap(result) for p, result in results.items()}
        return self.build(wrapped)


def open_frame(data: Any) -> Frame:
    """
    Recognise a table.

    Raises:
        TypeError: If `data` is no kind of table this library takes.
        ValueError: If an array does not have two dimensions.
    """
    if isinstance(data, np.ndarray):
        return _from_ndarray(data, lambda whole: whole)
    if isinstance(data, Mapping):
        return _from_dict(data)
    if isinstance(data, (list, tuple)):
        return _from_rows(data)
    for library, opener in _OPENERS.items():
        module = sys.modules.get(library)
        frame = opener(module, data) if module is not None else None
        if frame is not None:
            return frame
    if "toarray" in dir(data):  # SciPy's sparse formats
        raise TypeError(
            f"X: sparse {type(data).__name__} is not supported; "
            "centring would fill it, pass X.toarray()"
        )
    if hasattr(data, "__array__"):
        return _from_ndarray(np.asarray(data), lambda whole: whole)
    if hasattr(data, "__dlpack__"):
        return _from_ndarray(np.from_dlpack(data), lambda whole: whole)
    raise TypeError(
        "X: expected a two-dimensional array, a list of rows, a dict of columns or a "
        f"pandas, polars or pyarrow table, got {type(data).__name__}"
    )


def _from_ndarray(data: NDArray[Any], finish: Callable[[NDArray[Any]], Any]) -> Frame:
    if data.ndim != 2:
        raise ValueError(
            f"X: expected a 2D array (rows, columns), got shape {data.shape}. Reshape "
            "your data with X.reshape(-1, 1) for one column or (1, -1) for one row, or "
            "use normalize, standardize, robust_scale or clip_outliers"
        )
    names: list[Any] = list(range(data.shape[1]))
    mask = np.ma.getmaskarray(data) if isinstance(data, np.ma.MaskedArray) else None
    if mask is None:
        data = np.asarray(data)
    if data.dtype.kind not in "biuf" or mask is not None:
        if data.dtype.kind == "c":
            raise ValueError(f"X: Complex data not supported, got {data.dtype}")

        def build(columns: dict[int, Any]) -> Any:
            if mask is None and len(columns) == len(names):
                return np.stack(list(columns.values()), axis=1)
            stacked = [columns.get(p, data[:, p]) for p in range(len(names))]
            whole = np.ma.stack if mask is not None else np.stack
            return whole(stacked, axis=1)

        return Frame(names, len(data), lambda p: data[:, p], build, named=False)
    return Frame(
        names,
        len(data),
        lambda p: data[:, p],
        lambda columns: columns,
        named=False,
        matrix=data,
        finish=finish,
    )


def _from_dict(data: Mapping[Any, Any]) -> Frame:
    names = list(data)
    columns = list(data.values())
    for name, column in zip(names, columns, strict=True):
        if not hasattr(column, "__len__") or isinstance(column, (str, bytes)):
            raise TypeError(
                f"X: expected a list or an array for column {name!r}, got "
                f"{shown(column)}; a dict of plain numbers is one row, which fit "
                "does not take"
            )
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise ValueError(f"X: columns have different lengths: {sorted(lengths)}")

    def build(replaced: dict[int, Any]) -> dict[Any, Any]:
        return {
            n: replaced.get(p, c)
            for p, (n, c) in enumerate(zip(names, columns, strict=True))
        }

    return Frame(names, lengths.pop() if lengths else 0, columns.__getitem__, build)


def _from_rows(data: Any) -> Frame:
    """Read a list of rows: sequences of one length, or dicts with the same keys."""
    whole = type(data) if type(data) in (list, tuple) else list
    rows = list(data)
    if rows and all(isinstance(row, Mapping) for row in rows):
        return _from_records(rows, whole)
    for position, row in enumerate(rows):
        if not isinstance(row, (list, tuple, np.ndarray)):
            raise ValueError(  # noqa: TRY004 -- the shape is wrong, as for arrays
                f"X: expected a 2D list of rows, got {shown(row)} at position "
                f"{position}. Reshape your data: [[x] for x in X] is one column, "
                "[X] one row"
            )
        if len(row) != len(rows[0]):
            raise ValueError(
                f"X: expected {len(rows[0])} values in every row as in the first, "
                f"got {len(row)} in row {position}"
            )
    width = len(rows[0]) if rows else 0
    kinds = [type(row) if type(row) is tuple else list for row in rows]

    def build(replaced: dict[int, Any]) -> Any:
        columns = [
            replaced[p] if p in replaced else [row[p] for row in rows]
            for p in range(width)
        ]
        lines = zip(*columns, strict=True)
        return whole(kind(line) for kind, line in zip(kinds, lines, strict=True))

    return Frame(
        list(range(width)), len(rows), lambda p: [r[p] for r in rows], build,
        named=False,
    )  # fmt: skip


def _from_records(rows: list[Mapping[Any, Any]], whole: Any) -> Frame:
    names = list(rows[0])
    for position, row in enumerate(rows):
        absent = [name for name in names if name not in row]
        if absent:
            raise KeyError(f"X: row {position} lacks {absent}, which the first row has")

    def build(replaced: dict[int, Any]) -> Any:
        made = [dict(row) for row in rows]
        for place, column in replaced.items():
            for row, value in zip(made, column, strict=True):
                row[names[place]] = value
        return whole(made)

    return Frame(names, len(rows), lambda p: [row[names[p]] for row in rows], build)


def _from_pandas(pandas: Any, data: Any) -> Frame | None:
    if not isinstance(data, pandas.DataFrame):
        if isinstance(data, pandas.Series):
            raise ValueError(  # noqa: TRY004 -- the shape is wrong, as for arrays
                "X: expected a 2D table, got a Series. Reshape your data with "
                "X.to_frame(), or use normalize and its siblings"
            )
        return None
    names = list(data.columns)

    def build(replaced: dict[int, Any]) -> Any:
        made = pandas.DataFrame(
            {p: replaced.get(p, data.iloc[:, p]) for p in range(len(names))},
            index=data.index,
            copy=False,
        )
        made.columns = data.columns
        return made

    kinds = set(data.dtypes)
    plain = kinds.pop() if len(kinds) == 1 else None
    if not isinstance(plain, np.dtype) or plain.kind not in "biuf":
        return Frame(names, len(data), lambda p: data.iloc[:, p], build)
    return Frame(
        names,
        len(data),
        lambda p: data.iloc[:, p],
        build,
        matrix=data.to_numpy(),
        finish=lambda whole: pandas.DataFrame(
            whole, index=data.index, columns=data.columns, copy=False
        ),
    )


def _from_polars(polars: Any, data: Any) -> Frame | None:
    if isinstance(data, (polars.LazyFrame, polars.Series)):
        way = "collect()" if isinstance(data, polars.LazyFrame) else "to_frame()"
        raise TypeError(f"X: got a {type(data).__name__}; call {way} first")
    if not isinstance(data, polars.DataFrame):
        return None
    columns = data.get_columns()
    return Frame(
        data.columns,
        data.height,
        columns.__getitem__,
        lambda replaced: data.with_columns(list(replaced.values())),
    )


def _from_pyarrow(pyarrow: Any, data: Any) -> Frame | None:
    if not isinstance(data, (pyarrow.Table, pyarrow.RecordBatch)):
        return None
    names = data.schema.names

    def build(replaced: dict[int, Any]) -> Any:
        columns = [replaced.get(p, data.column(p)) for p in range(len(names))]
        made = [
            field.with_type(column.type)
            for field, column in zip(data.schema, columns, strict=True)
        ]
        schema = pyarrow.schema(made, metadata=data.schema.metadata)
        return type(data).from_arrays(columns, schema=schema)

    return Frame(names, data.num_rows, data.column, build)


def _from_torch(torch: Any, data: Any) -> Frame | None:
    if not isinstance(data, torch.Tensor):
        return None
    if data.device.type != "cpu" or data.layout != torch.strided:
        raise TypeError(
            f"X: expected a dense CPU tensor, got {data.layout} on {data.device}"
        )
    if data.ndim == 2 and data.dtype != torch.bfloat16:
        return _from_ndarray(data.detach().resolve_neg().numpy(), torch.from_numpy)
    if data.ndim == 2:
        plain = data.detach().float().numpy()
        return _from_ndarray(plain, lambda whole: torch.from_numpy(whole).bfloat16())
    return _from_ndarray(np.empty(tuple(data.shape)), torch.from_numpy)


_OPENERS: dict[str, Callable[[Any, Any], Frame | None]] = {
    "pandas": _from_pandas,
    "polars": _from_polars,
    "pyarrow": _from_pyarrow,
    "torch": _from_torch,
}
