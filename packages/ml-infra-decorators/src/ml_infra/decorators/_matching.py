"""Which errors a policy retries."""

from __future__ import annotations

import builtins
import sys

from . import _checks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Rule = type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], object]


def check_rule(option: str, rule: Rule) -> Rule:
    """
    Return `rule` if it can decide about errors.

    Raises:
        TypeError: If it is neither exception types nor a plain predicate, or names
            a type that is never retried.
        ValueError: If `on` is empty.
    """
    if option == "on" and rule == ():
        raise ValueError(
            "on=() names nothing to retry: name exception types, or leave it out to "
            "retry Exception"
        )
    types = rule if isinstance(rule, tuple) else (rule,)
    if isinstance(rule, (tuple, type)):
        for each in types:
            if not isinstance(each, type) or not issubclass(each, BaseException):
                raise TypeError(
                    f"{option} must be an exception type, a tuple of them or a "
                    f"predicate, got {each!r}"
                )
            if option == "on" and not issubclass(each, Exception):
                raise TypeError(
                    f"{option} names {each.__name__}, which is never retried: "
                    "interrupts, cancellation and exits always propagate. Name "
                    "Exception or one of its subclasses"
                )
            if issubclass(each, _group_types()):
                raise TypeError(
                    f"{option} names {each.__name__}, but a group is judged by its "
                    "members: name their types instead"
                )
        return rule
    if not callable(rule):
        raise TypeError(
            f"{option} must be an exception type, a tuple of them or a predicate, "
            f"got {rule!r}"
        )
    _checks.function(option, rule)
    return rule


def is_retryable(error: BaseException, on: Rule, never: Rule) -> bool:
    """Return whether `on` matches and `never` does not; in a group, every member."""
    leaves = list(_leaves(error))
    if any(_always_propagates(leaf) for leaf in leaves):
        return False
    return all(_matches(leaf, on) for leaf in leaves) and not any(
        _matches(leaf, never) for leaf in leaves
    )


def _matches(error: BaseException, rule: Rule) -> bool:
    if isinstance(rule, (type, tuple)):
        return isinstance(error, rule)
    return bool(rule(error))  # type: ignore[arg-type] # the others always propagate


def _always_propagates(error: BaseException) -> bool:
    if not isinstance(error, Exception):
        return True
    # The end of an iterator is not a failure.
    if isinstance(error, (StopIteration, StopAsyncIteration)):
        return True
    # The one cancellation that derives from Exception.
    futures = sys.modules.get("concurrent.futures")
    return futures is not None and isinstance(error, futures.CancelledError)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, _group_types()):
        for member in error.exceptions:  # type: ignore[attr-defined] # a group's
            yield from _leaves(member)
    else:
        yield error


def _group_types() -> tuple[type[BaseException], ...]:
    native = getattr(builtins, "BaseExceptionGroup", None)
    if native is not None:
        return (native,)
    backport = sys.modules.get("exceptiongroup")  # Python 3.10
    return (backport.BaseExceptionGroup,) if backport is not None else ()
