"""Bad input ends in a clear issue at its place: one folder a case, `input.*` and what is expected of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from interop.documents import Examined, Options, examine
from schemas.limits import Limits

CASES = sorted(p for p in (Path(__file__).parents[1] / "cases" / "bad_input").iterdir() if p.is_dir())


def outcome_of(examined: Examined) -> dict[str, Any]:
    """What the runner compares: the exit code, and every finding that is more than a note."""
    issues = [
        {"rule": issue.rule.id, "path": issue.path, "line": issue.line}
        for issue in examined.issues
        if issue.rule.severity != "information"
    ]
    return {"exit": 2 if examined.record is None else int(not examined.valid), "issues": issues}


def expected_of(case: Path) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads((case / "issues.json").read_text("utf-8"))
    return expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_findings_are_exactly_the_expected_ones(case: Path) -> None:
    data = next(case.glob("input.*")).read_bytes()
    assert outcome_of(examine(data)) == expected_of(case)


def test_the_runner_can_fail() -> None:
    case = next(case for case in CASES if case.name == "wrong_check_character")
    data = next(case.glob("input.*")).read_bytes()
    planted = expected_of(case)
    planted["issues"][0]["rule"] = "identity_code_has_a_real_date"
    assert outcome_of(examine(data)) != planted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_value_of_the_document_stands_in_a_finding(case: Path) -> None:
    data = next(case.glob("input.*")).read_bytes()
    said = json.dumps([issue.as_json() for issue in examine(data).issues], ensure_ascii=False)
    for value in ("010280-952", "Mallikas", "Väinö", "salainen", "hostname", "31.2."):
        assert value not in said


@pytest.mark.parametrize("opening", [b"<a>", b"[", b'{"a":'])
def test_fifty_megabytes_of_nesting_are_refused_by_their_size(opening: bytes) -> None:
    data = opening * (50 * 1024 * 1024 // len(opening))
    examined = examine(data)
    assert [issue.rule.id for issue in examined.issues] == ["document_is_within_size_limit"]


@pytest.mark.parametrize(
    ("opening", "closing"), [(b"<a>", b"</a>"), (b"[", b"]"), (b'{"a":', b"}")], ids=["xml", "array", "object"]
)
def test_nesting_within_the_size_is_refused_by_its_depth(opening: bytes, closing: bytes) -> None:
    inner = b"" if opening != b'{"a":' else b"1"
    data = opening * 200_000 + inner + closing * 200_000
    examined = examine(data)
    assert [issue.rule.id for issue in examined.issues] == ["document_is_within_depth_limit"]


def test_many_small_parts_are_refused_by_their_number() -> None:
    data = b'{"a":[' + b"1," * 5_000 + b"1]}"
    examined = examine(data, "thl", Options(limits=Limits(nodes=1_000)))
    assert [issue.rule.id for issue in examined.issues] == ["document_is_within_node_limit"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_of_any_document_are_named(encoding: str) -> None:
    assert {issue.rule.id for issue in examine('{"resourceType": "Patient"}'.encode(encoding)).issues} == {
        "text_is_utf8"
    }


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_are_named_as_unsupported(encoding: str) -> None:
    text = '<?xml version="1.0"?><Sanoma xmlns="urn:sote-interop:effica:1"/>'
    stream = io.BytesIO(text.encode(encoding))
    examined = examine(stream.read(), "effica")
    assert examined.record is None
    assert {issue.rule.layer for issue in examined.issues} <= {"bytes", "syntax"}


def test_ten_faults_are_ten_findings_each_once() -> None:
    source = (Path(__file__).parents[2] / "examples" / "plan.json").read_text("utf-8")
    document = json.loads(source)
    body = next(iter(document["content"].values()))
    body["asiakas"][0]["henkilotunnus"]["value"] = "010280-952M"
    del body["asiakas"][0]["sukunimi"]
    body["paivamaara"] = "2026-02-31"
    body["tiedot_neuvottelusta_jossa_tama_suunnitelma_on_tehty"][0]["paivamaara"] = "2.11.2026"
    body["asetettavat_tavoitteet"][0]["tavoitteen_asteikko"]["code"] = "9"
    body["asetettavat_tavoitteet"][1]["tavoite"]["system"] = "urn:oid:1.2.3"
    body["jakelu"] = 5
    body["laatija"][0]["etunimet"] = ""
    document["envelope"]["version"] = "yksi"
    del document["envelope"]["status"]
    document["envelope"]["document"] = "1.2.x"
    examined = examine(json.dumps(document, ensure_ascii=False).encode())
    errors = [(issue.rule.id, issue.path) for issue in examined.issues if issue.rule.severity == "error"]
    assert len(errors) == len(set(errors)) == 10
