"""What clients have permitted and forbidden: permits to disclose, prohibitions, and a known non-disclosure order.

A will is told by a permit document (1505.8), a prohibition document (1505.9), a relationship document (1505.1, the
non-disclosure order) or a FHIR Consent. Source: act 703/2023 § 53, 55, 59; decree 457/2024 § 25; act 661/2009 § 36.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from schemas.identity import IDENTITY_CODE_SYSTEM, fault_of_identity_code, is_oid

__all__ = [
    "EMPTY",
    "Client",
    "ClientWills",
    "Permit",
    "PermitKind",
    "Prohibition",
    "ProhibitionKind",
    "Will",
    "Wills",
    "bare",
    "client_of",
    "merged",
    "narrowed",
    "will_as_json",
    "will_from_json",
]

PermitKind = Literal["inside_social_care", "between_sectors"]
"""A permit of § 55 for all social welfare data, or one of § 53 that names which data health care may have."""

ProhibitionKind = Literal["controller", "service_task", "document"]

Client = tuple[str, str]
"""A client as `client_of` names one: the system and the value of the identifier, however a document writes them."""


def client_of(identifier: Any) -> Client | None:
    """The client that an identifier names, or None. A personal identity code names the same one under any system."""
    if not isinstance(identifier, Mapping):
        return None
    system, value = identifier.get("system"), identifier.get("value")
    system, value = system if isinstance(system, str) else "", value.strip().upper() if isinstance(value, str) else ""
    if not value:
        return None
    name = bare(system)
    if fault_of_identity_code(value) is None:
        return IDENTITY_CODE_SYSTEM, value
    return f"urn:oid:{name}" if is_oid(name) else name, value


def bare(oid: str) -> str:
    """An OID as OIDs are compared: without white space around it, and without `urn:oid:`."""
    oid = oid.strip()
    return oid[len(_URN) :] if oid.casefold().startswith(_URN) else oid


_URN = "urn:oid:"


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit to disclose. `id` is that of its chain of versions.

    `receivers`: OIDs of those that may get the data; empty means all that the act names as receivers. `service_tasks`:
    codes of 1221 or our names of them; `content`: kinds of documents; each empty for all. `starts` and `ends`: the days
    on which it may be used; `data_from` and `data_until`: the days of the data that it covers. `revoked`: the day from
    which it is no more, also of a document that says so from its start.
    """

    id: str
    kind: PermitKind
    given: date
    revoked: date | None = None
    starts: date | None = None
    ends: date | None = None
    receivers: tuple[str, ...] = ()
    service_tasks: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    data_from: date | None = None
    data_until: date | None = None


@dataclass(frozen=True, slots=True)
class Prohibition:
    """One prohibition of disclosure: the controllers, service tasks or documents whose data may not be given.

    An empty target, or none at all, stands for one that could not be read: something is forbidden, nobody knows what.
    """

    id: str
    kind: ProhibitionKind
    targets: tuple[str, ...]
    set_on: date | None = None

    @property
    def is_understood(self) -> bool:
        """True when all that is forbidden could be read."""
        return bool(self.targets) and all(self.targets)


@dataclass(frozen=True, slots=True)
class ClientWills:
    """All that is known of one client's will. `non_disclosure` is None when nobody has told."""

    permits: tuple[Permit, ...] = ()
    prohibitions: tuple[Prohibition, ...] = ()
    non_disclosure: bool | None = None


Wills = Mapping[Client, ClientWills]
"""What is known of each client of a document."""

EMPTY = ClientWills()


@dataclass(frozen=True, slots=True)
class Will:
    """One version of what one client has said in one document. Of a chain's versions the newest counts alone."""

    client: Client = field(repr=False)
    chain: str
    version: int
    said: ClientWills


def merged(wills: Iterable[ClientWills]) -> ClientWills:
    """What several documents of one client say together. An order that one of them tells of is there."""
    several = list(wills)
    orders = [one.non_disclosure for one in several if one.non_disclosure is not None]
    return ClientWills(
        tuple(permit for one in several for permit in one.permits),
        tuple(prohibition for one in several for prohibition in one.prohibitions),
        any(orders) if orders else None,
    )


def narrowed(one: ClientWills, other: ClientWills) -> ClientWills:
    """What counts when the same version of a will says two things: what both permit, and what either forbids."""
    both = {permit for permit in one.permits if permit in other.permits}
    told = (*one.permits, *other.permits)
    kept = [permit for permit in told if permit in both or permit.revoked is not None]
    orders = [said.non_disclosure for said in (one, other) if said.non_disclosure is not None]
    return ClientWills(
        tuple(dict.fromkeys(kept)),
        tuple(dict.fromkeys((*one.prohibitions, *other.prohibitions))),
        any(orders) if orders else None,
    )


def will_as_json(said: ClientWills) -> dict[str, Any]:
    """Out: the wills as plain data; `will_from_json` gives them back."""
    return {
        "permits": [_plain(one, _PERMIT) for one in said.permits],
        "prohibitions": [_plain(one, _PROHIBITION) for one in said.prohibitions],
        "non_disclosure": said.non_disclosure,
    }


def will_from_json(value: Mapping[str, Any]) -> ClientWills:
    """The wills of plain data. Raises: KeyError, TypeError, ValueError for data that is none."""
    return ClientWills(
        tuple(Permit(**_read(one)) for one in value.get("permits", ())),
        tuple(Prohibition(**_read(one)) for one in value.get("prohibitions", ())),
        value.get("non_disclosure"),
    )


_PERMIT = (
    "id", "kind", "given", "revoked", "starts", "ends", "receivers", "service_tasks", "content", "data_from",
    "data_until",
)  # fmt: skip
_PROHIBITION = ("id", "kind", "targets", "set_on")
_DATES = frozenset(("given", "revoked", "starts", "ends", "data_from", "data_until", "set_on"))


def _plain(one: Permit | Prohibition, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in names}
    return {name: _plain_value(value) for name, value in values.items() if value not in (None, ())}


def _plain_value(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _read(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if name in _DATES else tuple(value) if isinstance(value, list) else value
        for name, value in one.items()
    }
