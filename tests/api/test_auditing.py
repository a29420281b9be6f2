"""The audit over the API: read, searched by date, entity, agent and person, page by page, by the scope's name alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from interop.service.auditing import event_of
from interop.store import Entry, Sought
from mappings.audit_event import ACTING
from tests.api.conftest import Service, refused
from tests.api.test_reading import errors_in, resources

CODE = "010181-900C"
AT = datetime(2020, 3, 4, 5, 6, 7, tzinfo=UTC)
OID = "1.2.246.10.99999999.11.2020.7"


@pytest.fixture(scope="module")
def written(shared: Service) -> list[Entry]:
    """Entries of a day on which nothing else happened."""
    audit = shared.store.audit
    person = audit.pseudonym(CODE)
    return audit.append_all(
        [
            Entry(AT, "system:effica", "received", document=OID, version=1, clients=(person,)),
            Entry(AT + timedelta(hours=1), "worker:w", "denied", "failure", document=OID, version=1, receiver="apotti",
                  act="703/2023", section="54 §", ground="same_controller", decision="d1", clients=(person,)),
            Entry(AT + timedelta(hours=2), "user:oiva", "viewed", document="1.2.3", version=1),
        ]
    )  # fmt: skip


def words(bundle: dict[str, Any]) -> list[str]:
    return [one["meta"]["tag"][0]["code"] for one in resources(bundle)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["viewed", "denied", "received"]),
        ("&_sort=_lastUpdated", ["received", "denied", "viewed"]),
        ("&date=lt2020-03-04T06:00Z", ["received"]),
        ("&date=2020-03-05", []),
        (f"&entity.identifier=urn:ietf:rfc:3986|urn:oid:{OID}", ["denied", "received"]),
        (f"&entity:identifier={OID}&agent.identifier={ACTING}|worker:w", ["denied"]),
        ("&agent.identifier=user:oiva", ["viewed"]),
        ("&agent.identifier=https://other.example|user:oiva", []),
        ("&agent.identifier=user:oiva&agent.identifier=worker:w", []),
        ("&agent=user:oiva", []),
        ("&action=C", ["received"]),
        ("&type=110110", ["viewed"]),
        ("&type=110110&action=C", []),
        ("&_tag=viewed,denied", ["viewed", "denied"]),
        ("&_tag=viewed&_tag=denied", []),
        ("&outcome=4", ["denied"]),
        ("&outcome=8", []),
    ],
)
def test_a_search_finds_what_it_asks_for(
    shared: Service, written: list[Entry], query: str, expected: list[str]
) -> None:
    day = f"date=ge2020-03-04&date=lt2020-03-05{query}"
    answer = shared.get(f"/AuditEvent?{quote(day, safe='&=')}")
    assert answer.status_code == 200, answer.text
    assert words(answer.json()) == expected
    assert errors_in(answer.json()) == []
    assert CODE not in answer.text


def test_one_entry_is_read_in_both_forms(shared: Service, written: list[Entry]) -> None:
    answer = shared.get(f"/AuditEvent/{written[1].id}")
    assert answer.json() == event_of(written[1])
    assert errors_in(answer.json()) == []
    assert b"<AuditEvent" in shared.get(f"/AuditEvent/{written[1].id}?_format=xml").content
    assert resources(shared.get(f"/AuditEvent?_id={written[1].id}").json()) == [answer.json()]


def test_pages_follow_each_other_and_are_counted(shared: Service, written: list[Entry]) -> None:
    day = "date=ge2020-03-04&date=lt2020-03-05"
    page = shared.get(f"/AuditEvent?{day}&_count=2").json()
    (following,) = [link["url"] for link in page["link"] if link["relation"] == "next"]
    assert words(page) + words(shared.get(following).json()) == ["viewed", "denied", "received"]
    assert shared.get(f"/AuditEvent?{day}&_summary=count").json()["total"] == 3
    assert shared.get(f"/AuditEvent?{day}&_count=1&_elements=action").json()["entry"][0]["resource"].keys() >= {
        "action", "agent", "source", "recorded", "type",
    }  # fmt: skip


def test_a_person_is_found_by_the_code_in_a_body_and_the_search_is_an_entry(
    shared: Service, written: list[Entry]
) -> None:
    data = {"patient.identifier": f"urn:oid:1.2.246.21|{CODE}", "date": "2020-03-04"}
    answer = shared.call("POST", "/AuditEvent/_search", data=data)
    assert words(answer.json()) == ["denied", "received"]
    assert CODE not in answer.text
    told = shared.store.audit.entries(Sought(who="app:own", what="searched"))[-1]
    assert told.clients == written[0].clients
    assert told.purpose == "supervision"


def test_only_the_scope_by_name_opens_the_audit(shared: Service, written: list[Entry]) -> None:
    for path in ("/AuditEvent", f"/AuditEvent/{written[0].id}"):
        assert refused(shared.get(path, client="foreign")) == (403, "scope_does_not_allow_it")
        assert refused(shared.get(path, scope="system/*.rs")) == (403, "scope_does_not_allow_it")
    assert shared.get("/AuditEvent?_count=1", scope="system/AuditEvent.s").status_code == 200


@pytest.mark.parametrize(
    "query", ["date=ne2020", "date=2020,2021", "agent.identifier=a,b", "_profile=x", "_include=AuditEvent:patient"]
)
def test_what_is_not_offered_is_refused(shared: Service, query: str) -> None:
    assert shared.get(f"/AuditEvent?{query}").status_code == 400
