from __future__ import annotations

from pathlib import Path

import pytest

from interop.config import Settings, SystemSettings, parse
from interop.errors import Fault, Invalid
from interop.exchange.joining import KINDS, participants
from interop.systems.oauth import SigningKey

KEYS = {"INTEROP_KEYS": "a:" + "A" * 43 + "=", "INTEROP_ACTIVE_KEY": "a", "INTEROP_B_SECRET": "s"}
TEXT = """
[systems.a]
kind = "effica"
url = "http://127.0.0.1:9/documents"
controller = "1.2.246.10.99999999.19.0"

[systems.b]
kind = "omni360"
url = "http://127.0.0.1:9/fhir"
token_url = "http://127.0.0.1:9/token"
user = "interop"
owner = "1.2.246.10.99999999.10.3"
sends = false
"""


def settings(pem: Path) -> Settings:
    apotti = (
        f'[systems.c]\nkind = "apotti"\nurl = "http://127.0.0.1:9/"\nuser = "i"\nkey_id = "k"\nkey_file = "{pem}"\n'
    )
    return parse(TEXT + apotti, KEYS)


def test_each_kind_of_the_settings_becomes_its_system(tmp_path: Path) -> None:
    pem = tmp_path / "key.pem"
    pem.write_bytes(SigningKey.generate("k", 2048)._key.as_pem(private=True))
    joined = participants(settings(pem))
    assert {name: one.system.format for name, one in joined.items()} == {"a": "effica", "b": "omni360", "c": "apotti"}
    assert [joined["a"].controller, joined["b"].controller] == ["1.2.246.10.99999999.19.0", ""]
    assert [one.sends for one in joined.values()] == [True, False, True]


def test_a_key_that_is_none_is_told_without_its_text(tmp_path: Path) -> None:
    pem = tmp_path / "key.pem"
    pem.write_text("Salaisuus")
    with pytest.raises(Fault) as caught:
        participants(settings(pem))
    assert "Salaisuus" not in str(caught.value)


def test_a_key_file_that_is_gone_is_told() -> None:
    for path in (None, Path("missing")):
        with pytest.raises(Invalid):
            KINDS["apotti"](SystemSettings("c", "apotti", "http://127.0.0.1:9/", key_file=path))
