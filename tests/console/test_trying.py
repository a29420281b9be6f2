"""Try it, over HTTP, without a script: a document is brought, judged, converted and explained, and nothing is kept."""

from __future__ import annotations

import html
import json
import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from interop.console.capsule import opened, sealed
from interop.console.pages.trying import LARGEST, PARTS
from interop.documents import examine
from interop.errors import Invalid
from interop.logs import has_identity_code
from interop.store import KeyRing
from mappings.formats import FORMATS
from tests.console.conftest import Seeded, Visit, Visitor
from tests.console.seeding import CODE
from tests.console.test_pages import text_of

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = (EXAMPLES / "plan-effica.xml").read_bytes()
BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x">]><Sanoma>&b;</Sanoma>'
RING = KeyRing("k", {"k": bytes(32)})


def bring(visitor: Visitor, data: bytes, form: dict[str, str] | None = None, name: str = "plan.xml") -> str:
    got = visitor.post("/try", form, files={"file": (name, data)}, seen="/try")
    assert got.status_code == 200
    return got.text


def carried(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in fields}


def tables(seeded: Seeded) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(seeded.url.removeprefix("sqlite:///"))) as connection:
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        counts = [connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names]
    return list(zip(names, counts, strict=True))


def test_a_plan_is_recognised_judged_and_offered_in_each_format(visit: Visit) -> None:
    page = bring(visit("auli"), PLAN)
    told = text_of(page)
    assert "Työikäisten palvelujen asiakassuunnitelma" in told
    assert "Asiakirja on kelvollinen" in told
    assert "identity_code_is_artificial" in page.replace("<wbr>", "")
    assert re.findall(r'name="to" value="(\w+)"', page) == ["thl", "fhir", "omni360", "apotti", "kanta"]
    assert not has_identity_code(page)


@pytest.mark.parametrize("part", PARTS)
def test_each_page_of_the_document_shows_it_without_its_identity_codes(visit: Visit, part: str) -> None:
    visitor = visit("vilja")
    form = carried(bring(visitor, PLAN))
    got = visitor.client.post(f"{visitor.address}/try/{part}", data=form)
    assert got.status_code == 200
    assert not has_identity_code(got.text)
    assert carried(got.text)["document"]
    if part == "forms":
        at = "/content/tyoikaisten_palvelujen_asiakassuunnitelma/kuvaus_asiakkaan_tilanteesta"
        pointed = visitor.client.post(f"{visitor.address}/try/{part}", data=form | {"at": at}).text
        assert pointed.count("<mark>") >= 6


@pytest.mark.parametrize("to", [form.name for form in FORMATS])
def test_what_is_taken_along_is_the_document_in_the_other_format(visit: Visit, to: str) -> None:
    visitor = visit("vilja")
    form = carried(bring(visitor, PLAN))
    got = visitor.client.post(f"{visitor.address}/try/converted", data=form | {"to": to})
    assert got.status_code == 200
    assert got.headers["content-disposition"].startswith(f'attachment; filename="15020-{to}.')
    assert got.headers["cache-control"] == "no-store"
    again = examine(got.content)
    assert again.format == to
    assert again.record is not None
    assert CODE in got.text


def test_the_document_is_taken_along_on_paper(visit: Visit) -> None:
    visitor = visit("vilja")
    form = carried(bring(visitor, PLAN))
    got = visitor.client.post(f"{visitor.address}/try/printed", data=form)
    assert got.content.startswith(b"%PDF-")
    assert got.headers["content-disposition"] == 'attachment; filename="15020.pdf"'


def test_nothing_is_stored_and_nothing_of_it_is_logged(
    visit: Visit, seeded: Seeded, caplog: pytest.LogCaptureFixture
) -> None:
    visitor, before = visit("oiva"), tables(seeded)
    with caplog.at_level(logging.DEBUG, "interop"):
        form = carried(bring(visitor, PLAN, name=f"{CODE}.xml"))
        for part in PARTS:
            visitor.client.post(f"{visitor.address}/try/{part}", data=form)
        visitor.client.post(f"{visitor.address}/try/converted", data=form | {"to": "fhir"})
    assert tables(seeded) == before
    told = repr([record.__dict__ for record in caplog.records])
    assert "Väinö" not in told
    assert CODE not in told


