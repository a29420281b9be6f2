"""Cases that an integrator writes down beside a table: what does not hold is named by its place, without a value."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mappings.formats import format_named
from mappings.written_cases import WrittenCase, faults_of_case, written_cases
from schemas.structures import shipped
from tests.cli.test_commands import EXAMPLES, interop

EFFICA = format_named("effica")
PAIRS = [("plan-effica.xml", "plan.json"), ("multidisciplinary-effica.xml", "multidisciplinary.json")]


def case(document: str = "plan-effica.xml", record: str = "plan.json") -> WrittenCase:
    return WrittenCase("oma", (EXAMPLES / document).read_bytes(), (EXAMPLES / record).read_bytes())


@pytest.mark.parametrize(("document", "record"), PAIRS)
def test_the_examples_are_cases_that_hold(document: str, record: str) -> None:
    assert list(faults_of_case(case(document, record), EFFICA)) == []


def test_what_is_read_otherwise_is_named_once() -> None:
    record = json.loads(case().record)
    record["envelope"]["language"] = "sv"
    found = list(faults_of_case(replace(case(), record=json.dumps(record).encode()), EFFICA))
    assert found == ["/envelope/language is not read as the case says"]


def test_what_no_row_reads_is_named_with_its_place() -> None:
    more = case().document.replace(b"</Asiakirja>", b"<Uusi xmlns='urn:oma'>x</Uusi></Asiakirja>")
    (fault,) = faults_of_case(replace(case(), document=more), EFFICA)
    assert fault.endswith(" of the document is read by no row")
    assert "Uusi" in fault


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_record_that_is_none_is_said(record: bytes) -> None:
    (fault,) = faults_of_case(replace(case(), record=record), EFFICA)
    assert fault.startswith("oma.thl.json is missing or holds no record")


@pytest.mark.parametrize("document", [b"", b"<", b"<Sanoma/>", b"\xff\xfe", b"{}"])
def test_a_document_that_cannot_be_read_is_named_without_a_value(document: bytes) -> None:
    found = list(faults_of_case(replace(case(), document=document), EFFICA))
    assert found
    assert all(" of the document: " in fault for fault in found)


def test_there_are_none_before_any_is_written() -> None:
    assert written_cases(EFFICA, next(one for one in shipped() if one.code == "15003")) == []


def test_the_command_counts_the_cases_of_the_site(tmp_path: Path) -> None:
    folder = tmp_path / "mappings" / "cases" / "effica" / "15020"
    folder.mkdir(parents=True)
    (folder / "oma.xml").write_bytes(case().document)
    (folder / "oma.thl.json").write_bytes(case().record)
    (folder / "yksin.xml").write_bytes(case().document)
    done = interop("--site", tmp_path, "mappings", "test", "effica/15020")
    assert done.returncode == 1
    *faults, total = done.stdout.decode().splitlines()
    assert [fault.split(" ")[:3] for fault in faults] == [["case", "yksin:", "yksin.thl.json"]]
    assert total.endswith(" rows, 2 cases, 1 fault")
