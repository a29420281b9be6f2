"""What a foreign document holds beyond the record is named, place by place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interop.documents import convert

EXAMPLE = Path(__file__).parents[2] / "examples" / "plan.json"


def written(form: str) -> dict[str, list[dict[str, dict[str, object]]]]:
    converted = convert(EXAMPLE.read_bytes(), form)
    assert converted.written is not None
    document: dict[str, list[dict[str, dict[str, object]]]] = json.loads(converted.written.data)
    return document


@pytest.mark.parametrize("form", ["fhir", "omni360", "apotti"])
def test_our_own_documents_hold_nothing_beyond_the_record(form: str) -> None:
    converted = convert(json.dumps(written(form)).encode(), "thl")
    assert converted.written is not None
    assert converted.written.report.unmapped == ()


def test_a_note_that_a_user_of_omni360_added_is_named() -> None:
    bundle = written("omni360")
    index, plan = next(
        (n, e["resource"]) for n, e in enumerate(bundle["entry"]) if e["resource"]["resourceType"] == "CarePlan"
    )
    plan["note"] = [{"text": "Soitettu asiakkaalle."}]
    plan["meta"] = {"versionId": "7"}
    converted = convert(json.dumps(bundle).encode(), "thl")
    assert converted.written is not None
    assert [entry.path for entry in converted.written.report.unmapped] == [f"/entry/{index}/resource/note"]
