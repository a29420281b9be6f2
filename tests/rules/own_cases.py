"""The rules that need more than one changed document: other definitions, code lists, paper, a plan given in part."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from interop.documents import Options, examine
from interop.printing import print_sheet
from mappings.formats import format_named
from mappings.sheet import filled_sheet
from schemas.codesystem_files import CodeSystem
from schemas.codesystems import with_site
from schemas.fhir_definitions import Definitions
from schemas.issues import Issue
from schemas.record import Record
from schemas.structures import shipped
from tests.documents.test_ten_faults import ROOT, whole
from tests.fhir_tables.test_partial import GOAL, PLAN, TEAM, epic
from tests.strategies import PHRASE, with_own_phrases
from validators.content import check_content
from validators.terminology import check_codes
from validators.xml import check_xml

__all__ = ["OWN", "Told"]

Told = Callable[[], set[str]]
"""Judges one thing, and gives the ids of the rules that are told of it."""

_GOALS = "1.2.246.537.6.1292"


class SilentSchema:
    """A schema that refuses what its explaining library takes."""

    namespace, root = "urn:x", "a"
    text = (
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
        b'<xs:element name="a"/></xs:schema>'
    )

    def __init__(self, *, accepting: bool) -> None:
        self._accepting = accepting

    def accepts(self, _: object) -> bool:
        return self._accepting


def _ids(issues: Iterable[Issue]) -> set[str]:
    return {issue.rule.id for issue in issues}


def _by_schema(*, accepting: bool) -> set[str]:
    schema: Any = SilentSchema(accepting=accepting)
    return _ids(check_xml(schema, etree.fromstring('<a xmlns="urn:x"/>')))


def _phrase(text: str) -> set[str]:
    structure = next(one for one in map(with_own_phrases, shipped()) if any(f.kind == "phrase" for f in one.fields))
    field = next(field for field in structure.fields if field.kind == "phrase")
    return _ids(check_content(structure, {structure.root: {field.path[0]: text}}))


def _without_code() -> set[str]:
    structure = shipped().find("15020")
    return _ids(check_content(structure, {structure.root: {"asiakas": [{"sukunimi": "Mallikas"}]}}))


def _goal(code: str, *, complete: bool) -> set[str]:
    """What is told of the code of a goal by a code system that holds one code, and all codes or some."""
    structure = shipped().find("15020")
    system = CodeSystem(_GOALS, {}, complete=complete, codes={"B02": {"fi": "Itsenäinen asuminen"}})
    coded = {"system": f"urn:oid:{_GOALS}", "code": code, "display": "Itsenäinen asuminen"}
    content = {structure.root: {"asetettavat_tavoitteet": [{"tavoite": coded}]}}
    return _ids(check_codes(structure, content, with_site({_GOALS: system})))


def _without_core_package(resource: Mapping[str, Any]) -> set[str]:
    return _ids(examine(json.dumps(resource).encode(), None, Options(definitions=Definitions())).issues)


def _resource(resource: Mapping[str, Any]) -> set[str]:
    return _ids(examine(json.dumps(resource).encode()).issues)


def _record() -> Record:
    record = examine(whole("thl").encode(), "thl").record
    assert record is not None
    return record


def _printed(text: str) -> set[str]:
    record = _record()
    record.body["lisatiedot"] = text
    return _ids(
        print_sheet(filled_sheet(record, shipped()[record.structure]), datetime(2026, 11, 23, tzinfo=UTC)).issues
    )


def _displayed(words: int) -> set[str]:
    """What is told of a plan of many goals whose display is other text."""
    record = _record()
    record.body["asetettavat_tavoitteet"] = [{"kuvaus": f"Tavoite {number}"} for number in range(words)]
    kanta = format_named("kanta")
    head, body, rest = kanta.write(record).data.partition(b"<body>")
    display = f"<p>{'Tavoitteet ' * words * 400}</p>".encode()
    return _ids(kanta.read(head + body + display + rest[rest.index(b"</body>") :]).issues)


def _note(change: Callable[[str], str]) -> set[str]:
    note = json.loads(whole("apotti"))
    attachment = note["content"][0]["attachment"]
    attachment["data"] = b64encode(change(b64decode(attachment["data"]).decode()).encode()).decode()
    return _ids(examine(json.dumps(note).encode(), "apotti").issues)


def _in_part(*resources: dict[str, Any]) -> set[str]:
    return _ids(format_named("apotti").read(json.dumps(epic(*resources)).encode()).issues)


def _whole() -> set[str]:
    return _ids(format_named("apotti").read(whole("apotti").encode()).issues)


def _example(name: str) -> set[str]:
    return _ids(examine((ROOT / "examples" / name).read_bytes()).issues)


def _patient() -> set[str]:
    return _resource({"resourceType": "Patient"})


_OBSERVATION = {"resourceType": "Observation", "id": "o"}

OWN: Mapping[str, tuple[Told, Told]] = {
    "xml_follows_its_schema": (lambda: _by_schema(accepting=False), lambda: _by_schema(accepting=True)),
    "content_phrase_is_the_fixed_one": (lambda: _phrase("x"), lambda: _phrase(PHRASE)),
    "code_is_in_its_code_system": (lambda: _goal("X", complete=True), lambda: _goal("B02", complete=True)),
    "code_is_checked_against_its_code_system": (
        lambda: _goal("X", complete=False),
        lambda: _goal("B02", complete=False),
    ),
    "fhir_core_package_is_at_hand": (lambda: _without_core_package({"resourceType": "Patient"}), _patient),
    "fhir_resource_type_is_known": (lambda: _without_core_package({"resourceType": "Chicken"}), _patient),
    "fhir_resource_has_its_structure": (
        lambda: _without_core_package({"resourceType": "Patient", "name": "x"}),
        lambda: _without_core_package({"resourceType": "Patient", "name": [{"text": "x"}]}),
    ),
    "identity_code_is_artificial": (lambda: _example("plan.json"), _without_code),
    "envelope_is_complete": (lambda: _example("content.json"), lambda: _example("plan.json")),
    "record_digest_matches": (
        lambda: _note(lambda text: text.replace("sha256: ", "sha256: 0")),
        lambda: _note(lambda text: text),
    ),
    "sheet_fits_on_paper": (lambda: _printed("a\n" * 20_000), lambda: _printed("a\n" * 20)),
    "character_can_be_printed": (lambda: _printed("hymy 😀"), lambda: _printed("hymy")),
    "kanta_display_can_be_checked_wholly": (lambda: _displayed(1000), lambda: _displayed(1)),
    "structure_is_named": (lambda: _in_part(PLAN, GOAL, TEAM), _whole),
    "reference_leads_to_a_resource": (lambda: _in_part(PLAN, GOAL, TEAM), _whole),
    "element_has_a_place_in_the_record": (lambda: _in_part(PLAN, GOAL, TEAM), _whole),
    "resource_has_a_place_in_the_record": (lambda: _in_part(PLAN, _OBSERVATION), lambda: _in_part(PLAN)),
    "field_can_stand_in_the_source": (lambda: _in_part(PLAN), _whole),
}
"""What breaks each rule, and what passes it."""
