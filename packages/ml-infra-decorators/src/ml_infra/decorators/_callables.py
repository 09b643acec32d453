"""What kind of callable something is, what it is called, and whether to decorate it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Kind = Literal["sync", "async", "generator", "async generator"]

# Bits of co_flags, as `inspect` names them; importing it takes longer than all of this.
CO_VARARGS, CO_VARKEYWORDS = 0x04, 0x08
CO_GENERATOR, CO_COROUTINE = 0x20, 0x80
CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR = 0x100, 0x200
FUNCTION = type(lambda: None)


def kind_of(function: Any) -> Kind:
    """Return what a call gives: a result, or what has to be awaited or iterated."""
    function = unwrap_partial(function)
    # What inspect.markcoroutinefunction leaves, from Python 3.12.
    mark = getattr(sys.modules.get("inspect"), "_is_coroutine_mark", None)
    if mark is not None and getattr(function, "_is_coroutine_mark", None) is mark:
        return "async"
    if not hasattr(function, "__code__") and not isinstance(function, type):
        function = getattr(type(function), "__call__", None)  # noqa: B004 - its code is wanted
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    if flags & CO_ASYNC_GENERATOR:
        return "async generator"
    if flags & (CO_COROUTINE | CO_ITERABLE_COROUTINE):
        return "async"
    return "generator" if flags & CO_GENERATOR else "sync"


def unwrap_partial(function: Any) -> Any:
    """Return what a `functools.partial` calls in the end; others as they are."""
    functools = sys.modules.get("functools")
    while functools is not None and isinstance(function, functools.partial):
        function = function.func
    return function


def short_name(function: Any) -> str:
    """Return the name to show: "Loader.fetch", without the functions around it."""
    function = unwrap_partial(function)
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]


def refuse(function: object, *, classes: bool = False) -> None:
    """Raise a TypeError with the way out if this is nothing to decorate."""
    what = ""
    if isinstance(function, property):
        what = "a property: put the decorator below @property"
    elif isinstance(function, type) and not classes:
        what = "a class: decorate one of its methods, or a function that makes it"
    elif _is_context_manager(function):
        what = (
            f"the context manager {short_name(function)}, which does its work when it "
            "is entered: put @contextmanager outside, above this decorator"
        )
    elif not callable(function):
        what = f"{type(function).__name__}, which is not callable"
        if hasattr(type(function), "__get__"):
            what += ": put the decorator below it, directly on the function"
    if what:
        raise TypeError(f"cannot decorate {what}")


def _is_context_manager(function: Any) -> bool:
    """Return whether contextlib made this of a generator function."""
    function = unwrap_partial(function)
    module = getattr(function, "__globals__", {}).get("__name__")
    code = getattr(function, "__code__", None)
    return module == "contextlib" and code is not None and code.co_name == "helper"
