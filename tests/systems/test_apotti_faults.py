"""Every switch of Apotti's sandbox, thrown once over real sockets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from interop.errors import Busy, Conflict, Forbidden, InteropError, Unknown
from interop.sandboxes.faults import SWITCHES
from tests.systems.test_apotti import connected, outgoing, recent, seeded


@dataclass(frozen=True)
class Case:
    """What a send ends in while the fault is on. After it sending again ends as delivered; `notes` are filed then."""

    sent: type[InteropError] | str
    notes: int = 1


SENDING = {
    "created_without_body": Case("delivered"),
    "cut_after_filing": Case(Unknown),
    "forbidden_without_body": Case(Forbidden),
    "client_not_yet_known": Case(Busy),
    "patient_merged": Case("delivered"),
    "partial_result": Case(Forbidden),
    "filed_twice": Case("delivered", notes=2),
    "quota_used_up": Case(Busy),
    "behind_the_glass": Case(Conflict),
}


def test_every_switch_has_its_case() -> None:
    assert {*SENDING, "pages_expire"} == SWITCHES["apotti"].keys()


@pytest.mark.parametrize("fault", SENDING)
def test_a_fault_while_sending_never_makes_us_file_a_second_note(fault: str) -> None:
    case = SENDING[fault]
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        sandbox.faults.on(fault)
        if isinstance(case.sent, str):
            assert apotti.send(outgoing()).state == case.sent
        else:
            with pytest.raises(case.sent):
                apotti.send(outgoing())
        for _ in range(2):
            assert apotti.send(outgoing()).state == "delivered"
    assert len(sandbox.texts()) == case.notes


def test_pages_that_expire_are_asked_for_again() -> None:
    sandbox, _ = seeded(page_size=1)
    with connected(sandbox, **recent()) as apotti:
        first = apotti.send(outgoing())
        apotti.send(outgoing(version=2))
        sandbox.faults.on("pages_expire")
        assert apotti.settle(outgoing()) == first
        sandbox.faults.on("pages_expire", 2)
        with pytest.raises(Busy):
            apotti.settle(outgoing())


def test_a_quota_that_is_used_up_is_waited_for_until_the_next_day() -> None:
    sandbox, _ = seeded()
    with connected(sandbox, **recent()) as apotti:
        sandbox.faults.on("quota_used_up")
        with pytest.raises(Busy) as caught:
            apotti.send(outgoing())
    assert 3600 <= (caught.value.retry_after or 0) <= 26 * 3600
