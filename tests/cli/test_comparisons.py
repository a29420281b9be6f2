"""explain, diff, align, plan next and mappings, as their users run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import EXAMPLES, interop


@pytest.mark.parametrize("to", ["thl", "fhir", "effica", "omni360", "apotti", "kanta"])
def test_every_value_of_the_example_has_a_way(to: str) -> None:
    done = interop("explain", EXAMPLES / "plan-effica.xml", "--to", to, "--output", "json")
    assert done.returncode == 0
    ways = json.loads(done.stdout)["ways"]
    assert len(ways) > 120
    assert all(way["output"]["path"] and way["source"]["line"] for way in ways)


def test_a_value_that_stands_twice_has_both_places_each_with_its_codec() -> None:
    done = interop("explain", EXAMPLES / "plan-effica.xml", "--to", "omni360", "--output", "json")
    ways = {way["record"]: way for way in json.loads(done.stdout)["ways"]}
    title = ways["/content/tyoikaisten_palvelujen_asiakassuunnitelma/asetettavat_tavoitteet/0/tavoite"]
    assert (title["output"]["path"], title["codec"]) == ("/entry/0/resource", "same")
    (copy,) = title["copies"]
    assert (copy["path"], copy["codec"]) == ("/entry/1/resource/contained/0/description/coding/0", "coding")
    bundle = interop("convert", EXAMPLES / "plan-effica.xml", "--to", "omni360").stdout
    assert '"coding": [' in bundle.decode().splitlines()[copy["line"] - 2]
    status = json.loads(interop("explain", EXAMPLES / "plan-effica.xml", "--to", "fhir", "--output", "json").stdout)
    codecs = next(way for way in status["ways"] if way["record"] == "/envelope/status")
    assert codecs["codec"] == "fhir/composition_status"
    assert [one["codec"] for one in codecs["copies"]] == ["fhir/careplan_status"]


def test_the_lineage_shows_places_and_no_values() -> None:
    done = interop("explain", EXAMPLES / "plan-effica.xml", "--to", "fhir")
    for value in ("010280-952L", "Mallikas", "Väinö", "puutöissä"):
        assert value.encode() not in done.stdout


def test_the_lineage_as_html_has_three_columns(tmp_path: Path) -> None:
    page = tmp_path / "lineage.html"
    interop("explain", EXAMPLES / "plan-effica.xml", "--to", "omni360", "--output", "html", "-o", page)
    assert page.read_text("utf-8").count("<th scope='col'>") == 3


def test_the_same_plan_in_two_formats_does_not_differ(tmp_path: Path) -> None:
    interop("convert", EXAMPLES / "plan.json", "--to", "apotti", "-o", tmp_path / "note.json")
    done = interop("diff", tmp_path / "note.json", EXAMPLES / "plan-effica.xml", "--output", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"relation": "same", "differences": []}


@pytest.mark.parametrize(
    ("changes", "relation"),
    [
        ({}, "concurrent"),
        ({"version": 2, "document": "1.2.3.2", "replaces": "1.2.246.10.99999999.11.2026.1001"}, "newer"),
        ({"document": "1.2.3.9", "original": "1.2.3.9"}, "unrelated"),
    ],
)
def test_versions_are_told_apart(tmp_path: Path, changes: dict[str, object], relation: str) -> None:
    document = json.loads((EXAMPLES / "plan.json").read_text("utf-8"))
    next(iter(document["content"].values()))["jakelu"] = "Muu jakelu"
    document["envelope"] |= changes
    (tmp_path / "b.json").write_text(json.dumps(document), "utf-8")
    done = interop("diff", EXAMPLES / "plan.json", tmp_path / "b.json", "--output", "json")
    assert done.returncode == 1
    compared = json.loads(done.stdout)
    assert compared["relation"] == relation
    assert "/content/jakelu" in {one["path"] for one in compared["differences"]}


def test_the_next_plan_evaluates_the_goals_services_and_methods_of_the_previous_one() -> None:
    done = interop("plan", "next", EXAMPLES / "plan-effica.xml")
    assert done.returncode == 0
    before = next(iter(json.loads((EXAMPLES / "plan.json").read_text("utf-8"))["content"].values()))
    draft = json.loads(done.stdout)
    evaluation = next(iter(draft["content"].values()))["suunnitelman_arviointi"]
    goals = evaluation["edellisen_suunnitelman_tavoitteiden_saavuttaminen"]
    assert [goal["kuvaus"] for goal in goals] == [goal["kuvaus"] for goal in before["asetettavat_tavoitteet"]]
    assert len(evaluation["palvelujen_arviointi"]) == 3
    assert len(evaluation["menetelmien_arviointi"]) == 3
    assert draft["envelope"]["status"] == "draft"
    assert {"document", "author"} <= set(draft["envelope"]["placeholders"])


def test_a_plan_whose_notes_take_nothing_over_says_so_and_begins_with_its_clients() -> None:
    done = interop("plan", "next", EXAMPLES / "15003.json")
    assert done.returncode == 0
    assert b"take nothing over" in done.stderr
    assert list(next(iter(json.loads(done.stdout)["content"].values()))) == ["asiakas"]
    assert interop("plan", "next", EXAMPLES / "plan.json").stderr == b""
    refused = interop("plan", "next", EXAMPLES / "1012.json")
    assert (refused.returncode, refused.stdout) == (2, b"")


def test_goals_that_nobody_addresses_are_shown(tmp_path: Path) -> None:
    summary = {
        "sosiaalihuollon_yhteenveto": {
            "yhteenveto": {"asiasisalto": "Asuntohakemus omaan vuokra-asuntoon tehtiin kevään aikana muuttoa varten."},
        }
    }
    (tmp_path / "koonti.json").write_text(json.dumps(summary), "utf-8")
    done = interop("align", EXAMPLES / "plan.json", tmp_path / "koonti.json", "--output", "json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert [goal["addressed"] for goal in found["goals"]] == ["text", "none", "none"]
    assert found["pages"] == 1


def test_the_tables_are_clean_and_the_matrix_names_every_format() -> None:
    done = interop("mappings", "check", "--structure", "15020")
    assert done.returncode == 0
    assert b"3 tables, 0 faults" in done.stdout
    coverage = interop("mappings", "coverage", "--structure", "15020", "--output", "json")
    rows = json.loads(coverage.stdout)
    assert {cell["format"] for cell in rows[0]} == {"thl", "fhir", "effica", "omni360", "apotti", "kanta"}
    assert all(cell["lost"] == 0 for cell in rows[0])


def test_a_starting_table_lists_every_field() -> None:
    done = interop("mappings", "new", "--structure", "15003", "--format", "omni360")
    assert done.returncode == 0
    assert done.stdout.count(b"TODO") == 40


def test_a_starting_table_for_effica_is_whole_and_goes_with_its_xsd(tmp_path: Path) -> None:
    done = interop("mappings", "new", "--structure", "15003", "--format", "effica", "-o", tmp_path)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    only = ("--structure", "15003", "--format", "effica")
    assert interop("--site", tmp_path, "mappings", "check", *only).returncode == 0
    assert interop("--site", tmp_path, "mappings", "test", "effica/15003", "--mutate").returncode == 0
    again = interop("mappings", "new", *only, "-o", tmp_path)
    assert (again.returncode, b"is there already" in again.stderr) == (2, True)


def test_a_table_that_cannot_be_used_is_said_wherever_it_is_met(tmp_path: Path) -> None:
    interop("mappings", "new", "--structure", "15003", "--format", "effica", "-o", tmp_path)
    table = tmp_path / "mappings" / "tables" / "effica" / "15003.toml"
    plan = EXAMPLES / "15003.json"
    for wrong, said in (("schema =", b"The table names no XSD"), ("finnish_date", b"There is no codec")):
        table.write_text(table.read_text("utf-8").replace(wrong, "finnish_dat" if "_" in wrong else "other ="), "utf-8")
        done = interop("--site", tmp_path, "convert", plan, "--to", "effica")
        assert (done.returncode, said in done.stderr, b"Traceback" in done.stderr) == (2, True, False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "nothing.xml", "--to", "fhir"],
        ["diff", "nothing.xml", "nothing.json"],
        ["mappings", "check", "--structure", "77777"],
        ["mappings", "check", "--format", "next"],
        ["mappings", "coverage", "--structure", "77777"],
        ["mappings", "test", "effica"],
        ["mappings", "show", "effica/77777"],
        ["mappings", "new", "--structure", "15003", "--format", "pdf"],
    ],
)
def test_what_is_not_there_is_said(arguments: list[str]) -> None:
    done = interop(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(b"interop: ")
