"""Every FHIR form of every example is valid, and a second reader of FHIR R4 takes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from interop.documents import convert, examine

EXAMPLES = sorted(
    path for path in (Path(__file__).parents[2] / "examples").iterdir() if path.suffix in (".json", ".xml")
)


@pytest.mark.parametrize("name", ["fhir", "omni360", "apotti"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_in_a_form_of_fhir_is_valid_and_r4(example: Path, name: str) -> None:
    written = convert(example.read_bytes(), name).written
    assert written is not None
    examined = examine(written.data)
    assert examined.format == name
    assert [(one.rule.id, one.path) for one in examined.issues if one.rule.severity == "error"] == []
    resource = json.loads(written.data)
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
