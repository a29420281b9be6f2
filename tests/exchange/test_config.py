from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from interop.config import SETTINGS, SYSTEM_SETTINGS, load, parse
from interop.errors import Invalid

KEY = base64.b64encode(bytes(range(32))).decode()
ENVIRONMENT = {"INTEROP_KEYS": f"a:{KEY}", "INTEROP_ACTIVE_KEY": "a"}


def test_the_least_that_must_be_given_gives_all_defaults() -> None:
    settings = parse("", ENVIRONMENT)
    assert settings.database_url == "sqlite:///var/interop.db"
    assert settings.keys == {"a": bytes(range(32))}
    assert (settings.first_retry, settings.longest_retry) == (timedelta(seconds=5), timedelta(hours=1))
    assert settings.systems == ()


def test_a_whole_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    path = tmp_path / "interop.toml"
    path.write_text(
        '[database]\nurl = "sqlite:///a.db"\n[keys]\nactive = "b"\n[log]\nlevel = "debug"\n'
        '[exchange]\nfirst_retry = 0.5\nlongest_retry = 60\n[systems.effica]\nkind = "effica"\n'
        'url = "http://127.0.0.1:1/documents"\ncontroller = "1.2.246.10.99999999.19.0"\nreceives = false\n'
    )
    both = {"INTEROP_KEYS": f"a:{KEY}, b:{KEY}", "INTEROP_DATABASE_URL": "sqlite:///b.db", "INTEROP_EFFICA_SECRET": "s"}
    settings = load(path, both)
    assert (settings.database_url, settings.active_key, settings.log_level) == ("sqlite:///b.db", "b", "debug")
    assert settings.first_retry == timedelta(seconds=0.5)
    system = settings.systems[0]
    assert (system.name, system.kind, system.sends, system.receives, system.secret) == ("effica",) * 2 + (
        True,
        False,
        "s",
    )


def test_all_mistakes_are_told_at_once_and_no_value_is() -> None:
    text = (
        'stray = 1\n[log]\nlevel = "hunter2"\ncolour = 1\n[exchange]\nfirst_retry = 0\n[systems.x]\nurl = "ftp://hunter2"\n'
        'controller = "hunter2"\nsends = "hunter2"\nkey_file = "/hunter2"\n[systems."Hunter2"]\n'
    )
    with pytest.raises(Invalid) as caught:
        parse(text, {"INTEROP_KEYS": "hunter2"})
    told = str(caught.value)
    assert "unter2" not in told
    for name in (
        "stray", "log.level", "log.colour", "exchange.first_retry", "INTEROP_KEYS", "INTEROP_ACTIVE_KEY",
        "systems.x.kind", "systems.x.url", "systems.x.controller", "systems.x.sends", "systems.x.key_file", "systems:",
    ):  # fmt: skip
        assert f"- {name}" in told or f"or {name}" in told, name
    assert told.count("\n- ") == 12


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("nonsense", ENVIRONMENT),
        ("systems = 1", ENVIRONMENT),
        ("", {**ENVIRONMENT, "INTEROP_ACTIVE_KEY": "b"}),
        ("", {**ENVIRONMENT, "INTEROP_KEYS": f"a:{KEY},a:{KEY}"}),
        ("", {**ENVIRONMENT, "INTEROP_KEYS": "a:AAAA"}),
        ("", {**ENVIRONMENT, "INTEROP_KEYS": "a:ä"}),
        ("[exchange]\nfirst_retry = 10\nlongest_retry = 1", ENVIRONMENT),
        ("[exchange]\nfirst_retry = true", ENVIRONMENT),
        ("[exchange]\nfirst_retry = nan", ENVIRONMENT),
    ],
)
def test_what_cannot_be_used_is_refused(text: str, environment: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        parse(text, environment)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe4"')
    for name in ("missing.toml", "latin.toml", "."):
        with pytest.raises(Invalid):
            load(tmp_path / name, ENVIRONMENT)


def test_each_kind_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        parse('[systems.x]\nkind = "omni360"\nurl = "https://a.example"\nuser = "u"', ENVIRONMENT)
    assert str(caught.value).count("a system of this kind needs it") == 3
    with pytest.raises(Invalid) as caught:
        parse('[systems.x]\nkind = "apotti"\nurl = "https://a.example"', ENVIRONMENT)
    assert str(caught.value).count("a system of this kind needs it") == 3


def test_settings_never_show_their_secrets() -> None:
    shown = repr(
        parse('[systems.x]\nkind = "effica"\nurl = "https://a.example"', {**ENVIRONMENT, "INTEROP_X_SECRET": "s3"})
    )
    assert KEY not in shown
    assert repr(bytes(range(32))) not in shown
    assert "s3" not in shown


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
    for setting in (*SETTINGS, *SYSTEM_SETTINGS):
        for name in filter(None, (setting.name, setting.variable)):
            assert f"`{name}`" in page, name
