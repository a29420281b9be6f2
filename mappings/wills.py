"""Reads what clients permit and forbid: THL's permit, prohibition and relationship documents, and FHIR Consents.

A part that narrows a permit and is not understood makes the whole permit not understood: it is never taken for a wider
one. A prohibition that cannot be read still forbids: what, nobody knows.

Source: THL Sosmeta 1505.8, 1505.9, 1505.1; HL7 FHIR R4 Consent; decree 457/2024 § 25 (targeting).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from schemas.canonical import CANONICAL
from schemas.dates import earliest, latest
from schemas.identity import is_oid
from schemas.json_text import canonical
from schemas.record import Record
from schemas.structures import shipped
from schemas.wills import (
    Client,
    ClientWills,
    Permit,
    PermitKind,
    Prohibition,
    ProhibitionKind,
    Will,
    bare,
    client_of,
)

__all__ = ["DOCUMENT_KINDS", "WILL_KINDS", "NotUnderstood", "wills_in", "wills_in_consent"]

WILL_KINDS = f"{CANONICAL}/CodeSystem/will"
"""The codes of a Consent's category: `inside_social_care`, `between_sectors` and `prohibition`."""

DOCUMENT_KINDS = f"{CANONICAL}/CodeSystem/document-kind"
"""The codes of a Consent's `provision.class`: the gate's kinds of documents."""

_TASKS = "1.2.246.537.6.1221"
_PERMIT, _PROHIBITION, _RELATIONSHIP = (f"1.2.246.537.6.1505.{group}." for group in (8, 9, 1))
_WAS = ("rejected", "inactive", "entered-in-error")
_READ: Mapping[str, frozenset[str]] = {
    "type": frozenset(),
    "period": frozenset(("start", "end")),
    "dataPeriod": frozenset(("start", "end")),
    "actor": frozenset(("role", "reference")),
    "code": frozenset(("coding", "text")),
    "class": frozenset(("system", "version", "code", "display", "userSelected")),
    "data": frozenset(("meaning", "reference")),
}
"""The parts of a provision that are understood, and what each may hold; any other would narrow it."""
_LISTS = frozenset(("actor", "code", "class", "data"))


class NotUnderstood(ValueError):
    """A Consent says something that this reader does not take in; `str(error)` is a sentence that says what."""


def wills_in(record: Record) -> list[Will]:
    """What the record says of its clients' will, a will for each identifier of each client.

    A draft says nothing yet. What a document permits, it permits for the one client of its content; what it revokes
    or forbids, for everybody whom it names. Out: empty for a document of another structure.
    """
    said = None if record.envelope.get("status") == "draft" else _said(record)
    if said is None:
        return []
    people = _items(record.body.get("asiakas"))
    givers = set(_of_content(people)) if len(people) == 1 else set()
    refused = replace(said, permits=tuple(one for one in said.permits if one.revoked is not None))
    return [
        Will(client, bare(record.original), record.version, said if client in givers else refused)
        for client in dict.fromkeys((*_of_content(people), *_of_envelope(record)))
    ]


def _said(record: Record) -> ClientWills | None:
    is_cancelled = record.envelope.get("status") == "cancelled"
    if record.structure.startswith(_PERMIT):
        return ClientWills(permits=tuple(_permits(record, is_cancelled=is_cancelled)))
    if record.structure.startswith(_PROHIBITION):
        return ClientWills(prohibitions=() if is_cancelled else tuple(_prohibitions(record)))
    if record.structure.startswith(_RELATIONSHIP) and not is_cancelled:
        flags = [one.get("turvakielto") for one in _items(record.body.get("asiakas"))]
        return ClientWills(non_disclosure=any(flag is not False for flag in flags)) if flags else None
    return None


def _permits(record: Record, *, is_cancelled: bool) -> Iterator[Permit]:
    """One permit in force, or one that is taken back from the day that is told; from the beginning when none is."""
    told = record.body.get("voimassa_oleva_luovutuslupa")
    told = told if isinstance(told, Mapping) else {}
    when = told.get("luovutusluvan_antamisen_ajankohta")
    if told.get("luovutuslupa") is True and not is_cancelled:
        given = latest(when)
        if given is not None:
            yield Permit(bare(record.original), "inside_social_care", given)
        return
    day = earliest(when) or earliest(record.body.get("laatimispaivamaara")) or earliest(record.envelope.get("created"))
    yield Permit(bare(record.original), "inside_social_care", day or date.min, revoked=day or date.min)


