"""Arrays and tensors: numbers stay numbers, summaries are bounded, no device waits."""

import math
import time
from datetime import datetime

import pytest

from ml_infra.logging import capture_logs, configure, get_logger
from ml_infra.logging._arrays import rounded

log = get_logger("arrays")


class FakeTensor:
    """A scalar on a device; reading it would be the hidden synchronisation."""

    def __init__(self, value, device="cuda:0"):
        self.value = value
        self.device = device
        self.is_cuda = device.startswith("cuda")
        self.shape = ()
        self.dtype = "torch.float32"
        self.copies = 0

    def detach(self):
        return self

    def to(self, device, *, non_blocking):
        assert non_blocking
        self.copies += 1
        return FakeTensor(self.value, device)

    def item(self):
        assert not self.is_cuda, "the device was waited for"
        return self.value

    __float__ = __int__ = __bool__ = __repr__ = None


@pytest.fixture
def record():
    def write(**fields):
        with capture_logs() as logs:
            log.info("x", **fields)
        return logs[0]

    return write


def test_trap_03_every_numpy_scalar_is_a_number_a_boolean_or_text(record):
    np = pytest.importorskip("numpy")
    for code in "bhilqBHILQ":
        assert record(v=np.dtype(code).type(7))["v"] == 7
    assert record(v=np.bool_(True))["v"] is True
    for kind in (np.float16, np.float32, np.float64, np.longdouble):
        assert record(v=kind(0.1))["v"] == 0.1
        assert math.isnan(record(v=kind("nan"))["v"])
        assert record(v=kind("-inf"))["v"] == -math.inf
    assert record(v=np.datetime64("2026-01-02"))["v"] == "2026-01-02"
    assert record(v=np.timedelta64(3, "s"))["v"] == "3 seconds"
    assert record(v=np.str_("text"))["v"] == "text"
    assert record(v=np.bytes_(b"text"))["v"] == "text"
    assert record(v=np.complex64(1 + 2j))["v"] == "(1+2j)"
    assert record(v=np.array(3.5))["v"] == 3.5
    assert record(v=np.array("a", dtype=object))["v"] == "a"
    assert record(v=np.dtype("float32"))["v"] == "float32"
    assert record(v=np.zeros(1, dtype=[("a", "i4")])[0])["v"] == {"a": 0}


def test_trap_03_a_float32_prints_as_few_digits_as_it_needs(tmp_path):
    np = pytest.importorskip("numpy")
    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    log.info("x", loss=np.float32(0.1), half=np.float16(0.1))
    assert '"loss":0.1,"half":0.1' in path.read_text()


def test_arrays_become_summaries(record):
    np = pytest.importorskip("numpy")
    found = record(grads=np.array([[1.0, np.nan], [3.0, np.inf]], dtype=np.float32))
    assert found["grads"] == {
        "shape": [2, 2],
        "dtype": "float32",
        "min": 1.0,
        "mean": 2.0,
        "max": 3.0,
        "nonfinite": 2,
    }
    assert record(v=np.array([], dtype=float))["v"] == {
        "shape": [0],
        "dtype": "float64",
    }
    assert record(v=np.array(["a", "b"]))["v"] == {"shape": [2], "dtype": "<U1"}
    assert record(v=np.array([True, False]))["v"]["mean"] == 0.5
    assert record(v=np.array([np.nan]))["v"]["nonfinite"] == 1
    assert record(v=np.array([2**63], dtype=np.uint64))["v"]["max"] == 2**63


def test_trap_04_a_huge_array_takes_bounded_time(record):
    np = pytest.importorskip("numpy")
    whole = np.broadcast_to(np.float32(1.5), (10_000, 10_000))
    for array in (whole, whole[::-1, ::2], whole.T):
        start = time.process_time()
        found = record(v=array)["v"]
        assert time.process_time() - start < 0.5  # a hundred times the demand
        assert (found["mean"], found["shape"]) == (1.5, list(array.shape))
        assert 1000 < found["sampled"] < 10_000


def test_trap_02_columns_with_nan_stay_numeric(tmp_path):
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    from ml_infra.logging import read_log

    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    for loss in (0.5, math.nan, math.inf):
        log.metric(step=1, loss=loss)
    frame = pd.read_json(path, lines=True)
    assert frame["loss"].dtype == float
    assert pl.read_ndjson(path)["loss"].dtype == pl.Float64
    back = read_log(path).metrics("loss").to_pandas()["loss"]
    assert back.iloc[0] == 0.5
    assert math.isnan(back.iloc[1])
    assert back.iloc[2] == math.inf


def test_trap_03_info_never_waits_for_a_device(record):
    loss = FakeTensor(0.5)
    found = record(loss=loss)
    assert found["loss"] == {"shape": [], "dtype": "float32", "device": "cuda:0"}
    assert loss.copies == 0
    assert record(loss=FakeTensor(0.1, "cpu"))["loss"] == 0.1


def test_a_metric_on_a_device_is_copied_and_written_later_with_its_own_time():
    with capture_logs() as logs:
        log.metric(step=1, loss=FakeTensor(0.10000000149011612))
        between = time.time()
        assert logs.events == []
        log.metric(step=2, loss=FakeTensor(0.25))
        assert [record["step"] for record in logs] == [1]
        log.metric(step=3, loss=0.5)
    assert [(r["step"], r["loss"]) for r in logs] == [(1, 0.1), (2, 0.25), (3, 0.5)]
    first, second, _ = (
        datetime.fromisoformat(record["ts"].replace("Z", "+00:00")).timestamp()
        for record in logs
    )
    assert first <= between <= second + 1e-6  # the time is cut to microseconds


