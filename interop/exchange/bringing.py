"""Brings deliveries a step further, many to one receiver at once: gate, map and send; or read back what became of them.

Running a step again does no harm: nothing is sent while it is open whether an earlier attempt has arrived, and nobody
moves a delivery that another worker has moved meanwhile. However many deliveries there are, a batch costs three
transactions: they are taken up, they are sent, and what came of it is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from interop.errors import Busy, Conflict, Forbidden, InteropError, Unavailable, Unknown
from interop.exchange.delivering import as_sent, judge, record_of, stopped, written
from interop.exchange.parts import Parts, Spread, in_turn
from interop.logs import log
from interop.store import Change, Delivery, State, Step, Taken
from interop.systems.base import Outgoing, Receipt
from schemas.issues import has_errors
from validators.gate import Decision

__all__ = ["Brought", "Outcome", "abandon", "bring", "deliver", "settle"]

_LOG = logging.getLogger(__name__)

_TRY_AGAIN: Mapping[type[InteropError], str] = {
    Busy: "receiver_is_busy",
    Unavailable: "receiver_is_unavailable",
    Forbidden: "receiver_refused_our_credentials",
}
"""The errors after which nothing has been handed over and another try may end otherwise, and the causes they are."""

_Word = Receipt | InteropError | None
"""What a receiver has said to a call: a receipt, an error, or that it holds no trace."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The delivery after a step. `out_of_reach` says that its receiver cannot be worked with for now."""

    delivery: Delivery
    out_of_reach: bool = False


@dataclass(frozen=True, slots=True)
class Brought:
    """A delivery before its turn and after; `outcome` is None when another worker has moved it in the meantime."""

    before: Delivery
    outcome: Outcome | None


@dataclass(slots=True)
class _Turn:
    """A delivery on its way through a batch: what is to be changed of it next, and what its receiver is to be told."""

    taken: Taken
    now: Delivery
    change: Change | None = None
    outgoing: Outgoing | None = None
    out_of_reach: bool = False
    is_gone: bool = False


def deliver(parts: Parts, delivery_id: int) -> Outcome:
    """The delivery after one attempt to send it; unchanged when it is not its turn.

    Raises: NotFound; Conflict when another worker has the delivery. An error of the receiver is a state, not an error.
    """
    return _alone(parts, delivery_id, "pending")


def settle(parts: Parts, delivery_id: int) -> Outcome:
    """The delivery after asking its receiver what became of it; unchanged when it is not in doubt or not its turn.

    Raises: NotFound; Conflict when another worker has the delivery.
    """
    return _alone(parts, delivery_id, "accepted", "unknown")


def bring(parts: Parts, receiver: str, wanted: Mapping[int, int | None], spread: Spread = in_turn) -> list[Brought]:
    """The deliveries to one receiver whose time has come, each after one turn.

    In: the turn that each has to be at, by its id, None for any; `spread` makes the calls, perhaps several at once.
    A mistake of this program at one delivery is that delivery's state. Raises: Unavailable (store).
    """
    turns = [_Turn(one, one.delivery) for one in parts.store.take(wanted, parts.clock())]
    for one in turns:
        _plan(parts, one)
    _hold_back(parts, receiver, turns)
    _advance(parts, turns)
    calling = [one for one in turns if one.outgoing is not None and not one.is_gone]
    words = list(spread(lambda one: _said(parts, one), calling))
    for one, word in zip(calling, words, strict=True):
        _conclude(parts, one, word)
    _advance(parts, turns)
    _tell_circuit(parts, receiver, words)
    return [Brought(one.taken.delivery, None if one.is_gone else Outcome(one.now, one.out_of_reach)) for one in turns]


def abandon(parts: Parts, delivery_id: int) -> Delivery:
    """The delivery after a mistake of this program: held for a person, or in doubt when it was being sent."""
    delivery = parts.store.delivery(delivery_id)
    (after,) = parts.store.advance([_abandoned(parts, delivery)])
    return after or parts.store.delivery(delivery_id)


def _alone(parts: Parts, delivery_id: int, *states: State) -> Outcome:
    delivery = parts.store.delivery(delivery_id)
    if delivery.state not in states or delivery.next_at > parts.clock():
        return Outcome(delivery)
    brought = bring(parts, delivery.receiver, {delivery_id: delivery.turn})
    if not brought or brought[0].outcome is None:
        raise Conflict("The delivery, or another version of its document, has been moved in the meantime.")
    return brought[0].outcome


