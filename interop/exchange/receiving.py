"""Takes waiting documents in: fetch, examine, store with their deliveries, and only then acknowledge.

Running it again does no harm: the same message gets its earlier answer, and nothing is stored twice. What each sending
system's setting `findings` says decides over documents with errors. Source of the acknowledgement types: HL7 Version 3
Transport, acknowledgement type codes AA, AE and AR, and CA for what is in safe keeping and not judged yet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from interop.errors import Conflict
from interop.exchange.learning import learn
from interop.exchange.parts import Examined, Parts, Spread, in_turn, tried
from interop.store import Answer, Identity, Incoming, Intake, StoredDocument
from interop.systems.base import Acknowledgement, Arrival
from schemas.identity import is_oid
from schemas.issues import Issue
from schemas.record import Record, record_digest

__all__ = ["TAKEN_CARE_OF", "Received", "identity_of", "receive", "receive_all"]

TAKEN_CARE_OF = Answer("AA", "taken_care_of")

_WAITS = Answer("CA", "waits_for_a_person")
_STOPS = Answer("CA", "document_stops_the_program")
_UNREADABLE = "document_cannot_be_read"
_NOT_NAMED = "document_does_not_name_itself"
_OTHER_CONTENT = "document_version_is_here_with_other_content"
_NAMED_RULES = 10
_KEPT_RULES = 50
_LONGEST_OID = 200
# Without these a document cannot be told from others, ordered among its versions, or judged by the gate.
_INDISPENSABLE = frozenset({"document", "version", "controller"})


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one arrival. `document` is None when the same document version was here already."""

    source: str
    answer: Answer
    document: StoredDocument | None
    issues: Sequence[Issue] = field(default=(), repr=False)
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """An arrival that is to be stored, with its record for those that will deliver it."""

    intake: Intake
    issues: Sequence[Issue] = field(default=(), repr=False)
    record: Record | None = field(default=None, repr=False)


def receive(parts: Parts, source: str, arrival: Arrival) -> Received:
    """The outcome of one arrival, stored and acknowledged.

    Raises: what the system raises; the next run continues. Conflict when another worker took the same message.
    """
    (outcome,) = receive_all(parts, source, [arrival])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def receive_all(
    parts: Parts, source: str, arrivals: Sequence[Arrival], spread: Spread = in_turn,
    unexamined: Collection[str] = (),
) -> list[Received | Exception]:  # fmt: skip
    """For each arrival its outcome, stored and acknowledged, or why it has none.

    In: `spread` makes the calls to the system, several at once; `unexamined` names arrivals that have ended the program
    before: they are put away for a person without a look.
    """
    system = parts.participants[source].system
    payloads = list(spread(lambda one: tried(lambda: system.fetch(one)), arrivals))
    fetched = {i: payload for i, payload in enumerate(payloads) if isinstance(payload, bytes)}
    messages = [(arrivals[i].message_id, payload) for i, payload in fetched.items()]
    earlier = dict(zip(fetched, parts.store.earlier_of(source, messages), strict=True))

    def judged(index: int, payload: bytes) -> Received | _Judged:
        before, arrival = earlier[index], arrivals[index]
        if before is not None:
            return Received(source, before.answer, before, repeated=True)
        if arrival.id in unexamined:
            incoming = Incoming(source, system.format, arrival.message_id, payload, None, parts.clock())
            return _Judged(Intake(incoming, "quarantined", _STOPS))
        return _judged(parts, source, arrival, payload)

    def verdict(index: int) -> Received | _Judged | Exception:
        payload = payloads[index]
        return tried(lambda: judged(index, payload)) if isinstance(payload, bytes) else payload

    verdicts = [verdict(index) for index in range(len(arrivals))]
    return _answer_all(parts, source, arrivals, _store_all(parts, source, verdicts), spread)


def identity_of(record: Record) -> Identity | None:
    """Which document a record is; None when it does not say so well enough to be exchanged."""
    return _identity(record) if _names_itself(record) else None


