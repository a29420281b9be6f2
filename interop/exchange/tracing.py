"""Traces of the exchange's work by OpenTelemetry: off unless a setting says where they go; never a field's value.

A span has a name, ids and counts. The one home of the tracing library, an optional part of the installation
(`sote-interop[otel]`). Source: OpenTelemetry Python 1.x; OTLP over HTTP.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from typing import Any

from interop.errors import Invalid
from interop.exchange.parts import Span, no_span

__all__ = ["spans"]

_SERVICE = "sote-interop"


def spans(address: str) -> Span:
    """What times the work; nothing is timed without an address. In: where OTLP is taken over HTTP, `.../v1/traces`.

    Raises: Invalid when the tracing library is not installed.
    """
    if not address:
        return no_span
    tracer = _tracer(address)

    def span(name: str, /, **facts: str | int) -> AbstractContextManager[object]:
        found: AbstractContextManager[object] = tracer.start_as_current_span(
            name, attributes={f"interop.{key}": value for key, value in facts.items()}, record_exception=False,
            set_status_on_exception=False,
        )  # fmt: skip
        return found

    return span


@cache
def _tracer(address: str) -> Any:
    """The tracer of this process; spans leave in batches, in a thread of the library."""
    try:
        resources = import_module("opentelemetry.sdk.resources")
        trace = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise Invalid(
            "The setting telemetry.traces needs the tracing library: pip install 'sote-interop[otel]'."
        ) from error
    provider = trace.TracerProvider(resource=resources.Resource.create({"service.name": _SERVICE}))
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=address)))
    return provider.get_tracer(_SERVICE)