def test_the_example_can_be_tried_without_a_file(visit: Visit) -> None:
    visitor = visit("auli")
    got = visitor.post("/try", {"example": "1"}, files={"file": ("", b"")}, seen="/try")
    assert "Työikäisten palvelujen asiakassuunnitelma" in got.text


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x00\x01\x02", "Muotoa ei tunnistettu"),
        (b"<Sanoma", "Asiakirjaa ei voi lukea"),
        (b"{" * 5000, "Asiakirjaa ei voi lukea"),
        (BOMB, "Asiakirjaa ei voi lukea"),
        (b"PK\x03\x04" + bytes(200), "Muotoa ei tunnistettu"),
        (b'{"a": 1, "a": 2}', "Asiakirjaa ei voi lukea"),
        (b'{"resourceType": "Patient", "birthDate": "eilen"}', "FHIR Patient"),
        ("<script>alert(1)</script>".encode("utf-16"), "Asiakirjaa ei voi lukea"),
    ],
    ids=["bytes", "cut", "deep", "bomb", "zip", "twice", "resource", "utf-16"],
)
def test_what_is_no_document_gets_a_clear_page(visit: Visit, data: bytes, told: str) -> None:
    visitor = visit("vilja")
    page = bring(visitor, data)
    assert told in text_of(page)
    assert "<script>alert" not in page
    form = carried(page)
    for part in PARTS:
        assert visitor.client.post(f"{visitor.address}/try/{part}", data=form).status_code == 200
    for path in ("converted", "printed"):
        got = visitor.client.post(f"{visitor.address}/try/{path}", data=form | {"to": "thl"})
        assert got.status_code == 422
        assert "ei voi kirjoittaa" in got.text


def test_a_document_may_be_said_to_have_a_format(visit: Visit) -> None:
    page = bring(visit("vilja"), PLAN, {"format": "thl"})
    assert "Asiakirjaa ei voi lukea" in page
    assert "Asiakirja on kelvollinen" in bring(visit("vilja"), PLAN, {"format": "nonsense"})


def test_no_file_and_too_large_a_file_are_told_at_the_field(visit: Visit) -> None:
    visitor = visit("vilja")
    for data, status, told in ((b"", 400, "ei ole tyhjä"), (b"x" * (LARGEST + 1), 413, "suurempi kuin 1 Mt")):
        got = visitor.post("/try", files={"file": ("a.xml", data)}, seen="/try")
        assert got.status_code == status
        assert told in got.text
        assert 'aria-invalid="true"' in got.text
    assert visitor.post("/try", files={"file": ("a.xml", b"x" * (3 * LARGEST))}, seen="/try").status_code == 413
    assert visitor.post("/try", seen="/try").status_code == 400


def test_a_form_that_is_broken_is_refused(visit: Visit) -> None:
    visitor = visit("vilja")
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data"):
        got = visitor.client.post(f"{visitor.address}/try", content=b"--y\r\nnothing", headers={"content-type": kind})
        assert got.status_code in (400, 403)
    many = [("file", (f"{number}.xml", PLAN)) for number in range(3)]
    assert visitor.client.post(f"{visitor.address}/try", files=many).status_code == 400


def test_it_is_only_for_our_own_forms(visit: Visit) -> None:
    visitor = visit("oiva")
    form = carried(bring(visitor, PLAN))
    for path, sent in (("/try", {}), ("/try/summary", form), ("/try/converted", form | {"to": "fhir"})):
        data = {**sent, "form_token": "x"}
        files = {"file": ("a.xml", PLAN)} if path == "/try" else None
        assert visitor.client.post(visitor.address + path, data=data, files=files).status_code == 403


def test_the_document_opens_on_its_own_visit_alone(visit: Visit) -> None:
    one, other = visit("oiva"), visit("oiva")
    capsule = carried(bring(one, PLAN))["document"]
    for text_ in (capsule, capsule[:-9], "", "a.b.k", "..", "a" * 100):
        got = other.post("/try/summary", {"document": text_}, seen="/try")
        assert got.status_code == 400
        assert "Tuo se uudelleen." in got.text
    assert one.post("/try/summary", {"document": capsule}, seen="/try").status_code == 200
    assert one.post("/try/nothing", {"document": capsule}, seen="/try").status_code == 404
    assert one.post("/try/converted", {"document": capsule, "to": "word"}, seen="/try").status_code == 404
    assert one.get("/try/summary").url.path.endswith("/try")


def test_a_capsule_shows_nothing_of_what_it_holds() -> None:
    capsule = sealed(RING, "visit", "effica", PLAN)
    assert opened(RING, "visit", capsule) == ("effica", PLAN)
    assert sealed(RING, "visit", "effica", PLAN) != capsule
    for visit, text_ in (("other", capsule), ("visit", capsule.replace(".k", ".q")), ("visit", "A" + capsule[1:])):
        with pytest.raises(Invalid):
            opened(RING, visit, text_)


def test_a_whole_record_can_be_brought_as_json(visit: Visit) -> None:
    page = bring(visit("vilja"), (EXAMPLES / "plan.json").read_bytes())
    assert "Asiakirja on kelvollinen" in page
    broken = json.loads((EXAMPLES / "plan.json").read_bytes())
    broken["envelope"]["structure"] = "1.2.3"
    assert "rakenteen OID-tunnusta ei tunneta" in bring(visit("vilja"), json.dumps(broken).encode())
