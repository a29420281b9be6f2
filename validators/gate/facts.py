"""What the gate needs to know of a document and of a receiver. What is not known is empty or None, never guessed.

Source: act 703/2023 § 9, 37-38, 46-48, 53, 55, 59; decree 457/2024 § 12-19, 25; act 661/2009 § 36-37.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from schemas.wills import Client

__all__ = ["Ownership", "Plan", "PlanPermit", "Receiver", "Sector", "Subject", "named"]

Sector = Literal["", "social", "health", "employment", "education", "third", "relative", "other"]
"""Whose register it is. `third`: an association or a parish; `relative`: a person close to the client."""

Ownership = Literal["", "public", "private"]


@dataclass(frozen=True, slots=True)
class PlanPermit:
    """An individual permit that a multidisciplinary plan rests on. `receiver` is named as the plan names it."""

    receiver: str
    given: date | None
    until: date | None = None
    revoked: date | None = None
    document: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a multidisciplinary plan says of its own use.

    `participants`: organisation, or name for want of one, and sector. `starts`, `ends`, `ended`: of the joint
    clienthood. `mediated`: the client is not present; None when the way of working is not known. `hidden`: by sector,
    the places (JSON Pointer) of the sections that it may not see. `is_term_understood` is False when there is an end
    that cannot be read, `are_labels_understood` when there is a label that cannot.
    """

    participants: tuple[tuple[str, Sector], ...] = ()
    starts: date | None = None
    ends: date | None = None
    ended: date | None = None
    mediated: bool | None = None
    permits: tuple[PlanPermit, ...] = ()
    hidden: tuple[tuple[Sector, tuple[str, ...]], ...] = ()
    is_term_understood: bool = True
    are_labels_understood: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """What the gate needs to know of a document.

    `kind` is one of `documents.toml`; `tasks` holds our names of service tasks, `task_codes` the codes that no name is
    known for; `features` what the access matrix singles out (mediation, shelter, therapy, examination). `units`: OIDs
    of the author's unit and the producer. `documents`: the OIDs of this version, the chain and what it replaces.
    `has_unnamed_clients`: there are more clients than are named by an identifier.
    `non_disclosure` is anything but False or None when there is, or may be, an order. `locations` are the places that
    tell where the client lives or is, `mandatory` those of them that the structure demands, `suspects` free texts that
    may tell it.
    """

    controller: str = ""
    sector: Sector = ""
    kind: str = ""
    tasks: frozenset[str] = frozenset()
    task_codes: frozenset[str] = frozenset()
    features: frozenset[str] | None = frozenset()
    service: str = ""
    producer: str = ""
    units: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()
    created: date | None = None
    clients: tuple[Client, ...] = field(default=(), repr=False)
    has_unnamed_clients: bool = False
    non_disclosure: object = None
    locations: tuple[str, ...] = ()
    mandatory: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """What the gate needs to know of a receiver.

    `controller`: whose register the document will stand in. `provider`: the OID by which permits name the receiver,
    when that is another. `is_client`: what goes there is the client's own copy. `duty` is one of `access.toml`;
    `service_tasks` our names or codes of 1221, `services` codes of 1222: what the duty is about. `joint_units`:
    OIDs of units where social and health care work together. `acts_for`: controllers on whose account it produces
    services. `names`: how plans name it. `through_kanta`: what goes there, Kanta keeps and accounts for.
    """

    controller: str = ""
    sector: Sector = ""
    ownership: Ownership = ""
    duty: str = ""
    service_tasks: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    joint_units: frozenset[str] = frozenset()
    acts_for: frozenset[str] = frozenset()
    provider: str = ""
    names: frozenset[str] = frozenset()
    is_client: bool = False
    through_kanta: bool = False

    @property
    def oids(self) -> frozenset[str]:
        """The OIDs by which a permit may name it."""
        return frozenset(filter(None, (self.controller, self.provider)))


def named(name: str) -> str:
    """The name as names are compared: without differences of case and white space."""
    return " ".join(name.casefold().split())
