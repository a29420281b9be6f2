"""The Kanta document: what is written is read back, and a document whose parts disagree is found out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.formats.kanta import Kanta
from mappings.kanta.rules import KANTA_RULES
from schemas.record import Record, envelope_structure
from schemas.structures import Structure, shipped
from tests.strategies import contents, texts, with_own_phrases

KANTA = Kanta()
EXAMPLES = Path(__file__).parents[2] / "examples"
STRUCTURES = [shipped().find(name) for name in ("15020", "15003", "1505.1", "1012", "3010", "16009")]


def example(name: str = "plan") -> Record:
    return Record(**json.loads((EXAMPLES / f"{name}.json").read_text("utf-8")))


def example_document() -> str:
    return KANTA.write(example()).data.decode()


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A valid record of one of several structures."""
    structure = with_own_phrases(draw(st.sampled_from(STRUCTURES)))
    envelope: dict[str, Any] = draw(contents(envelope_structure()))["envelope"]
    return Record(envelope | {"structure": structure.oid}, draw(contents(structure)))


@pytest.mark.parametrize("name", ["plan", "plan-sv"])
def test_an_example_is_read_back_without_a_finding(name: str) -> None:
    record = example(name)
    written = KANTA.write(record)
    assert (written.issues, written.report.lost) == ([], ())
    result = KANTA.read(written.data)
    assert (result.record, result.issues) == (record, [])


@given(record=records())
def test_every_valid_record_is_read_back(record: Record) -> None:
    written = KANTA.write(record)
    assert (written.issues, written.report.lost) == ([], ())
    result = KANTA.read(written.data)
    assert result.record == record
    assert [issue.rule.id for issue in result.issues] == []


@pytest.mark.parametrize("structure", list(shipped())[::9], ids=lambda structure: structure.code)
def test_a_full_content_of_any_structure_is_read_back(structure: Structure) -> None:
    @settings(max_examples=1)
    @given(content=contents(with_own_phrases(structure), full=True))
    def check(content: dict[str, Any]) -> None:
        record = Record(example().envelope | {"structure": structure.oid}, content)
        result = KANTA.read(KANTA.write(record).data)
        assert (result.record, result.issues) == (record, [])

    check()


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_a_character_that_xml_cannot_hold_survives_in_the_data_and_is_told(character: str) -> None:
    record = example()
    record.body["lisatiedot"] = f"ennen{character}jälkeen"
    written = KANTA.write(record)
    assert [(i.rule.id, i.path) for i in written.issues] == [("kanta_display_can_show_the_text", "/content/lisatiedot")]
    assert "ennen\ufffdjälkeen" in written.data.decode()
    result = KANTA.read(written.data)
    assert (result.record, result.issues) == (record, [])


def test_such_a_character_in_the_metadata_is_a_declared_loss() -> None:
    record = example()
    record.envelope["author"]["title"] = "sosiaali\x01työntekijä"
    written = KANTA.write(record)
    assert [issue.rule.id for issue in written.issues] == ["kanta_text_can_stand_in_xml"]
    assert [entry.path for entry in written.report.lost] == ["/envelope/author/title"]
    read = KANTA.read(written.data).record
    del record.envelope["author"]["title"]
    assert read == record


@pytest.mark.parametrize(
    ("key", "value"), [("version", "1"), ("version", True), ("non_disclosure", "ei"), ("x", "1"), ("clients", [])]
)
def test_metadata_of_another_kind_is_a_declared_loss(key: str, value: object) -> None:
    record = example()
    record.envelope[key] = value
    written = KANTA.write(record)
    assert [issue.rule.id for issue in written.issues] == ["kanta_metadata_can_be_written"]
    assert [entry.path for entry in written.report.lost] == [f"/envelope/{key}"]


def test_an_unknown_structure_is_not_written() -> None:
    record = example()
    record.envelope["structure"] = "1.2.246.537.6.1506.1.1.1.1"
    written = KANTA.write(record)
    assert written.data == b""
    assert [issue.rule.id for issue in written.issues] == ["format_holds_the_structure"]


def test_a_document_that_no_reader_would_take_is_not_written() -> None:
    record = example()
    record.body["lisatiedot"] = "ä" * 6_000_000
    written = KANTA.write(record)
    assert written.data == b""
    assert [issue.rule.id for issue in written.issues] == ["document_is_within_size_limit"]


