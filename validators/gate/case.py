"""One question to the gate, and what follows from its facts: whose register, which matrix, which ground permits.

Source: act 703/2023 § 9, 48, 53, 55; decree 457/2024 § 12-18; act 1301/2014 § 39 (joint plan).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cached_property

from schemas.wills import EMPTY, ClientWills, Permit, PermitKind, Wills
from validators.gate.access import Answer, allowed, both, duties, either
from validators.gate.facts import Plan, PlanPermit, Receiver, Subject, named
from validators.gate.permits import Days, covers, in_force, is_revoked, reaches

__all__ = ["RESIDUE", "Case"]

RESIDUE = "/residue"
"""The place of what a document brought beyond the record."""

# Finland's time, in winter and in summer: a day has come when both say so, and is over when one of them does.
_ZONES = tuple(timezone(timedelta(hours=hours)) for hours in (2, 3))


@dataclass(frozen=True)
class Case:
    """May this document go to this receiver at this moment, by what its clients have said? `at` has a time zone."""

    subject: Subject
    receiver: Receiver
    wills: Wills
    at: datetime

    @cached_property
    def days(self) -> Days:
        """The first and the last day that it can be now in Finland."""
        return min(self._dates), max(self._dates)

    @property
    def _dates(self) -> list[date]:
        return [self.at.astimezone(zone).date() for zone in _ZONES]

    # Whose register

    @cached_property
    def same_controller(self) -> Answer:
        """Whether the document stays with its controller."""
        ours, theirs = self.subject.controller, self.receiver.controller
        return ours == theirs if ours and theirs else None

    @cached_property
    def acts_for(self) -> Answer:
        """Whether the receiver produces services on the controller's account."""
        if not self.receiver.acts_for:
            return False
        return self.subject.controller in self.receiver.acts_for if self.subject.controller else None

    @cached_property
    def same_sector(self) -> Answer:
        """Whether the document stays within its sector."""
        ours, theirs = self.subject.sector, self.receiver.sector
        return ours == theirs if ours and theirs else None

    @cached_property
    def is_own_register(self) -> bool:
        """True when the document is known to stay in its own register, or with who acts for its controller."""
        return either((self.same_controller, self.acts_for)) is True and self.same_sector is True

    # What the clients say

    @cached_property
    def said(self) -> tuple[ClientWills, ...]:
        """What is known of each client."""
        return tuple(self.wills.get(client, EMPTY) for client in self.subject.clients)

    @cached_property
    def kind_of_permit(self) -> PermitKind:
        """The kind of permit that this case is about."""
        return "between_sectors" if self.receiver.sector == "health" else "inside_social_care"

    @cached_property
    def by_client(self) -> tuple[Answer, ...]:
        """Of each client, whether a permit covers the case."""
        return tuple(covers(said, self.kind_of_permit, self.subject, self.receiver, self.days) for said in self.said)

    def permits(self) -> list[tuple[Permit, ClientWills]]:
        """The clients' permits of the kind that this case is about, each with all that its client has said."""
        return [(one, said) for said in self.said for one in said.permits if one.kind == self.kind_of_permit]

    def relied_on(self) -> tuple[str, ...]:
        """The ids of the permits that cover the case; of a multidisciplinary plan those that it names itself."""
        if self.subject.plan is not None:
            named_here = filter(self.lasts, self.plan_permits(for_the_receiver=True))
            return tuple(dict.fromkeys(one.document for one in named_here if one.document))
        used = [
            permit.id
            for permit, said in self.permits()
            if in_force(permit, said.permits, self.days) and reaches(permit, self.subject, self.receiver)
        ]
        return tuple(dict.fromkeys(used))

    def is_flagged(self) -> bool:
        """True when there is a non-disclosure order, or a flag that is not a plain False."""
        return self.subject.non_disclosure not in (False, None) or any(said.non_disclosure for said in self.said)

    def is_cleared(self) -> bool:
        """True when it is known that there is no order."""
        told = bool(self.said) and all(said.non_disclosure is False for said in self.said)
        return not self.is_flagged() and (self.subject.non_disclosure is False or told)

    @cached_property
    def redactions(self) -> tuple[str, ...]:
        """The places (JSON Pointer) that are left out of what goes to this receiver.

        What the document brought beyond the record stays in its own register, since nobody has read it; and where
        anything is left out, that goes with it.
        """
        plan = self.subject.plan or Plan()
        hidden = [place for sector, places in plan.hidden if sector == self.receiver.sector for place in places]
        places = [*(self.subject.locations if self.is_flagged() else ()), *hidden]
        is_whole = self.is_own_register and not places and not self.is_flagged()
        return () if is_whole else (*dict.fromkeys(places), RESIDUE)

    # The multidisciplinary plan

    def is_participant(self) -> bool:
        """True when the plan names the receiver, in its sector."""
        plan, names = self.subject.plan or Plan(), {named(name) for name in self.receiver.names}
        return any(named(name) in names and sector == self.receiver.sector for name, sector in plan.participants)

    def plan_permits(self, *, for_the_receiver: bool) -> list[PlanPermit]:
        """The individual permits that the plan rests on; those that name the receiver when asked."""
        plan, names = self.subject.plan or Plan(), {named(name) for name in self.receiver.names}
        return [one for one in plan.permits if not for_the_receiver or named(one.receiver) in names]

    def lasts(self, permit: PlanPermit) -> bool:
        """True when a plan's permit may be used now, by the plan itself and by the permit's own document."""
        first, last = self.days
        begun = permit.given is not None and permit.given <= first
        over = (permit.until is not None and permit.until < last) or (
            permit.revoked is not None and permit.revoked <= last
        )
        named_here = [(one, said) for said in self.said for one in said.permits if one.id == permit.document]
        return begun and not over and not any(is_revoked(one, said.permits, self.days) for one, said in named_here)

    # What permits, and how much

    @cached_property
    def bases(self) -> Mapping[str, Answer]:
        """The grounds that may permit, and whether each does."""
        joint = self.same_controller, self.same_sector
        if self.receiver.is_client:
            return {"client_gets_an_own_copy": both(joint)}
        own = {
            "receiver_has_the_same_controller": both(joint),
            "producer_acts_for_the_controller": both((self.acts_for, self.same_sector)),
        }
        if self.subject.plan is not None:
            named_here = any(map(self.lasts, self.plan_permits(for_the_receiver=True)))
            return {**own, "plan_permit_names_the_receiver": named_here}
        return {
            **own,
            "receiver_is_in_the_joint_service": both((self._is_health(), self._is_joint())),
            "permit_inside_social_care": both((self._is_social(), self._all_permit("inside_social_care"))),
            "permit_between_social_and_health_care": both((self._is_health(), self._all_permit("between_sectors"))),
        }

    @cached_property
    def basis(self) -> Answer:
        """Whether any ground permits."""
        return either(self.bases.values())

    @cached_property
    def needs_access(self) -> bool:
        """True when the access matrix limits the receiver: it is another's, of health care, or private."""
        if self.subject.plan is not None or self.receiver.sector not in ("social", "health"):
            return False
        own = self.same_controller is True and self.same_sector is True
        return not own or self.receiver.ownership == "private"

    @cached_property
    def access(self) -> Answer:
        """Whether the access matrix lets the receiver's duty see the document."""
        return allowed(self.subject, self.receiver) if self.receiver.duty in duties() else None

    def _is_health(self) -> Answer:
        return self.receiver.sector == "health" if self.receiver.sector else None

    def _is_social(self) -> Answer:
        return self.receiver.sector == "social" if self.receiver.sector else None

    def _is_joint(self) -> Answer:
        if not self.receiver.joint_units:
            return False
        return bool(self.subject.units & self.receiver.joint_units) if self.subject.units else None

    def _all_permit(self, kind: PermitKind) -> Answer:
        if not self.subject.clients:
            return False  # nobody has permitted anything
        return both(covers(said, kind, self.subject, self.receiver, self.days) for said in self.said)
