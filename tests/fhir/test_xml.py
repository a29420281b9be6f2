"""FHIR in XML: what is written is valid by HL7's XSD, and reading it gives the same JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from schemas import xml_text
from schemas.fhir_definitions import Definitions
from schemas.fhir_xml import parse_narrative, read_xml, write_xml
from schemas.json_text import canonical, parse
from tests.conformance.public_cases import require
from tests.fhir.seeding import example, examples


def _there_and_back(resource: Any, definitions: Definitions) -> Any:
    root, issues = xml_text.parse(write_xml(resource, definitions))
    assert root is not None
    assert not issues
    found, issues = read_xml(root, definitions)
    assert not issues
    return found


@pytest.mark.parametrize("name", examples())
def test_json_to_xml_and_back_is_unchanged(name: str, definitions: Definitions) -> None:
    resource = example(name)
    assert canonical(_there_and_back(resource, definitions)) == canonical(resource)


def test_what_is_written_is_valid_by_the_xsd(definitions: Definitions) -> None:
    schema = etree.XMLSchema(etree.parse(str(require("fhir-xsd") / "fhir-single.xsd")))
    resources = {name: example(name) for name in examples()}
    resources |= {path.name: parse(path.read_bytes())[0] for path in require("hl7-examples").glob("*.json")}
    for name, resource in resources.items():
        written = etree.fromstring(write_xml(resource, definitions))
        # An element that R4 makes mandatory is missing in this one of HL7's own examples.
        assert schema.validate(written) is (name != "Questionnaire-qs1.json"), (name, schema.error_log)


def test_examples_of_hl7_survive(definitions: Definitions) -> None:
    for path in sorted(require("hl7-examples").glob("*.json")):
        resource, _ = parse(path.read_bytes())
        assert canonical(_narrated(_there_and_back(resource, definitions))) == canonical(_narrated(resource)), path.name


def _narrated(node: Any) -> Any:
    """The same JSON with narratives in their canonical form: XML has several spellings of one."""
    if isinstance(node, dict):
        return {key: _narrated(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_narrated(value) for value in node]
    if isinstance(node, str) and node.lstrip().startswith("<div"):
        root = parse_narrative(node)
        assert root is not None
        return etree.tostring(root, method="c14n").decode()
    return node


def test_digits_and_white_space_survive(definitions: Definitions) -> None:
    value = {"value": Decimal("2.50"), "unit": ' "<&>\n\t', "comparator": "<"}
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": value}
    assert _there_and_back(observation, definitions) == observation
    assert b'value="2.50"' in write_xml(observation, definitions)


def test_extensions_on_primitives_survive(definitions: Definitions) -> None:
    patient = {
        "resourceType": "Patient",
        "_birthDate": {"id": "b", "extension": [{"url": "urn:x", "valueCode": "unknown"}]},
        "name": [{"given": ["Väinö", None, "Åke"], "_given": [None, {"extension": [{"url": "urn:x"}]}, None]}],
    }
    assert _there_and_back(patient, definitions) == patient


def test_named_characters_of_html_are_written_as_numbers(definitions: Definitions) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>a&nbsp;b &lt; c</p></div>'
    patient = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}
    assert b"a&#160;b &lt; c" in write_xml(patient, definitions)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Chicken"},
        {},
        {"resourceType": "Patient", "text": {"status": "generated", "div": "<div>"}},
        {"resourceType": "Patient", "text": {"status": "generated", "div": "</div></text><evil/>"}},
        {"resourceType": "Patient", "name": ["x"]},
        {"resourceType": "Patient", "gender": {}},
    ],
)
def test_what_has_no_place_in_xml_is_refused(resource: Any, definitions: Definitions) -> None:
    with pytest.raises(ValueError, match=r"\."):
        write_xml(resource, definitions)


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        ("<Patient/>", "fhir_xml_root_is_a_resource"),
        ("<Chicken xmlns='http://hl7.org/fhir'/>", "fhir_xml_root_is_a_resource"),
        ("<Patient xmlns='http://hl7.org/fhir'>text</Patient>", "fhir_xml_holds_no_text"),
        ("<Patient xmlns='http://hl7.org/fhir'><active value='true'>x</active></Patient>", "fhir_xml_holds_no_text"),
        ("<Patient xmlns='http://hl7.org/fhir' x='1'/>", "fhir_xml_attribute_is_known"),
        ("<Patient xmlns='http://hl7.org/fhir'><active value='true' x='1'/></Patient>", "fhir_xml_attribute_is_known"),
        ("<Patient xmlns='http://hl7.org/fhir'><x xmlns=''/></Patient>", "fhir_xml_element_is_of_fhir"),
        (
            "<Patient xmlns='http://hl7.org/fhir'><gender value='male'/><active value='true'/></Patient>",
            "fhir_xml_elements_are_in_order",
        ),
        ("<Patient xmlns='http://hl7.org/fhir'><contained/></Patient>", "fhir_xml_resource_is_one"),
    ],
)
def test_broken_xml_gives_its_rule(xml: str, rule: str, definitions: Definitions) -> None:
    root, _ = xml_text.parse(xml.encode())
    assert root is not None
    _, issues = read_xml(root, definitions)
    assert [issue.rule.id for issue in issues] == [rule]


def test_faults_of_content_are_kept_for_the_validator(definitions: Definitions) -> None:
    text = "<Patient xmlns='http://hl7.org/fhir'><active value='joo'/><eiOle value='1'/></Patient>"
    root, _ = xml_text.parse(text.encode())
    assert root is not None
    assert read_xml(root, definitions) == ({"resourceType": "Patient", "active": "joo", "eiOle": "1"}, [])
