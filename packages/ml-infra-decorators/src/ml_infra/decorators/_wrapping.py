"""Put a policy around any kind of callable."""

from __future__ import annotations

from . import _clock, _inputs
from ._call import Call
from ._callables import kind_of, refuse, short_name
from ._forward import dress, forward
from ._loops import (
    async_generator,
    go_on,
    go_on_async,
    run,
    run_async,
    run_generator,
    take_over,
)
from ._results import ORDINARY, is_unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, TypeVar

    from ._inputs import Positions
    from ._policy import RetryPolicy

    F = TypeVar("F", bound=Callable[..., Any])

# Local names of a template begin with `_wrapper_`, which no parameter may; its global
# ones with an underscore, as few parameters do (those get the slower general form).
_FAST = """\
def wrapper($parameters):
    _wrapper_started = _clock.now()
    _wrapper_marks = None
    if $unknown:
        _wrapper_marks = _inputs.positions((*$args, *$kwargs.values()))
    try:
        _wrapper_result = function($arguments)
    except Exception as _wrapper_error:
        _wrapper_call = _new_call($args, $kwargs, _wrapper_started, _wrapper_marks)
        if not _wrapper_call.failed(_wrapper_error):
            raise
    else:
        if type(_wrapper_result) in _ORDINARY or not _is_unfinished(_wrapper_result):
            return _wrapper_result
        _wrapper_call = _new_call($args, $kwargs, _wrapper_started, _wrapper_marks)
        return _take_over(_wrapper_call, _wrapper_result)
    return _run(_wrapper_call) if _go_on(_wrapper_call) else _wrapper_call.outcome()
"""
_FULL = """\
def wrapper($parameters):
    return _run(_start_call($args, $kwargs))
"""
_FAST_ASYNC = """\
async def wrapper($parameters):
    _wrapper_started = _clock.now()
    _wrapper_marks = None
    if $unknown:
        _wrapper_marks = _inputs.positions((*$args, *$kwargs.values()))
    try:
        return await function($arguments)
    except Exception as _wrapper_error:
        _wrapper_call = _new_call($args, $kwargs, _wrapper_started, _wrapper_marks)
        if not _wrapper_call.failed(_wrapper_error):
            raise
    if not await _go_on_async(_wrapper_call):
        return _wrapper_call.outcome()
    return await _run_async(_wrapper_call)
"""
_FULL_ASYNC = """\
async def wrapper($parameters):
    return await _run_async(_start_call($args, $kwargs))
"""


_USED: dict[str, Any] = {
    "_ORDINARY": ORDINARY,
    "_clock": _clock,
    "_go_on": go_on,
    "_go_on_async": go_on_async,
    "_inputs": _inputs,
    "_is_unfinished": is_unfinished,
    "_run": run,
    "_run_async": run_async,
    "_take_over": take_over,
}


def wrap(function: F, policy: RetryPolicy, *, classes: bool = False) -> F:
    """
    Return `function` with `policy` around it.

    Raises:
        TypeError: If it is nothing that can be retried, or an option does not fit
            its kind.
    """
    if isinstance(function, (classmethod, staticmethod)):
        inner = wrap(function.__func__, policy)
        return type(function)(inner)  # pyright: ignore[reportReturnType] # the kind it was
    if not classes:
        _refuse_options(function)
    refuse(function, classes=classes)
    kind = kind_of(function)
    if policy.attempt_timeout is not None and not kind.startswith("async"):
        raise TypeError(
            f"attempt_timeout needs an async function, and {short_name(function)} is "
            "not one: a thread cannot be stopped, so attempts would pile up. Give "
            "the timeout to the call that blocks, or use deadline"
        )
    if policy.retry_result is not None and kind.endswith("generator"):
        raise TypeError(
            f"retry_result does not fit {short_name(function)}: a generator has no "
            "result before its first item"
        )
    name = policy.name or short_name(function)

    def new_call(
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        started: float,
        marks: Positions | None,
    ) -> Call:
        return Call(policy, name, function, args, kwargs, started=started, marks=marks)

    def start_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        marks = _inputs.positions((*args, *kwargs.values()))
        return new_call(args, kwargs, _clock.now(), marks)

    if kind == "generator":

        def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            return (yield from run_generator(start_call(args, kwargs)))

        return dress(wrapper, function)  # type: ignore[return-value] # the same parameters
    if kind == "async generator":
        return dress(async_generator(start_call), function)  # type: ignore[return-value] # the same
    simple = (
        policy.deadline is None
        and policy.budget is None
        and policy.retry_result is None
        and policy.attempt_timeout is None
    )
    if kind == "async":
        template = _FAST_ASYNC if simple else _FULL_ASYNC
    else:
        template = _FAST if simple else _FULL
    used = {**_USED, "_new_call": new_call, "_start_call": start_call}
    names = {word: used[word] for word in used if word in template}
    return forward(function, template, names)  # type: ignore[return-value] # the same


def _refuse_options(function: Any) -> None:
    if type(function) is int:
        raise TypeError(
            f"cannot decorate int, which is not callable: say attempts={function}"
        )
    types: tuple[Any, ...] = function if isinstance(function, tuple) else (function,)
    if types and all(
        isinstance(each, type) and issubclass(each, BaseException) for each in types
    ):
        names = ", ".join(each.__name__ for each in types)
        names = f"({names})" if isinstance(function, tuple) else names
        raise TypeError(f"cannot decorate an exception type: say on={names}")
