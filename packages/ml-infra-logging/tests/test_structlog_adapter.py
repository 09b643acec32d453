"""structlog in front, our encoder and our outputs behind."""

import json

import pytest

from ml_infra.logging import configure

structlog = pytest.importorskip("structlog")


@pytest.fixture
def lines(tmp_path):
    from ml_infra.logging.structlog_adapter import Renderer, SinkFactory

    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            Renderer(),
        ],
        logger_factory=SinkFactory(),
        wrapper_class=structlog.BoundLogger,
    )
    yield lambda: [json.loads(line) for line in path.read_text().splitlines()][1:]
    structlog.reset_defaults()


def test_a_structlog_event_is_one_of_our_records(lines):
    log = structlog.get_logger().bind(logger="train", fold=2)
    log.info("ready", rows=3, loss=float("nan"), bad=object(), api_key="secret")
    log.debug("hidden")
    log.warning("slow")
    ready, slow = lines()
    assert (ready["event"], ready["level"], ready["logger"]) == (
        "ready",
        "info",
        "train",
    )
    assert (ready["rows"], ready["fold"], ready["loss"]) == (3, 2, None)
    assert ready["api_key"] == "[redacted]"
    assert (ready["seq"], slow["seq"]) == (1, 2)
    assert slow["level"] == "warning"
    assert not {"level_", "logger_"} & ready.keys()


def test_a_record_is_named_as_its_logger(lines):
    structlog.get_logger("train").info("ready")
    structlog.get_logger("train").info("told", logger="data")
    assert [record["logger"] for record in lines()] == ["train", "data"]


def test_trap_05_fields_that_share_a_name_with_ours_are_kept(tmp_path):
    from ml_infra.logging.structlog_adapter import Renderer, SinkFactory

    path = tmp_path / "a.jsonl"
    configure(path=path, console=False)
    log = structlog.wrap_logger(SinkFactory()(), processors=[Renderer()])
    log.info("x", level=3, timestamp="1999", exc_info=[1], seq=4)
    record = json.loads(path.read_text().splitlines()[-1])
    assert (record["level"], record["level_"], record["seq_"]) == ("info", 3, 4)
    assert (record["timestamp"], record["exc_info"]) == ("1999", [1])


def test_exceptions_are_data(lines):
    log = structlog.get_logger()
    try:
        raise ValueError("boom")  # noqa: TRY301 - the log of it is the test
    except ValueError:
        log.exception("failed")
    (record,) = lines()
    assert (record["level"], record["exception"]["type"]) == ("error", "ValueError")


def test_text_of_another_renderer_becomes_an_event(lines):
    from ml_infra.logging.structlog_adapter import SinkFactory

    SinkFactory()("ignored").warning("plain text")
    assert [(r["event"], r["level"]) for r in lines()] == [("plain text", "warning")]
