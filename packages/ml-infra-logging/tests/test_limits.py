"""`once`, `every` and `every_seconds`: fewer records, exact counts."""

import threading

import pytest

from ml_infra.logging import _limits, capture_logs, configure, get_logger


@pytest.fixture(autouse=True)
def fresh_sites():
    """What was written once in one test may be written in the next."""
    _limits._sites.clear()
    yield
    _limits._sites.clear()


def suppressed(records):
    return sum(record.get("suppressed", 0) for record in records)


def test_once_writes_the_first_of_equal_events():
    log = get_logger("once")
    with capture_logs() as logs:
        for n in range(5):
            log.once.warning("fallback", n=n)
            log.once.warning("another")
    assert logs.events == ["fallback", "another"]
    assert logs[0]["n"] == 0


def test_every_writes_one_of_n_and_says_how_many_were_left_out():
    log = get_logger("every")
    with capture_logs() as logs:
        for n in range(10):
            log.every(4).info("tick", n=n)
    assert [record["n"] for record in logs] == [0, 4, 8]
    assert [record.get("suppressed") for record in logs] == [None, 3, 3]


def test_every_seconds_writes_at_most_one_in_the_interval(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_limits.time, "monotonic", lambda: now[0])
    log = get_logger("seconds")
    with capture_logs() as logs:
        for _ in range(31):
            log.every_seconds(30).warning("slow batch")
            now[0] += 2.0
    assert [record.get("suppressed") for record in logs] == [None, 14, 14]


def test_logger_level_and_event_tell_sites_apart():
    with capture_logs() as logs:
        for _ in range(2):
            get_logger("a").once.info("x")
            get_logger("b").once.info("x")
            get_logger("a").once.warning("x")
            get_logger("a").once.info("y")
    assert len(logs) == 4


@pytest.mark.parametrize(
    "times", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)]
)
def test_trap_24_identical_warnings_from_threads_are_counted_exactly(tmp_path, times):
    path = tmp_path / "a.jsonl"
    handle = configure(path=path, console=False, capture_stdlib=False)
    log = get_logger("storm")

    def work():
        for _ in range(times // 4):
            log.every(1000).warning("same")
            log.every_seconds(3600).warning("same")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert handle.stats()["suppressed"] == 2 * times - times // 1000 - 1
    handle.flush()
    import json

    records = [json.loads(line) for line in path.read_text().splitlines()]
    same = [record for record in records if record["event"] == "same"]
    written = [record for record in same if record.get("kind") != "log.suppressed"]
    assert len(written) == times // 1000 + 1
    assert suppressed(same) + len(written) == 2 * times


@pytest.mark.parametrize("bound", [200, pytest.param(4096, marks=pytest.mark.slow)])
def test_trap_24_the_table_of_events_is_bounded_and_forgets_no_count(
    tmp_path, monkeypatch, bound
):
    monkeypatch.setattr(_limits, "_MAX_SITES", bound)
    path = tmp_path / "a.jsonl"
    handle = configure(path=path, console=False, capture_stdlib=False)
    log = get_logger("many")
    for n in range(bound + 100):
        log.once.debug(f"hidden {n}")
        log.once.info(f"event {n}")
        log.once.info(f"event {n}")
    assert len(_limits._sites) <= bound
    handle.flush()
    import json

    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert suppressed(records) == bound + 100
    (rest,) = [r for r in records if r["event"] == "(other events)"]
    assert rest["suppressed"] == 100


def test_counts_are_told_once(tmp_path):
    handle = configure(path=tmp_path / "a.jsonl", console=False)
    log = get_logger("t")
    for _ in range(3):
        log.once.info("x")
    handle.flush()
    handle.flush()
    text = (tmp_path / "a.jsonl").read_text()
    assert text.count("log.suppressed") == 1
    assert '"suppressed":2' in text


def test_a_span_of_a_limited_logger_is_written_whole_and_every_time():
    log = get_logger("spans")
    with capture_logs() as logs:
        for limited in (log.once, log.once, log.every(5)):
            with limited.span("epoch", epoch=3):
                pass
    assert logs.events == ["epoch"] * 6
    assert [record["kind"] for record in logs] == ["span.start", "span.end"] * 3
    assert all(record["epoch"] == 3 for record in logs)


def test_the_record_that_says_what_was_left_out_keeps_positional_arguments():
    log = get_logger("args")
    with capture_logs() as logs:
        for n in range(4):
            log.every(3).info("tick", "positional", n=n)
    assert [record["n"] for record in logs] == [0, 3]
    assert [record.get("suppressed") for record in logs] == [None, 2]
    assert [record["args"] for record in logs] == [["positional"]] * 2


def test_limits_keep_bound_fields_exceptions_and_odd_events():
    log = get_logger("t").bind(fold=1)
    with capture_logs() as logs:
        try:
            raise ValueError("boom")  # noqa: TRY301 - the log of it is the test
        except ValueError:
            log.every(0).exception("failed", n=1)
        log.once.info(object())
        log.every_seconds(-1).info("x")
    assert logs[0]["exception"]["type"] == "ValueError"
    assert (logs[0]["fold"], logs[0]["n"]) == (1, 1)
    assert len(logs) == 3