def test_a_metric_on_a_device_says_how_many_before_it_were_left_out():
    with capture_logs() as logs:
        for step in range(4):
            log.every(3).metric(step=step, loss=FakeTensor(0.5))
        log.metric(step=9, loss=0.25)
    assert [record["step"] for record in logs] == [0, 3, 9]
    assert [record.get("suppressed") for record in logs] == [None, 2, None]


def test_flush_and_exit_write_the_metrics_that_wait(tmp_path, monkeypatch):
    from ml_infra.logging import _deferred, context

    path = tmp_path / "a.jsonl"
    handle = configure(path=path, console=False)
    with context(epoch=3):
        log.metric(step=1, loss=FakeTensor(0.5))
    assert '"loss"' not in path.read_text()
    handle.flush()
    import json

    last = json.loads(path.read_text().splitlines()[-1])
    assert (last["loss"], last["epoch"], last["kind"]) == (0.5, 3, "metric")

    monkeypatch.setattr(_deferred, "_at_once", lambda: False)
    monkeypatch.setattr(_deferred, "_LONGEST_WAIT_S", 0.05)
    log.metric(step=2, loss=FakeTensor(0.75))
    handle.flush()
    last = json.loads(path.read_text().splitlines()[-1])
    assert last["loss"] == {"shape": [], "dtype": "float32", "device": "cuda:0"}


def test_metrics_that_never_arrive_take_bounded_room(monkeypatch):
    from ml_infra.logging import _deferred

    monkeypatch.setattr(_deferred, "_at_once", lambda: False)
    monkeypatch.setattr(_deferred, "_MAX_PENDING", 10)
    try:
        with capture_logs() as logs:
            for step in range(25):
                log.metric(step=step, loss=FakeTensor(1.0))
        assert [record["step"] for record in logs] == list(range(15))
    finally:
        _deferred.waiting.clear()


def test_metrics_of_a_device_that_has_failed_come_without_values(monkeypatch):
    from ml_infra.logging import _deferred

    def failed():
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(_deferred, "_at_once", failed)
    with capture_logs() as logs:
        log.metric(step=1, loss=FakeTensor(0.5))
        log.metric(step=2, loss=0.25)
    assert [record["step"] for record in logs] == [1, 2]
    assert logs[0]["loss"] == {"shape": [], "dtype": "float32", "device": "cuda:0"}


@pytest.mark.torch
def test_torch_tensors(record):
    torch = pytest.importorskip("torch")
    assert record(v=torch.tensor(0.1))["v"] == 0.1
    assert record(v=torch.tensor(0.1, dtype=torch.bfloat16))["v"] == 0.1
    assert record(v=torch.tensor(3))["v"] == 3
    assert record(v=torch.tensor(0.5, requires_grad=True))["v"] == 0.5
    assert record(v=torch.tensor([1.0, math.nan]))["v"]["nonfinite"] == 1
    huge = torch.ones(1).expand(10_000, 10_000)
    assert record(v=huge)["v"]["sampled"] < 10_000
    assert record(v=torch.zeros(2, device="meta"))["v"]["device"] == "meta"


@pytest.mark.parametrize(
    ("value", "dtype", "short"),
    [
        (0.10000000149011612, "float32", 0.1),
        (0.0999755859375, "float16", 0.1),
        (0.10009765625, "bfloat16", 0.1),
        (16777216.0, "float32", 16777216.0),
        (3.4028234663852886e38, "float32", 3.4028235e38),
        (0.1, "float64", 0.1),
        (math.inf, "float32", math.inf),
        (3, "int64", 3),
    ],
)
def test_narrow_floats_show_the_digits_that_were_meant(value, dtype, short):
    assert rounded(value, dtype) == short


def test_other_array_likes_are_told_by_their_metadata(record):
    class Lazy:
        shape = (3, 4)
        dtype = "float32"

    found = record(v=Lazy())["v"]
    assert (found["shape"], found["dtype"]) == ([3, 4], "float32")


def test_masked_values_are_null_and_count_for_nothing():
    np = pytest.importorskip("numpy")
    masked = np.ma.array([1.0, 2.0, 999.0], mask=[False, False, True])
    row = np.ma.array(
        [(1, 2.0)], mask=[(True, False)], dtype=[("x", int), ("y", float)]
    )
    with capture_logs() as logs:
        get_logger("t").info(
            "m",
            nothing=np.ma.masked,
            whole=masked,
            hidden=masked[2],
            scalar=np.ma.array(5.0),
            empty=np.ma.array([1, 2], mask=True),
            row=row[0],
            large=np.ma.array(np.arange(200_000.0), mask=np.arange(200_000) >= 10),
        )
    (record,) = logs
    assert record["nothing"] is None
    assert record["hidden"] is None
    assert record["scalar"] == 5.0
    assert record["row"] == {"x": None, "y": 2.0}
    assert (record["whole"]["max"], record["whole"]["mean"]) == (2.0, 1.5)
    assert record["whole"]["masked"] == 1
    assert record["empty"] == {
        "shape": [2],
        "dtype": str(np.dtype(int)),
        "nonfinite": 0,
        "masked": 2,
    }
    assert record["large"]["max"] == 0.0
    assert record["large"]["masked"] == record["large"]["sampled"] - 1
