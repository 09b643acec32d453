"""How every ``python -m release.<noun>`` ends: an exit code and one clear line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from release.projects import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run(main: Callable[[Sequence[str]], int]) -> None:
    """
    Run a module's ``main`` on the command line's arguments, then exit.

    A ``ReleaseError`` is printed to stderr and exits with 1, Ctrl-C exits with 130;
    argparse itself exits with 2 on arguments it does not understand.
    """
    try:
        status = main(sys.argv[1:])
    except ReleaseError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    sys.exit(status)
