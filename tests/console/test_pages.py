"""What the pages say, over HTTP, without a script."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from interop.logs import has_identity_code
from interop.store import STATES, Sought
from tests.console.conftest import Seeded, Visit
from tests.console.seeding import CODE, NOW, accept, move, plan

ROOT = "/content/tyoikaisten_palvelujen_asiakassuunnitelma"
TABS = ("", "/forms", "/versions", "/findings", "/losses", "/gate")


def text_of(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


def test_the_overview_counts_what_flows_and_says_what_needs_a_person(visit: Visit) -> None:
    page = visit("vilja").get("/").text
    told = text_of(page)
    assert "Pysäytetyt lähetykset: 3" in told
    assert "Asiakkaalla on turvakielto" in told
    assert "apotti ei saada yhteyttä" in told
    assert "Asiakirjaa ei voitu lukea" in told
    assert page.count('class="flow') == 2
    for span in ("hour", "week", "month", "nonsense"):
        assert visit("vilja").get(f"/?span={span}").status_code == 200


@pytest.mark.parametrize(("language", "word"), [("fi", "Yleiskuva"), ("sv", "Översikt"), ("en", "Overview")])
def test_the_language_can_be_changed_and_is_kept(visit: Visit, language: str, word: str) -> None:
    visitor = visit("vilja")
    assert f'<html lang="{language}">' in visitor.get(f"/?language={language}").text
    assert word in visitor.get("/").text


def test_deliveries_are_filtered(visit: Visit, seeded: Seeded) -> None:
    visitor = visit("vilja")
    for state in STATES:
        count = len(seeded.parts.store.deliveries(state))
        assert f"Lähetyksiä: {count}" in text_of(visitor.get(f"/deliveries?state={state}").text)
    both = visitor.get(f"/deliveries?receiver=apotti&document={seeded.newest.chain}")
    assert "Lähetyksiä: 2" in text_of(both.text)
    assert "Lähetyksiä: 0" in text_of(visitor.get("/deliveries?source=apotti").text)
    assert "Lähetyksiä: 0" in text_of(visitor.get("/deliveries?until=2026-11-01").text)
    assert "Sivu 2/2" in text_of(visitor.get("/deliveries?page=2").text)


def test_an_identity_code_is_no_filter(visit: Visit) -> None:
    page = visit("vilja").get(f"/deliveries?document={CODE}").text
    assert "Tämä ei ole OID" in page
    assert not has_identity_code(page)


def test_a_delivery_tells_what_happened_and_why(visit: Visit, seeded: Seeded) -> None:
    doubtful = next(
        one for one in seeded.parts.store.deliveries("delivered") if len(seeded.parts.store.history(one.id)) > 3
    )
    told = text_of(visit("vilja").get(f"/deliveries/{doubtful.id}").text)
    assert "Portti: saa lähettää 703/2023" in told
    assert "Vastaanottaja tallensi asiakirjan." in told
    assert "Peru lähetys" not in told


def test_a_person_retries_releases_and_cancels_with_a_reason(visit: Visit, seeded: Seeded) -> None:
    store = seeded.parts.store
    document = accept(seeded.parts, plan(3000), NOW)
    one, other = store.deliveries(document=document.id)
    for delivery in (one, other):
        move(seeded.parts, delivery, NOW, ("held", "client_is_under_non_disclosure", 1.0))
    visitor = visit("oiva")
    released = visitor.post(f"/deliveries/{one.id}/release", {"reason": f"Sovittu. {CODE}"})
    assert "Lähetys on vapautettu." in released.text
    assert store.delivery(one.id).released
    assert store.history(one.id)[-1].reason == "oiva: Sovittu. [removed]"
    missing = visitor.post(f"/deliveries/{other.id}/cancel", {"reason": " "})
    assert missing.status_code == 400
    assert 'aria-invalid="true"' in missing.text
    assert store.delivery(other.id).state == "held"
    assert visitor.post(f"/deliveries/{other.id}/cancel", {"reason": "Turha"}).status_code == 200
    assert store.delivery(other.id).state == "rejected"
    assert visitor.post(f"/deliveries/{other.id}/release").status_code == 409
    assert visitor.post(f"/deliveries/{other.id}/retry").status_code == 200
    assert store.delivery(other.id).state == "pending"
    assert visitor.post(f"/deliveries/{other.id}/explode").status_code == 404


def test_a_person_confirms_what_is_in_doubt_with_a_reason(visit: Visit, seeded: Seeded) -> None:
    store = seeded.parts.store
    document = accept(seeded.parts, plan(3001), NOW)
    one, other = store.deliveries(document=document.id)
    move(
        seeded.parts, one, NOW, ("sent", "attempt", 1.0), ("unknown", "answer_lost", 1.0),
        ("held", "arrival_is_not_known", 1.0),
    )  # fmt: skip
    move(seeded.parts, other, NOW, ("held", "client_is_under_non_disclosure", 1.0))
    visitor = visit("oiva")
    told = visitor.get(f"/deliveries/{one.id}").text
    assert "Vahvista perille tulleeksi" in told
    assert "Vapauta" not in told
    assert "Vahvista perille tulleeksi" not in visitor.get(f"/deliveries/{other.id}").text
    assert visitor.post(f"/deliveries/{one.id}/confirm", {"reason": ""}).status_code == 400
    confirmed = visitor.post(f"/deliveries/{one.id}/confirm", {"reason": "Soitettu."})
    assert "Asiakirja on merkitty perille tulleeksi." in confirmed.text
    assert store.delivery(one.id).state == "delivered"
    assert visitor.post(f"/deliveries/{other.id}/confirm", {"reason": "Soitettu."}).status_code == 409


@pytest.mark.parametrize("tab", TABS)
def test_no_page_of_a_document_shows_an_identity_code(visit: Visit, seeded: Seeded, tab: str) -> None:
    got = visit("vilja").get(f"/documents/{seeded.newest.id}{tab}")
    assert got.status_code == 200
    assert CODE not in got.text
    assert not has_identity_code(got.text)


def test_the_plan_has_its_official_names_and_its_findings_in_place(visit: Visit, seeded: Seeded) -> None:
    page = visit("vilja").get(f"/documents/{seeded.newest.id}").text
    told = text_of(page)
    assert "Työikäisten palvelujen asiakassuunnitelma" in told
    assert re.search(r"Henkilötunnus • ?•+ peitetty|Henkilötunnus •+ peitetty tieto", told)
    assert "identity_code_is_artificial" in told
    swedish = text_of(visit("vilja").get(f"/documents/{seeded.newest.id}?language=sv").text)
    assert "Personbeteckning" in swedish


def test_codes_are_shown_to_one_who_asks_and_may_and_that_is_written_down(visit: Visit, seeded: Seeded) -> None:
    path = f"/documents/{seeded.newest.id}/unmasked"
    audit = seeded.parts.store.audit
    assert visit("vilja").post(path).status_code == 403
    assert audit.entries(Sought(what="unmasked")) == []
    assert CODE in visit("oiva").post(path).text
    (entry,) = audit.entries(Sought(what="unmasked"))
    assert (entry.who, entry.document_id, entry.clients) == ("user:oiva", seeded.newest.id, (audit.pseudonym(CODE),))


def test_each_form_shows_where_a_field_stands(visit: Visit, seeded: Seeded) -> None:
    path = f"/documents/{seeded.newest.id}/forms"
    page = visit("vilja").get(path, params={"at": f"{ROOT}/kuvaus_asiakkaan_tilanteesta"}).text
    marked = re.findall(r'<article.*?<h3 id="form-(\w+)">.*?</article>', page, re.DOTALL)
    assert marked == ["effica", "thl", "fhir", "omni360", "apotti", "kanta"]
    assert page.count("<mark>") >= 6
    assert page.count("taitava puutöissä ja keramiikassa") >= 5
    assert "Sen sisällä, koodattuna" in page
    assert "/resource/description</code>" in page.replace("<wbr>", ""), "a copy in another resource is shown too"
    assert "<mark>" not in visit("vilja").get(path, params={"at": "/nowhere"}).text


def test_going_from_field_to_field_is_one_look_in_the_audit(visit: Visit, seeded: Seeded) -> None:
    path = f"/documents/{seeded.newest.id}/forms"
    found = Sought(what="viewed", who="user:oiva")
    before, oiva = len(seeded.parts.store.audit.entries(found)), visit("oiva")
    for field in ("kuvaus_asiakkaan_tilanteesta", "suunnitelman_voimassaolo"):
        assert oiva.get(path, params={"at": f"{ROOT}/{field}"}).status_code == 200
    assert len(seeded.parts.store.audit.entries(found)) == before + 1


def test_versions_are_compared_word_by_word(visit: Visit, seeded: Seeded) -> None:
    page = visit("vilja").get(f"/documents/{seeded.newest.id}/versions").text
    assert "Versio 2 korvaa version 1." in page
    added = [text for text in re.findall(r"<ins>([^<]*)</ins>", page) if "keramiikassa" in text]
    assert len(added) == 1
    assert len(added[0]) < len("ja keramiikassa ja ")


def test_what_cannot_be_read_says_why(visit: Visit, seeded: Seeded) -> None:
    broken = next(one for one in seeded.parts.store.documents() if one.status == "unreadable")
    visitor = visit("vilja")
    assert "Asiakirjaa ei voi lukea." in visitor.get(f"/documents/{broken.id}").text
    for tab in TABS:
        assert visitor.get(f"/documents/{broken.id}{tab}").status_code == 200


def test_what_is_not_there_is_said_to_be_missing(visit: Visit) -> None:
    visitor = visit("vilja")
    for path in (f"/documents/{uuid4()}", "/documents/../../etc/passwd", "/deliveries/999999", "/nothing"):
        got = visitor.get(path)
        assert got.status_code == 404, path
    assert visitor.client.request("PUT", f"{visitor.address}/deliveries").status_code == 405


def test_the_audit_is_filtered_paged_and_shown_in_each_language(visit: Visit, seeded: Seeded) -> None:
    visitor, audit = visit("auli"), seeded.parts.store.audit
    for what in ("received", "denied", "searched"):
        audit.seal(NOW)
        count = audit.count(Sought(what=what))
        assert f"Merkintöjä: {count}" in text_of(visitor.get(f"/audit?what={what}").text)
    one = visitor.get(f"/audit?document={seeded.newest.document}&until=2026-11-25").text
    assert "Asiakkaalla on turvakielto." in text_of(one)
    assert "703/2023" in text_of(one)
    assert "Merkintöjä: 0" in text_of(visitor.get("/audit?since=2027-01-01").text)
    first = visitor.get("/audit").text
    older = re.search(r'rel="next" href="[^"]*before=(\d+)"', first)
    assert older
    assert f'<td class="n">{int(older[1]) - 1}</td>' in visitor.get(f"/audit?before={older[1]}").text
    for language, word in (("sv", "Granskningslogg"), ("en", "Entries are only ever added")):
        assert word in visitor.get(f"/audit?language={language}").text


def test_looking_at_the_audit_is_an_entry_and_a_code_is_no_filter(visit: Visit, seeded: Seeded) -> None:
    looked = Sought(who="user:auli", what="searched")
    before = len(seeded.parts.store.audit.entries(looked))
    page = visit("auli").get(f"/audit?document={CODE}&since=soon").text
    assert "Tämä ei ole OID" in page
    assert not has_identity_code(page)
    assert len(seeded.parts.store.audit.entries(looked)) == before + 1
    assert visit("vilja").get("/audit").status_code == 403
