"""`interop structures`: what the commands say, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interop.cli.structures import structures
from schemas.structures import shipped
from tests.originals import SAMPLES

OLD, NEW = "99999@2026.1.1", "99999@2026.9.30"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(structures, arguments, env={"INTEROP_STRUCTURES": None, "COLUMNS": "100"})


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A site's folder that holds both versions of the sample."""
    assert run("import", str(SAMPLES), "--into", str(tmp_path / "site")).exit_code == 0
    return str(tmp_path / "site")


def test_import_says_what_it_did(tmp_path: Path) -> None:
    arguments = ("import", *map(str, sorted(SAMPLES.glob("*.json"))), "--into", str(tmp_path / "site"))
    assert run(*arguments).stdout == "2 structures: 2 new\n"
    assert run(*arguments).stdout == "2 structures: 2 unchanged\n"


def test_import_of_one_broken_file_among_good_ones_writes_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"sosmeta": {\n  "oid": ]')
    result = run("import", str(SAMPLES), str(broken), "--into", str(tmp_path / "site"))
    assert result.exit_code == 2
    assert "broken.json, line 2, column 10" in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "site").exists()


def test_import_without_files_is_refused(tmp_path: Path) -> None:
    assert run("import").exit_code == 2
    assert run("import", str(tmp_path)).exit_code == 2
    assert run("import", str(tmp_path / "none.json")).exit_code == 2


def test_list_has_every_structure() -> None:
    listed = json.loads(run("list", "--output", "json").stdout)
    assert [entry["oid"] for entry in listed] == list(shipped().oids)
    assert len(run("list").stdout.splitlines()) == len(listed)


def test_list_keeps_to_a_type_and_a_language() -> None:
    plans = json.loads(run("list", "--type", "suunnitelma", "--output", "json").stdout)
    assert {entry["type"] for entry in plans} == {"Suunnitelma"}
    assert "15020@2024.11.28" in {entry["name"] for entry in plans}
    assert "Klientplan för barnskyddet" in run("list", "--type", "Suunnitelma", "--lang", "sv").stdout
    none = run("list", "--type", "Romaani")
    assert none.exit_code == 1
    assert "Suunnitelma" in none.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASUMIS", "asumistilanne"),
        ("boendesit", "asumistilanne"),
        ("lakiselostus", "lakiselostus"),
    ],
)
def test_search_finds_names_in_both_languages_and_property_names(text: str, expected: str) -> None:
    assert expected in run("search", text).stdout
    hits = json.loads(run("search", text, "--output", "json").stdout)
    assert any(expected in hit["path"] for entry in hits for hit in entry["hits"])


def test_search_that_finds_nothing_ends_with_one() -> None:
    assert run("search", "avaruuslento").exit_code == 1
    assert json.loads(run("search", "avaruuslento", "--output", "json").stdout) == []


def test_show_has_a_line_for_each_field(folder: str) -> None:
    lines = run("show", OLD, "--structures", folder).stdout.splitlines()
    assert lines[0] == "99999@2026.1.1  Esimerkkiasiakirja"
    assert lines[3:] == [
        "1..*  Asiakas",
        "1..1    Sukunimi                     name",
        "1..1    Etunimet                     name",
        "0..1    Henkilötunnus                identifier  urn:oid:1.2.246.21  conditional",
        "0..1    Tilapäinen yksilöintitunnus  identifier  conditional",
        "1..1  Päivämäärä                     date        national",
        "0..*  Käyntien päivät                date",
        "0..1  Tapaaminen alkoi               instant",
        "1..1  Oikeuksista on kerrottu        switch",
        "1..1  Kuvaus                         text",
        "0..1  Lisätiedot                     text",
        "1..*  Soittajat                      name",
        "0..1  Kokous",
        "0..1    Arvio koosta                 code        1 Pieni, 2 Suuri, 99 Muu  national",
        "0..*    Apuvälineet                  code        3 codes",
        "0..1    Palvelu                      code        1.2.246.537.6.1222  national",
        "0..1    Sujuiko                      code        1.2.246.537.6.112: K Kyllä, E Ei",
        "0..1    Muu koodi                    code        a, b",
        "0..1    Oma koodi                    code",
        "0..*    Osat",
        "1..1      Kesto                      quantity",
        "0..1      Matka                      measure",
        "0..1      Osuus                      percent",
        "0..1      Pisteet                    number",
        "1..1      Osallistujia               count",
        "0..1      Sisin                                  untitled",
        "0..1        Viimeinen sana           text",
        "0..1  Pelkkä otsikko                             hidden",
        "1..1  Ohje                           phrase",
        "0..1  Allekirjoitus                  signature",
    ]


