"""A certificate of either side that has run out keeps deliveries waiting; with a new one they arrive, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interop.documents import examine, write
from interop.exchange import Exchange, Pace, Participant, Parts
from interop.faults.plans import Plans
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.running import Running
from interop.sandboxes.tls import ServerTls
from interop.store import KeyRing, Store
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.tls import Tls
from tests.systems.certificates import DAY, Authority, Pair

OWN = "1.2.246.10.99999999.19.0"


@contextmanager
def exchange(store: Store, sender: str, receiver: str, tls: Tls, times: list[datetime]) -> Iterator[Exchange]:
    """The exchange of a process: what it knows of certificates it has read at its start."""
    adapters = Effica(EfficaSettings(sender)), Effica(EfficaSettings(receiver, tls=tls))
    participants = {
        "sender": Participant(adapters[0], OWN, receives=False), "receiver": Participant(adapters[1], OWN, sends=False),
    }  # fmt: skip
    pace = Pace(timedelta(seconds=1), timedelta(seconds=60))
    made = Exchange(Parts(store, participants, examine, write, lambda: times[-1], pace))
    made.resume()
    yield made
    for one in adapters:
        one.close()


def go(made: Exchange, times: list[datetime], rounds: int = 4) -> str:
    for _ in range(rounds):
        made.round()
        times.append(times[-1] + timedelta(minutes=5))
    (delivery,) = made.parts.store.deliveries()
    return delivery.state


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_what_waits_for_a_certificate_arrives_once_with_a_new_one(tmp_path: Path, plans: Plans, side: str) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    times, box, source = [datetime.now(UTC)], EfficaSandbox(), EfficaSandbox()
    over = -timedelta(hours=1)

    def trusted(client: Pair) -> Tls:
        return Tls(theirs.path, client.certificate, client.key)

    def served(server: Pair, port: int = 0) -> Running:
        return Running(box, port=port, tls=ServerTls(server.certificate, server.key, ours.path))

    source.file(plans.message(plans.record(1, 1), "effica"))
    with ExitStack() as stack:
        store = Store(f"sqlite:///{tmp_path / 'interop.db'}", KeyRing("k", {"k": bytes(32)}))
        stack.callback(store.close)
        sender = stack.enter_context(Running(source)).url + source.path
        first = ours.signed("client", over if side == "ours" else DAY)
        with served(theirs.signed("server", over if side == "theirs" else DAY)) as server:
            receiver = server.url + box.path
            with exchange(store, sender, receiver, trusted(first), times) as made:
                assert go(made, times) == "pending"
        assert box.received == {}
        said = {step.cause for step in store.history(1)}
        assert said & {"receiver_refused_our_credentials", "receiver_is_unavailable"}
        with (
            served(theirs.signed("renewed"), server.port) as again,
            exchange(store, sender, again.url + box.path, trusted(ours.signed("renewed-client")), times) as made,
        ):
            assert go(made, times, 12) == "delivered"
    assert len(box.received) == 1
    assert [said.type for said in source.acknowledgements.values()] == ["AA"]
