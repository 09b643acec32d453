"""The decorator's behaviour, call by call."""

import asyncio
import threading
import time

import pytest

from ml_infra.decorators import RetryBudget, RetryPolicy, retry, timer


def test_bare_retry_raises_the_last_exception_unchanged(trial, failing):
    errors = [OSError("first"), OSError("second"), OSError("third")]
    load = failing(*errors)
    with pytest.raises(OSError, match="third") as caught:
        retry(load)()
    assert caught.value is errors[2]
    assert len(load.calls) == 3


def test_bare_retry_returns_the_result_after_failures(trial, failing):
    load = failing(OSError(), ValueError())
    assert retry(load)("a", key="b") == "done"
    assert load.calls == [(("a",), {"key": "b"})] * 3
    assert len(trial.waits) == 2


def test_bare_retry_really_waits(failing):
    """Real time is the subject: 0.1 s before jitter "none"."""
    started = time.monotonic()
    assert retry(jitter="none", initial=0.05)(failing(OSError()))() == "done"
    assert 0.05 <= time.monotonic() - started < 5


def test_only_matching_errors_are_retried(trial, failing):
    load = failing(KeyError("k"))
    with pytest.raises(KeyError) as caught:
        retry(on=OSError)(load)()
    assert len(load.calls) == 1
    assert not hasattr(caught.value, "__notes__")
    assert retry.history(caught.value) == []


def test_never_wins_over_on(trial, failing):
    load = failing(FileNotFoundError())
    with pytest.raises(FileNotFoundError):
        retry(on=OSError, never=FileNotFoundError)(load)()
    assert len(load.calls) == 1


def test_a_predicate_decides(trial, failing):
    busy = failing(OSError(11, "busy"))
    assert retry(on=lambda error: error.errno == 11)(busy)() == "done"
    other = failing(OSError(12, "else"))
    with pytest.raises(OSError, match="else"):
        retry(on=lambda error: error.errno == 11)(other)()


def test_a_predicate_that_raises_leaves_the_error_alone(trial, failing, capsys):
    load = failing(ValueError("mine"))
    with pytest.raises(ValueError, match="mine") as caught:
        retry(on=lambda error: error.status == 503)(load)()
    assert caught.value.__context__ is None
    assert len(load.calls) == 1
    assert "'ValueError' object has no attribute 'status'" in capsys.readouterr().err


def test_results_can_be_retried_and_the_last_one_is_returned(trial):
    results = iter([None, None, 5, 6])
    poll = retry(retry_result=lambda result: result is None)(lambda: next(results))
    assert poll() == 5
    pending = retry(retry_result=lambda result: True, attempts=2)(lambda: "pending")
    assert pending() == "pending"
    assert len(trial.waits) == 3


def test_wrong_arguments_fail_once_and_at_once(trial):
    @retry
    def load(path, *, mode="r"):
        return path

    with pytest.raises(TypeError, match="missing 1 required positional"):
        load()
    with pytest.raises(TypeError, match="unexpected keyword"):
        load("a", mod="w")
    assert trial.waits == []


def test_trap_05_never_sleeps_past_the_deadline(trial, failing):
    """Trap 5: a wait that would reach the deadline is not begun."""
    load = failing(OSError("down"), OSError("later"))
    with pytest.raises(OSError, match="down") as caught:
        retry(deadline=1, initial=3, jitter="none")(load)()
    assert trial.waits == []
    assert retry.history(caught.value)[-1]["reason"] == "deadline"


def test_trap_06_a_slow_attempt_eats_the_deadline(trial):
    """Trap 6: an attempt of twice the deadline is the only one; the note says so."""
    calls = []

    @retry(deadline=1)
    def load():
        calls.append(1)
        trial.advance(2)
        raise ConnectionError

    with pytest.raises(ConnectionError) as caught:
        load()
    assert len(calls) == 1
    assert caught.value.__notes__ == [
        "1 attempt over 2.00 s (0.00 s waiting), stopped: deadline"
    ]


