"""One retried call: what it has been through, and what happens next."""

from __future__ import annotations

from . import _clock, _history, _hooks, _inputs, _pause, _scope
from ._backoff import drawer, hinted_delay, usual_delay
from ._matching import is_retryable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._backoff import Draw
    from ._events import EventKind
    from ._inputs import Positions
    from ._policy import RetryPolicy


set_context = vars(BaseException)["__context__"].__set__


class Call:
    """
    The state of one call between its first attempt and its end.

    The loops in `_loops` drive it: `begin`, the attempt itself, then `failed` or
    `accepts`; and if the call goes on `prepare`, the wait, `resume`. As soon as
    `prepare` or `resume` answers False, `outcome` is what the caller gets.
    """

    policy: RetryPolicy
    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    marks: Positions | None  # where seekable arguments stood

    attempt: int  # from 1
    attempt_started: float
    started: float
    rows: list[_history.Row]
    calls: int  # made so far, with those of retries inside the attempts
    calls_left: int | None  # allowed by a retry around this one
    limit: int | None  # of calls
    expires: float | None  # when the deadline is reached
    scope: _scope.Scope | None  # of the attempt under way

    error: Exception | None  # of the failed attempt, until the next one
    result: Any  # refused by `retry_result`, until the next one
    timed_out: bool
    explanation: str  # of the stop reason
    origin: str  # where the error came from, once its frames are gone
    adjusted: dict[str, str]
    draw: Draw | None
    delay: float
    previous: float  # the usual delay before
    wait_started: float
    waited: float

    def __init__(
        self,
        policy: RetryPolicy,
        name: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        started: float,
        marks: Positions | None,
    ) -> None:
        self.policy = policy
        self.name = name
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.started = self.attempt_started = started
        self.marks = marks
        self.attempt = 1
        self.calls = 0
        self.rows = []
        self.error = self.result = None
        self.explanation = self.origin = ""
        self.adjusted = {}
        self.delay = self.previous = self.waited = self.wait_started = 0.0
        self.timed_out = False
        self.draw = None
        self.scope = None
        outer = _scope.current()
        expires = None if outer is None else outer.expires
        self.calls_left = None if outer is None else outer.calls_left
        own = None if policy.deadline is None else started + policy.deadline
        self.expires = _scope.smaller(own, expires)
        trial = _clock.current_trial()
        limit = _scope.smaller(policy.attempts, self.calls_left)
        self.limit = limit if trial is None else _scope.smaller(limit, trial.attempts)

    def begin(self) -> None:
        """Start an attempt, telling the retries inside it what they may use."""
        if self.attempt > 1:
            left = None if self.limit is None else self.limit - self.calls
            self.scope = _scope.Scope(self.expires, left)
        elif self.policy.deadline is not None:
            self.scope = _scope.Scope(self.expires, self.calls_left)

    def end(self) -> None:
        """End the attempt; `failed` and `accepts` do it themselves."""
        if self.scope is not None:
            self.scope.leave()
            self.scope = None

    def failed(self, error: BaseException) -> bool:
        """Take note of the attempt's error; return whether the call goes on."""
        self.end()
        if self.attempt == 1 and not isinstance(error, Exception):
            return False  # nothing of it is the retry's
        now = _clock.now()
        self.calls += _history.calls_made_inside(error, self.attempt_started) or 1
        self._add_row(type(error).__name__, now)
        self._tell("attempt", now, error)
        if not isinstance(error, Exception):
            self._give_up("interrupted", error, now)
            return False
        reason = "not_retryable"
        if self._is_retryable(error):
            reason = self._reason_to_stop(error, now)
        if reason:
            self._give_up(reason, error, now)
            return False
        self.error = error
        return True

    def accepts(self, result: Any) -> bool:
        """Take note of the attempt's result; return whether it is the call's."""
        self.end()
        policy = self.policy
        if policy.retry_result is not None and self._ask(policy.retry_result, result):
            now = _clock.now()
            self.calls += 1
            self._add_row("(result)", now)
            self._tell("attempt", now)
            reason = self._reason_to_stop(None, now)
            if not reason:
                self.result = result
                return False
            self._give_up(reason, None, now)
            return True
        if policy.budget is not None:
            policy.budget.earn()
        if self.attempt > 1:
            self._tell("recovered", _clock.now())
        return True

    def prepare(self) -> bool:
        """Let go of the failed attempt, clean up after it, adjust the arguments."""
        if self.error is not None:
            self.origin = _history.release_frames(self.error)
        if self.policy.cleanup is not None:
            self._ask(self.policy.cleanup)
        if self.policy.adjust is not None:
            reason = self._adjust()
            if reason:
                self._give_up(reason, self.error, _clock.now())
                return False
        self.wait_started = _clock.now()
        self._tell("backoff", self.wait_started, self.error, delay=self.delay)
        return True

    def resume(self) -> bool:
        """Go on after the wait, unless `stop_all` ended it."""
        now = _clock.now()
        waited = now - self.wait_started
        self.waited += waited
        name, seconds, _ = self.rows[-1]
        self.rows[-1] = (name, seconds, waited)
        stopped = _pause.stop_reason()
        if stopped is not None:
            self.explanation = stopped
            self._give_up("shutdown", self.error, now)
            return False
        try:
            _inputs.rewind(self.marks)
        except Exception as problem:  # noqa: BLE001 - streams of any make
            kind = type(problem).__name__
            self.explanation = f"the input cannot be rewound: {kind}"
            self._give_up("input_consumed", self.error, now)
            return False
        self.error = self.result = None
        self.timed_out = False
        self.origin = ""
        self.attempt += 1
        self.attempt_started = now
        return True

    def outcome(self) -> Any:
        """Raise the error of the last attempt, or return its refused result."""
        error, result = self.error, self.result
        self.error = self.result = None
        if error is None:
            return result
        context = error.__context__
        try:
            raise error
        finally:
            # Raising put there what the caller is handling; it is not its context.
            set_context(error, context)  # no setattr, which some exceptions refuse
            del error, context  # no cycle through this frame

    def time_left(self) -> float | None:
        """Return the seconds that an async attempt may take."""
        if self.policy.attempt_timeout is None or self.expires is None:
            return self.policy.attempt_timeout
        return max(0.0, min(self.policy.attempt_timeout, self.expires - _clock.now()))

    def _is_retryable(self, error: Exception) -> bool:
        on = Exception if self.timed_out else self.policy.on
        return bool(self._ask(is_retryable, error, on, self.policy.never))

    def _reason_to_stop(self, error: Exception | None, now: float) -> str:
        """Return the stop reason, or "" and have `delay` set."""
        policy = self.policy
        stopped = _pause.stop_reason()
        if stopped is not None:
            self.explanation = stopped
            return "shutdown"
        if self.limit is not None and self.calls >= self.limit:
            return "attempts"
        if policy.adjust is None:
            self.explanation = self._used_up(set())
            if self.explanation:
                return "input_consumed"
        self.delay = self._next_delay(error)
        if self.expires is not None and now + self.delay >= self.expires:
            return "deadline"
        if policy.budget is not None and not policy.budget.spend():
            return "budget"
        return ""

    def _next_delay(self, error: Exception | None) -> float:
        policy = self.policy
        if self.draw is None:
            self.draw = drawer(policy.seed)
        self.previous = usual_delay(policy, self.attempt, self.previous, self.draw)
        if policy.delay is not None and error is not None:
            hint = self._ask(policy.delay, error)
            hinted = hinted_delay(policy, hint, self.draw)
            if hinted is not None:
                return hinted
        return self.previous

    def _adjust(self) -> str:
        """Exchange the arguments; return the stop reason if there are none."""
        from ._events import Failure

        failure = Failure(self.attempt, self.error, self.result, self.rows[-1][1])
        args, kwargs = self.args, self.kwargs
        answer = self._ask(self.policy.adjust, args, dict(kwargs), failure)
        try:
            new_args, new_kwargs = answer
            self.args, self.kwargs = tuple(new_args), dict(new_kwargs)
        except (TypeError, ValueError):
            if answer is not None:
                kind = type(answer).__name__
                self.explanation = f"adjust returned {kind}, not (args, kwargs)"
            return "adjust"
        before = _inputs.labelled(self.function, args, kwargs)
        after = _inputs.labelled(self.function, self.args, self.kwargs)
        new = {k: v for k, v in after.items() if k not in before or v is not before[k]}
        self.adjusted.update(_inputs.shown(new, values=self.policy.details))
        self.explanation = self._used_up({id(value) for value in new.values()})
        if self.explanation:
            return "input_consumed"
        self.marks = [*(self.marks or ()), *(_inputs.positions(new.values()) or ())]
        return ""

    def _used_up(self, renewed: set[int]) -> str:
        safe = renewed | {id(stream) for stream, _ in self.marks or ()}
        return _inputs.used_up(self.function, self.args, self.kwargs, safe)

    def _ask(self, hook: Any, *args: Any) -> Any:
        """Return what a hook says, None if it raises."""
        try:
            return hook(*args)
        except Exception as problem:  # noqa: BLE001 - the call's own error matters more
            _hooks.report(problem, hook)
            return None

    def _add_row(self, name: str, now: float) -> None:
        self.rows.append((name, now - self.attempt_started, 0.0))

    def _give_up(self, reason: str, error: BaseException | None, now: float) -> None:
        elapsed = now - self.started
        told_inside = len(self.rows) == 1 and self.calls > 1
        plain = reason in ("not_retryable", "interrupted") and len(self.rows) == 1
        if isinstance(error, Exception) and not plain and not told_inside:
            _history.attach(
                error,
                self.rows,
                reason=reason,
                explanation=self.explanation,
                origin=self.origin,
                elapsed=elapsed,
                calls=self.calls,
                now=now,
            )
        self._tell("gave_up", now, error, reason=reason)

    def _tell(
        self,
        kind: EventKind,
        now: float,
        error: BaseException | None = None,
        *,
        reason: str = "",
        delay: float = 0.0,
    ) -> None:
        receivers = _hooks.receivers(self.policy.on_event)
        if not receivers:
            return
        from ._events import RetryEvent

        seconds = (
            now - self.attempt_started if kind == "recovered" else self.rows[-1][1]
        )
        event = RetryEvent(
            kind=kind,
            name=self.name,
            attempt=self.attempt,
            error="" if error is None else type(error).__name__,
            reason=reason,
            explanation=self.explanation if reason else "",
            seconds=seconds,
            elapsed=now - self.started,
            waited=self.waited,
            delay=delay,
            adjusted=_joined(self.adjusted),
            details=self._details(error) if self.policy.details else "",
        )
        _hooks.deliver(event, receivers)

    def _details(self, error: BaseException | None) -> str:
        arguments = _inputs.labelled(self.function, self.args, self.kwargs)
        texts = _joined(_inputs.shown(arguments, values=True))
        if error is None:
            return texts
        try:
            return f"{error}; {texts}"
        except Exception:  # noqa: BLE001 - an error that cannot say what it is
            return f"<{type(error).__name__}>; {texts}"


def _joined(texts: dict[str, str]) -> str:
    return ", ".join(f"{label}={text}" for label, text in texts.items())
