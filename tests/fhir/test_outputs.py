"""What this service writes is valid FHIR by R4 and by its own profiles, in JSON and in XML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mappings.formats import format_named
from schemas import xml_text
from schemas.fhir_definitions import Definitions
from schemas.fhir_xml import read_xml, write_xml
from schemas.json_text import canonical, parse
from schemas.record import Record
from validators.fhir import validate

_EXAMPLES = Path(__file__).parents[2] / "examples"
_NAMES = ("plan.json", "plan-sv.json")


def _written(name: str, form: str) -> Any:
    value, issues = parse((_EXAMPLES / name).read_bytes())
    assert not issues
    written = format_named(form).write(Record(value["envelope"], value["content"]))
    assert not written.issues
    return parse(written.data)[0]


@pytest.mark.parametrize("form", ["fhir", "omni360", "apotti"])
@pytest.mark.parametrize("name", _NAMES)
def test_output_is_valid(name: str, form: str, definitions: Definitions) -> None:
    issues = validate(_written(name, form), definitions)
    wrong = [(i.rule.id, i.slots) for i in issues if i.rule.severity == "error" or "profile_is_at_hand" in i.rule.id]
    assert not wrong


@pytest.mark.parametrize("form", ["fhir", "omni360", "apotti"])
@pytest.mark.parametrize("name", _NAMES)
def test_output_survives_xml(name: str, form: str, definitions: Definitions) -> None:
    resource = _written(name, form)
    root, _ = xml_text.parse(write_xml(resource, definitions))
    assert root is not None
    found, issues = read_xml(root, definitions)
    assert not issues
    assert canonical(found) == canonical(resource)
