"""The two-line recipes of the documentation, with the real packages."""

from pathlib import Path

import pytest

from ml_infra.decorators import retry

pytestmark = pytest.mark.usefixtures("trial")


def test_ml_infra_logging(failing):
    """Each event is a record with its fields."""
    logging = pytest.importorskip("ml_infra.logging")
    log = logging.get_logger("retry")
    retry.listen(lambda event: log.warning("retry", retry=event._asdict()))
    with logging.capture_logs() as logs:
        retry(failing(ConnectionError()), name="fetch")()
    assert len(logs) == 3
    record = logs[-1]["retry"]
    assert (record["kind"], record["name"], record["attempt"]) == (
        "recovered",
        "fetch",
        2,
    )


def test_standard_logging(failing, caplog):
    """The same with the standard library's logging."""
    import logging

    log = logging.getLogger("retry")
    retry.listen(
        lambda event: log.warning("%s", event, extra={"retry": event._asdict()})
    )
    with caplog.at_level("WARNING"):
        retry(failing(ConnectionError()), name="fetch")()
    assert [record.retry["kind"] for record in caplog.records] == [
        "attempt",
        "backoff",
        "recovered",
    ]


def test_opentelemetry(failing):
    """The span around the call gets the events."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider().get_tracer("test")
    span = trace.get_current_span
    retry.listen(lambda event: span().add_event(event.kind, event._asdict()))
    with tracer.start_as_current_span("download") as current:
        retry(failing(ConnectionError()), name="fetch")()
    assert [event.name for event in current.events] == [
        "attempt",
        "backoff",
        "recovered",
    ]
    assert current.events[0].attributes["name"] == "fetch"
    assert current.events[0].attributes["error"] == "ConnectionError"


def test_prometheus(failing):
    """A counter with labels that take few values."""
    prometheus = pytest.importorskip("prometheus_client")
    registry = prometheus.CollectorRegistry()
    labels = ["name", "kind", "reason"]
    events = prometheus.Counter("retry_events", "Retries", labels, registry=registry)
    retry.listen(
        lambda event: events.labels(event.name, event.kind, event.reason).inc()
    )
    retry(failing(ConnectionError()), name="fetch")()
    with pytest.raises(ConnectionError):
        retry(failing(*[ConnectionError()] * 3), name="fetch")()

    def count(kind, reason=""):
        labels = {"name": "fetch", "kind": kind, "reason": reason}
        return registry.get_sample_value("retry_events_total", labels)

    assert (count("attempt"), count("recovered")) == (4, 1)
    assert count("gave_up", "attempts") == 1


def test_the_documentation_shows_these_recipes():
    """The page and this file have the same lines."""
    page = Path(__file__).parents[3] / "docs" / "decorators.md"
    if not page.exists():
        pytest.skip("the tests stand alone")
    text = page.read_text("utf-8")
    for recipe in (
        'retry.listen(lambda event: log.warning("retry", retry=event._asdict()))',
        "retry.listen(lambda event: span().add_event(event.kind, event._asdict()))",
    ):
        assert recipe in text
        assert recipe in Path(__file__).read_text("utf-8")
