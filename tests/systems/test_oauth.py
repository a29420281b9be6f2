"""Access tokens: kept until shortly before they expire, and asked for in the way the server wants."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from interop.errors import Busy, Fault, Forbidden, InteropError, Unavailable
from interop.sandboxes.running import Running
from interop.systems.http import Http
from interop.systems.oauth import AssertionTokens, SecretTokens, SigningKey, grants, jwks, jwks_app


class Endpoint:
    """A token endpoint that gives what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Any = {"access_token": "a1", "expires_in": 100}
        self.status = 200
        self.asked: list[tuple[dict[str, str], str]] = []
        self.app = Starlette(routes=[Route("/token", self.serve, methods=["POST"])])

    async def serve(self, request: Request) -> Response:
        self.asked.append((dict(request.headers), (await request.body()).decode()))
        headers = {"Retry-After": "5"}
        return Response(json.dumps(self.answer), self.status, headers)


@contextmanager
def running(now: list[float]) -> Iterator[tuple[Endpoint, SecretTokens]]:
    endpoint = Endpoint()
    with Running(endpoint.app) as server, Http("Koe", server.url) as http:
        yield endpoint, SecretTokens(http, server.url + "/token", "oma:tunnus", "sala sana", lambda: now[0])


def test_a_token_is_kept_until_a_minute_before_it_expires() -> None:
    now = [1000.0]
    with running(now) as (endpoint, tokens):
        assert tokens.token() is tokens.token()
        now[0] = 1039.9
        tokens.token()
        assert len(endpoint.asked) == 1
        now[0] = 1040.0
        tokens.token()
        assert len(endpoint.asked) == 2


def test_a_token_that_was_refused_is_forgotten_and_a_newer_one_is_not() -> None:
    with running([1000.0]) as (endpoint, tokens):
        first = tokens.token()
        tokens.forget(first)
        second = tokens.token()
        tokens.forget(first)
        assert tokens.token() is second
        assert len(endpoint.asked) == 2
    assert "a1" not in repr(second)


def test_the_client_shows_its_id_and_secret_in_form_encoding() -> None:
    with running([1.0]) as (endpoint, tokens):
        tokens.token()
    ((headers, body),) = endpoint.asked
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"oma%3Atunnus:sala+sana"
    assert body == "grant_type=client_credentials"


@pytest.mark.parametrize(("status", "answer", "error"), [
    (400, {"error": "invalid_client"}, Forbidden), (401, {}, Forbidden), (403, {}, Forbidden), (429, {}, Busy),
    (503, {}, Busy), (500, {}, Unavailable), (200, {}, Unavailable), (200, [], Unavailable),
    (200, {"access_token": 7}, Unavailable), (200, {"access_token": "a\r\nX-Evil: 1"}, Unavailable),
    (200, {"access_token": ""}, Unavailable), (200, {"access_token": "ä"}, Unavailable),
])  # fmt: skip
def test_no_token_is_an_error_of_its_kind(status: int, answer: Any, error: type[InteropError]) -> None:
    with running([1.0]) as (endpoint, tokens):
        endpoint.status, endpoint.answer = status, answer
        with pytest.raises(error):
            tokens.token()


@pytest.mark.parametrize(("told", "life"), [
    (3600, 3600), ("3600", 3600), (None, 300), (-1, 300), ("x", 300), (True, 300), (10**12, 300), ([], 300),
])  # fmt: skip
def test_a_life_that_cannot_be_read_is_taken_to_be_short(told: Any, life: float) -> None:
    with running([1000.0]) as (endpoint, tokens):
        endpoint.answer = {"access_token": "a", "expires_in": told, "scope": "system/Patient.read"}
        token = tokens.token()
    assert (token.expires, token.scope) == (1000.0 + life, "system/Patient.read")


