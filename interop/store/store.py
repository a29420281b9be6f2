"""The store: documents with encrypted payloads, their deliveries, and every transition of these.

Each public method is one transaction: it is carried out whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import bindparam, select

from interop.errors import Conflict, InteropError
from interop.store.access import Access
from interop.store.audit import Audit, begin
from interop.store.batches import Batches, Change, Due, Taken
from interop.store.circuits import Circuits
from interop.store.counts import Counts
from interop.store.database import Database
from interop.store.disclosures import Disclosures
from interop.store.documents import Documents
from interop.store.encryption import KeyRing
from interop.store.figures import Figures
from interop.store.inbox import Inbox
from interop.store.jobs import Jobs
from interop.store.journal import Journal
from interop.store.keys import Keys
from interop.store.ledger import Delivery, Step, Transition, is_in_doubt
from interop.store.resources import Resources
from interop.store.rows import (
    delivery_of,
    found_delivery,
    has_newer,
    moved,
    older_in_doubt,
    transition_of,
)
from interop.store.secrets import secret
from interop.store.states import State
from interop.store.tables import DeliveryRow, DocumentRow, TransitionRow
from interop.store.waits import Waits
from interop.store.wills import WillStore
from interop.store.workers import Workers

__all__ = ["Store"]

_DIGEST_KEY, _AUDIT_KEY = "digest_key", "audit_key"
_RESENDABLE: tuple[State, ...] = ("held", "rejected")
_LAST = (
    select(TransitionRow)
    .where(TransitionRow.delivery_id == bindparam("delivery"))
    .order_by(TransitionRow.id.desc())
    .limit(1)
)
_UNDER_WAY: tuple[State, ...] = ("pending", "accepted", "unknown")


def _new_id() -> str:
    return str(uuid4())


class Store(Documents):
    """The exchange's memory.

    In: `ring` opens the payloads; `new_id` names documents. Raises, from every method: Unavailable when the database
    cannot be reached. `inbox`, `wills`, `circuits`, `workers`, `access` and `jobs` are the parts of it that several
    processes agree through; `resources` is the index of what the documents hold; `figures` is what people look at, and
    `counts` what machines do; `waits` looks for times that no wait leads to; `audit` tells of everything that was done,
    and `disclosures` of what other controllers were given.
    """

    def __init__(self, url: str, ring: KeyRing, new_id: Callable[[], str] = _new_id) -> None:
        self._database = Database(url)
        self._ring = ring
        self._new_id = new_id
        try:
            self._digest_key = secret(self._database, ring, _DIGEST_KEY)
            self.audit = Audit(self._database, secret(self._database, ring, _AUDIT_KEY, begin), new_id)
        except InteropError:
            self.close()
            raise
        self.keys = Keys(self._database, ring)
        self._journal = Journal(self.audit)
        self._batches = Batches(self._database, self._journal)
        self.disclosures = Disclosures(self._database)
        self.inbox = Inbox(self._database, ring, self._digest_key, new_id)
        self.wills = WillStore(self._database, ring, self._digest_key, new_id)
        self.circuits = Circuits(self._database)
        self.counts = Counts(self._database)
        self.figures = Figures(self._database)
        self.workers = Workers(self._database)
        self.waits = Waits(self._database)
        self.resources = Resources(self._database, ring, self._digest_key)
        self.access = Access(self._database, ring, self._digest_key, new_id)
        self.jobs = Jobs(self._database, ring, new_id)

    @property
    def is_shared(self) -> bool:
        """True when other processes and machines can work with the database too."""
        return self._database.is_shared

    def close(self) -> None:
        """Lets the database go."""
        self._database.close()

    # Deliveries

    def delivery(self, delivery_id: int) -> Delivery:
        """One delivery. Raises: NotFound."""
        with self._database.read() as session:
            return delivery_of(*found_delivery(session, delivery_id))

    def deliveries(
        self, *states: State, due: datetime | None = None, receiver: str = "", document: str = "", limit: int = 1000
    ) -> list[Delivery]:
        """The deliveries in these states (or in any), oldest first; with `due`, those whose time has come.

        In: `document` is the store's own id of a document.
        """
        query = select(DeliveryRow, DocumentRow).join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
        if states:
            query = query.where(DeliveryRow.state.in_(states))
        if due is not None:
            query = query.where(DeliveryRow.next_at <= due)
        if receiver:
            query = query.where(DeliveryRow.receiver == receiver)
        if document:
            query = query.where(DeliveryRow.document_id == document)
        with self._database.read() as session:
            return [
                delivery_of(row, document)
                for row, document in session.execute(query.order_by(DeliveryRow.id).limit(limit))
            ]

    def receivers(self, *states: State, due: datetime) -> list[str]:
        """The receivers that have deliveries in these states whose time has come, in alphabetical order."""
        query = select(DeliveryRow.receiver).where(DeliveryRow.state.in_(states), DeliveryRow.next_at <= due)
        with self._database.read() as session:
            return list(session.scalars(query.distinct().order_by(DeliveryRow.receiver)))

    def history(self, delivery_id: int) -> list[Transition]:
        """Every transition of a delivery, oldest first. Raises: NotFound."""
        with self._database.read() as session:
            found_delivery(session, delivery_id)
            query = select(TransitionRow).where(TransitionRow.delivery_id == delivery_id).order_by(TransitionRow.id)
            return [transition_of(row) for row in session.scalars(query)]

    def is_newest(self, delivery_id: int) -> bool:
        """True when no newer version of the delivery's document has been accepted. Raises: NotFound."""
        with self._database.read() as session:
            _, document = found_delivery(session, delivery_id)
            return not has_newer(session, document)

    def has_older_in_doubt(self, delivery_id: int) -> bool:
        """True when it is open whether an older version has reached the same receiver. Raises: NotFound."""
        with self._database.read() as session:
            delivery, document = found_delivery(session, delivery_id)
            return bool(session.scalar(older_in_doubt(delivery, document)))

    def move(self, delivery: Delivery, step: Step) -> Delivery:
        """The delivery after the step.

        Nothing is sent past a newer version, nor while it is open whether an older one has arrived: that too is a
        Conflict, and looked at within the same transaction. Raises: Fault when the table of states forbids the step;
        Conflict when somebody else has moved the delivery.
        """
        (after,) = self._batches.advance([Change(delivery, step)])
        if after is None:
            self.delivery(delivery.id)
            raise Conflict("The delivery, or another version of its document, has been moved in the meantime.")
        return after

    def take(self, wanted: Mapping[int, int | None], at: datetime) -> list[Taken]:
        """Those of the deliveries whose time has come, counted as begun. In: the turn of each by its id; None: any."""
        return self._batches.take(wanted, at)

    def advance(self, changes: Sequence[Change]) -> list[Delivery | None]:
        """Each delivery after its change, all in one transaction; None for one that could not be changed.

        Raises: Fault when the table of states forbids a step.
        """
        return self._batches.advance(changes)

    def due(self, at: datetime, receiver: str, limit: int) -> list[Due]:
        """The deliveries to a receiver that are under way and whose time has come, the longest waiting first."""
        return self._batches.due(at, receiver, limit)

    def wait(self, delivery: Delivery, until: datetime) -> None:
        """Notes that the receiver has been asked about the delivery without news, and when to ask again.

        Raises: Conflict when somebody else has moved the delivery.
        """
        self._changed(Change(delivery, until=until, checks=1))

    def postpone(self, delivery: Delivery, until: datetime) -> None:
        """Notes that nothing was tried, and when to try. Raises: Conflict when somebody else has moved the delivery."""
        self._changed(Change(delivery, until=until))

    def release(self, delivery_id: int, at: datetime, reason: str = "", who: str = "") -> Delivery:
        """A held delivery, let go by a person: it is pending, and the gate's hold no longer stops it.

        Raises: NotFound; Conflict when it is not held.
        """
        step = Step("pending", at, "released_by_a_person", reason, next_at=at, who=who)
        return self._by_person(delivery_id, step, ("held",), released=True)

    def resend(self, delivery_id: int, at: datetime, reason: str = "", who: str = "") -> Delivery:
        """A held or rejected delivery, pending again by a person's word; the gate judges it anew.

        One that is under way already is tried at once. Raises: NotFound; Conflict when it has arrived, is being sent,
        or a newer version goes in its stead.
        """
        step = Step("pending", at, "resent_by_a_person", reason, next_at=at, who=who)
        if self.delivery(delivery_id).state in _UNDER_WAY:
            with self._database.write() as session:
                row, document = found_delivery(session, delivery_id, lock=True)
                row.turn += 1
                row.begun = 0
                row.next_at = at
                self._journal.hurried(session, row, document, step)
                return delivery_of(row, document)
        return self._by_person(delivery_id, step, _RESENDABLE)

    def cancel(self, delivery_id: int, at: datetime, reason: str = "", who: str = "") -> Delivery:
        """A waiting or held delivery, called off by a person.

        Raises: NotFound; Conflict when it is neither: what may have arrived cannot be called back.
        """
        step = Step("rejected", at, "cancelled_by_a_person", reason, who=who)
        return self._by_person(delivery_id, step, ("pending", "held"))

    def confirm(self, delivery_id: int, at: datetime, reason: str = "", who: str = "") -> Delivery:
        """A delivery that was in doubt, delivered by the word of a person who has asked its receiver.

        Raises: NotFound; Conflict when it is not in doubt whether it has arrived.
        """
        step = Step("delivered", at, "confirmed_by_a_person", reason, who=who)
        with self._database.write() as session:
            row, document = found_delivery(session, delivery_id, lock=True)
            last = session.scalars(_LAST, {"delivery": delivery_id}).one()
            if not is_in_doubt(transition_of(last).before, delivery_of(row, document).state):
                raise Conflict("It is not in doubt whether this delivery has arrived.")
            self._journal.moved(session, [moved(row, document, step)])
            return delivery_of(row, document)

    def doubt_interrupted(
        self, at: datetime, *, pause: timedelta = timedelta(), is_gone: Callable[[Delivery], bool] = lambda _: True
    ) -> int:
        """How many deliveries were being handed over when their worker ended; each is `unknown` from now on.

        In: `is_gone` tells whether the worker of a delivery has ended; `pause` is the time until the receiver is asked,
        since it may still be busy with the call. Without `is_gone`, this is for the only worker of the database.
        """
        return self._doubt(Step("unknown", at, "interrupted", next_at=at + pause), ("sent",), is_gone)

    def doubt_restored(self, at: datetime) -> int:
        """How many deliveries were not over when this database was backed up; each is `unknown` from now on.

        What the exchange has sent since then it does not know any more, and so it asks before it sends anything.
        """
        return self._doubt(Step("unknown", at, "restored_from_backup", next_at=at), ("pending", "sent"), lambda _: True)

    def overdue(self, at: datetime, *, limit: int = 500) -> list[Delivery]:
        """The deliveries under way whose time had come at `at`, the longest overdue first."""
        query = (
            select(DeliveryRow, DocumentRow)
            .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
            .where(DeliveryRow.state.in_(_UNDER_WAY), DeliveryRow.next_at <= at)
            .order_by(DeliveryRow.next_at, DeliveryRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [delivery_of(row, document) for row, document in session.execute(query)]

    # Inside

    def _doubt(self, step: Step, states: tuple[State, ...], is_doubtful: Callable[[Delivery], bool]) -> int:
        query = (
            select(DeliveryRow, DocumentRow)
            .join(DocumentRow, DocumentRow.id == DeliveryRow.document_id)
            .where(DeliveryRow.state.in_(states))
            .with_for_update(of=DeliveryRow)
        )
        with self._database.write() as session:
            rows = session.execute(query).all()
            moves = [moved(row, document, step) for row, document in rows if is_doubtful(delivery_of(row, document))]
            self._journal.moved(session, moves)
        return len(moves)

    def _changed(self, change: Change) -> None:
        (after,) = self._batches.advance([change])
        if after is None:
            self.delivery(change.delivery.id)
            raise Conflict("The delivery has been moved by another worker in the meantime.")

    def _by_person(
        self, delivery_id: int, step: Step, allowed: tuple[State, ...], *, released: bool = False
    ) -> Delivery:
        with self._database.write() as session:
            row, document = found_delivery(session, delivery_id, lock=True)
            before = delivery_of(row, document).state
            if before not in allowed:
                raise Conflict(f"This cannot be done with a delivery that is {before}.")
            move = moved(row, document, step)
            row.released = row.released or released
            session.flush()
            self._journal.moved(session, [move])
            return delivery_of(row, document)
