"""Brings one delivery a step further: gate, map and send; or read back what became of it.

Running a step again does no harm: nothing is sent while it is open whether an earlier attempt has arrived, and nobody
moves a delivery that another worker has moved meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from interop.errors import Busy, Forbidden, InteropError, Unavailable, Unknown
from interop.exchange.parts import Participant, Parts, Written
from interop.store import Delivery, State, Step
from interop.systems.base import Outgoing, Receipt
from schemas.issues import has_errors
from schemas.record import Record
from validators.gate import Decision, Receiver, Subject, decide

__all__ = ["Outcome", "Prepared", "abandon", "deliver", "prepare", "settle"]


_TRY_AGAIN: Mapping[type[InteropError], str] = {
    Busy: "receiver_is_busy",
    Unavailable: "receiver_is_unavailable",
    Forbidden: "receiver_refused_our_credentials",
}
"""The errors after which nothing has been handed over and another try may end otherwise, and the causes they are."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery ready to be sent: the gate's decision, and the document in the receiver's format."""

    decision: Decision
    written: Written
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Outcome:
    """The delivery after a step. `out_of_reach` says that its receiver cannot be worked with for now."""

    delivery: Delivery
    out_of_reach: bool = False


def deliver(parts: Parts, delivery_id: int) -> Outcome:
    """The delivery after one attempt to send it; unchanged when it is not its turn.

    Raises: NotFound; Conflict when another worker has the delivery. An error of the receiver is a state, not an error.
    """
    delivery = parts.store.delivery(delivery_id)
    if delivery.state != "pending" or delivery.next_at > parts.clock():
        return Outcome(delivery)
    stopped = _not_its_turn(parts, delivery)
    if stopped is not None:
        return stopped
    prepared = prepare(parts, delivery)
    if prepared is None:
        return Outcome(_move(parts, delivery, "held", "document_cannot_be_read_any_more"))
    state = _stopped(delivery, prepared.decision)
    if state is not None:
        return Outcome(_move(parts, delivery, state, prepared.decision.basis.id, decision=prepared.decision))
    if has_errors(prepared.written.issues) or not prepared.outgoing.payload:
        return Outcome(_move(parts, delivery, "held", "receiver_format_cannot_hold_it", decision=prepared.decision))
    rest = parts.store.circuits.admit(delivery.receiver, parts.clock(), parts.pace.probe)
    if rest is not None:
        return Outcome(_postponed(parts, delivery, rest), out_of_reach=True)
    sent = _move(parts, delivery, "sent", "attempt", decision=prepared.decision)
    return _send(parts, sent, prepared.outgoing)


def settle(parts: Parts, delivery_id: int) -> Outcome:
    """The delivery after asking its receiver what became of it; unchanged when it is not in doubt or not its turn.

    Raises: NotFound; Conflict when another worker has the delivery.
    """
    delivery = parts.store.delivery(delivery_id)
    if delivery.state not in ("accepted", "unknown") or delivery.next_at > parts.clock():
        return Outcome(delivery)
    prepared = prepare(parts, delivery) if delivery.receiver in parts.participants else None
    if prepared is None:
        return Outcome(_waited(parts, delivery))
    rest = parts.store.circuits.admit(delivery.receiver, parts.clock(), parts.pace.probe)
    if rest is not None:
        return Outcome(_postponed(parts, delivery, rest), out_of_reach=True)
    try:
        receipt = parts.participants[delivery.receiver].system.settle(prepared.outgoing, delivery.reference)
    except InteropError as error:
        _called(parts, delivery.receiver, error)
        return Outcome(_waited(parts, delivery, error), out_of_reach=type(error) in _TRY_AGAIN)
    _called(parts, delivery.receiver)
    if receipt is None:
        return Outcome(_without_trace(parts, delivery))
    if receipt.state == delivery.state:
        return Outcome(_waited(parts, delivery))
    return Outcome(_by_receipt(parts, delivery, receipt))


def prepare(parts: Parts, delivery: Delivery) -> Prepared | None:
    """The delivery's document in the receiver's format, and the gate's decision; None when it cannot be read any more.

    Nothing in the world changes by it.
    """
    document = parts.store.document(delivery.document_id)
    record = parts.examine(parts.store.payload(document.id), document.format).record
    if record is None:
        return None
    participant = parts.participants[delivery.receiver]
    written = parts.write(record, participant.system.format)
    outgoing = Outgoing(f"{delivery.document}:{delivery.version}", delivery.document, delivery.version, written.data)
    return Prepared(_decision(record, participant), written, outgoing)


def abandon(parts: Parts, delivery_id: int) -> Delivery:
    """The delivery after a mistake of this program: held for a person, or in doubt when it was being sent."""
    delivery = parts.store.delivery(delivery_id)
    if delivery.state == "pending":
        return _move(parts, delivery, "held", "program_fault")
    if delivery.state == "sent":
        return _move(parts, delivery, "unknown", "program_fault")
    return _waited(parts, delivery) if delivery.state in ("accepted", "unknown") else delivery


