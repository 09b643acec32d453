"""
The whole comparison as one page: bad values, provocations, and speed.

    python benchmarks/compare.py --write docs/logging-benchmarks.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

import bad_values
import provocations
import speed
from peers import versions

_PAGE = """\
# Logging systems compared

Written by `python packages/ml-infra-logging/benchmarks/compare.py --write
docs/logging-benchmarks.md`; each system is set up as its own documentation says
(`benchmarks/peers.py`). {machine}. {versions}.

## Values no encoder likes

One record per row and system. **RAISE**: the exception leaves the logging call.
**LOST**: the call returns and there is no record. **BADJSON**: a strict parser rejects
the line (`NaN`, duplicate keys, half a surrogate pair).

{bad_values}

## Signals, forks, disks

A cell is a process of its own; one that does not come back in {patience:.0f} s is a
**deadlock**. ✓: the calls return, no record is lost that could be written, and stderr
has at most one line about it.

{provocations}

{speed}
"""
_NOTE = """\
Best and median of interleaved turns in one process, into files of one folder, in
seconds of processor time (on an idle machine the same as seconds on the clock). Only
lines found in the file afterwards count. The floor encodes a smaller record than any of
the systems writes.
"""


def page(quick: bool = False) -> str:
    """Return the page as Markdown."""
    parts = [f"## {title}\n\n{table}" for title, table in speed.tables(quick).items()]
    return _PAGE.format(
        machine=speed.machine(),
        versions=versions(),
        bad_values=bad_values.table(quick),
        provocations=provocations.table(quick),
        patience=provocations.PATIENCE_S,
        speed="\n\n".join([parts[0], _NOTE, *parts[1:]]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to see it run"
    )
    parser.add_argument("--write", type=Path, help="the page to replace")
    given = parser.parse_args()
    text = page(given.quick)
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
