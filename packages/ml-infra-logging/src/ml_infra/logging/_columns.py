"""Records kept as blocks of columns: a fifth of the memory, and half-way to a table."""

from __future__ import annotations

from array import array
from contextlib import suppress
from itertools import chain
from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

_ROWS = 8192  # records whose cells fit into the cache together


class Column:
    """
    The values of one key in one block.

    Args:
        cells: The values, one per record that has the key.
        rows: The numbers of these records in the block; None means all of them.

    Attributes:
        cells: The values, an ``array`` where all are floats or integers of 64 bits.
        kinds: The types that occur in it.
    """

    __slots__ = ("cells", "kinds", "rows")

    def __init__(self, cells: list[Any], rows: array[int] | None = None) -> None:
        self.rows = rows
        self.kinds = frozenset(map(type, cells))
        self.cells: Sequence[Any] = cells
        if self.kinds == {float}:
            self.cells = array("d", cells)
        elif self.kinds == {int}:
            with suppress(OverflowError):
                self.cells = array("q", cells)
        elif self.kinds == {str} and cells.count(cells[0]) == len(cells):
            self.cells = [cells[0]] * len(cells)  # one text instead of many equal ones


class Block:
    """Some records that follow each other, a `Column` per key that any of them has."""

    __slots__ = ("columns", "count")

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.count = len(records)
        shared = set().union(*records)
        uniform = min(map(len, records)) == len(shared)
        if not uniform:  # five times as slow as the union, so only where needed
            shared = shared.intersection(*records)
        # The keys of the first record come first, found here or below.
        found: dict[str, Any] = dict.fromkeys(records[0])
        for key in shared:
            found[key] = Column(list(map(itemgetter(key), records)))
        if not uniform:
            for row, record in enumerate(records):
                for key, cell in record.items():
                    if key not in shared:
                        if not found.get(key):
                            found[key] = (array("q"), [])
                        rows, cells = found[key]
                        rows.append(row)
                        cells.append(cell)
        self.columns: dict[str, Column] = {
            key: Column(part[1], part[0]) if type(part) is tuple else part
            for key, part in found.items()
        }

    def __iter__(self) -> Iterator[dict[str, Any]]:
        records: list[dict[str, Any]] = [{} for _ in range(self.count)]
        for key, column in self.columns.items():
            rows = range(self.count) if column.rows is None else column.rows
            for row, cell in zip(rows, column.cells, strict=True):
                records[row][key] = cell
        return iter(records)


def pack(records: list[dict[str, Any]]) -> list[Block]:
    """Return `records` as blocks."""
    starts = range(0, len(records), _ROWS)
    return [Block(records[start : start + _ROWS]) for start in starts]


class Table:
    """
    Records in blocks; iterating gives them back as dicts, made as they are asked for.

    Args:
        blocks: The blocks in the order of their files.
        order: The number in `blocks` of each record of the table; None means as it is.
    """

    def __init__(self, blocks: list[Block], order: list[int] | None = None) -> None:
        self.blocks = blocks
        self.order = order

    def __len__(self) -> int:
        return sum(block.count for block in self.blocks)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        records = chain.from_iterable(self.blocks)
        if self.order is None:
            return records
        return map(list(records).__getitem__, self.order)

    def columns(self) -> dict[str, list[tuple[slice, Column]]]:
        """Return the columns of each key with their places, before `order` is used."""
        found: dict[str, list[tuple[slice, Column]]] = {}
        start = 0
        for block in self.blocks:
            here = slice(start, start + block.count)
            start = here.stop
            for key, column in block.columns.items():
                found.setdefault(key, []).append((here, column))
        return found

    def cells(self, parts: list[tuple[slice, Column]]) -> list[Any]:
        """Return the values of one key of `columns`, None where there is none."""
        flat: list[Any] = [None] * len(self)
        for here, column in parts:
            if column.rows is None:
                flat[here] = column.cells
            else:
                for row, cell in zip(column.rows, column.cells, strict=True):
                    flat[here.start + row] = cell
        return flat
