"""Takes a document in that somebody hands over, by the same steps as one that is fetched from a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from interop.exchange.parts import Participant, Parts
from interop.exchange.receiving import Received, receive
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt

__all__ = ["post"]


@dataclass(slots=True)
class _Handed:
    """A document in hand, as if it were a system with one document waiting."""

    name: str
    format: str
    payload: bytes

    def capabilities(self) -> Capabilities:
        return Capabilities(
            reads_plans=True, writes_structured=False, writes_documents=False, notifies=False, versions=False
        )

    def check(self) -> Sequence[Finding]:
        return []

    def arrivals(self) -> Sequence[Arrival]:
        return []

    def fetch(self, arrival: Arrival) -> bytes:
        return self.payload

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Nothing: whoever handed the document over has the answer."""

    def send(self, outgoing: Outgoing) -> Receipt:
        raise NotImplementedError

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        raise NotImplementedError


def post(parts: Parts, source: str, form: str, payload: bytes) -> Received:
    """What became of the document: stored with its deliveries, or refused with the findings.

    The same bytes from the same source get the same answer, and are stored once. In: `source` is the name that the
    document is received under; what a system of that name sent is not delivered back to it. Raises: Conflict, when
    the same document comes twice at the same moment; Unavailable.
    """
    handed = Participant(_Handed(source, form, payload), "", receives=False)
    within = replace(parts, participants={**parts.participants, source: handed})
    return receive(within, source, Arrival("", sha256(payload).hexdigest()))
