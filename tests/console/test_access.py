"""Who may do what: each page and act, each role, and the ways in and out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import cast, get_args
from uuid import uuid4

import httpx
import pytest

from interop.config import parse
from interop.config.people import people
from interop.console import MOUNT
from interop.console.access import RIGHTS, RIGHTS_OF, Right, Who
from interop.console.application import PAGES, Page
from interop.console.asking import local_path
from interop.console.passwords import hashed, matches
from interop.console.safety import POLICY
from interop.console.sign_in import Passwords
from interop.console.visits import IDLE, LONGEST, Visits
from interop.errors import Invalid
from interop.exchange import Participant
from interop.sandboxes.running import Running
from tests.console.conftest import PASSWORD, ROLES, TOKEN, Seeded, Visit, Visitor, mounted, settings_with
from tests.console.seeding import NOW

GUARDED = [page for page in PAGES if page.needs is not None]
OPEN = {"/sign-in", "/sign-out", "/enter", "/oidc", "/oidc/back"}


def address(page: Page) -> str:
    known = {"delivery:int": "1", "document:uuid": str(uuid4()), "act": "retry"}
    return re.sub(r"\{([^}]+)\}", lambda found: known.get(found[1], "x"), page.path)


def asked(visitor: Visitor, page: Page) -> int:
    got = visitor.get(address(page)) if page.method == "GET" else visitor.post(address(page), {"reason": "-"})
    return int(got.status_code)


def test_only_the_ways_in_and_out_are_open_to_everybody() -> None:
    assert {page.path for page in PAGES if page.needs is None} == OPEN
    assert {page.needs for page in GUARDED} <= set(RIGHTS)
    assert set(RIGHTS) == set(get_args(Right)) == frozenset().union(*RIGHTS_OF.values())


@pytest.mark.parametrize("page", GUARDED, ids=lambda page: f"{page.method} {page.path}")
def test_nobody_gets_a_page_without_signing_in(visit: Visit, page: Page) -> None:
    visitor = visit()
    visitor.client.follow_redirects = False
    if page.method == "POST":
        assert asked(visitor, page) == 403
        return
    got = visitor.get(address(page))
    assert got.status_code == 303
    assert got.headers["location"].startswith(f"{MOUNT}/sign-in?next=")


@pytest.mark.parametrize("name", sorted(ROLES))
def test_each_role_gets_what_it_may_and_nothing_else(visit: Visit, name: str) -> None:
    visitor = visit(name)
    who = Who(name, (ROLES[name],))  # type: ignore[arg-type]
    for page in GUARDED:
        assert page.needs is not None
        assert (asked(visitor, page) == 403) is not who.may(page.needs), page.path


def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(visit: Visit) -> None:
    visitor = visit()
    wrong, nobody = visitor.sign_in("oiva", "väärä"), visitor.sign_in("joku")
    assert (wrong.status_code, nobody.status_code) == (403, 403)
    hidden = re.compile(r'value="[^"]*"')
    assert hidden.sub("", wrong.text) == hidden.sub("", nobody.text)
    assert visitor.get("/deliveries").url.path.endswith("/sign-in")


def test_after_five_wrong_passwords_the_right_one_waits_too() -> None:
    passwords = Passwords(people(f"oiva:operator:{hashed(PASSWORD)}"))
    for _ in range(5):
        assert passwords.who("oiva", "väärä", NOW) is None
    assert passwords.who("oiva", PASSWORD, NOW) is None
    assert passwords.who("oiva", PASSWORD, NOW + LONGEST) == Who("oiva", ("operator",))


def test_a_password_is_kept_as_a_salted_hash() -> None:
    one, two = hashed("sama sana"), hashed("sama sana")
    assert one != two
    assert matches("sama sana", one)
    assert not matches("samasana", one)
    assert not matches("x" * 10_000, one)


def test_a_form_without_its_token_is_refused(visit: Visit) -> None:
    visitor = visit("oiva")
    for form in ({}, {"form_token": ""}, {"form_token": "x"}, {"form_token": "ä"}):
        assert visitor.client.post(f"{visitor.address}/deliveries/1/retry", data=form).status_code == 403
        assert visitor.client.post(f"{visitor.address}/sign-out", data=form).status_code == 403


def test_the_cookie_is_for_the_server_alone_and_over_https_only_there(visit: Visit) -> None:
    told = visit().get("/sign-in").headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert f"path={MOUNT}" in told
    assert "secure" not in told
    for text in ('[console]\nurl = "https://interop.example/console"', '[http]\nbase_url = "https://interop.example"'):
        headers = visit(settings=settings_with(text)).get("/sign-in").headers
        assert "; secure" in headers["set-cookie"]
        assert "strict-transport-security" in headers
    near = visit(settings=settings_with('[http]\nbase_url = "http://127.0.0.1:8080"')).get("/sign-in").headers
    assert "; secure" not in near["set-cookie"]


def test_a_cookie_that_was_changed_is_no_cookie(visit: Visit) -> None:
    visitor = visit("oiva")
    cookie = visitor.client.cookies["interop_console"].strip('"')
    visitor.client.cookies.clear()
    visitor.client.cookies.set("interop_console", "A" + cookie[1:], path=MOUNT)
    assert visitor.get("/").url.path.endswith("/sign-in")


def test_after_the_sign_out_a_copy_of_the_cookie_is_of_no_use(visit: Visit) -> None:
    visitor = visit("oiva")
    cookie = visitor.client.cookies["interop_console"].strip('"')
    assert visitor.post("/sign-out").url.path.endswith("/sign-in")
    visitor.client.cookies.clear()
    visitor.client.cookies.set("interop_console", cookie, path=MOUNT)
    assert visitor.get("/").url.path.endswith("/sign-in")


def test_a_visit_ends_by_itself() -> None:
    visits = Visits(people(f"oiva:operator:{hashed(PASSWORD)}"))
    session: dict[str, object] = {}
    visits.begin(session, Who("oiva", ("operator",)), NOW, local=True)
    assert visits.who(session, NOW + IDLE, clicked=False) is not None
    assert visits.who(session, NOW + IDLE * 1.01, clicked=False) is None
    assert visits.who(session, NOW + IDLE * 0.9, clicked=True) is not None
    assert visits.who(session, NOW + IDLE * 1.8, clicked=False) is not None
    at = NOW
    while at < NOW + LONGEST:
        assert visits.who(session, at, clicked=True) is not None
        at += IDLE * 0.9
    assert visits.who(session, NOW + LONGEST * 1.01, clicked=True) is None


def test_one_who_is_taken_out_of_the_settings_is_out() -> None:
    session: dict[str, object] = {}
    Visits(()).begin(session, Who("oiva", ("operator",)), NOW, local=True)
    assert Visits(()).who(session, NOW, clicked=True) is None


def test_the_one_time_token_works_once_and_on_this_machine_alone(visit: Visit) -> None:
    visitor = visit(token=TOKEN)
    assert visitor.get("/enter?token=wrong").status_code == 403
    assert visitor.get("/enter?token=").status_code == 403
    assert visitor.get("/enter", params={"token": TOKEN}).status_code == 200
    assert visitor.get("/deliveries").url.path.endswith("/deliveries")
    assert visitor.get("/enter", params={"token": TOKEN}).status_code == 403
    assert visit().get("/enter?token=").status_code == 403
    elsewhere = visit(token=TOKEN)
    named = {"host": "interop.example"}
    assert elsewhere.get("/enter", params={"token": TOKEN}, headers=named).status_code == 404


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "", "x", "/a b"])
def test_nobody_is_sent_elsewhere_after_signing_in(wanted: str) -> None:
    assert local_path(wanted) == "/"
    assert local_path("/deliveries?state=held") == "/deliveries?state=held"


def test_each_answer_forbids_other_hosts_frames_and_inline_scripts(visit: Visit, seeded: Seeded) -> None:
    visitor = visit("oiva")
    for path in ("/", "/nothing", "/assets/console.css", f"/documents/{seeded.newest.id}"):
        told = visitor.get(path).headers
        policy = told["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert told["x-content-type-options"] == "nosniff"
    assert visitor.get("/").headers["cache-control"] == "no-store"
    assert "immutable" in visitor.get("/assets/console.css").headers["cache-control"]


def test_a_mistake_of_the_program_gets_a_page_that_leads_on_and_tells_nothing(seeded: Seeded) -> None:
    broken = replace(seeded.parts, participants=cast("Mapping[str, Participant]", None))
    with Running(mounted(broken, settings_with())) as running:
        client = httpx.Client(follow_redirects=True, trust_env=False, headers={"accept-language": "sv"})
        with client:
            got = Visitor(client, running.url + MOUNT).sign_in("vilja")
    assert got.status_code == 500
    assert "Ett fel inträffade i programmet" in got.text
    assert "Till översikten" in got.text
    assert "NoneType" not in got.text
    assert got.headers["content-security-policy"] == POLICY


def test_a_form_that_is_too_large_is_refused(visit: Visit) -> None:
    visitor = visit("oiva")
    assert visitor.client.post(f"{visitor.address}/sign-out", content=b"x" * (3 * 1024**2)).status_code == 413


@pytest.mark.parametrize(
    "value",
    ["oiva", "oiva:operator", "oiva:chief:H", "Oiva:operator:H", "oiva:operator:plain", "a:viewer:H,a:viewer:H"],
)
def test_people_that_are_not_understood_are_refused_without_their_hash(value: str) -> None:
    secret = hashed(PASSWORD)
    with pytest.raises(Invalid, match="INTEROP_CONSOLE_USERS") as told:
        settings_with(INTEROP_CONSOLE_USERS=value.replace("H", secret))
    assert secret not in str(told.value)


def test_a_provider_needs_all_that_is_told_of_it() -> None:
    with pytest.raises(Invalid, match=r"console\.oidc_issuer"):
        parse(
            '[console]\noidc_issuer = "https://id.example"',
            {"INTEROP_KEYS": "k:" + "A" * 43 + "=", "INTEROP_ACTIVE_KEY": "k"},
        )
