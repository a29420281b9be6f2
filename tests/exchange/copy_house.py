"""A house of copies for the tests: Effica over real sockets, a real folder, a real mailbox, and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interop.config import parse
from interop.documents import examine, write
from interop.exchange import Exchange, Pace, Parts
from interop.exchange.joining import participants
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.running import Running
from interop.store import KeyRing, Store
from schemas.record import Record
from tests.exchange.test_two_way import record_of
from tests.systems.certificates import Authority
from tests.systems.mail_server import SECRET, USER, MailServer, mail_server

__all__ = ["PASSWORD", "SECRETS", "SETTINGS", "House", "opened_house", "with_clients", "with_content"]

PASSWORD = "avain-ja-lukko-42"
SECRETS = {
    "INTEROP_KEYS": "a:" + "A" * 43 + "=",
    "INTEROP_ACTIVE_KEY": "a",
    "INTEROP_CLIENT_COPIES_COPY_PASSWORD": PASSWORD,
    "INTEROP_MALLIKOTI_SECRET": SECRET,
    "INTEROP_MALLIKOTI_COPY_PASSWORD": PASSWORD,
}
SETTINGS = """
[systems.effica]
kind = "effica"
url = "{effica}"
controller = "{own}"
receives = false

[systems.client_copies]
kind = "folder"
url = "{folder}"
role = "client"
controller = "{own}"
structures = ["15020"]

[systems.mallikoti]
kind = "mail"
url = "{mail}"
user = "{user}"
ca_file = "{authority}"
role = "provider"
controller = "1.2.246.10.88888888.19.0"
ownership = "private"
duty = "private_provider"
service_tasks = ["working_age"]
acts_for = ["{own}"]
structures = ["15020"]
names = ["Mallikoti ry"]
mail_from = "vaihto@county.example"
mail_to = "suunnitelmat@mallikoti.example"
"""


@dataclass
class House:
    effica: EfficaSandbox
    mail: MailServer
    folder: Path
    exchange: Exchange
    times: list[datetime] = field(default_factory=lambda: [datetime.now(UTC)])

    def go(self, rounds: int = 6) -> dict[str, str]:
        for _ in range(rounds):
            self.exchange.round()
            self.times.append(self.times[-1] + timedelta(minutes=20))
        return {one.receiver: one.state for one in self.exchange.parts.store.deliveries()}


@contextmanager
def opened_house(place: Path, database_url: str, more: str = "") -> Iterator[House]:
    """The house, its folder empty. In: `more` are settings that stand after `SETTINGS`, in braces as there."""
    effica, folder, authority = EfficaSandbox(), place / "copies", Authority(place, "authority")
    folder.mkdir()
    with ExitStack() as stack:
        mail = stack.enter_context(mail_server(authority.signed("mail")))
        url = stack.enter_context(Running(effica)).url + effica.path
        text = (SETTINGS + more).format(
            effica=url, own=record_of().controller, folder=folder.as_uri(), mail=mail.address, user=USER,
            authority=authority.path,
        )  # fmt: skip
        joined = participants(parse(text, SECRETS))
        stack.callback(joined["effica"].system.close)  # type: ignore[attr-defined]
        store = Store(database_url, KeyRing("k", {"k": bytes(32)}))
        stack.callback(store.close)
        both: list[House] = []
        pace = Pace(timedelta(seconds=1), timedelta(seconds=60))
        parts = Parts(store, joined, examine, write, lambda: both[0].times[-1], pace)
        both.append(House(effica, mail, folder, Exchange(parts)))
        yield both[0]


def with_content(record: Record, **values: object) -> Record:
    return replace(record, content={record.root: {**record.body, **values}})


def with_clients(record: Record, number: int) -> Record:
    second = {"identifier": {"system": "urn:oid:1.2.246.21", "value": "261298-998X"}, "family": "M", "given": "S"}
    clients = [*record.envelope["clients"], second][:number]
    return replace(record, envelope={**record.envelope, "clients": clients})
