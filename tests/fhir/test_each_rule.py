"""Each rule of FHIR documents is told for a document that breaks it; the valid examples break none."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.fhir_definitions import Definitions
from schemas.issues import rules_in
from tests.fhir.seeding import FAULTS, example
from validators.fhir import Options, validate

_HL7 = "http://hl7.org/fhir/StructureDefinition/"
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def _patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def _narrated(text: str) -> dict[str, Any]:
    return _patient(text={"status": "generated", "div": text})


def _extended(url: str, **value: Any) -> dict[str, Any]:
    return _patient(extension=[{"url": url, **value}])


def _bundle(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries), **more}


def _entry(full_url: str | None, **resource: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"resource": _patient(**resource)}
    return found | ({"fullUrl": full_url} if full_url else {})


def _document(*entries: dict[str, Any], reference: str = "urn:uuid:11111111-1111-1111-1111-111111111111") -> Any:
    composition = {**example("Composition"), "section": [{"title": "x", "entry": [{"reference": reference}]}]}
    del composition["id"]
    first = {"fullUrl": "urn:uuid:22222222-2222-2222-2222-222222222222", "resource": composition}
    return {**example("Bundle"), "entry": [first, *entries]}


def _profile(*elements: dict[str, Any], of: str = "Patient", url: str = "urn:x:profile") -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "kind": "resource",
        "type": of,
        "abstract": False,
        "derivation": "constraint",
        "baseDefinition": _HL7 + of,
        "differential": {"element": list(elements)},
    }


def _element(identity: str, **more: Any) -> dict[str, Any]:
    path = ".".join(part.partition(":")[0] for part in identity.split("."))
    return {"id": identity, "path": path, **more}


def _sliced(rules: str, **more: Any) -> list[dict[str, Any]]:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": rules, "ordered": True}
    found = [_element("Patient.identifier", slicing=slicing)]
    for name in ("a", "b"):
        found.append(_element(f"Patient.identifier:{name}", sliceName=name, **more))
        found.append(_element(f"Patient.identifier:{name}.system", fixedUri=f"urn:{name}", min=1))
    return found


def _identified(*systems: str) -> dict[str, Any]:
    return _patient(identifier=[{"system": f"urn:{system}", "value": "x"} for system in systems])


def _questionnaire(**item: Any) -> dict[str, Any]:
    found = {"linkId": "1", "type": "string", **item}
    return {"resourceType": "Questionnaire", "url": "urn:x:q", "status": "active", "item": [found]}


def _response(*items: dict[str, Any]) -> dict[str, Any]:
    several = [{"linkId": "1", **item} for item in items]
    return {"resourceType": "QuestionnaireResponse", "questionnaire": "urn:x:q", "status": "completed", "item": several}


def _asked(name: str, **value: Any) -> list[dict[str, Any]]:
    return [{"url": _HL7 + name, **value}]


def _answered(**answer: Any) -> dict[str, Any]:
    return _response({"answer": [answer]})


_KILOS = {"value": 5, "system": "http://unitsofmeasure.org", "code": "kg"}
_METRES = {"value": 5, "system": "http://unitsofmeasure.org", "code": "m"}
_CODE = {"status": "final", "code": {"text": "x"}, "resourceType": "Observation"}

BASE: dict[str, Any] = {
    "fhir_resource_type_is_at_hand": {"resourceType": "Chicken"},
    "fhir_element_is_no_array": _patient(gender=["male"]),
    "fhir_array_is_not_empty": _patient(name=[]),
    "fhir_null_has_its_counterpart": _patient(name=[{"given": ["x", None]}]),
    "fhir_value_is_in_its_range": _patient(multipleBirthInteger=2**31),
    "fhir_value_is_not_too_long": _patient(name=[{"family": "x" * (1024 * 1024 + 1)}]),
    "fhir_narrative_is_xhtml": _narrated("<div>"),
    "fhir_narrative_has_content": _narrated(_DIV.format(" ")),
    "fhir_invariant_should_hold": {
        **example("Bundle"),
        "resourceType": "Questionnaire",
        "url": "urn:x",
        "status": "draft",
        "name": "on huono nimi",
    },
    "fhir_good_practice_is_followed": _patient(),
    "fhir_contained_resource_has_an_id": _patient(contained=[{"resourceType": "Organization", "name": "x"}]),
    "fhir_attachment_size_is_as_stated": _patient(photo=[{"contentType": "image/png", "data": "e30=", "size": 5}]),
    "fhir_extension_is_at_hand": _extended("urn:x:unknown", valueString="x"),
    "fhir_modifier_extension_is_known": _patient(modifierExtension=[{"url": "urn:x:unknown", "valueString": "x"}]),
    "fhir_extension_url_is_absolute": _extended("tuntematon", valueString="x"),
    "fhir_extension_url_has_no_version": _extended(_HL7 + "patient-congregation|4.0.0", valueString="x"),
    "fhir_extension_stands_in_its_context": _extended(_HL7 + "goal-acceptance", valueString="x"),
    "fhir_extension_is_of_its_kind": _patient(
        modifierExtension=[{"url": _HL7 + "patient-congregation", "valueString": "x"}]
    ),
    "fhir_profile_is_at_hand": _patient(meta={"profile": ["urn:x:none"]}),
    "fhir_profile_is_for_this_type": _patient(meta={"profile": [_HL7 + "bmi"]}),
    "fhir_vital_sign_has_its_code": {
        **_CODE,
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "276885007"}]},
    },
    "fhir_discriminator_leads_to_an_element": _profile(
        _element(
            "Patient.identifier", slicing={"discriminator": [{"type": "value", "path": "väärä"}], "rules": "open"}
        ),
        _element("Patient.name", slicing={"discriminator": [{"type": "value", "path": "wrong"}], "rules": "open"}),
    ),
    "fhir_concept_has_a_required_code": {
        "resourceType": "Condition",
        "subject": {"display": "x"},
        "verificationStatus": {"text": "x"},
    },
    "fhir_code_is_in_its_extensible_value_set": _patient(
        contact=[{"relationship": [{"coding": [{"system": "urn:x", "code": "x"}]}], "name": {"text": "x"}}]
    ),
    "fhir_code_is_in_its_preferred_value_set": _patient(
        text=None, communication=[{"language": {"coding": [{"system": "urn:x", "code": "x"}]}}]
    ),
    "fhir_code_is_in_its_code_system": _patient(
        maritalStatus={"coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "x"}]}
    ),
    "fhir_display_is_that_of_the_code_system": _patient(
        maritalStatus={
            "coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "male", "display": "x"}]
        }
    ),
    "fhir_display_is_that_of_the_code_system_or_a_translation": _patient(
        language="fi",
        maritalStatus={
            "coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "male", "display": "mies"}]
        },
    ),
    "fhir_coding_system_is_absolute": _patient(maritalStatus={"coding": [{"system": "x", "code": "x"}]}),
    "fhir_coding_names_no_value_set": _patient(
        maritalStatus={"coding": [{"system": "http://hl7.org/fhir/ValueSet/request-status", "code": "x"}]}
    ),
    "fhir_reference_is_a_reference": _patient(managingOrganization={"reference": "Organization/ 1"}),
    "fhir_reference_type_is_right": _patient(
        managingOrganization={"reference": "Organization/1", "type": "Practitioner"}
    ),
    "fhir_reference_leads_to_one_resource": _bundle(
        _entry("http://x/Patient/1", id="1"),
        _entry("http://x/Patient/1", id="1", meta={"versionId": "2"}),
        _entry("http://x/Patient/2", id="2", link=[{"type": "seealso", "other": {"reference": "Patient/1"}}]),
    ),
    "fhir_reference_is_resolved_in_its_document": _document(reference="Goal/99"),
    "fhir_entry_is_reached_from_the_composition": _document(_entry("urn:uuid:33333333-3333-3333-3333-333333333333")),
    "fhir_canonical_leads_to_its_type": {
        **example("CarePlan"),
        "instantiatesCanonical": ["http://hl7.org/fhir/ValueSet/request-status"],
    },
    "fhir_full_url_is_absolute": _bundle(_entry("Patient/1")),
    "fhir_full_url_is_present": _bundle(_entry(None)),
    "fhir_full_url_fits_the_id": _bundle(_entry("http://x/Patient/1", id="2")),
    "fhir_uuid_full_url_is_the_id": _bundle(
        _entry("urn:uuid:11111111-1111-1111-1111-111111111111", id="22222222-2222-2222-2222-222222222222")
    ),
    "fhir_link_occurs_once": _bundle(link=[{"relation": "self", "url": "urn:x"}] * 2, entry=[_entry("urn:x:1")]),
    "fhir_sibling_parameter_is_found": {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "a", "resource": _patient(id="1")},
            {"name": "b", "resource": {**example("Goal"), "subject": {"reference": "Patient/2"}}},
        ],
    },
    "fhir_questionnaire_is_at_hand": _response({}),
}
"""A resource for each rule that needs no definition beside R4's own."""

