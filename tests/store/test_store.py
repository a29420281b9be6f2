from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from interop.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from interop.store import ENDED, STATES, TRANSITIONS, Answer, Identity, Incoming, KeyRing, State, Step, Store
from interop.store.engine import open_engine

AA = Answer("AA", "taken_care_of")
Make = Callable[..., Incoming]
RING = KeyRing("old", {"old": bytes(range(32))})
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CHAIN = "1.2.246.10.99999999.11.2026.1"


@pytest.fixture
def ring() -> KeyRing:
    return RING


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def url(database_url: str) -> str:
    return database_url


@pytest.fixture
def file(url: str, tmp_path: Path) -> Path:
    """The database's file; what only a file can show is shown on SQLite alone."""
    if not url.startswith("sqlite"):
        pytest.skip("looks into the file of a SQLite database")
    return tmp_path / "interop.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url, RING)
    yield opened
    opened.close()


@pytest.fixture
def incoming() -> Callable[..., Incoming]:
    def make(version: int = 1, *, payload: bytes = b"<plan>010181-900C</plan>", message_id: str = "") -> Incoming:
        document = CHAIN if version == 1 else f"{CHAIN}{version}"
        identity = Identity(document, version, CHAIN, "1.2.246.537.6.1506.15020.2024.11.28", payload.hex())
        return Incoming("effica", "effica", message_id or f"{document}:{version}", payload, identity, NOW)

    return make


def test_an_accepted_document_is_read_back_with_its_deliveries(store: Store, incoming: Make, now: datetime) -> None:
    stored = store.accept(incoming(), AA, ["omni360", "apotti"])
    assert store.payload(stored.id) == incoming().payload
    assert store.document(stored.id) == stored
    assert store.filed(incoming().identity.document, 1) == stored  # type: ignore[union-attr]
    assert store.earlier("effica", incoming().message_id, incoming().payload) == stored
    assert [(one.receiver, one.state, one.next_at) for one in store.deliveries()] == [
        ("omni360", "pending", now),
        ("apotti", "pending", now),
    ]
    assert [one.cause for one in store.history(store.deliveries()[0].id)] == ["received"]


def test_no_word_of_a_payload_or_message_id_stands_in_the_database(
    store: Store, incoming: Make, now: datetime, url: str, tmp_path: Path
) -> None:
    secret = b"Salaisuus 010181-900C asuu metsassa"
    store.accept(incoming(payload=secret, message_id="Viesti 010280-952L"), AA, ["omni360"])
    refused = replace(incoming(2, payload=b"toinen 010469-999W").identity, document="010469-999W", chain="261298-998X")  # type: ignore[type-var]
    store.reject(
        replace(incoming(2, payload=secret + b"!"), identity=refused, message_id="010469-999W"),
        "rejected",
        Answer("AE", "x", "The client 010469-999W is wrong."),
    )
    delivery = store.deliveries("pending")[0]
    sent = store.move(delivery, Step("sent", now, "attempt"))
    store.move(sent, Step("rejected", now, "receiver_rejected", reason="No 010181-900C here", reference="010181-900C"))
    store.inbox.listed("effica", [("Paikka 010469-999W", "Viesti 010280-952L")], now, lambda _: timedelta())
    written = _dumped(url)
    store.close()
    written += b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"receiver_rejected" in written
    for word in (b"Salaisuus", b"metsassa", b"Viesti", b"Paikka"):
        assert word not in written, word
    for code in (b"010181-900C", b"010280-952L", b"010469-999W", b"261298-998X"):
        assert code not in written, code


def _dumped(url: str) -> bytes:
    """Every value of every table as text."""
    engine = open_engine(url)
    tables = MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        values = [v for table in tables.sorted_tables for row in connection.execute(table.select()) for v in row]
    engine.dispose()
    return b" ".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in values)


def test_the_database_file_is_for_its_owner_alone(store: Store, file: Path, tmp_path: Path) -> None:
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_the_same_message_or_document_version_is_not_stored_twice(store: Store, incoming: Make) -> None:
    store.accept(incoming(), AA, ["omni360"])
    with pytest.raises(Conflict):
        store.accept(incoming(), AA, ["omni360"])
    with pytest.raises(Conflict):
        store.accept(incoming(payload=b"other"), AA, ["omni360"])
    assert len(store.documents()) == 1
    assert len(store.deliveries()) == 1


def test_a_refused_document_leaves_room_for_its_correction(store: Store, incoming: Make) -> None:
    store.reject(incoming(payload=b"wrong"), "rejected", Answer("AE", "rule"))
    store.accept(incoming(payload=b"right"), AA, ["omni360"])
    assert [one.status for one in store.documents()].count("accepted") == 1


def test_a_newer_version_supersedes_waiting_deliveries_alone(store: Store, incoming: Make, now: datetime) -> None:
    store.accept(incoming(1), AA, ["omni360", "apotti", "effica2"])
    first, second, _third = store.deliveries()
    store.move(first, Step("sent", now, "attempt"))
    store.move(second, Step("held", now, "client_is_under_non_disclosure"))
    store.accept(incoming(2, payload=b"2"), AA, ["omni360"])
    assert [one.state for one in store.deliveries()] == ["sent", "superseded", "superseded", "pending"]
    newest = store.deliveries("pending")[0]
    assert store.is_newest(newest.id)
    assert not store.is_newest(first.id)
    assert store.has_older_in_doubt(newest.id)
    assert not store.has_older_in_doubt(first.id)


def test_a_version_that_comes_late_is_superseded_from_the_start(store: Store, incoming: Make) -> None:
    store.accept(incoming(2, payload=b"2"), AA, ["omni360"])
    store.accept(incoming(1), AA, ["omni360"])
    assert [(one.version, one.state) for one in store.deliveries()] == [(2, "pending"), (1, "superseded")]


