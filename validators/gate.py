"""Decides whether a document may go to a receiver: permit, hold for a person, or deny, with the law it rests on.

No document goes unless a ground permits it.

Source: act 703/2023 on the processing of client data in social and health care § 9, § 55; act 661/2009 § 36-37
(non-disclosure for personal safety). https://www.finlex.fi/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.issues import Language

__all__ = ["GROUNDS", "Decision", "Ground", "Outcome", "Receiver", "Subject", "decide"]

Outcome = Literal["permit", "hold", "deny"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the gate needs to know of a document. `controller` is empty and `non_disclosure` None when not known."""

    controller: str
    non_disclosure: bool | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """What the gate needs to know of a receiver. `controller` is empty when it is not known."""

    controller: str


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason for one outcome. `id` is permanent; `act` is its number, `section` as in Finnish statutes."""

    id: str
    outcome: Outcome
    act: str
    section: str
    message: Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the ground it rests on, and the places (JSON Pointer) that are to be left out."""

    outcome: Outcome
    basis: Ground
    redactions: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Out: what is stored with an attempt: ids and law alone, nothing of the document."""
        return {
            "outcome": self.outcome,
            "ground": self.basis.id,
            "act": self.basis.act,
            "section": self.basis.section,
            "redactions": list(self.redactions),
        }


_CLIENT_DATA_ACT = "703/2023"
_POPULATION_ACT = "661/2009"

GROUNDS: Mapping[str, Ground] = {
    ground.id: ground
    for ground in (
        Ground(
            "controller_is_not_known",
            "hold",
            _CLIENT_DATA_ACT,
            "55 §",
            {
                "fi": "Asiakirjan tai vastaanottajan rekisterinpitäjää ei tiedetä, joten luovuttamisen perustetta ei "
                "voi ratkaista. Asia odottaa ihmisen päätöstä.",
                "sv": "Den personuppgiftsansvarige för handlingen eller för mottagaren är inte känd, så grunden för "
                "utlämnandet kan inte avgöras. Ärendet väntar på en människas beslut.",
                "en": "The controller of the document or of the receiver is not known, so that the ground for "
                "disclosure cannot be settled. A person has to decide.",
            },
        ),
        Ground(
            "receiver_has_another_controller",
            "deny",
            _CLIENT_DATA_ACT,
            "55 §",
            {
                "fi": "Vastaanottaja kuuluu toiselle rekisterinpitäjälle, eikä luovutuslupaa ole osoitettu.",
                "sv": "Mottagaren hör till en annan personuppgiftsansvarig, och inget tillstånd till utlämnande har "
                "visats.",
                "en": "The receiver belongs to another controller, and no permit to disclose has been shown.",
            },
        ),
        Ground(
            "client_is_under_non_disclosure",
            "hold",
            _POPULATION_ACT,
            "36–37 §",
            {
                "fi": "Asiakkaalla on turvakielto. Ihmisen on tarkistettava, mitä tietoja saa lähettää.",
                "sv": "Klienten har spärrmarkering. En människa måste kontrollera vilka uppgifter som får sändas.",
                "en": "The client is under a non-disclosure order. A person has to check what may be sent.",
            },
        ),
        Ground(
            "receiver_has_the_same_controller",
            "permit",
            _CLIENT_DATA_ACT,
            "9 §",
            {
                "fi": "Asiakirja pysyy saman rekisterinpitäjän rekisterissä: kyse on oman rekisterin käytöstä.",
                "sv": "Handlingen stannar i samma personuppgiftsansvariges register: det är fråga om användning av "
                "det egna registret.",
                "en": "The document stays in the same controller's register: this is use of its own register.",
            },
        ),
    )
}


def decide(subject: Subject, receiver: Receiver) -> Decision:
    """Whether the document may go to the receiver, and why.

    A non-disclosure order that is not known to exist holds nothing back here: the systems of one controller know it of
    the client, and the flag of the document only adds to that.
    """
    ground = GROUNDS[_ground(subject, receiver)]
    return Decision(ground.outcome, ground)


def _ground(subject: Subject, receiver: Receiver) -> str:
    if not subject.controller or not receiver.controller:
        return "controller_is_not_known"
    if subject.controller != receiver.controller:
        return "receiver_has_another_controller"
    # Anything but a plain False or None holds: a flag of the wrong type must not open the gate.
    if subject.non_disclosure not in (False, None):
        return "client_is_under_non_disclosure"
    return "receiver_has_the_same_controller"
