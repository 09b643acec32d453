"""The options of a retry, checked once and frozen."""

from __future__ import annotations

from . import _checks
from ._budget import RetryBudget
from ._matching import check_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta
    from typing import Any, Literal, TypeVar

    from ._events import Failure, RetryEvent
    from ._matching import Rule

    F = TypeVar("F", bound=Callable[..., Any])
    T = TypeVar("T")
    Jitter = Literal["full", "equal", "decorrelated", "none"]
    Hint = Callable[[Exception], float | timedelta | str | None]
    Adjust = Callable[
        [tuple[Any, ...], dict[str, Any], Failure],
        tuple[tuple[Any, ...], Mapping[str, Any]] | None,
    ]

JITTERS = ("full", "equal", "decorrelated", "none")


class RetryPolicy:
    """
    When, how often and how long apart a failed call is tried again.

    A policy is immutable, compares by value, can be pickled if its callables can,
    and serves any number of functions: `policy(function)` decorates,
    `policy.call(function, *args)` makes one call.

    Args:
        on: What to retry: an exception type, a tuple of types, or a predicate
            called with the exception. Of an exception group every member must match.
        never: The same for what not to retry; it wins over `on`.
        attempts: Calls at most, the first included; at least 1. None means no
            limit and needs a `deadline`.
        initial: Seconds; the first delay before jitter.
        factor: What each further delay is multiplied by; at least 1.
        max_delay: Seconds; the delay before jitter is `min(max_delay, initial *
            factor ** (n - 1))` after the n-th attempt.
        jitter: "full" draws from [0, delay], "equal" from [delay / 2, delay],
            "decorrelated" from [initial, 3 * the delay before], at most `max_delay`;
            "none" waits the delay itself. Drawn from a private generator seeded by
            the operating system: the global `random` state is neither used nor moved.
        deadline: Seconds from the first attempt's start, waits included. A wait that
            would reach it is not begun. Attempts are not cut off by it, except that it
            shortens `attempt_timeout`. Retries inside an attempt inherit it.
        attempt_timeout: Seconds for one attempt of an async function, which is then
            cancelled and counts as a TimeoutError that is retried unless `never`
            names it. Refused on sync functions: a thread cannot be stopped.
        retry_result: Called with each result; true means try again. When attempts run
            out the last result is returned.
        delay: Called with the exception; returns the delay that the server asked
            for: seconds, a timedelta, the text of a Retry-After header (seconds or
            an HTTP date), or None for the usual delay, as is used too if it is
            negative, NaN, unreadable or raises. Jitter of at most `initial` is added.
        max_hint: Seconds; upper limit of what `delay` asks for, jitter included.
        budget: A `RetryBudget`, shared by the functions that use one dependency.
        adjust: Called between attempts as `adjust(args, kwargs, failure)` with a
            `Failure`; returns the arguments for the next attempt, or None to give up.
        cleanup: Called before each wait, when the failed attempt's frames are gone.
        on_event: Called with each `RetryEvent`.
        name: For events and notes; None takes the function's own name.
        seed: Makes each call draw the same delays, for replays; None does not.
        details: Let events carry the error's message and the arguments.

    Raises:
        TypeError, ValueError: If an option cannot work; the message names it.

    What a hook (`on`, `never`, `retry_result`, `delay`, `adjust`, `cleanup`,
    `on_event`) raises is printed to stderr and never takes the place of the call's
    own error; the call goes on as if a predicate had said no, and `adjust` None.

    >>> policy = RetryPolicy(on=OSError, attempts=5, deadline=60)
    >>> policy.call(int, "7")
    7
    >>> policy.replace(attempts=2).attempts
    2
    """

    # Each option stands twice here and once in `_dicts`; a test compares them. A
    # dataclass would save one, and importing `dataclasses` takes longer than the rest.
    on: Rule
    never: Rule
    attempts: int | None
    initial: float
    factor: float
    max_delay: float
    jitter: Jitter
    deadline: float | None
    attempt_timeout: float | None
    retry_result: Callable[[Any], object] | None
    delay: Hint | None
    max_hint: float
    budget: RetryBudget | None
    adjust: Adjust | None
    cleanup: Callable[[], object] | None
    on_event: Callable[[RetryEvent], object] | None
    name: str | None
    seed: int | None
    details: bool

    def __init__(
        self,
        *,
        on: Rule = Exception,
        never: Rule = (),
        attempts: int | None = 3,
        initial: float = 0.1,
        factor: float = 2,
        max_delay: float = 30,
        jitter: Jitter = "full",
        deadline: float | None = None,
        attempt_timeout: float | None = None,
        retry_result: Callable[[Any], object] | None = None,
        delay: Hint | None = None,
        max_hint: float = 300,
        budget: RetryBudget | None = None,
        adjust: Adjust | None = None,
        cleanup: Callable[[], object] | None = None,
        on_event: Callable[[RetryEvent], object] | None = None,
        name: str | None = None,
        seed: int | None = None,
        details: bool = False,
    ) -> None:
        given = locals()  # all of them by name, without naming them once more
        options = {option: given[option] for option in OPTIONS}
        _check(options)
        vars(self).update(options)

    def __setattr__(self, option: str, value: object) -> None:
        raise AttributeError(
            f"a RetryPolicy is immutable: use policy.replace({option}={value!r})"
        )

    def __delattr__(self, option: str) -> None:
        raise AttributeError("a RetryPolicy is immutable")

    def __call__(self, function: F, /) -> F:
        """Return `function` with this policy around it; see `retry`."""
        from ._wrapping import wrap

        return wrap(function, self)

    def call(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Call `function(*args, **kwargs)` once, with this policy around it."""
        from ._wrapping import wrap

        return wrap(function, self, classes=True)(*args, **kwargs)

    def replace(self, **changes: Any) -> RetryPolicy:
        """Return a policy with some options changed."""
        return RetryPolicy(**{**vars(self), **changes})

    def __reduce__(self) -> tuple[Callable[..., RetryPolicy], tuple[dict[str, Any]]]:
        return _rebuild, (dict(vars(self)),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RetryPolicy):
            return NotImplemented
        return vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{option}={value!r}"
            for option, value in vars(self).items()
            if value != getattr(DEFAULT, option)
        )
        return f"RetryPolicy({shown})"


def _rebuild(options: dict[str, Any]) -> RetryPolicy:
    return RetryPolicy(**options)


def _check(options: dict[str, Any]) -> None:
    for option in ("on", "never"):
        options[option] = check_rule(option, options[option])
    if options["attempts"] is not None:
        options["attempts"] = _checks.whole("attempts", options["attempts"])
    elif options["deadline"] is None:
        raise ValueError("attempts=None never ends: give a deadline with it")
    for option in ("initial", "factor", "max_delay", "max_hint"):
        hint = "; tests skip all waiting with retry.testing()"
        options[option] = _checks.positive(
            option, options[option], hint=hint if options[option] == 0 else ""
        )
    for option in ("deadline", "attempt_timeout"):
        if options[option] is not None:
            options[option] = _checks.positive(option, options[option])
    if options["factor"] < 1:
        raise ValueError(f"factor must be at least 1, got {options['factor']!r}")
    if options["jitter"] not in JITTERS:
        names = ", ".join(map(repr, JITTERS))
        raise ValueError(f"jitter must be one of {names}, got {options['jitter']!r}")
    for option in ("retry_result", "delay", "adjust", "cleanup", "on_event"):
        _checks.function(option, options[option])
    for option, kind in (("budget", RetryBudget), ("name", str), ("seed", int)):
        value = options[option]
        if value is not None and (not isinstance(value, kind) or value is True):
            raise TypeError(f"{option} must be {kind.__name__} or None, got {value!r}")
    if options["on_event"] is not None:
        from . import _events as _  # noqa: F401 - now: see `listen`
    if not isinstance(options["details"], bool):
        raise TypeError(f"details must be a bool, got {options['details']!r}")


OPTIONS = tuple(RetryPolicy.__init__.__kwdefaults__ or {})
DEFAULT = RetryPolicy()