BY_PROFILE: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "fhir_profile_element_is_present": ([_element("Patient.name", min=1)], _patient()),
    "fhir_profile_element_is_absent": ([_element("Patient.name", max="0")], _patient(name=[{"text": "x"}])),
    "fhir_profile_element_is_within_its_number": (
        [_element("Patient.name", max="1")],
        _patient(name=[{"text": "x"}, {"text": "y"}]),
    ),
    "fhir_type_is_allowed": (
        [_element("Patient.deceased[x]", type=[{"code": "boolean"}])],
        _patient(deceasedDateTime="2026-01-01"),
    ),
    "fhir_value_is_the_fixed_one": ([_element("Patient.gender", fixedCode="female")], _patient(gender="male")),
    "fhir_value_is_the_pattern_one": (
        [_element("Patient.maritalStatus", patternCodeableConcept={"text": "x"})],
        _patient(maritalStatus={"text": "y"}),
    ),
    "fhir_value_is_within_its_bounds": (
        [_element("Patient.birthDate", minValueDate="2000-01-01")],
        _patient(birthDate="1999-12-31"),
    ),
    "fhir_value_belongs_to_a_slice": (_sliced("closed"), _identified("c")),
    "fhir_slices_are_in_order": (_sliced("open"), _identified("b", "a")),
    "fhir_slice_is_present": (_sliced("open", min=1), _identified("a")),
    "fhir_slice_is_within_its_number": (_sliced("open", max="1"), _identified("a", "a")),
    "fhir_value_has_one_of_its_profiles": (
        [
            _element(
                "Patient.maritalStatus",
                type=[{"code": "CodeableConcept", "profile": ["urn:x:concept", "urn:x:other"]}],
            )
        ],
        _patient(maritalStatus={"text": "x"}),
    ),
    "fhir_reference_is_of_its_kind": (
        [
            _element(
                "Patient.managingOrganization",
                type=[{"code": "Reference", "targetProfile": [_HL7 + "Organization"], "aggregation": ["contained"]}],
            )
        ],
        _patient(managingOrganization={"reference": "Organization/1"}),
    ),
    "fhir_reference_target_has_its_profile": (
        [
            _element(
                "Patient.managingOrganization",
                type=[{"code": "Reference", "targetProfile": ["urn:x:organization"]}],
            )
        ],
        _patient(
            contained=[{"resourceType": "Organization", "id": "o", "name": "x"}],
            managingOrganization={"reference": "#o"},
        ),
    ),
    "fhir_invariant_is_judged": (
        [_element("Patient", constraint=[{"key": "x-1", "severity": "error", "human": "x", "expression": "((("}])],
        _patient(),
    ),
    "fhir_value_set_is_at_hand": (
        [_element("Patient.maritalStatus", binding={"strength": "required", "valueSet": "urn:x:none"})],
        _patient(maritalStatus={"coding": [{"system": "urn:x", "code": "x"}]}),
    ),
}
"""The differential of a profile for each rule, and a resource that breaks it."""
_HELPERS = [
    _profile(_element("CodeableConcept.coding", min=1), of="CodeableConcept", url="urn:x:concept"),
    _profile(_element("CodeableConcept.text", max="0"), of="CodeableConcept", url="urn:x:other"),
    _profile(_element("Organization.identifier", min=1), of="Organization", url="urn:x:organization"),
]

