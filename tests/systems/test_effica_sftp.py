"""The drop-folder adapter against a real SFTP server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from interop.config import SystemSettings
from interop.errors import Conflict, Fault, Forbidden, InteropError, NotFound, Unavailable
from interop.exchange.joining import KINDS
from interop.sandboxes.effica_sftp import EfficaSftpSandbox, new_login
from interop.systems.base import Acknowledgement, Arrival, Receipt
from interop.systems.effica_messages import MESSAGE_LIMIT
from interop.systems.effica_sftp import EfficaSftp, EfficaSftpSettings
from interop.systems.sftp import HostKey, SftpPlace
from tests.systems.test_effica import DOCUMENT, message, outgoing

IN = f"in/{DOCUMENT}_1.xml"
ACK = f"ack/{DOCUMENT}_1.ack.xml"


def key_pair(folder: Path, name: str) -> tuple[Path, str]:
    path = folder / name
    return path, new_login(path)


@contextmanager
def connected(folder: Path, **options: Any) -> Iterator[tuple[EfficaSftpSandbox, EfficaSftp]]:
    path, public = key_pair(folder, "login")
    with EfficaSftpSandbox(folder / "effica", public, **options) as sandbox:
        adapter = EfficaSftp(EfficaSftpSettings(place(sandbox, path)))
        try:
            yield sandbox, adapter
        finally:
            adapter.close()


def place(sandbox: EfficaSftpSandbox, key: Path, user: str = EfficaSftpSandbox.user, host_key: str = "") -> SftpPlace:
    known = HostKey.read(host_key or sandbox.host_key)
    return SftpPlace("127.0.0.1", sandbox.port, user, key, known, timeout=10)


def names(sandbox: EfficaSftpSandbox) -> list[str]:
    return sorted(str(path.relative_to(sandbox.root)) for path in sandbox.root.rglob("*") if path.is_file())


def test_a_message_stands_in_its_folder_until_it_is_acknowledged(tmp_path: Path) -> None:
    with connected(tmp_path, automatic=False) as (sandbox, effica):
        assert effica.settle(outgoing()) is None
        assert effica.send(outgoing()) == Receipt("accepted")
        assert names(sandbox) == [IN]
        assert effica.settle(outgoing()) == Receipt("accepted")
        sandbox.work()
        assert names(sandbox) == [ACK]
        assert effica.settle(outgoing()) == Receipt("delivered", "E000001")
        assert effica.send(outgoing()) == Receipt("delivered", "E000001")
        assert names(sandbox) == [ACK]


def test_a_message_is_written_in_the_folders_encoding_and_nothing_is_lost(tmp_path: Path) -> None:
    text = "Šárka sai 5 € – kahvia ☕ ja žižkov"
    with connected(tmp_path, automatic=False) as (sandbox, effica):
        effica.send(outgoing(message(text)))
        data = (sandbox.root / IN).read_bytes()
        sandbox.work()
        told = effica.settle(outgoing(message(text)))
    assert data.splitlines()[0].decode() == "<?xml version='1.0' encoding='ISO-8859-15'?>"
    assert "Šárka sai 5 € &#8211; kahvia &#9749; ja žižkov".encode("iso-8859-15") in data
    assert told == Receipt("delivered", "E000001")


def test_the_same_version_with_other_content_is_rejected_and_the_first_content_stays(tmp_path: Path) -> None:
    with connected(tmp_path, automatic=False) as (sandbox, effica):
        effica.send(outgoing())
        first = (sandbox.root / IN).read_bytes()
        assert effica.send(outgoing()) == Receipt("accepted")
        assert effica.send(outgoing(message("Muuta"))).state == "rejected"
        assert (sandbox.root / IN).read_bytes() == first


def test_what_waits_is_fetched_and_acknowledged(tmp_path: Path) -> None:
    with connected(tmp_path) as (sandbox, effica):
        first, second = sandbox.file(message()), sandbox.file(message(version=2))
        arrivals = effica.arrivals()
        assert arrivals == (Arrival(first, first), Arrival(second, second))
        assert effica.fetch(arrivals[0]) == effica.fetch(arrivals[0]) == message()
        effica.acknowledge(arrivals[0], Acknowledgement("AA", "ok", "Vastaanotettu."))
        effica.acknowledge(arrivals[0], Acknowledgement("AA", "ok", "Vastaanotettu."))
        assert effica.arrivals() == arrivals[1:]
        with pytest.raises(NotFound):
            effica.fetch(arrivals[0])
        with pytest.raises(Conflict):
            effica.acknowledge(arrivals[0], Acknowledgement("AE"))
        effica.acknowledge(arrivals[1], Acknowledgement("AE", "schema"))
        effica.acknowledge(arrivals[1], Acknowledgement("AA"))
    assert sandbox.acknowledgements == {first: "AA", second: "AA"}
    assert [name for name in names(sandbox) if name.startswith("out/")] == []


@pytest.mark.parametrize("name", ["S99999999", "../ack/x", "", "a/b", "x" * 300])
def test_a_name_that_nobody_knows_is_not_found_and_leads_nowhere(tmp_path: Path, name: str) -> None:
    with connected(tmp_path) as (_, effica):
        with pytest.raises(NotFound):
            effica.fetch(Arrival(name, "x"))
        with pytest.raises(NotFound):
            effica.acknowledge(Arrival(name, "x"), Acknowledgement("AA"))


def test_what_is_no_message_file_is_left_alone(tmp_path: Path) -> None:
    with connected(tmp_path) as (sandbox, effica):
        for name in ("half.xml.part", "notes.txt", ".hidden.xml"):
            (sandbox.root / "out" / name).write_bytes(message())
        assert effica.arrivals() == ()


def test_a_message_over_the_limits_is_rejected_before_anything_is_sent(tmp_path: Path) -> None:
    long = message("a" * MESSAGE_LIMIT)
    swelling = message("☕" * (MESSAGE_LIMIT // 6))
    with_attachments = message("<Liite/>" * 4)
    with connected(tmp_path) as (sandbox, effica):
        for payload, why in ((long, "longer than"), (swelling, "longer than"), (with_attachments, "attachments")):
            receipt = effica.send(outgoing(payload))
            assert (receipt.state, why in receipt.reason) == ("rejected", True)
        assert effica.send(outgoing(message("<Liite/>" * 3))).state == "accepted"
    assert list(sandbox.received) == [f"{DOCUMENT}_1"]


@pytest.mark.parametrize("kind", ["stranger", "user", "host"])
def test_a_key_that_is_not_known_opens_nothing(tmp_path: Path, kind: str) -> None:
    login, public = key_pair(tmp_path, "login")
    stranger, other = key_pair(tmp_path, "stranger")
    shown = {
        "stranger": {"key": stranger},
        "user": {"key": login, "user": "muu"},
        "host": {"key": login, "host_key": other},
    }
    error = {"stranger": Forbidden, "user": Forbidden, "host": Unavailable}[kind]
    with EfficaSftpSandbox(tmp_path / "effica", public) as sandbox:
        effica = EfficaSftp(EfficaSftpSettings(place(sandbox, **shown[kind])))  # type: ignore[arg-type]
        with pytest.raises(error, match="host key" if kind == "host" else "login key"):
            effica.send(outgoing())
        assert not any(one.ok for one in effica.check())
        effica.close()
        assert names(sandbox) == []


def test_a_server_that_shows_another_key_later_is_sent_nothing(tmp_path: Path) -> None:
    with connected(tmp_path) as (sandbox, effica):
        assert all(one.ok for one in effica.check())
        effica.close()
        sandbox.change_host_key()
        with pytest.raises(Unavailable, match="another host key"):
            effica.send(outgoing())


def test_settings_make_the_adapter(tmp_path: Path) -> None:
    login, public = key_pair(tmp_path, "login")
    with EfficaSftpSandbox(tmp_path / "effica", public) as sandbox:
        shown = {"user": sandbox.user, "key_file": login, "host_key": sandbox.host_key}
        effica = KINDS["effica_sftp"](SystemSettings("e", "effica_sftp", sandbox.url, **shown))  # type: ignore[arg-type]
        assert [(one.what, one.ok) for one in effica.check()] == [
            (one, True)
            for one in ("login", "in/", "out/", "ack/", "error/", "in/ written to", "ack/ written to", "clock")
        ]
        assert names(sandbox) == []
        assert effica.send(outgoing()).state == "accepted"
        effica.close()  # type: ignore[attr-defined]
        (sandbox.root / "error").rmdir()
        assert [one.what for one in effica.check() if not one.ok] == ["error/"]
        effica.close()  # type: ignore[attr-defined]


def test_a_folder_that_we_may_not_write_to_is_forbidden(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        # The superuser may write anywhere, so the folder is taken away in place of the right to it.
        with connected(tmp_path) as (sandbox, effica):
            (sandbox.root / "in").rmdir()
            with pytest.raises(NotFound):
                effica.send(outgoing())
        return
    with connected(tmp_path) as (sandbox, effica):
        (sandbox.root / "in").chmod(0o500)
        with pytest.raises(Forbidden):
            effica.send(outgoing())


def test_several_threads_share_one_adapter(tmp_path: Path) -> None:
    errors: list[InteropError] = []
    with connected(tmp_path) as (sandbox, effica):

        def send(version: int) -> None:
            try:
                effica.send(outgoing(version=version))
            except InteropError as error:
                errors.append(error)

        threads = [threading.Thread(target=send, args=(version,)) for version in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert len(sandbox.received) == 8


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 %%%", "ssh-ed25519 AAAA", "muu " + "A" * 80])
def test_what_is_no_host_key_is_our_own_mistake(text: str) -> None:
    with pytest.raises(Fault):
        HostKey.read(text)


def test_what_is_no_login_key_is_our_own_mistake(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ei avain")
    _, public = key_pair(tmp_path, "host")
    for path in (tmp_path / "key", tmp_path / "gone"):
        with pytest.raises(Fault):
            EfficaSftp(EfficaSftpSettings(SftpPlace("127.0.0.1", 1, "x", path, HostKey.read(public))))
