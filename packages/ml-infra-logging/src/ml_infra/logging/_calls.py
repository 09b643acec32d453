"""What a log call may bring besides fields: positional arguments, ``exc_info``."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any


def nesting(code: CodeType) -> int:
    """
    Count the calls of `code` on the stack, without the one that asks.

    The thread's own count is usually right, but an exception from a signal handler may
    have torn a call out of the middle of its counting.
    """
    depth = -1  # the call that asks
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no other way
    while frame is not None:
        depth += frame.f_code is code
        frame = frame.f_back
    return depth


def with_args(args: tuple[Any, ...], fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with positional arguments, which a log call has no use for."""
    name = "args"
    while name in fields:
        name += "_"
    return {name: list(args), **fields}


def exception_of(exc_info: object) -> BaseException | None:
    """Return the exception that an ``exc_info`` means, None where it means none."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info is True else None
