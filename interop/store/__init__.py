"""What the exchange remembers: documents encrypted at rest, their deliveries, and every change of their states."""

from __future__ import annotations

from interop.store.circuits import Circuit
from interop.store.encryption import KeyRing
from interop.store.inbox import Waiting
from interop.store.ledger import Answer, Delivery, Identity, Incoming, Step, StoredDocument, Transition
from interop.store.states import ENDED, STATES, TRANSITIONS, State
from interop.store.store import Store
from interop.store.workers import Worker

__all__ = [
    "ENDED",
    "STATES",
    "TRANSITIONS",
    "Answer",
    "Circuit",
    "Delivery",
    "Identity",
    "Incoming",
    "KeyRing",
    "State",
    "Step",
    "Store",
    "StoredDocument",
    "Transition",
    "Waiting",
    "Worker",
]
