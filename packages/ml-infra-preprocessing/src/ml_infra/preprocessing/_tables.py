"""The door for tables: every kind becomes names and NumPy columns, by need."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ._cells import Cells, Codes, cells_of_array, cells_of_objects
from ._series import READERS

Name = Any  # whatever the table calls its column: text nearly always
BATCH = 65_536  # single rows of an iterator gathered into one batch


class Table:
    """
    One batch: names of columns, number of rows, and the cells of a column by need.

    Only the columns that are asked for are converted, by `read`.
    """

    def __init__(
        self, names: list[Name], rows: int, columns: Sequence[Any],
        read: Callable[[Any], Cells] | None = None,
    ) -> None:  # fmt: skip
        self.names = names
        self.rows = rows
        self._columns = columns
        self._read = read or cells_of

    def cells(self, place: int) -> Cells:
        """Return the cells of the column at this position."""
        try:
            cells = self._read(self._columns[place])
        except TypeError as error:
            what = str(error).removeprefix("column: ")
            raise TypeError(f"column {self.names[place]!r}: {what}") from None
        if cells.size != self.rows:
            raise ValueError(
                f"column {self.names[place]!r}: expected {self.rows} rows like the "
                f"first column, got {cells.size}"
            )
        return cells

    def without(self, place: int) -> Table:
        """Return this batch without one column."""
        keep = [at for at in range(len(self.names)) if at != place]
        columns = [self.cells(at) for at in keep]
        return Table([self.names[at] for at in keep], self.rows, columns)

    def split(self, codes: Codes) -> Iterator[tuple[int, Codes]]:
        """Yield each distinct code with the rows that have it, in order."""
        order = np.argsort(codes, kind="stable")
        found, starts = np.unique(codes[order], return_index=True)
        yield from zip(found.tolist(), np.split(order, starts[1:]), strict=True)

    def take(self, rows: Codes) -> Table:
        """Return some rows of this batch."""
        columns = [self.cells(at).take(rows) for at in range(len(self.names))]
        return Table(self.names, len(rows), columns)


def cells_of(column: Any) -> Cells:
    """Return the cells of one column of any kind."""
    if isinstance(column, Cells):
        return column
    if isinstance(column, np.ndarray):
        return cells_of_array(column)
    if isinstance(column, (list, tuple, range)):
        return cells_of_objects(column)
    library = type(column).__module__.partition(".")[0]
    if library in READERS:
        if hasattr(column, "dtype") or hasattr(column, "type"):  # a frame has neither
            return READERS[library](column)
    elif hasattr(column, "__array__") or hasattr(column, "__dlpack__"):
        return cells_of_array(np.asarray(column))
    elif isinstance(column, Sequence) and not isinstance(column, (str, bytes)):
        return cells_of_objects(column)
    raise TypeError(
        f"column: expected a list, an array or a series, got {type(column).__name__}"
    )


def batches(data: Any) -> Iterator[Table]:
    """
    Yield the batches of a table, of a reader, or of an iterator of tables.

    Raises:
        TypeError: If `data` is none of the kinds this library takes.
    """
    if _is_lazy(data):
        data = _collected(data)
    reader = _class("pyarrow", "RecordBatchReader")
    if reader is not None and isinstance(data, reader):
        data = iter(data)
    several = isinstance(data, (list, tuple)) and data and not _is_row(data[0])
    if several or isinstance(data, Iterator):
        yield from _stream(iter(data))
    else:
        yield table_of(data)


def table_of(data: Any) -> Table:
    """Return one table of any kind that is complete in memory."""
    if isinstance(data, Mapping):
        columns = list(data.values())
        sized = [column for column in columns if hasattr(column, "__len__")]
        if len(sized) < len(columns) or any(isinstance(c, (str, bytes)) for c in sized):
            raise TypeError(
                "data: expected a list or an array for every column of the dict; "
                "for single rows pass a list of dicts"
            )
        return Table(list(data), len(columns[0]) if columns else 0, columns)
    if isinstance(data, np.ndarray):
        return _from_array(data)
    if isinstance(data, (list, tuple)) and all(_is_row(row) for row in data):
        names = list(dict.fromkeys(itertools.chain.from_iterable(data)))
        return Table(names, len(data), [[row.get(n) for row in data] for n in names])
    for library, kind, read in _FRAMES:
        frame = _class(library, kind)
        if frame is not None and isinstance(data, frame):
            return read(data)
    raise TypeError(
        "data: expected a dict of columns, a list of dicts, a structured or "
        "two-dimensional array, a pandas, polars or pyarrow table, or an iterator of "
        f"such batches, got {type(data).__name__}"
    )


def _stream(source: Iterator[Any]) -> Iterator[Table]:
    """Yield a table an item; single rows (dicts of values) are gathered first."""
    for first in source:
        if not (_is_row(first) and not _has_columns(first)):
            yield table_of(first)
            continue
        rows = [first, *itertools.islice(source, BATCH - 1)]
        yield table_of(rows)


def _is_row(one: Any) -> bool:
    return isinstance(one, Mapping)


def _has_columns(one: Mapping[Any, Any]) -> bool:
    """Whether a dict holds columns rather than the values of a single row."""
    return any(
        hasattr(value, "__len__") and not isinstance(value, (str, bytes))
        for value in one.values()
    )


def _from_array(array: np.ndarray[Any, Any]) -> Table:
    if array.dtype.names:
        flat = array.reshape(-1)
        names = list(array.dtype.names)
        return Table(names, flat.size, [flat[name] for name in names])
    if array.ndim != 2:
        raise TypeError(
            "data: expected a structured or two-dimensional array, got shape "
            f"{array.shape}; name a single column with a dict"
        )
    return Table(list(range(array.shape[1])), len(array), list(array.T))


def _class(library: str, name: str) -> Any:
    """Return a class of a library the user imported, else None."""
    return getattr(sys.modules.get(library), name, None)


def _is_lazy(data: Any) -> bool:
    lazy = _class("polars", "LazyFrame")
    return lazy is not None and isinstance(data, lazy)


def _collected(data: Any) -> Any:
    # Newer polars hands out batches, so that the whole never stands in memory.
    if hasattr(data, "collect_batches"):
        return iter(data.collect_batches(maintain_order=True))
    return data.collect()


def _from_pandas(frame: Any) -> Table:
    return Table(frame.columns.tolist(), len(frame), _PandasColumns(frame))


class _PandasColumns(Sequence[Any]):
    """The columns of a pandas frame by position, as names may repeat."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self._block = None
        # A frame of one block is a view of one array, which is had in a microsecond;
        # asking each column, or even only for the dtypes, costs fifty.
        blocks: Any = getattr(getattr(frame, "_mgr", None), "blocks", ())
        if len(blocks) == 1 and isinstance(blocks[0].dtype, np.dtype):
            block = frame.to_numpy()
            self._block = block.T if block.dtype != object else None

    def __getitem__(self, place: Any) -> Any:
        if self._block is not None:
            return self._block[place]
        return self._frame.iloc[:, place]

    def __len__(self) -> int:
        return len(self._frame.columns)


def _from_polars(frame: Any) -> Table:
    return Table(frame.columns, frame.height, frame.get_columns(), READERS["polars"])


def _from_arrow(table: Any) -> Table:
    names = list(table.schema.names)
    return Table(names, table.num_rows, table.columns, READERS["pyarrow"])


_FRAMES = (
    ("pandas", "DataFrame", _from_pandas),
    ("polars", "DataFrame", _from_polars),
    ("pyarrow", "Table", _from_arrow),
    ("pyarrow", "RecordBatch", _from_arrow),
)
