"""Every format gives back the record that it was written from."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.formats import FORMATS, Format, format_named, sniffed
from schemas.json_text import parse
from schemas.record import Record

EXAMPLES = Path(__file__).parents[2] / "examples"


def record_of(name: str) -> Record:
    value, issues = parse((EXAMPLES / name).read_bytes())
    assert not issues
    return Record(value["envelope"], value["content"])


@pytest.fixture(params=["plan.json", "plan-sv.json"])
def record(request: pytest.FixtureRequest) -> Record:
    return record_of(request.param)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_what_is_written_reads_back_to_the_same_record(form: Format, record: Record) -> None:
    written = form.write(record)
    assert written.issues == []
    assert written.report.lost == ()
    read = form.read(written.data)
    assert read.issues == []
    assert read.record == record


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_writing_is_deterministic(form: Format, record: Record) -> None:
    assert form.write(record).data == form.write(record).data


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_the_bytes_alone_tell_the_format(form: Format, record: Record) -> None:
    found = sniffed(form.write(record).data)
    assert found is not None
    assert found.name == form.name


@pytest.mark.parametrize("through", ["fhir", "omni360", "apotti"])
def test_effica_through_another_system_and_back(through: str, record: Record) -> None:
    effica = format_named("effica")
    first = effica.read(effica.write(record).data).record
    assert first is not None
    other = format_named(through)
    carried = other.read(other.write(first).data).record
    assert carried is not None
    last = effica.read(effica.write(carried).data).record
    assert last == first == record


def test_the_example_message_is_the_example_record() -> None:
    for record_file, message_file in (("plan.json", "plan-effica.xml"), ("plan-sv.json", "plan-sv-effica.xml")):
        assert format_named("effica").read((EXAMPLES / message_file).read_bytes()).record == record_of(record_file)


@pytest.mark.parametrize("name", ["fhir", "omni360", "effica"])
def test_a_traced_reading_names_the_source_of_every_value(name: str, record: Record) -> None:
    form = format_named(name)
    parsed = form.parse(form.write(record).data)
    decoded = form.decode(parsed, traced=True)
    root = record.root
    goal = form.origin(parsed, decoded, f"/content/{root}/asetettavat_tavoitteet/1/kuvaus")
    assert goal.path
    assert goal.line
