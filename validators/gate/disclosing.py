"""Tells whether a document that goes to a receiver is disclosed to another controller, which a notice has to tell of.

A copy for the client goes to no controller. What a producer of services gets on the controller's account stays in the
controller's register. What goes to Kanta is accounted for there, by Kanta. Where it is not known whose register the
document leaves, or where it goes, and a person lets it go all the same, it counts as disclosed.
Source: act 703/2023 § 9 (controllers and those who act for them), § 39 (what was disclosed, to whom, on which ground);
Kanta, Sosiaalihuollon luovutusilmoitus (a notice of what is disclosed to another controller outside the repository).
"""

from __future__ import annotations

from dataclasses import dataclass

from validators.gate.case import Case
from validators.gate.grounds import Ground

__all__ = ["Disclosure", "disclosure"]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Who discloses to whom, as OIDs of controllers, empty when not known; and the ground of the law it rests on."""

    sender: str
    receiver: str
    basis: Ground

    def as_json(self) -> dict[str, str]:
        """Out: plain data, ids and law alone."""
        return {
            "sender": self.sender,
            "receiver": self.receiver,
            "ground": self.basis.id,
            "act": self.basis.act,
            "section": self.basis.section,
        }


def disclosure(case: Case, basis: Ground, permitting: Ground | None) -> Disclosure | None:
    """What is disclosed to another controller should the document go; None when nothing is.

    In: `basis` is the ground that decides, `permitting` the one that permits, also when another holds the document.
    """
    ground = permitting or basis
    stays = case.same_controller is True or case.receiver.is_client or case.receiver.through_kanta
    if stays or basis.outcome == "deny" or not ground.discloses:
        return None
    return Disclosure(case.subject.controller, case.receiver.controller, ground)
