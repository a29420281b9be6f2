"""The audit's chain on both databases: what was written is proven, and what is tampered with is found and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from interop.errors import NotFound
from interop.store import Answer, Entry, Identity, Incoming, KeyRing, Sought, Step, Store, years_before
from interop.store.engine import open_engine

RING = KeyRing("k", {"k": bytes(range(32))})
NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
CODE = "010181-900C"
CHAIN = "1.2.246.10.99999999.11.2026.1"
AA = Answer("AA", "taken_care_of")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url, RING)
    yield opened
    opened.close()


@pytest.fixture
def tamper(database_url: str) -> Callable[..., None]:
    """Somebody who can write to the database, and has no key."""

    def run(*statements: str) -> None:
        engine = open_engine(database_url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    return run


def incoming(version: int = 1, code: str = CODE) -> Incoming:
    document = CHAIN if version == 1 else f"{CHAIN}{version}"
    structure = "1.2.246.537.6.1506.15020.2024.11.28"
    identity = Identity(document, version, CHAIN, structure, f"digest{version}", (code,))
    return Incoming("effica", "effica", document, f"<plan>{version}</plan>".encode(), identity, NOW)


def write(store: Store, count: int) -> list[Entry]:
    return [
        store.audit.append(Entry(NOW + timedelta(seconds=number), "user:a", "viewed", document=f"1.2.{number}"))
        for number in range(count)
    ]


def sealed(store: Store, count: int = 6) -> list[Entry]:
    written = write(store, count)
    assert store.audit.seal(NOW) == count
    return written


def found(store: Store) -> list[tuple[str, int]]:
    return [(one.kind, one.sequence) for one in store.audit.verify().problems]


def test_a_whole_chain_has_no_problem_and_tells_of_its_unsealed_tail(store: Store) -> None:
    sealed(store)
    write(store, 2)
    verdict = store.audit.verify()
    assert (verdict.checked, verdict.unsealed, verdict.problems) == (6, 2, [])
    assert verdict.head is not None
    assert verdict.head.sequence == 6
    assert store.audit.seal(NOW) == 2
    assert store.audit.seal(NOW) == 0
    assert (store.audit.verify().checked, found(store)) == (8, [])


def test_an_empty_audit_is_whole(store: Store) -> None:
    assert found(store) == []


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE audit_entries SET who = 'user:b' WHERE sequence = 3"], [("altered", 3)]),
        (["UPDATE audit_entries SET document = '1.2.9' WHERE sequence = 6"], [("altered", 6)]),
        (["UPDATE audit_entries SET version = 7 WHERE sequence = 1"], [("altered", 1)]),
        (["UPDATE audit_entries SET code = 'x' WHERE sequence = 2"], [("altered", 2)]),
        (["UPDATE audit_entries SET link = 'x' WHERE sequence = 2"], [("reordered", 2), ("reordered", 3)]),
        (["DELETE FROM audit_entries WHERE sequence = 3"], [("removed", 3)]),
        (["DELETE FROM audit_entries WHERE sequence = 1"], [("removed", 1)]),
        (["DELETE FROM audit_entries WHERE sequence > 4"], [("removed", 5), ("removed", 6)]),
        (["DELETE FROM audit_entries"], [("removed", number) for number in range(1, 7)]),
        (
            ["DELETE FROM audit_entries WHERE sequence = 3"]
            + [f"UPDATE audit_entries SET sequence = {number} WHERE sequence = {number + 1}" for number in (3, 4, 5)],
            [("reordered", 3), ("reordered", 4), ("reordered", 5), ("removed", 6)],
        ),
        (
            [
                "UPDATE audit_entries SET sequence = 99 WHERE sequence = 2",
                "UPDATE audit_entries SET sequence = 2 WHERE sequence = 3",
                "UPDATE audit_entries SET sequence = 3 WHERE sequence = 99",
            ],
            [("reordered", 2), ("reordered", 3), ("reordered", 4)],
        ),
        (
            ["UPDATE audit_entries SET sequence = 9 WHERE sequence = 2"],
            [("removed", 2), ("removed", 7), ("removed", 8), ("inserted", 9)],
        ),
        (["UPDATE audit_entries SET sequence = NULL, link = NULL WHERE sequence = 6"], [("removed", 6)]),
        (["DELETE FROM audit_marks WHERE name = 'head'"], [("ends_altered", 0)]),
        (
            ["UPDATE audit_marks SET sequence = 4 WHERE name = 'head'"],
            [("ends_altered", 4)],
        ),
        (
            ["UPDATE audit_marks SET sequence = 4 WHERE name = 'start'"],
            [("ends_altered", 4)],
        ),
    ],
)  # fmt: skip
def test_what_somebody_without_a_key_does_to_the_chain_is_found(
    store: Store, tamper: Callable[..., None], statements: list[str], expected: list[tuple[str, int]]
) -> None:
    sealed(store)
    tamper(*statements)
    assert found(store) == expected


def test_two_swapped_contents_are_found_and_named(store: Store, tamper: Callable[..., None]) -> None:
    third, fourth = sealed(store)[2:4]
    tamper(
        f"UPDATE audit_entries SET document = '{fourth.document}' WHERE sequence = 3",
        f"UPDATE audit_entries SET document = '{third.document}' WHERE sequence = 4",
    )
    assert [(one.kind, one.entry) for one in store.audit.verify().problems] == [
        ("altered", third.id),
        ("altered", fourth.id),
    ]


def test_an_invented_entry_is_found_before_and_after_it_is_sealed(store: Store, tamper: Callable[..., None]) -> None:
    sealed(store)
    columns = (
        "at, who, what, outcome, cause, reason, document, version, document_id, delivery, receiver, purpose, act, "
        "section, ground, decision, decided_at, clients, code"
    )
    tamper(
        f"INSERT INTO audit_entries (id, {columns}) SELECT 'invented', {columns} FROM audit_entries WHERE sequence = 1"
    )
    assert [(one.kind, one.entry) for one in store.audit.verify().problems] == [("altered", "invented")]
    store.audit.seal(NOW)
    assert [(one.kind, one.entry) for one in store.audit.verify().problems] == [("altered", "invented")]


def test_an_entry_that_is_taken_out_before_it_is_sealed_is_missed_by_the_ledger(
    store: Store, tamper: Callable[..., None]
) -> None:
    store.accept(incoming(), AA, ["omni360"])
    (delivery,) = store.deliveries()
    store.move(delivery, Step("held", NOW, "program_fault", worker="w"))
    assert found(store) == []
    (entry,) = store.audit.entries(Sought(what="held"))
    tamper("DELETE FROM audit_entries WHERE what = 'held'")
    assert [(one.kind, one.entry) for one in store.audit.verify().problems] == [("removed", entry.id)]


def test_a_chain_put_back_to_an_earlier_state_is_found_by_an_anchor_kept_elsewhere(
    store: Store, tamper: Callable[..., None], database_url: str
) -> None:
    sealed(store, 4)
    early = store.audit.anchor(NOW)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        code = connection.execute(text("SELECT code FROM audit_marks WHERE name = 'head'")).scalar_one()
    engine.dispose()
    write(store, 3)
    late = store.audit.anchor(NOW)
    assert late.sequence == 7
    assert store.audit.verify([early, late]).problems == []
    tamper(
        "DELETE FROM audit_entries WHERE sequence > 4",
        f"UPDATE audit_marks SET sequence = 4, link = '{early.link}', code = '{code}' WHERE name = 'head'",
    )
    assert store.audit.verify([early]).problems == []
    assert [one.kind for one in store.audit.verify([early, late]).problems] == ["rewound"]
    write(store, 5)
    store.audit.seal(NOW)
    assert [(one.kind, one.sequence) for one in store.audit.verify([late]).problems] == [("rewound", 7)]


def test_the_index_of_clients_cannot_be_thinned_unnoticed(store: Store, tamper: Callable[..., None]) -> None:
    person = store.audit.pseudonym(CODE)
    store.audit.append(Entry(NOW, "user:a", "viewed", clients=(person,)))
    store.audit.seal(NOW)
    tamper("DELETE FROM audit_subjects")
    assert found(store) == [("index_altered", 1)]


def test_a_client_is_found_by_the_code_and_the_code_stands_nowhere(store: Store, database_url: str) -> None:
    store.accept(incoming(), AA, ["omni360"])
    store.accept(replace(incoming(2), message_id="m"), AA, [])
    store.audit.append(Entry(NOW, f"user:{CODE}", "viewed", reason=f"Asiakas {CODE}", clients=("other",)))
    person = store.audit.pseudonym(f" {CODE.lower()}\n")
    assert CODE not in person
    about = sorted(one.what for one in store.audit.entries(Sought(client=person)))
    assert about == ["received", "received", "superseded"]
    assert store.audit.entries(Sought(client=store.audit.pseudonym("261298-998X"))) == []
    engine = open_engine(database_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM audit_entries")).all()
    engine.dispose()
    assert CODE not in str(rows)


def test_every_step_of_a_delivery_is_an_entry_with_its_legal_basis(store: Store) -> None:
    stored = store.accept(incoming(), AA, ["omni360"])
    decision = {
        "outcome": "permit", "ground": "receiver_has_the_same_controller", "act": "703/2023", "section": "9 §",
        "id": "d1", "at": NOW.isoformat(),
    }  # fmt: skip
    (delivery,) = store.deliveries()
    delivery = store.move(delivery, Step("held", NOW, "receiver_needs_a_person", worker="w1"))
    delivery = store.release(delivery.id, NOW, "Tarkistettu.", who="user:anna")
    delivery = store.move(delivery, Step("sent", NOW, "attempt", decision=decision, worker="w1"))
    store.move(delivery, Step("delivered", NOW, "receiver_delivered", worker="w1"))
    entries = store.audit.entries(Sought(document=CHAIN))
    told = {one.what: one for one in entries}
    assert set(told) == {"received", "held", "released", "sent", "delivered"}
    assert (told["released"].who, told["released"].reason) == ("user:anna", "Tarkistettu.")
    assert (told["held"].outcome, told["held"].who) == ("failure", "worker:w1")
    for what in ("sent", "delivered"):
        assert (told[what].act, told[what].section) == ("703/2023", "9 §")
        assert told[what].ground == "receiver_has_the_same_controller"
        assert (told[what].decision, told[what].decided_at) == ("d1", NOW.isoformat())
    assert {one.document_id for one in entries} == {stored.id}
    assert {one.clients for one in entries} == {(store.audit.pseudonym(CODE),)}


def test_a_denial_a_retry_and_a_cancellation_have_words_of_their_own(store: Store) -> None:
    store.accept(incoming(), AA, ["omni360"])
    (delivery,) = store.deliveries()
    store.move(delivery, Step("rejected", NOW, "receiver_has_another_controller", decision={"act": "703/2023"}))
    store.resend(delivery.id, NOW, who="user:b")
    store.resend(delivery.id, NOW, who="user:b")
    store.cancel(delivery.id, NOW, who="user:b")
    counted = [one.what for one in store.audit.entries(Sought(delivery=delivery.id))]
    assert sorted(counted) == ["cancelled", "denied", "retried", "retried"]


def test_a_refused_document_is_an_entry(store: Store) -> None:
    store.reject(replace(incoming(), identity=None), "unreadable", Answer("AR", "document_cannot_be_read"))
    (entry,) = store.audit.entries(Sought(what="refused"))
    assert (entry.who, entry.outcome, entry.cause) == ("system:effica", "failure", "document_cannot_be_read")


def test_what_is_older_than_it_is_kept_goes_and_the_rest_stays_proven(store: Store) -> None:
    sealed(store)
    assert store.audit.prune(NOW - timedelta(days=1), NOW) == 0
    assert store.audit.prune(NOW + timedelta(seconds=3), NOW) == 3
    verdict = store.audit.verify()
    assert (verdict.checked, verdict.unsealed, verdict.problems) == (3, 1, [])
    store.audit.seal(NOW)
    assert store.audit.prune(NOW + timedelta(days=1), NOW, limit=2) == 2
    assert found(store) == []
    with pytest.raises(NotFound):
        store.audit.entry("no such entry")


def test_pruning_cannot_be_feigned(store: Store, tamper: Callable[..., None]) -> None:
    sealed(store)
    tamper("DELETE FROM audit_entries WHERE sequence <= 3", "UPDATE audit_marks SET sequence = 3 WHERE name = 'start'")
    assert ("ends_altered", 3) in found(store)


def test_several_writers_and_sealers_make_one_chain(store: Store, database_url: str) -> None:
    others = [Store(database_url, RING) for _ in range(3)]

    def work(one: Store) -> int:
        count = 0
        for number in range(20):
            one.audit.append(Entry(NOW, f"worker:{number}", "viewed"))
            count += one.audit.seal(NOW, limit=7)
        return count

    with ThreadPoolExecutor(3) as pool:
        placed = sum(pool.map(work, others))
    for one in others:
        one.close()
    rest = 0
    while count := store.audit.seal(NOW):
        rest += count
    assert placed + rest == 60
    assert (store.audit.verify().checked, found(store)) == (60, [])


def test_all_entries_are_read_in_parts(store: Store) -> None:
    store.audit.append(Entry(NOW + timedelta(hours=1), "user:a", "exported"))
    with ThreadPoolExecutor(1) as pool:
        list(pool.map(lambda number: store.audit.append(Entry(NOW, f"user:{number}", "viewed")), range(1005)))
    entries = list(store.audit.every(Sought()))
    assert len(entries) == len({one.id for one in entries}) == 1006
    assert entries[-1].what == "exported"
    assert len(list(store.audit.every(Sought(since=NOW + timedelta(minutes=1))))) == 1
    assert len(list(store.audit.every(Sought(until=NOW + timedelta(minutes=1))))) == 1005


def test_a_leap_day_has_a_day_twelve_years_earlier_and_one_eleven_years_earlier() -> None:
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 12) == datetime(2016, 2, 29, tzinfo=UTC)
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 11) == datetime(2017, 2, 28, tzinfo=UTC)