_BANS: tuple[tuple[ProhibitionKind, str, str, str], ...] = (
    (
        "controller",
        "rekisterinpitajaa_koskevat_luovutuskiellot",
        "rekisterinpitajaa_koskeva_luovutuskielto",
        "rekisterinpitaja_jonka_tietojen_luovutus_kielletaan",
    ),
    (
        "service_task",
        "palvelutehtavaa_koskevat_luovutuskiellot",
        "palvelutehtavaa_koskeva_luovutuskielto",
        "palvelutehtava_jonka_tietojen_luovutus_kielletaan",
    ),
    (
        "document",
        "asiakirjoja_koskevat_luovutuskiellot",
        "asiakirjaa_koskeva_luovutuskielto",
        "asiakirja_jonka_luovutus_kielletaan",
    ),
)
"""The lists of a prohibition document: what each forbids, its heading, its group, and the targets in it."""


def _prohibitions(record: Record) -> Iterator[Prohibition]:
    structure = shipped().get(record.structure)
    if structure is None or not isinstance(record.content.get(structure.root), Mapping):
        yield Prohibition(bare(record.original), "document", ())
        return
    for kind, heading, group, target in _BANS:
        for entry in _entries(record.body.get(heading), group):
            targets = tuple(_target(kind, one) for one in _several(_at(entry, target)))
            yield Prohibition(
                bare(record.original), kind, targets, earliest(_at(entry, "kiellon_asettamisen_ajankohta"))
            )


def _entries(listed: Any, group: str) -> list[Any]:
    """The prohibitions under a heading; one that cannot be read for a heading of another shape."""
    if listed in (None, "", [], {}):
        return []
    found = listed.get(group) if isinstance(listed, Mapping) else None
    return found if isinstance(found, list) else [found]


def _target(kind: ProhibitionKind, value: Any) -> str:
    """What is forbidden, as the gate compares it; empty when it cannot be read."""
    if kind == "document":
        oid = bare(_text(_at(value, "oid_tunnus"), "value"))
        return oid if is_oid(oid) else ""
    code, system = _text(value, "code"), bare(_text(value, "system"))
    if kind == "controller":
        return bare(code) if is_oid(bare(code)) else ""
    return code if f"{system}.".startswith(f"{_TASKS}.") else ""


def _of_content(people: list[Mapping[str, Any]]) -> Iterator[Client]:
    named = (client_of(one.get(key)) for one in people for key in ("henkilotunnus", "tilapainen_yksilointitunnus"))
    return (one for one in named if one is not None)


def _of_envelope(record: Record) -> Iterator[Client]:
    named = (client_of(one.get("identifier")) for one in _items(record.envelope.get("clients")))
    return (one for one in named if one is not None)


# FHIR Consent


def wills_in_consent(consent: Mapping[str, Any]) -> list[Will]:
    """The will that a Consent tells: none for one that is not given yet. Raises: NotUnderstood."""
    if consent.get("status") in ("draft", "proposed"):
        return []
    if consent.get("status") not in ("active", *_WAS):
        raise NotUnderstood("The Consent has no status that R4 knows.")
    client = client_of(_at(consent, "patient", "identifier"))
    identifiers = _items(consent.get("identifier"))
    if client is None or not identifiers or not _text(identifiers[0], "value"):
        raise NotUnderstood("The Consent needs patient.identifier and an identifier of its own.")
    if "modifierExtension" in consent:
        raise NotUnderstood("The Consent has a modifierExtension, which is not read: it could mean less than is read.")
    chain = _name_of(identifiers[0])
    return [Will(client, chain, _version(consent), _of_provision(consent, chain))]


def _version(consent: Mapping[str, Any]) -> int:
    """The number of the version: of two versions without numbers nobody could tell the newer."""
    version = _at(consent, "meta", "versionId")
    if version is None:
        return 1
    if not isinstance(version, str) or not re.fullmatch("[1-9][0-9]{0,8}", version):
        raise NotUnderstood("The Consent's meta.versionId is no number: its versions have no order.")
    return int(version)


def _of_provision(consent: Mapping[str, Any], chain: str) -> ClientWills:
    provision = consent.get("provision")
    provision = provision if isinstance(provision, Mapping) else {}
    if not all(_is_read(name, value) for name, value in provision.items()):
        raise NotUnderstood("The Consent's provision holds parts that are not read: it could mean less than is read.")
    kinds = {code for one in _items(consent.get("category")) for system, code in _codings(one) if system == WILL_KINDS}
    if kinds == {"prohibition"} and provision.get("type") == "deny":
        is_over = consent.get("status") in _WAS
        return ClientWills(prohibitions=() if is_over else tuple(_denials(provision, chain)))
    for kind in ("inside_social_care", "between_sectors"):
        if kinds == {kind} and provision.get("type") == "permit":
            return ClientWills(permits=(_permit(consent, provision, kind, chain),))
    raise NotUnderstood("The Consent's category and provision.type do not say what kind of will it is.")


