"""The examination of a whole installation, with real faults in the sandboxes, the files and the database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from interop.cli import application
from interop.doctor import Bounds, Diagnosis, examined
from interop.doctor.databases import judged
from interop.doctor.diagnosis import ADVICE
from interop.exchange.joining import KINDS
from interop.sandboxes.apotti import SCOPE, ApottiSandbox
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.effica_sftp import EfficaSftpSandbox, new_login
from interop.sandboxes.faults import Fault
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.sandboxes.tls import ServerTls
from interop.store import KeyRing, Store
from interop.store.condition import Condition
from interop.systems.http import Http
from interop.systems.oauth import SigningKey, jwks_app
from tests.store.postgresql import fresh_database, running
from tests.systems.certificates import DAY, Authority
from tests.systems.test_checks import without

KEY = bytes(range(32))
OTHER = bytes(range(32, 64))
SECRET = "010181-900C"
"""A secret that has the form of an identity code, so that neither may show."""
CONTROLLER = "1.2.246.10.99999999.19.0"


class Site:
    """An installation in a folder, with the sandboxes that its settings name."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.tables: dict[str, dict[str, Any]] = {}
        self.environment = {
            "INTEROP_DATABASE_URL": f"sqlite:///{folder}/interop.db", "INTEROP_ACTIVE_KEY": "k1",
            "INTEROP_KEYS": f"k1:{base64.b64encode(KEY).decode()}",
        }  # fmt: skip

    def database(self, ring: KeyRing | None = None) -> None:
        Store(self.environment["INTEROP_DATABASE_URL"], ring or KeyRing("k1", {"k1": KEY})).close()

    def effica(self, name: str = "effica", ahead: float = 0.0, tls: ServerTls | None = None) -> EfficaSandbox:
        box = EfficaSandbox()
        url = self._stack.enter_context(Running(box, tls=tls, ahead=ahead)).url
        self.tables[name] = {"kind": "effica", "url": url + box.path, "controller": CONTROLLER}
        return box

    def folder_of_effica(self) -> EfficaSftpSandbox:
        login = self.folder / "login"
        public = new_login(login)
        login.chmod(0o600)
        box = self._stack.enter_context(EfficaSftpSandbox(self.folder / "drop", public))
        self.tables["drop"] = {
            "kind": "effica_sftp", "url": box.url, "user": box.user, "key_file": str(login), "host_key": box.host_key,
            "controller": CONTROLLER,
        }  # fmt: skip
        return box

    def omni360(self) -> Omni360Sandbox:
        box = Omni360Sandbox(("interop", SECRET))
        url = self._stack.enter_context(Running(box)).url
        self.tables["omni"] = {
            "kind": "omni360", "url": url + box.path, "token_url": url + box.token_path, "user": "interop",
            "owner": "1.2.246.10.99999999.10.3", "controller": CONTROLLER,
        }  # fmt: skip
        self.environment["INTEROP_OMNI_SECRET"] = SECRET
        return box

    def apotti(self, scope: str = SCOPE) -> ApottiSandbox:
        box, path = ApottiSandbox(), self.folder / "apotti.pem"
        key = SigningKey.generate("a1", 2048)
        path.write_bytes(key.private_pem())
        path.chmod(0o600)
        keys = self._stack.enter_context(Running(jwks_app([key]))).url
        url = self._stack.enter_context(Running(box)).url
        box.register("interop", f"{keys}/jwks.json", scope=scope)
        self.tables["apotti"] = {
            "kind": "apotti", "url": url + box.path, "user": "interop", "key_file": str(path), "key_id": "a1",
            "controller": CONTROLLER,
        }  # fmt: skip
        return box

    def settings(self, more: str = "") -> Path:
        parts = [
            f"[systems.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for name, table in self.tables.items()
        ]
        path = self.folder / "interop.toml"
        path.write_text("\n".join([more, *parts]), "utf-8")
        return path

    def examined(self, more: str = "", seconds: float = 30) -> list[Diagnosis]:
        bounds = Bounds(timedelta(seconds=seconds))
        return list(examined(self.settings(more), self.environment, datetime.now(UTC), bounds))

    def wrong(self, more: str = "") -> list[tuple[str, str, str]]:
        return [(one.place, one.what, one.level) for one in self.examined(more) if one.level != "ok"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path, stack)


