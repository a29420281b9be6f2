from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from interop.errors import Busy, Conflict, Forbidden, InteropError, Unavailable, Unknown
from interop.exchange import CAUSES, Exchange, Pace, Parts, cause_in_words
from interop.systems.base import Receipt
from schemas.issues import LANGUAGES
from validators.gate import GROUNDS


def causes(exchange: Exchange, receiver: str) -> list[str]:
    store = exchange.parts.store
    one = store.deliveries(receiver=receiver)[0]
    return [transition.cause for transition in store.history(one.id)]


def test_a_plan_reaches_every_other_system_once_and_its_sender_is_told(world: Any) -> None:
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    world.later(exchange)
    assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}
    assert len(world.quick.filed) == len(world.slow.filed) == 1
    assert [one.type for one in world.source.answers["m1"]] == ["AA"]
    assert causes(exchange, "quick") == ["received", "attempt", "receiver_delivered"]
    assert causes(exchange, "slow") == ["received", "attempt", "receiver_accepted", "receiver_delivered"]
    decision = exchange.parts.store.history(1)[1].decision
    assert decision is not None
    assert (decision["outcome"], decision["act"]) == ("permit", "703/2023")
    assert exchange.parts.store.documents()[0].acknowledged_at is not None


def test_the_sender_hears_of_an_error_and_the_corrected_document_is_taken(world: Any) -> None:
    world.source.file("m1", world.plan(goal=""))
    exchange = world.exchange()
    world.later(exchange, 2)
    answers = world.source.answers["m1"]
    assert {(one.type, one.code, one.text) for one in answers} == {
        ("AE", "plan_has_a_goal", "Rules broken: plan_has_a_goal.")
    }
    assert world.states() == {}
    world.source.file("m1", world.plan())
    world.later(exchange)
    assert world.source.answers["m1"][-1].type == "AA"
    assert [one.status for one in exchange.parts.store.documents()] == ["accepted", "rejected"]
    assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}


def test_what_cannot_be_read_is_refused_and_kept(world: Any) -> None:
    world.source.file("m1", b"\xff\x00 no plan 010181-900C")
    exchange = world.exchange()
    world.later(exchange, 3)
    assert {one.type for one in world.source.answers["m1"]} == {"AR"}
    assert "010181" not in world.source.answers["m1"][0].text
    stored = exchange.parts.store.documents()
    assert [one.status for one in stored] == ["unreadable"]
    assert exchange.parts.store.payload(stored[0].id) == b"\xff\x00 no plan 010181-900C"


@pytest.mark.parametrize(
    "envelope",
    [
        {"document": "010181-900C"},
        {"document": ""},
        {"document": "1.2" + ".3" * 200},
        {"version": 0},
        {"placeholders": ["controller"]},
    ],
    ids=["identity code for an OID", "no OID", "endless OID", "version zero", "made-up controller"],
)
def test_a_document_that_does_not_name_itself_is_not_exchanged(world: Any, envelope: dict[str, Any]) -> None:
    world.source.file("m1", world.plan(envelope=envelope))
    world.later(world.exchange(), 2)
    assert {(one.type, one.code) for one in world.source.answers["m1"]} == {("AE", "document_does_not_name_itself")}
    assert world.states() == {}


def test_the_same_document_in_two_messages_is_taken_once(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.source.file("m2", world.plan() + b"\n")
    exchange = world.exchange()
    world.later(exchange)
    assert [one.type for one in (*world.source.answers["m1"], *world.source.answers["m2"])] == ["AA", "AA"]
    assert len(exchange.parts.store.documents()) == 1
    assert len(world.quick.filed) == 1


def test_the_same_version_with_other_content_is_an_error_and_overwrites_nothing(world: Any) -> None:
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    world.later(exchange)
    world.source.file("m2", world.plan(goal="elsewhere"))
    world.later(exchange)
    answers = world.source.answers["m2"]
    assert {(one.type, one.code) for one in answers} == {("AE", "document_version_is_here_with_other_content")}
    accepted = exchange.parts.store.filed("1.2.246.10.99999999.11.2026.7", 1)
    assert accepted is not None
    assert exchange.parts.store.payload(accepted.id) == world.plan()
    assert len(world.quick.filed) == 1


def test_a_lost_acknowledgement_is_repeated_and_nothing_else(world: Any) -> None:
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    world.later(exchange, 2)
    world.source.answers.clear()
    world.later(world.exchange(), 2)
    assert [one.type for one in world.source.answers["m1"]] == ["AA"]
    assert len(exchange.parts.store.documents()) == 1
    assert len(world.quick.filed) == 1


def test_one_document_that_the_program_fails_on_stops_no_other(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    good = world.examine

    def poisoned(data: bytes, form: str) -> Any:
        if b"poison" in data:
            raise KeyError("010181-900C")
        return good(data, form)

    world.examine = poisoned
    world.source.file("m0", world.plan(goal="poison"))
    world.source.file("m1", world.plan(2))
    exchange = world.exchange()
    with caplog.at_level(logging.INFO):
        world.later(exchange)
    assert world.states() == {"quick": ["delivered"], "slow": ["delivered"]}
    assert "m0" not in world.source.answers
    assert "010181" not in "".join(record.getMessage() for record in caplog.records)
    world.examine = good
    world.now += timedelta(hours=1)
    exchange.round()
    assert [one.type for one in world.source.answers["m0"]] == ["AA"]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (Busy("Wait."), "receiver_is_busy"),
        (Unavailable("Away."), "receiver_is_unavailable"),
        (Forbidden("No."), "receiver_refused_our_credentials"),
    ],
)
def test_a_receiver_that_cannot_be_reached_is_tried_again_later(world: Any, error: InteropError, cause: str) -> None:
    world.quick.sends = [error, error]
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    world.later(exchange, 6, seconds=0.4)
    assert causes(exchange, "quick") == ["received", "attempt", cause, "attempt", cause]
    world.later(exchange, 2, seconds=2)
    assert causes(exchange, "quick")[-2:] == ["attempt", "receiver_delivered"]
    assert exchange.parts.store.deliveries(receiver="quick")[0].attempts == 3


