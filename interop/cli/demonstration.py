"""The demonstration: the three sandboxes and the exchange on this machine alone, and one client plan among them.

It uses what a real exchange uses: adapters over real sockets, a database file, encryption, the gate and the mappings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory
from threading import Event

from interop.cli.stand_ins import Place, StandIns, start
from interop.cli.writing import write_files
from interop.documents import examine
from interop.errors import Invalid
from interop.exchange import Exchange, Pace, Participant, Parts, Received, prepare
from interop.store import ENDED, Delivery, KeyRing, Store, Transition
from mappings.formats import format_named
from mappings.formats.base import WriteResult
from mappings.report import Report
from schemas import json_text
from schemas.record import Record

__all__ = ["Demonstration", "Followed", "Form", "Then", "Told", "demonstrate"]

_SOURCE = "effica"
_STANDARD = "fhir"


@dataclass(frozen=True, slots=True)
class Followed:
    """One delivery with every step it took."""

    delivery: Delivery
    steps: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """One written form of the plan: the file it stands in, and what the form could not hold."""

    format: str
    path: Path
    report_path: Path
    report: Report


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the demonstration has done. `held` counts the plans that each receiver itself holds in the end.

    Units: `seconds` from the filing of the plan to the end of its last delivery.
    """

    places: tuple[Place, ...]
    received: tuple[Received, ...]
    deliveries: tuple[Followed, ...]
    held: Mapping[str, int]
    forms: tuple[Form, ...]
    seconds: float = field(compare=False)

    @property
    def succeeded(self) -> bool:
        """True when every delivery has ended as delivered, and every receiver holds the plan once."""
        states = {one.delivery.receiver: one.delivery.state for one in self.deliveries}
        return states == dict.fromkeys(self.held, "delivered") and set(self.held.values()) == {1}


Told = Callable[[tuple[Delivery, ...]], None]
"""Is told the deliveries after each round."""

Then = Callable[[Demonstration, Exchange], None]
"""Is given what was shown and the exchange, while the stand-ins still run."""


def demonstrate(
    plan: bytes,
    directory: Path,
    told: Told = lambda _: None,
    longest: timedelta = timedelta(seconds=60),
    then: Then = lambda *_: None,
) -> Demonstration:
    """What became of a plan that was filed in the Effica sandbox; the written forms stand in the directory.

    In: `then` may go on with the exchange; everything ends after it.
    Raises: Invalid when the plan cannot be read, Unavailable when a sandbox does not start.
    """
    record = examine(plan, _SOURCE).record
    if record is None:
        raise Invalid(
            "The plan for the demonstration cannot be read as an Effica message. Run `interop validate` on it."
        )
    with ExitStack() as stack:
        stand_ins = stack.enter_context(start(record))
        temporary = Path(stack.enter_context(TemporaryDirectory(prefix="interop-demo-")))
        store = Store(f"sqlite:///{temporary / 'demo.db'}", KeyRing("demo", {"demo": token_bytes(32)}))
        stack.callback(store.close)
        exchange = Exchange(_parts(store, stand_ins, record.controller))
        began = time.monotonic()
        stand_ins.file(plan)
        received = _run(exchange, told, began + longest.total_seconds())
        seconds = time.monotonic() - began
        deliveries = tuple(Followed(one, tuple(store.history(one.id))) for one in store.deliveries())
        forms = _forms(exchange.parts, record, deliveries, directory)
        shown = Demonstration(stand_ins.places, received, deliveries, stand_ins.held(), forms, seconds)
        then(shown, exchange)
        return shown


def _parts(store: Store, stand_ins: StandIns, controller: str) -> Parts:
    participants = {
        name: Participant(system, controller, sends=name == _SOURCE) for name, system in stand_ins.systems.items()
    }
    pace = Pace(first=timedelta(milliseconds=150), longest=timedelta(seconds=2))
    return Parts(store, participants, examine, _write, lambda: datetime.now(UTC), pace)


def _write(record: Record, form: str) -> WriteResult:
    return format_named(form).write(record)


def _run(exchange: Exchange, told: Told, deadline: float) -> tuple[Received, ...]:
    """The arrivals; rounds have followed one another until every delivery ended or the time was over."""
    received: list[Received] = []
    never = Event()
    while time.monotonic() < deadline:
        done = exchange.round()
        received += [one for one in done.received if not one.repeated]
        deliveries = exchange.parts.store.deliveries()
        told(tuple(deliveries))
        if received and all(one.state in (*ENDED, "held") for one in deliveries):
            break
        if not done:
            never.wait(0.05)
    return tuple(received)


def _forms(parts: Parts, record: Record, deliveries: tuple[Followed, ...], directory: Path) -> tuple[Form, ...]:
    """The standard form and each receiver's, as they were sent, in files beside their loss reports."""
    written: dict[str, tuple[bytes, Report]] = {}
    for one in deliveries:
        prepared = prepare(parts, one.delivery)
        if prepared is not None:
            form = parts.participants[one.delivery.receiver].system.format
            written[form] = (prepared.written.data, prepared.written.report)
    standard = _write(record, _STANDARD)
    written[_STANDARD] = (standard.data, standard.report)
    return tuple(_kept(directory, form, data, report) for form, (data, report) in written.items())


def _kept(directory: Path, form: str, data: bytes, report: Report) -> Form:
    path = directory / f"plan.{form}{format_named(form).suffix}"
    report_path = directory / f"plan.{form}.report.json"
    write_files({path.name: data, report_path.name: json_text.dump(report.as_json(), indent=True)}, directory)
    return Form(form, path, report_path, report)
