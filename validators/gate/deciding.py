"""Decides whether a document may go to a receiver: permit, hold for a person, or deny, with the law it rests on.

No document goes unless a ground permits it. Every ground is asked, so that whoever looks at a decision sees all that
speaks for and against it. Source: named at each ground in `grounds.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from schemas.issues import LANGUAGES
from schemas.json_text import canonical
from schemas.record import Record
from schemas.wills import Client, Wills
from validators.gate.case import Case
from validators.gate.disclosing import Disclosure, disclosure
from validators.gate.facts import Receiver, Subject
from validators.gate.grounds import GROUNDS, Ground, Outcome
from validators.gate.questions import QUESTIONS
from validators.gate.subject import subject_of

__all__ = ["Decision", "Step", "decide", "decide_on"]


_BY_PERMIT = frozenset(
    ("permit_inside_social_care", "permit_between_social_and_health_care", "plan_permit_names_the_receiver")
)


@dataclass(frozen=True, slots=True)
class Step:
    """One ground that was asked, and whether it holds of the case."""

    ground: Ground
    holds: bool

    def as_json(self) -> dict[str, Any]:
        """Out: the step in plain data, worded."""
        return {
            "ground": self.ground.id,
            "outcome": self.ground.outcome,
            "holds": self.holds,
            "act": self.ground.act,
            "section": self.ground.section,
            "message": {language: self.ground.message[language] for language in LANGUAGES},
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the ground it rests on, every step that led to it, and the places that are to be left out.

    `id` names the decision: the same facts at the same moment give the same one. `permits`: the ids of the permits that
    it relies on, also when it is held and a person may let it go. `suspects`: free texts that a person has to read.
    `disclosure`: what another controller is given, should the document go, outside Kanta; None when nothing is.
    """

    id: str
    at: datetime
    basis: Ground
    steps: tuple[Step, ...]
    redactions: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    disclosure: Disclosure | None = None

    @property
    def outcome(self) -> Outcome:
        """What follows: that of the ground it rests on."""
        return self.basis.outcome

    @property
    def permitted_by(self) -> str:
        """The id of the ground that permits, also when another holds the document for a person; empty when denied."""
        permitting = (step.ground.id for step in self.steps if step.holds and step.ground.outcome == "permit")
        return "" if self.outcome == "deny" else next(permitting, "")

    @property
    def holding(self) -> frozenset[str]:
        """The ids of all the grounds that hold the document for a person, whichever decides."""
        return frozenset(step.ground.id for step in self.steps if step.holds and step.ground.outcome == "hold")

    def as_json(self) -> dict[str, Any]:
        """Out: what is stored with an attempt: ids, law and places alone, no value of the document."""
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "outcome": self.outcome,
            "ground": self.basis.id,
            "act": self.basis.act,
            "section": self.basis.section,
            "permitted_by": self.permitted_by,
            "grounds": [step.ground.id for step in self.steps if step.holds],
            "permits": list(self.permits),
            "redactions": list(self.redactions),
            "disclosure": self.disclosure.as_json() if self.disclosure else None,
        }


def decide(subject: Subject, receiver: Receiver, wills: Wills, at: datetime) -> Decision:
    """Whether the document may go to the receiver now, and why. In: `at` has a time zone.

    A non-disclosure order that is not known to exist holds nothing back within one register: its systems know it of the
    client, and the flag of the document only adds to that.
    """
    case = Case(subject, receiver, wills, at)
    steps = tuple(Step(ground, QUESTIONS[ground.id](case)) for ground in GROUNDS.values())
    basis = next((step.ground for step in steps if step.holds), GROUNDS["nothing_permits_it"])
    decision = Decision(
        _id(subject, receiver, at, [step.ground.id for step in steps if step.holds]),
        at,
        basis,
        steps,
        case.redactions,
        suspects=subject.suspects if case.is_flagged() else (),
    )
    given = disclosure(case, basis, GROUNDS.get(decision.permitted_by))
    permits = case.relied_on() if decision.permitted_by in _BY_PERMIT else ()
    return replace(decision, permits=permits, disclosure=given)


def decide_on(
    record: Record, receiver: Receiver, wills_of: Callable[[Iterable[Client]], Wills], at: datetime
) -> Decision:
    """Whether the record may go to the receiver now, and why: as `decide`, by all the facts of the record.

    In: `wills_of` gives what is known of the record's clients. Where the client lives is looked for only when there is
    an order that keeps it back.
    """
    subject = subject_of(record, places=False)
    wills = wills_of(subject.clients)
    if Case(subject, receiver, wills, at).is_flagged():
        subject = subject_of(record)
    return decide(subject, receiver, wills, at)


def _id(subject: Subject, receiver: Receiver, at: datetime, held: list[str]) -> str:
    facts: Mapping[str, Any] = {
        "documents": sorted(subject.documents),
        "receiver": [receiver.controller, receiver.provider, receiver.sector, sorted(receiver.names)],
        "at": at.isoformat(),
        "grounds": held,
    }
    return str(UUID(bytes=sha256(canonical(facts)).digest()[:16], version=5))
