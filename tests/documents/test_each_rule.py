"""Rules that no case folder breaks, each broken by one change in the example plan, which itself breaks none.

Every rule of every catalogue is named by a test or a case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

from interop.cli.rule_pages import all_rules
from interop.documents import Options, examine, write
from schemas.fhir_definitions import Definitions
from schemas.record import Record
from schemas.structures import shipped
from tests.documents.test_ten_faults import ROOT, whole
from tests.strategies import PHRASE, with_own_phrases
from validators.content import check_content
from validators.fhir_structure import check_fhir_structure
from validators.xml import check_xml

TESTS = ROOT / "tests"
READ: dict[str, tuple[str, bytes, bytes]] = {
    "text_is_utf8": ("thl", "Väinö".encode(), "Väinö".encode("latin-1")),
    "document_is_xml": ("effica", b"<", b""),
    "xml_is_well_formed": ("effica", b"<Paikka>", b"<Paikka 1>"),
    "xml_root_is_the_message": ("effica", b"Sanoma", b"Viesti"),
    "xml_group_holds_elements_only": ("effica", b"<Otsake>", b"<Otsake>x"),
    "content_text_is_not_empty": ("thl", b'"sukunimi": "Mallikas"', b'"sukunimi": ""'),
    "content_list_is_not_empty": ("thl", b'"asiakas": [', b'"asiakas": [], "x": ['),
    "questionnaire_item_is_known": ("fhir", b'"linkId": "lisatiedot"', b'"linkId": "muuta"'),
    "questionnaire_answer_fits_its_item": ("fhir", b'"valueDate": "2026-11-02"', b'"valueInteger": 5'),
}
"""The form, what is replaced at each of its places, and what replaces it."""

WRITE: dict[str, tuple[str, str, Any]] = {
    "date_can_be_written_in_the_other_form": ("effica", "paivamaara", "2.11.2026"),
    "repeated_field_is_a_list": ("effica", "laatija", {}),
}
"""The form that is written, and the field of the content that gets another value."""


@pytest.mark.parametrize("rule", READ)
def test_rule_of_reading(rule: str) -> None:
    form, old, new = READ[rule]
    data = whole(form).encode()
    assert old in data
    assert rule not in {issue.rule.id for issue in examine(data, form).issues}
    assert rule in {issue.rule.id for issue in examine(data.replace(old, new), form).issues}


@pytest.mark.parametrize("rule", WRITE)
def test_rule_of_writing(rule: str) -> None:
    form, name, value = WRITE[rule]
    record = examine(whole("thl").encode(), "thl").record
    assert record is not None
    assert rule not in {issue.rule.id for issue in write(record, form).issues}
    ((root, body),) = record.content.items()
    spoilt = Record(record.envelope, {root: {**body, name: value}})
    assert rule in {issue.rule.id for issue in write(spoilt, form).issues}


def test_a_name_that_fhir_cannot_hold() -> None:
    record = examine(whole("thl").encode(), "thl").record
    assert record is not None
    author = {**record.envelope["author"], "family": ""}
    written = write(Record({**record.envelope, "author": author}, record.content), "fhir")
    assert [issue.rule.id for issue in written.issues] == ["text_can_stand_in_fhir"]


def test_an_identifier_in_fhir_that_is_no_oid() -> None:
    data = whole("fhir").replace("urn:oid:1.2.246.10.99999999.11.2026.1001", "urn:x:1")
    assert "identifier_is_an_oid" in {issue.rule.id for issue in examine(data.encode(), "fhir").issues}


def test_a_phrase_is_the_fixed_one() -> None:
    structure = next(one for one in map(with_own_phrases, shipped()) if any(f.kind == "phrase" for f in one.fields))
    field = next(field for field in structure.fields if field.kind == "phrase")
    for text, told in ((PHRASE, False), ("x", True)):
        issues = check_content(structure, {structure.root: {field.path[0]: text}})
        assert ("content_phrase_is_the_fixed_one" in {issue.rule.id for issue in issues}) is told


def test_a_schema_that_explains_nothing_is_told_as_a_whole() -> None:
    class Silent:
        """A schema that refuses what its explaining library takes."""

        namespace, root = "urn:x", "a"
        text = (
            b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
            b'<xs:element name="a"/></xs:schema>'
        )

        def accepts(self, _: object) -> bool:
            return False

    (issue,) = check_xml(Silent(), etree.fromstring('<a xmlns="urn:x"/>'))  # type: ignore[arg-type]
    assert issue.rule.id == "xml_follows_its_schema"


@pytest.mark.parametrize(
    ("rule", "resource"),
    [
        ("fhir_resource_type_is_known", {"resourceType": "Chicken"}),
        ("fhir_resource_has_its_structure", {"resourceType": "Patient", "name": "x"}),
    ],
)
def test_without_the_core_package_the_structure_is_judged(rule: str, resource: Mapping[str, Any]) -> None:
    assert check_fhir_structure({"resourceType": "Patient"}) == []
    assert [issue.rule.id for issue in check_fhir_structure(resource)] == [rule]
    told = examine(json.dumps(resource).encode(), None, Options(definitions=Definitions()))
    assert {issue.rule.id for issue in told.issues} == {rule, "fhir_core_package_is_at_hand"}


def test_every_rule_is_named_by_a_test_or_a_case() -> None:
    files = (path for path in TESTS.rglob("*") if path.suffix in (".py", ".json", ".toml"))
    said = "".join(path.read_text("utf-8") for path in files)
    folders = {path.name for path in (TESTS / "cases" / "rules").iterdir()}
    assert [rule for rule in all_rules() if rule not in said and rule not in folders] == []
