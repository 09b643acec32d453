"""The command ``ml-utils``: the everyday functions on numbers of the command line."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from ml_infra_utils import __version__, clip_outliers, normalize, standardize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPERATIONS: dict[str, tuple[Callable[..., object], str]] = {
    "normalize": (normalize, "scale to [0, 1] by minimum and maximum"),
    "standardize": (standardize, "scale to mean 0 and sample standard deviation 1"),
    "clip-outliers": (clip_outliers, "clip at the 5th and the 95th percentile"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the command and return its exit code.

    Args:
        argv: The arguments, by default those of the process.

    Returns:
        0. Bad input does not return: it exits with 2 and one line on stderr.

    >>> main(["--normalize", "1", "2", "3", "4", "5"])
    [0.0, 0.25, 0.5, 0.75, 1.0]
    0
    """
    parser = _Parser(
        prog="ml-utils",
        description="The everyday functions of ml-infra on the numbers you type.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    operations = parser.add_mutually_exclusive_group()
    for name, (_, explanation) in OPERATIONS.items():
        operations.add_argument(
            f"--{name}", nargs="+", type=_number, metavar="NUMBER", help=explanation
        )
    words = sys.argv[1:] if argv is None else argv
    # argparse takes -1e5 and -inf for options; a leading space makes them values.
    options, rest = parser.parse_known_args(
        [f" {w}" if _is_number(w) else w for w in words]
    )
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(map(str.strip, rest))}")
    given = {n: v for n, v in vars(options).items() if v is not None}
    if not given:
        parser.error(f"one of --{', --'.join(OPERATIONS)} is required")
    ((name, values),) = given.items()
    name = name.replace("_", "-")
    function = OPERATIONS[name][0]
    try:
        result = function(values)
    except (TypeError, ValueError) as error:
        said = str(error).removeprefix(f"{function.__name__}: ")
        parser.error(f"argument --{name}: {said}")
    try:
        print(result, flush=True)  # noqa: T201 - a command prints its result
    except OSError as error:
        # Python would try to flush again at its exit, and print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        parser.exit(1, f"{parser.prog}: error: cannot write the result: {error}\n")
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; the usage is a ``--help`` away."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _number(word: str) -> float:
    number = float(word)
    if number != number:  # noqa: PLR0124 - only NaN
        raise argparse.ArgumentTypeError(f"{word.strip()!r} is no number")
    return number


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
