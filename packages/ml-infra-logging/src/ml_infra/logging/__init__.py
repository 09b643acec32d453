"""Structured JSON-lines logging for ML pipelines that can never stop the training."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._configuration import Handle as Handle
    from ._redaction import Redactor as Redactor
    from ._report import ProcessReport as ProcessReport
    from ._report import Report as Report
    from ._spans import Span as Span
    from .reading import Log as Log
    from .reading import read_log as read_log
    from .schema import record_schema as record_schema
    from .schema import validate_record as validate_record
    from .structured import Logger as Logger
    from .structured import carry_context as carry_context
    from .structured import configure as configure
    from .structured import context as context
    from .structured import get_logger as get_logger

    __version__: str
    from .testing import CapturedLogs as CapturedLogs
    from .testing import capture_logs as capture_logs

# Where each name lives; looked up on first use, so that importing costs nothing.
_HOMES = {
    "CapturedLogs": "testing",
    "Handle": "_configuration",
    "Log": "reading",
    "Logger": "structured",
    "ProcessReport": "_report",
    "Redactor": "_redaction",
    "Report": "_report",
    "Span": "_spans",
    "capture_logs": "testing",
    "carry_context": "structured",
    "configure": "structured",
    "context": "structured",
    "get_logger": "structured",
    "read_log": "reading",
    "record_schema": "schema",
    "validate_record": "schema",
}

__all__ = [
    "CapturedLogs",
    "Handle",
    "Log",
    "Logger",
    "ProcessReport",
    "Redactor",
    "Report",
    "Span",
    "capture_logs",
    "carry_context",
    "configure",
    "context",
    "get_logger",
    "read_log",
    "record_schema",
    "validate_record",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("ml-infra-logging")
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
