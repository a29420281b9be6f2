"""What has not left yet, with what the gate says of it now: so that whoever revokes a permit sees what that stops."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from interop.store import Delivery, Store
from mappings.formats import format_named
from schemas.record import Record
from validators.gate import Decision, Receiver, decide_on

__all__ = ["Resting", "resting"]

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Resting:
    """A delivery that has not left, and the gate's decision on it."""

    delivery: Delivery
    decision: Decision


def resting(
    store: Store, receivers: Mapping[str, Receiver], at: datetime, wanted: Collection[int] | None = None
) -> Iterator[Resting]:
    """The deliveries that have not left, or the `wanted` ones of them, each judged as before an attempt, oldest first.

    In: `receivers` are the systems as the gate sees them. What goes to another, and what cannot be read, is left out:
    it does not leave either.
    """
    read: tuple[str, Record | None] = ("", None)
    for one in store.deliveries("pending", "held", limit=_MOST):
        if one.receiver not in receivers or (wanted is not None and one.id not in wanted):
            continue
        # The deliveries of one document stand beside one another.
        if read[0] != one.document_id:
            read = (one.document_id, _record(store, one.document_id))
        if read[1] is not None:
            yield Resting(one, decide_on(read[1], receivers[one.receiver], store.wills.of, at))


def _record(store: Store, document_id: str) -> Record | None:
    return format_named(store.document(document_id).format).read(store.payload(document_id)).record
