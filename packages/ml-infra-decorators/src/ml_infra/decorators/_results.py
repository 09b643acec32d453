"""What a plain function returns: a result, or work that has not been done yet."""

from __future__ import annotations

from ._callables import CO_ITERABLE_COROUTINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from typing import Any


async def _coroutine() -> None:
    """Show what type a coroutine has, without importing `types`."""


def _generator() -> Generator[None, None, None]:
    """Do the same for generators."""
    yield


async def _async_generator() -> AsyncGenerator[None, None]:
    """Do the same for async generators."""
    yield


_example = _coroutine()
COROUTINE = type(_example)
_example.close()
del _example
GENERATOR = type(_generator())
ASYNC_GENERATOR = type(_async_generator())

# Types that are results for sure. Every success looks its type up here, so the set
# learns, and is bounded against programs that make types as they go.
ORDINARY: set[type] = {bool, bytes, dict, float, int, list, set, str, tuple, type(None)}
_ORDINARY_LIMIT = 10_000

_RETURN_GENERATOR = 75  # what Python 3.11 ends the call with; 3.10 stops nothing there


def is_unfinished(result: Any) -> bool:
    """
    Return whether the work is still to be done, or under way, and may yet fail.

    True for coroutines, other awaitables, futures, and for generators that nobody has
    asked for an item.
    """
    kind = type(result)
    if kind is GENERATOR:
        return is_fresh(result, "gi")
    if kind is ASYNC_GENERATOR:
        return is_fresh(result, "ag")
    if hasattr(kind, "__await__") or hasattr(kind, "add_done_callback"):
        return True
    if len(ORDINARY) < _ORDINARY_LIMIT:
        ORDINARY.add(kind)
    return False


def is_coroutine(result: Any) -> bool:
    """Return whether this is a coroutine, perhaps one that `types.coroutine` made."""
    code = getattr(result, "gi_code", None)
    if type(result) is GENERATOR and code is not None:
        return bool(code.co_flags & CO_ITERABLE_COROUTINE)
    return type(result) is COROUTINE


def is_fresh(generator: Any, prefix: str) -> bool:
    """Return whether this is a generator that nobody has asked for an item yet."""
    frame = getattr(generator, f"{prefix}_frame", None)
    if frame is None:  # used up, or some other iterator
        return False
    suspended = getattr(generator, f"{prefix}_suspended", None)
    if suspended is None:  # Python 3.10, and 3.11 for async generators
        last = frame.f_lasti
        return bool(last == -1 or frame.f_code.co_code[last] == _RETURN_GENERATOR)
    return not suspended and not getattr(generator, f"{prefix}_running")
