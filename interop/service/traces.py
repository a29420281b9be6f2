"""What a person did or saw at the console, and what a client of the API was shown: who, what, which, when."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from interop.logs import log

__all__ = ["Trace", "leave"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that somebody did: `what` is `document_seen`, `identity_unmasked`, `delivery_cancel` and the like."""

    what: str
    who: str
    document: str = ""
    delivery: int | None = None
    why: str = ""


def leave(trace: Trace) -> None:
    """Nothing; the trace stands in the log. The reason is in the ledger, and not repeated here."""
    log(
        _LOG, logging.INFO, "trace", what=trace.what, who=trace.who, document=trace.document or None,
        delivery=trace.delivery,
    )  # fmt: skip
