"""The Finnish base profiles, whose package came with snapshots: slices, patterns, bindings and extensions."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.fhir_definitions import Definitions
from schemas.fhir_library import open_libraries, write_library
from schemas.fhir_packages import read_package
from schemas.issues import has_errors
from tests.conformance.public_cases import require
from validators.fhir import validate

_PATIENT = "https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/fi-base-patient"


@pytest.fixture(scope="module")
def finnish(definitions: Definitions, tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    folder = tmp_path_factory.mktemp("library")
    archive = next(require("fhir-packages").glob("hl7.fhir.fi.base-*.tgz"))
    write_library(read_package(archive), folder)
    return Definitions([*open_libraries(folder), *definitions.libraries])


def _patient(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "meta": {"profile": [_PATIENT]},
        "identifier": [{"use": "official", "system": "urn:oid:1.2.246.21", "value": "010280-952L"}],
        "name": [{"use": "official", "family": "Mallikas", "given": ["Väinö"]}],
        "gender": "male",
        "birthDate": "1980-02-01",
        **more,
    }


def test_patient_is_valid(finnish: Definitions) -> None:
    issues = validate(_patient(), finnish)
    assert not has_errors(issues), [(i.rule.id, i.slots) for i in issues]
    assert "fhir_profile_is_at_hand" not in {issue.rule.id for issue in issues}


@pytest.mark.parametrize(
    "change",
    [
        {"identifier": [{"use": "official", "system": "urn:oid:1.2.246.21", "value": "010280-952L"}] * 2},
        {"identifier": [{"use": "official", "system": "urn:oid:1.2.246.10.1", "value": "1"}]},
        {"gender": "mies"},
        {
            "extension": [
                {
                    "url": "https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/municipality-code",
                    "valueString": "091",
                }
            ]
        },
    ],
)
def test_what_breaks_the_profile_is_found(change: dict[str, Any], finnish: Definitions) -> None:
    assert has_errors(validate(_patient(**change), finnish))


def test_every_profile_of_the_package_can_be_compiled(finnish: Definitions) -> None:
    library = next(one for one in finnish.libraries if one.label.startswith("hl7.fhir.fi.base"))
    urls = dict(library.kinds())["StructureDefinition"]
    assert len(urls) > 30
    for url in urls:
        structure = finnish.structure(url)
        assert structure is not None, url
        resource = (
            {"resourceType": structure["type"]} if structure["kind"] == "resource" else {"resourceType": "Patient"}
        )
        assert validate(resource, finnish, [url])
