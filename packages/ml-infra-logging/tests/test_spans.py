"""`Logger.span`: start, end, duration, parent and status of a stretch of work."""

import time

import pytest

from ml_infra.logging import capture_logs, context, get_logger

log = get_logger("spans")


@pytest.fixture
def logs():
    with capture_logs() as found:
        yield found


def test_a_span_writes_start_and_end_with_the_same_id(logs):
    with log.span("epoch", epoch=3) as span:
        log.metric(step=1, loss=0.5)
        span.set(samples=50_000)
    start, metric, end = logs
    assert (start["kind"], metric["kind"], end["kind"]) == (
        *("span.start", "metric"),
        "span.end",
    )
    assert start["event"] == end["event"] == "epoch"
    assert start["span"] == metric["span"] == end["span"] == span.id
    assert [record["epoch"] for record in logs] == [3, 3, 3]
    assert (end["samples"], end["status"]) == (50_000, "ok")
    assert end["duration_s"] >= 0
    assert "parent" not in start


def test_an_inner_span_names_its_parent(logs):
    with log.span("fit") as outer, log.span("epoch") as inner:
        log.info("in")
    log.info("after")
    starts = [record for record in logs if record.get("kind") == "span.start"]
    ends = [record for record in logs if record.get("kind") == "span.end"]
    assert starts[1]["parent"] == outer.id == ends[0]["parent"]
    assert ends[0]["span"] == inner.id
    assert logs.find("in")[0]["span"] == inner.id
    assert "span" not in logs.find("after")[0]


def test_an_exception_passes_through_and_is_the_status(logs):
    with pytest.raises(ValueError, match="boom"), log.span("fit"):
        raise ValueError("boom")
    end = logs[-1]
    assert (end["status"], end["level"]) == ("error", "error")
    assert end["exception"]["type"] == "ValueError"
    assert end["exception"]["message"] == "boom"


@pytest.mark.parametrize("jump", [-3600.0, 3600.0, -1.8e9, 7.4e9])
def test_trap_23_a_jump_of_the_clock_changes_no_duration(logs, monkeypatch, jump):
    """Durations are monotonic; 1969 and 2262 are years like others."""
    from ml_infra.logging import _pipeline

    real = time.time_ns
    with log.span("epoch"):
        shifted = int(jump * 1e9)
        monkeypatch.setattr(_pipeline, "_time_ns", lambda: real() + shifted)
    start, end = logs
    assert 0 <= end["duration_s"] < 5
    assert end["seq"] == start["seq"] + 1
    assert start["ts"][:4] == time.strftime("%Y", time.gmtime())
    assert end["ts"][:4] == time.strftime("%Y", time.gmtime(time.time() + jump))


def test_fields_of_a_span_may_have_any_name(logs):
    with log.span("x", status="mine", parent=1, span=2) as span:
        span.set(duration_s="long", status="also mine", event=1)
    end = logs[-1]
    assert (end["status"], end["status_"]) == ("ok", "also mine")
    assert (end["event"], end["event_"], end["duration_s_"]) == ("x", 1, "long")
    assert end["span"] == span.id


def test_a_span_below_the_level_writes_nothing_but_its_errors():
    with capture_logs("warning") as logs:
        with log.span("quiet"):
            pass
        with pytest.raises(ValueError, match="x"), log.span("loud"):
            raise ValueError("x")
    assert [record["event"] for record in logs] == ["loud"]


def test_span_and_context_nest_in_any_order(logs):
    with context(a=1), log.span("s"), context(b=2):
        log.info("in")
    assert (logs.find("in")[0]["a"], logs.find("in")[0]["b"]) == (1, 2)
    assert "span" in logs.find("in")[0]
