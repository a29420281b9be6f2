"""Certificates of both sides, over real sockets: who is trusted, and what is said when one is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from interop.config import SystemSettings
from interop.errors import Fault, Forbidden, InteropError, Unavailable
from interop.exchange.joining import KINDS
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.sandboxes.tls import ServerTls
from interop.systems.base import Receipt
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.omni360 import Omni360, Omni360Settings
from interop.systems.tls import Tls
from tests.systems.certificates import DAY, Authority, Pair
from tests.systems.test_effica import outgoing


@dataclass(frozen=True)
class Keys:
    """Who trusts whom: the server trusts `ours` as the authority of its clients, and we trust `theirs`."""

    ours: Authority
    theirs: Authority
    strangers: Authority


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("certificates")
    return Keys(*(Authority(folder, name) for name in ("ours", "theirs", "strangers")))


@contextmanager
def served(sandbox: EfficaSandbox, keys: Keys, server: Pair | None = None) -> Iterator[str]:
    pair = server or keys.theirs.signed("server")
    with Running(sandbox, tls=ServerTls(pair.certificate, pair.key, keys.ours.path)) as running:
        assert running.url.startswith("https://")
        yield running.url + sandbox.path


def refused(url: str, tls: Tls) -> InteropError:
    effica = Effica(EfficaSettings(url, tls=tls))
    try:
        with pytest.raises(InteropError) as caught:
            effica.send(outgoing())
        return caught.value
    finally:
        effica.close()


def test_with_the_right_certificate_a_document_is_delivered(keys: Keys) -> None:
    sandbox, client = EfficaSandbox(), keys.ours.signed("client")
    with served(sandbox, keys) as url:
        one = SystemSettings(
            "e", "effica", url, cert_file=client.certificate, key_file=client.key, ca_file=keys.theirs.path
        )
        effica = KINDS["effica"](one)
        assert effica.send(outgoing()) == Receipt("accepted")
        assert effica.settle(outgoing()) == Receipt("delivered", "E000001")
        assert all(one.ok for one in effica.check())
        effica.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("client", "why"), [
    ("none", "it demands a client certificate, and none is set"),
    ("strangers", "it does not trust the authority of our certificate"),
    ("expired", "our certificate has expired"),
])  # fmt: skip
def test_a_certificate_that_the_service_does_not_take_is_told_and_nothing_is_sent(
    keys: Keys, client: str, why: str
) -> None:
    made = {
        "none": None,
        "strangers": keys.strangers.signed("stranger"),
        "expired": keys.ours.signed("expired", -DAY),
    }[client]
    sandbox = EfficaSandbox()
    with served(sandbox, keys) as url:
        shown = Tls(keys.theirs.path, made.certificate, made.key) if made else Tls(keys.theirs.path)
        error = refused(url, shown)
        effica = Effica(EfficaSettings(url, tls=shown))
        (finding,) = effica.check()
        effica.close()
    assert isinstance(error, Forbidden)
    assert str(error) == f"SosiaaliEffica did not take our connection: {why}."
    assert (finding.ok, finding.found) == (False, str(error))
    assert sandbox.requests == []


@pytest.mark.parametrize(("server", "why"), [
    ("strangers", "an authority that we do not trust has signed it"),
    ("expired", "it has expired"),
    ("elsewhere", "it is for another server's address"),
])  # fmt: skip
def test_a_service_whose_certificate_we_do_not_take_is_sent_nothing(keys: Keys, server: str, why: str) -> None:
    made = {
        "strangers": keys.strangers.signed("false"),
        "expired": keys.theirs.signed("old", -DAY),
        "elsewhere": keys.theirs.signed("elsewhere", address="127.9.9.9"),
    }[server]
    sandbox, client = EfficaSandbox(), keys.ours.signed("client")
    with served(sandbox, keys, made) as url:
        error = refused(url, Tls(keys.theirs.path, client.certificate, client.key))
    assert isinstance(error, Unavailable)
    assert str(error) == f"The certificate of SosiaaliEffica was not accepted: {why}. Nothing was sent."
    assert sandbox.requests == []


def test_an_authority_that_only_the_settings_name_is_not_trusted_without_them(keys: Keys) -> None:
    with served(EfficaSandbox(), keys) as url:
        error = refused(url, Tls())
    assert "was not accepted" in str(error)


def test_a_key_that_is_not_the_certificates_is_our_own_mistake(keys: Keys) -> None:
    one, other = keys.ours.signed("one"), keys.ours.signed("other")
    with pytest.raises(Fault):
        Effica(EfficaSettings("https://127.0.0.1:1/", tls=Tls(keys.theirs.path, one.certificate, other.key)))


def test_omni360_takes_a_client_certificate_beside_its_token(keys: Keys) -> None:
    sandbox, client, server = Omni360Sandbox(), keys.ours.signed("client"), keys.theirs.signed("server")
    with Running(sandbox, tls=ServerTls(server.certificate, server.key, keys.ours.path)) as running:
        base, token = running.url + sandbox.path, running.url + sandbox.token_path
        for tls, answers in (
            (Tls(keys.theirs.path, client.certificate, client.key), True),
            (Tls(keys.theirs.path), False),
        ):
            omni = Omni360(Omni360Settings(base, token, "interop", "salainen", "urn:oid:1.2.3", tls))
            assert all(one.ok for one in omni.check()) is answers
            omni.close()
