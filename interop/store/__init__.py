"""What the exchange remembers: documents encrypted at rest, their deliveries, and every change of their states."""

from __future__ import annotations

from interop.store.audit import Audit, Sought, years_before
from interop.store.audit_chain import Anchor, Problem, Verdict
from interop.store.audit_entries import PURPOSES, WHATS, Entry, What
from interop.store.batches import Change, Due, Taken
from interop.store.circuits import Circuit, Pass
from interop.store.counts import DeliveryCount, Took
from interop.store.disclosures import Disclosed, SoughtDisclosures
from interop.store.encryption import KeyRing
from interop.store.figures import Beat, Flow, Found, Inflow, Wanted
from interop.store.inbox import DueArrival, Ended, Waiting
from interop.store.ledger import (
    Answer,
    Delivery,
    Identity,
    Incoming,
    Intake,
    Status,
    Step,
    StoredDocument,
    Transition,
    is_in_doubt,
)
from interop.store.states import ENDED, STATES, TRANSITIONS, State
from interop.store.store import Store
from interop.store.wills import KnownWill
from interop.store.workers import Worker

__all__ = [
    "ENDED",
    "PURPOSES",
    "STATES",
    "TRANSITIONS",
    "WHATS",
    "Anchor",
    "Answer",
    "Audit",
    "Beat",
    "Change",
    "Circuit",
    "Delivery",
    "DeliveryCount",
    "Disclosed",
    "Due",
    "DueArrival",
    "Ended",
    "Entry",
    "Flow",
    "Found",
    "Identity",
    "Incoming",
    "Inflow",
    "Intake",
    "KeyRing",
    "KnownWill",
    "Pass",
    "Problem",
    "Sought",
    "SoughtDisclosures",
    "State",
    "Status",
    "Step",
    "Store",
    "StoredDocument",
    "Taken",
    "Took",
    "Transition",
    "Verdict",
    "Waiting",
    "Wanted",
    "What",
    "Worker",
    "is_in_doubt",
    "years_before",
]
