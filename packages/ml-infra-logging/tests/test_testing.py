"""`capture_logs`: tests see what the file would hold, whoever logs and whenever."""

import logging
import math
import threading

import pytest

from ml_infra.logging import capture_logs, configure, context, get_logger


def test_trap_28_loggers_made_and_used_before_are_caught():
    log = get_logger("early").bind(fold=2)
    log.debug("used before")
    with capture_logs() as logs:
        log.info("dataset ready", rows=3)
    record = logs.assert_has("dataset ready", rows=3, fold=2)
    assert (record["logger"], record["level"]) == ("early", "info")
    assert logs.events == ["dataset ready"]


def test_trap_28_records_of_all_threads_are_caught():
    log = get_logger("threads")
    with capture_logs() as logs:
        threads = [
            threading.Thread(target=lambda n=n: log.info("tick", n=n)) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(record["n"] for record in logs) == list(range(8))


def test_trap_28_captures_nest_and_each_gets_all():
    log = get_logger("nested")
    with capture_logs() as outer:
        log.info("a")
        with capture_logs() as inner:
            log.info("b")
        log.info("c")
    log.debug("d")
    assert outer.events == ["a", "b", "c"]
    assert inner.events == ["b"]


def test_trap_28_captures_may_end_in_any_order():
    log = get_logger("order")
    first, second = capture_logs(), capture_logs()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    log.info("late")
    second.__exit__(None, None, None)
    assert (first.events, second.events) == ([], ["late"])


def test_trap_28_outputs_and_levels_are_in_force_again_afterwards(tmp_path):
    path = tmp_path / "run.jsonl"
    configure("r", path=path, console=False, levels="warning")
    log = get_logger("restored")
    logs = capture_logs()
    with pytest.raises(ZeroDivisionError), logs:
        log.debug("inside", ratio=1 / len(logs))  # fails before it logs
    with logs:
        log.debug("inside")
    log.info("below the level")
    log.warning("outside")
    assert logs.events == ["inside"]
    text = path.read_text()
    assert "outside" in text
    assert "inside" not in text
    assert "below the level" not in text


def test_configure_inside_a_capture_leaves_the_capture_in_force(tmp_path):
    log = get_logger("inner")
    with capture_logs() as logs:
        configure("r", path=tmp_path / "run.jsonl", console=False)
        log.info("after")
    logs.assert_has("after", run="r")


def test_the_level_of_a_capture_is_its_own():
    log = get_logger("level")
    with capture_logs("warning") as logs:
        log.info("quiet")
        log.warning("loud")
    assert logs.events == ["loud"]


def test_nested_captures_each_keep_their_own_level():
    log = get_logger("nested")
    with capture_logs("warning") as outer:
        with capture_logs("debug") as inner:
            log.debug("quiet")
            log.warning("loud")
        log.info("quiet again")
    assert inner.events == ["quiet", "loud"]
    assert outer.events == ["loud"]


def test_records_of_the_standard_library_are_caught_once_configured():
    configure("r", console=False)
    with capture_logs() as logs:
        logging.getLogger("urllib3").warning("retry %d", 3)
    logs.assert_has("retry 3", logger="urllib3", level="warning")


def test_caught_records_are_what_a_file_would_hold():
    with capture_logs() as logs, context(stage="fit"):
        get_logger("x").info("bad", loss=float("nan"), api_key="k", level=3)
    record = logs[0]
    assert math.isnan(record["loss"])
    assert record["api_key"] == "[redacted]"
    assert (record["level"], record["level_"], record["stage"]) == ("info", 3, "fit")


def test_fields_are_asked_by_value_type_or_function():
    with capture_logs() as logs:
        get_logger("x").info("step", n=3, ok=True, loss=0.5)
    logs.assert_has("step", n=int, ok=bool, loss=lambda loss: loss < 1)
    logs.assert_has(loss=0.5)
    logs.assert_has(n=object)
    logs.assert_lacks("step", ok=int)  # true is not a number in a log
    logs.assert_lacks("step", ok=1)
    logs.assert_lacks("step", missing=None)
    logs.assert_count(1, "step")


def test_a_failed_assertion_lists_what_was_caught():
    with capture_logs() as logs:
        get_logger("x").info("dataset ready", rows=3)
    with pytest.raises(AssertionError) as failure:
        logs.assert_has("dataset ready", rows=float)
    assert "no record with 'dataset ready', rows=float" in str(failure.value)
    assert "rows=3" in str(failure.value)
    with pytest.raises(AssertionError, match="1 records instead of 2"):
        logs.assert_count(2)
    logs.clear()
    with pytest.raises(AssertionError, match="nothing was caught"):
        logs.assert_has()
    assert len(logs) == 0


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="level must be one of"):
        capture_logs("loud")


def test_nan_is_found_as_nan():
    with capture_logs() as logs:
        get_logger("t").info("n", loss=float("nan"), lr=0.5)
    logs.assert_has("n", loss=float("nan"))
    assert not logs.find("n", lr=float("nan"))
    assert not logs.find("n", loss=0.5)
