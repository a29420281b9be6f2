"""The first page: what flows, how it has gone, and what needs a person."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from interop.console.asking import Ask
from interop.console.charts import bars, curve
from interop.console.flow import drawn
from interop.service.overview import SPANS, overview

__all__ = ["show"]


def show(ask: Ask) -> Response:
    """The overview of an hour, a day, a week or a month."""
    span = ask.asked("span")
    span = span if span in SPANS else "day"
    found = overview(ask.parts, span)
    waits = [None if beat.waiting_since is None else (beat.ends - beat.waiting_since) for beat in found.beats]
    return ask.page(
        "overview.html",
        found=found,
        span=span,
        spans=tuple(SPANS),
        wide=drawn(found, wide=True),
        narrow=drawn(found, wide=False),
        throughput=bars([beat.delivered for beat in found.beats]),
        waiting=curve([int(wait.total_seconds()) if wait else 0 for wait in waits]),
        waits=waits,
        busiest=max(found.beats, key=lambda beat: beat.delivered),
        longest=max(zip(waits, found.beats, strict=True), key=lambda one: one[0] or timedelta()),
    )
