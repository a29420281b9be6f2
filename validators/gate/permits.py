"""Tells whether what the clients have permitted lets a document go to a receiver, and whether they have forbidden it.

Source: act 703/2023 § 53, 55, 59; decree 457/2024 § 25 (targeting of permits).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from schemas.wills import ClientWills, Permit, PermitKind
from validators.gate.access import Answer, both, either, touches, within
from validators.gate.facts import Receiver, Subject

__all__ = [
    "Days",
    "covers",
    "forbids_controller",
    "forbids_document",
    "forbids_task",
    "in_force",
    "is_revoked",
    "is_understood",
    "reaches",
]

Days = tuple[date, date]
"""The first and the last day that it can be now."""


def covers(wills: ClientWills, kind: PermitKind, subject: Subject, receiver: Receiver, days: Days) -> Answer:
    """Whether a permit of the kind that this client has given covers the document and the receiver now."""
    return either(
        both((in_force(permit, wills.permits, days), reaches(permit, subject, receiver)))
        for permit in wills.permits
        if permit.kind == kind
    )


def in_force(permit: Permit, others: Sequence[Permit], days: Days) -> bool:
    """True when the permit may be used on each of the days."""
    begun = all(day <= days[0] for day in (permit.given, permit.starts) if day is not None)
    return begun and (permit.ends is None or days[1] <= permit.ends) and not is_revoked(permit, others, days)


def is_revoked(permit: Permit, others: Sequence[Permit], days: Days) -> bool:
    """True when the permit has been taken back.

    There is one permit inside social care: what revokes it in a later document revokes it wherever it was given, and
    of the same day the revocation counts. Permits between the sectors stand each for itself.
    """
    if permit.revoked is not None and permit.revoked <= days[1]:
        return True
    if permit.kind != "inside_social_care":
        return False
    later = [one.revoked for one in others if one.kind == permit.kind and one.revoked is not None]
    return any(permit.given <= revoked <= days[1] for revoked in later)


def reaches(permit: Permit, subject: Subject, receiver: Receiver) -> Answer:
    """Whether the permit names the receiver and the data, whatever the day."""
    return both(
        (
            _names(permit, receiver),
            within(subject, permit.service_tasks) if permit.service_tasks else True,
            _among(subject.kind, permit.content),
            _of_the_time(permit, subject.created),
        )
    )


def _names(permit: Permit, receiver: Receiver) -> Answer:
    if permit.receivers:
        return bool(receiver.oids & set(permit.receivers)) if receiver.oids else None
    if permit.kind == "inside_social_care":
        return True
    # Without names, the permit is for the counties', Helsinki's and HUS's own health care.
    return receiver.ownership == "public" if receiver.ownership else None


def _among(kind: str, content: Sequence[str]) -> Answer:
    if not content:
        return True
    return kind in content if kind else None


def _of_the_time(permit: Permit, created: date | None) -> Answer:
    if permit.data_from is None and permit.data_until is None:
        return True
    if created is None:
        return None
    return (permit.data_from or created) <= created <= (permit.data_until or created)


def forbids_document(wills: Iterable[ClientWills], subject: Subject) -> bool:
    """True when a client has forbidden this document, by the OID of any of its versions that is known."""
    return any(not subject.documents.isdisjoint(targets) for targets in _targets(wills, "document"))


def forbids_controller(wills: Iterable[ClientWills], subject: Subject) -> bool:
    """True when a client has forbidden the data of the document's controller; also when that is not known."""
    return any(not subject.controller or subject.controller in targets for targets in _targets(wills, "controller"))


def forbids_task(wills: Iterable[ClientWills], subject: Subject) -> Answer:
    """Whether a client has forbidden the data of a service task of the document."""
    return either(touches(subject, targets) for targets in _targets(wills, "service_task"))


def is_understood(wills: Iterable[ClientWills]) -> bool:
    """True when it could be read what all the prohibitions forbid."""
    return all(ban.is_understood for said in wills for ban in said.prohibitions)


def _targets(wills: Iterable[ClientWills], kind: str) -> Iterable[tuple[str, ...]]:
    return (one.targets for said in wills for one in said.prohibitions if one.kind == kind)