def _judged(parts: Parts, source: str, arrival: Arrival, payload: bytes) -> Received | _Judged:
    """What is to be stored of one arrival; or its outcome, when the document is here already."""
    participant = parts.participants[source]
    examined = parts.examine(payload, participant.system.format)
    record = examined.record
    incoming = Incoming(source, participant.system.format, arrival.message_id, payload, None, parts.clock())
    if record is None:
        return _Judged(Intake(incoming, "unreadable", Answer("AR", _UNREADABLE, _summary(examined))), examined.issues)
    identity = _identity(record)
    incoming = replace(incoming, identity=identity)
    filed = parts.store.filed(identity.document, identity.version)
    if filed is not None and parts.store.is_same_record(filed.id, identity.digest):
        return Received(source, TAKEN_CARE_OF, None, examined.issues, repeated=True)
    refusal = _refusal(examined, record, is_filed=filed is not None, is_strict=participant.findings == "reject")
    if refusal is not None:
        return _Judged(Intake(incoming, "rejected", refusal), examined.issues)
    findings = _errors(examined)[:_KEPT_RULES]
    if findings and participant.findings == "quarantine":
        return _Judged(Intake(incoming, "quarantined", _WAITS, findings=findings), examined.issues)
    intake = Intake(incoming, "accepted", TAKEN_CARE_OF, parts.receivers(source, record), findings)
    return _Judged(intake, examined.issues, record)


def _store_all(
    parts: Parts, source: str, verdicts: Sequence[Received | _Judged | Exception]
) -> list[Received | Exception]:
    """The outcomes; what is new has been stored in one transaction."""
    new = [one.intake for one in verdicts if isinstance(one, _Judged)]
    for one in verdicts:
        if isinstance(one, _Judged) and one.record is not None:
            learn(parts, source, one.record)
    stored = iter(parts.store.take_in(new) if new else [])

    def outcome(one: Received | _Judged | Exception) -> Received | Exception:
        if not isinstance(one, _Judged):
            return one
        document = next(stored)
        if document is None:
            return Conflict("The store already holds this message or this document version.")
        if one.record is not None:
            parts.records.keep(document.id, one.record)
        return Received(source, one.intake.answer, document, one.issues)

    return [outcome(one) for one in verdicts]


def _answer_all(
    parts: Parts, source: str, arrivals: Sequence[Arrival], outcomes: Sequence[Received | Exception], spread: Spread
) -> list[Received | Exception]:
    """The outcomes; each sender has been told, or its arrival has failed."""
    system = parts.participants[source].system

    def told(index: int) -> Received | Exception:
        outcome = outcomes[index]
        if isinstance(outcome, Exception) or outcome.answer.type == "CA":
            return outcome
        answer = outcome.answer
        said = Acknowledgement(outcome.answer.type, answer.code, answer.text)
        failure = tried(lambda: system.acknowledge(arrivals[index], said))
        return failure if isinstance(failure, Exception) else outcome

    ended = list(spread(told, range(len(outcomes))))
    answered = [
        one.document.id
        for one in ended
        if isinstance(one, Received) and one.document is not None and one.answer.type != "CA"
    ]
    if answered:
        parts.store.answered(answered, parts.clock())
    return ended


def _refusal(examined: Examined, record: Record, *, is_filed: bool, is_strict: bool) -> Answer | None:
    """Why a readable document is not taken, or None. In: `is_filed` when its version is here with other content."""
    if is_strict and not examined.valid:
        return Answer("AE", _first_error(examined), _summary(examined))
    if not _names_itself(record):
        return Answer("AE", _NOT_NAMED, "The document does not give its OID, version, structure or controller.")
    if is_filed:
        return Answer("AE", _OTHER_CONTENT, "This version of the document was received earlier with other content.")
    return None


def _identity(record: Record) -> Identity:
    digest = record_digest(record)
    return Identity(record.document, record.version, record.original, record.structure, digest, _clients(record))


def _clients(record: Record) -> tuple[str, ...]:
    """The identifiers of the document's clients."""
    clients = record.envelope.get("clients")
    people = [one.get("identifier") for one in clients if isinstance(one, dict)] if isinstance(clients, list) else []
    return tuple(str(one["value"]) for one in people if isinstance(one, dict) and one.get("value"))


def _names_itself(record: Record) -> bool:
    made_up = record.envelope.get("placeholders") or ()
    oids = (record.document, record.original, record.structure)
    named = all(len(oid) <= _LONGEST_OID and is_oid(oid) for oid in oids)
    return named and 0 < record.version < 2**31 and _INDISPENSABLE.isdisjoint(made_up)


def _errors(examined: Examined) -> list[str]:
    return list(dict.fromkeys(issue.rule.id for issue in examined.issues if issue.rule.severity == "error"))


def _first_error(examined: Examined) -> str:
    return next(iter(_errors(examined)), _UNREADABLE)


def _summary(examined: Examined) -> str:
    """The broken rules by id: enough to find the mistake with, and no value of the document."""
    errors = _errors(examined)
    more = f" and {len(errors) - _NAMED_RULES} more" if len(errors) > _NAMED_RULES else ""
    return f"Rules broken: {', '.join(errors[:_NAMED_RULES])}{more}." if errors else "The document cannot be read."