def replaced(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return change


def after_the_head(old: str, new: str) -> Callable[[str], str]:
    """Changes the display alone."""

    def change(text: str) -> str:
        head, body, display = text.partition("<body>")
        assert old in display
        return head + body + display.replace(old, new, 1)

    return change


def two_changes(*changes: Callable[[str], str]) -> Callable[[str], str]:
    def change(text: str) -> str:
        for one in changes:
            text = one(text)
        return text

    return change


IN_DISPLAY = {
    "script": "<script>alert(1)</script>",
    "another data part in the display": '<script type="text/plain">x</script>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>',
    "no namespace": '<p xmlns=""/>',
    "link": '<a href="javascript:alert(1)"/>',
    "image": '<img src="x" onerror="alert(1)"/>',
    "event": '<p onclick="alert(1)"/>',
    "style attribute": '<p style="display:none"/>',
    "hidden attribute": '<p hidden="hidden"/>',
    "frame": '<iframe src="x"/>',
    "refresh": '<meta http-equiv="refresh" content="0"/>',
    "element named by an identity code": "<_010280-952L/>",
}


@pytest.mark.parametrize("markup", IN_DISPLAY.values(), ids=IN_DISPLAY)
def test_markup_outside_the_allowed_set_is_found(markup: str) -> None:
    result = KANTA.read(replaced("</main>", f"{markup}</main>")(example_document()).encode())
    assert "kanta_display_has_allowed_markup_only" in {issue.rule.id for issue in result.issues}
    assert "952L" not in "".join(issue.path for issue in result.issues)
    assert result.record == example()


HOSTILE = {
    "a value taken out of the display": (
        after_the_head("Haluan oman kodin ja apua muuttoon.", ""),
        ["kanta_display_shows_all_data", "kanta_display_says_no_more_than_the_data"],
    ),
    "a whole value taken out": (
        after_the_head("<dd>Haluan oman kodin ja apua muuttoon. Raha-asioissa tarvitsen neuvoja.</dd>", ""),
        ["kanta_display_shows_all_data"],
    ),
    "another value in the display": (
        after_the_head("Itsenäinen asuminen", "Palvelutaloon muutto"),
        ["kanta_display_shows_all_data", "kanta_display_says_no_more_than_the_data"],
    ),
    "two values in each other's place": (
        two_changes(
            after_the_head("<dd>Mallikas</dd>", "<dd>?</dd>"),
            after_the_head("<dd>Väinö Åke</dd>", "<dd>Mallikas</dd>"),
            after_the_head("<dd>?</dd>", "<dd>Väinö Åke</dd>"),
        ),
        ["kanta_display_is_made_from_the_data"],
    ),
    "text that the data lack": (
        replaced("</main>", "<p>Asiakas hyväksyy kaiken.</p></main>"),
        ["kanta_display_says_no_more_than_the_data"],
    ),
    "a style sheet that hides": (
        replaced("<style>", "<style>dd { display: none }"),
        ["kanta_stylesheet_is_that_of_the_profile"],
    ),
    "a second style sheet": (
        replaced("</head>", "<style>dd { display: none }</style></head>"),
        ["kanta_stylesheet_is_that_of_the_profile"],
    ),
    "a style sheet from elsewhere": (
        replaced("<html", '<?xml-stylesheet href="piilota.css"?><html'),
        ["kanta_stylesheet_is_that_of_the_profile"],
    ),
    "no data": (replaced('type="application/json"', 'type="x"'), None),
    "two data parts": (
        replaced("</head>", '<script type="application/json" id="toinen">{}</script></head>'),
        ["kanta_document_has_one_data_part"],
    ),
    "data in the display": (
        two_changes(
            lambda text: re.sub("<script.*</script>", "", text, flags=re.DOTALL),
            replaced("</main>", '<script type="application/json" id="asiakirjan-sisalto">{}</script></main>'),
        ),
        ["kanta_document_has_one_data_part"],
    ),
    "data cut off": (replaced("}</script>", "</script>"), ["json_is_well_formed"]),
    "data twice the same key": (replaced('"asiakas": [', '"asiakas": [], "asiakas": ['), ["json_keys_are_unique"]),
    "data that are a list": (
        lambda text: re.sub("(<script[^>]*>).*(</script>)", r"\1[]\2", text, flags=re.DOTALL),
        ["kanta_data_is_an_object"],
    ),
    "a document type": (replaced("<html", "<!DOCTYPE html><html"), ["xml_has_no_dtd"]),
    "not XHTML": (replaced("http://www.w3.org/1999/xhtml", "urn:x"), ["kanta_document_is_xhtml"]),
    "two displays": (replaced("</html>", "<body/></html>"), ["kanta_document_is_xhtml"]),
    "metadata that nobody knows": (
        replaced('<meta name="id"', '<meta name="x" content="1"/><meta name="id"'),
        ["kanta_metadata_is_known"],
    ),
    "a client number far away": (
        replaced(
            "recordTarget[1].patientRole.patient.name.family", "recordTarget[999999].patientRole.patient.name.family"
        ),
        ["kanta_metadata_is_known"],
    ),
    "a name without its number": (
        replaced("recordTarget[1].patientRole.patient.name.family", "recordTarget[].patientRole.patient.name.family"),
        ["kanta_metadata_is_known"],
    ),
    "metadata twice": (
        replaced('<meta name="id"', '<meta name="id" content="1.2"/><meta name="id"'),
        ["kanta_metadata_stands_once"],
    ),
    "a version that is no number": (
        replaced('name="versionNumber" content="1"', 'name="versionNumber" content="yksi"'),
        ["kanta_metadata_has_its_kind"],
    ),
    "an unknown structure": (replaced(".15020.2024.11.28", ".15020.1999.1.1"), ["document_structure_is_known"]),
}


@pytest.mark.parametrize(("change", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_a_document_whose_parts_are_not_right_is_found_out(
    change: Callable[[str], str], expected: list[str] | None
) -> None:
    result = KANTA.read(change(example_document()).encode())
    found = sorted({issue.rule.id for issue in result.issues})
    if expected is None:
        assert result.issues
    else:
        assert found == sorted(expected)


def test_every_rule_of_reading_and_writing_has_a_case() -> None:
    source = Path(__file__).read_text("utf-8")
    elsewhere = {"sheet_fits_on_paper", "character_can_be_printed"}
    assert [rule for rule in KANTA_RULES if rule not in source and rule not in elsewhere] == []


def test_a_fault_in_the_data_is_told_at_its_line_of_the_document() -> None:
    text = replaced('"etunimet": "Väinö Åke",', '"etunimet": Väinö,')(example_document())
    issue = KANTA.read(text.encode()).issues[0]
    line = next(number for number, one in enumerate(text.splitlines(), 1) if '"etunimet": Väinö' in one)
    assert (issue.rule.id, issue.line) == ("json_is_well_formed", line)
    assert issue.path == "/html/head/script#"


def test_a_value_that_is_not_shown_is_told_at_its_place_in_the_data() -> None:
    text = after_the_head("Noin kaksi vuotta", "")(example_document())
    issue = next(i for i in KANTA.read(text.encode()).issues if i.rule.id == "kanta_display_shows_all_data")
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "arvio_asiakkuuden_kestosta" in one)
    assert issue.path.endswith("#/tyoikaisten_palvelujen_asiakassuunnitelma/arvio_asiakkuuden_kestosta")
    assert issue.line == line
    assert "Bedömning av klientrelationens varaktighet" in issue.message("sv")


def test_a_display_of_another_make_is_taken_when_it_shows_all() -> None:
    """Paragraphs for lines, emphasis inside a value, other headings' marks, and no name of our edition."""
    text = two_changes(
        lambda text: re.sub('<meta name="hl7fi:profile"[^>]*>', "", text),
        after_the_head("Väinö Mallikas, asiakas\nÖrni", "Väinö Mallikas, asiakas<br/>Örni"),
        after_the_head("<dt>Sukunimi</dt>", "<dt>Sukunimi:</dt>"),
        after_the_head("<dd>Marraskuu", "<dd> <b>Marras</b>kuu"),
    )(example_document())
    result = KANTA.read(text.encode())
    assert result.record == example()
    assert {issue.rule.id for issue in result.issues} == {"kanta_display_says_no_more_than_the_data"}


def test_a_traced_reading_knows_the_place_of_every_value() -> None:
    parsed = KANTA.parse(example_document().encode())
    decoded = KANTA.decode(parsed, traced=True)
    lines = example_document().splitlines()
    for pointer in (
        "/content/lakiselostus",
        "/content/asiakas/0/sukunimi",
        "/envelope/author/family",
        "/envelope/version",
    ):
        place = KANTA.place(parsed, decoded.sources[pointer])
        assert place.line is not None
        key = "content=" if pointer.startswith("/envelope") else pointer.rpartition("/")[2]
        assert key in lines[place.line - 1]
    targets = {link.target for link in decoded.report.links}
    assert targets <= set(decoded.sources)
    assert {link.source for link in KANTA.write(example(), traced=True).report.links} == targets


def test_a_hostile_document_gives_a_bounded_number_of_findings() -> None:
    record = example()
    record.body["asetettavat_tavoitteet"] = [{"kuvaus": f"Tavoite {number}"} for number in range(3000)]
    result = KANTA.read(with_display(record, "<p onclick=''>x</p>" * 3000))
    assert result.record == record
    assert 100 < len(result.issues) <= 400


def test_the_comparison_of_a_hostile_document_ends() -> None:
    record = example()
    record.body["asetettavat_tavoitteet"] = [{"kuvaus": f"Tavoite {number}"} for number in range(1000)]
    result = KANTA.read(with_display(record, f"<p>{'Tavoitteet ' * 400_000}</p>"))
    assert "kanta_display_can_be_checked_wholly" in {issue.rule.id for issue in result.issues}


def with_display(record: Record, display: str) -> bytes:
    head, body, rest = KANTA.write(record).data.partition(b"<body>")
    return head + body + display.encode() + rest[rest.index(b"</body>") :]


def test_the_format_is_recognised() -> None:
    assert KANTA.recognises(example_document().encode(), None)
    assert not KANTA.recognises((EXAMPLES / "plan-effica.xml").read_bytes(), None)


@given(data=st.binary(max_size=200))
def test_any_bytes_give_an_outcome(data: bytes) -> None:
    result = KANTA.read(data)
    assert result.record is None
    assert result.issues


@given(at=st.integers(0, 40_000), length=st.integers(0, 60), put=texts())
def test_a_damaged_document_gives_an_outcome_without_a_value(at: int, length: int, put: str) -> None:
    text = example_document()
    result = KANTA.read((text[:at] + put + text[at + length :]).encode())
    told = "".join(issue.path + issue.message("fi") for issue in result.issues)
    assert "010280-952L" not in told
    assert "Mallikas" not in told
