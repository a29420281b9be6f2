"""The sheet: what of a document a person sees, and where an empty form has room."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mappings.display import page
from mappings.kanta.profile import load_profile
from mappings.sheet import SHEET_LANGUAGES, Sheet, blank_sheet, filled_sheet, words_of
from schemas.record import Record
from schemas.structures import Field, Structure, shipped

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = shipped().find("15020")


def example(name: str = "plan") -> Record:
    return Record(**json.loads((EXAMPLES / f"{name}.json").read_text("utf-8")))


def labels(sheet: Sheet) -> list[str]:
    return [part.label for part in sheet]


@pytest.mark.parametrize("language", SHEET_LANGUAGES)
def test_every_form_has_every_field_that_is_not_hidden(language: str) -> None:
    for structure in shipped():
        shown = {
            "/".join(s for s in part.path.split("/") if s and not s.isdecimal())
            for part in blank_sheet(structure, language)
        }
        expected = {"/".join(field.path) for field in visible(structure)}
        assert shown - expected == set()
        # A group of fixed phrases alone has no room to write.
        assert all(is_of_phrases(structure.by_path[path]) for path in expected - shown)


def is_of_phrases(field: Field) -> bool:
    return bool(field.children) and all(inner.kind == "phrase" for inner in field if not inner.is_group)


def visible(structure: Structure) -> list[Field]:
    """The fields that stand on a sheet as such: a hidden group that stands once gives its place to its fields."""
    return [f for f in structure if f.kind != "phrase" and (not f.hidden or (f.is_group and f.repeats))]


def test_a_hidden_group_is_not_shown_but_its_fields_are() -> None:
    structure = shipped().find("15003")
    assert structure.by_path["suunnitelma"].hidden
    body = {"suunnitelma": {"kuvaus_asiakkaan_tilanteesta": "Kuvaus.", "asetettavat_tavoitteet": [{"nimi": "Nimi."}]}}
    for sheet in (blank_sheet(structure), filled_sheet(Record(example().envelope, {structure.root: body}), structure)):
        paths = [part.path for part in sheet.parts]
        assert "/suunnitelma/kuvaus_asiakkaan_tilanteesta" in paths
        assert "/suunnitelma/asetettavat_tavoitteet/0" in paths
        assert "Suunnitelma" not in labels(sheet)


def test_hidden_fields_are_not_shown_and_untitled_ones_have_no_title() -> None:
    first, second, third, *rest = PLAN.fields
    hidden, untitled = replace(third, hidden=True), replace(rest[-2], untitled=True)
    assert not hidden.is_group
    assert not untitled.is_group
    structure = replace(PLAN, fields=(first, second, hidden, *rest[:-2], untitled, rest[-1]))
    record = example()
    for sheet in (blank_sheet(structure), filled_sheet(record, structure)):
        paths = {part.path.split("/")[1] for part in sheet}
        assert hidden.key not in paths
        part = next(part for part in sheet if part.path == f"/{untitled.key}")
        assert part.label == ""


def test_small_groups_have_room_for_three_large_ones_for_two_and_required_ones_for_one() -> None:
    heads = labels(blank_sheet(PLAN))
    assert "Tiedot neuvottelusta jossa tämä suunnitelma on tehty 3" in heads
    assert "Asetettavat tavoitteet 2" in heads
    assert "Asetettavat tavoitteet 3" not in heads
    assert "Asiakas" in heads


def test_a_long_closed_list_stands_once_in_a_repeated_group() -> None:
    parts = [part for part in blank_sheet(PLAN) if part.path.endswith("/palvelujen_arviointi/0/palvelu")]
    later = [part for part in blank_sheet(PLAN) if part.path.endswith("/palvelujen_arviointi/1/palvelu")]
    assert [(part.kind, len(part.choices)) for part in parts] == [("pick", 25)]
    assert [(part.kind, len(part.choices)) for part in later] == [("line", 0)]


def test_a_list_without_names_is_a_line_to_write_on() -> None:
    unnamed = next(f for s in shipped() for f in s if f.codes and not all(f.codes.values()) and not f.hidden)
    structure = next(s for s in shipped() if unnamed in s.by_path.values())
    part = next(p for p in blank_sheet(structure) if p.path.endswith(f"/{unnamed.key}") and p.kind != "group")
    assert part.choices == ()


def test_the_choices_of_every_client_plan_are_in_swedish() -> None:
    for code in ("15020", "15003", "15007", "15009", "15010", "15015", "15023", "15022"):
        sheet = blank_sheet(shipped().find(code), "sv")
        assert words_of("sv")["other_language"] not in sheet.intro
        finnish = {name for field in shipped().find(code) for name in (field.codes or {}).values() if name}
        assert not finnish & {choice for part in sheet for choice in part.choices}


def test_a_swedish_form_says_so_when_some_choices_are_in_finnish() -> None:
    saying = [s for s in shipped() if words_of("sv")["other_language"] in blank_sheet(s, "sv").intro]
    assert 0 < len(saying) < 100
    for structure in saying:
        finnish = {part.choices for part in blank_sheet(structure, "fi") if part.choices}
        assert any(set(names) & set(part.choices) for part in blank_sheet(structure, "sv") for names in finnish)


def test_a_filled_sheet_shows_values_alone_and_with_room_also_what_is_missing() -> None:
    record = example()
    del record.body["lisatiedot"]
    plain, roomy = (filled_sheet(record, PLAN, room=room) for room in (False, True))
    assert "Lisätiedot" not in labels(plain)
    assert next(part for part in roomy if part.label == "Lisätiedot").kind == "text"
    assert "Asetettavat tavoitteet 3" in labels(plain)
    assert "Asetettavat tavoitteet 4" not in labels(plain)
    assert "Asetettavat tavoitteet 4" in labels(roomy)


def test_placeholders_and_the_usual_status_are_no_facts() -> None:
    record = example()
    told = dict(filled_sheet(record, PLAN).facts)
    assert told["Palvelunjärjestäjä"] == "Esimerkkilän hyvinvointialue"
    assert told["Laatimisaika"] == "2.11.2026 klo 15.10"
    assert "Valmistumisen tila" not in told
    record.envelope.update(status="draft", placeholders=["author", "created"], non_disclosure=True)
    told = dict(filled_sheet(record, PLAN, "sv").facts)
    assert told["Handlingens status"] == "Utkast"
    assert told["Spärrmarkering"] == "Ja"
    assert "Upprättad" not in told
    assert "Upprättad av" not in told


def test_a_clock_elsewhere_keeps_its_offset() -> None:
    record = example()
    for text, expected in (
        ("2026-11-02T15:10:00+02:00", "2.11.2026 kl. 15.10"),
        ("2026-11-02T15:10:30+02:00", "2.11.2026 kl. 15.10.30 +02:00"),
        ("2026-11-02T15:10:00Z", "2.11.2026 kl. 15.10.00 Z"),
    ):
        record.envelope["created"] = text
        assert dict(filled_sheet(record, PLAN, "sv").facts)["Upprättad"] == expected


@pytest.mark.parametrize(
    "body", [[], "teksti", {"asiakas": "x"}, {"asiakas": [None, 1]}, {"lisatiedot": {"a": [1]}}, {}]
)
def test_a_broken_content_still_makes_a_sheet(body: object) -> None:
    record = Record({"clients": "x", "author": [], "placeholders": 1}, {PLAN.root: body})
    for room in (False, True):
        assert page(filled_sheet(record, PLAN, room=room), load_profile().style)


def test_values_in_another_language_are_marked() -> None:
    record = example()
    record.envelope["language"] = "smn"
    shown = page(filled_sheet(record, PLAN), load_profile().style).decode()
    assert '<html xmlns="http://www.w3.org/1999/xhtml" lang="fi"' in shown
    assert '<dd lang="smn" xml:lang="smn">Mallikas</dd>' in shown


def test_words_stand_in_both_languages() -> None:
    assert {*words_of("fi")} | {"choices"} == {*words_of("sv")}


def test_a_page_is_the_same_to_readers_of_html_and_of_xhtml() -> None:
    text = page(blank_sheet(PLAN, "sv"), load_profile().style).decode()
    assert text.startswith("<!DOCTYPE html>\n<html ")
    assert '<div class="line"></div>' in text
    assert "/>" not in text.replace('<meta charset="utf-8"/>', "")
    record = example()
    record.body["lisatiedot"] = "<script>alert(1)</script> & \x00"
    shown = page(filled_sheet(record, PLAN), load_profile().style).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; \ufffd" in shown
