"""Every switch of OMNI360's sandbox, thrown once over real sockets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from interop.errors import Busy, Conflict, InteropError, Unknown
from interop.sandboxes.faults import SWITCHES
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.systems.base import Receipt
from tests.systems.test_omni360 import FIRST, SECOND, bundle, connected, counts, outgoing


@dataclass(frozen=True)
class Case:
    """What a send ends in while the fault is on, and what sending again ends in after it; `times` the fault is met."""

    sent: type[InteropError] | Receipt
    again: type[InteropError] | str
    times: int = 1


def _rejected(codes: str) -> Receipt:
    return Receipt("rejected", reason=f"OMNI360 did not take the document: status 422, codes {codes}.")


SENDING = {
    "several_issues": Case(_rejected("required, invariant, unknown-category"), "accepted"),
    "contained_dropped": Case(Conflict, Conflict),
    "unknown_category": Case(_rejected("unknown-category"), "accepted"),
    "token_expires": Case(Receipt("accepted", "CarePlan/2"), "delivered"),
    "busy": Case(Busy, "accepted"),
    "answer_lost": Case(Unknown, "accepted"),
}
ELSEWHERE = {"stale_version", "webhook_early", "webhook_duplicate"}
"""Thrown by a test below, or by those of the webhook."""


def test_every_switch_has_its_case() -> None:
    assert SENDING.keys() | ELSEWHERE == SWITCHES["omni360"].keys()


@pytest.mark.parametrize("fault", SENDING)
def test_a_fault_while_sending_leaves_one_plan_at_most(fault: str) -> None:
    case, sandbox = SENDING[fault], Omni360Sandbox()
    with connected(sandbox) as omni:
        sandbox.faults.on(fault, case.times)
        if isinstance(case.sent, Receipt):
            assert omni.send(outgoing()) == case.sent
        else:
            with pytest.raises(case.sent):
                omni.send(outgoing())
        if isinstance(case.again, str):
            assert omni.send(outgoing()).state == case.again
        else:
            with pytest.raises(case.again):
                omni.send(outgoing())
    assert counts(sandbox)[1] == 1


def test_a_wait_that_the_server_asks_for_is_passed_on() -> None:
    sandbox = Omni360Sandbox()
    with connected(sandbox) as omni:
        sandbox.faults.on("busy")
        with pytest.raises(Busy) as caught:
            omni.send(outgoing())
    assert caught.value.retry_after == 2


@pytest.mark.parametrize(("times", "ends"), [(1, "accepted"), (2, None)])
def test_a_stale_version_is_read_again_once_and_never_written_over(times: int, ends: str | None) -> None:
    sandbox = Omni360Sandbox()
    newer = outgoing(bundle(SECOND, 2, "Uusi", FIRST), SECOND, 2)
    with connected(sandbox) as omni:
        omni.send(outgoing())
        sandbox.faults.on("stale_version", times)
        if ends:
            assert omni.send(newer).state == ends
        else:
            with pytest.raises(Conflict, match="Somebody else"):
                omni.send(newer)
            assert sandbox.held("CarePlan")[0]["meta"]["versionId"] == "1"
    puts = [path for method, path in sandbox.requests if method == "PUT"]
    reads = [path for method, path in sandbox.requests if method == "GET" and "/CarePlan/" in path]
    assert len(puts) == len(reads) == 2


def test_an_update_that_drops_contained_parts_is_noticed_too() -> None:
    sandbox = Omni360Sandbox()
    newer = outgoing(bundle(SECOND, 2, "Uusi", FIRST), SECOND, 2)
    with connected(sandbox) as omni:
        omni.send(outgoing())
        sandbox.faults.on("contained_dropped")
        with pytest.raises(Conflict, match="dropped"):
            omni.send(newer)
    assert counts(sandbox)[2] == 1
