"""Lines of log files back as records: what is readable is read, the rest counted."""

from __future__ import annotations

import json
import os
import zlib
from itertools import chain
from pathlib import Path

from ._nonfinite import restore_nonfinite
from ._vocabulary import LINE_START

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, BinaryIO

_BLOCK = 1 << 20  # bytes of lines parsed together: a few thousand records
_PACKED_BLOCK = 1 << 16
_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31  # the window size that zlib knows to mean gzip
_BOM = b"\xef\xbb\xbf"
# Digits as 0, point and minus as themselves, everything else as a blank: what shows
# integers beyond 64 bits, which have 20 digits and no point before, or 19 and a minus.
_DIGITS = bytes(
    48 if chr(i) in "0123456789" else i if chr(i) in ".-" else 32 for i in range(256)
)
_HUGE = (b" " + b"0" * 20, b"-" + b"0" * 19)


def log_files(
    path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Path]:
    """
    Return the files that `path` stands for, in order of their names.

    A folder stands for every file below it with ``.jsonl`` in its name (``x.jsonl``,
    ``x.jsonl.1``, ``x.jsonl.gz``); hidden files are left out.
    """
    if not isinstance(path, (str, os.PathLike)):
        if not hasattr(path, "__iter__"):
            raise TypeError(f"path must be a path or a list of paths, got {path!r}")
        return [file for one in path for file in log_files(one)]
    given = Path(path)
    if not given.exists():
        raise FileNotFoundError(f"path must be a log file or a folder, got {given!s}")
    if not given.is_dir():
        return [given]
    found = sorted(
        file
        for file in given.rglob("*.jsonl*")
        if file.is_file() and not file.name.startswith(".")
    )
    if not found:
        raise FileNotFoundError(
            f"path must hold files with .jsonl in their name, {given!s} has none"
        )
    return found


def read_records(
    file: Path, torn: list[str], unreadable: list[str]
) -> Iterator[list[dict[str, Any]]]:
    """
    Yield the records of one file in the order of its lines, some thousand at a time.

    Places that hold no whole record are added as ``file:line`` to `torn` (a line cut
    short by the end of its process) and `unreadable` (anything else).
    """
    number = 0
    parse = _parser()
    with file.open("rb") as stream:
        for lines in _blocks(stream):
            records = _parse_block(lines, parse)
            if records is None:
                records = []
                for offset, line in enumerate(lines, number + 1):
                    place = f"{file}:{offset}"
                    records += _parse_line(line, place, torn, unreadable)
            yield records
            number += len(lines)


def _blocks(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Yield lists of lines without their ends; the last one may have had none."""
    rest = b""
    chunks = _chunks(stream)
    first = next(chunks, b"").removeprefix(_BOM)
    for data in chain((first,), chunks):
        *lines, rest = (rest + data).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a file, decompressed when it starts as gzip does."""
    data = stream.read(_BLOCK)
    if not data.startswith(_GZIP):
        while data:
            yield data
            data = stream.read(_BLOCK)
        return
    unpack = zlib.decompressobj(_GZIP_FORMAT)
    while data:
        try:
            yield unpack.decompress(data)
        except zlib.error as error:
            yield f"\n{error}".encode()  # an unreadable line of its own
            return
        # Members may follow each other, as after `cat a.gz b.gz`.
        if unpack.eof and unpack.unused_data.startswith(_GZIP):
            data = unpack.unused_data
            unpack = zlib.decompressobj(_GZIP_FORMAT)
        else:
            data = stream.read(_PACKED_BLOCK)
    if not unpack.eof:
        yield b"\nthe compressed file ends too early"


def _parser() -> Callable[[bytes], Any]:
    try:
        from orjson import loads
    except ImportError:
        return json.loads

    def parse(data: bytes) -> Any:
        # orjson turns larger integers into floats; the standard library keeps them.
        digits = data.translate(_DIGITS)
        if _HUGE[0] in digits or _HUGE[1] in digits:
            return json.loads(data)
        return loads(data)

    return parse


def _parse_block(
    lines: list[bytes], parse: Callable[[bytes], Any]
) -> list[dict[str, Any]] | None:
    """Return one record per line, or None when some line needs a closer look."""
    data = b"[" + b",".join(lines) + b"]"
    # Perhaps half a surrogate pair. One character is found far sooner than three.
    if b"\\" in data and (b"\\ud" in data or b"\\uD" in data):
        return None
    try:
        records = parse(data)
    except (ValueError, RecursionError):
        return None
    if len(records) != len(lines) or set(map(type, records)) != {dict}:
        return None
    if b'"_nonfinite"' in data:
        for record in records:
            restore_nonfinite(record)
    return records  # type: ignore[no-any-return]  # every item was looked at


def _parse_line(
    line: bytes, place: str, torn: list[str], unreadable: list[str]
) -> list[dict[str, Any]]:
    """Return the records of a line that is perhaps broken: none, or one."""
    line = line.strip(b"\0 \t\r")  # a crashed host leaves blocks of NUL
    if not line:
        return []
    record = _loads(line)
    if record is None:
        (torn if line.startswith(b'{"') else unreadable).append(place)
        # Cut short by a crash and continued by the next process: that one is whole.
        start = line.rfind(LINE_START)
        if start > 0:
            record = _loads(line[start:])
    if record is None:
        return []
    restore_nonfinite(record)
    return [record]


def _loads(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    if b"\\u" in line or not line.isascii():
        record = _without_surrogates(record)
    return record  # type: ignore[no-any-return]  # a dict of a JSON object


def _without_surrogates(value: Any) -> Any:
    """Write lone surrogates as the schema does; no library takes them as they are."""
    if isinstance(value, str):
        try:  # an undecodable byte as \\xNN, any other surrogate as \\udNNN
            data = value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            data = value.encode("utf-8", "backslashreplace")
        return data.decode("utf-8", "backslashreplace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_surrogates(key): _without_surrogates(item)
            for key, item in value.items()
        }
    return value
