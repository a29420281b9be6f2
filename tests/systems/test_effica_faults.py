"""Every switch of SosiaaliEffica's two sandboxes, thrown once over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from interop.documents import examine
from interop.errors import Conflict, Forbidden, InteropError, Unavailable, Unknown
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.effica_sftp import EfficaSftpSandbox
from interop.sandboxes.faults import SWITCHES
from interop.systems.base import Receipt, System
from tests.systems import test_effica, test_effica_sftp
from tests.systems.test_effica import message, outgoing

DELIVERED = Receipt("delivered", "E000001")
LATE = Receipt("rejected", reason="SosiaaliEffica found an error in the document (AE, code late).")


@dataclass(frozen=True)
class Case:
    """What a send ends in while the fault is on, what reading back says after it, and how often the message is there.

    `told` has one entry for each time that is read back; `again` sends once more, after the fault.
    """

    sent: type[InteropError] | str
    told: Sequence[Receipt | type[InteropError] | None]
    stored: int
    again: bool = False


SENDING = {
    ("effica", "soap_fault"): Case(Unknown, [None], 1, again=True),
    ("effica", "disk_full"): Case(Unavailable, [None], 1, again=True),
    ("effica", "answer_lost"): Case(Unknown, [DELIVERED], 1, again=True),
    ("effica", "acknowledgement_never_comes"): Case("accepted", [Receipt("accepted")] * 3, 1),
    ("effica", "acknowledgement_of_unknown_id"): Case("accepted", [Unavailable, DELIVERED], 1),
    ("effica", "late_error"): Case("accepted", [LATE], 1),
    ("effica_sftp", "disk_full"): Case(Unavailable, [None], 1, again=True),
    ("effica_sftp", "write_refused"): Case(Forbidden, [None], 1, again=True),
    ("effica_sftp", "connection_lost_before_rename"): Case(Unknown, [None], 1, again=True),
    ("effica_sftp", "connection_lost_after_rename"): Case(Unknown, [DELIVERED], 1, again=True),
    ("effica_sftp", "acknowledgement_never_comes"): Case("accepted", [Receipt("accepted")] * 3, 0),
    ("effica_sftp", "acknowledgement_of_unknown_id"): Case("accepted", [Conflict], 1),
    ("effica_sftp", "late_error"): Case("accepted", [Receipt("accepted"), LATE], 1),
}
FETCHING = ("truncated_message", "wrong_prolog", "out_of_order")


@dataclass(frozen=True)
class Running:
    box: EfficaSandbox | EfficaSftpSandbox
    system: System
    work: Callable[[], None]


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Running]:
    if kind == "effica":
        soap = EfficaSandbox()
        with test_effica.connected(soap) as adapter:
            yield Running(soap, adapter, lambda: None)
    else:
        folder.mkdir(exist_ok=True)
        with test_effica_sftp.connected(folder) as (sandbox, sftp):
            yield Running(sandbox, sftp, sandbox.work)


def test_every_switch_has_its_case() -> None:
    thrown = {*SENDING, *((kind, name) for kind in ("effica", "effica_sftp") for name in FETCHING)}
    assert thrown == {(kind, name) for kind in ("effica", "effica_sftp") for name in SWITCHES[kind]}
    assert all(switch.meaning.endswith(".") for switches in SWITCHES.values() for switch in switches.values())


def test_every_switch_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "systems.md").read_text("utf-8")
    rows = {(system, name) for system, switches in SWITCHES.items() for name in switches}
    assert {row for row in rows if f"| `{row[0]}` | `{row[1]}` |" in page} == rows


@pytest.mark.parametrize(("kind", "fault"), SENDING, ids=str)
def test_a_fault_while_sending_loses_nothing_and_stores_nothing_twice(kind: str, fault: str, tmp_path: Path) -> None:
    case = SENDING[kind, fault]
    with running(kind, tmp_path) as found:
        found.box.faults.on(fault)
        if isinstance(case.sent, str):
            assert found.system.send(outgoing()).state == case.sent
        else:
            with pytest.raises(case.sent):
                found.system.send(outgoing())
        for told in case.told:
            if isinstance(told, type):
                with pytest.raises(told):
                    found.system.settle(outgoing())
            else:
                assert found.system.settle(outgoing()) == told
            found.work()
        if case.again:
            found.system.send(outgoing())
            assert found.system.settle(outgoing()) == DELIVERED
        assert len(found.box.received) == case.stored


@pytest.mark.parametrize("kind", ["effica", "effica_sftp"])
def test_a_spoilt_message_is_a_finding_and_no_error(kind: str, tmp_path: Path) -> None:
    rules = {"truncated_message": "xml_is_complete", "wrong_prolog": "xml_characters_are_as_declared"}
    for fault, rule in rules.items():
        with running(kind, tmp_path / fault) as found:
            found.box.faults.on(fault)
            found.box.file(message("Käynti sovittu ja kuntoutussuunnitelma laadittu yhdessä perheen kanssa"))
            (arrival,) = found.system.arrivals()
            issues = examine(found.system.fetch(arrival), "effica").issues
            assert [issue.rule.id for issue in issues] == [rule]


@pytest.mark.parametrize("kind", ["effica", "effica_sftp"])
def test_an_inbox_out_of_order_is_read_whole(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path) as found:
        names = [found.box.file(message(version=version)) for version in (1, 2, 3)]
        found.box.faults.on("out_of_order")
        assert [arrival.id for arrival in found.system.arrivals()] == names[::-1]
        assert [arrival.id for arrival in found.system.arrivals()] == names


def test_a_switch_that_a_system_does_not_have_cannot_be_thrown(tmp_path: Path) -> None:
    for kind in ("effica", "effica_sftp"):
        with running(kind, tmp_path / kind) as found, pytest.raises(KeyError):
            found.box.faults.on("ei ole")
