"""Clients that prove themselves by the certificate of their connection, over TLS on a real socket."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import OWN, Service, fill, refused, running
from tests.systems.certificates import Authority, Pair


def fingerprint(pair: Pair) -> str:
    return sha256(ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())).hexdigest()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="module")
def known(authority: Authority) -> Pair:
    return authority.signed("known")


@pytest.fixture(scope="module")
def secure(authority: Authority, known: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A filled service that speaks TLS, and knows one client by its certificate."""
    own = authority.signed("service")
    more = (
        f'tls_cert = "{own.certificate}"\ntls_key = "{own.key}"\nclient_ca = "{authority.path}"\n'
        f'[clients.casework]\ncontroller = "{OWN}"\nscopes = "system/CarePlan.rs"\n'
        f'certificate = "{fingerprint(known)}"\n'
    )
    with running(tmp_path_factory.mktemp("secure"), more) as made:
        fill(made)
        yield made


def asked(secure: Service, authority: Authority, pair: Pair | None, path: str) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(authority.path))
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    with httpx.Client(verify=context, trust_env=False, timeout=30) as http:
        return http.get(f"{secure.url.replace('http://', 'https://')}/fhir{path}")


def test_a_certificate_that_the_settings_name_opens_its_scopes(
    secure: Service, authority: Authority, known: Pair
) -> None:
    found = asked(secure, authority, known, "/CarePlan")
    assert len(found.json()["entry"]) == 1
    assert found.json()["link"][0]["url"].startswith("https://")
    assert refused(asked(secure, authority, known, "/Goal")) == (403, "scope_does_not_allow_it")


def test_without_a_certificate_a_token_is_needed(secure: Service, authority: Authority) -> None:
    assert refused(asked(secure, authority, None, "/CarePlan")) == (401, "token_is_missing")
    assert asked(secure, authority, None, "/metadata").status_code == 200


def test_a_certificate_that_the_settings_do_not_name_opens_nothing(secure: Service, authority: Authority) -> None:
    other = authority.signed("other")
    assert refused(asked(secure, authority, other, "/CarePlan")) == (401, "token_is_missing")


@pytest.mark.parametrize("case", ["of another authority", "that has ended"])
def test_a_certificate_that_does_not_hold_gets_no_connection(
    secure: Service, authority: Authority, tmp_path: Path, case: str
) -> None:
    stranger = (
        Authority(tmp_path, "stranger").signed("known2")
        if case == "of another authority"
        else authority.signed("ended", ends_in=-timedelta(days=2))
    )
    with pytest.raises(httpx.TransportError):
        asked(secure, authority, stranger, "/metadata")
