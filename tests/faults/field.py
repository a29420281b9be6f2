"""The field of a run: a sending system, three receivers, what was filed, and what arrived in the end.

OMNI360 and Apotti belong to the plans' controller; `foreign` is another Effica of another controller, to which the gate
lets nothing go. Some plans are under non-disclosure and must wait for a person.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from interop.cli.demo import example_plan
from interop.config import Settings, SystemSettings
from interop.documents import examine, write
from interop.errors import InteropError
from interop.sandboxes.apotti import ApottiSandbox
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.store import Delivery, KeyRing, Store
from interop.systems.apotti_notes import marks
from interop.systems.oauth import SigningKey, jwks_app
from schemas.record import Record
from tests.faults.chaos import Chaos, Phase

OWN, FOREIGN = "1.2.246.10.99999999.19.0", "1.2.246.10.88888888.19.0"
KEYS = {"k": bytes(32)}
ENDED = ("delivered", "rejected", "superseded", "held")
_BRANCH = "1.2.246.10.99999999.11.2026"
_CLIENTS = 80


@dataclass(frozen=True)
class Filed:
    """One document version that was put into the sender's outbox."""

    document: str
    chain: str
    version: int
    secret: bool


@dataclass(frozen=True)
class Account:
    """What the receivers themselves hold, against what was filed."""

    expected: int
    lost: list[str]
    duplicated: list[str]
    leaked: list[str]
    held: int
    unanswered: int

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.leaked or self.unanswered)


class Watching:
    """Counts the calls that reach a sandbox, and does what is asked at one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls = 0
        self._at: tuple[int, Phase] | None = None
        self._act: Callable[[], None] = lambda: None

    def at(self, call: int, phase: Phase, act: Callable[[], None]) -> None:
        """Nothing; the act is done once, before or after the work of the so manyeth call from now."""
        with self._lock:
            self.calls, self._at, self._act = 0, (call, phase), act

    @property
    def is_over(self) -> bool:
        """True when the act has been done."""
        return self._at is None

    def __call__(self, phase: Phase, number: int = 0) -> int:
        """The call's number: a new one before its work, the given one after it."""
        with self._lock:
            self.calls += phase == "before"
            number = number or self.calls
            if self._at != (number, phase):
                return number
            self._at = None
        self._act()
        return number


