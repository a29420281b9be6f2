"""What clients have said, kept in both databases: the newest version of each chain, sealed, under a pseudonym."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from interop.errors import Conflict, Fault, NotFound
from interop.store import Answer, Identity, Incoming, KeyRing, Step, Store
from schemas.wills import Client, ClientWills, Permit, Prohibition, Will

CLIENT: Client = ("urn:oid:1.2.246.21", "010181-900C")
OTHER: Client = ("urn:oid:1.2.246.21", "010280-952L")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CHAIN = "1.2.246.10.99999999.11.2026.50"
PERMIT = Permit(CHAIN, "inside_social_care", date(2026, 1, 10))
OLD = KeyRing("old", {"old": bytes(32)})
BOTH = KeyRing("new", {"old": bytes(32), "new": bytes(range(32))})


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url, OLD)
    yield made
    made.close()


def will(version: int = 1, said: ClientWills | None = None, client: Client = CLIENT, chain: str = CHAIN) -> Will:
    return Will(client, chain, version, said or ClientWills(permits=(PERMIT,)))


def test_the_newest_version_of_a_chain_counts_whatever_the_order(store: Store) -> None:
    revoked = ClientWills(permits=(replace(PERMIT, revoked=date(2026, 5, 1)),))
    assert store.wills.learn([will(2, revoked)], "effica", NOW) == 1
    assert store.wills.learn([will(1)], "effica", NOW + timedelta(hours=1)) == 1
    assert store.wills.of([CLIENT, OTHER]) == {CLIENT: revoked}


def test_what_is_known_is_not_learned_again_and_several_chains_add_up(store: Store) -> None:
    ban = ClientWills(prohibitions=(Prohibition("K", "service_task", ("20",)),), non_disclosure=True)
    assert store.wills.learn([will(), will(chain="1.2.3", said=ban)], "effica", NOW) == 2
    assert store.wills.learn([will()], "omni360", NOW) == 0
    assert store.wills.of([CLIENT])[CLIENT] == ClientWills((PERMIT,), ban.prohibitions, non_disclosure=True)
    assert [one.chain for one in store.wills.known([CLIENT])] == [one.chain for one in store.wills.known()]
    assert store.wills.known([OTHER]) == []


def test_a_version_told_in_two_ways_counts_as_what_closes_more(store: Store) -> None:
    ban = ClientWills(prohibitions=(Prohibition("K", "service_task", ("20",)),))
    revoked = ClientWills(permits=(replace(PERMIT, revoked=date(2026, 5, 1)),))
    assert [store.wills.learn([will(said=one)], "command", NOW) for one in (None, revoked, None, revoked)] == [
        1,
        1,
        0,
        0,
    ]
    assert store.wills.of([CLIENT])[CLIENT] == revoked
    assert store.wills.learn([will(said=ban)], "effica", NOW) == 1
    assert store.wills.of([CLIENT])[CLIENT] == ClientWills(revoked.permits, ban.prohibitions)
    assert store.wills.learn([will(2)], "effica", NOW) == 1
    assert store.wills.of([CLIENT])[CLIENT] == ClientWills(permits=(PERMIT,))


def test_a_will_that_cannot_be_opened_is_an_error_and_no_silence(store: Store, database_url: str) -> None:
    store.wills.learn([will()], "effica", NOW)
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE wills SET payload = wrapped_key"))
    engine.dispose()
    with pytest.raises(Fault):
        store.wills.of([CLIENT])


def test_a_person_revokes_and_a_newer_version_says_otherwise(store: Store) -> None:
    ban = Prohibition(CHAIN, "document", ("1.2.3",))
    store.wills.learn([will(said=ClientWills((PERMIT,), (ban,), non_disclosure=True))], "command", NOW)
    (known,) = store.wills.known()
    after = store.wills.revoke(known.id[:8], date(2026, 11, 25), NOW)
    assert after.said == ClientWills((replace(PERMIT, revoked=date(2026, 11, 25)),), (), non_disclosure=True)
    assert store.wills.of([CLIENT])[CLIENT] == after.said
    with pytest.raises(Conflict, match="nothing left"):
        store.wills.revoke(after.id, date(2026, 11, 26), NOW)
    with pytest.raises(NotFound):
        store.wills.revoke("no such id", date(2026, 11, 26), NOW)
    store.wills.learn([will(2)], "effica", NOW)
    assert store.wills.of([CLIENT])[CLIENT].permits == (PERMIT,)


def test_a_beginning_of_several_ids_is_refused(store: Store) -> None:
    store.wills.learn([will(), will(client=OTHER)], "command", NOW)
    with pytest.raises(Conflict, match="Several"):
        store.wills.revoke("", date(2026, 11, 25), NOW)


def test_a_prohibition_of_one_version_reaches_every_version_that_is_here(store: Store) -> None:
    chain = "1.2.246.10.99999999.11.2026.7"
    identity = Identity(f"{chain}.2", 2, chain, "1.2.246.537.6.1506.15020.2024.11.28", "d")
    store.accept(Incoming("effica", "effica", "m", b"p", identity, NOW), Answer("AA"), [])
    ban = ClientWills(prohibitions=(Prohibition("K", "document", (f"{chain}.2",)),))
    store.wills.learn([will(said=ban)], "effica", NOW)
    (known,) = store.wills.of([CLIENT])[CLIENT].prohibitions
    assert known.targets == (f"{chain}.2", chain)


def test_what_has_left_on_the_ground_of_a_permit_is_told(store: Store) -> None:
    for number, permit in ((1, CHAIN), (2, CHAIN + "1"), (3, CHAIN)):
        identity = Identity(f"1.2.3.{number}", 1, f"1.2.3.{number}", "1.2.3", "d")
        stored = store.accept(
            Incoming("effica", "effica", f"m{number}", b"p", identity, NOW), Answer("AA"), ["omni360"]
        )
        (delivery,) = store.deliveries(document=stored.id)
        sent = store.move(delivery, Step("sent", NOW, "attempt", decision={"permits": [permit]}))
        if number == 3:
            store.move(sent, Step("pending", NOW, "receiver_is_busy"))
    assert [one.document for one in store.wills.relying_on([CHAIN])] == ["1.2.3.1"]


def test_what_was_in_doubt_may_have_left_until_a_person_says_otherwise(store: Store) -> None:
    stored = store.accept(
        Incoming("effica", "effica", "m", b"p", Identity("1.2.3", 1, "1.2.3", "1.2.3", "d"), NOW),
        Answer("AA"),
        ["mail"],
    )
    (delivery,) = store.deliveries(document=stored.id)
    sent = store.move(delivery, Step("sent", NOW, "attempt", decision={"permits": [CHAIN]}))
    doubt = store.move(sent, Step("unknown", NOW, "answer_lost"))
    store.move(doubt, Step("held", NOW, "arrival_is_not_known"))

    def told() -> list[str]:
        return [one.state for one in store.wills.relying_on([CHAIN])]

    assert told() == ["held"]
    store.resend(delivery.id, NOW)
    assert told() == ["pending"]
    store.cancel(delivery.id, NOW, "The receiver has nothing.")
    assert told() == []


def test_no_identity_code_and_no_permit_can_be_read_in_the_database(store: Store, database_url: str) -> None:
    store.wills.learn([will()], "effica", NOW)
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM wills")).all()
    engine.dispose()
    seen = " ".join(str(bytes(one) if isinstance(one, bytes | memoryview) else one) for one in row)
    assert "010181" not in seen
    assert "inside_social_care" not in seen


def test_keys_are_wrapped_anew(database_url: str) -> None:
    old = Store(database_url, OLD)
    old.wills.learn([will()], "effica", NOW)
    old.close()
    both = Store(database_url, BOTH)
    assert both.keys.rewrap() == 3
    assert both.keys.rewrap() == 0
    both.close()
    new = Store(database_url, KeyRing("new", {"new": bytes(range(32))}))
    assert new.wills.of([CLIENT])[CLIENT].permits == (PERMIT,)
    new.close()