def ran(site: Site, monkeypatch: pytest.MonkeyPatch, *arguments: str, more: str = "") -> tuple[int, str]:
    for name, value in site.environment.items():
        monkeypatch.setenv(name, value)
    words = ["doctor", "--settings", str(site.settings(more)), *arguments]
    result = CliRunner().invoke(application("doctor"), words)
    return result.exit_code, result.output


def test_a_sound_installation_has_no_fault_and_is_left_as_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = site.effica(), site.omni360(), site.apotti()
    drop = site.folder_of_effica()
    site.database()
    before = (site.folder / "interop.db").read_bytes()
    assert site.wrong() == []
    code, printed = ran(site, monkeypatch)
    assert code == 0
    assert "faults: 0, warnings: 0" in printed
    for place in ("database", "keys", "effica", "omni", "apotti", "drop"):
        assert f"ok       {place}" in printed
    assert (site.folder / "interop.db").read_bytes() == before
    assert not [path for path in drop.root.rglob("*") if path.is_file()]
    assert not boxes[0].received
    assert {path.rpartition("/")[2] for box in boxes[1:] for _, path in box.requests} <= {"metadata", "token"}


def test_every_mistake_in_the_settings_is_told_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.tables["one"] = {"kind": "omni360", "url": "https://omni.example/r4", "ca_file": "/none.pem"}
    site.environment["INTEROP_ACTIVE_KEY"] = "k9"
    found = site.examined("[log]\nlevel = 'loud'\n")
    assert {(one.place, one.level) for one in found} == {("settings", "fault")}
    told = " ".join(one.found for one in found)
    assert all(part in told for part in ("log.level", "systems.one.ca_file"))
    assert len(found) >= 2
    code, printed = ran(site, monkeypatch, more="[log]\nlevel = 'loud'\n")
    assert code == 1
    assert f"faults: {len(found)}" in printed
    site.folder.joinpath("interop.toml").write_text("not toml", "utf-8")
    assert len(examined(site.folder / "interop.toml", {}, datetime.now(UTC), Bounds())) == 1
    assert len(examined(site.folder / "none.toml", {}, datetime.now(UTC), Bounds())) == 1


def test_settings_without_a_system_are_a_warning(site: Site) -> None:
    site.database()
    assert site.wrong() == [("settings", "systems", "warning")]


def test_what_is_settled_but_not_safe_is_a_warning(site: Site) -> None:
    site.database()
    site.apotti()
    (site.folder / "apotti.pem").chmod(0o644)
    del site.tables["apotti"]["controller"]
    assert site.wrong() == [("apotti", "controller", "warning"), ("apotti", "key_file", "warning")]
    site.tables["apotti"] = {"kind": "effica", "url": "http://effica.invalid/x", "controller": CONTROLLER}
    assert site.wrong()[0] == ("apotti", "url", "warning")


def test_a_database_that_is_not_there_yet_is_not_made(site: Site) -> None:
    site.effica()
    assert site.wrong() == [("database", "tables", "warning")]
    assert not (site.folder / "interop.db").exists()


def test_a_database_of_another_form_is_named_and_left_as_it_is(site: Site) -> None:
    site.effica()
    site.database()
    for form, level in (("0001", "warning"), ("9999", "fault")):
        engine = create_engine(site.environment["INTEROP_DATABASE_URL"])
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :form"), {"form": form})
        engine.dispose()
        (found,) = [one for one in site.examined() if one.level != "ok"]
        assert (found.place, found.what, found.level) == ("database", "tables", level)
        assert f"form {form}" in found.found


def test_a_file_that_is_no_database_and_an_address_that_is_none(site: Site) -> None:
    site.effica()
    (site.folder / "interop.db").write_bytes(b"this is no database" * 100)
    (seen,) = [one for one in site.examined() if one.level != "ok"]
    assert (seen.what, seen.found) == ("reached", "What the database URL names is no SQLite database.")
    site.environment["INTEROP_DATABASE_URL"] = f"sqlite:///{site.folder}"
    assert site.wrong() == [("database", "reached", "fault")]
    site.environment["INTEROP_DATABASE_URL"] = "no address"
    assert site.wrong() == [("database", "reached", "fault")]
    site.environment["INTEROP_DATABASE_URL"] = "postgresql://interop:hush@127.0.0.1:9/none"
    found = [one for one in site.examined() if one.level != "ok"]
    assert [(one.place, one.what) for one in found] == [("database", "reached")]
    assert "hush" not in repr(found)


