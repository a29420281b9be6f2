"""An entry of the audit as a FHIR AuditEvent: valid by our own validator and by fhir.resources, for every word."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from interop.store import PURPOSES, WHATS, Entry
from interop.store.audit_entries import Purpose, What
from mappings.audit_event import ACTING, WORDS, audit_event, words_of
from schemas.fhir_definitions import Definitions
from validators.fhir import validate
from validators.fhir_structure import check_fhir_structure

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
DIGEST = "ab" * 32


def event(what: What = "delivered", purpose: Purpose = "care", **other: object) -> dict[str, object]:
    entry = Entry(NOW, "worker:w1", what, id="7f0c1b9e-0000-4000-8000-000000000000", purpose=purpose)
    return audit_event({**asdict(entry), "at": "2026-03-04T05:06:07.000Z", "clients": [], **other})


@pytest.mark.parametrize("what", WHATS)
def test_every_word_makes_a_valid_resource(what: What, definitions: Definitions) -> None:
    whole = event(
        what, clients=[DIGEST], document="1.2.246.10.99999999.11.2026.7", version=2, document_id="d", delivery=3,
        receiver="omni360", act="703/2023", section="9 §", decision="receiver_has_the_same_controller",
        cause="receiver_delivered", reason="Filed.", outcome="failure",
    )  # fmt: skip
    for made in (whole, event(what)):
        issues = validate(made, definitions)
        assert [(one.rule.id, one.path) for one in issues if one.rule.severity != "information"] == []
        assert check_fhir_structure(made) == []


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_has_a_code(purpose: Purpose, definitions: Definitions) -> None:
    issues = validate(event(purpose=purpose), definitions)
    assert [one.rule.id for one in issues if one.rule.severity != "information"] == []


def test_who_what_to_whom_and_on_which_ground_stand_in_their_places() -> None:
    made = event(
        "disclosed", clients=[DIGEST], document="1.2.3", version=2, receiver="apotti", act="703/2023", section="55 §",
        decision="permit_of_the_client",
    )  # fmt: skip
    agents = made["agent"]
    assert agents == [
        {
            "who": {"identifier": {"system": ACTING, "value": "worker:w1"}, "display": "worker:w1"},
            "requestor": True,
            "policy": ["https://sote-interop.example/fhir/NamingSystem/decision/permit_of_the_client"],
        },
        {"who": {"identifier": {"system": ACTING, "value": "apotti"}, "display": "apotti"}, "requestor": False},
    ]
    assert made["purposeOfEvent"][0]["text"] == "703/2023, 55 §"  # type: ignore[index]
    person, document = made["entity"]  # type: ignore[misc]
    assert person["what"]["identifier"]["value"] == DIGEST  # type: ignore[has-type]
    assert document["what"]["identifier"]["value"] == "urn:oid:1.2.3"  # type: ignore[has-type]
    assert made["meta"]["tag"] == [{"system": WORDS, "code": "disclosed"}]  # type: ignore[index]
    assert document["detail"] == [{"type": "version", "valueString": "2"}]  # type: ignore[has-type]


def test_words_are_found_by_what_they_become() -> None:
    assert words_of() == set(WHATS)
    assert words_of(type_code="110112") == {"searched"}
    assert words_of(type_code="110110", action="R") == {"viewed", "unmasked"}
    assert words_of(type_code="nothing") == frozenset()
