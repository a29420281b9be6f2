"""For each rule of profiles and questionnaires a resource that breaks it and one that passes it, and what asks it."""

from __future__ import annotations

from typing import Any

from tests.fhir.builders import (
    HL7,
    answered,
    asked,
    element,
    identified,
    patient,
    profile,
    questionnaire,
    response,
    sliced,
)

__all__ = ["BY_PROFILE", "BY_QUESTION", "SUPPORTING"]

_KILOS = {"value": 5, "system": "http://unitsofmeasure.org", "code": "kg"}
_METRES = {"value": 5, "system": "http://unitsofmeasure.org", "code": "m"}
_STATUS = "http://hl7.org/fhir/ValueSet/request-status"


def _belonging(name: str) -> dict[str, Any]:
    """A patient whose organization stands within it."""
    organization = {"resourceType": "Organization", "id": "o", "name": "x", "identifier": [{"value": name}]}
    if not name:
        del organization["identifier"]
    return patient(contained=[organization], managingOrganization={"reference": "#o"})


def _belonging_to(*profiles: str, **more: Any) -> list[dict[str, Any]]:
    targets = [{"code": "Reference", "targetProfile": list(profiles), **more}]
    return [element("Patient.managingOrganization", type=targets)]


def _constrained(expression: str) -> list[dict[str, Any]]:
    rule = {"key": "x-1", "severity": "error", "human": "x", "expression": expression}
    return [element("Patient.name", constraint=[rule])]


def _bound(value_set: str) -> list[dict[str, Any]]:
    return [element("Patient.maritalStatus", binding={"strength": "required", "valueSet": value_set})]


_CONCEPT = [
    element("Patient.maritalStatus", type=[{"code": "CodeableConcept", "profile": ["urn:x:concept", "urn:x:other"]}])
]
_NAMED = patient(name=[{"text": "x"}])
_TWICE = patient(name=[{"text": "x"}, {"text": "y"}])
_CODED = {"coding": [{"system": "http://hl7.org/fhir/request-status", "code": "active"}]}

BY_PROFILE: dict[str, tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]] = {
    "fhir_profile_element_is_present": ([element("Patient.name", min=1)], patient(), _NAMED),
    "fhir_profile_element_is_absent": ([element("Patient.name", max="0")], _NAMED, patient()),
    "fhir_profile_element_is_within_its_number": ([element("Patient.name", max="1")], _TWICE, _NAMED),
    "fhir_type_is_allowed": (
        [element("Patient.deceased[x]", type=[{"code": "boolean"}])],
        patient(deceasedDateTime="2026-01-01"),
        patient(deceasedBoolean=False),
    ),
    "fhir_value_is_the_fixed_one": (
        [element("Patient.gender", fixedCode="female")],
        patient(gender="male"),
        patient(gender="female"),
    ),
    "fhir_value_is_the_pattern_one": (
        [element("Patient.maritalStatus", patternCodeableConcept={"text": "x"})],
        patient(maritalStatus={"text": "y"}),
        patient(maritalStatus={"text": "x", **_CODED}),
    ),
    "fhir_value_is_within_its_bounds": (
        [element("Patient.birthDate", minValueDate="2000-01-01")],
        patient(birthDate="1999-12-31"),
        patient(birthDate="2000-01-01"),
    ),
    "fhir_value_belongs_to_a_slice": (sliced("closed"), identified("c"), identified("a", "b")),
    "fhir_slices_are_in_order": (sliced("open"), identified("b", "a"), identified("a", "b")),
    "fhir_slice_is_present": (sliced("open", min=1), identified("a"), identified("a", "b")),
    "fhir_slice_is_within_its_number": (sliced("open", max="1"), identified("a", "a"), identified("a", "b")),
    "fhir_value_has_one_of_its_profiles": (
        _CONCEPT,
        patient(maritalStatus={"text": "x"}),
        patient(maritalStatus={"text": "x", **_CODED}),
    ),
    "fhir_reference_is_of_its_kind": (
        _belonging_to(HL7 + "Organization", aggregation=["contained"]),
        patient(managingOrganization={"reference": "Organization/1"}),
        _belonging(""),
    ),
    "fhir_reference_target_has_its_profile": (_belonging_to("urn:x:organization"), _belonging(""), _belonging("x")),
    "fhir_invariant_is_judged": (_constrained("((("), _NAMED, patient()),
    "fhir_value_set_is_at_hand": (
        _bound("urn:x:none"),
        patient(maritalStatus={"coding": [{"system": "urn:x", "code": "x"}]}),
        patient(),
    ),
}
"""The differential of a profile for each rule, a resource that breaks it, and one that passes it."""

