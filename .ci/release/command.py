"""How every ``python -m release.<noun>`` ends, and how it runs the tools it needs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from release.projects import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TAIL = 40  # lines of what a tool said before it failed


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


def tool(command: Sequence[str], *, why: str, tail: int = TAIL, **options: Any) -> str:
    """
    Run a tool to its end and return what it printed.

    Args:
        command: The program and its arguments.
        why: What a failure means, for people; the end of the output follows it.
        tail: How many lines of the output that is.
        options: Of ``subprocess.run``; without any, the tool has nothing to read and
            its standard error is part of its output.

    Raises:
        ReleaseError: It exited with another code than 0.
    """
    options = {"input": "", "stderr": subprocess.STDOUT, **options}
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        **options,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        said = "\n".join(lines[-tail:]) or "no output"
        raise ReleaseError(f"{why}:\n{said}" if "\n" in said else f"{why}: {said}")
    return str(done.stdout)
