"""The stand-ins that a site can be connected to: their files, their door and its refusals."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from interop.cli import application
from interop.cli.mail_site import MailSite
from interop.cli.sandbox_site import RecordSystems, door_of, opened
from interop.config import NEEDED, parse
from interop.errors import Conflict, Invalid, NotFound
from interop.sandboxes.faults import SWITCHES

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"INTEROP_KEYS": f"k1:{'A' * 43}=", "INTEROP_ACTIVE_KEY": "k1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("site") / "sandbox"
    with opened(place, RecordSystems) as files:
        assert all((place / name).is_file() for name in files)
        yield place
    assert not (place / "door.json").exists()


def ran(*words: object) -> Result:
    return CliRunner().invoke(application("sandbox"), ["sandbox", *map(str, words)])


def test_the_files_are_settings_of_every_kind_with_the_secrets_apart(folder: Path) -> None:
    text = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.toml")))
    name, _, secret = (folder / "secrets.env").read_text("utf-8").strip().partition("=")
    settings = parse(text, {**ENVIRONMENT, name: secret})
    assert {one.kind for one in settings.systems} == set(NEEDED) - {"kanta", "folder", "mail"}
    assert secret not in text
    for path in ("secrets.env", "door.json", "login", "apotti.pem"):
        assert stat.S_IMODE((folder / path).stat().st_mode) == 0o600


def test_a_document_is_filed_in_any_format_and_counted_where_it_arrives(folder: Path) -> None:
    assert "waits in SosiaaliEffica" in ran("file", "--in", folder, ROOT / "examples/plan.json").output
    assert ran("held", "--in", folder).output.split() == ["effica", "0", "drop", "0", "omni360", "0", "apotti", "0"]


def test_a_document_that_cannot_be_read_or_is_of_a_real_person_is_refused(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"nothing")
    assert isinstance(ran("file", "--in", folder, bad).exception, Invalid)
    real = (ROOT / "examples/plan-effica.xml").read_text("utf-8")
    code = "010280-952L"
    assert code in real
    bad.write_text(real.replace(code, "0101" + "80-1232"), "utf-8")
    refused = ran("file", "--in", folder, bad)
    assert isinstance(refused.exception, Invalid)
    assert code not in str(refused.exception)
    assert isinstance(ran("file", "--in", folder, tmp_path / "none").exception, NotFound)


def test_a_fault_is_thrown_by_its_name_as_often_as_asked(folder: Path) -> None:
    assert SWITCHES["omni360"]["busy"].meaning in ran("fault", "--in", folder, "omni360.busy").output
    assert isinstance(ran("fault", "--in", folder, "omni360.none").exception, NotFound)
    listed = ran("faults").output
    assert all(f"{system}.{name}" in listed for system, switches in SWITCHES.items() for name in switches)


def test_the_door_opens_with_its_token_alone(folder: Path) -> None:
    door = door_of(folder)
    shown = {"Authorization": f"Bearer {door.token}"}
    for method, path in (("POST", "faults/omni360/busy"), ("POST", "documents"), ("GET", "held")):
        assert httpx.request(method, f"{door.url}/{path}").status_code == 401
    for path, status in (("apotti/none", 404), ("none/busy", 404), ("omni360/busy?times=0", 400)):
        assert httpx.post(f"{door.url}/faults/{path}", headers=shown).status_code == status
    long = httpx.post(f"{door.url}/documents", headers=shown, content=b" " * (6 * 1024 * 1024))
    assert long.status_code == 413


def test_a_folder_that_holds_something_is_left_alone(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict), opened(folder, RecordSystems):
        pass
    assert json.loads((folder / "door.json").read_text("utf-8"))["url"]
    with pytest.raises(NotFound):
        door_of(tmp_path)


def test_a_mail_server_stands_with_its_settings_its_secret_and_its_mails(tmp_path: Path) -> None:
    place = tmp_path / "mailbox"
    with opened(place, MailSite) as files:
        assert files == ("mail.toml",)
        name, _, secret = (place / "secrets.env").read_text("utf-8").strip().partition("=")
        rest = 'role = "provider"\nstructures = ["15020"]\n'
        password = {"INTEROP_MAIL_COPY_PASSWORD": "avain-ja-lukko-42"}
        text = (place / "mail.toml").read_text("utf-8")
        (one,) = parse(text + rest, {**ENVIRONMENT, **password, name: secret}).systems
        assert (one.kind, one.secret) == ("mail", secret)
        assert secret not in text
        assert ran("held", "--in", place).output.split() == ["mail", "0"]
        assert SWITCHES["mail"]["refused"].meaning in ran("fault", "--in", place, "mail.refused").output
        assert isinstance(ran("file", "--in", place, ROOT / "examples/plan.json").exception, Invalid)
        for path in ("secrets.env", "door.json", "key.pem"):
            assert stat.S_IMODE((place / path).stat().st_mode) == 0o600
