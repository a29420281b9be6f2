"""A site's folder: what nothing reads and what cannot be read is told of before anything begins, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.cli.site_folder import check_site
from interop.errors import Invalid
from schemas.site import lay_over
from tests.cli.test_refusals import PLAN, interop

STRUCTURE = "schemas/structures/1.2.246.537.6.1506.15020.2024.11.28.json"


def faults(folder: Path) -> list[str]:
    """What is told of a folder, a line for each fault."""
    lay_over(folder)
    try:
        check_site(folder)
    except Invalid as error:
        return str(error).splitlines()
    finally:
        lay_over(None)
    return []


def put(folder: Path, name: str, data: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("mappings/tables/effica/15020.toml", b"rows = [\n", "This is not TOML"),
        ("mappings/tables/effica/15020.toml", b"\xff\xfe", ": the file is not in UTF-8."),
        ("mappings/tables/efica/15020.toml", b"", ": nothing reads this file."),
        ("mappings/tables/kanta/15020.toml", b"", ": nothing reads this file."),
        ("mappings/code_maps/effica.toml", b"a = 1\nx\n", ", line 2: This is not TOML"),
        ("mappings/kanta/profile.toml", b"[\n", ", line 1: This is not TOML"),
        ("mappings/kanta/profile.toml", b"a = 1", ": 'display' is missing; begin with a copy of ours."),
        ("mappings/kanta/profile.toml", b"display = 1\nmetadata = 1", ": it has not the form of a profile"),
        ("schemas/effica/15020.xsd", b"<x", ": The XSD is not well-formed XML."),
        ("schemas/effica/15020.xsd", b"<x/>", ": The XML is not an XML Schema."),
        ("schemas/effica/15020.txt", b"", ": nothing reads this file."),
        (STRUCTURE, b"{", ", line 1: The file is not valid JSON"),
        (STRUCTURE, b"{}", ": it is not a structure of this service"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_named(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    put(tmp_path, name, data)
    head, fault = faults(tmp_path)
    assert head == f"The site's folder '{tmp_path}' cannot be used:"
    assert fault.startswith(f"- {name}")
    assert said in fault


def test_a_folder_of_another_shape_is_told_of(tmp_path: Path) -> None:
    put(tmp_path, "mapings/tables/effica/15020.toml", b"")
    assert faults(tmp_path) == [
        f"The site's folder '{tmp_path}' holds none of the folders mappings, schemas, validators."
    ]


def test_all_faults_are_told_at_once_and_notes_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "README.md", b"ours")
    put(tmp_path, "mappings/README.md", b"ours")
    put(tmp_path, "mappings/code_maps/.effica.toml.swp", b"\x00")
    put(tmp_path, "mappings/cases/effica/15004/one.xml", b"<x/>")
    assert faults(tmp_path) == []
    put(tmp_path, "mappings/code_maps/effica.toml", b"x")
    put(tmp_path, "schemas/effica/own.xsd", b"<x")
    assert len(faults(tmp_path)) == 3


def test_no_command_begins_with_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    put(tmp_path, "site/mappings/kanta/profile.toml", b"[\n")
    code, out, error = interop(tmp_path, "--site", "site", "convert", PLAN, "--to", "kanta")
    assert (code, out) == (2, "")
    assert "- mappings/kanta/profile.toml, line 1: This is not TOML" in error


def test_a_starting_table_is_checked_as_undecided_until_somebody_decides(tmp_path: Path) -> None:
    only = ("--structure", "15004", "--format", "omni360")
    assert interop(tmp_path, "mappings", "new", *only, "-o", "site")[0] == 0
    code, out, _ = interop(tmp_path, "--site", "site", "mappings", "check", *only)
    assert code == 1
    assert "is not decided yet: give its 'format', or the reason in 'omit'." in out
    assert out.splitlines()[-1].startswith("1 table, ")


@pytest.mark.parametrize("form", ["thl", "kanta", "apotti", "pdf"])
def test_no_table_is_begun_that_nothing_would_read(form: str, tmp_path: Path) -> None:
    code, out, error = interop(tmp_path, "mappings", "new", "--structure", "15004", "--format", form)
    assert (code, out) == (2, "")
    assert error.endswith("there are effica, fhir, omni360.\n")


def test_a_site_s_own_table_is_checked_with_all_others(tmp_path: Path) -> None:
    assert interop(tmp_path, "mappings", "new", "--structure", "1505.8", "--format", "effica", "-o", "site")[0] == 0
    table = tmp_path / "site" / "mappings" / "tables" / "effica" / "8.toml"
    table.write_text(table.read_text("utf-8").replace('"Sukunimi"', '"Sukunimet"'), "utf-8")
    code, out, _ = interop(tmp_path, "--site", "site", "mappings", "check")
    assert (code, "effica/8, line " in out) == (1, True)
