"""Reads what clients permit and forbid: THL's permit, prohibition and relationship documents, and FHIR Consents.

A part that narrows a permit and is not understood makes the whole permit not understood: it is never taken for a wider
one. Source: THL Sosmeta 1505.8, 1505.9, 1505.1; HL7 FHIR R4 Consent; decree 457/2024 § 25 (targeting).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from schemas.canonical import CANONICAL
from schemas.dates import earliest, latest
from schemas.json_text import canonical
from schemas.record import Record
from schemas.wills import Client, ClientWills, Permit, PermitKind, Prohibition, Will

__all__ = ["DOCUMENT_KINDS", "WILL_KINDS", "NotUnderstood", "wills_in", "wills_in_consent"]

WILL_KINDS = f"{CANONICAL}/CodeSystem/will"
"""The codes of a Consent's category: `inside_social_care`, `between_sectors` and `prohibition`."""

DOCUMENT_KINDS = f"{CANONICAL}/CodeSystem/document-kind"
"""The codes of a Consent's `provision.class`: the gate's kinds of documents."""

_TASKS = "urn:oid:1.2.246.537.6.1221"
_PERMIT, _PROHIBITION, _RELATIONSHIP = (f"1.2.246.537.6.1505.{group}." for group in (8, 9, 1))
_WAS = ("rejected", "inactive", "entered-in-error")
_READ = frozenset(("type", "period", "dataPeriod", "actor", "code", "class", "data"))
"""The parts of a provision that are understood; any other would narrow it."""


class NotUnderstood(ValueError):
    """A Consent says something that this reader does not take in; `str(error)` is a sentence that says what."""


def wills_in(record: Record) -> list[Will]:
    """What the record says of its clients' will, a will for each identifier of each client.

    A draft says nothing yet. Out: empty for a document of another structure.
    """
    said = None if record.envelope.get("status") == "draft" else _said(record)
    if said is None:
        return []
    return [Will(client, record.original, record.version, said) for client in dict.fromkeys(_clients(record))]


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
            yield Permit(record.original, "inside_social_care", given)
        return
    day = earliest(when) or earliest(record.body.get("laatimispaivamaara")) or earliest(record.envelope.get("created"))
    yield Permit(record.original, "inside_social_care", day or date.min, revoked=day or date.min)


def _prohibitions(record: Record) -> Iterator[Prohibition]:
    body, chain = record.body, record.original
    of_controllers = _inner(
        body, "rekisterinpitajaa_koskevat_luovutuskiellot", "rekisterinpitajaa_koskeva_luovutuskielto"
    )
    for one in of_controllers:
        targets = _codes(one.get("rekisterinpitaja_jonka_tietojen_luovutus_kielletaan"))
        yield Prohibition(chain, "controller", targets, _set_on(one))
    for one in _inner(body, "palvelutehtavaa_koskevat_luovutuskiellot", "palvelutehtavaa_koskeva_luovutuskielto"):
        targets = _codes(one.get("palvelutehtava_jonka_tietojen_luovutus_kielletaan"))
        yield Prohibition(chain, "service_task", targets, _set_on(one))
    for one in _inner(body, "asiakirjoja_koskevat_luovutuskiellot", "asiakirjaa_koskeva_luovutuskielto"):
        documents = _items(one.get("asiakirja_jonka_luovutus_kielletaan"))
        targets = tuple(_bare(_text(document.get("oid_tunnus"), "value")) for document in documents)
        yield Prohibition(chain, "document", targets, _set_on(one))


def _set_on(entry: Mapping[str, Any]) -> date | None:
    return earliest(entry.get("kiellon_asettamisen_ajankohta"))


def _clients(record: Record) -> Iterator[Client]:
    for one in _items(record.body.get("asiakas")):
        for key in ("henkilotunnus", "tilapainen_yksilointitunnus"):
            yield from _client(one.get(key))
    for one in _items(record.envelope.get("clients")):
        yield from _client(one.get("identifier"))


def _client(identifier: Any) -> Iterator[Client]:
    value = _text(identifier, "value").strip().upper()
    if value:
        yield _text(identifier, "system"), value


# FHIR Consent


def wills_in_consent(consent: Mapping[str, Any]) -> list[Will]:
    """The will that a Consent tells: none for one that is not given yet. Raises: NotUnderstood."""
    if consent.get("status") in ("draft", "proposed"):
        return []
    if consent.get("status") not in ("active", *_WAS):
        raise NotUnderstood("The Consent has no status that R4 knows.")
    clients = list(_client(_at(consent, "patient", "identifier")))
    identifiers = _items(consent.get("identifier"))
    if not clients or not identifiers:
        raise NotUnderstood("The Consent needs patient.identifier and an identifier of its own.")
    chain = _name_of(identifiers[0])
    version = _text(consent.get("meta"), "versionId")
    said = _of_provision(consent, chain)
    return [Will(client, chain, int(version) if version.isdecimal() else 1, said) for client in clients]


def _of_provision(consent: Mapping[str, Any], chain: str) -> ClientWills:
    provision = consent.get("provision")
    provision = provision if isinstance(provision, Mapping) else {}
    if set(provision) - _READ:
        raise NotUnderstood("The Consent's provision holds parts that are not read: it could mean less than is read.")
    kinds = {code for one in _items(consent.get("category")) for system, code in _codings(one) if system == WILL_KINDS}
    if kinds == {"prohibition"} and provision.get("type") == "deny":
        is_over = consent.get("status") in _WAS
        return ClientWills(prohibitions=() if is_over else tuple(_denials(provision, chain)))
    for kind in ("inside_social_care", "between_sectors"):
        if kinds == {kind} and provision.get("type") == "permit":
            return ClientWills(permits=(_permit(consent, provision, kind, chain),))
    raise NotUnderstood("The Consent's category and provision.type do not say what kind of will it is.")


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
        _bare(_text(_at(one, "reference", "identifier"), "value")) for one in _items(provision.get("data"))
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
    named = tuple(_bare(_text(_at(one, "reference", "identifier"), "value")) for one in _items(provision.get("actor")))
    if not all(named):
        raise NotUnderstood("An actor of the Consent has no reference.identifier.")
    return named


def _coded(provision: Mapping[str, Any], name: str, system: str) -> tuple[str, ...]:
    found = [pair for one in _items(provision.get(name)) for pair in _codings(one)]
    if any(one != system for one, _ in found) or len(found) < len(_items(provision.get(name))):
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
    value = _bare(_text(identifier, "value"))
    if value.replace(".", "").isdecimal():
        return value
    return str(UUID(bytes=sha256(canonical([_text(identifier, "system"), value])).digest()[:16], version=5))


# Any shape


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _inner(body: Mapping[str, Any], group: str, key: str) -> list[Mapping[str, Any]]:
    return _items(_at(body, group, key))


def _items(value: Any) -> list[Mapping[str, Any]]:
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, Mapping)]


def _codes(value: Any) -> tuple[str, ...]:
    return tuple(_text(one, "code") for one in _items(value))


def _text(value: Any, key: str) -> str:
    found = _at(value, key)
    return found if isinstance(found, str) else ""


def _bare(value: str) -> str:
    return value.removeprefix("urn:oid:")
