"""Each limit on a foreign document refuses what is beyond it, and lets pass what is just within."""

from __future__ import annotations

import pytest

from interop.documents import Options, examine
from schemas.limits import Limits


def rules(data: bytes, limits: Limits) -> set[str]:
    return {issue.rule.id for issue in examine(data, None, Options(limits=limits)).issues}


def patient(**more: str) -> bytes:
    return b'{"resourceType":"Patient"' + "".join(f',"{key}":{value}' for key, value in more.items()).encode() + b"}"


_XML = b'<Patient xmlns="http://hl7.org/fhir"%s><active value="true"/></Patient>'
_NESTED = patient(contact='[{"name":{"family":"x"}}]')


@pytest.mark.parametrize(
    ("rule", "data", "within", "beyond"),
    [
        ("document_is_within_size_limit", patient(), Limits(size=len(patient())), Limits(size=len(patient()) - 1)),
        ("document_is_within_depth_limit", _NESTED, Limits(depth=5), Limits(depth=4)),
        ("document_is_within_node_limit", _NESTED, Limits(nodes=6), Limits(nodes=5)),
        (
            "element_is_within_attribute_limit",
            _XML % b' a="1" b="2" c="3"',
            Limits(attributes=3),
            Limits(attributes=2),
        ),
        (
            "number_is_within_digit_limit",
            patient(multipleBirthInteger="1234567890123456789"),
            Limits(digits=19),
            Limits(digits=18),
        ),
    ],
)
def test_limit(rule: str, data: bytes, within: Limits, beyond: Limits) -> None:
    assert rule not in rules(data, within)
    assert rules(data, beyond) == {rule}


@pytest.mark.parametrize(
    "entities",
    ['<!ENTITY a "b">', '<!ENTITY a SYSTEM "file:///etc/hostname">', '<!ENTITY % a SYSTEM "http://127.0.0.1/x"> %a;'],
)
def test_no_entity_is_ever_expanded(entities: str) -> None:
    data = f"<!DOCTYPE Patient [{entities}]>".encode() + _XML % b""
    assert rules(data, Limits()) == {"xml_has_no_dtd"}


def test_a_pattern_that_would_take_for_ever_is_judged_at_once() -> None:
    regex = "http://hl7.org/fhir/StructureDefinition/regex"
    questionnaire = (
        '{"resourceType":"Questionnaire","id":"q","status":"active","item":[{"linkId":"1","type":"string",'
        f'"extension":[{{"url":"{regex}","valueString":"(a+)+$"}}]}}]}}'
    )
    answer = f'{{"linkId":"1","answer":[{{"valueString":"{"a" * 64}!"}}]}}'
    data = (
        f'{{"resourceType":"QuestionnaireResponse","status":"completed","contained":[{questionnaire}],'
        f'"questionnaire":"#q","item":[{answer}]}}'
    )
    assert "fhir_answer_follows_its_pattern" in rules(data.encode(), Limits())
