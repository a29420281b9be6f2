"""The one protocol behind which every record system stands.

An adapter moves bytes in its system's own format; it never reads or changes a document. What a system cannot do it
says in its `Capabilities`, so that the exchange degrades instead of failing. What it needs of its system it compares
with what it finds there, in `check`: one list of findings of one shape for every adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Acknowledgement", "Arrival", "Capabilities", "Finding", "Outgoing", "Receipt", "System"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a system offers, as its adapter has found or been told. `attaches`: other files go beside the document."""

    reads_plans: bool
    writes_structured: bool
    writes_documents: bool
    notifies: bool
    versions: bool
    attaches: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an adapter needs of its system, beside what it has found there.

    `what` names the thing (`CarePlan`, `granted scope`), `needed` and `found` are short texts free of field values.
    """

    what: str
    needed: str
    found: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document that waits in the system to be fetched; `id` is the system's own name for it."""

    id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The receiver's word on a fetched document, after the HL7 V3 acknowledgement types.

    `AA` taken care of, `AE` an error in the document, `AR` refused. `text` is free of field values.
    """

    type: Literal["AA", "AE", "AR"]
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One document version on its way to one system, already written in that system's format."""

    message_id: str
    document: str
    version: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver has said of an outgoing document so far.

    `accepted`: it has the bytes. `delivered`: it has filed the document. `rejected`: it will not take it; `reason` is a
    sentence free of field values. `reference` is the receiver's own id of what it filed.
    """

    state: Literal["accepted", "delivered", "rejected"]
    reference: str = ""
    reason: str = ""


class System(Protocol):
    """A record system as the exchange sees it."""

    name: str
    format: str

    def capabilities(self) -> Capabilities:
        """What the system offers. Raises: Unavailable, Forbidden."""
        ...

    def check(self) -> Sequence[Finding]:
        """What the adapter needs of the system beside what it finds there now, asked of the system itself.

        It leaves nothing in the system and raises nothing: a system that does not answer is a finding that is not ok.
        """
        ...

    def arrivals(self) -> Sequence[Arrival]:
        """The documents that wait to be fetched, oldest first. Raises: Unavailable, Forbidden, Busy."""
        ...

    def fetch(self, arrival: Arrival) -> bytes:
        """The document's bytes in the system's format. Raises: NotFound, Unavailable, Forbidden, Busy."""
        ...

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Tells the system what became of a fetched document. Raises: NotFound, Unavailable, Forbidden, Busy."""
        ...

    def send(self, outgoing: Outgoing) -> Receipt:
        """Hands the document over.

        Raises: Unavailable (nothing handed over), Unknown (answer lost), Forbidden, Busy, Conflict (a person must
        look), Fault (the payload does not carry the identity it is sent under).
        """
        ...

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """What became of a document sent earlier, by reading back; None when the system holds no trace of it.

        `reference` is the receiver's id from an earlier receipt, when there is one.
        Raises: Unavailable, Forbidden, Busy.
        """
        ...
