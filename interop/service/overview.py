"""How the exchange goes: what flows between the systems, what it has done of late, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from interop.exchange import Parts
from interop.store import Beat, Circuit, Delivery, Flow, Found, Inflow, StoredDocument, Transition, Wanted

__all__ = ["SPANS", "Attention", "Overview", "Stopped", "overview"]

SPANS: dict[str, tuple[timedelta, int]] = {
    "hour": (timedelta(minutes=2), 30),
    "day": (timedelta(hours=1), 24),
    "week": (timedelta(hours=6), 28),
    "month": (timedelta(days=1), 30),
}
"""The stretches of time that can be looked at: the length of one step, and how many steps."""

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Stopped:
    """A delivery that waits for a person, and why."""

    delivery: Delivery
    document: StoredDocument
    last: Transition


@dataclass(frozen=True, slots=True)
class Attention:
    """What needs a person: deliveries that are held, documents that were not taken, systems that are left alone."""

    held: int
    stopped: tuple[Stopped, ...]
    refused: tuple[StoredDocument, ...]
    resting: tuple[Circuit, ...]

    def __bool__(self) -> bool:
        return bool(self.held or self.refused or self.resting)


@dataclass(frozen=True, slots=True)
class Overview:
    """The exchange over one stretch of time that ends at `now`. The systems are those of the settings and the store."""

    now: datetime
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    formats: dict[str, str]
    flows: tuple[Flow, ...]
    intake: tuple[Inflow, ...]
    beats: tuple[Beat, ...]
    attention: Attention


def overview(parts: Parts, span: str) -> Overview:
    """The overview of a stretch of time. Raises: KeyError for one that is not in `SPANS`; Unavailable."""
    step, count = SPANS[span]
    now = parts.clock()
    edges = [now - step * left for left in range(count, -1, -1)]
    flows, intake = parts.store.figures.flows(edges[0]), parts.store.figures.intake(edges[0])
    joined = parts.participants
    return Overview(
        now=now,
        senders=_named(
            [name for name, one in joined.items() if one.sends],
            [one.source for one in flows] + [one.source for one in intake],
        ),
        receivers=_named([name for name, one in joined.items() if one.receives], [one.receiver for one in flows]),
        formats={name: one.system.format for name, one in joined.items()},
        flows=tuple(flows),
        intake=tuple(intake),
        beats=tuple(parts.store.figures.beats(edges)),
        attention=_attention(parts, edges[0]),
    )


def _named(joined: Sequence[str], stored: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*joined, *stored)))


def _attention(parts: Parts, since: datetime) -> Attention:
    store = parts.store
    held: Found = store.figures.find(Wanted(states=("held",)), limit=_SHOWN)
    now = parts.clock()
    return Attention(
        held.count,
        tuple(Stopped(one, document, store.history(one.id)[-1]) for one, document in held.rows),
        tuple(store.figures.refused(since, limit=_SHOWN)),
        tuple(one for one in store.circuits.all() if one.open_until is not None and one.open_until > now),
    )
