"""What goes out: the caller's own exception, with its story, and no frames pinned."""

import asyncio
import concurrent.futures
import multiprocessing
import subprocess
import sys
import weakref

import pytest

from ml_infra.decorators import RetryPolicy, retry


def test_the_note_tells_the_story(trial):
    @retry(jitter="none")
    def load():
        trial.advance(0.25)
        raise ConnectionError("down")

    with pytest.raises(ConnectionError, match="down") as caught:
        load()
    assert caught.value.__notes__ == [
        (
            "3 attempts over 1.05 s (0.30 s waiting), stopped: attempts; "
            "earlier: ConnectionError, ConnectionError"
        )
    ]
    history = retry.history(caught.value)
    assert [each["attempt"] for each in history] == [1, 2, 3]
    assert [each["error"] for each in history] == ["ConnectionError"] * 3
    assert [each["seconds"] for each in history] == pytest.approx([0.25] * 3, abs=0.05)
    assert [each["waited"] for each in history] == pytest.approx(
        [0.1, 0.2, 0], abs=0.05
    )
    assert [each["reason"] for each in history] == ["", "", "attempts"]


def test_a_long_story_is_kept_short(trial):
    with pytest.raises(ZeroDivisionError) as caught:
        retry(lambda: 1 / 0, attempts=9)()
    assert caught.value.__notes__[0].endswith(
        "earlier: " + "ZeroDivisionError, " * 4 + "ZeroDivisionError and 3 more"
    )


def test_trap_14_cause_and_context_are_untouched(trial):
    """Trap 14: `raise A from B` comes out as it was raised."""
    b, context = KeyError("b"), LookupError("context")
    a = ConnectionError("a")

    @retry
    def load():
        try:
            raise context
        except LookupError:
            raise a from b

    with pytest.raises(ConnectionError) as caught:
        load()
    assert caught.value is a
    assert a.__cause__ is b
    assert a.__context__ is context
    assert context.__context__ is None
    assert len(a.__notes__) == 1


def call_while_handling(error, function):
    try:
        raise error
    except type(error):
        function()


def test_trap_14_the_context_survives_a_stop_during_the_wait():
    """Trap 14: also when the exception is raised again after a wait."""
    a, context = ConnectionError("a"), LookupError("context")

    @retry(cleanup=lambda: retry.stop_all("SIGTERM"))
    def load():
        try:
            raise context
        except LookupError:
            raise a  # noqa: B904 - the context is the point

    with pytest.raises(ConnectionError) as caught:
        call_while_handling(RuntimeError("the caller's"), load)
    assert caught.value is a
    assert a.__context__ is context
    assert "stopped: shutdown (SIGTERM)" in a.__notes__[0]


def test_trap_15_one_exception_object_does_not_collect_notes(trial):
    """Trap 15: a cached exception raised by many calls carries one note."""
    error = ConnectionError("cached")
    error.__notes__ = ["mine"]

    @retry
    def load():
        raise error

    for _ in range(5):
        with pytest.raises(ConnectionError):
            load()
    assert len(error.__notes__) == 2
    assert error.__notes__[0] == "mine"
    assert len(retry.history(error)) == 3  # and earlier calls do not count


def test_exceptions_that_refuse_attributes_get_their_note(trial):
    class FrozenError(Exception):
        def __setattr__(self, name, value):
            raise AttributeError(name)

    @retry
    def load():
        raise FrozenError

    with pytest.raises(FrozenError) as caught:
        load()
    assert len(caught.value.__notes__) == 1


@pytest.mark.parametrize("kind", ["attempts", "deadline"])
def test_trap_16_the_final_error_survives_pickling(trial, through_pickle, kind):
    """Trap 16: with its note and its history."""
    rules = {"deadline": 0.15, "jitter": "none"} if kind == "deadline" else {}
    with pytest.raises(ValueError, match="invalid literal") as caught:
        RetryPolicy(**rules).call(int, "seven")
    copy = through_pickle(caught.value)
    assert copy.__notes__ == caught.value.__notes__
    assert retry.history(copy) == retry.history(caught.value)
    assert retry.history(copy)[-1]["reason"] == kind


def test_trap_16_the_final_error_crosses_a_process_pool():
    """Trap 16: raised in a spawned worker, read in the parent."""
    context = multiprocessing.get_context("spawn")
    policy = RetryPolicy(attempts=2, initial=1e-9)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        future = pool.submit(policy.call, int, "seven")
        with pytest.raises(ValueError, match="seven") as caught:
            future.result()
    assert [each["attempt"] for each in retry.history(caught.value)] == [1, 2]


def test_trap_16_a_decorated_function_survives_cloudpickle(trial):
    """Trap 16: the closure holds a frozen policy and no lock."""
    cloudpickle = pytest.importorskip("cloudpickle")
    calls = []

    def load(x, y=2):
        calls.append(x)
        if len(calls) < 2:
            raise ConnectionError
        return x + y

    async def load_async(x):
        return x

    def rows(x):
        yield x

    async def async_rows(x):
        yield x

    for rules in ({}, {"deadline": 60}):
        for function in (load, load_async, rows, async_rows):
            decorated = retry(**rules)(function)
            decorated.__module__ = "__main__"  # so that it goes by value
            copy = cloudpickle.loads(cloudpickle.dumps(decorated))
            assert copy.__name__ == function.__name__
            if function is load:
                assert copy(1) == 3
            if function is rows:
                assert list(copy(1)) == [1]
            if function is load_async:
                assert asyncio.run(copy(1)) == 1


