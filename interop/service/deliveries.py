"""One delivery with all that happened to it, and what a person may do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from interop.errors import Invalid
from interop.exchange import Parts
from interop.logs import without_identity_codes
from interop.store import Delivery, State, Store, StoredDocument, Transition, is_in_doubt

__all__ = ["ACTS", "REASONED", "Act", "Followed", "act", "followed", "possible"]

Act = Literal["retry", "release", "confirm", "cancel"]
ACTS: tuple[Act, ...] = get_args(Act)
REASONED: tuple[Act, ...] = ("confirm", "cancel")
"""What a person does with a reason alone."""

_POSSIBLE: Mapping[Act, tuple[State, ...]] = {
    "retry": ("pending", "held", "accepted", "rejected", "unknown"),
    "release": ("held",),
    "confirm": ("held", "unknown"),
    "cancel": ("pending", "held"),
}
"""The states in which a person's act means something."""

_DO: Mapping[Act, Callable[[Store, int, datetime, str, str], Delivery]] = {
    "retry": Store.resend,
    "release": Store.release,
    "confirm": Store.confirm,
    "cancel": Store.cancel,
}


@dataclass(frozen=True, slots=True)
class Followed:
    """A delivery, its document, and every step it took, oldest first."""

    delivery: Delivery
    document: StoredDocument
    steps: tuple[Transition, ...]


def followed(parts: Parts, delivery_id: int) -> Followed:
    """One delivery. Raises: NotFound, Unavailable."""
    delivery = parts.store.delivery(delivery_id)
    return Followed(delivery, parts.store.document(delivery.document_id), tuple(parts.store.history(delivery_id)))


def possible(found: Followed) -> tuple[Act, ...]:
    """What a person can do with a delivery as it stands.

    Only one of which it is in doubt whether it has arrived can be confirmed, and it has no gate's hold to be let past.
    """
    last = found.steps[-1]
    idle: Act = "release" if is_in_doubt(last.before, last.after) else "confirm"
    return tuple(one for one in ACTS if found.delivery.state in _POSSIBLE[one] and one != idle)


def act(parts: Parts, what: Act, delivery_id: int, who: str, reason: str) -> Delivery:
    """The delivery after a person's act. In: `reason` is kept in the ledger with the person's name; some need one.

    Raises: Invalid for an act of `REASONED` without a reason; NotFound; Conflict when the delivery does not stand so
    that it can.
    """
    said = without_identity_codes(reason.strip())
    if what in REASONED and not said:
        raise Invalid("This is done with a reason. Write one.")
    return _DO[what](parts.store, delivery_id, parts.clock(), f"{who}: {said}" if said else who, f"user:{who}")
