"""No damaged document makes a reader fail: it ends in findings that can be told, and they hold no value."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.bulk.inputs import inputs
from interop.cli.findings import as_json, as_text
from interop.cli.report_page import as_html
from interop.cli.reports import Result, as_junit, as_sarif
from interop.documents import Examined, as_outcome, convert, examine
from interop.errors import InteropError
from schemas.issues import LANGUAGES, LAYERS
from schemas.json_text import dump
from tests.fuzz.mutations import damaged, seeds

CRASHES = sorted(Path(__file__).parents[1].glob("cases/crashes/*/input.*"))
"""What once made a reader fail: a folder each."""

FORMS = ("thl", "fhir", "effica", "omni360", "apotti", "kanta")
READERS = ("thl", "fhir", "fhir_xml", "effica", "omni360", "apotti", "kanta")


def told(examined: Examined, data: bytes) -> None:
    """Says all findings in every way."""
    assert examined.usable or examined.issues
    assert set(examined.layers) == set(LAYERS)
    dump(as_json("x", examined))
    for language in LANGUAGES:
        dump(as_outcome(examined, language))
        list(as_text("x", examined, language))
    result = [Result("x", examined, data)]
    dump(as_sarif(result, "fi"))
    as_junit(result, "fi")
    as_html(result, "fi")


@pytest.mark.parametrize("reader", READERS)
def test_whole_seeds_are_valid(reader: str) -> None:
    for data in seeds()[reader]:
        assert examine(data).valid, reader


@pytest.mark.parametrize("reader", READERS)
@given(data=st.data())
def test_reader_stands_any_damage(reader: str, data: st.DataObject) -> None:
    document = data.draw(damaged(reader))
    told(examine(document), document)
    told(examine(document, reader.removesuffix("_xml")), document)


@pytest.mark.parametrize("reader", READERS)
@given(data=st.data())
def test_what_is_damaged_can_be_converted_as_far_as_it_is_read(reader: str, data: st.DataObject) -> None:
    convert(data.draw(damaged(reader)), data.draw(st.sampled_from(FORMS)))


@pytest.mark.parametrize(("reader", "suffix"), [("zip", ".zip"), ("ndjson", ".ndjson")])
@given(data=st.data())
def test_container_stands_any_damage(reader: str, suffix: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(data.draw(damaged(reader)))
        try:
            documents = list(inputs([str(path)]))
        except InteropError:
            return
    for one in documents[:5]:
        told(examine(one.data), one.data)


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(document: bytes) -> None:
    judged_as_anything(document)


@pytest.mark.parametrize("case", CRASHES, ids=lambda path: path.parent.name)
def test_what_once_failed_is_judged(case: Path) -> None:
    judged_as_anything(case.read_bytes())


def judged_as_anything(document: bytes) -> None:
    told(examine(document), document)
    for name in FORMS:
        told(examine(document, name), document)
        convert(document, "fhir", name)
