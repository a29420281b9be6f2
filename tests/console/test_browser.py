"""Each page in a real browser, at desktop and phone width: loaded, used, photographed, checked for accessibility."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import FilePayload
from starlette.applications import Starlette
from starlette.routing import Mount

from interop.console import MOUNT, application
from interop.sandboxes.running import Running
from tests.console.conftest import Looker, Seeded, settings_with
from tests.console.openid_provider import CLIENT, SECRET, OpenIdProvider
from tests.console.seeding import NOW

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = "1.2.246.537.6.1506.15020.2024.11.28"


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


def test_no_column_of_a_list_is_cut_off_between_phone_and_desktop(looker: Looker) -> None:
    looker.sign_in("auli")
    for width in (740, 1000) if looker.width == "desktop" else (600,):
        looker.page.set_viewport_size({"width": width, "height": 900})
        for path in ("/deliveries", "/audit", "/mappings", "/structures?q=15020"):
            looker.open(path)
            beyond = looker.page.evaluate(
                "Math.max(...[...document.querySelectorAll('.flush')].map((one) => one.scrollWidth - one.clientWidth))"
            )
            assert beyond <= 0, f"{path} is {beyond} px too wide at {width} px"


def test_reading_a_document_page_by_page(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("oiva")
    path = f"/documents/{seeded.newest.id}"
    for tab in ("", "/versions", "/findings", "/losses", "/gate"):
        looker.open(path + tab)
        current = looker.page.locator(".tabs [aria-current]").bounding_box()
        assert current is not None
        assert 0 <= current["x"] <= looker.page.evaluate("innerWidth") - current["width"], "the tab can be seen"
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


def test_trying_a_document_that_is_dropped(looker: Looker) -> None:
    looker.sign_in("vilja")
    looker.page.click("nav.main a >> text=Kokeile")
    looker.page.wait_for_selector("form.drop")
    looker.judge("try")
    looker.forgiven = "status of 400"
    looker.page.click("text=Tutki")
    looker.page.wait_for_selector("#file-mistake")
    looker.judge("try-mistake")
    text = (EXAMPLES / "plan-effica.xml").read_text("utf-8").replace("<Versio>1</Versio>", "<Versio>yksi</Versio>")
    given = looker.page.evaluate_handle(
        """(text) => {
            const data = new DataTransfer();
            data.items.add(new File([text], "plan.xml", { type: "application/xml" }));
            return data;
        }""",
        text,
    )
    looker.page.dispatch_event("form.drop", "dragover", {"dataTransfer": given})
    assert looker.page.locator("form.drop.over").count() == 1
    looker.page.dispatch_event("form.drop", "drop", {"dataTransfer": given})
    looker.page.wait_for_selector(".verdict")
    looker.judge("try-errors")


def test_trying_the_example_and_taking_it_along(looker: Looker) -> None:
    looker.sign_in("vilja")
    looker.open("/try")
    looker.page.click("text=Kokeile esimerkillä")
    looker.page.wait_for_selector(".verdict")
    looker.judge("try-summary")
    with looker.page.expect_download() as download:
        looker.page.click("button[value=fhir]")
    assert download.value.suggested_filename == "15020-fhir.json"
    for name, tab in (("content", "Sisältö"), ("losses", "Hävikki"), ("findings", "Havainnot"), ("forms", "Muodot")):
        looker.page.click(f".tabs button >> text={tab}")
        looker.page.wait_for_url(f"**/try/{name}")
        looker.judge(f"try-{name}")
    looker.page.evaluate("window.kept = true")
    looker.page.click(".fields-list button >> text=Väinö on asunut")
    looker.page.wait_for_selector("#places mark")
    assert looker.page.evaluate("window.kept")
    assert looker.page.locator("#places mark").count() >= 6
    looker.judge("try-forms-pointed")


def test_a_file_that_is_too_large_is_told_before_it_is_sent(looker: Looker) -> None:
    looker.sign_in("vilja")
    looker.open("/try")
    large: FilePayload = {"name": "large.xml", "mimeType": "application/xml", "buffer": b"x" * (1024 * 1024 + 1)}
    looker.page.set_input_files("#file", large)
    assert "1 Mt" in looker.page.evaluate("document.getElementById('file').validationMessage")


def test_reading_how_the_formats_carry_the_structures(looker: Looker) -> None:
    looker.sign_in("auli")
    looker.page.click("nav.main a >> text=Kuvaukset")
    looker.page.wait_for_selector(".matrix")
    looker.judge("mappings")
    looker.page.click(f"a[href$='/mappings/effica/{PLAN}']")
    looker.page.wait_for_selector(".rows-table")
    looker.judge("mapping-effica")
    looker.page.click("a[href='#effica-status']")
    assert looker.page.is_visible("#effica-status")
    looker.page.click(".choices a >> text=omni360")
    looker.page.wait_for_url(f"**/mappings/omni360/{PLAN}")
    looker.judge("mapping-omni360")


def test_finding_a_structure_and_taking_its_form_along(looker: Looker) -> None:
    looker.sign_in("auli")
    looker.page.click("nav.main a >> text=Rakenteet")
    looker.page.wait_for_selector(".structures")
    looker.judge("structures")
    looker.page.fill("#q", "asiakkaan tilanteesta")
    looker.page.select_option("#type", "Suunnitelma")
    looker.page.keyboard.press("Enter")
    looker.page.wait_for_selector(".hits")
    looker.judge("structures-found")
    looker.page.click(f"a[href$='/structures/{PLAN}']")
    looker.page.wait_for_selector(".fields-table")
    looker.page.click(".fields-table summary >> nth=0")
    looker.judge("structure")
    with looker.page.expect_download() as download:
        looker.page.click(".downloads a >> nth=0")
    assert download.value.suggested_filename == "15020-2024.11.28-fi.pdf"
    looker.open("/structures?q=xyzzy")
    looker.judge("structures-none")


def test_the_dark_pages_have_contrast_too(looker: Looker, seeded: Seeded) -> None:
    looker.page.emulate_media(color_scheme="dark")
    looker.sign_in("oiva")
    looker.judge("overview-dark")
    for name, path in (
        ("deliveries", "/deliveries?state=held"),
        ("document", f"/documents/{seeded.newest.id}"),
        ("mappings", "/mappings"),
        ("mapping", "/mappings/omni360/15020"),
        ("structure", "/structures/15020"),
    ):
        looker.open(path)
        looker.judge(f"{name}-dark")


def test_signing_in_at_a_provider(looker: Looker, seeded: Seeded) -> None:
    provider = OpenIdProvider(lambda: NOW)
    app = Starlette()
    with Running(provider.application()) as other, Running(app) as running:
        provider.url, looker.address = other.url, running.url + MOUNT
        text = f"""[console]
            url = "{looker.address}"
            oidc_issuer = "{provider.url}"
            oidc_client = "{CLIENT}" """
        settings = settings_with(text, INTEROP_CONSOLE_OIDC_SECRET=SECRET)
        app.router.routes.append(Mount(MOUNT, application(seeded.parts, settings)))
        looker.open("/structures")
        assert looker.page.is_visible("#password")
        looker.judge("sign-in-provider")
        looker.page.click("text=Kirjaudu organisaation tunnuksella")
        looker.page.wait_for_url("**/structures")
        assert looker.page.inner_text("h1") == "Rakenteet"


def test_what_is_not_there_gets_a_page_that_leads_on(looker: Looker) -> None:
    looker.sign_in("auli")
    looker.forgiven = "status of 404"
    answer = looker.page.goto(f"{looker.address}/nothing")
    assert answer is not None
    assert answer.status == 404
    looker.judge("error")
    looker.page.click("text=Yleiskuvaan")
    looker.page.wait_for_selector("#live")


def test_pages_on_paper_are_white_and_bare(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("vilja")
    looker.page.emulate_media(media="print", color_scheme="dark")
    for name, path in (
        ("document", f"/documents/{seeded.newest.id}"),
        ("mapping", "/mappings/omni360/15020"),
        ("overview", "/"),
    ):
        looker.open(path)
        looker.shoot(f"{name}-print")
        assert looker.page.is_hidden("header.top")
        assert looker.page.is_hidden("footer")
        assert (
            looker.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        )
        assert looker.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        wash = looker.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--grey-wash')")
        assert wash.strip() == "#e9edef", "a dark screen must not make the paper dark"


def test_everything_can_be_reached_by_keyboard(looker: Looker) -> None:
    looker.sign_in("vilja")
    looker.open("/try")
    reached = []
    for _ in range(24):
        looker.page.keyboard.press("Tab")
        reached.append(looker.page.evaluate("(document.activeElement.id || document.activeElement.textContent.trim())"))
    for wanted in ("Siirry sisältöön", "Yleiskuva", "Rakenteet", "SV", "Kirjaudu ulos", "file", "format", "Tutki"):
        assert wanted in reached
    looker.page.focus("text=Kokeile esimerkillä")
    shown = looker.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    looker.page.keyboard.press("Enter")
    looker.page.wait_for_selector(".verdict")
    looker.page.focus(".tabs button >> text=Muodot")
    looker.page.keyboard.press("Enter")
    looker.page.wait_for_selector(".fields-list")
    looker.page.focus(".fields-list button >> nth=3")
    looker.page.keyboard.press("Enter")
    looker.page.wait_for_selector("#places mark")
    assert looker.page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    assert shown != "none"


def test_what_is_live_is_refreshed(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("oiva")
    looker.page.evaluate("document.querySelector('#attention-title').textContent = 'stale'")
    looker.page.wait_for_selector("#attention-title:not(:text('stale'))", timeout=9000)


def test_finding_who_did_what(looker: Looker, seeded: Seeded) -> None:
    looker.sign_in("auli")
    looker.page.click("nav.main a >> text=Valvontaloki")
    looker.page.wait_for_selector("table.audit")
    looker.judge("audit")
    looker.page.select_option("#what", "held")
    looker.page.fill("#document", seeded.newest.document or "")
    looker.page.click("button.primary")
    looker.page.wait_for_url("**what=held**")
    assert looker.page.locator("table.audit tbody tr").count() == 1
    looker.judge("audit-filtered")