def _not_its_turn(parts: Parts, delivery: Delivery) -> Outcome | None:
    """The delivery that cannot be sent now whatever its document says, or None."""
    if not parts.store.is_newest(delivery.id):
        return Outcome(_move(parts, delivery, "superseded", "newer_version_arrived"))
    if parts.store.has_older_in_doubt(delivery.id):
        return Outcome(_postponed(parts, delivery, parts.clock()))
    if delivery.receiver not in parts.participants:
        return Outcome(_move(parts, delivery, "held", "receiver_is_not_in_the_exchange"))
    rest = parts.store.circuits.rests_until(delivery.receiver, parts.clock())
    return None if rest is None else Outcome(_postponed(parts, delivery, rest), out_of_reach=True)


def _decision(record: Record, participant: Participant) -> Decision:
    return decide(Subject(record.controller, record.non_disclosure), Receiver(participant.controller))


def _stopped(delivery: Delivery, decision: Decision) -> State | None:
    """The state that the gate puts the delivery in, or None when it may go."""
    if decision.outcome == "permit" or (decision.outcome == "hold" and delivery.released):
        return None
    return "held" if decision.outcome == "hold" else "rejected"


def _send(parts: Parts, delivery: Delivery, outgoing: Outgoing) -> Outcome:
    try:
        receipt = parts.participants[delivery.receiver].system.send(outgoing)
    except InteropError as error:
        outcome = _failed(parts, delivery, error)
        _called(parts, delivery.receiver, error)
        return outcome
    outcome = Outcome(_by_receipt(parts, delivery, receipt))
    _called(parts, delivery.receiver)
    return outcome


def _failed(parts: Parts, delivery: Delivery, error: InteropError) -> Outcome:
    if isinstance(error, Unknown):
        return Outcome(_move(parts, delivery, "unknown", "answer_lost", word=error))
    if type(error) not in _TRY_AGAIN:
        # The adapter knows that nothing was filed and that another try would end the same way.
        return Outcome(_move(parts, delivery, "held", "receiver_needs_a_person", word=error))
    if delivery.attempts >= parts.pace.attempts:
        return Outcome(_move(parts, delivery, "held", "attempts_are_used_up", word=error), out_of_reach=True)
    return Outcome(_move(parts, delivery, "pending", _TRY_AGAIN[type(error)], word=error), out_of_reach=True)


def _called(parts: Parts, system: str, error: InteropError | None = None) -> None:
    """Tells the system's circuit how a call has ended. What concerns one document alone is no failure of the system."""
    if error is None or type(error) not in (*_TRY_AGAIN, Unknown):
        parts.store.circuits.worked(system)
        return
    pace, asked = parts.pace, _retry_after(error)
    parts.store.circuits.failed(system, parts.clock(), pace.failures, lambda openings: pace.wait(openings, asked))


def _by_receipt(parts: Parts, delivery: Delivery, receipt: Receipt) -> Delivery:
    return _move(parts, delivery, receipt.state, f"receiver_{receipt.state}", word=receipt)


def _without_trace(parts: Parts, delivery: Delivery) -> Delivery:
    """What follows when the receiver holds no trace of the delivery.

    An accepted one is asked for once more before it is sent again: a receiver's search may lag behind its filing.
    """
    if delivery.state == "accepted":
        return _move(parts, delivery, "unknown", "receiver_has_no_trace")
    if not parts.store.is_newest(delivery.id):
        return _move(parts, delivery, "superseded", "newer_version_arrived")
    return _move(parts, delivery, "pending", "receiver_has_no_trace")


def _move(
    parts: Parts,
    delivery: Delivery,
    after: State,
    cause: str,
    *,
    word: InteropError | Receipt | None = None,
    decision: Decision | None = None,
) -> Delivery:
    """The delivery in its new state. In: `word` is what the receiver has said to it, if anything."""
    now = parts.clock()
    receipt = word if isinstance(word, Receipt) else None
    step = Step(
        after=after,
        at=now,
        cause=cause,
        reason=receipt.reason if receipt else str(word or ""),
        next_at=now + _pause(parts, delivery, after, word),
        reference=receipt.reference if receipt else "",
        decision=decision.as_json() if decision else None,
        worker=parts.worker,
    )
    return parts.store.move(delivery, step)


def _pause(parts: Parts, delivery: Delivery, after: State, word: InteropError | Receipt | None) -> timedelta:
    """How long the delivery rests in its new state; longer with every attempt that came to nothing."""
    if after == "accepted":
        return parts.pace.wait(1)
    if after in ("pending", "unknown"):
        return parts.pace.wait(delivery.attempts, _retry_after(word))
    return timedelta()


def _retry_after(word: InteropError | Receipt | None) -> float | None:
    return word.retry_after if isinstance(word, Busy) else None


def _waited(parts: Parts, delivery: Delivery, error: InteropError | None = None) -> Delivery:
    wait = parts.pace.wait(delivery.checks + 1, _retry_after(error))
    parts.store.wait(delivery, parts.clock() + wait)
    return parts.store.delivery(delivery.id)


def _postponed(parts: Parts, delivery: Delivery, until: datetime) -> Delivery:
    """The delivery, untried; what was put off together is spread over a first wait."""
    parts.store.postpone(delivery, until + parts.pace.wait(1))
    return parts.store.delivery(delivery.id)
