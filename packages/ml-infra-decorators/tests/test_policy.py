"""Options: what they accept, what they refuse, and that policies are values."""

import inspect
import re
from datetime import timedelta

import pytest

from ml_infra.decorators import RetryBudget, RetryPolicy, retry
from ml_infra.decorators._checks import _ELSEWHERE
from ml_infra.decorators.retry import Retry, RetryOptions

nan, inf = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[("attempts", bad) for bad in (0, -1, True, 2.5, "3", nan)],
        *[
            (option, bad)
            for option in ("initial", "max_delay", "max_hint", "deadline", "factor")
            for bad in (0, -1, True, nan, inf, "1")
        ],
        *[("attempt_timeout", bad) for bad in (0, -0.5, True, nan)],
        ("factor", 0.5),
        ("jitter", "half"),
        ("jitter", None),
        ("seed", 1.5),
        ("seed", True),
        ("name", 3),
        ("budget", 100),
        ("details", 1),
        *[
            (option, 3)
            for option in ("retry_result", "delay", "adjust", "cleanup", "on_event")
        ],
        ("on", "OSError"),
        ("on", (OSError, 3)),
        ("on", None),
        ("on", KeyboardInterrupt),
        ("on", (OSError, SystemExit)),
        ("on", BaseException),
        ("never", 3),
        ("on", OSError()),
    ],
)
def test_trap_22_an_option_that_cannot_work_is_refused_at_decoration(option, value):
    """Trap 22: zero, negative, NaN and bool options loop for ever or never."""
    with pytest.raises((ValueError, TypeError), match=option) as caught:
        retry(**{option: value})
    # What came is shown; for a type its name, for a tuple the member at fault.
    shown = repr(value[1] if isinstance(value, tuple) else value)
    assert re.search(rf"{re.escape(shown)}|names {shown[8:-2]}", str(caught.value))


def test_a_zero_delay_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"initial .* got 0.*retry.testing"):
        RetryPolicy(initial=0)


def test_an_unknown_jitter_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="one of 'full', 'equal', 'decorrelated', 'no"):
        RetryPolicy(jitter="half")


def test_nothing_to_retry_is_refused():
    with pytest.raises(ValueError, match=r"on=\(\) names nothing"):
        retry(on=())
    assert RetryPolicy(never=()).never == ()


def test_a_number_beyond_all_floats_is_refused():
    with pytest.raises(ValueError, match="initial must be positive and finite"):
        retry(initial=10**400)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="max_tries"):
        retry(max_tries=3)


def test_endless_attempts_need_a_deadline():
    with pytest.raises(ValueError, match="deadline"):
        RetryPolicy(attempts=None)
    assert RetryPolicy(attempts=None, deadline=1).attempts is None


@pytest.mark.parametrize(
    "option",
    ["on", "never", "retry_result", "delay", "adjust", "cleanup", "on_event"],
)
def test_an_async_hook_is_refused(option):
    """A coroutine is true, and nobody would await it."""

    async def hook(*args):
        return False

    with pytest.raises(TypeError, match=f"{option} must be a plain function"):
        retry(**{option: hook})


def test_numbers_of_other_libraries_are_numbers():
    """NumPy's, for example, which do not derive from int and float."""

    class Int64:
        def __index__(self):
            return 4

    class Float32:
        def __float__(self):
            return 0.5

    policy = RetryPolicy(attempts=Int64(), initial=Float32())
    assert (policy.attempts, policy.initial) == (4, 0.5)
    assert type(policy.attempts) is int


def test_a_policy_is_frozen():
    policy = RetryPolicy(attempts=4)
    with pytest.raises(AttributeError, match="replace"):
        policy.attempts = 5
    with pytest.raises(AttributeError):
        del policy.attempts
    assert policy.replace(attempts=5).attempts == 5
    assert policy.attempts == 4


def test_a_policy_is_a_value():
    assert RetryPolicy(attempts=4) == RetryPolicy(attempts=4)
    assert RetryPolicy(attempts=4) != RetryPolicy(attempts=5)
    assert len({RetryPolicy(deadline=1), RetryPolicy(deadline=1.0)}) == 1
    assert repr(RetryPolicy(attempts=4, on=OSError)) == (
        "RetryPolicy(on=<class 'OSError'>, attempts=4)"
    )
    assert RetryPolicy() != 3


def test_a_policy_survives_pickling(through_pickle):
    budget = RetryBudget(tokens=10, cost=5)
    policy = RetryPolicy(on=(OSError,), deadline=9, budget=budget, jitter="equal")
    copy = through_pickle(policy)
    assert copy.replace(budget=None) == policy.replace(budget=None)
    assert copy.budget.available == 10


def test_a_policy_decorates_and_calls(trial, failing):
    policy = RetryPolicy(attempts=2)
    load = failing(OSError())
    assert policy(load)() == "done"
    assert policy.call(failing(OSError()), 1, key=2) == "done"
    assert policy.call(int, "7") == 7


def test_the_keywords_for_type_checkers_are_those_of_the_policy():
    """TypedDict and attributes cannot drift from the constructor."""
    names = list(RetryOptions.__annotations__)
    assert names == list(inspect.signature(RetryPolicy).parameters)
    assert names == list(RetryPolicy.__annotations__)
    assert names == list(vars(RetryPolicy()))


def test_trap_21_every_form_honours_its_options(trial):
    """Trap 21: retry(fn, attempts=2) must not drop its keyword."""
    calls = []

    def load():
        calls.append(1)
        raise ConnectionError

    for decorated, expected in [
        (retry(load), 3),
        (retry()(load), 3),
        (retry(attempts=2)(load), 2),
        (retry(load, attempts=2), 2),
    ]:
        calls.clear()
        with pytest.raises(ConnectionError):
            decorated()
        assert len(calls) == expected


def test_durations_are_numbers_of_seconds_not_timedeltas():
    with pytest.raises(TypeError, match="deadline"):
        RetryPolicy(deadline=timedelta(seconds=3))


def test_the_decorator_shows_what_it_is():
    assert repr(retry) == "<retry of ml_infra.decorators>"
    assert isinstance(retry, Retry)


@pytest.mark.parametrize(
    ("word", "way_out"),
    [
        ("tries", "here that is attempts="),  # retry, retry2
        ("max_tries", "here that is attempts="),  # backoff
        ("wait", "here that is initial=, factor= and max_delay="),  # tenacity
        ("timeout", "here that is deadline="),  # stamina
        ("before_sleep", "here that is on_event="),  # tenacity
        ("nonsense", "see RetryPolicy"),
    ],
)
def test_an_option_of_another_library_is_refused_with_our_word(word, way_out):
    for form in (retry, retry.attempts):
        with pytest.raises(TypeError, match=rf"argument '{word}'; {way_out}$"):
            form(**{word: 3})


def test_the_words_of_others_are_none_of_ours_and_lead_to_ours():
    ours = set(inspect.signature(RetryPolicy).parameters)
    for option, theirs in _ELSEWHERE.items():
        assert set(re.findall(r"(\w+)=", option)) <= ours
        assert not ours & set(theirs.split())