def test_show_speaks_swedish_and_falls_back_to_finnish(folder: str) -> None:
    shown = run("show", OLD, "--lang", "sv", "--structures", folder).stdout
    assert "Efternamn" in shown
    # THL gives no Swedish name for this field.
    assert "Lisätiedot" in shown


def test_show_can_give_property_names_codes_and_json(folder: str) -> None:
    shown = run("show", OLD, "--keys", "--codes", "--structures", folder).stdout
    assert "koon_arvio" in shown
    assert "99  Muu" in shown
    assert (
        json.loads(run("show", OLD, "--output", "json", "--structures", folder).stdout)["root"] == "esimerkkiasiakirja"
    )


@pytest.mark.parametrize("name", ["15020", "15020@2024.11.28", "1.2.246.537.6.1506.15020.2024.11.28"])
def test_structure_is_found_by_each_of_its_names(name: str) -> None:
    assert run("show", name).stdout.startswith("15020@2024.11.28  Työikäisten palvelujen asiakassuunnitelma\n")


def test_every_short_name_finds_its_structure() -> None:
    for entry in json.loads(run("list", "--output", "json").stdout):
        assert shipped().find(entry["name"]).oid == entry["oid"]


@pytest.mark.parametrize("name", ["", "nimi", "15020@1999.1.1", "@", "1.2.3", "../15020"])
def test_unknown_name_is_refused(name: str) -> None:
    result = run("show", name)
    assert result.exit_code == 2
    assert "interop structures list" in result.stderr


def test_diff_tells_every_kind_of_change(folder: str) -> None:
    result = run("diff", OLD, NEW, "--structures", folder)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "99999@2026.1.1 → 99999@2026.9.30  Esimerkkiasiakirja",
        "~  asiakas/etunimet  label: fi Etunimet → Kaikki etunimet",
        "~  lisatiedot  label: +sv Ytterligare uppgifter",
        "~  kokous/koon_arvio  codes: +3 Hyvin suuri",
        "~! kokous/osat  cardinality: 0..* → 1..*",
        "+  jakelu  0..* text  Jakelu",
        "+  asiakkaan_ehdotus  0..1 text  Asiakkaan ehdotus",
        "-! puhelut  1..* name  Soittajat",
        "2 added, 1 removed, 4 changed",
    ]
    changes = json.loads(run("diff", OLD, NEW, "--output", "json", "--structures", folder).stdout)["changes"]
    assert [change["change"] for change in changes] == ["changed"] * 4 + ["added"] * 2 + ["removed"]


def test_diff_of_the_same_is_nothing(folder: str) -> None:
    result = run("diff", OLD, OLD, "--structures", folder)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == ["No differences."]


def test_diff_with_an_unknown_structure_is_refused() -> None:
    assert run("diff", "15020", "15020@1999.1.1").exit_code == 2


def test_folder_with_a_file_that_is_no_structure_is_refused(folder: str) -> None:
    (Path(folder) / "notes.json").write_text("{}")
    result = run("list", "--structures", folder)
    assert result.exit_code == 2
    assert "notes.json" in result.stderr
    assert run("list", "--structures", folder + "/none").exit_code == 2


def test_questionnaire_goes_to_a_file_or_to_the_output(folder: str, tmp_path: Path) -> None:
    target = tmp_path / "questionnaire.json"
    assert run("questionnaire", "15020", "-o", str(target)).exit_code == 0
    assert json.loads(target.read_bytes())["resourceType"] == "Questionnaire"
    assert run("questionnaire", "15020").stdout.encode() == target.read_bytes()
    assert run("questionnaire", "15020", "-o", str(target / "file.json")).exit_code == 2


def test_questionnaire_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    assert run("questionnaire", "15020", "-o", str(tmp_path / "link.json")).exit_code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_bytes())["resourceType"] == "Questionnaire"


def test_codesystems_are_written_to_a_folder(tmp_path: Path) -> None:
    assert run("codesystems", "-o", str(tmp_path)).stdout == "85 code systems\n"
    assert len(list(tmp_path.glob("*.json"))) == 85


@pytest.mark.parametrize("command", ["import", "list", "search", "show", "diff", "codesystems", "questionnaire"])
def test_help_shows_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"interop structures {command}" in result.stdout
