"""The logging systems that are compared, each set up as its own documentation says."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Peer(NamedTuple):
    """One configuration: how it is called, what it needs, how a logger is made."""

    name: str
    needs: tuple[str, ...]
    open: Callable[[str], Any]  # takes the path of the file to append to
    style: str = "fields"  # or "extra": how fields are passed


def ours(path: str) -> Any:
    from ml_infra.logging import configure, get_logger

    configure("compare", path=path, console=False, capture_stdlib=False)
    return get_logger("compare")


def ours_without_orjson(path: str) -> Any:
    kept = sys.modules.get("orjson")
    sys.modules["orjson"] = None  # type: ignore[assignment]  # as if not installed
    try:
        return ours(path)
    finally:
        del sys.modules["orjson"]
        if kept is not None:
            sys.modules["orjson"] = kept


def _structlog(factory: Any, renderer: Any) -> Any:
    import structlog

    # https://www.structlog.org/en/stable/performance.html, "Example" there.
    structlog.reset_defaults()
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        logger_factory=factory,
    )
    return structlog.get_logger().bind()


def structlog_orjson(path: str) -> Any:
    import orjson
    import structlog

    file = Path(path).open("ab")  # noqa: SIM115 - open to the end
    return _structlog(
        structlog.BytesLoggerFactory(file=file),
        structlog.processors.JSONRenderer(serializer=orjson.dumps),
    )


def structlog_json(path: str) -> Any:
    import structlog

    file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 - the same
    return _structlog(
        structlog.WriteLoggerFactory(file=file), structlog.processors.JSONRenderer()
    )


def loguru_json(path: str) -> Any:
    from loguru import logger

    logger.remove()
    logger.add(path, serialize=True, level="INFO")
    return logger


def _json_logger(path: str, formatter: logging.Formatter) -> Any:
    logger = logging.getLogger("compare.peer")
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    handler = logging.FileHandler(path)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    return logger


_PJL_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


def json_logger(path: str) -> Any:
    from pythonjsonlogger.json import JsonFormatter

    return _json_logger(path, JsonFormatter(_PJL_FIELDS))


def json_logger_orjson(path: str) -> Any:
    from pythonjsonlogger.orjson import OrjsonFormatter

    return _json_logger(path, OrjsonFormatter(_PJL_FIELDS))


def logbook_json(path: str) -> Any:
    import json

    import logbook

    handler = logbook.FileHandler(path, level="INFO", bubble=False)
    handler.formatter = lambda record, _: json.dumps(record.to_dict(json_safe=True))
    logger = logbook.Logger("compare", level=logbook.INFO)
    logger.handlers.append(handler)
    return logger


PEERS = (
    Peer("ours, orjson", ("orjson",), ours),
    Peer("ours, no extra", (), ours_without_orjson),
    Peer("structlog, orjson", ("structlog", "orjson"), structlog_orjson),
    Peer("structlog, json", ("structlog",), structlog_json),
    Peer("loguru", ("loguru",), loguru_json),
    Peer("python-json-logger", ("pythonjsonlogger",), json_logger, "extra"),
    Peer(
        "python-json-logger, orjson",
        ("pythonjsonlogger", "orjson"),
        json_logger_orjson,
        "extra",
    ),
    Peer("logbook", ("logbook",), logbook_json, "extra"),
)
BY_NAME = {peer.name: peer for peer in PEERS}


def installed() -> list[Peer]:
    """Return the configurations that can run here; say which cannot."""
    found = []
    for peer in PEERS:
        missing = [name for name in peer.needs if not importlib.util.find_spec(name)]
        if missing:
            print(f"left out: {peer.name} ({', '.join(missing)} not installed)")
        else:
            found.append(peer)
    return found


def caller(peer: Peer, path: str) -> Callable[..., None]:
    """Return one way to call any of them: event, then fields as keywords."""
    logger = peer.open(path)
    if peer.style == "extra":
        return lambda event, /, **fields: logger.info(event, extra=fields)
    return lambda event, /, **fields: logger.info(event, **fields)


def versions() -> str:
    """Return the versions that took part."""
    names = "ml-infra-logging structlog loguru python-json-logger logbook orjson numpy"
    found = []
    for name in names.split():
        found += [
            f"{name} {each.version}"
            for each in importlib.metadata.distributions(name=name)
        ]
    return ", ".join(dict.fromkeys(found))