def _plan(parts: Parts, one: _Turn) -> None:
    """Decides what is to become of the delivery, as far as that needs no call."""
    try:
        if one.now.state == "pending":
            _plan_to_send(parts, one)
        else:
            _plan_to_ask(parts, one)
    except InteropError:
        raise
    except Exception:  # noqa: BLE001 - one delivery's trouble is its own state, and the others go on
        log(_LOG, logging.ERROR, "delivery_failed", error=True, delivery=one.now.id)
        one.change = _abandoned(parts, one.now)


def _plan_to_send(parts: Parts, one: _Turn) -> None:
    delivery = one.now
    one.change = _not_its_turn(parts, one.taken)
    if one.change is not None:
        return
    judged = judge(parts, delivery, one.taken.document)
    if judged is None:
        one.change = _moved(parts, delivery, "held", "document_cannot_be_read_any_more")
        return
    state = stopped(parts, delivery, judged.decision)
    if state is not None:
        one.change = _moved(parts, delivery, state, judged.decision.basis.id, decision=judged.decision)
        return
    prepared = written(parts, delivery, judged)
    if has_errors(prepared.written.issues) or not prepared.outgoing.payload:
        one.change = _moved(parts, delivery, "held", "receiver_format_cannot_hold_it", decision=judged.decision)
        return
    one.outgoing = prepared.outgoing
    one.change = _moved(parts, delivery, "sent", "attempt", decision=judged.decision)


def _plan_to_ask(parts: Parts, one: _Turn) -> None:
    delivery = one.now
    if one.taken.begun >= parts.begins:
        log(_LOG, logging.ERROR, "delivery_stops_the_program", delivery=delivery.id)
        one.change = Change(delivery, until=parts.clock() + parts.pace.longest)
        return
    record = record_of(parts, one.taken.document) if delivery.receiver in parts.participants else None
    if record is None:
        one.change = _waited(parts, delivery)
        return
    one.outgoing = as_sent(parts, delivery, record)


def _not_its_turn(parts: Parts, taken: Taken) -> Change | None:
    """The change of a delivery that cannot be sent now whatever its document says, or None."""
    delivery = taken.delivery
    if not taken.is_newest:
        return _moved(parts, delivery, "superseded", "newer_version_arrived")
    if taken.has_older_in_doubt:
        return _postponed(parts, delivery, parts.clock())
    if delivery.receiver not in parts.participants:
        return _moved(parts, delivery, "held", "receiver_is_not_in_the_exchange")
    if taken.begun >= parts.begins:
        return _moved(parts, delivery, "held", "document_stops_the_program")
    return None


def _hold_back(parts: Parts, receiver: str, turns: Sequence[_Turn]) -> None:
    """Puts off the calls that the receiver's circuit does not allow now."""
    calling = [one for one in turns if one.outgoing is not None]
    if not calling:
        return
    leave = parts.store.circuits.passes(receiver, parts.clock(), parts.pace.probe)
    until = leave.until or parts.clock() + parts.pace.probe
    first = 0 if leave.until is not None else 1 if leave.is_probe else len(calling)
    for one in calling[first:]:
        one.outgoing, one.out_of_reach = None, True
        one.change = _postponed(parts, one.now, until)


def _advance(parts: Parts, turns: Sequence[_Turn]) -> None:
    """Carries the planned changes out, in one transaction."""
    changing = [(one, one.change) for one in turns if one.change is not None]
    for (one, _), after in zip(changing, parts.store.advance([change for _, change in changing]), strict=True):
        one.change, one.is_gone, one.now = None, after is None, after or one.now


def _said(parts: Parts, one: _Turn) -> _Word | Exception:
    """What the receiver says to the delivery; or the mistake of this program that kept it from being asked."""
    system, outgoing = parts.participants[one.now.receiver].system, one.outgoing
    if outgoing is None:
        return None
    is_sent, delivery = one.now.state == "sent", one.now
    try:
        with parts.span("send" if is_sent else "settle", delivery=delivery.id, receiver=delivery.receiver):
            return system.send(outgoing) if is_sent else system.settle(outgoing, delivery.reference)
    except InteropError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one delivery's trouble is its own state, and the others go on
        log(_LOG, logging.ERROR, "delivery_failed", error=True, delivery=one.now.id)
        return error


