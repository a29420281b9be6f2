"""Each page in a real browser, at desktop and phone width: loaded, used, photographed, checked for accessibility."""

from __future__ import annotations

from tests.console.conftest import Looker, Seeded


def test_signing_in_and_the_overview(looker: Looker) -> None:
    looker.open("/sign-in")
    looker.judge("sign-in")
    looker.sign_in("oiva")
    looker.judge("overview")
    looker.page.keyboard.press("Tab")
    assert looker.page.evaluate("document.activeElement.className") == "skip"
    looker.page.keyboard.press("Enter")
    assert looker.page.evaluate("document.activeElement.id") == "main"
    looker.page.click("summary >> nth=0")
    assert looker.page.is_visible("text=effica >> nth=0")


def test_finding_a_delivery_and_deciding_about_it(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("oiva")
    looker.open("/deliveries")
    looker.page.check("input[value=held]")
    looker.page.click("button.primary")
    looker.judge("deliveries")
    looker.page.click("tbody a >> nth=0")
    looker.page.wait_for_selector("#timeline")
    looker.judge("delivery")
    looker.page.fill("#reason", "Tarkistettu yhdessä sosiaalityöntekijän kanssa.")
    looker.page.click("button >> text=Vapauta")
    looker.page.wait_for_selector(".notice")
    looker.judge("delivery-released")


def test_reading_a_document_page_by_page(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("oiva")
    path = f"/documents/{seeded.newest.id}"
    for tab in ("", "/versions", "/findings", "/losses", "/gate"):
        looker.open(path + tab)
        looker.judge(f"document{tab.replace('/', '-')}")
    looker.open(path)
    looker.page.click("text=Näytä henkilötunnukset")
    looker.page.wait_for_selector(".warning")
    looker.judge("document-unmasked")


def test_pointing_at_a_field_shows_it_in_each_form(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("vilja")
    looker.open(f"/documents/{seeded.newest.id}/forms")
    looker.page.evaluate("window.kept = true")
    looker.page.click(".fields-list a >> text=Väinö on asunut")
    looker.page.wait_for_selector("#places mark")
    assert looker.page.evaluate("window.kept")
    assert looker.page.locator("#places mark").count() >= 6
    looker.judge("document-forms")


def test_the_dark_pages_have_contrast_too(looker: Looker, seeded: Seeded) -> None:
    looker.page.emulate_media(color_scheme="dark")
    looker.sign_in("oiva")
    looker.judge("overview-dark")
    for name, path in (("deliveries", "/deliveries?state=held"), ("document", f"/documents/{seeded.newest.id}")):
        looker.open(path)
        looker.judge(f"{name}-dark")


def test_what_is_live_is_refreshed(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("oiva")
    looker.page.evaluate("document.querySelector('#attention-title').textContent = 'stale'")
    looker.page.wait_for_selector("#attention-title:not(:text('stale'))", timeout=9000)
