"""Interrupts, exits and cancellation always propagate."""

import asyncio
import concurrent.futures

import pytest

from ml_infra.decorators import retry

RULES = [
    {},
    {"on": Exception},
    {"on": (Exception, OSError)},
    {"on": lambda error: True},
    {"never": KeyError},
    {"on": lambda error: not isinstance(error, KeyError), "deadline": 60},
]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    "kind",
    [
        KeyboardInterrupt,
        SystemExit,
        GeneratorExit,
        asyncio.CancelledError,
        concurrent.futures.CancelledError,
        StopIteration,
    ],
)
def test_trap_07_interrupts_are_never_retried(trial, rules, kind):
    """Trap 7: one attempt under every form of predicate."""
    calls = []

    @retry(**rules)
    def load():
        calls.append(1)
        raise kind

    with pytest.raises(kind):
        load()
    assert len(calls) == 1
    assert trial.waits == []


@pytest.mark.parametrize("rules", RULES)
def test_trap_07_a_body_cancelled_by_wait_for_is_not_retried(rules):
    """Trap 7: the timeout of the caller wins."""
    calls = []

    @retry(**rules)
    async def load():
        calls.append(1)
        await asyncio.sleep(30)

    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(load(), 0.01)

    asyncio.run(main())
    assert len(calls) == 1


def test_trap_08_cancellation_during_a_backoff_ends_the_task():
    """Trap 8: no further attempt, and the task ends cancelled."""
    calls = []

    @retry(initial=30, jitter="none")
    async def load():
        calls.append(1)
        raise ConnectionError

    async def main():
        task = asyncio.create_task(load())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main())
    assert len(calls) == 1


def groups():
    try:
        return ExceptionGroup, BaseExceptionGroup
    except NameError:
        backport = pytest.importorskip("exceptiongroup")
        return backport.ExceptionGroup, backport.BaseExceptionGroup


def test_trap_28_a_group_is_retried_only_if_all_its_leaves_match(trial):
    """Trap 28: a mixed group, nested or not, propagates at once."""
    group, base_group = groups()
    calls = []

    def attempts(error, **rules):
        calls.clear()

        @retry(**rules)
        def load():
            calls.append(1)
            raise error

        with pytest.raises(type(error)):
            load()
        return len(calls)

    same = group("g", [OSError(), group("h", [ConnectionError()])])
    mixed = group("g", [OSError(), group("h", [KeyError()])])
    assert attempts(same, on=OSError) == 3
    assert attempts(mixed, on=OSError) == 1
    assert attempts(mixed, on=(OSError, KeyError)) == 3
    assert attempts(mixed, never=KeyError) == 1
    assert attempts(same, on=lambda error: isinstance(error, OSError)) == 3
    cancelled = base_group("g", [OSError(), asyncio.CancelledError()])
    assert attempts(cancelled, on=lambda error: True) == 1
    hidden = group("g", [OSError(), StopIteration()])
    assert attempts(hidden, on=lambda error: True) == 1


def test_trap_28_a_task_groups_error_is_judged_by_its_leaves(trial):
    """Trap 28: the group that asyncio.TaskGroup raises."""
    if not hasattr(asyncio, "TaskGroup"):
        pytest.skip("from Python 3.11")
    calls = []

    async def fail():
        raise ConnectionError

    @retry(on=ConnectionError)
    async def load():
        calls.append(1)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())
            tasks.create_task(fail())

    with pytest.raises(groups()[0]):
        asyncio.run(load())
    assert len(calls) == 3


def test_a_group_type_as_a_rule_is_refused():
    with pytest.raises(TypeError, match="judged by its members"):
        retry(on=groups()[0])
