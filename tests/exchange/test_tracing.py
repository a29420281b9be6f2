"""Spans leave when a setting says where to, and hold ids and counts alone."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from interop.exchange.parts import no_span
from interop.exchange.tracing import spans
from interop.sandboxes.running import Running


def test_nothing_is_timed_unless_it_is_asked_for() -> None:
    assert spans("") is no_span
    with no_span("send", delivery=1):
        pass


def test_spans_arrive_with_ids_and_without_the_text_of_an_error() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    bodies: list[bytes] = []

    async def collector(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with Running(collector) as server:
        span = spans(f"{server.url}/v1/traces")
        with pytest.raises(ValueError, match="Salainen"), span("send", delivery=7, receiver="omni360"):
            raise ValueError("Salainen 010181-900C")
        tracer: Any = span.__closure__[0].cell_contents  # type: ignore[attr-defined]
        tracer.span_processor.force_flush(5000)
        tracer.span_processor.shutdown()
    sent = b"".join(bodies)
    assert b"omni360" in sent
    assert b"interop.delivery" in sent
    assert b"Salainen" not in sent
