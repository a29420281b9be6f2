"""What a foreign document holds beyond the record is named, carried through every format, and put back on return."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.documents import Converted, convert, examine, write
from mappings.formats import FORMATS, format_named
from mappings.redacting import redacted
from schemas.record import Record, record_digest
from schemas.residue import MOST_RESIDUE, Residue, in_order
from tests.fhir_tables.test_partial import GOAL, PLAN, TEAM, epic
from tests.formats.test_round_trips import record_of
from validators.gate import Receiver, decide, subject_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "plan.json"
NAMES = [form.name for form in FORMATS]
EXTENSION = {"url": "https://vendor.example/tila", "valueString": "odottaa"}
ELEMENT = '<lisa xmlns="urn:vendor.example" taso="2">Oma <b>tieto</b></lisa>'


def converted(data: bytes, to: str) -> Converted:
    result = convert(data, to)
    assert result.written is not None
    return result


def written(to: str, data: bytes = EXAMPLE.read_bytes()) -> bytes:
    result = converted(data, to)
    assert result.written is not None
    return result.written.data


def residue_of(result: Converted) -> list[tuple[str, str]]:
    assert result.examined.record is not None
    return [(one.format, one.place) for one in result.examined.record.residue]


def resources(bundle: Any, kind: str) -> list[dict[str, Any]]:
    held = [entry["resource"] for entry in bundle["entry"]]
    held += [inner for resource in held for inner in resource.get("contained", ())]
    return [resource for resource in held if resource["resourceType"] == kind]


def errors(data: bytes) -> list[tuple[str, str]]:
    return [(issue.rule.id, issue.path) for issue in examine(data).issues if issue.rule.severity == "error"]


def foreign_fhir() -> bytes:
    """Our document as another system could have it: a note, an extension, a further resource, a section of its own."""
    bundle = json.loads(written("fhir"))
    goal = next(entry for entry in bundle["entry"] if entry["resource"].get("note") is None and is_goal(entry))
    goal["resource"]["note"] = [{"text": "Tavoitteesta puhuttu."}]
    resources(bundle, "CarePlan")[0].setdefault("extension", []).append(EXTENSION)
    url = "urn:uuid:0e5b7f0c-9a11-4b8e-9d5c-6f0ab3d43b0c"
    observed = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Havainto"}}
    bundle["entry"].insert(3, {"fullUrl": url, "resource": observed | {"focus": [{"reference": goal["fullUrl"]}]}})
    bundle["entry"][0]["resource"]["section"].append({"title": "Omat havainnot", "entry": [{"reference": url}]})
    return json.dumps(bundle).encode()


def is_goal(entry: Any) -> bool:
    return bool(entry["resource"]["resourceType"] == "Goal")


def foreign_omni360() -> bytes:
    bundle = json.loads(written("omni360"))
    plan = resources(bundle, "CarePlan")[0]
    plan["note"] = [{"text": "Soitettu asiakkaalle."}]
    plan["meta"] = {"versionId": "7", "lastUpdated": "2026-01-01T00:00:00Z"}
    plan["contained"].append({"resourceType": "Basic", "id": "oma", "code": {"text": "Omaa"}})
    plan["supportingInfo"].append({"reference": "#oma"})
    return json.dumps(bundle).encode()


def foreign_effica() -> bytes:
    data = written("effica")
    return data.replace(b"</Asiakirja>", f"<Laajennus>{ELEMENT}</Laajennus></Asiakirja>".encode())


FOREIGN = {
    "fhir": (foreign_fhir, ["/composition/section/-", "/entry/-", "/goal/0/note", "/plan/extension/-"]),
    "omni360": (foreign_omni360, ["/plan/contained/-", "/plan/note", "/plan/supportingInfo/-"]),
    "effica": (foreign_effica, ["/Asiakirja/Laajennus/-"]),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("example", ["plan.json", "multidisciplinary.json", "16009.json"])
def test_our_own_documents_hold_nothing_beyond_the_record(name: str, example: str) -> None:
    data = written(name, (EXAMPLE.parent / example).read_bytes())
    result = converted(data, "thl")
    assert result.written is not None
    report = result.written.report
    assert (report.unmapped, report.carried, report.lost) == ((), (), ())


@pytest.mark.parametrize("through", NAMES)
@pytest.mark.parametrize("name", FOREIGN)
def test_it_comes_back_to_its_place_through_any_format(name: str, through: str) -> None:
    make, places = FOREIGN[name]
    there = converted(make(), through)
    assert residue_of(there) == [(name, place) for place in places]
    assert there.written is not None
    assert len(there.written.report.carried) == len(places)
    assert there.written.report.lost == ()
    assert errors(there.written.data) == []
    back = converted(there.written.data, name)
    assert back.written is not None
    assert [entry.path for entry in back.written.report.carried] == [f"{name}:{place}" for place in places]
    assert errors(back.written.data) == []
    again = converted(back.written.data, "thl")
    assert again.examined.record == there.examined.record


def test_a_reference_of_a_further_resource_leads_to_the_goal_it_was_about() -> None:
    bundle = json.loads(written("fhir", written("apotti", foreign_fhir())))
    noted = next(
        entry for entry in bundle["entry"] if entry["resource"].get("note") == [{"text": "Tavoitteesta puhuttu."}]
    )
    assert resources(bundle, "Observation")[-1]["focus"] == [{"reference": noted["fullUrl"]}]


def test_an_element_of_effica_comes_back_as_it_was() -> None:
    assert ELEMENT.encode() in written("effica", written("omni360", foreign_effica()))


def test_the_report_names_the_place_in_the_source() -> None:
    result = converted(foreign_omni360(), "effica")
    assert result.written is not None
    assert {entry.path.rpartition("/resource/")[2] for entry in result.written.report.unmapped} == {
        "note", "contained/6", "supportingInfo/3",
    }  # fmt: skip
    assert set(result.written.report.as_json()) == {"lost", "constants", "unmapped", "carried"}


def test_what_apotti_tells_in_part_is_carried_and_other_resources_are_not() -> None:
    plan = PLAN | {"note": [{"text": "Vain Apotissa."}]}
    result = converted(
        json.dumps(epic(plan, GOAL, TEAM, {"resourceType": "Observation", "id": "o"})).encode(), "apotti"
    )
    assert [at for at in residue_of(result) if at[1] in ("/plan/note", "/goal/0/target", "/entry/-")] == [
        ("apotti", "/goal/0/target"), ("apotti", "/plan/note"),
    ]  # fmt: skip
    assert result.written is not None
    assert "/entry/3/resource" in [entry.path for entry in result.written.report.lost]
    assert residue_of(converted(result.written.data, "thl")) == residue_of(result)


def test_what_epic_adds_to_a_note_of_ours_comes_back_with_the_note() -> None:
    note = json.loads(written("apotti")) | {"id": "e1", "description": "Käynti"}
    back = json.loads(written("apotti", written("thl", json.dumps(note).encode())))
    assert back["description"] == "Käynti"
    assert "id" not in back


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
RESIDUES = st.lists(
    st.builds(Residue, st.sampled_from(["muu", "toinen"]), st.text(max_size=9).map("/".__add__), VALUES), max_size=4
).map(in_order)


@pytest.mark.parametrize("name", NAMES)
@given(residue=RESIDUES)
def test_a_record_with_residue_of_others_reads_back_the_same(name: str, residue: tuple[Residue, ...]) -> None:
    record = replace(record_of("plan.json"), residue=residue)
    form = format_named(name)
    result = form.write(record)
    assert {entry.path for entry in result.report.carried} == {f"{one.format}:{one.place}" for one in residue}
    parsed = form.parse(result.data)
    read = form.decode(parsed)
    assert (read.record, read.issues) == (record, [])
    assert form.surplus(parsed, record).residue == ()


PLACES = (
    "/plan/x", "/plan/extension/-", "/goal/0", "/goal/7/note", "/entry/-", "/bundle/type", "/entry/0/resource/x/y/-",
    "/Asiakirja/Tiedot/-", "/Asiakirja/@x", "/note/status", "/note/content/0/x", "//", "/-",
)  # fmt: skip


@pytest.mark.parametrize("name", ["fhir", "omni360", "apotti", "effica"])
@given(residue=st.lists(st.builds(Residue, st.just(""), st.sampled_from(PLACES), VALUES), max_size=4))
def test_residue_never_makes_a_document_say_something_else(name: str, residue: list[Residue]) -> None:
    record = replace(record_of("plan.json"), residue=in_order(replace(one, format=name) for one in residue))
    result = write(record, name)
    told = {entry.path for entry in (*result.report.carried, *result.report.lost)}
    assert told == {f"{one.format}:{one.place}" for one in record.residue}
    examined = examine(result.data, name)
    assert examined.valid
    assert examined.record is not None
    assert record_digest(examined.record) == record_digest(record)


@pytest.mark.parametrize("name", NAMES)
@given(residue=RESIDUES, flagged=st.booleans(), own=st.booleans())
def test_residue_leaves_its_register_in_no_format_and_never_goes_out_under_an_order(
    name: str, residue: tuple[Residue, ...], flagged: bool, own: bool
) -> None:
    plan = record_of("plan.json")
    record = replace(plan, envelope=plan.envelope | {"non_disclosure": flagged}, residue=residue)
    subject = subject_of(record)
    receiver = Receiver(subject.controller if own else "1.2.246.10.1", "social", "public")
    decision = decide(subject, receiver, {}, datetime(2026, 11, 25, 12, tzinfo=UTC))
    result = write(redacted(record, decision.redactions), name)
    read = examine(result.data).record
    assert read is not None
    assert read.residue == (residue if own and not flagged else ())
    assert {entry.path for entry in result.report.carried} == {f"{one.format}:{one.place}" for one in read.residue}


def test_a_note_goes_along_with_its_goal_and_never_to_another() -> None:
    record = converted(foreign_fhir(), "thl").examined.record
    assert record is not None
    body = dict(record.body)
    first, *others = body["asetettavat_tavoitteet"]
    for goals, noted in (([*others, first], len(others)), (others, None)):
        moved = replace(record, content={record.root: body | {"asetettavat_tavoitteet": goals}})
        result = write(moved, "fhir")
        notes = [goal.get("note") is not None for goal in resources(json.loads(result.data), "Goal")[: len(goals)]]
        assert [number for number, one in enumerate(notes) if one] == ([] if noted is None else [noted])
        kept = examine(result.data).record
        assert kept is not None
        assert any(one.place == "/goal/0/note" for one in kept.residue) == (noted is None)


def test_more_than_a_document_may_carry_is_named_as_lost() -> None:
    bundle = json.loads(written("omni360"))
    resources(bundle, "CarePlan")[0]["note"] = [{"text": "x" * (MOST_RESIDUE + 1)}]
    result = converted(json.dumps(bundle).encode(), "thl")
    assert residue_of(result) == []
    assert result.written is not None
    assert [entry.path for entry in result.written.report.lost] == ["omni360:/plan/note"]


def test_a_signature_is_not_carried_to_another_document() -> None:
    bundle = json.loads(written("fhir"))
    bundle["signature"] = {"type": [], "when": "2026-01-01T00:00:00Z", "who": {"display": "x"}}
    result = converted(json.dumps(bundle).encode(), "thl")
    assert residue_of(result) == []
    assert result.written is not None
    assert [entry.path for entry in result.written.report.lost] == ["/signature"]


@pytest.mark.parametrize("broken", [5, [{"format": "fhir"}], [{"format": "Ä", "place": "/x", "value": 1}]])
def test_a_part_that_cannot_be_read_is_a_warning_and_not_carried(broken: Any) -> None:
    data = json.dumps(json.loads(EXAMPLE.read_bytes()) | {"residue": broken}).encode()
    examined = examine(data)
    assert [i.rule.id for i in examined.issues if i.rule.id.startswith("residue")] == ["residue_can_be_read"]
    assert examined.valid
    assert examined.record == record_of("plan.json")
    carrying = replace(record_of("plan.json"), residue=(Residue("muu", "/x", "arvo"),))
    whole = format_named("fhir").write(carrying).data
    carrier = resources(json.loads(whole), "Binary")[0]["data"].encode()
    spoiled = whole.replace(carrier, b64encode(json.dumps(broken).encode()))
    assert [i.rule.id for i in format_named("fhir").read(spoiled).issues] == ["residue_can_be_read"]


def test_what_is_carried_is_no_part_of_what_the_document_says() -> None:
    record: Record = record_of("plan.json")
    assert record_digest(replace(record, residue=(Residue("muu", "/x", "arvo"),))) == record_digest(record)
    assert "arvo" not in repr(replace(record, residue=(Residue("muu", "/x", "arvo"),)))