@pytest.mark.parametrize(("condition", "wrong"), [
    (Condition("0001", newest="0001", journal="delete", free=10**10), [("write-ahead log", "warning")]),
    (Condition("0001", newest="0001", journal="wal", free=10**9), [("free space", "warning")]),
    (Condition("0001", newest="0001", journal="wal", free=10**7), [("free space", "fault")]),
    (Condition("0001", newest="0001", ahead=-61.0), [("clock", "fault")]),
    (Condition("0001", newest="0001", ahead=59.0), []),
    (Condition("0001", newest="0001", takes_writes=False), [("takes writes", "fault")]),
])  # fmt: skip
def test_what_a_database_is_like_is_judged(condition: Condition, wrong: list[tuple[str, str]]) -> None:
    assert [(one.what, one.level) for one in judged(condition) if one.level != "ok"] == wrong


def test_a_key_in_use_that_is_not_in_the_ring_or_is_another_one(site: Site) -> None:
    site.effica()
    site.database(KeyRing("k0", {"k0": OTHER}))
    assert site.wrong() == [("keys", "k0", "fault")]
    site.environment["INTEROP_KEYS"] += f",k0:{base64.b64encode(bytes(32)).decode()}"
    (found,) = [one for one in site.examined() if one.level != "ok"]
    assert found.found.startswith("does not open")
    site.environment["INTEROP_KEYS"] = f"k1:{base64.b64encode(OTHER).decode()},k0:{base64.b64encode(OTHER).decode()}"
    assert site.wrong() == [("keys", "ring", "warning")]


def test_on_postgresql_the_clock_and_the_tables_are_looked_at(site: Site) -> None:
    site.effica()
    with running() as server, fresh_database(server.url("postgres")) as url:
        site.environment["INTEROP_DATABASE_URL"] = url
        assert site.wrong() == [("database", "tables", "warning")]
        site.database()
        found = site.examined()
    assert [one for one in found if one.level != "ok"] == []
    assert {("database", "clock"), ("database", "tables"), ("keys", "k1")} <= {(one.place, one.what) for one in found}


@pytest.mark.parametrize(("ends", "level"), [(-DAY, "fault"), (20 * DAY, "warning"), (40 * DAY, "ok")])
def test_the_days_on_which_certificates_end(site: Site, ends: timedelta, level: str) -> None:
    ours, theirs = Authority(site.folder, "ours"), Authority(site.folder, "theirs")
    server, client = theirs.signed("server", ends), ours.signed("client", ends)
    site.effica(tls=ServerTls(server.certificate, server.key))
    client.key.chmod(0o600)
    site.tables["effica"] |= {
        "cert_file": str(client.certificate),
        "key_file": str(client.key),
        "ca_file": str(theirs.path),
    }
    site.database()
    http = f"[http]\ntls_cert = '{client.certificate}'\ntls_key = '{client.key}'\n"
    found = {(one.place, one.what): one for one in site.examined(http)}
    for place in (("effica", "cert_file"), ("effica", "server's certificate"), ("service", "http.tls_cert")):
        assert found[place].level == level
    assert found["effica", "ca_file"].level == "warning"
    assert found["effica", "ListInbox"].level == ("fault" if level == "fault" else "ok")
    if level == "fault":
        assert "it has expired" in found["effica", "ListInbox"].found


def test_a_file_that_holds_no_certificate(site: Site) -> None:
    site.effica()
    site.database()
    (site.folder / "ca.pem").write_text("no certificate", "utf-8")
    site.tables["effica"]["ca_file"] = str(site.folder / "ca.pem")
    assert site.wrong() == [("effica", "ca_file", "fault"), ("effica", "settings", "fault")]


def test_a_clock_that_is_far_off_is_named(site: Site) -> None:
    site.effica(ahead=-300)
    site.database()
    (found,) = [one for one in site.examined() if one.level != "ok"]
    assert (found.place, found.what, found.level) == ("effica", "clock", "fault")
    assert "behind ours" in found.found