SUPPORTING = [
    profile(element("CodeableConcept.coding", min=1), of="CodeableConcept", url="urn:x:concept"),
    profile(element("CodeableConcept.text", max="0"), of="CodeableConcept", url="urn:x:other"),
    profile(element("Organization.identifier", min=1), of="Organization", url="urn:x:organization"),
]
"""The profiles on which the others lean."""

_ANSWERED = answered(valueString="x")
_TWO = {**questionnaire(), "item": [{"linkId": "1", "type": "string"}, {"linkId": "2", "type": "string"}]}
_TWO_ANSWERS = [{"answer": [{"valueString": "a"}, {"valueString": "b"}]}]

BY_QUESTION: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "fhir_answer_has_its_question": (questionnaire(), {**response(), "item": [{"linkId": "2"}]}, _ANSWERED),
    "fhir_answer_items_are_in_order": (
        _TWO,
        {**response(), "item": [{"linkId": "2"}, {"linkId": "1"}]},
        {**response(), "item": [{"linkId": "1"}, {"linkId": "2"}]},
    ),
    "fhir_answer_item_occurs_once": (questionnaire(), response({"answer": [{"valueString": "a"}] * 2}), _ANSWERED),
    "fhir_question_is_answered": (questionnaire(required=True), response({}), _ANSWERED),
    "fhir_item_takes_no_answer": (questionnaire(type="group"), _ANSWERED, response({})),
    "fhir_answer_is_of_its_type": (questionnaire(), answered(valueInteger=1), _ANSWERED),
    "fhir_answer_is_one_of_its_options": (
        questionnaire(answerOption=[{"valueString": "a"}]),
        answered(valueString="b"),
        answered(valueString="a"),
    ),
    "fhir_answer_is_in_its_value_set": (
        questionnaire(type="choice", answerValueSet=_STATUS),
        answered(valueCoding={"system": "http://hl7.org/fhir/item-type", "code": "string"}),
        answered(valueCoding=_CODED["coding"][0]),
    ),
    "fhir_answer_is_within_its_bounds": (
        questionnaire(type="integer", extension=asked("maxValue", valueInteger=3)),
        answered(valueInteger=4),
        answered(valueInteger=3),
    ),
    "fhir_answer_is_within_its_length": (
        questionnaire(maxLength=2),
        answered(valueString="abc"),
        answered(valueString="ab"),
    ),
    "fhir_answer_follows_its_pattern": (
        questionnaire(extension=asked("regex", valueString="[0-9]+")),
        answered(valueString="a"),
        answered(valueString="12"),
    ),
    "fhir_answers_are_within_their_number": (
        questionnaire(repeats=True, extension=asked("questionnaire-maxOccurs", valueInteger=1)),
        response(*_TWO_ANSWERS),
        _ANSWERED,
    ),
    "fhir_answer_attachment_is_allowed": (
        questionnaire(type="attachment", extension=asked("mimeType", valueCode="image/png")),
        answered(valueAttachment={"contentType": "image/gif", "data": "e30="}),
        answered(valueAttachment={"contentType": "image/png", "data": "e30="}),
    ),
    "fhir_answer_unit_is_allowed": (
        questionnaire(type="quantity", extension=asked("questionnaire-unitOption", valueCoding={"code": "m"})),
        answered(valueQuantity=_KILOS),
        answered(valueQuantity={"value": 5, "code": "m"}),
    ),
    "fhir_answer_unit_can_be_compared": (
        questionnaire(type="quantity", extension=asked("minValue", valueQuantity=_METRES)),
        answered(valueQuantity=_KILOS),
        answered(valueQuantity=_METRES),
    ),
    "fhir_answer_reference_is_of_its_type": (
        questionnaire(type="reference", extension=asked("questionnaire-referenceResource", valueCode="Patient")),
        answered(valueReference={"reference": "Goal/1"}),
        answered(valueReference={"reference": "Patient/1"}),
    ),
    "fhir_question_is_enabled": (
        questionnaire(enableWhen=[{"question": "2", "operator": "exists", "answerBoolean": True}]),
        _ANSWERED,
        response(),
    ),
}
"""A questionnaire for each rule, a response that breaks it, and one that passes it."""