def _is_read(name: str, value: Any) -> bool:
    """True for a part of a provision that has its shape in R4, with nothing in it that is not read."""
    if name not in _READ:
        return False
    if name == "type":
        return isinstance(value, str)
    groups = value if name in _LISTS else [value]
    return isinstance(groups, list) and all(isinstance(one, Mapping) and _READ[name] >= set(one) for one in groups)


def _permit(consent: Mapping[str, Any], provision: Mapping[str, Any], kind: PermitKind, chain: str) -> Permit:
    given = latest(consent.get("dateTime"))
    if given is None or provision.get("data"):
        raise NotUnderstood("A permit needs dateTime, and names no single documents.")
    period, data = provision.get("period"), provision.get("dataPeriod")
    return Permit(
        id=chain,
        kind=kind,
        given=given,
        revoked=date.min if consent.get("status") in _WAS else None,
        starts=_bound(period, "start", latest),
        ends=_bound(period, "end", earliest),
        receivers=_actors(provision),
        service_tasks=_coded(provision, "code", _TASKS),
        content=tuple(code for _, code in _classes(provision)),
        data_from=_bound(data, "start", latest),
        data_until=_bound(data, "end", earliest),
    )


def _denials(provision: Mapping[str, Any], chain: str) -> Iterator[Prohibition]:
    documents = tuple(
        bare(_text(_at(one, "reference", "identifier"), "value")) for one in _items(provision.get("data"))
    )
    found: dict[Any, tuple[str, ...]] = {
        "controller": _actors(provision),
        "service_task": _coded(provision, "code", _TASKS),
        "document": documents,
    }
    given = [(kind, targets) for kind, targets in found.items() if targets]
    if len(given) != 1 or not all(given[0][1]):
        raise NotUnderstood("A prohibition names controllers, or service tasks, or documents.")
    yield Prohibition(chain, given[0][0], given[0][1])


def _actors(provision: Mapping[str, Any]) -> tuple[str, ...]:
    named = tuple(bare(_text(_at(one, "reference", "identifier"), "value")) for one in _items(provision.get("actor")))
    if not all(named):
        raise NotUnderstood("An actor of the Consent has no reference.identifier.")
    return named


def _coded(provision: Mapping[str, Any], name: str, system: str) -> tuple[str, ...]:
    concepts = [_codings(one) for one in _items(provision.get(name))]
    found = [pair for one in concepts for pair in one]
    if not all(concepts) or any(bare(one) != system or not code for one, code in found):
        raise NotUnderstood(f"provision.{name} of the Consent holds codes of a system that is not read.")
    return tuple(code for _, code in found)


def _classes(provision: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [(_text(one, "system"), _text(one, "code")) for one in _items(provision.get("class"))]
    if any(system != DOCUMENT_KINDS or not code for system, code in found):
        raise NotUnderstood("provision.class of the Consent holds codes of a system that is not read.")
    return found


def _bound(period: Any, name: str, read: Any) -> date | None:
    """A bound of a period. One that is there and is no date is not understood: without it the permit would reach on."""
    text = _at(period, name)
    day: date | None = read(text)
    if text is not None and day is None:
        raise NotUnderstood("A period of the Consent has a bound that is no date.")
    return day


def _codings(concept: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(_text(one, "system"), _text(one, "code")) for one in _items(concept.get("coding"))]


def _name_of(identifier: Mapping[str, Any]) -> str:
    """The id of a Consent's chain: the OID that names a permit document, or a digest of another identifier."""
    value = bare(_text(identifier, "value"))
    if value.replace(".", "").isdecimal():
        return value
    return str(UUID(bytes=sha256(canonical([_text(identifier, "system"), value])).digest()[:16], version=5))


# Any shape


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _several(value: Any) -> list[Any]:
    """The values of a repeating part, or of one that is written alone; one that is nothing when it is not there."""
    return value if isinstance(value, list) else [value]


def _items(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in _several(value) if isinstance(one, Mapping)]


def _text(value: Any, key: str) -> str:
    found = _at(value, key)
    return found.strip() if isinstance(found, str) else ""
