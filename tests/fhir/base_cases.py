"""For each rule of R4 itself a resource that breaks it and one that passes it, with no definition beside R4's own."""

from __future__ import annotations

import json
from typing import Any

from interop.cli.rule_examples import rule_examples
from tests.fhir.builders import (
    HL7,
    bundle,
    document,
    element,
    entry,
    extended,
    narrated,
    patient,
    profile,
    questionnaire,
)
from tests.fhir.seeding import example

__all__ = ["FAILS", "PASSES"]

_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
_CODE = {"status": "final", "code": {"text": "x"}, "resourceType": "Observation"}


def _goal_of(reference: str) -> dict[str, Any]:
    kept = ("resourceType", "id", "lifecycleStatus", "description")
    return {key: example("Goal")[key] for key in kept} | {"subject": {"reference": reference}}


_REACHED = document(entry("urn:uuid:11111111-1111-1111-1111-111111111111"))

FAILS: dict[str, Any] = {
    "fhir_resource_type_is_at_hand": {"resourceType": "Chicken"},
    "fhir_element_is_no_array": patient(gender=["male"]),
    "fhir_array_is_not_empty": patient(name=[]),
    "fhir_null_has_its_counterpart": patient(name=[{"given": ["x", None]}]),
    "fhir_value_is_in_its_range": patient(multipleBirthInteger=2**31),
    "fhir_value_is_not_too_long": patient(name=[{"family": "x" * (1024 * 1024 + 1)}]),
    "fhir_narrative_is_xhtml": narrated("<div>"),
    "fhir_narrative_has_content": narrated(_DIV.format(" ")),
    "fhir_invariant_should_hold": {
        **example("Bundle"),
        "resourceType": "Questionnaire",
        "url": "urn:x",
        "status": "draft",
        "name": "on huono nimi",
    },
    "fhir_good_practice_is_followed": patient(),
    "fhir_contained_resource_has_an_id": patient(contained=[{"resourceType": "Organization", "name": "x"}]),
    "fhir_attachment_size_is_as_stated": patient(photo=[{"contentType": "image/png", "data": "e30=", "size": 5}]),
    "fhir_extension_is_at_hand": extended("urn:x:unknown", valueString="x"),
    "fhir_modifier_extension_is_known": patient(modifierExtension=[{"url": "urn:x:unknown", "valueString": "x"}]),
    "fhir_extension_url_is_absolute": extended("tuntematon", valueString="x"),
    "fhir_extension_url_has_no_version": extended(HL7 + "patient-congregation|4.0.0", valueString="x"),
    "fhir_extension_stands_in_its_context": extended(HL7 + "goal-acceptance", valueString="x"),
    "fhir_extension_is_of_its_kind": patient(
        modifierExtension=[{"url": HL7 + "patient-congregation", "valueString": "x"}]
    ),
    "fhir_profile_is_at_hand": patient(meta={"profile": ["urn:x:none"]}),
    "fhir_profile_is_for_this_type": patient(meta={"profile": [HL7 + "bmi"]}),
    "fhir_vital_sign_has_its_code": {
        **_CODE,
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "276885007"}]},
    },
    "fhir_discriminator_leads_to_an_element": profile(
        element("Patient.identifier", slicing={"discriminator": [{"type": "value", "path": "väärä"}], "rules": "open"}),
        element("Patient.name", slicing={"discriminator": [{"type": "value", "path": "wrong"}], "rules": "open"}),
    ),
    "fhir_concept_has_a_required_code": {
        "resourceType": "Condition",
        "subject": {"display": "x"},
        "verificationStatus": {"text": "x"},
    },
    "fhir_code_is_in_its_extensible_value_set": patient(
        contact=[{"relationship": [{"coding": [{"system": "urn:x", "code": "x"}]}], "name": {"text": "x"}}]
    ),
    "fhir_code_is_in_its_preferred_value_set": patient(
        text=None, communication=[{"language": {"coding": [{"system": "urn:x", "code": "x"}]}}]
    ),
    "fhir_code_is_in_its_code_system": patient(
        maritalStatus={"coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "x"}]}
    ),
    "fhir_display_is_that_of_the_code_system": patient(
        maritalStatus={
            "coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "male", "display": "x"}]
        }
    ),
    "fhir_display_is_that_of_the_code_system_or_a_translation": patient(
        language="fi",
        maritalStatus={
            "coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "male", "display": "mies"}]
        },
    ),
    "fhir_coding_system_is_absolute": patient(maritalStatus={"coding": [{"system": "x", "code": "x"}]}),
    "fhir_coding_names_no_value_set": patient(
        maritalStatus={"coding": [{"system": "http://hl7.org/fhir/ValueSet/request-status", "code": "x"}]}
    ),
    "fhir_reference_is_a_reference": patient(managingOrganization={"reference": "Organization/ 1"}),
    "fhir_reference_type_is_right": patient(
        managingOrganization={"reference": "Organization/1", "type": "Practitioner"}
    ),
    "fhir_reference_leads_to_one_resource": bundle(
        entry("http://x/Patient/1", id="1"),
        entry("http://x/Patient/1", id="1", meta={"versionId": "2"}),
        entry("http://x/Patient/2", id="2", link=[{"type": "seealso", "other": {"reference": "Patient/1"}}]),
    ),
    "fhir_reference_is_resolved_in_its_document": document(reference="Goal/99"),
    "fhir_entry_is_reached_from_the_composition": document(entry("urn:uuid:33333333-3333-3333-3333-333333333333")),
    "fhir_canonical_leads_to_its_type": {
        **example("CarePlan"),
        "instantiatesCanonical": ["http://hl7.org/fhir/ValueSet/request-status"],
    },
    "fhir_full_url_is_absolute": bundle(entry("Patient/1")),
    "fhir_full_url_is_present": bundle(entry(None)),
    "fhir_full_url_fits_the_id": bundle(entry("http://x/Patient/1", id="2")),
    "fhir_uuid_full_url_is_the_id": bundle(
        entry("urn:uuid:11111111-1111-1111-1111-111111111111", id="22222222-2222-2222-2222-222222222222")
    ),
    "fhir_link_occurs_once": bundle(link=[{"relation": "self", "url": "urn:x"}] * 2, entry=[entry("urn:x:1")]),
    "fhir_sibling_parameter_is_found": {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "a", "resource": patient(id="1")},
            {"name": "b", "resource": _goal_of("Patient/2")},
        ],
    },
}
"""A resource that breaks each rule."""