def _conclude(parts: Parts, one: _Turn, word: _Word | Exception) -> None:
    """Decides what becomes of a delivery by its receiver's word."""
    delivery = one.now
    one.out_of_reach = type(word) in _TRY_AGAIN
    if isinstance(word, Exception) and not isinstance(word, InteropError):
        one.change = _abandoned(parts, delivery)
    elif isinstance(word, InteropError):
        one.change = _failed(parts, delivery, word) if delivery.state == "sent" else _unsettled(parts, delivery, word)
    elif word is None:
        one.change = _without_trace(parts, one.taken)
    elif word.state == delivery.state:
        one.change = _waited(parts, delivery)
    else:
        one.change = _moved(parts, delivery, word.state, f"receiver_{word.state}", word=word)


def _failed(parts: Parts, delivery: Delivery, error: InteropError) -> Change:
    if isinstance(error, Unknown):
        return _moved(parts, delivery, "unknown", "answer_lost", word=error)
    if type(error) not in _TRY_AGAIN:
        # The adapter knows that nothing was filed and that another try would end the same way.
        return _moved(parts, delivery, "held", "receiver_needs_a_person", word=error)
    if delivery.attempts >= parts.pace.attempts:
        return _moved(parts, delivery, "held", "attempts_are_used_up", word=error)
    return _moved(parts, delivery, "pending", _TRY_AGAIN[type(error)], word=error)


def _unsettled(parts: Parts, delivery: Delivery, error: InteropError) -> Change:
    """What follows when the receiver could not say what became of the delivery: it is asked again, or a person is."""
    if isinstance(error, Unknown) or type(error) in _TRY_AGAIN:
        return _waited(parts, delivery, error)
    return _moved(parts, delivery, "held", "arrival_is_not_known", word=error)


def _without_trace(parts: Parts, taken: Taken) -> Change:
    """What follows when the receiver holds no trace of the delivery.

    An accepted one is asked for once more before it is sent again: a receiver's search may lag behind its filing.
    """
    delivery = taken.delivery
    if delivery.state == "accepted":
        return _moved(parts, delivery, "unknown", "receiver_has_no_trace")
    if not taken.is_newest:
        return _moved(parts, delivery, "superseded", "newer_version_arrived")
    return _moved(parts, delivery, "pending", "receiver_has_no_trace")


def _abandoned(parts: Parts, delivery: Delivery) -> Change:
    if delivery.state in ("pending", "sent"):
        return _moved(parts, delivery, "held" if delivery.state == "pending" else "unknown", "program_fault")
    return _waited(parts, delivery)


def _tell_circuit(parts: Parts, system: str, words: Sequence[_Word | Exception]) -> None:
    """Tells the system's circuit how calls have ended. What concerns one document alone is no failure of the system."""
    failures = [word for word in words if type(word) in (*_TRY_AGAIN, Unknown)]
    if len(failures) < len(words):
        parts.store.circuits.worked(system)
    for error in failures:
        pause = _pause_by(parts, error)
        parts.store.circuits.failed(system, parts.clock(), parts.pace.failures, pause)


def _pause_by(parts: Parts, error: _Word | Exception) -> Callable[[int], timedelta]:
    asked = _retry_after(error)
    return lambda openings: parts.pace.wait(openings, asked)


def _moved(
    parts: Parts, delivery: Delivery, after: State, cause: str, *, word: InteropError | Receipt | None = None,
    decision: Decision | None = None,
) -> Change:  # fmt: skip
    """The change to a new state. In: `word` is what the receiver has said to it, if anything."""
    now = parts.clock()
    receipt = word if isinstance(word, Receipt) else None
    step = Step(
        after=after,
        at=now,
        cause=cause,
        reason=receipt.reason if receipt else str(word or ""),
        next_at=now + _rest(parts, delivery, after, word),
        reference=receipt.reference if receipt else "",
        decision=decision.as_json() if decision else None,
        worker=parts.worker,
    )
    return Change(delivery, step)


def _rest(parts: Parts, delivery: Delivery, after: State, word: InteropError | Receipt | None) -> timedelta:
    """How long the delivery rests in its new state; longer with every attempt that came to nothing."""
    if after == "accepted":
        return parts.pace.wait(1)
    if after in ("pending", "unknown"):
        return parts.pace.wait(delivery.attempts, _retry_after(word))
    return timedelta()


def _retry_after(word: _Word | Exception) -> float | None:
    return word.retry_after if isinstance(word, Busy) else None


def _waited(parts: Parts, delivery: Delivery, error: InteropError | None = None) -> Change:
    wait = parts.pace.wait(delivery.checks + 1, _retry_after(error))
    return Change(delivery, until=parts.clock() + wait, checks=1)


def _postponed(parts: Parts, delivery: Delivery, until: datetime) -> Change:
    """The delivery, untried; what was put off together is spread over a first wait."""
    return Change(delivery, until=until + parts.pace.wait(1))
