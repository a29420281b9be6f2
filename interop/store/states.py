"""The states of a delivery, and which may follow which.

| state | meaning |
|---|---|
| pending | waits to be sent, perhaps until a time |
| held | waits for a person; after a doubt that nobody can read back, a person may say that it has arrived |
| sent | is being handed over; after a crash nobody knows how far it came |
| accepted | the receiver has the bytes, and has not yet said what became of them |
| delivered | the receiver has filed the document |
| rejected | the receiver will not take it, the gate denies it, or a person has called it off |
| unknown | the answer was lost, or an older database restored: the receiver is read back before anything is sent |
| superseded | a newer version of the document goes in its stead |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

__all__ = ["ENDED", "STATES", "TRANSITIONS", "State", "is_allowed"]

State = Literal["pending", "held", "sent", "accepted", "delivered", "rejected", "unknown", "superseded"]

STATES: tuple[State, ...] = get_args(State)

TRANSITIONS: Mapping[State, tuple[State, ...]] = {
    "pending": ("sent", "held", "rejected", "superseded", "unknown"),
    "held": ("pending", "delivered", "rejected", "superseded"),
    "sent": ("pending", "held", "accepted", "delivered", "rejected", "unknown"),
    "accepted": ("held", "delivered", "rejected", "unknown"),
    "delivered": (),
    "rejected": ("pending",),
    "unknown": ("pending", "held", "accepted", "delivered", "rejected", "superseded"),
    "superseded": (),
}

ENDED: tuple[State, ...] = ("delivered", "rejected", "superseded")
"""The states in which the exchange does nothing more by itself; a person can still resend a rejected delivery."""


def is_allowed(before: State, after: State) -> bool:
    """True when the table lets `after` follow `before`."""
    return after in TRANSITIONS[before]
