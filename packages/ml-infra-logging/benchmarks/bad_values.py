"""
What becomes of values that no JSON encoder likes, in each logging system.

Each system runs in a process of its own and logs one record per row. A cell is right
when the call returns, the line is there, a strict parser accepts it, the good field
beside the bad one is intact, and the row's own demand is met.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from peers import BY_NAME, caller, installed

if TYPE_CHECKING:
    from collections.abc import Callable

USER = "the user's value"


class Row(NamedTuple):
    """A provocation: its name, the fields to log, and when the record is right."""

    name: str
    fields: Callable[[], dict[str, Any]]
    right: Callable[[dict[str, Any], str], bool]
    demand: str


class _BadRepr:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def _circular() -> dict[str, Any]:
    value: dict[str, Any] = {"a": 1}
    value["self"] = value
    return value


def _deep() -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(400):
        value = {"a": value}
    return value


def _numpy(name: str, value: object) -> Any:
    return getattr(importlib.import_module("numpy"), name)(value)


def found(record: Any, key: str) -> Any:
    """Return the value logged under `key`, wherever the system puts fields."""
    if isinstance(record, dict):
        if key in record:
            return record[key]
        for part in ("extra", "record"):  # loguru, logbook
            if part in record and (value := found(record[part], key)) is not None:
                return value
    return None


def _is_number(wanted: float) -> Callable[[dict[str, Any], str], bool]:
    def right(record: dict[str, Any], _: str) -> bool:
        value = found(record, "value")
        same = isinstance(value, bool) is isinstance(wanted, bool)
        return isinstance(value, (int, float)) and same and value == wanted

    return right


def _kept(*_: object) -> bool:
    return True


def _clash(_: dict[str, Any], line: str) -> bool:
    return json.dumps(USER) in line and '"case"' in line


def _rows() -> list[Row]:
    return [
        Row(
            "NaN",
            lambda: {"value": math.nan},
            lambda record, line: found(record, "value") is None and '"nan"' in line,
            "null, told apart from a missing value",
        ),
        Row(
            "+Inf",
            lambda: {"value": math.inf},
            lambda record, line: found(record, "value") is None and '"inf"' in line,
            "null, told apart from NaN",
        ),
        Row(
            *("`np.float32(.1)`", lambda: {"value": _numpy("float32", 0.1)}),
            *(_is_number(0.1), "the number 0.1"),
        ),
        Row(
            *("`np.int64(1)`", lambda: {"value": _numpy("int64", 1)}),
            *(_is_number(1), "the number 1"),
        ),
        Row(
            *("`np.bool_(True)`", lambda: {"value": _numpy("bool_", True)}),
            *(_is_number(True), "true"),
        ),
        Row(
            *("`np.float64(.1)`", lambda: {"value": _numpy("float64", 0.1)}),
            *(_is_number(0.1), "the number 0.1"),
        ),
        Row(
            "lone surrogate",
            lambda: {"value": "a\ud800b"},
            lambda record, _: str(found(record, "value"))[::-1][:1] == "b",
            "the rest of the text",
        ),
        Row(
            *("int above 64 bit", lambda: {"value": 2**70}),
            *(_is_number(2**70), "the exact number"),
        ),
        Row(
            "dict with int keys",
            lambda: {"value": {1: "a"}},
            lambda record, _: found(record, "value") == {"1": "a"},
            "the key as text",
        ),
        Row(
            "dict with tuple keys",
            lambda: {"value": {(1, 2): "a"}},
            lambda record, _: found(record, "value") == {"(1, 2)": "a"},
            "the key as text",
        ),
        Row(
            "dict with NumPy keys",
            lambda: {"value": {_numpy("int64", 3): "a"}},
            lambda record, _: list((found(record, "value") or {}).values()) == ["a"],
            "the value under some key",
        ),
        Row("circular dict", lambda: {"value": _circular()}, _kept, "the other field"),
        Row(
            "object whose `repr` raises",
            lambda: {"value": _BadRepr()},
            lambda record, _: found(record, "value") is not None,
            "a placeholder",
        ),
        Row("dict 400 deep", lambda: {"value": _deep()}, _kept, "the other field"),
        *(
            Row(f"field `{name}`", lambda n=name: {n: USER}, _clash, "both values")
            for name in (
                *("event", "method_name", "self", "level", "timestamp"),
                *("message", "name", "args"),
            )
        ),
    ]


def _child(name: str, path: str) -> None:
    """Log every row with one system; tell after each what the call did."""
    log = caller(BY_NAME[name], path)

    def size() -> int:
        return Path(path).stat().st_size

    log("warm-up", value=1, good=1)
    for row in _rows():
        before = size()
        outcome = "returned"
        try:
            log("case", **row.fields(), good=1)
        except BaseException as error:  # noqa: BLE001 - exactly what is measured
            outcome = f"RAISE {type(error).__name__}"
        print(json.dumps([row.name, outcome, before, size()]))
    before = size()
    log("case", value=1)
    print(json.dumps(["bytes", "returned", before, size()]))


def _strict(data: bytes) -> Any:
    def refuse(token: str) -> None:
        raise ValueError(token)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("duplicate keys")
        return dict(pairs)

    value = json.loads(data.decode(), parse_constant=refuse, object_pairs_hook=unique)
    json.dumps(value, ensure_ascii=False).encode()  # lone surrogates are no text
    return value


def verdict(row: Row, outcome: str, data: bytes) -> str:
    """Return a cell: ✓, or what went wrong."""
    if outcome != "returned":
        return f"**{outcome}**"
    lines = data.splitlines()
    if not lines:
        return "**LOST**"
    try:
        record = _strict(lines[-1])
    except (ValueError, RecursionError):
        return "**BADJSON**"
    if found(record, "good") != 1:
        return "**good field lost**"
    if row.right(record, lines[-1].decode()):
        return "✓"
    value = found(record, "value")
    if isinstance(value, str):
        return f"text `{value[:24]}`"
    return "`null`, silently" if value is None and "value" in row.fields() else "lost"


def table(quick: bool = False) -> str:
    """Return the matrix as Markdown, of ours alone when `quick`."""
    columns: dict[str, dict[str, str]] = {}
    rows = {row.name: row for row in _rows()}
    peers = installed()
    peers = [peer for peer in peers if "ours" in peer.name] if quick else peers
    for peer in peers:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "log.jsonl")
            done = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, __file__, "--child", peer.name, str(path)],
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
                errors="replace",
            )
            data = path.read_bytes()
        cells = columns[peer.name] = {}
        for line in done.stdout.splitlines():
            if not line.startswith("["):
                continue
            name, outcome, start, end = json.loads(line)
            if name == "bytes":
                cells[name] = str(end - start)
            else:
                cells[name] = verdict(rows[name], outcome, data[start:end])
    head = ["value", "right means", *columns]
    lines = [" | ".join(head), "|".join("---" for _ in head)]
    for name, row in rows.items():
        cells = [columns[peer.name].get(name, "?") for peer in peers]
        lines.append(" | ".join([name, row.demand, *cells]))
    sizes = [columns[peer.name].get("bytes", "?") for peer in peers]
    lines.append(" | ".join(["bytes of a record with one field", "", *sizes]))
    wrong = [
        str(sum(cells[name] != "✓" for name in rows)) for cells in columns.values()
    ]
    lines.append(" | ".join([f"**rows not right, of {len(rows)}**", "", *wrong]))
    return "\n".join(f"| {line} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=2, metavar=("NAME", "PATH"))
    parser.add_argument("--quick", action="store_true", help="only ours")
    given = parser.parse_args()
    if given.child:
        _child(*given.child)
    else:
        print(table(given.quick))


if __name__ == "__main__":
    main()
