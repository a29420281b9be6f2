from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.issues import LANGUAGES
from validators.gate import GROUNDS, Receiver, Subject, decide

OWN, OTHER = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"


@pytest.mark.parametrize(
    ("document", "non_disclosure", "receiver", "outcome", "ground"),
    [
        (OWN, None, OWN, "permit", "receiver_has_the_same_controller"),
        (OWN, False, OWN, "permit", "receiver_has_the_same_controller"),
        (OWN, True, OWN, "hold", "client_is_under_non_disclosure"),
        (OWN, "true", OWN, "hold", "client_is_under_non_disclosure"),
        (OWN, None, OTHER, "deny", "receiver_has_another_controller"),
        (OWN, True, OTHER, "deny", "receiver_has_another_controller"),
        ("", None, OWN, "hold", "controller_is_not_known"),
        (OWN, None, "", "hold", "controller_is_not_known"),
        ("", None, "", "hold", "controller_is_not_known"),
    ],
)
def test_each_case_has_its_outcome_and_ground(
    document: str, non_disclosure: Any, receiver: str, outcome: str, ground: str
) -> None:
    decision = decide(Subject(document, non_disclosure), Receiver(receiver))
    assert (decision.outcome, decision.basis.id) == (outcome, ground)
    assert decision.as_json()["section"] == GROUNDS[ground].section


@given(st.text(max_size=3), st.sampled_from([None, True, False]), st.text(max_size=3))
def test_only_the_same_known_controller_without_an_order_is_permitted(
    document: str, non_disclosure: bool | None, receiver: str
) -> None:
    permitted = decide(Subject(document, non_disclosure), Receiver(receiver)).outcome == "permit"
    assert permitted == (document == receiver != "" and not non_disclosure)


def test_every_ground_is_worded_in_every_language_and_names_its_act() -> None:
    for ground in GROUNDS.values():
        assert set(ground.message) == set(LANGUAGES)
        assert ground.act.count("/") == 1