def test_what_a_system_does_not_offer_is_named(site: Site) -> None:
    omni, apotti = site.omni360(), site.apotti(SCOPE.replace(" system/DocumentReference.write", ""))
    site.database()
    statement = json.loads(_statement(site.tables["omni"]["url"]))
    omni.faults.lay(Fault("answer", 200, {}, without(statement, "CarePlan", "update")), path="/metadata")
    assert site.wrong() == [("omni", "CarePlan", "fault"), ("apotti", "granted scope", "fault")]
    assert apotti.held("DocumentReference") == []


def test_a_folder_that_we_may_not_write_to_or_that_is_not_there(site: Site) -> None:
    box = site.folder_of_effica()
    site.database()
    box.faults.on("write_refused", 2)
    assert site.wrong() == [("drop", "in/ written to", "fault"), ("drop", "ack/ written to", "fault")]
    (box.root / "error").rmdir()
    assert site.wrong() == [("drop", "error/", "fault")]
    box.change_host_key()
    assert site.wrong() == [("drop", "login", "fault")]


def test_a_system_that_is_away_or_silent_keeps_nobody_waiting(site: Site) -> None:
    site.database()
    site.tables["away"] = {"kind": "effica", "url": "http://127.0.0.1:9/documents", "controller": CONTROLLER}
    box = site.effica("sleeps")
    box.faults.lay(Fault("hang"), times=9)
    found = [one for one in site.examined(seconds=2) if one.level != "ok"]
    assert [(one.place, one.what) for one in found] == [("away", "ListInbox"), ("sleeps", "answer")]
    assert "could not be reached" in found[0].found


def test_no_secret_and_no_identity_code_is_printed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    omni = site.omni360()
    site.database()
    loud = {"resourceType": "CapabilityStatement", "fhirVersion": SECRET, "rest": []}
    omni.faults.lay(Fault("answer", 200, {}, json.dumps(loud).encode()), times=2, path="/metadata")
    for output in ("text", "json"):
        code, printed = ran(site, monkeypatch, "--output", output)
        assert code == 1
        assert "FHIR version" in printed
        for secret in (SECRET, base64.b64encode(KEY).decode()):
            assert secret not in printed


def test_the_findings_as_json(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.database()
    site.tables["away"] = {"kind": "effica", "url": "http://127.0.0.1:9/documents", "controller": CONTROLLER}
    code, printed = ran(site, monkeypatch, "--output", "json")
    told = json.loads(printed)
    (fault,) = [one for one in told["findings"] if one["level"] == "fault"]
    assert (code, told["faults"], told["warnings"]) == (1, 1, 0)
    assert fault["place"] == "away"
    assert fault["advice"] == ADVICE["system.ListInbox"]


def test_every_advice_is_given_somewhere() -> None:
    code = "".join(path.read_text("utf-8") for path in Path("interop/doctor").glob("*.py"))
    named = {name for name in ADVICE if f'"{name}"' in code}
    made = {f"{kind}_{end}" for kind in ("certificate", "server_certificate") for end in ("ends", "ended")}
    of_adapters = {name for name in ADVICE if name.partition(".")[0] in ("system", *KINDS) and "." in name}
    assert {*ADVICE} == named | made | of_adapters
    assert {name.partition(".")[0] for name in of_adapters} == {"system", "kanta", "folder", "mail"}


@pytest.mark.parametrize("name", ADVICE)
def test_every_advice_is_a_sentence_in_each_language(name: str) -> None:
    told = ADVICE[name]
    assert [*told] == ["fi", "sv", "en"]
    assert len({*told.values()}) == 3
    assert all(text.endswith(".") for text in told.values())


def test_the_advice_is_told_in_the_language_that_is_asked_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.database()
    for language, words in (("fi", "Lisää taulukko"), ("sv", "Lägg till en tabell"), ("en", "Add a table")):
        _, printed = ran(site, monkeypatch, "--lang", language)
        assert f"→ {words} [systems." in printed


def test_a_look_that_breaks_off_is_told_as_our_own_fault(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    site.effica()
    monkeypatch.setattr("interop.doctor.examination.database", broken)
    (found,) = [one for one in site.examined() if one.level != "ok"]
    assert (found.place, found.what, found.advice) == ("database", "examination", ADVICE["our_fault"])
    assert found.found == "it broke off (ZeroDivisionError)"


def _statement(url: str) -> bytes:
    with Http("OMNI360", url) as http:
        return http.call("GET", "metadata").body
