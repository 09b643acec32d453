"""Delays: their formulas, their limits and where their randomness comes from."""

import os
import random
import statistics
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_infra.decorators import RetryPolicy, retry
from ml_infra.decorators._backoff import drawer, hinted_delay, usual_delay

draw = drawer(None)


def test_without_jitter_the_delays_are_the_formula(trial, failing):
    load = failing(*[OSError()] * 6)
    retry(attempts=7, jitter="none", initial=0.5, factor=3, max_delay=10)(load)()
    assert trial.waits == [0.5, 1.5, 4.5, 10, 10, 10]


@pytest.mark.parametrize(
    ("jitter", "low", "high", "mean"),
    [("full", 0, 30, 15), ("equal", 15, 30, 22.5), ("decorrelated", 0.1, 30, None)],
)
def test_trap_03_jitter_is_not_lost_at_the_cap(jitter, low, high, mean):
    """Trap 3: at the cap the clients still spread out."""
    policy = RetryPolicy(jitter=jitter)
    delays = [usual_delay(policy, 20, 12, draw) for _ in range(1000)]
    assert low <= min(delays)
    assert max(delays) <= high
    assert len(set(delays)) > (100 if jitter == "decorrelated" else 900)
    if mean:
        assert statistics.mean(delays) == pytest.approx(mean, rel=0.1)


def test_trap_04_the_five_thousandth_delay_does_not_overflow():
    """Trap 4: 2 ** 5000 is no float."""
    assert usual_delay(RetryPolicy(jitter="none"), 5000, 0, draw) == 30


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    attempt=st.integers(1, 10_000),
    initial=st.floats(1e-9, 1e6),
    factor=st.floats(1, 1e6),
    max_delay=st.floats(1e-9, 1e6),
    jitter=st.sampled_from(["full", "equal", "decorrelated", "none"]),
)
def test_no_delay_is_negative_or_above_the_cap(
    attempt, initial, factor, max_delay, jitter
):
    policy = RetryPolicy(
        initial=initial, factor=factor, max_delay=max_delay, jitter=jitter
    )
    assert 0 <= usual_delay(policy, attempt, initial, draw) <= max_delay * (1 + 1e-9)


def test_trap_02_the_global_random_state_is_left_alone(trial, failing):
    """Trap 2: an experiment's stream of random numbers is not moved by a retry."""
    random.seed(0)
    before = random.getstate()
    retry(failing(OSError(), OSError()))()
    assert random.getstate() == before


def test_trap_02_ranks_with_the_same_seed_wait_differently():
    """Trap 2: identically seeded processes must not retry in lockstep."""
    program = (
        "import random; random.seed(1234)\n"
        "from ml_infra.decorators import retry\n"
        "with retry.testing() as trial:\n"
        "    try: retry(lambda: 1 / 0)()\n"
        "    except ZeroDivisionError: print(trial.waits)\n"
    )
    waits = {
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    }
    assert len(waits) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_trap_02_a_forked_child_draws_other_delays():
    """Trap 2: a child after fork does not repeat its parent."""
    program = (
        "import os\n"
        "from ml_infra.decorators import retry\n"
        "def waits():\n"
        "    with retry.testing() as trial:\n"
        "        try: retry(lambda: 1 / 0)()\n"
        "        except ZeroDivisionError: return trial.waits\n"
        "waits()\n"
        "pid = os.fork()\n"
        "print(waits(), flush=True)\n"
        "if pid: os.waitpid(pid, 0)\n"
        "else: os._exit(0)\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert len(set(output.splitlines())) == 2


def test_a_seed_replays_the_delays(failing):
    def waits(seed):
        with retry.testing() as trial:
            retry(seed=seed)(failing(OSError(), OSError()))()
        return trial.waits

    assert waits(7) == waits(7)
    assert waits(7) != waits(8)


def in_seconds(seconds):
    return datetime.now(timezone.utc) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("hint", "low", "high"),
    [
        (2, 2, 2.1),
        ("2", 2, 2.1),
        (2.5, 2.5, 2.6),
        (timedelta(seconds=3), 3, 3.1),
        (0, 0, 0.1),
        (6 * 3600, 299.9, 300),
        (float("inf"), 299.9, 300),
        (timedelta(hours=6), 299.9, 300),
    ],
)
def test_trap_23_hints_are_read_and_clamped(hint, low, high):
    """Trap 23: whatever the server says, the wait is at most max_hint."""
    delays = [hinted_delay(RetryPolicy(), hint, draw) for _ in range(50)]
    assert low <= min(delays) <= max(delays) <= high
    assert len(set(delays)) > 1  # hinted clients do not come back together


@pytest.mark.parametrize(
    ("away", "low", "high"), [(-500, 0, 0.1), (9000, 299.9, 300), (60, 55, 60.2)]
)
def test_trap_23_an_http_date_is_the_time_until_then(away, low, high):
    """Trap 23: a date that is past means at once."""
    date = format_datetime(in_seconds(away), usegmt=True)
    assert low <= hinted_delay(RetryPolicy(), date, draw) <= high


class Span:
    """Something like a timedelta, that is broken."""

    def total_seconds(self):
        raise RuntimeError


class SpanOfNoUse:
    total_seconds = 5


UNUSABLE = [
    *(None, -1, float("nan"), "soon", "", True, object(), 10**400),
    *(Span(), SpanOfNoUse()),
    "Wed, 21 Oct 99999999 07:28:00 GMT",
    "1 Jan 99999999999999999999 1:1:1",
]


@pytest.mark.parametrize("hint", UNUSABLE)
def test_trap_23_a_hint_that_says_nothing_gives_the_usual_delay(trial, failing, hint):
    """Trap 23: None, -1, NaN and nonsense have a defined result too."""
    policy = RetryPolicy(delay=lambda error: hint, jitter="none")
    assert policy.call(failing(OSError())) == "done"
    assert trial.waits == [0.1]


def test_trap_23_a_hint_that_raises_gives_the_usual_delay(trial, failing, capsys):
    """Trap 23: the hook's error is shown and the call goes on."""
    policy = RetryPolicy(delay=lambda error: error.retry_after, jitter="none")
    assert policy.call(failing(OSError())) == "done"
    assert trial.waits == [0.1]
    assert "retry_after" in capsys.readouterr().err


def test_trap_23_a_hint_beyond_the_deadline_gives_up(trial, failing):
    """Trap 23: a hinted wait respects the deadline as well."""
    with pytest.raises(ConnectionError) as caught:
        retry(delay=lambda error: 60, deadline=30)(failing(ConnectionError()))()
    assert trial.waits == []
    assert retry.history(caught.value)[-1]["reason"] == "deadline"
