"""Copies of documents for a client or a service provider: which documents, by whose agreement, and how they are made.

No copy is made without an agreement: the site's settings name the structures, and unless they speak for every document
of those, the document's own distribution list (jakelu, or to whom the plan is delivered) or its producer has to name
the receiver. The gate judges each copy besides, as it does every delivery.
Source: act 1301/2014 § 39 (the plan is made with the client); THL Sosmeta, `jakelu`; ISO 19005-2 (PDF/A).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from interop.documents import Written
from interop.printing import print_sheet
from mappings.copy_sheet import Reader, copy_sheet
from mappings.report import Report
from schemas.dates import earliest
from schemas.record import Record
from schemas.structures import shipped
from schemas.wills import bare
from validators.gate.facts import named

__all__ = ["Copies", "distribution"]

_BETWEEN = re.compile(r"[,;\n]|\s(?:ja|och|sekä|samt)\s")
_TO_WHOM = "henkilot_joille_tama_suunnitelma_toimitetaan"
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
"""The time of making that a copy of an undated document tells; the same document always gives the same file."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Whose copies a receiver gets.

    `structures`: numbers such as 15020, or OIDs. `names`: how distribution lists name the receiver; `oids`: by which a
    document may name it as its producer. `always`: the site has agreed on every document of the structures.
    `clients`: whose documents alone, each `system|value`, when not None. `language`: fi or sv, empty for that of the
    client or else of the document. `for_client`: the copies are the client's, whom a distribution list may name by the
    client's own name.
    """

    structures: frozenset[str]
    names: frozenset[str] = frozenset()
    oids: frozenset[str] = frozenset()
    always: bool = False
    clients: Callable[[], Sequence[str]] | None = None
    language: str = ""
    for_client: bool = False

    def wants(self, record: Record) -> bool:
        """Whether a copy of the document is agreed upon. Raises: Fault when the list of clients cannot be read."""
        if record.structure not in shipped() or not self._is_of_structures(record.structure):
            return False
        return (self.always or self._is_named(record)) and self._is_of_clients(record)

    def write(self, record: Record, *, shortened: bool = False) -> Written:
        """The copy, a PDF/A; empty, with an issue, when the document does not fit on paper. Raises: Fault.

        In: `shortened` when something was left out of the record, which the copy then says.
        """
        reader: Reader = "client" if self.for_client else "provider"
        sheet = copy_sheet(record, shipped()[record.structure], reader, self.language, shortened=shortened)
        printed = print_sheet(sheet, _made(record))
        return Written("pdf", printed.pdf or b"", Report(), list(printed.issues))

    def _is_of_structures(self, structure: str) -> bool:
        return any(shipped().find(name).oid == structure for name in self.structures)

    def _is_named(self, record: Record) -> bool:
        wanted = {named(name) for name in (*self.names, *(_own_names(record) if self.for_client else ()))}
        if wanted & {named(name) for name in distribution(record)}:
            return True
        producer = record.envelope.get("producer")
        identifier = producer.get("identifier") if isinstance(producer, Mapping) else None
        value = identifier.get("value") if isinstance(identifier, Mapping) else None
        return isinstance(value, str) and bare(value) in self.oids

    def _is_of_clients(self, record: Record) -> bool:
        if self.clients is None:
            return True
        people = record.envelope.get("clients")
        found = {_client(one) for one in people} if isinstance(people, list) else {""}
        return bool(found) and found <= {_bare_client(one) for one in self.clients()}


def distribution(record: Record) -> Iterator[str]:
    """Whom the document's distribution list names: each entry of a list in words, or person and organisation."""
    plan = record.body.get("suunnitelma")
    told = record.body.get("jakelu")
    for words in (told, plan.get(_TO_WHOM) if isinstance(plan, Mapping) else None):
        if isinstance(words, str):
            yield from filter(None, (one.strip(" .") for one in _BETWEEN.split(words)))
    for one in told if isinstance(told, list) else ():
        if isinstance(one, Mapping):
            yield from (text for key in ("saaja", "organisaatio") if isinstance(text := one.get(key), str) and text)


def _own_names(record: Record) -> Iterator[str]:
    """How the document's clients are called: each given name with the family name, and all of them."""
    for one in record.envelope.get("clients") or ():
        given, family = (one.get(key) for key in ("given", "family")) if isinstance(one, Mapping) else ("", "")
        if isinstance(given, str) and isinstance(family, str) and given.strip() and family.strip():
            yield from (f"{name} {family}" for name in (given, *given.split()))


def _client(person: Any) -> str:
    identifier = person.get("identifier") if isinstance(person, Mapping) else None
    if not isinstance(identifier, Mapping):
        return ""
    return f"{bare(str(identifier.get('system')))}|{identifier.get('value')}"


def _bare_client(text: str) -> str:
    system, _, value = text.partition("|")
    return f"{bare(system)}|{value}"


def _made(record: Record) -> datetime:
    day = earliest(record.envelope.get("created"))
    return datetime.combine(day, time(), UTC) if day else _UNDATED
