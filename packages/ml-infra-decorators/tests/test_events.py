"""The stream of events."""

import json

import pytest

from ml_infra.decorators import RetryEvent, retry
from ml_infra.decorators._budget import RetryBudget

pytestmark = pytest.mark.usefixtures("trial")


def test_a_recovery_is_told_step_by_step(failing):
    events = []
    load = failing(ConnectionError("a"), TimeoutError("b"))
    retry(load, on_event=events.append, jitter="none", name="fetch")()
    assert [(e.kind, e.attempt, e.error, e.delay) for e in events] == [
        ("attempt", 1, "ConnectionError", 0),
        ("backoff", 1, "ConnectionError", 0.1),
        ("attempt", 2, "TimeoutError", 0),
        ("backoff", 2, "TimeoutError", 0.2),
        ("recovered", 3, "", 0),
    ]
    assert {e.name for e in events} == {"fetch"}
    assert events[-1].waited == pytest.approx(0.3, abs=0.05)
    assert events[-1].elapsed >= events[-1].waited


def test_a_success_at_once_tells_nothing():
    events = []
    retry(lambda: 5, on_event=events.append)()
    retry(lambda: 5, on_event=events.append, deadline=5)()
    assert events == []


def events_of(function, *args, **rules):
    events = []
    with pytest.raises(BaseException):  # noqa: B017, PT011 - whichever it is
        retry(function, on_event=events.append, **rules)(*args)
    return events


def fail(*args):
    raise ConnectionError("token=secret")


errors = iter([ConnectionError(), KeyboardInterrupt()])


def interrupt():
    raise next(errors)


def broke():
    budget = RetryBudget(tokens=5, cost=5)
    budget.spend()
    return budget


def stop_and_fail():
    retry.stop_all("SIGTERM")
    raise ConnectionError


REASONS = {
    "attempts": (fail, {}),
    "deadline": (fail, {"deadline": 0.01, "jitter": "none"}),
    "budget": (fail, {"budget": broke()}),
    "not_retryable": (fail, {"on": KeyError}),
    "adjust": (fail, {"adjust": lambda args, kwargs, failure: None}),
    "shutdown": (stop_and_fail, {}),
    "interrupted": (interrupt, {}),
}


@pytest.mark.parametrize("reason", REASONS)
def test_giving_up_tells_a_reason_of_a_closed_set(reason):
    function, rules = REASONS[reason]
    last = events_of(function, **rules)[-1]
    assert (last.kind, last.reason) == ("gave_up", reason)
    assert last.explanation == ("SIGTERM" if reason == "shutdown" else "")


def test_the_reasons_are_those_that_the_documentation_lists():
    listed = RetryEvent.__doc__.split("reason: ")[1].split("explanation:")[0]
    assert all(f'"{reason}"' in listed for reason in [*REASONS, "input_consumed"])


def test_trap_18_a_hook_that_raises_changes_nothing(failing, capsys):
    """Trap 18: the other hooks run, the retries go on, the error is shown."""
    seen = []

    def broken(event):
        raise KeyError("hook")

    retry.listen(broken)
    retry.listen(seen.append)
    assert retry(failing(ConnectionError()), on_event=broken)() == "done"
    assert [event.kind for event in seen] == ["attempt", "backoff", "recovered"]
    assert capsys.readouterr().err.count("KeyError: 'hook'") == 6
    with pytest.raises(ConnectionError) as caught:
        retry(fail)()
    assert caught.value.__context__ is None


def test_trap_19_events_hold_no_arguments_or_messages():
    """Trap 19: neither the error's text nor an argument is in them."""
    for event in events_of(fail, "password=secret", b"secret"):
        assert "secret" not in repr(event)
        assert "secret" not in json.dumps(event._asdict())


def test_trap_19_details_are_there_when_asked_for():
    """Trap 19: opt-in only."""
    events = events_of(fail, "password=secret", details=True)
    assert all("token=secret" in event.details for event in events)
    assert all("'password=secret'" in event.details for event in events)


def test_trap_20_labels_take_few_values():
    """Trap 20: name, kind and reason are all that a metric needs."""
    labels = set()
    for n in range(50):
        for event in events_of(fail, n):
            labels.add((event.name, event.kind, event.reason))
    assert labels == {
        ("fail", "attempt", ""),
        ("fail", "backoff", ""),
        ("fail", "gave_up", "attempts"),
    }


def test_events_are_flat_and_fit_anywhere():
    for event in events_of(fail, 3):
        assert isinstance(event, tuple)
        assert json.loads(json.dumps(event._asdict())) == event._asdict()
        assert all(isinstance(value, (str, int, float)) for value in event)


def test_listeners_hear_every_policy_until_they_leave(failing):
    seen = []

    @retry.listen
    def listener(event):
        seen.append(event.name)

    retry(failing(ConnectionError()), name="a")()
    retry(failing(ConnectionError()), name="b", deadline=9)()
    retry.unlisten(listener)
    retry(failing(ConnectionError()), name="c")()
    assert seen == ["a"] * 3 + ["b"] * 3
    with pytest.raises(ValueError, match="not listening"):
        retry.unlisten(listener)
    with pytest.raises(TypeError, match="callable"):
        retry.listen(3)


def test_methods_are_named_with_their_class():
    class Loader:
        @retry
        def fetch(self):
            raise ConnectionError

    seen = []
    retry.listen(seen.append)
    with pytest.raises(ConnectionError):
        Loader().fetch()
    assert seen[0].name == "Loader.fetch"


def test_details_of_what_cannot_be_shown_change_nothing(trial):
    """The call's own error comes out, and the events say what they can."""

    class MuteError(OSError):
        def __str__(self):
            raise RuntimeError

    class array:  # noqa: N801 - reprlib goes by the name
        def __repr__(self):
            raise RuntimeError

    def load(rows):
        raise error

    error, events = MuteError(), []
    with pytest.raises(MuteError) as caught:
        retry(load, details=True, on_event=events.append)(array())
    assert caught.value is error
    assert events[0].details == "<MuteError>; rows=<array>"
    assert len(trial.waits) == 2
