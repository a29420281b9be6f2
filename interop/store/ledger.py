"""What the store takes in and gives out: plain values, free of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from interop.store.states import State

__all__ = [
    "Answer",
    "AnswerType",
    "Delivery",
    "Identity",
    "Incoming",
    "Intake",
    "Status",
    "Step",
    "StoredDocument",
    "Transition",
    "is_in_doubt",
]

AnswerType = Literal["AA", "AE", "AR", "CA"]
"""HL7's acknowledgement types; `CA`, that the bytes are in safe keeping, is not told to a sender."""

Status = Literal["accepted", "rejected", "unreadable", "quarantined"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender of a document is told: AA, AE or AR, our code, and a text free of field values.

    A document in quarantine has CA: its sender is told nothing until a person has decided.
    """

    type: AnswerType
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which document a message holds.

    `digest` is that of the record, and `clients` are the persons' identifiers; the store keys both before it writes.
    """

    document: str
    version: int
    chain: str
    structure: str
    digest: str = field(repr=False)
    clients: tuple[str, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as it came. `identity` is None when the message cannot be read."""

    source: str
    format: str
    message_id: str = field(repr=False)
    payload: bytes = field(repr=False)
    identity: Identity | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Intake:
    """One message, judged and to be stored. In: `receivers` of an accepted one; `findings` as ids of broken rules."""

    incoming: Incoming
    status: Status
    answer: Answer
    receivers: Sequence[str] = ()
    findings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A message in the store, without its payload. `document` and what follows is None when it was not sound.

    `findings` are the ids of the rules that it breaks and was taken in, or into quarantine, nevertheless; `clients` the
    audit's keyed digests of the persons.
    """

    id: str
    source: str
    format: str
    status: Status
    document: str | None
    version: int | None
    chain: str | None
    structure: str | None
    answer: Answer
    received_at: datetime
    acknowledged_at: datetime | None
    findings: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One document version on its way to one system."""

    id: int
    document_id: str
    document: str
    version: int
    receiver: str
    state: State
    attempts: int
    checks: int
    released: bool
    next_at: datetime
    reference: str
    created_at: datetime
    turn: int = 0
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a delivery's state, to be stored. `next_at` is the earliest time of what comes after it.

    `worker` is the one that sends, when that is the step; `who` a person or program that decided it, for the audit.
    """

    after: State
    at: datetime
    cause: str
    reason: str = ""
    next_at: datetime | None = None
    reference: str = ""
    decision: Mapping[str, Any] | None = None
    worker: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """One stored change of a delivery's state. `before` is None for the first."""

    at: datetime
    before: State | None
    after: State
    cause: str
    reason: str
    attempt: int
    decision: Mapping[str, Any] | None


def is_in_doubt(before: State | None, after: State) -> bool:
    """True when a delivery may have arrived and nobody can say, by the last change of its state."""
    return after == "unknown" or (after == "held" and before in ("accepted", "unknown"))
