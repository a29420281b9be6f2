"""The laws of the FHIR tables: nothing is lost, the resources alone give back what they carry, nothing raises."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.formats import format_named
from schemas.record import Record
from tests.fhir_tables.documents import (
    SECTION_LABELS,
    STRUCTURES,
    bare,
    bundle_of,
    carried,
    codecs_of,
    declared,
    limits_in,
    records,
    references,
    structure,
)
from tests.formats.test_round_trips import record_of
from tests.strategies import broken_contents


@pytest.mark.parametrize("format_name", ["fhir", "omni360"])
@pytest.mark.parametrize("code", STRUCTURES)
def test_every_leaf_is_mapped_or_says_why_not(code: str, format_name: str) -> None:
    leaves = {"/".join(field.path) for field in structure(code) if not field.is_group}
    assert leaves - declared(format_name, code) == set()
    assert declared(format_name, code) - {"/".join(field.path) for field in structure(code)} - {"content"} == set()


@pytest.mark.parametrize("code", STRUCTURES)
@given(data=st.data())
def test_what_was_written_is_read_back(code: str, data: st.DataObject) -> None:
    record = data.draw(records(code))
    for name in ("fhir", "omni360", "apotti"):
        form = format_named(name)
        assert form.read(form.write(record).data).record == record


@pytest.mark.parametrize("code", STRUCTURES)
@given(data=st.data())
def test_the_semantic_resources_alone_give_back_what_they_carry(code: str, data: st.DataObject) -> None:
    record = data.draw(records(code))
    bundle = bundle_of("fhir", record)
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "QuestionnaireResponse"]
    read = format_named("fhir").read(orjson.dumps(bundle))
    assert read.record is not None
    assert read.record.envelope == record.envelope
    told = {key: value for key, value in read.record.body.items() if key != SECTION_LABELS}
    assert bare(told) == bare(carried(record.body, codecs_of("fhir", code)))
    # Labels stand on the sections that show something, in no row of the table.
    assert limits_in(read.record.body) <= limits_in(record.body)


@pytest.mark.parametrize("code", STRUCTURES)
@settings(max_examples=5)
@given(data=st.data())
def test_every_document_is_r4_and_holds_together(code: str, data: st.DataObject) -> None:
    assert_document(bundle_of("fhir", data.draw(records(code))))


@pytest.mark.parametrize("code", STRUCTURES)
@settings(max_examples=5)
@given(data=st.data())
def test_every_collection_for_omni360_is_r4(code: str, data: st.DataObject) -> None:
    bundle = bundle_of("omni360", data.draw(records(code)))
    assert_r4(bundle)
    assert [entry["resource"]["resourceType"] for entry in bundle["entry"]] == ["Binary", "CarePlan", "Task"]
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    held = {f"#{inner['id']}" for inner in bundle["entry"][1]["resource"].get("contained", ())}
    assert set(references(bundle)) <= urls | held
    assert held <= set(references(bundle))


def assert_r4(bundle: Any) -> None:
    """The Bundle is R4 as fhir.resources sees it, but for white space beyond ASCII, which R4 allows."""
    text = re.sub(r"[^\S \r\n\t]", "_", orjson.dumps(bundle).decode())
    get_fhir_model_class("Bundle").model_validate(orjson.loads(text))


def assert_document(bundle: Any) -> None:
    """The Bundle is R4, and everything in it is reached from its Composition or tells where that comes from."""
    assert_r4(bundle)
    resources = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"
    assert len(resources) == len(bundle["entry"])
    assert set(references(bundle)) <= set(resources)
    reached: set[str] = set()
    waiting = [bundle["entry"][0]["fullUrl"]]
    while waiting:
        url = waiting.pop()
        if url not in reached:
            reached.add(url)
            waiting += references(resources[url])
    # A document may hold what tells where its parts come from without the Composition referring to it.
    apart = [resource["resourceType"] for url, resource in resources.items() if url not in reached]
    assert apart == ["Provenance"]


def test_a_document_of_every_structure_has_semantic_resources() -> None:
    for code in STRUCTURES:
        assert len(codecs_of("fhir", code)) > 5, code


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "coding", "system", "reference", "item", "extension", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def broken(draw: st.DrawFn, value: Any) -> Any:
    """The value with something else at one place."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: broken(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], broken(draw, value[at]), *value[at + 1 :]]
    return draw(_JSON)


@st.composite
def broken_bundles(draw: st.DrawFn, format_name: str) -> Any:
    code = draw(st.sampled_from(STRUCTURES))
    bundle = bundle_of(format_name, draw(records(code)))
    for _ in range(draw(st.integers(1, 4))):
        bundle = broken(draw, bundle)
    if isinstance(bundle, dict) and draw(st.booleans()):
        left_out = draw(st.sampled_from(["QuestionnaireResponse", "Binary", "Composition", "CarePlan"]))
        kept = bundle.get("entry")
        bundle["entry"] = [e for e in kept if not _is(e, left_out)] if isinstance(kept, list) else kept
    return bundle


def _is(entry: Any, kind: str) -> bool:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return isinstance(resource, dict) and resource.get("resourceType") == kind


@pytest.mark.parametrize("format_name", ["fhir", "omni360", "apotti"])
@given(data=st.data())
def test_nothing_raises_on_a_broken_record(format_name: str, data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(STRUCTURES))
    content: Any = data.draw(broken_contents(structure(code)))[1]
    envelope = {**record_of("plan.json").envelope, "structure": structure(code).oid}
    form = format_named(format_name)
    body = content.get(structure(code).root) if isinstance(content, dict) else None
    read = form.read(form.write(Record(envelope, {structure(code).root: body})).data)
    assert read.record is not None or read.issues


@pytest.mark.parametrize("format_name", ["fhir", "omni360", "apotti"])
@given(data=st.data())
def test_nothing_raises_on_any_json(format_name: str, data: st.DataObject) -> None:
    bundle = data.draw(broken_bundles("omni360" if format_name == "apotti" else format_name))
    read = format_named(format_name).read(orjson.dumps(bundle))
    assert read.record is not None or read.issues or bundle is None
