"""The bucket of tokens that several functions share."""

import os
import subprocess
import sys
import threading

import pytest

from ml_infra.decorators import RetryBudget, retry


def test_trap_24_a_thousand_failing_calls_make_at_most_twenty_retries(trial):
    """Trap 24: 100 tokens at cost 5; the rest give up with reason "budget"."""
    budget = RetryBudget(tokens=100, cost=5)
    calls, reasons = [], []

    @retry(budget=budget)
    def load():
        calls.append(1)
        raise ConnectionError

    for _ in range(1000):
        with pytest.raises(ConnectionError) as caught:
            load()
        reasons.append(retry.history(caught.value)[-1]["reason"])
    assert len(calls) - 1000 == 20
    assert reasons.count("budget") == 990  # ten calls made both their retries
    assert reasons.count("attempts") == 10


def test_trap_24_after_a_hundred_successes_retries_work_again(trial, failing):
    """Trap 24: successes refund, up to the capacity."""
    budget = RetryBudget(tokens=100, cost=5, refund=1)
    while budget.spend():
        pass
    good = retry(lambda: "ok", budget=budget)
    for _ in range(100):
        assert good() == "ok"
    assert budget.available == 100
    good()
    assert budget.available == 100
    assert retry(failing(ConnectionError()), budget=budget)() == "done"
    assert budget.available == 96


def test_trap_24_world_size_divides_the_capacity(trial):
    """Trap 24: eight ranks together retry as much as one process would."""
    budget = RetryBudget(tokens=100, cost=5, world_size=8)
    assert budget.capacity == 12.5
    assert [budget.spend() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("option", ["tokens", "cost", "refund", "world_size"])
@pytest.mark.parametrize("value", [0, -1, True, float("nan"), "5"])
def test_options_that_cannot_work_are_refused(option, value):
    with pytest.raises((ValueError, TypeError), match=option):
        RetryBudget(**{option: value})


def test_functions_share_a_budget(trial):
    budget = RetryBudget(tokens=10, cost=5)

    def fail():
        raise ConnectionError

    for _ in range(2):
        with pytest.raises(ConnectionError):
            retry(fail, budget=budget, attempts=2)()
    with pytest.raises(ConnectionError) as caught:
        retry(fail, budget=budget)()
    assert retry.history(caught.value)[-1]["reason"] == "budget"
    assert "0 of 10 tokens" in repr(budget)


def test_trap_31_eight_threads_lose_no_token():
    """Trap 31: 8 threads, 10 000 operations each, exact."""
    budget = RetryBudget(tokens=1_000_000, cost=3, refund=1)
    spent = [0] * 8

    def work(n):
        for _ in range(5_000):
            spent[n] += budget.spend()
            budget.earn()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(spent) == 40_000
    assert 1_000_000 - 3 * 40_000 <= budget.available <= 1_000_000 - 2 * 40_000 + 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_trap_31_a_child_forked_under_the_lock_can_spend():
    """Trap 31: another thread may hold the lock at the moment of the fork."""
    program = (
        "import os\n"
        "from ml_infra.decorators import RetryBudget\n"
        "from ml_infra.decorators.retry import RetryBudget as same\n"
        "import sys; module = sys.modules[RetryBudget.__module__]\n"
        "budget = RetryBudget(tokens=10, cost=5)\n"
        "module._lock.acquire()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os._exit(0 if budget.spend() and budget.available == 5 else 1)\n"
        "print(os.waitpid(pid, 0)[1])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.stdout.strip() == "0"


def test_a_pickled_budget_is_a_bucket_of_its_own(through_pickle):
    budget = RetryBudget(tokens=10, cost=5)
    budget.spend()
    copy = through_pickle(budget)
    assert copy.spend()
    assert (copy.available, budget.available) == (0, 5)


def test_a_budget_that_never_pays_a_retry_is_refused():
    with pytest.raises(ValueError, match=r"1.5625 tokens that one of 64 processes"):
        RetryBudget(tokens=100, cost=5, world_size=64)