def test_trap_17_calls_share_no_state(trial):
    """Trap 17: threads, recursion and tasks each count their own attempts."""
    seen = {}

    @retry(attempts=5)
    def load(key, failures):
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= failures:
            raise ConnectionError
        if key == "outer":
            load("inner", 2)
        return key

    assert load("outer", 1) == "outer"
    assert seen == {"outer": 2, "inner": 3}

    def in_thread(key, failures):
        with retry.testing():
            load(key, failures)

    threads = [threading.Thread(target=in_thread, args=(f"t{n}", n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [seen[f"t{n}"] for n in range(4)] == [1, 2, 3, 4]


def test_trap_17_tasks_share_no_state():
    """Trap 17: two asyncio tasks of one function each count their own attempts."""
    counts = {"a": 0, "b": 0}

    @retry(attempts=4)
    async def load(key, failures):
        counts[key] += 1
        await asyncio.sleep(0)
        if counts[key] <= failures:
            raise ConnectionError
        return key

    async def main():
        with retry.testing():
            return await asyncio.gather(load("a", 3), load("b", 1))

    assert asyncio.run(main()) == ["a", "b"]
    assert counts == {"a": 4, "b": 2}


def test_trap_25_nested_retries_do_not_multiply(trial):
    """Trap 25: 3 around 3 makes 3 calls, 5 around 3 makes 5, 3 around 5 makes 5."""
    calls = []

    def run(outer, inner):
        calls.clear()

        @retry(attempts=inner)
        def fetch():
            calls.append(1)
            raise ConnectionError

        @retry(attempts=outer)
        def load():
            fetch()

        with pytest.raises(ConnectionError):
            load()
        return len(calls)

    assert [run(3, 3), run(5, 3), run(3, 5), run(1, 3)] == [3, 5, 5, 3]


def test_trap_25_a_translated_error_still_counts_its_attempts(trial):
    """Trap 25: raising another error from the inner one hides nothing."""
    calls = []

    @retry
    def fetch():
        calls.append(1)
        raise ConnectionError

    @retry
    def load():
        try:
            fetch()
        except OSError as error:
            raise RuntimeError("no data") from error

    with pytest.raises(RuntimeError):
        load()
    assert len(calls) == 3


def test_trap_25_the_outer_deadline_bounds_the_inner_sleeps(trial):
    """Trap 25: the inner retry has no deadline of its own, but the outer one has."""
    calls = []

    @retry(attempts=50, initial=1, factor=1, jitter="none")
    def fetch():
        calls.append(1)
        raise ConnectionError

    @retry(deadline=5)
    def load():
        fetch()

    with pytest.raises(ConnectionError) as caught:
        load()
    assert len(calls) == 5  # at 0, 1, 2, 3 and 4 s; a wait to 5 s reaches it
    assert sum(trial.waits) < 5
    assert retry.history(caught.value)[-1]["reason"] == "deadline"


def test_an_inner_retry_that_recovers_costs_the_outer_one_nothing(trial, failing):
    inner = retry(failing(OSError(), OSError()))
    outer = iter([ValueError(), ValueError(), None])

    @retry
    def load():
        result = inner()
        error = next(outer)
        if error:
            raise error
        return result

    assert load() == "done"


def test_trap_30_the_wall_clock_is_not_used(trial, failing, monkeypatch):
    """Trap 30: setting the clock back one hour changes nothing."""
    load = failing(OSError(), OSError())
    monkeypatch.setattr(time, "time", lambda: -3600.0)
    assert retry(deadline=10, jitter="none")(load)() == "done"
    assert trial.waits == [0.1, 0.2]


def test_a_policy_stands_for_one_call_too(trial, failing):
    load = failing(OSError())
    assert RetryPolicy(attempts=2).call(load, 1) == "done"
    assert load.calls == [((1,), {})] * 2


@pytest.mark.parametrize("calls", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_trap_31_eight_threads_count_exactly(calls):
    """Trap 31: 8 threads with one function, one budget and one listener."""
    budget = RetryBudget(tokens=10**9, cost=3, refund=1)
    events, attempts, local = [], [0] * 8, threading.local()
    retry.listen(lambda event: events.append(event.kind))

    @retry(budget=budget, attempts=2)
    def load(thread):
        attempts[thread] += 1
        local.failed = not getattr(local, "failed", False)
        if local.failed:
            raise ConnectionError
        return thread

    def work(thread):
        with retry.testing():
            for _ in range(calls):
                assert load(thread) == thread

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert attempts == [2 * calls] * 8
    total = 8 * calls
    assert sorted(set(events)) == ["attempt", "backoff", "recovered"]
    assert [events.count(kind) for kind in ("attempt", "backoff", "recovered")] == [
        total
    ] * 3
    assert 10**9 - 3 * total <= budget.available <= 10**9 - 2 * total


def test_trap_44_a_success_runs_no_machinery(monkeypatch):
    """Trap 44: what costs time begins at the first failure (figures: benchmarks/)."""
    from ml_infra.decorators import _wrapping

    def load(inputs, run=None, *, options=None):
        return inputs

    for decorated in (retry(load), timer(sink=None)(load)):
        code = decorated.__code__
        assert (code.co_argcount, code.co_kwonlyargcount) == (2, 1)
        assert not code.co_flags & 0x0C  # no packing of *args and **kwargs
    monkeypatch.setattr(_wrapping, "Call", lambda *_, **__: pytest.fail("machinery"))
    assert retry(lambda x: x)(5) == 5


def test_trap_25_a_task_left_behind_is_free_of_the_attempt_that_started_it(trial):
    """Trap 25: its context remembers an attempt that is over."""
    calls, tasks = [], []

    @retry(attempts=3)
    async def background():
        await asyncio.sleep(0.01)
        trial.advance(100)  # long after the deadline of the attempt
        calls.append(1)
        raise ConnectionError

    failures = iter([ConnectionError(), None])

    @retry(attempts=2, deadline=10, jitter="none")
    async def load():
        error = next(failures)
        if error:
            raise error
        tasks.append(asyncio.create_task(background()))

    async def main():
        await load()
        with pytest.raises(ConnectionError):
            await tasks[0]

    asyncio.run(main())
    assert len(calls) == 3


def test_a_coroutine_closed_in_its_attempt_ends_quietly():
    """The garbage collector closes it in another context."""
    import contextvars

    @retry(deadline=10)
    async def load():
        await asyncio.sleep(30)

    async def main():
        coroutine = load()
        contextvars.copy_context().run(coroutine.send, None)
        coroutine.close()

    asyncio.run(main())