@dataclass
class Field:
    settings: Settings
    boxes: tuple[EfficaSandbox, Omni360Sandbox, ApottiSandbox, EfficaSandbox]
    chaos: list[Chaos]
    random: Random
    watching: Watching
    filed: list[Filed] = field(default_factory=list)
    copies: int = 0
    store: Store | None = None

    def file_chain(self, number: int, versions: int, *, secret: bool = False, copies: int = 1) -> None:
        """Files all versions of one plan, in an order by chance, some of them twice."""
        order = list(range(1, versions + 1))
        self.random.shuffle(order)
        for version in order:
            message = plan(number, version, secret=secret)
            for _ in range(copies):
                self.boxes[0].file(message)
                self.copies += 1
            chain = f"{_BRANCH}.{number}"
            self.filed.append(Filed(_document(number, version), chain, version, secret))

    def calm(self) -> None:
        for one in self.chaos:
            one.calm()

    def settle(self, seconds: float) -> bool:
        """True when every message has been answered and every delivery has ended within the time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if self._is_settled():
                    return True
            except InteropError:
                pass
            time.sleep(0.2)
        return False

    def deliveries(self) -> list[Delivery]:
        return self.opened().deliveries(limit=100_000)

    def opened(self) -> Store:
        if self.store is None:
            self.store = Store(self.settings.database_url, KeyRing("k", KEYS))
        return self.store

    def account(self) -> Account:
        _, omni360, apotti, foreign = self.boxes
        newest = {one.chain: one for one in sorted(self.filed, key=lambda one: one.version)}
        open_to_all = {one.document for one in newest.values() if not one.secret}
        secret = {one.document for one in self.filed if one.secret}
        lost, duplicated, leaked = [], [], [f"foreign {one}" for one in foreign.received]
        plans, tasks = _named(omni360, "CarePlan"), _named(omni360, "Task")
        for name, found in (("omni360", plans), ("omni360 task", tasks), ("apotti", _notes(apotti))):
            lost += [f"{name} {one}" for one in sorted(open_to_all - set(found))]
            duplicated += [f"{name} {one}" for one, count in sorted(found.items()) if count > 1]
            leaked += [f"{name} {one}" for one in sorted(secret & set(found))]
        held = sum(one.state == "held" for one in self.deliveries())
        answered = sum(said.type == "AA" for said in self.boxes[0].acknowledgements.values())
        return Account(2 * len(open_to_all), lost, duplicated, leaked, held, self.copies - answered)

    def _is_settled(self) -> bool:
        if sum(said.type == "AA" for said in self.boxes[0].acknowledgements.values()) < self.copies:
            return False
        figures = self.opened().counts.deliveries()
        ended = sum(one.count for one in figures if one.state in ENDED)
        return ended == sum(one.count for one in figures) == 3 * len(self.filed)


@contextmanager
def field_of(url: str, place: Path, seed: int, share: float) -> Iterator[Field]:
    """The sandboxes, running, and the settings of workers over the database of the URL."""
    random = Random(seed)  # noqa: S311 - a run is to be repeated by its seed
    boxes = EfficaSandbox(), Omni360Sandbox(), ApottiSandbox(), EfficaSandbox()
    for number in range(_CLIENTS):
        identifier = _client(number)["identifier"]
        boxes[2].add_encounter(boxes[2].add_patient(identifier["value"], "Mallikas", "Väinö", identifier["system"]))
    key = place / "key.pem"
    key.write_bytes(_private_key())
    watching = Watching()
    chaos = [Chaos(box, random, share, watching) for box in boxes]
    with ExitStack() as stack:
        urls = [stack.enter_context(Running(one)).url for one in chaos]
        keys = stack.enter_context(Running(jwks_app([SigningKey.from_pem(key.read_bytes(), "run")]))).url
        boxes[2].register("interop", f"{keys}/jwks.json")
        field = Field(_settings(url, urls, boxes, key), boxes, chaos, random, watching)
        try:
            yield field
        finally:
            if field.store is not None:
                field.store.close()


def plan(number: int, version: int, *, secret: bool = False) -> bytes:
    """One version of one plan as an Effica message."""
    record = _example()
    first = _document(number, 1)
    changes = {"document": _document(number, version), "original": first, "version": version, "non_disclosure": secret}
    if version > 1:
        changes["replaces"] = _document(number, version - 1)
    clients = [_client(number % _CLIENTS)]
    return write(replace(record, envelope={**record.envelope, **changes, "clients": clients}), "effica").data


def _document(number: int, version: int) -> str:
    return f"{_BRANCH}.{number}" if version == 1 else f"{_BRANCH}.{number}.{version}"


def _client(number: int) -> dict[str, Any]:
    """One of the made-up clients; their identity codes are of the artificial 900 series."""
    digits = f"010180{900 + number}"
    code = f"010180-{900 + number}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(digits) % 31]}"
    (client,) = _example().envelope["clients"]
    return {**client, "identifier": {**client["identifier"], "value": code}}


@cache
def _example() -> Record:
    record = examine(example_plan("fi"), "effica").record
    assert record is not None
    return record


def _settings(
    url: str, urls: list[str], boxes: tuple[EfficaSandbox, Omni360Sandbox, ApottiSandbox, EfficaSandbox], key: Path
) -> Settings:
    paths = [box.path for box in (boxes[0], boxes[1], boxes[2], boxes[3])]
    effica, omni360, apotti, foreign = (at + path for at, path in zip(urls, paths, strict=True))
    systems = (
        SystemSettings("effica", "effica", effica, OWN, receives=False),
        SystemSettings(
            "omni360", "omni360", omni360, OWN, sends=False, user="interop", secret="salainen",
            token_url=urls[1] + boxes[1].token_path, owner="1.2.246.10.99999999.10.3",
            calls_per_second=1000,
        ),
        SystemSettings(
            "apotti", "apotti", apotti, OWN, sends=False, user="interop", key_file=key, key_id="run",
            calls_per_second=1000,
        ),
        SystemSettings("foreign", "effica", foreign, FOREIGN, sends=False),
    )  # fmt: skip
    return Settings(
        database_url=url, active_key="k", keys=KEYS, log_level="info", first_retry=timedelta(seconds=0.3),
        longest_retry=timedelta(seconds=2), attempts=1000, begins=1000, failures_to_rest=4,
        look_every=timedelta(seconds=0.2),
        together=4, worker_grace=timedelta(seconds=4), systems=systems,
    )  # fmt: skip


def _private_key() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _named(box: Omni360Sandbox, kind: str) -> Counter[str]:
    named = [i["value"] for one in box.held(kind) for i in one.get("identifier", []) if "value" in i]
    return Counter(value.removeprefix("urn:oid:") for value in named if value.startswith("urn:oid:" + _BRANCH))


def _notes(box: ApottiSandbox) -> Counter[str]:
    found = (marks(text) for text in box.texts())
    return Counter(one[0] for one in found if one is not None)
