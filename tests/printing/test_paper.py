"""What is put on paper: archivable, accessible, whole, and free of anything but the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.errors import Fault
from interop.printing import glyphs, paper, print_sheet
from interop.printing.glyphs import on_paper
from mappings.sheet import Part, Sheet, blank_sheet, filled_sheet
from schemas.record import Record
from schemas.structures import Structure, shipped
from tests.printing.pdf_text import pages_of, text_of
from tests.strategies import contents, with_own_phrases

EXAMPLES = Path(__file__).parents[2] / "examples"
MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FORMS = [(code, language) for code in ("15020", "15003", "15009", "1012", "1505.1") for language in ("fi", "sv")]


def example(name: str = "plan") -> Record:
    return Record(**json.loads((EXAMPLES / f"{name}.json").read_text("utf-8")))


def plan(**fields: Any) -> Sheet:
    """The sheet of the example plan with other texts in some fields."""
    record = example()
    record.body.update(fields)
    return filled_sheet(record, shipped()[record.structure])


def pdf_of(sheet: Sheet) -> bytes:
    printed = print_sheet(sheet, MADE)
    assert printed.pdf is not None
    assert printed.issues == []
    return printed.pdf


def assert_archivable_and_accessible(pdf: bytes, language: str, title: str) -> None:
    with pikepdf.open(BytesIO(pdf)) as document:
        root = document.Root
        assert str(root.Lang) == f"{language}-FI"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert root.OutputIntents[0].S == "/GTS_PDFA1"
        kinds = [str(element.S) for element in elements_of(root.StructTreeRoot)]
        assert kinds.count("/H1") == 1
        assert {"/H2", "/P"} <= {*kinds}
        assert root.PageLabels.Nums[1].S == "/D"
        assert all(page.Tabs == "/S" for page in document.pages if "/Annots" in page)
        assert all("/FontFile3" in font or "/FontFile2" in font for font in descriptors(document))
        with document.open_metadata() as metadata:
            assert metadata.pdfa_status == "2A"
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == title
        assert not document.is_encrypted


def unbroken(text: str) -> str:
    """The text without spaces and hyphens, so that it does not matter where a line or a word is broken."""
    return re.sub(r"[\s\u2010-]", "", text)


def elements_of(node: Any) -> Iterator[Any]:
    """Every structure element under a node, in reading order."""
    for child in node.K if isinstance(node.get("/K"), pikepdf.Array) else []:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            yield from elements_of(child)


def descriptors(document: pikepdf.Pdf) -> list[Any]:
    """The descriptor of every font of a document."""
    fonts = [font for page in document.pages for font in page.Resources.Font.as_dict().values()]
    return [font.DescendantFonts[0].FontDescriptor for font in fonts]


@pytest.mark.parametrize(("code", "language"), FORMS)
def test_an_empty_form_is_archivable_and_accessible(code: str, language: str) -> None:
    sheet = blank_sheet(shipped().find(code), language)
    pdf = pdf_of(sheet)
    assert_archivable_and_accessible(pdf, language, sheet.title)
    text = unbroken(text_of(pdf))
    assert [part.label for part in sheet if unbroken(part.label) not in text] == []
    for part in sheet:
        if part.kind in ("choose_one", "choose_any"):
            assert unbroken("".join(part.choices)) in text, "the choices are read in their order"


@pytest.mark.parametrize(("name", "language"), [("plan", "fi"), ("plan-sv", "sv")])
def test_a_filled_form_shows_every_value(name: str, language: str) -> None:
    record = example(name)
    sheet = filled_sheet(record, shipped()[record.structure])
    pdf = pdf_of(sheet)
    assert_archivable_and_accessible(pdf, language, sheet.title)
    text = unbroken(text_of(pdf))
    values = [value for part in sheet for value in part.values]
    assert len(values) > 50
    assert [value for value in values if unbroken(value) not in text] == []


@pytest.mark.parametrize("structure", list(shipped())[::12], ids=lambda structure: structure.code)
def test_any_structure_can_be_printed(structure: Structure) -> None:
    for language in ("fi", "sv"):
        assert print_sheet(blank_sheet(structure, language), MADE).pdf


@given(data=st.data())
def test_any_valid_content_can_be_printed(data: st.DataObject) -> None:
    structure = with_own_phrases(data.draw(st.sampled_from([shipped().find(c) for c in ("15020", "1505.1", "3010")])))
    record = Record(example().envelope, data.draw(contents(structure)))
    for room in (False, True):
        printed = print_sheet(filled_sheet(record, structure, room=room), MADE)
        assert printed.pdf
        assert {issue.rule.id for issue in printed.issues} <= {"character_can_be_printed"}


def test_pages_say_how_many_there_are() -> None:
    pages = pages_of(pdf_of(plan()))
    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        assert f"{number} ({len(pages)})" in text


def test_a_group_that_runs_over_a_page_is_named_again() -> None:
    goals = [{"kuvaus": f"Tavoite numero {number}: " + "sana " * 900} for number in range(1, 5)]
    first, *others = pages_of(pdf_of(plan(asetettavat_tavoitteet=goals)))
    assert "(jatkuu)" not in first
    again = [page for page in others if page.startswith("Asetettavat tavoitteet") and "(jatkuu)" in page[:60]]
    assert len(again) >= 3
    for page in again:
        number = page.removeprefix("Asetettavat tavoitteet ")[0]
        assert f"Asetettavat tavoitteet {number} " not in page[60:], "the page on which a group begins does not say so"


def test_a_group_that_has_ended_is_not_named_again() -> None:
    record = Record(example().envelope, {"tyoikaisten_palvelujen_asiakassuunnitelma": {
        "asetettavat_tavoitteet": [{"kuvaus": "Ensimmäinen"}], "sovitut_jatkotoimet": "sana " * 2000}})  # fmt: skip
    first, *others = pages_of(pdf_of(filled_sheet(record, shipped().find("15020"))))
    assert "Asetettavat tavoitteet" in first
    assert len(others) >= 2
    assert all(page.startswith("Työikäisten palvelujen asiakassuunnitelma sana") for page in others)


def test_the_letters_of_finland_are_shown() -> None:
    letters = "Ŋŋ Đđ Ŧŧ Čč Šš Žž Ââ Ǩǩ Ǧǧ Ǥǥ Ʒʒ Ǯǯ Õõ Åå Ää Öö"
    assert letters in text_of(pdf_of(plan(lisatiedot=letters)))


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x") #sys.inputs #read("/etc/passwd") $x^2$ *b* _i_ @viite <nimike> [x] {y} \\ = Otsikko',
        "- luettelo + numero / termi: // huomautus /* */ `koodi` ~ --- ... \\u{1F600}",
        '"], "kind": "group", "parts": [{',
    ],
)
def test_text_is_never_read_as_markup(text: str) -> None:
    assert " ".join(text.split()) in text_of(pdf_of(plan(lisatiedot=text)))


@pytest.mark.parametrize(
    "text", ["hymy 😀", "שלום", "عربي", "漢字", "ohjaus\x07merkki", "yksityinen \ue000", "x\u0322"]
)
def test_a_character_without_a_glyph_is_replaced_and_told(text: str) -> None:
    printed = print_sheet(plan(lisatiedot=text), MADE)
    assert [(i.rule.id, i.path) for i in printed.issues] == [("character_can_be_printed", "/content/lisatiedot")]
    assert printed.pdf is not None
    assert "\ufffd" in text_of(printed.pdf)


def test_invisible_characters_and_decomposed_letters_need_no_warning() -> None:
    assert on_paper("A\u0308iti\u200d\ufeff ja\u00ad a\u030a\r\nrivi\u2028toinen\tsarkain") == (
        "Äiti ja å\nrivi\ntoinen sarkain",
        False,
    )


@pytest.mark.parametrize("start", range(0, 4000, 1000))
def test_every_character_that_counts_as_shown_is_shown(start: int) -> None:
    characters = sorted(glyphs.glyphs() - {" "})[start : start + 1000]
    if not characters:
        return
    lines = ["".join(characters[at : at + 20]) for at in range(0, len(characters), 20)]
    parts = tuple(Part("value", "", f"/{number}", (line,)) for number, line in enumerate(lines))
    assert pdf_of(Sheet("fi", "fi", "Merkit", (), "", (), parts))


@given(text=st.text(max_size=200) | st.text(st.sampled_from(sorted(glyphs.glyphs())), max_size=200))
def test_any_text_can_be_printed(text: str) -> None:
    assert print_sheet(Sheet("fi", "fi", "Otsikko", (), "", (), (Part("value", "Nimi", "/x", (text,)),)), MADE).pdf


def test_a_long_run_without_spaces_stays_on_the_paper() -> None:
    assert text_of(pdf_of(plan(lisatiedot="ж" * 3000))).count("ж") == 3000


def test_a_document_too_long_for_paper_is_refused() -> None:
    goals = [{"kuvaus": f"Tavoite {number}"} for number in range(10_000)]
    for sheet in (
        plan(asetettavat_tavoitteet=goals),
        plan(lisatiedot="ä" * 5_000_000),
        plan(lisatiedot="a\n" * 20_000),
    ):
        printed = print_sheet(sheet, MADE)
        assert printed.pdf is None
        assert [issue.rule.id for issue in printed.issues] == ["sheet_fits_on_paper"]
        assert str(paper.MOST_LINES) in printed.issues[0].message("fi")


def test_facts_too_long_for_paper_are_refused() -> None:
    record = example()
    record.envelope["organiser"]["name"] = "ä" * 5_000_000
    printed = print_sheet(filled_sheet(record, shipped()[record.structure]), MADE)
    assert [issue.rule.id for issue in printed.issues] == ["sheet_fits_on_paper"]


def test_the_files_own_facts_hold_nothing_of_the_person() -> None:
    with pikepdf.open(BytesIO(pdf_of(plan()))) as document:
        told = document.Root.Metadata.read_bytes().decode() + str(dict(document.docinfo.as_dict()))
        told += str(document.Root.Outlines.First.Title)
    assert "Työikäisten palvelujen asiakassuunnitelma" in told
    for secret in ("010280", "Mallikas", "Väinö", "Kokeilu"):
        assert secret not in told


def test_a_plan_in_sami_says_so() -> None:
    record = example()
    record.envelope["language"] = "se"
    pdf = pdf_of(filled_sheet(record, shipped()[record.structure]))
    with pikepdf.open(BytesIO(pdf)) as document:
        languages = {str(element.Lang) for element in elements_of(document.Root.StructTreeRoot) if "/Lang" in element}
        assert any(language.startswith("se") for language in languages)


def test_a_failure_of_the_library_is_told_without_its_words() -> None:
    with pytest.raises(Fault) as failure:
        print_sheet(Sheet("010280-952L", "010280-952L", "Otsikko", (), "", (), ()), MADE)
    assert "952L" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__


def test_the_same_sheet_and_time_give_the_same_bytes() -> None:
    assert pdf_of(plan()) == pdf_of(plan())
