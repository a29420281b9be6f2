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
from schemas.wills import Client, bare, client_of
from validators.gate.documents import MULTIDISCIPLINARY, features_of, kind_of, task_named, tasks_of
from validators.gate.facts import Subject
from validators.gate.places import RevealingPlaces, revealing_places
from validators.gate.plans import inner, items, plan_of, text

__all__ = ["subject_of"]

_TASKS = "1.2.246.537.6.1221"
"""Service tasks: codes of another system are compared with none of these."""


def subject_of(record: Record, *, places: bool = True) -> Subject:
    """The facts of the record. A part of another shape than its structure's is as good as not there.

    In: `places` false leaves out the search for what tells where the client lives, which takes most of the time.
    """
    structure = shipped().get(record.structure)
    kind = kind_of(structure) if structure is not None else ""
    codes = frozenset(filter(None, (_task_code(record.envelope.get("service_task")),)))
    names = frozenset(filter(None, map(task_named, codes))) | (tasks_of(structure) if structure else frozenset())
    service = record.envelope.get("service")
    envelope, content = _in_envelope(record), _in_content(record)
    clients = tuple(dict.fromkeys(one for one in (*envelope, *content) if one is not None))
    found = revealing_places(record, structure) if places else RevealingPlaces()
    return Subject(
        controller=_controller(record),
        sector="social" if kind else "",
        kind=kind,
        tasks=names,
        task_codes=codes,
        features=features_of(structure, text(service, "display")) if structure else None,
        service=text(service, "code"),
        producer=_oid_of(record.envelope.get("producer")),
        units=_units(record),
        documents=frozenset(filter(None, (bare(text(record.envelope, name)) for name in _DOCUMENTS))),
        created=_created(record),
        clients=clients,
        has_unnamed_clients=_most(envelope, content) > len(clients),
        non_disclosure=_order(record),
        locations=found.locations,
        mandatory=(*found.mandatory, *_mandatory_sections(record, structure)),
        suspects=found.suspects,
        plan=plan_of(record) if kind == MULTIDISCIPLINARY else None,
    )


_DOCUMENTS = ("document", "original", "replaces")


def _task_code(task: Any) -> str:
    """The code of a service task of 1221, whichever version of the code system; empty for a code of another."""
    system = bare(text(task, "system"))
    return text(task, "code") if system == _TASKS or system.startswith(f"{_TASKS}.") else ""


def _told(record: Record, name: str) -> Any:
    """A part of the envelope; None for one that a placeholder stands for."""
    return None if name in (record.envelope.get("placeholders") or ()) else record.envelope.get(name)


def _controller(record: Record) -> str:
    return _oid_of(_told(record, "controller"))


def _oid_of(party: Any) -> str:
    return bare(text(inner(party, "identifier"), "value"))


def _units(record: Record) -> frozenset[str]:
    unit = bare(text(inner(_told(record, "author"), "unit"), "code"))
    return frozenset(filter(None, (unit, _oid_of(record.envelope.get("producer")))))


def _created(record: Record) -> date | None:
    """The day of drafting; None when it is not known to the day."""
    created = _told(record, "created")
    first, last = earliest(created), latest(created)
    return first if first == last else None


def _in_envelope(record: Record) -> list[Client | None]:
    """The clients that the envelope names; None for each that it does not name by an identifier."""
    return [client_of(one.get("identifier")) for one in items(record.envelope.get("clients"))]


def _in_content(record: Record) -> list[Client | None]:
    """The clients of the content, in the same way. A temporary identifier counts when there is no other."""
    people = items(record.body.get("asiakas"))
    return [client_of(one.get("henkilotunnus")) or client_of(one.get("tilapainen_yksilointitunnus")) for one in people]


def _most(*several: list[Client | None]) -> int:
    """How many clients there are at least, by what one of the lists tells."""
    return max(len({*clients} - {None}) + clients.count(None) for clients in several)


def _order(record: Record) -> object:
    """What the document says of a non-disclosure order: of its client, or of anybody whom it tells of."""
    flag: object = record.envelope.get("non_disclosure")
    if flag not in (False, None) or any(one is not False for one in _flags(record.content)):
        return True
    of_clients = [one.get("turvakielto") for one in items(record.body.get("asiakas"))]
    is_told = bool(of_clients) and all(one is False for one in of_clients)
    return False if flag is False or is_told else None


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


def _mandatory_sections(record: Record, structure: Structure | None) -> Iterator[str]:
    for field in structure.fields if structure is not None else ():
        if field.required and field.key in record.body:
            yield pointer(("content", record.root, field.key))
