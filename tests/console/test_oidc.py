"""Signing in at an OpenID provider, over real HTTP: who gets in, and every token that must not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.routing import Mount

from interop.config import parse
from interop.console import MOUNT, application
from interop.errors import Invalid
from interop.sandboxes.running import Running
from tests.console.conftest import Seeded, settings_with
from tests.console.openid_provider import CLIENT, SECRET, Claims, OpenIdProvider
from tests.console.seeding import NOW

Sign = Callable[..., httpx.Response]


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    made = OpenIdProvider(lambda: NOW)
    with Running(made.application()) as running:
        made.url = running.url
        yield made


@pytest.fixture
def sign_in(provider: OpenIdProvider, seeded: Seeded) -> Iterator[Sign]:
    """Goes to a console of these settings, on to the provider, and back; the answer is the page where that ends."""
    with ExitStack() as stack:
        app = Starlette()
        running = stack.enter_context(Running(app))

        def go(more: str = "", *, path: str = "/oidc?next=/deliveries", issuer: str = "") -> httpx.Response:
            text = f"""[console]
                url = "{running.url}{MOUNT}"
                oidc_issuer = "{issuer or provider.url}"
                oidc_client = "{CLIENT}"
                {more}"""
            settings = settings_with(text, INTEROP_CONSOLE_OIDC_SECRET=SECRET)
            app.router.routes[:] = [Mount(MOUNT, application(seeded.parts, settings))]
            client = stack.enter_context(httpx.Client(follow_redirects=True, trust_env=False, timeout=30))
            return client.get(f"{running.url}{MOUNT}{path}")

        yield go


def test_whom_the_provider_confirms_comes_to_the_page_that_was_wanted(sign_in: Sign, provider: OpenIdProvider) -> None:
    got = sign_in()
    assert got.status_code == 200
    assert got.url.path == f"{MOUNT}/deliveries"
    assert "maija" in got.text
    assert "käyttövastaava" in got.text
    (asked,) = provider.asked
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert "openid" in asked["scope"].split()


@pytest.mark.parametrize(
    ("claim", "words", "role"),
    [
        ('oidc_roles = { "sote-operators" = "operator" }', {"roles": ["x", "sote-operators"]}, "käyttövastaava"),
        ('oidc_roles = { "sote-audit" = "auditor" }', {"roles": "sote-audit other"}, "valvoja"),
        ('oidc_roles_claim = "realm_access.roles"', {"realm_access": {"roles": ["viewer"]}}, "katselija"),
        ('oidc_roles_claim = "https://id.example/roles"', {"https://id.example/roles": ["viewer"]}, "katselija"),
    ],
)
def test_roles_come_from_the_claim_by_the_table(
    sign_in: Sign, provider: OpenIdProvider, claim: str, words: Claims, role: str
) -> None:
    del provider.person["roles"]
    provider.person |= words
    got = sign_in(claim)
    assert got.status_code == 200
    assert f'title="{role}"' in got.text


@pytest.mark.parametrize(
    "person",
    [
        {"roles": ["chief"]},
        {"roles": []},
        {"roles": None},
        {"roles": {"operator": True}},
        {"roles": [["operator"]]},
        {"preferred_username": "x" * 64},
        {"preferred_username": "010280-952L"},
        {"preferred_username": ["maija"]},
    ],
    ids=repr,
)
def test_one_without_a_role_or_a_usable_name_does_not_come_in(
    sign_in: Sign, provider: OpenIdProvider, person: Claims
) -> None:
    provider.person |= person
    got = sign_in()
    assert got.status_code == 403
    assert "sinulla ei ole roolia tässä konsolissa" in got.text


def test_a_role_of_ours_counts_for_nothing_once_there_is_a_table(sign_in: Sign) -> None:
    assert sign_in('oidc_roles = { "sote-operators" = "operator" }').status_code == 403


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def with_(**changes: Any) -> Callable[[Claims], Claims]:
    return lambda claims: claims | changes


AT = int(NOW.timestamp())
WRONG: dict[str, Callable[[Claims], Claims]] = {
    "nonce": with_(nonce="another"),
    "no nonce": without("nonce"),
    "audience": with_(aud="another-client"),
    "audience, though issued for us": with_(aud="another-client", azp=CLIENT),
    "audiences without a party": with_(aud=[CLIENT, "another-client"]),
    "party": with_(aud=[CLIENT, "another-client"], azp="another-client"),
    "no audience": without("aud"),
    "expired": with_(exp=AT - 61),
    "no expiry": without("exp"),
    "not yet": with_(nbf=AT + 61),
    "from tomorrow": with_(iat=AT + 86_400),
    "issuer": with_(iss="https://evil.example"),
    "no issuer": without("iss"),
    "no subject": without("sub"),
    "no token": lambda _: {},
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_token_that_says_the_wrong_thing_is_refused(
    sign_in: Sign, provider: OpenIdProvider, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.bend = WRONG[name]
    with caplog.at_level(logging.WARNING, "interop.console.oidc"):
        got = sign_in()
    assert got.status_code == 403
    assert "ei vahvistanut" in got.text
    assert [record.msg for record in caplog.records] == ["sign_in_not_confirmed"]


@pytest.mark.parametrize("offered", [["RS256"], ["RS256", "none"], ["none"], ["HS256"], []])
def test_a_token_without_a_signature_is_refused_whatever_the_provider_offers(
    sign_in: Sign, provider: OpenIdProvider, offered: list[str]
) -> None:
    provider.metadata["id_token_signing_alg_values_supported"] = offered
    provider.header = {"alg": "none"}
    assert sign_in().status_code == 403


def test_a_token_that_another_has_signed_is_refused(sign_in: Sign, provider: OpenIdProvider) -> None:
    provider.published = RSAKey.generate_key(2048, {"kid": "one"})
    assert sign_in().status_code == 403
    provider.published = RSAKey.generate_key(2048, {"kid": "two"})
    assert sign_in().status_code == 403


def test_a_new_key_of_the_provider_is_taken_up_by_itself(sign_in: Sign, provider: OpenIdProvider) -> None:
    assert sign_in().status_code == 200
    provider.key = RSAKey.generate_key(2048, {"kid": "new"})
    provider.header = {"alg": "RS256", "kid": "new"}
    assert sign_in().status_code == 200


def test_the_clocks_may_be_a_minute_apart(sign_in: Sign, provider: OpenIdProvider) -> None:
    provider.bend = with_(exp=AT - 30, iat=AT - 330)
    assert sign_in().status_code == 200
    provider.bend = with_(iat=AT + 30, nbf=AT + 30)
    assert sign_in().status_code == 200


def test_one_who_comes_back_without_having_left_is_refused(sign_in: Sign, provider: OpenIdProvider) -> None:
    provider.codes["stolen"] = {"nonce": "x", "redirect_uri": "x", "code_challenge": "x"}
    for query in ("code=stolen&state=guessed", "code=stolen", "error=access_denied", ""):
        got = sign_in(path=f"/oidc/back?{query}")
        assert got.status_code == 403, query
        assert "ei vahvistanut" in got.text


def test_a_provider_that_is_away_or_another_one_is_said_to_be(sign_in: Sign, provider: OpenIdProvider) -> None:
    assert sign_in(issuer="http://127.0.0.1:9").status_code == 503
    provider.metadata["issuer"] = "https://evil.example"
    got = sign_in()
    assert got.status_code == 503
    assert "Kirjautumispalveluun ei saada yhteyttä" in got.text


@pytest.mark.parametrize("value", ['"operator"', "{}", '{ "x" = "chief" }', '["operator"]'])
def test_a_table_of_roles_that_is_not_understood_is_refused(value: str) -> None:
    with pytest.raises(Invalid, match=r"console\.oidc_roles"):
        parse(f"[console]\noidc_roles = {value}", {"INTEROP_KEYS": "k:" + "A" * 43 + "=", "INTEROP_ACTIVE_KEY": "k"})