BY_QUESTION: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "fhir_answer_has_its_question": (_questionnaire(), {**_response(), "item": [{"linkId": "2"}]}),
    "fhir_answer_items_are_in_order": (
        {**_questionnaire(), "item": [{"linkId": "1", "type": "string"}, {"linkId": "2", "type": "string"}]},
        {**_response(), "item": [{"linkId": "2"}, {"linkId": "1"}]},
    ),
    "fhir_answer_item_occurs_once": (_questionnaire(), _response({"answer": [{"valueString": "a"}] * 2})),
    "fhir_question_is_answered": (_questionnaire(required=True), _response({})),
    "fhir_item_takes_no_answer": (_questionnaire(type="group"), _answered(valueString="x")),
    "fhir_answer_is_of_its_type": (_questionnaire(), _answered(valueInteger=1)),
    "fhir_answer_is_one_of_its_options": (
        _questionnaire(answerOption=[{"valueString": "a"}]),
        _answered(valueString="b"),
    ),
    "fhir_answer_is_in_its_value_set": (
        _questionnaire(type="choice", answerValueSet="http://hl7.org/fhir/ValueSet/request-status"),
        _answered(valueCoding={"system": "http://hl7.org/fhir/item-type", "code": "string"}),
    ),
    "fhir_answer_is_within_its_bounds": (
        _questionnaire(type="integer", extension=_asked("maxValue", valueInteger=3)),
        _answered(valueInteger=4),
    ),
    "fhir_answer_is_within_its_length": (_questionnaire(maxLength=2), _answered(valueString="abc")),
    "fhir_answer_follows_its_pattern": (
        _questionnaire(extension=_asked("regex", valueString="[0-9]+")),
        _answered(valueString="a"),
    ),
    "fhir_answers_are_within_their_number": (
        _questionnaire(repeats=True, extension=_asked("questionnaire-maxOccurs", valueInteger=1)),
        _response({"answer": [{"valueString": "a"}, {"valueString": "b"}]}),
    ),
    "fhir_answer_attachment_is_allowed": (
        _questionnaire(type="attachment", extension=_asked("mimeType", valueCode="image/png")),
        _answered(valueAttachment={"contentType": "image/gif", "data": "e30="}),
    ),
    "fhir_answer_unit_is_allowed": (
        _questionnaire(type="quantity", extension=_asked("questionnaire-unitOption", valueCoding={"code": "m"})),
        _answered(valueQuantity=_KILOS),
    ),
    "fhir_answer_unit_can_be_compared": (
        _questionnaire(type="quantity", extension=_asked("minValue", valueQuantity=_METRES)),
        _answered(valueQuantity=_KILOS),
    ),
    "fhir_answer_reference_is_of_its_type": (
        _questionnaire(type="reference", extension=_asked("questionnaire-referenceResource", valueCode="Patient")),
        _answered(valueReference={"reference": "Goal/1"}),
    ),
    "fhir_question_is_enabled": (
        _questionnaire(enableWhen=[{"question": "2", "operator": "exists", "answerBoolean": True}]),
        _answered(valueString="x"),
    ),
}
"""A questionnaire for each rule, and a response that breaks it."""


