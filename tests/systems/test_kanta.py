"""Kanta's folders: real files, whole or not there, moved and never deleted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from interop.config import SystemSettings
from interop.errors import Conflict, Fault, Forbidden, NotFound, Unavailable, Unknown
from interop.exchange.joining import KINDS
from interop.sandboxes.faults import SWITCHES
from interop.sandboxes.kanta import KantaSandbox
from interop.systems.base import Acknowledgement, Arrival, Outgoing, Receipt
from interop.systems.folders import Folders
from interop.systems.kanta import FOLDERS, KantaFolder
from mappings.formats.kanta import Kanta
from schemas.limits import DEFAULT_LIMITS
from tests.kanta.test_kanta import example

PLAN = example()
DATA = Kanta().write(PLAN).data
NAME = f"{PLAN.document}_{PLAN.version}.xhtml"
OUTGOING = Outgoing("m-1", PLAN.document, PLAN.version, DATA)
TAKEN, REFUSED = Acknowledgement("AA", "taken_care_of"), Acknowledgement("AR", "unreadable", "Rules broken: x.")


@pytest.fixture
def box(tmp_path: Path) -> KantaSandbox:
    return KantaSandbox(tmp_path / "kanta and others")


@pytest.fixture
def kanta(box: KantaSandbox) -> KantaFolder:
    return KantaFolder(box.root)


def held(box: KantaSandbox) -> list[str]:
    return sorted(str(path.relative_to(box.root)) for path in box.root.rglob("*") if path.is_file())


def test_a_document_goes_whole_from_folder_to_folder(box: KantaSandbox, kanta: KantaFolder) -> None:
    assert kanta.settle(OUTGOING) is None
    assert kanta.send(OUTGOING) == Receipt("accepted")
    assert held(box) == [f"outbox/{NAME}"]
    assert kanta.settle(OUTGOING) == kanta.send(OUTGOING) == Receipt("accepted")
    box.faults.on("connector_stands_still")
    box.work()
    assert kanta.settle(OUTGOING) == Receipt("accepted")
    box.work()
    assert kanta.settle(OUTGOING) == kanta.send(OUTGOING) == Receipt("delivered")
    assert (held(box), box.received) == ([f"archived/{NAME}"], {NAME: DATA})


def test_a_refusal_of_kanta_is_a_rejection(box: KantaSandbox, kanta: KantaFolder) -> None:
    kanta.send(OUTGOING)
    box.faults.on("refused")
    box.work()
    told = kanta.settle(OUTGOING)
    assert told is not None
    assert (told.state, held(box)) == ("rejected", [f"refused/{NAME}"])
    assert kanta.send(OUTGOING) == told
    assert held(box) == [f"refused/{NAME}"]


@pytest.mark.parametrize("folder", ["outbox", "archived", "refused"])
def test_the_same_version_with_other_content_is_rejected_and_the_first_stays(
    box: KantaSandbox, kanta: KantaFolder, folder: str
) -> None:
    (box.root / folder / NAME).write_bytes(DATA)
    other = replace(OUTGOING, payload=DATA.replace(b"</body>", b" </body>"))
    assert kanta.send(other).state == "rejected"
    assert (held(box), (box.root / folder / NAME).read_bytes()) == ([f"{folder}/{NAME}"], DATA)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(OUTGOING, version=PLAN.version + 1),
        replace(OUTGOING, document="1.2.3"),
        replace(OUTGOING, document="../inbox/x"),
        replace(OUTGOING, document="010181-900C"),
        replace(OUTGOING, payload=b"<html/>"),
        replace(OUTGOING, payload=b"{}"),
    ],
    ids=["version", "document", "path", "identity code", "no metadata", "no XML"],
)  # fmt: skip
def test_a_document_goes_by_no_other_name_than_its_own(box: KantaSandbox, kanta: KantaFolder, wrong: Outgoing) -> None:
    with pytest.raises(Fault):
        kanta.send(wrong)
    assert held(box) == []


def killed_at(call: str, root: Path) -> int:
    """How a process ends that sends the plan and is killed when it comes to the call."""
    program = (
        "import os, pathlib, signal, sys\n"
        "from interop.systems.base import Outgoing\n"
        "from interop.systems.kanta import KantaFolder\n"
        "root, document, version, call = sys.argv[1:]\n"
        "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "owner, name = {'write': (os, 'fsync'), 'rename': (pathlib.Path, 'rename')}[call]\n"
        "setattr(owner, name, die)\n"
        "payload = sys.stdin.buffer.read()\n"
        "KantaFolder(pathlib.Path(root)).send(Outgoing('m', document, int(version), payload))\n"
    )
    arguments = [sys.executable, "-c", program, str(root), PLAN.document, str(PLAN.version), call]
    return subprocess.run(arguments, input=DATA, check=False, cwd=Path(__file__).parents[2]).returncode


@pytest.mark.parametrize("call", ["write", "rename"])
def test_a_crash_before_the_rename_leaves_no_document_and_the_next_run_leaves_no_rest(
    box: KantaSandbox, kanta: KantaFolder, call: str
) -> None:
    assert killed_at(call, box.root) == -signal.SIGKILL
    (part,) = held(box)
    assert part.startswith(f"outbox/{NAME}.")
    assert part.endswith(".part")
    box.work()
    assert (box.received, kanta.settle(OUTGOING)) == ({}, None)
    assert kanta.send(OUTGOING) == Receipt("accepted")
    assert held(box) == [f"outbox/{NAME}"]
    assert (box.root / "outbox" / NAME).read_bytes() == DATA


def test_a_crash_after_the_rename_is_settled_by_reading_back(
    box: KantaSandbox, kanta: KantaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: Path) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("interop.systems.folders._settled", lost)
        with pytest.raises(Unknown):
            kanta.send(OUTGOING)
    assert kanta.settle(OUTGOING) == Receipt("accepted")
    assert held(box) == [f"outbox/{NAME}"]


def test_a_full_disk_leaves_no_rest(box: KantaSandbox, kanta: KantaFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Unavailable):
            kanta.send(OUTGOING)
    assert held(box) == []


def test_a_run_that_another_has_overtaken_is_told(box: KantaSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(path: Path, _: bytes) -> None:
        assert path.parent == box.root / "outbox"

    monkeypatch.setattr("interop.systems.folders._written", overtaken)
    with pytest.raises(Unavailable):
        Folders("Kanta", box.root).write("outbox", NAME, DATA)


@pytest.mark.parametrize("folder", ["outbox", "archived", "refused"])
def test_a_folder_that_is_missing_is_no_empty_one(box: KantaSandbox, kanta: KantaFolder, folder: str) -> None:
    (box.root / folder).rmdir()
    for act in (kanta.settle, kanta.send):
        with pytest.raises(Unavailable):
            act(OUTGOING)
    assert held(box) == []
    assert [one.what for one in kanta.check() if not one.ok] == [f"{folder}/"]


def test_an_inbox_that_is_missing_is_no_empty_one(box: KantaSandbox, kanta: KantaFolder) -> None:
    (box.root / "inbox").rmdir()
    with pytest.raises(Unavailable):
        kanta.arrivals()
    assert [one.what for one in kanta.check() if not one.ok] == ["inbox/"]


def test_a_folder_that_does_not_let_us_in_is_told(
    box: KantaSandbox, kanta: KantaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("interop.systems.folders._written", shut)
    with pytest.raises(Forbidden):
        kanta.send(OUTGOING)
    assert held(box) == []


def test_what_waits_is_read_and_moved_aside_with_our_word(box: KantaSandbox, kanta: KantaFolder) -> None:
    first, second = box.file(DATA), box.file(b"<html")
    os.utime(box.root / "inbox" / second, ns=(1, 1))
    broken, good = kanta.arrivals()
    assert (good.id, broken.id) == (first, second)
    assert (kanta.fetch(good), kanta.fetch(broken)) == (DATA, b"<html")
    for _ in range(2):
        kanta.acknowledge(good, TAKEN)
        kanta.acknowledge(broken, REFUSED)
    assert kanta.arrivals() == ()
    assert held(box) == [
        f"done/{first}", f"done/{first}.ack.json", f"rejected/{second}", f"rejected/{second}.ack.json",
    ]  # fmt: skip
    assert (box.root / "done" / first).read_bytes() == DATA
    assert json.loads((box.root / "rejected" / f"{second}.ack.json").read_text("utf-8")) == {
        "file": second, "type": "AR", "code": "unreadable", "text": "Rules broken: x.",
    }  # fmt: skip
    with pytest.raises(NotFound):
        kanta.fetch(good)
    with pytest.raises(Conflict):
        kanta.acknowledge(good, REFUSED)


def test_a_name_that_comes_again_covers_nothing_up(box: KantaSandbox, kanta: KantaFolder) -> None:
    for number in (1, 2, 3):
        (box.root / "inbox" / "plan.xhtml").write_bytes(b"%d" % number)
        os.utime(box.root / "inbox" / "plan.xhtml", ns=(number, number))
        (arrival,) = kanta.arrivals()
        kanta.acknowledge(arrival, TAKEN)
        kanta.acknowledge(arrival, TAKEN)
    names = ("plan.xhtml", "plan.2.xhtml", "plan.3.xhtml")
    assert [(box.root / "done" / name).read_bytes() for name in names] == [b"1", b"2", b"3"]
    assert len(held(box)) == 6


def test_an_acknowledgement_that_was_cut_off_is_given_again(
    box: KantaSandbox, kanta: KantaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = box.file(DATA)
    (arrival,) = kanta.arrivals()

    def cut(*_: object) -> None:
        raise Unavailable("x")

    with monkeypatch.context() as patch:
        patch.setattr(Folders, "move", cut)
        with pytest.raises(Unavailable):
            kanta.acknowledge(arrival, TAKEN)
    assert kanta.arrivals() == (arrival,)
    kanta.acknowledge(arrival, TAKEN)
    assert held(box) == [f"done/{name}", f"done/{name}.ack.json"]


def test_a_file_that_is_changed_after_it_was_listed_is_not_taken_for_it(box: KantaSandbox, kanta: KantaFolder) -> None:
    name = box.file(DATA)
    (arrival,) = kanta.arrivals()
    (box.root / "inbox" / name).write_bytes(b"other")
    os.utime(box.root / "inbox" / name, ns=(1, 1))
    with pytest.raises(NotFound):
        kanta.fetch(arrival)
    with pytest.raises(NotFound):
        kanta.acknowledge(arrival, TAKEN)
    assert held(box) == [f"inbox/{name}"]


def test_a_document_that_is_too_long_is_read_as_far_as_shows_it(box: KantaSandbox, kanta: KantaFolder) -> None:
    name = box.file(b"")
    os.truncate(box.root / "inbox" / name, DEFAULT_LIMITS.size + 10)
    (arrival,) = kanta.arrivals()
    assert len(kanta.fetch(arrival)) == DEFAULT_LIMITS.size + 1


def test_what_is_no_document_is_left_alone_and_told_by_the_check(box: KantaSandbox, kanta: KantaFolder) -> None:
    assert all(one.ok for one in kanta.check())
    inbox = box.root / "inbox"
    for name in ("a.xhtml.part", "notes.txt", ".hidden.xhtml", "x" * 101 + ".xhtml"):
        (inbox / name).write_bytes(DATA)
    (inbox / "folder.xhtml").mkdir()
    (inbox / "link.xhtml").symlink_to(inbox / "notes.txt")
    assert kanta.arrivals() == ()
    (found,) = [one for one in kanta.check() if not one.ok]
    assert (found.what, found.found) == ("names in inbox", "4 other")


@pytest.mark.parametrize("name", ["../done/x.xhtml", "", "a/b.xhtml", "missing.xhtml", "x" * 300])
def test_a_name_that_nobody_knows_is_not_found_and_leads_nowhere(kanta: KantaFolder, name: str) -> None:
    with pytest.raises(NotFound):
        kanta.fetch(Arrival(name, "x"))
    with pytest.raises(NotFound):
        kanta.acknowledge(Arrival(name, "x"), TAKEN)


def test_the_settings_lead_to_the_folders(box: KantaSandbox) -> None:
    made = KINDS["kanta"](SystemSettings("k", "kanta", box.root.as_uri()))
    assert "%20" in box.root.as_uri()
    assert (made.format, made.capabilities().notifies) == ("kanta", False)
    assert all(one.ok for one in made.check())
    assert len(made.check()) == len(FOLDERS) + 1


def test_every_switch_has_its_case() -> None:
    assert SWITCHES["kanta"].keys() == {"connector_stands_still", "refused", "truncated_document"}
