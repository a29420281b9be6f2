from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.issues import LANGUAGES
from tests.gate.cases import CASES, case_in
from validators.gate import GROUNDS, QUESTIONS, Decision, decide

FOLDERS = sorted(CASES.iterdir())
RETIRED = {"client_is_under_non_disclosure"}


def decided(folder: Path) -> Decision:
    case = case_in(folder)
    return decide(case.subject, case.receiver, case.wills, case.at)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_case_has_its_decision(folder: Path) -> None:
    decision, expected = decided(folder), case_in(folder).expected
    assert (decision.outcome, decision.basis.id) == (expected["outcome"], expected["ground"])
    assert list(decision.permits) == expected.get("permits", [])
    if "redactions" in expected:
        assert list(decision.redactions) == expected["redactions"]


def test_every_ground_decides_a_case_and_does_not_hold_of_another() -> None:
    decisions = [decided(folder) for folder in FOLDERS]
    assert {one.basis.id for one in decisions} == set(GROUNDS) - RETIRED
    for ground in GROUNDS:
        answers = {step.holds for one in decisions for step in one.steps if step.ground.id == ground}
        assert answers == ({False} if ground in RETIRED else {True, False}), ground


def test_a_wrong_expectation_is_noticed() -> None:
    case = case_in(CASES / "own_register")
    elsewhere = replace(case.receiver, controller="1.2.3")
    assert decide(case.subject, elsewhere, {}, case.at).outcome != case.expected["outcome"]


def test_grounds_and_questions_are_the_same_and_denials_come_first() -> None:
    assert list(GROUNDS) == list(QUESTIONS)
    order = [ground.outcome for ground in GROUNDS.values()]
    assert order == sorted(order, key=["deny", "hold", "permit"].index)


def test_every_ground_is_worded_in_every_language_and_names_its_act() -> None:
    for ground in GROUNDS.values():
        assert set(ground.message) == set(LANGUAGES)
        assert all(text.endswith(".") for text in ground.message.values())
        assert ground.act.count("/") == 1


def test_every_step_is_told_and_the_stored_decision_holds_ids_alone() -> None:
    decision = decided(CASES / "order_and_free_text")
    assert [step.ground.id for step in decision.steps] == list(GROUNDS)
    stored = decision.as_json()
    assert stored["grounds"] == ["free_text_may_reveal_a_place", "receiver_has_the_same_controller"]
    assert stored["permitted_by"] == "receiver_has_the_same_controller"
    told = {"id", "at", "outcome", "ground", "act", "section", "permitted_by", "grounds", "permits", "redactions"}
    assert set(stored) == {*told, "disclosure"}
    assert decision.id == decided(CASES / "order_and_free_text").id != decided(CASES / "own_register").id
