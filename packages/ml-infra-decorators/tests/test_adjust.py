"""Arguments that change between attempts, and the clean-up before them."""

import weakref

import pytest

from ml_infra.decorators import is_out_of_memory, retry

pytestmark = pytest.mark.usefixtures("trial")


def halve(args, kwargs, failure):
    if not is_out_of_memory(failure.error) or kwargs["batch_size"] == 1:
        return None
    return args, {**kwargs, "batch_size": kwargs["batch_size"] // 2}


def trainer(fits):
    tried = []

    def train(model, *, batch_size):
        tried.append(batch_size)
        if batch_size > fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return batch_size

    train.tried = tried
    return train


def test_the_batch_is_halved_until_it_fits_and_the_size_is_reported():
    events = []
    train = trainer(fits=9)
    fitted = retry(
        train,
        on=is_out_of_memory,
        attempts=6,
        adjust=halve,
        on_event=events.append,
    )
    assert fitted("model", batch_size=32) == 8
    assert train.tried == [32, 16, 8]
    assert events[-1].kind == "recovered"
    assert events[-1].adjusted == "batch_size=8"


def test_adjust_gives_up_with_none():
    train = trainer(fits=0)
    with pytest.raises(RuntimeError, match="out of memory") as caught:
        retry(train, on=is_out_of_memory, attempts=20, adjust=halve)(
            "model", batch_size=4
        )
    assert train.tried == [4, 2, 1]
    assert retry.history(caught.value)[-1]["reason"] == "adjust"
    # The traceback was let go before adjust was asked; where it ended is kept.
    assert "; raised in train (test_adjust.py:" in caught.value.__notes__[0]


def test_adjust_sees_the_failure_without_frames():
    failures = []

    def note(args, kwargs, failure):
        failures.append(failure)
        return args, kwargs

    @retry(adjust=note, attempts=2)
    def load():
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        load()
    (failure,) = failures
    assert failure.attempt == 1
    assert str(failure.error) == "down"
    assert failure.error.__traceback__ is None
    assert failure.result is None


def test_a_broken_adjust_gives_up_with_the_calls_own_error(capsys):
    def load(x):
        raise ConnectionError("own")

    def broken(args, kwargs, failure):
        raise KeyError("hook")

    with pytest.raises(ConnectionError, match="own") as caught:
        retry(load, adjust=broken)(1)
    assert caught.value.__context__ is None
    assert "KeyError: 'hook'" in capsys.readouterr().err
    with pytest.raises(ConnectionError) as caught:
        retry(load, adjust=lambda args, kwargs, failure: 5)(1)
    assert "adjust returned int, not (args, kwargs)" in caught.value.__notes__[0]


def test_the_next_mirror_is_tried_and_its_name_is_not_leaked():
    """A text argument may be a secret: events show its type unless asked for more."""
    mirrors = iter(["https://user:secret@b", "https://user:secret@c"])
    tried, events = [], []

    def fetch(url):
        tried.append(url)
        if len(tried) < 3:
            raise ConnectionError
        return url

    def next_mirror(args, kwargs, failure):
        return (next(mirrors),), kwargs

    retry(fetch, adjust=next_mirror, on_event=events.append)("https://user:secret@a")
    assert [url[-1] for url in tried] == ["a", "b", "c"]
    assert events[-1].adjusted == "url=<str>"
    assert "secret" not in repr(events)


def test_cleanup_runs_when_the_frames_are_gone(tensor_type, no_gc):
    """A device cache can only be emptied of tensors that nothing holds."""
    refs, alive = [], []

    @retry(cleanup=lambda: alive.append(refs[-1]() is not None))
    def train():
        tensor = tensor_type()
        refs.append(weakref.ref(tensor))
        raise MemoryError(str(tensor)[:0])

    with pytest.raises(MemoryError):
        train()
    assert alive == [False, False]


def test_a_cleanup_that_raises_changes_nothing(failing, capsys):
    def broken():
        raise KeyError("hook")

    assert retry(failing(ConnectionError()), cleanup=broken)() == "done"
    assert "KeyError: 'hook'" in capsys.readouterr().err


def fake_error(name, module, bases=(RuntimeError,)):
    return type(name, bases, {"__module__": module})


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        fake_error("OutOfMemoryError", "torch")("CUDA out of memory."),
        fake_error("OutOfMemoryError", "torch.cuda")(""),
        fake_error("OutOfMemoryError", "cupy.cuda.memory", (Exception,))("2 GB"),
        fake_error("XlaRuntimeError", "jaxlib.xla_extension")(
            "RESOURCE_EXHAUSTED: Out of memory while trying to allocate"
        ),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("HIP out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"),
    ],
)
def test_out_of_memory_errors_are_recognised(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes do not match"),
        ValueError("out of memory"),
        OSError("out of memory"),
        fake_error("OutOfMemoryError", "warehouse", (Exception,))(),
    ],
)
def test_other_errors_are_not(error):
    assert not is_out_of_memory(error)


@pytest.mark.torch
def test_a_real_torch_error_is_recognised():
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
