"""What one client of the service may see of a document: the gate's decision, and the document without what it leaves
out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from mappings.redacting import redacted
from schemas.record import Record
from schemas.wills import Client, Wills
from validators.gate import Receiver, decide, subject_of

__all__ = ["Viewer", "view_of"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks, as the gate sees it; what clients have permitted and forbidden; and the moment of asking.

    `seen` fills up with the ids of the documents that were shown, for the trace that is left of them.
    """

    receiver: Receiver
    wills: Callable[[Iterable[Client]], Wills] = field(repr=False)
    clock: Callable[[], datetime] = field(repr=False)
    seen: set[str] = field(default_factory=set, repr=False, compare=False)


def view_of(record: Record, viewer: Viewer) -> Record | None:
    """The record as the viewer may see it, or None: what waits for a person's decision is not shown either."""
    subject = subject_of(record)
    decision = decide(subject, viewer.receiver, viewer.wills(subject.clients), viewer.clock())
    return redacted(record, decision.redactions) if decision.outcome == "permit" else None