def test_only_the_steps_of_the_table_are_taken_and_each_is_kept(store: Store, incoming: Make, now: datetime) -> None:
    store.accept(incoming(), AA, ["omni360"])
    delivery = store.deliveries()[0]
    with pytest.raises(Fault):
        store.move(delivery, Step("delivered", now, "x"))
    decision = {"outcome": "permit"}
    sent = store.move(delivery, Step("sent", now, "attempt", decision=decision))
    later = now + timedelta(minutes=1)
    back = store.move(sent, Step("pending", now, "receiver_is_busy", reason="Wait.", next_at=later))
    assert (back.state, back.attempts, back.next_at) == ("pending", 1, later)
    with pytest.raises(Conflict):
        store.move(delivery, Step("sent", now, "attempt"))
    assert store.deliveries("pending", due=now) == []
    assert store.receivers("pending", due=now) == []
    assert store.receivers("pending", due=later) == ["omni360"]
    history = store.history(delivery.id)
    assert [(one.before, one.after, one.attempt) for one in history] == [
        (None, "pending", 0),
        ("pending", "sent", 1),
        ("sent", "pending", 1),
    ]
    assert history[1].decision == decision
    assert history[2].reason == "Wait."


def test_a_held_delivery_is_released_by_a_person_once(store: Store, incoming: Make, now: datetime) -> None:
    store.accept(incoming(), AA, ["omni360"])
    delivery = store.deliveries()[0]
    with pytest.raises(Conflict):
        store.release(delivery.id, now)
    store.move(delivery, Step("held", now, "client_is_under_non_disclosure"))
    assert store.release(delivery.id, now).released
    assert store.history(delivery.id)[-1].cause == "released_by_a_person"


def test_what_was_being_sent_is_in_doubt_after_a_restart(
    store: Store, incoming: Make, now: datetime, url: str, ring: KeyRing
) -> None:
    store.accept(incoming(), AA, ["omni360", "apotti"])
    store.move(store.deliveries()[0], Step("sent", now, "attempt"))
    store.close()
    again = Store(url, ring)
    assert again.doubt_interrupted(now) == 1
    assert again.doubt_interrupted(now) == 0
    assert [one.state for one in again.deliveries()] == ["unknown", "pending"]
    again.close()


def test_rotation_keeps_documents_and_duplicates_known_and_lets_the_old_key_go(
    store: Store, incoming: Make, url: str
) -> None:
    stored = store.accept(incoming(), AA, [])
    store.close()
    old, new = bytes(range(32)), bytes(reversed(range(32)))
    both = Store(url, KeyRing("new", {"old": old, "new": new}))
    assert both.payload(stored.id) == incoming().payload
    assert both.keys.rewrap() == 3
    assert both.keys.rewrap() == 0
    both.close()
    alone = Store(url, KeyRing("new", {"new": new}))
    assert alone.payload(stored.id) == incoming().payload
    assert alone.earlier("effica", incoming().message_id, incoming().payload) == stored
    alone.close()
    with pytest.raises(Fault):
        Store(url, KeyRing("old", {"old": old}))


def test_a_payload_moved_to_another_row_does_not_open(store: Store, incoming: Make, url: str) -> None:
    first = store.accept(incoming(1), AA, [])
    store.accept(incoming(2, payload=b"2"), AA, [])
    engine = open_engine(url)
    with engine.begin() as raw:
        raw.execute(text(
            "UPDATE documents SET (payload, wrapped_key) ="
            " (SELECT payload, wrapped_key FROM documents WHERE version = 2)"
            " WHERE version = 1"
        ))  # fmt: skip
    engine.dispose()
    with pytest.raises(Fault):
        store.payload(first.id)


def test_what_is_not_there_is_said_so(store: Store, now: datetime) -> None:
    for call in (store.document, store.payload):
        with pytest.raises(NotFound):
            call("nothing")
    with pytest.raises(NotFound):
        store.delivery(1)
    with pytest.raises(NotFound):
        store.history(1)
    with pytest.raises(NotFound):
        store.acknowledged("nothing", now)
    assert store.earlier("effica", "x", b"") is None
    assert store.filed("1.2", 1) is None


def test_a_document_without_a_sound_identity_is_never_accepted(store: Store, incoming: Make) -> None:
    unsound = replace(incoming().identity, document="010181-900C")  # type: ignore[type-var]
    for identity in (None, unsound):
        with pytest.raises(Fault):
            store.accept(replace(incoming(), identity=identity), AA, [])
    assert store.documents() == []


def test_a_broken_or_foreign_database_is_told_without_its_words(tmp_path: Path, ring: KeyRing) -> None:
    url = f"sqlite:///{tmp_path / 'interop.db'}"
    (tmp_path / "interop.db").write_bytes(b"010181-900C is no database" * 100)
    with pytest.raises(Unavailable) as caught:
        Store(url, ring)
    assert "010181" not in str(caught.value)
    for wrong in ("nonsense", "sqlite://", "sqlite:///:memory:", "oracle17://x/y"):
        with pytest.raises(Invalid):
            Store(wrong, ring)


def test_every_state_has_its_row_in_the_table_and_ended_ones_stay_ended() -> None:
    assert set(TRANSITIONS) == set(STATES)
    assert {after for following in TRANSITIONS.values() for after in following} <= set(STATES)
    assert set(ENDED) == {"delivered", "rejected", "superseded"}
    reachable: set[State] = {"pending"}
    assert all(TRANSITIONS[state] in ((), ("pending",)) for state in ENDED)
    while more := {after for state in reachable for after in TRANSITIONS[state]} - reachable:
        reachable |= more
    assert reachable == set(STATES)
