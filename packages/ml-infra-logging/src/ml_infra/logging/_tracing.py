"""The ids of OpenTelemetry's current span, where OpenTelemetry is loaded already."""

from __future__ import annotations

import sys

from ._preemption import let_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OTEL = "opentelemetry.trace"


def _trace_context() -> Any:
    """Return OpenTelemetry's current span context where it is valid, else None."""
    try:
        context = sys.modules[OTEL].get_current_span().get_span_context()
    except BaseException as error:  # noqa: BLE001 - a half-imported or foreign module
        let_through(error)
        return None
    return context if context.is_valid else None


def trace_ids() -> bytes:
    """Return the ids of OpenTelemetry's current span, encoded."""
    return "".join(f',"{key}":"{value}"' for key, value in trace_pairs()).encode()


def trace_pairs() -> tuple[tuple[str, str], ...]:
    """Return the ids as members of a record; none without a valid span."""
    context = _trace_context()
    if context is None:
        return ()
    return (
        ("trace_id", f"{context.trace_id:032x}"),
        ("span_id", f"{context.span_id:016x}"),
        ("trace_flags", f"{int(context.trace_flags):02x}"),
    )