_SHOWN: dict[str, Any] = {
    rule: json.loads(text) for rule, text in rule_examples().items() if rule in FAILS and text.startswith('{"resource')
}
"""What `--explain` shows, where that is a whole resource."""

PASSES: dict[str, Any] = {
    **_SHOWN,
    "fhir_modifier_extension_is_known": {
        "resourceType": "NutritionOrder",
        "status": "active",
        "intent": "order",
        "patient": {"reference": "Patient/1"},
        "dateTime": "2026-11-02",
        "modifierExtension": [{"url": HL7 + "request-doNotPerform", "valueBoolean": True}],
    },
    "fhir_profile_is_at_hand": patient(meta={"profile": [HL7 + "Patient"]}),
    "fhir_reference_leads_to_one_resource": bundle(
        entry("http://x/Patient/1", id="1"),
        entry("http://x/Patient/2", id="2", link=[{"type": "seealso", "other": {"reference": "Patient/1"}}]),
    ),
    "fhir_reference_is_resolved_in_its_document": _REACHED,
    "fhir_entry_is_reached_from_the_composition": _REACHED,
    "fhir_canonical_leads_to_its_type": questionnaire(
        type="choice", answerValueSet="http://hl7.org/fhir/ValueSet/request-status"
    ),
    "fhir_full_url_is_absolute": bundle(entry("http://x/Patient/1", id="1")),
    "fhir_full_url_is_present": bundle(entry("http://x/Patient/1", id="1")),
    "fhir_full_url_fits_the_id": bundle(entry("http://x/Patient/1", id="1")),
    "fhir_uuid_full_url_is_the_id": bundle(
        entry("urn:uuid:11111111-1111-1111-1111-111111111111", id="11111111-1111-1111-1111-111111111111")
    ),
    "fhir_link_occurs_once": bundle(link=[{"relation": "self", "url": "urn:x"}], entry=[entry("urn:x:1")]),
    "fhir_sibling_parameter_is_found": {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "a", "resource": patient(id="1")},
            {"name": "b", "resource": _goal_of("Patient/1")},
        ],
    },
    "fhir_discriminator_leads_to_an_element": profile(
        element("Patient.identifier", slicing={"discriminator": [{"type": "value", "path": "system"}], "rules": "open"})
    ),
    "fhir_vital_sign_has_its_code": {
        **_CODE,
        "code": {
            "coding": [
                {"system": "http://loinc.org", "code": "8302-2"},
                {"system": "http://snomed.info/sct", "code": "50373000"},
            ]
        },
    },
}
"""A resource that passes each rule, at the place that the rule is about."""
