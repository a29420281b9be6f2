"""The facts of a record that the gate judges by: what the envelope, the structure and a plan's own content say.

What a placeholder stands for is not known. Source: act 703/2023 § 37-38; THL Sosmeta; the multidisciplinary plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from schemas.dates import earliest, latest
from schemas.json_text import pointer
from schemas.record import Record
from schemas.structures import Structure, shipped
from schemas.wills import Client
from validators.gate.documents import MULTIDISCIPLINARY, features_of, kind_of, task_named, tasks_of
from validators.gate.facts import Plan, PlanPermit, Sector, Subject
from validators.gate.places import RevealingPlaces, revealing_places

__all__ = ["SECTORS", "client_of", "subject_of"]

SECTORS: Mapping[str, Sector] = {
    "1": "social",
    "2": "health",
    "3": "employment",
    "4": "education",
    "5": "third",
    "6": "relative",
    "99": "other",
}
"""The sectors of a multidisciplinary plan, by the codes of its structure."""

_MEDIATED = "3"
_WAYS_OF_WORKING = ("1", "2", _MEDIATED)


def subject_of(record: Record, *, places: bool = True) -> Subject:
    """The facts of the record. A part of another shape than its structure's is as good as not there.

    In: `places` false leaves out the search for what tells where the client lives, which takes most of the time.
    """
    structure = shipped().get(record.structure)
    kind = kind_of(structure) if structure is not None else ""
    codes = frozenset(filter(None, (_text(record.envelope.get("service_task"), "code"),)))
    names = frozenset(filter(None, map(task_named, codes))) | (tasks_of(structure) if structure else frozenset())
    service = record.envelope.get("service")
    found = revealing_places(record, structure) if places else RevealingPlaces()
    return Subject(
        controller=_controller(record),
        sector="social" if kind else "",
        kind=kind,
        tasks=names,
        task_codes=codes,
        features=features_of(structure, _text(service, "display")) if structure else None,
        service=_text(service, "code"),
        producer=_text(_inner(record.envelope.get("producer"), "identifier"), "value"),
        units=_units(record.envelope),
        documents=frozenset(filter(None, (_text(record.envelope, name) for name in _DOCUMENTS))),
        created=_created(record),
        clients=tuple(dict.fromkeys(_clients(record))),
        non_disclosure=_order(record),
        locations=found.locations,
        mandatory=(*found.mandatory, *_mandatory_sections(record, structure)),
        suspects=found.suspects,
        plan=_plan(record) if kind == MULTIDISCIPLINARY else None,
    )


_DOCUMENTS = ("document", "original", "replaces")


def client_of(identifier: Any) -> Client | None:
    """The client that an identifier names, or None."""
    system, value = _text(identifier, "system"), _text(identifier, "value").strip().upper()
    return (system, value) if value else None


def _controller(record: Record) -> str:
    made_up = record.envelope.get("placeholders") or ()
    return "" if "controller" in made_up else _text(_inner(record.envelope.get("controller"), "identifier"), "value")


def _units(envelope: Mapping[str, Any]) -> frozenset[str]:
    author, producer = envelope.get("author"), envelope.get("producer")
    units = (_text(_inner(author, "unit"), "code"), _text(_inner(producer, "identifier"), "value"))
    return frozenset(filter(None, units))


def _created(record: Record) -> date | None:
    """The day of drafting; None when it is not known to the day."""
    made_up = record.envelope.get("placeholders") or ()
    first, last = earliest(record.envelope.get("created")), latest(record.envelope.get("created"))
    return first if first == last and "created" not in made_up else None


def _clients(record: Record) -> Iterator[Client]:
    """The clients that the envelope names, and those of the content that it does not."""
    for one in _items(record.envelope.get("clients")):
        client = client_of(one.get("identifier"))
        if client:
            yield client
    for one in _items(record.body.get("asiakas")):
        named = [client_of(one.get(key)) for key in ("henkilotunnus", "tilapainen_yksilointitunnus")]
        yield from filter(None, named[:1] if named[0] else named)


def _order(record: Record) -> object:
    """What the document says of a non-disclosure order: of its client, or of anybody whom it tells of."""
    flag: object = record.envelope.get("non_disclosure")
    inner = list(_flags(record.content))
    if flag not in (False, None) or any(one is not False for one in inner):
        return True
    return False if flag is False or inner else None


def _flags(value: Any) -> Iterator[object]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ("turvakielto", "salaiset_yhteystiedot"):
                yield inner
            else:
                yield from _flags(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _flags(inner)


def _plan(record: Record) -> Plan:
    body = record.body
    term = body.get("yhteisasiakkuus")
    way = _text(body.get("tyoskentelytapa"), "code")
    return Plan(
        participants=tuple(_participants(body)),
        starts=latest(_inner(term, "alkamispaiva")),
        ends=earliest(_inner(term, "maaraajan_paattymispaiva")),
        ended=earliest(_inner(term, "toteutunut_paattymispaiva")),
        mediated=way == _MEDIATED if way in _WAYS_OF_WORKING else None,
        permits=tuple(_permits(body)),
        hidden=tuple((sector, tuple(_hidden_from(record, code))) for code, sector in SECTORS.items()),
    )


def _participants(body: Mapping[str, Any]) -> Iterator[tuple[str, Sector]]:
    for one in _items(body.get("osallistujat")):
        sector = SECTORS.get(_text(one.get("sektori"), "code"), "")
        person = " ".join(filter(None, (_text(one, "etunimet"), _text(one, "sukunimi"))))
        yield _text(one, "organisaatio") or person, sector


def _permits(body: Mapping[str, Any]) -> Iterator[PlanPermit]:
    for one in _items(body.get("luvat_joihin_suunnitelma_perustuu")):
        yield PlanPermit(
            receiver=_text(one, "tietojen_saaja"),
            given=latest(one.get("antamispaiva")),
            until=earliest(one.get("voimassa_asti")),
            revoked=earliest(one.get("peruuttamispaiva")),
            document=_text(one, "lupa_asiakirjan_tunnus"),
        )


def _hidden_from(record: Record, sector: str) -> Iterator[str]:
    """The sections of the plan that carry a label which does not name the sector."""
    seen: dict[str, set[str]] = {}
    for label in _items(record.body.get("osioiden_nakyvyys")):
        codes = {_text(one, "code") for one in _items(label.get("sektori"))}
        seen.setdefault(_text(label.get("osio"), "code"), set()).update(codes)
    for section, codes in seen.items():
        if sector not in codes and section in record.body:
            yield pointer(("content", record.root, section))


def _mandatory_sections(record: Record, structure: Structure | None) -> Iterator[str]:
    for field in structure.fields if structure is not None else ():
        if field.required and field.key in record.body:
            yield pointer(("content", record.root, field.key))


def _items(value: Any) -> list[Mapping[str, Any]]:
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, Mapping)]


def _inner(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _text(value: Any, key: str) -> str:
    found = _inner(value, key)
    return found if isinstance(found, str) else ""
