"""Every shipped table is clean, its laws hold on full documents, and no row of it could go unnoticed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

from interop.cli.mapping_commands import faults_of
from mappings.engine import Mapping
from mappings.formats import format_named
from mappings.mutation import cases, unnoticed
from mappings.shipped import mapping_of
from schemas.samples import full_record
from schemas.structures import shipped
from tests.mappings.readable_cases import FOLDER, PAIRS, case_of


def mapping(form: str, oid: str) -> Mapping:
    found = mapping_of(form, oid)
    assert found is not None
    return found


@pytest.mark.parametrize(("form", "oid"), PAIRS)
def test_every_leaf_is_mapped_or_omitted_and_all_agrees(form: str, oid: str) -> None:
    assert [str(fault) for fault in faults_of(mapping(form, oid).table, shipped()[oid])] == []


@pytest.mark.parametrize(("form", "oid"), PAIRS)
def test_a_full_record_comes_back_whole(form: str, oid: str) -> None:
    record = full_record(shipped()[oid])
    known = format_named(form)
    written = known.write(record)
    assert written.issues == []
    assert written.report.lost == ()
    assert known.read(written.data).record == record


@pytest.mark.parametrize(("form", "oid"), PAIRS)
def test_no_row_goes_unnoticed(form: str, oid: str) -> None:
    assert unnoticed(mapping(form, oid).table, cases(shipped()[oid])) == []


TABLES = Path(__file__).parents[2] / "mappings"
FILES = sorted(path for path in (TABLES / "tables").rglob("*.toml") if path.name != "layout.toml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TABLES)))
def test_every_table_file_follows_the_schema_that_editors_use(path: Path) -> None:
    judge = jsonschema_rs.Draft7Validator(json.loads((TABLES / "table.schema.json").read_text("utf-8")))
    table = tomllib.loads(path.read_text("utf-8"))
    assert [error.instance_path for error in judge.iter_errors(table)] == []


def test_the_schema_refuses_a_row_that_says_nothing() -> None:
    judge = jsonschema_rs.Draft7Validator(json.loads((TABLES / "table.schema.json").read_text("utf-8")))
    assert not judge.is_valid({"section": [{"rows": [{"record": "a"}]}]})
    assert not judge.is_valid({"section": [{"rows": [{"record": "a", "format": "b", "kodek": "text"}]}]})


@pytest.mark.parametrize(("form", "oid"), PAIRS)
def test_the_readable_case_is_what_the_table_does(form: str, oid: str) -> None:
    expected = (FOLDER / form / f"{shipped()[oid].code}.txt").read_text("utf-8")
    assert case_of(form, oid) == expected


def test_every_readable_case_belongs_to_a_table() -> None:
    written = {f"{path.parent.name}/{path.stem}" for path in FOLDER.rglob("*.txt")}
    assert written == {f"{form}/{shipped()[oid].code}" for form, oid in PAIRS}
