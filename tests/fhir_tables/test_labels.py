"""Which sectors may see a section stands as security labels on the section, and is read back from there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.fhir_labels import INLINE_LABEL, contradicted, label_sections, labels_in
from mappings.formats import format_named
from schemas.record import Record

NAMES = {"group": "nakyvyys", "section": "osio", "label": "sektori", "system": "lista/osio"}
FHIR = format_named("fhir")


@pytest.fixture
def record() -> Record:
    path = Path(__file__).parents[2] / "examples" / "multidisciplinary.json"
    read = format_named("thl").read(path.read_bytes()).record
    assert read is not None
    return read


def code(system: str, value: str) -> dict[str, str]:
    return {"system": system, "code": value, "display": value}


def limited(record: Record, *sections: tuple[str, list[str]]) -> Record:
    """The record with other labels."""
    groups = [
        {
            "osio": code("monialainen_suunnitelma/osio", section),
            "sektori": [code("monialainen_suunnitelma/sektori", sector) for sector in sectors],
        }
        for section, sectors in sections
    ]
    return replace(record, content={record.root: record.body | {"osioiden_nakyvyys": groups}})


def bundle_of(record: Record) -> Any:
    return json.loads(FHIR.write(record).data)


def labels(section: dict[str, Any]) -> list[str]:
    return [one["valueCoding"]["code"] for one in section.get("extension", ())]


def test_a_limited_section_and_its_resources_are_labelled(record: Record) -> None:
    bundle = bundle_of(limited(record, ("toimet", ["1", "3"])))
    sections = {section["title"]: section for section in bundle["entry"][0]["resource"]["section"]}
    assert {title: labels(one) for title, one in sections.items() if labels(one)} == {"Toimet": ["1", "3"]}
    assert {one["url"] for one in sections["Toimet"]["extension"]} == {INLINE_LABEL}
    referred = {entry["reference"] for entry in sections["Toimet"]["entry"]}
    marked = {
        entry["fullUrl"]: [one["code"] for one in entry["resource"]["meta"]["security"]]
        for entry in bundle["entry"]
        if "security" in entry["resource"].get("meta", {})
    }
    assert marked == {url: ["1", "3"] for url in referred}


def test_what_a_limited_section_says_in_resources_apart_is_labelled_too(record: Record) -> None:
    bundle = bundle_of(limited(record, ("yhteinen_tilannekuva", ["1"]), ("vahvuudet_ja_voimavarat", ["1", "2"])))
    marked = {
        resource["code"]["coding"][0]["code"]: [one["code"] for one in resource["meta"]["security"]]
        for resource in (entry["resource"] for entry in bundle["entry"])
        if "security" in resource.get("meta", {})
    }
    assert marked == {
        "client-view-of-situation": ["1"],
        "professional-view-of-situation": ["1"],
        "strengths": ["1", "2"],
    }


def test_the_labels_come_back_with_and_without_the_complete_content(record: Record) -> None:
    labelled = limited(record, ("toimet", ["1"]), ("yhteiset_tavoitteet", ["1", "2"]))
    bundle = bundle_of(labelled)
    whole = FHIR.read(json.dumps(bundle).encode())
    assert (whole.record, whole.issues) == (labelled, [])
    bundle["entry"] = [one for one in bundle["entry"] if one["resource"]["resourceType"] != "QuestionnaireResponse"]
    part = FHIR.read(json.dumps(bundle).encode()).record
    assert part is not None
    told = {one["osio"]["code"]: [c["code"] for c in one["sektori"]] for one in part.body["osioiden_nakyvyys"]}
    assert told == {"toimet": ["1"], "yhteiset_tavoitteet": ["1", "2"]}


def test_a_label_that_says_otherwise_than_the_complete_content_is_an_error_at_its_section(record: Record) -> None:
    bundle = bundle_of(limited(record, ("toimet", ["1", "3"])))
    sections = bundle["entry"][0]["resource"]["section"]
    (at,) = [number for number, section in enumerate(sections) if labels(section)]
    del sections[at]["extension"][0]
    issues = FHIR.read(json.dumps(bundle).encode()).issues
    assert [(one.rule.id, one.path) for one in issues] == [
        ("semantic_part_agrees_with_response", f"/entry/0/resource/section/{at}/extension")
    ]


KEYS = st.sampled_from(["a", "b", "c"])
GROUPS = st.lists(
    st.builds(
        lambda section, sectors: {
            "osio": code("lista/osio", section),
            "sektori": [code("lista/sektori", one) for one in sectors],
        },
        KEYS,
        st.lists(st.sampled_from("123"), min_size=1, max_size=3),
    ),
    max_size=5,
)


@given(groups=GROUPS)
def test_what_is_labelled_is_told_and_contradicts_nothing(groups: list[dict[str, Any]]) -> None:
    made: dict[str, dict[str, Any]] = {key: {} for key in "abc"}
    label_sections(made, {"nakyvyys": groups}, NAMES, lambda _: ())
    told = labels_in({"section": list(made.values())}, NAMES)
    expected: dict[str, set[str]] = {}
    for group in groups:
        expected.setdefault(group["osio"]["code"], set()).update(one["code"] for one in group["sektori"])
    assert {one["osio"]["code"]: {c["code"] for c in one["sektori"]} for _, one in told} == expected
    assert contradicted(told, {"nakyvyys": groups}, NAMES) == []


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["nakyvyys", "osio", "sektori", "system", "code", "coding", "section", "extension", "url"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(body=st.dictionaries(st.just("nakyvyys"), ANYTHING), composition=st.dictionaries(st.just("section"), ANYTHING))
def test_no_shape_raises(body: dict[str, Any], composition: dict[str, Any]) -> None:
    label_sections({"a": {}}, body, NAMES, lambda _: ())
    contradicted(labels_in(composition, NAMES), body, NAMES)
