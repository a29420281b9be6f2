"""What a copy says to its reader, and in which language."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mappings.copy_sheet import Reader, copy_sheet, language_of_client
from mappings.sheet import Sheet, words_of
from schemas.record import Record
from schemas.structures import shipped
from tests.printing.test_paper import example


def told(*people: dict[str, Any]) -> Record:
    """A document of the relationship, whose clients tell of their languages."""
    record = example()
    return replace(record, content={"asiakkuusasiakirja": {"asiakas": [*people]}})


def speaks(code: str, field: str = "asiointikieli") -> dict[str, Any]:
    return {field: {"system": "urn:oid:1.2.246.537.5.40175", "code": code, "display": code}}


def sheet(record: Record, reader: Reader = "client", language: str = "", *, shortened: bool = False) -> Sheet:
    return copy_sheet(record, shipped()[record.structure], reader, language, shortened=shortened)


@pytest.mark.parametrize(
    ("people", "language"),
    [
        ([speaks("SV")], "sv"),
        ([speaks("FI")], "fi"),
        ([speaks("SV") | speaks("FI", "aidinkieli")], "sv"),
        ([speaks("SV", "aidinkieli")], "sv"),
        ([speaks("AR", "aidinkieli")], ""),
        ([speaks("SV"), speaks("SV")], "sv"),
        ([speaks("SV"), speaks("FI")], ""),
        ([{"asiointikieli": "SV"}], ""),
        ([{}], ""),
        ([], ""),
    ],
)
def test_the_language_of_dealings_comes_before_the_mother_tongue(people: list[dict[str, Any]], language: str) -> None:
    assert language_of_client(told(*people)) == language


def test_a_document_that_tells_nothing_of_its_clients_tells_no_language() -> None:
    record = example()
    assert language_of_client(replace(record, content={record.root: {"asiakas": "ei"}})) == ""


def test_a_clients_copy_is_in_the_clients_language_and_a_providers_in_that_of_the_document() -> None:
    record = example()
    record.body["asiakas"][0].update(speaks("SV"))
    assert (sheet(record).language, sheet(record).written_in) == ("sv", "fi")
    assert sheet(record).note == "Kopia av handlingen"
    assert sheet(record, "provider").language == "fi"
    assert sheet(record, language="fi").language == "fi"
    assert sheet(example("plan-sv")).language == "sv"


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_a_copy_says_whose_it_is_which_version_and_that_something_is_left_out(language: str) -> None:
    words = words_of(language)["copy"]
    record = example()
    assert sheet(record, "client", language).intro == tuple(words["client"])
    newer = replace(record, envelope={**record.envelope, "version": 3})
    told = sheet(newer, "provider", language, shortened=True)
    assert told.intro == (*words["provider"], words["newer"].format(version=3), words["shortened"])
    assert " 3 " in f"{told.intro[1]} ".replace(".", " ")
    assert told.note == words["note"]