def test_retry_after_is_honoured(world: Any) -> None:
    world.quick.sends = [Busy("Wait.", retry_after=600)]
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    world.later(exchange, 9, minutes=1)
    assert world.quick.filed == []
    world.later(exchange, 2, minutes=1)
    assert len(world.quick.filed) == 1


def test_one_failed_connection_is_enough_for_a_round(world: Any) -> None:
    for number in range(5):
        content = world.plan(envelope={"document": f"1.2.3.{number}", "original": f"1.2.3.{number}"})
        world.source.file(f"m{number}", content)
    world.quick.sends = [Unavailable("Away.")] * 5
    exchange = world.exchange()
    exchange.round()
    assert len(world.quick.sends) == 4
    assert len(world.slow.filed) == 5


def test_a_lost_answer_is_read_back_before_anything_is_sent_again(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.quick.sends = [Unknown("Lost.")]
    world.slow.sends = [Unknown("Lost.")]
    exchange = world.exchange()
    exchange.round()
    world.slow.filed.append(("1.2.246.10.99999999.11.2026.7", 1))
    world.later(exchange)
    assert len(world.quick.filed) == len(world.slow.filed) == 1
    assert causes(exchange, "slow") == ["received", "attempt", "answer_lost", "receiver_delivered"]
    assert causes(exchange, "quick")[2:] == ["answer_lost", "receiver_has_no_trace", "attempt", "receiver_delivered"]


def test_a_receiver_that_cannot_be_read_back_is_asked_ever_more_seldom(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.quick.sends = [Unknown("Lost.")]
    world.quick.settles = [Unavailable("Away.")] * 3
    exchange = world.exchange()
    world.later(exchange, 12, seconds=1)
    assert world.states()["quick"] == ["unknown"]
    assert len(world.quick.settles) == 0
    assert world.quick.filed == []
    world.later(exchange)
    assert world.states()["quick"] == ["delivered"]


def test_an_accepted_document_that_vanished_is_asked_for_twice_before_it_is_sent_again(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.slow.settles = [None, Receipt("accepted"), Receipt("rejected", reason="The client has no relationship.")]
    exchange = world.exchange()
    world.later(exchange)
    assert len(world.slow.filed) == 1
    assert causes(exchange, "slow")[2:] == [
        "receiver_accepted",
        "receiver_has_no_trace",
        "receiver_accepted",
        "receiver_rejected",
    ]
    assert exchange.parts.store.history(2)[-1].reason == "The client has no relationship."


def test_a_receiver_that_needs_a_person_holds_its_delivery_until_released(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.quick.sends = [Conflict("There is no encounter to file the note under.")]
    exchange = world.exchange()
    world.later(exchange)
    assert world.states()["quick"] == ["held"]
    exchange.parts.store.release(1, world.now)
    world.later(exchange)
    assert world.states()["quick"] == ["delivered"]


def test_a_newer_version_goes_instead_of_an_older_one_that_waits(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.quick.sends = [Busy("Wait.", retry_after=3600)]
    exchange = world.exchange()
    exchange.round()
    world.source.file("m2", world.plan(2))
    world.later(exchange)
    assert world.states() == {"quick": ["superseded", "delivered"], "slow": ["delivered", "delivered"]}
    assert [version for _, version in world.quick.filed] == [2]


def test_a_newer_version_waits_until_the_older_ones_fate_is_known(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.quick.sends = [Unknown("Lost.")]
    exchange = world.exchange()
    exchange.round()
    world.source.file("m2", world.plan(2))
    exchange.round()
    assert world.states()["quick"] == ["unknown", "pending"]
    world.later(exchange)
    assert world.states()["quick"] == ["superseded", "delivered"]
    assert [version for _, version in world.quick.filed] == [2]


def test_the_gate_holds_denies_and_permits(world: Any) -> None:
    world.controllers = {"quick": "1.2.246.10.88888888.19.0", "slow": ""}
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    world.later(exchange)
    assert world.states() == {"quick": ["rejected"], "slow": ["held"]}
    assert causes(exchange, "quick") == ["received", "receiver_has_another_controller"]
    assert world.quick.filed == world.slow.filed == []
    exchange.parts.store.release(2, world.now)
    world.later(exchange)
    assert world.states()["slow"] == ["delivered"]


def test_a_free_text_that_may_tell_a_place_waits_for_a_person_and_goes_out_redacted(world: Any) -> None:
    envelope = {"non_disclosure": True, "author": {"unit": {"display": "Mallikylän asumisyksikkö"}}}
    world.source.file("m1", world.plan(envelope=envelope, plan={"paikka": "Kotipolku 1", "kuvaus": "Asuu Turussa."}))
    exchange = world.exchange()
    world.later(exchange)
    assert world.states() == {"quick": ["held"], "slow": ["held"]}
    assert causes(exchange, "quick") == ["received", "free_text_may_reveal_a_place"]
    exchange.parts.store.release(1, world.now)
    world.later(exchange)
    assert world.states()["quick"] == ["delivered"]
    (payload,) = world.quick.payloads
    assert b"Kotipolku" not in payload
    assert b"Asuu Turussa" in payload


def test_what_comes_up_after_a_release_holds_the_delivery_anew(world: Any) -> None:
    world.source.file("m1", world.plan())
    world.controllers = {"quick": ""}
    exchange = world.exchange()
    world.later(exchange, 2)
    exchange.parts.store.release(1, world.now)
    quick = exchange.parts.participants["quick"]
    unknown = replace(quick, facts=replace(quick.facts, ownership=""))
    parts = replace(exchange.parts, participants={**exchange.parts.participants, "quick": unknown})
    world.later(Exchange(parts), 2)
    assert world.states()["quick"] == ["held"]
    assert world.quick.filed == []


def test_a_format_that_cannot_hold_the_document_holds_the_delivery(world: Any) -> None:
    world.source.file("m1", world.plan(goal="unwritable"))
    world.later(world.exchange())
    assert world.states() == {"quick": ["held"], "slow": ["held"]}


def test_a_delivery_to_a_system_that_has_left_waits_for_a_person(world: Any) -> None:
    world.source.file("m1", world.plan())
    parts: Parts = world.parts()
    Exchange(parts).receive()
    left = {name: one for name, one in parts.participants.items() if name != "quick"}
    world.later(Exchange(replace(parts, participants=left)))
    assert world.states() == {"quick": ["held"], "slow": ["delivered"]}


def test_a_source_that_asks_to_wait_is_left_alone_so_long(world: Any) -> None:
    world.source.arrival_errors = [Busy("Wait.", retry_after=100), Unavailable("Away.")]
    world.source.file("m1", world.plan())
    exchange = world.exchange()
    world.later(exchange, 10, seconds=9)
    assert len(world.source.arrival_errors) == 1
    world.later(exchange, 4, seconds=60)
    assert world.states()["quick"] == ["delivered"]


def test_waits_double_up_to_the_longest_and_never_undercut_the_other_side() -> None:
    pace = Pace(timedelta(seconds=5), timedelta(minutes=1))
    assert [pace.wait(tries).total_seconds() for tries in range(6)] == [5, 5, 10, 20, 40, 60]
    assert pace.wait(10**9) == timedelta(minutes=1)
    assert pace.wait(1, 90) == timedelta(seconds=90)
    assert pace.wait(1, 1e12) == timedelta(days=1)
    assert pace.wait(1, -5) == timedelta(seconds=5)


def test_every_cause_has_its_words_in_every_language() -> None:
    for cause in (*CAUSES, *GROUNDS):
        for language in LANGUAGES:
            assert cause_in_words(cause, language).endswith("."), (cause, language)
    assert not set(CAUSES) & set(GROUNDS)


def test_a_stored_decision_names_the_law_and_nothing_of_the_document(world: Any) -> None:
    world.source.file("m1", world.plan(goal="Salainen"))
    exchange = world.exchange()
    world.later(exchange)
    assert "Salainen" not in json.dumps(exchange.parts.store.history(1)[1].decision)
