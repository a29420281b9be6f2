"""A worker as the settings describe it, over a database that is its own to use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import SystemRandom
from uuid import uuid4

from interop.config import Settings
from interop.exchange.engine_dbos import EnginePlace
from interop.exchange.joining import outbox, participants
from interop.exchange.parts import Examine, Pace, Parts, Write
from interop.exchange.tracing import spans
from interop.exchange.worker import Worker, Working
from interop.store import KeyRing, Store
from interop.store.engine import SoleUse, open_beside

__all__ = ["opened_parts", "opened_store", "opened_worker", "worker_over"]

_LONGEST_CALL = timedelta(minutes=2)


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """The store of the settings while the context lasts. Raises: Invalid, Unavailable, Fault."""
    store = Store(settings.database_url, KeyRing(settings.active_key, settings.keys))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_parts(settings: Settings, examine: Examine, write: Write) -> Iterator[Parts]:
    """All that the exchange's steps need; with a database file, no other process works with it meanwhile.

    Raises: Conflict when another one does; Invalid, Unavailable, Fault.
    """
    with opened_store(settings) as store:
        sole = None if store.is_shared else SoleUse(settings.database_url)
        try:
            pace = Pace(
                settings.first_retry, settings.longest_retry, SystemRandom().random, settings.attempts,
                settings.failures_to_rest, min(_LONGEST_CALL, settings.longest_retry),
            )  # fmt: skip
            joined = participants(settings)
            yield Parts(
                store, joined, examine, write, lambda: datetime.now(UTC), pace, str(uuid4()), begins=settings.begins,
                span=spans(settings.traces), notices=outbox(settings),
            )  # fmt: skip
        finally:
            if sole is not None:
                sole.close()


@contextmanager
def opened_worker(settings: Settings, examine: Examine, write: Write) -> Iterator[Worker]:
    """A worker that has not begun yet. Raises: as `opened_parts`."""
    with opened_parts(settings, examine, write) as parts, worker_over(parts, settings) as worker:
        yield worker


@contextmanager
def worker_over(parts: Parts, settings: Settings) -> Iterator[Worker]:
    """A worker over parts that are open already, as when other faces share them. Raises: as `opened_parts`."""
    place = EnginePlace(*open_beside(settings.database_url))
    working = Working(
        settings.look_every, settings.together, settings.worker_grace, settings.backlog, settings.audit_years
    )
    try:
        yield Worker(parts, place, working)
    finally:
        if place.engine is not None:
            place.engine.dispose()