def test_an_assertion_is_signed_fresh_each_time_and_asks_for_no_scope() -> None:
    endpoint, key = Endpoint(), SigningKey.generate("k1", 2048)
    with Running(endpoint.app) as server, Http("Koe", server.url) as http:
        url = server.url + "/token"
        tokens = AssertionTokens(http, lambda: url, "sote", key, lambda: 1000.0)
        tokens.forget(tokens.token())
        tokens.token()
    bodies = [dict(httpx.QueryParams(body)) for _, body in endpoint.asked]
    assert all(set(body) == {"grant_type", "client_assertion_type", "client_assertion"} for body in bodies)
    keys = KeySet.import_key_set({"keys": [key.public()]})  # type: ignore[list-item]
    decoded = [jwt.decode(body["client_assertion"], keys, algorithms=["RS384"]) for body in bodies]
    claims = decoded[0].claims
    assert decoded[0].header["kid"] == "k1"
    assert claims["iss"] == claims["sub"] == "sote"
    assert claims["aud"] == url
    assert 0 < claims["exp"] - 1000 <= 300
    assert claims["jti"] != decoded[1].claims["jti"]


def test_a_client_that_is_new_is_waited_for_and_one_that_was_known_is_not() -> None:
    endpoint, key, now = Endpoint(), SigningKey.generate("k1", 2048), [1000.0]
    with Running(endpoint.app) as server, Http("Koe", server.url) as http:
        tokens = AssertionTokens(http, lambda: server.url + "/token", "sote", key, lambda: now[0], patience=3600)
        good, endpoint.status, endpoint.answer = endpoint.answer, 400, {"error": "invalid_client"}
        for later, error in ((0, Busy), (3599, Busy), (3600, Forbidden)):
            now[0] = 1000.0 + later
            with pytest.raises(error, match="invalid_client"):
                tokens.token()
        endpoint.status, endpoint.answer = 200, good
        tokens.forget(tokens.token())
        endpoint.status, endpoint.answer, now[0] = 400, {"error": "invalid_client"}, 1000.0
        with pytest.raises(Forbidden, match="invalid_client"):
            tokens.token()
        endpoint.answer = {"error": "unauthorized_client"}
        with pytest.raises(Forbidden, match="unauthorized_client"):
            tokens.token()
        endpoint.answer = {"error": "010181-900C"}
        with pytest.raises(Forbidden) as caught:
            tokens.token()
    assert "900C" not in str(caught.value)


def test_our_key_set_holds_public_halves_only() -> None:
    keys = [SigningKey.generate(kid, 2048) for kid in ("vanha", "uusi")]
    with Running(jwks_app(keys)) as server:
        answer = httpx.get(server.url + "/jwks.json", trust_env=False)
    assert (answer.status_code, [key["kid"] for key in answer.json()["keys"]]) == (200, ["vanha", "uusi"])
    assert all({"kty", "n", "e", "kid", "use", "alg"} == set(key) for key in answer.json()["keys"])
    assert jwks([*keys, keys[0]]) == answer.json()


def test_a_key_is_read_from_pem_and_rubbish_is_a_fault() -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert SigningKey.from_pem(pem, "k1").public()["kid"] == "k1"
    for rubbish in (b"", b"ei avain", pem[:200]):
        with pytest.raises(Fault):
            SigningKey.from_pem(rubbish, "k1")
    with pytest.raises(Fault):
        SigningKey.from_pem(pem, "")


@pytest.mark.parametrize(("scope", "resource", "action", "granted"), [
    ("system/Patient.read", "Patient", "read", True), ("system/Patient.read", "Patient", "write", False),
    ("system/*.read", "Goal", "read", True), ("user/Patient.*", "Patient", "write", True),
    ("system/Patient.rs", "Patient", "read", True), ("system/Patient.rs", "Patient", "write", False),
    ("system/Patient.cud", "Patient", "write", True), ("system/*.cruds", "Task", "write", True),
    ("system/PatientX.read", "Patient", "read", False), ("", "Patient", "read", False),
    ("system/Patient.write", "Patient", "read", False), ("openid system/Goal.read", "Goal", "read", True),
])  # fmt: skip
def test_a_scope_grants_in_both_spellings(scope: str, resource: str, action: str, granted: bool) -> None:
    assert grants(scope, resource, action) is granted