def _told(resource: Any, definitions: Definitions, *, closed: bool = False) -> set[str]:
    return {issue.rule.id for issue in validate(resource, definitions, options=Options(closed=closed))}


@pytest.mark.parametrize("rule", BASE)
def test_rule_of_r4(rule: str, definitions: Definitions) -> None:
    assert rule in _told(BASE[rule], definitions)


@pytest.mark.parametrize("rule", BY_PROFILE)
def test_rule_of_profiles(rule: str, definitions: Definitions) -> None:
    elements, resource = BY_PROFILE[rule]
    known = definitions.with_resources([_profile(*elements), *_HELPERS])
    assert rule not in _told(resource, known)
    assert rule in {issue.rule.id for issue in validate(resource, known, ["urn:x:profile"])}
    declared = {**resource, "meta": {"profile": ["urn:x:profile|1.0"]}}
    assert rule in _told(declared, known)


@pytest.mark.parametrize("rule", BY_QUESTION)
def test_rule_of_questionnaires(rule: str, definitions: Definitions) -> None:
    questionnaire, response = BY_QUESTION[rule]
    assert rule in _told(response, definitions.with_resources([questionnaire]))


def test_slices_of_a_bundle_are_told_apart_by_what_references_lead_to(definitions: Definitions) -> None:
    """A profile that is asked for by its URL sees the whole Bundle, as one that is declared does."""
    inner = _profile(
        _element("Goal.subject", type=[{"code": "Reference", "targetProfile": ["urn:x:named"]}]),
        of="Goal",
        url="urn:x:goal",
    )
    named = _profile(_element("Patient.name", min=1), url="urn:x:named")
    by_profile = {"discriminator": [{"type": "profile", "path": "resource"}], "rules": "open"}
    outer = _profile(
        _element("Bundle.entry", slicing=by_profile),
        _element("Bundle.entry:goal", sliceName="goal", min=1),
        _element("Bundle.entry:goal.resource", min=1, type=[{"code": "Goal", "profile": ["urn:x:goal"]}]),
        of="Bundle",
    )
    known = definitions.with_resources([inner, named, outer])
    goal = {"fullUrl": "http://x/Goal/g1", "resource": {**example("Goal"), "subject": {"reference": "Patient/1"}}}
    for name, wanted in (([{"text": "x"}], False), (None, True)):
        patient = _entry("http://x/Patient/1", id="1", **({"name": name} if name else {"gender": "male"}))
        bundle = _bundle(goal, patient)
        asked = {issue.rule.id for issue in validate(bundle, known, ["urn:x:profile"])}
        assert ("fhir_slice_is_present" in asked) is wanted
        assert ("fhir_slice_is_present" in _told({**bundle, "meta": {"profile": ["urn:x:profile"]}}, known)) is wanted


def test_extensions_may_be_closed(definitions: Definitions) -> None:
    resource = _extended("urn:x:unknown", valueString="x")
    assert "fhir_extension_is_known" in _told(resource, definitions, closed=True)
    assert "fhir_extension_is_known" not in _told(resource, definitions)


def test_every_rule_is_broken_by_a_case() -> None:
    broken = {*BASE, *BY_PROFILE, *BY_QUESTION, *(rule for _, rule in FAULTS.values()), "fhir_extension_is_known"}
    assert broken == set(rules_in("validators", "fhir"))
