"""What is disclosed to another controller, of the gate's own cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.gate.cases import CASES, OTHER, OWN, case_in
from validators.gate import Decision, Receiver, decide


def decided(name: str, **receiver: object) -> Decision:
    case = case_in(CASES / name)
    return decide(case.subject, replace(case.receiver, **receiver), case.wills, case.at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "ground"),
    [
        ("permit_names_the_provider", "permit_between_social_and_health_care"),
        ("plan_to_a_participant_with_permit", "plan_permit_names_the_receiver"),
    ],
)
def test_what_goes_to_another_controller_by_permit_is_disclosed(name: str, ground: str) -> None:
    given = decided(name).disclosure
    assert given is not None
    assert given.sender == OWN
    assert given.receiver not in (OWN, "")
    assert given.basis.id == ground


@pytest.mark.parametrize(
    "name",
    [
        "own_register",
        "own_copy",
        "prohibitions_do_not_stop_a_producer_for_the_controller",
        "no_permit_to_another_controller",
    ],
)
def test_what_stays_goes_to_the_client_or_is_denied_is_not_disclosed(name: str) -> None:
    assert decided(name).disclosure is None


def test_what_goes_through_kanta_is_accounted_for_there() -> None:
    assert decided("permit_names_the_provider", through_kanta=True).disclosure is None


def test_a_sector_of_the_same_controller_is_no_other_controller() -> None:
    case = case_in(CASES / "health_care_with_permit")
    decision = decide(case.subject, replace(case.receiver, controller=OWN), case.wills, case.at)
    assert (decision.outcome, decision.disclosure) == ("permit", None)


def test_where_it_is_not_known_whose_register_it_leaves_it_counts_as_disclosed() -> None:
    given = decided("document_without_a_controller", controller=OTHER).disclosure
    assert given is not None
    assert (given.sender, given.receiver) == ("", OTHER)


def test_a_client_is_no_controller_whatever_is_known() -> None:
    case = case_in(CASES / "document_without_a_controller")
    receiver = Receiver(controller=OTHER, sector="social", ownership="public", is_client=True)
    assert decide(case.subject, receiver, case.wills, case.at).disclosure is None
