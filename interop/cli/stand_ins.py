"""The three record systems' stand-ins on this machine, each with the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from interop.sandboxes.apotti import ApottiSandbox
from interop.sandboxes.effica import EfficaSandbox
from interop.sandboxes.omni360 import Omni360Sandbox
from interop.sandboxes.running import Running
from interop.systems.apotti import Apotti, ApottiSettings
from interop.systems.base import System
from interop.systems.effica import Effica, EfficaSettings
from interop.systems.oauth import SigningKey, jwks_app
from interop.systems.omni360 import Omni360, Omni360Settings
from schemas.record import Record

__all__ = ["Place", "StandIns", "introduce", "start"]

_CLIENT = ("interop", "salainen")
_KEY_BITS = 2048
_OWNER = "urn:oid:1.2.246.10.99999999.10.3"


@dataclass(frozen=True, slots=True)
class Place:
    """One system of the demonstration: its name in the exchange, its product name, and where it answers."""

    name: str
    title: str
    protocol: str
    url: str


@dataclass(frozen=True, slots=True)
class StandIns:
    """The running stand-ins.

    `file` puts a message into the Effica outbox, as a professional's save does; `held` counts, by looking into each
    receiver itself, the plans that it has filed.
    """

    places: tuple[Place, ...]
    systems: Mapping[str, System]
    file: Callable[[bytes], str]
    held: Callable[[], Mapping[str, int]]


@contextmanager
def start(record: Record) -> Iterator[StandIns]:
    """The stand-ins, running on ports that are free; Apotti knows the record's client and has met them.

    Raises: Unavailable when one does not start.
    """
    with ExitStack() as stack:
        effica_box, omni360_box, apotti_box = EfficaSandbox(), Omni360Sandbox(_CLIENT), ApottiSandbox()
        effica, omni360, apotti = (
            stack.enter_context(Running(box)).url for box in (effica_box, omni360_box, apotti_box)
        )
        places = (
            Place("effica", "SosiaaliEffica", "SOAP 1.1, XML", effica + effica_box.path),
            Place("omni360", "OMNI360", "FHIR R4, OAuth 2", omni360 + omni360_box.path),
            Place("apotti", "Apotti", "FHIR R4, SMART", apotti + apotti_box.path),
        )
        key = SigningKey.generate("demo", _KEY_BITS)
        keys = stack.enter_context(Running(jwks_app([key]))).url
        apotti_box.register(_CLIENT[0], f"{keys}/jwks.json")
        introduce(apotti_box, record)
        adapters = (
            Effica(EfficaSettings(places[0].url)),
            Omni360(Omni360Settings(places[1].url, omni360 + omni360_box.token_path, *_CLIENT, _OWNER)),
            Apotti(ApottiSettings(places[2].url, _CLIENT[0], key)),
        )
        for adapter in adapters:
            stack.callback(adapter.close)
        yield StandIns(
            places,
            {one.name: one for one in adapters},
            effica_box.file,
            lambda: {
                "omni360": len(omni360_box.held("CarePlan")),
                "apotti": len(apotti_box.held("DocumentReference")),
            },
        )


def introduce(box: ApottiSandbox, record: Record) -> None:
    """Makes the record's clients known to Apotti, each with an encounter that a note can be filed under."""
    for client in record.envelope.get("clients", ()):
        identifier = client["identifier"]
        names = (client.get("family", ""), client.get("given", ""))
        box.add_encounter(box.add_patient(identifier["value"], *names, identifier["system"]))