def test_history_of_no_exception_is_refused():
    with pytest.raises(TypeError, match="error must be an exception, got None"):
        retry.history(None)


def test_history_of_any_other_exception_is_empty():
    assert retry.history(ValueError()) == []


@pytest.fixture
def watched(tensor_type):
    """Make failing functions whose local tensor is watched; see `alive`."""
    refs = []

    def new_tensor():
        tensor = tensor_type()
        refs.append(weakref.ref(tensor))
        return tensor

    new_tensor.alive = lambda: sum(ref() is not None for ref in refs)
    return new_tensor


def plain(new_tensor):
    tensor = new_tensor()
    raise ConnectionError(str(tensor)[:0])


def keeps_its_error(new_tensor):
    """Make the cycle that `last = error` makes in many a function."""
    tensor = new_tensor()
    try:
        raise ConnectionError(str(tensor)[:0])  # noqa: TRY301 - the cycle needs one frame
    except ConnectionError as error:
        last = error
    raise last


def translates(new_tensor):
    tensor = new_tensor()
    try:
        plain(new_tensor)
    except ConnectionError as error:
        cause = error
    raise ConnectionError(str(tensor)[:0]) from cause


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("body", [plain, keeps_its_error, translates])
@pytest.mark.parametrize("rules", [{}, {"deadline": 60}, {"delay": lambda e: None}])
def test_trap_01_nothing_of_a_failed_attempt_lives_during_the_wait(
    watched, body, rules, monkeypatch
):
    """Trap 1: a tensor in a failed frame is freed before the sleep, with gc off."""
    alive_in_wait = []
    with retry.testing() as trial:
        monkeypatch.setattr(
            trial, "wait", lambda seconds: alive_in_wait.append(watched.alive())
        )
        try:
            retry(body, attempts=4, **rules)(watched)
        except ConnectionError as error:
            del error
    assert alive_in_wait == [0, 0, 0]
    if body is plain:  # the others make their cycle themselves, in the last attempt
        assert watched.alive() == 0


@pytest.mark.usefixtures("no_gc")
def test_trap_01_async_attempts_live_no_longer(watched, monkeypatch):
    """Trap 1: the same for coroutines."""
    alive_in_wait = []

    @retry
    async def load():
        tensor = watched()
        await asyncio.sleep(0)
        raise ConnectionError(str(tensor)[:0])

    async def main():
        with retry.testing() as trial:
            monkeypatch.setattr(
                trial, "wait", lambda seconds: alive_in_wait.append(watched.alive())
            )
            try:
                await load()
            except ConnectionError as error:
                del error
        return watched.alive()

    assert asyncio.run(main()) == 0
    assert alive_in_wait == [0, 0]


@pytest.mark.usefixtures("no_gc")
def test_trap_01_the_block_form_lets_go_as_well(watched, monkeypatch):
    """Trap 1: the same for `for attempt in retry.attempts()`."""
    alive_in_wait = []

    def block():
        for attempt in retry.attempts():
            with attempt:
                plain(watched)

    with retry.testing() as trial:
        monkeypatch.setattr(
            trial, "wait", lambda seconds: alive_in_wait.append(watched.alive())
        )
        try:
            block()
        except ConnectionError as error:
            del error
    assert alive_in_wait == [0, 0]
    assert watched.alive() == 0


@pytest.mark.usefixtures("no_gc")
def test_trap_01_generators_let_go_as_well(watched, monkeypatch):
    """Trap 1: the same for generators."""
    alive_in_wait = []

    @retry
    def rows():
        plain(watched)
        yield

    with retry.testing() as trial:
        monkeypatch.setattr(
            trial, "wait", lambda seconds: alive_in_wait.append(watched.alive())
        )
        try:
            next(rows())
        except ConnectionError as error:
            del error
    assert alive_in_wait == [0, 0]
    assert watched.alive() == 0


def test_an_error_that_the_caller_handles_keeps_its_traceback(trial, failing):
    """Only what the failed attempt raised is let go, not what it was raised inside."""
    load = failing(ConnectionError(), ConnectionError())
    error = KeyError("the caller's")
    call_while_handling(error, retry(load))
    assert len(load.calls) == 3
    assert error.__traceback__ is not None


def test_trap_16_a_decorated_function_is_pickled_by_its_name(tmp_path):
    """Trap 16: as any function of a module."""
    (tmp_path / "jobs.py").write_text(
        "from ml_infra.decorators import retry, timer\n"
        "@timer\n@retry(deadline=9)\ndef load(n):\n    return n\n"
    )
    program = (
        "import pickle, jobs; copy = pickle.loads(pickle.dumps(jobs.load))\n"
        "assert copy is jobs.load"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
