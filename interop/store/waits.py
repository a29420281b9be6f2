"""What waits until a time, looked over for times that no wait can lead to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, literal, select, update

from interop.store.database import Database
from interop.store.tables import ArrivalRow, CircuitRow, DeliveryRow

__all__ = ["Waits"]

_UNDER_WAY = ("pending", "accepted", "unknown")


class Waits:
    """The times that deliveries, arrivals and circuits wait for. Raises, from every method: Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def bring_forward(self, at: datetime, horizon: timedelta) -> int:
        """How many waited for a time beyond the horizon; their waits have ended.

        Nothing waits that long of itself: the clock was ahead when the time was set, and has been put back since.
        """
        far = at + horizon
        deliveries = and_(DeliveryRow.state.in_(_UNDER_WAY), DeliveryRow.next_at > far)
        arrivals = and_(ArrivalRow.state == "waiting", ArrivalRow.next_at > far)
        circuits = CircuitRow.open_until > far
        with self._database.read() as session:
            found = [session.scalar(select(literal(1)).where(one).limit(1)) for one in (deliveries, arrivals, circuits)]
            if not any(found):
                return 0
        with self._database.write() as session:
            results = (
                session.execute(update(DeliveryRow).where(deliveries).values(next_at=at, turn=DeliveryRow.turn + 1)),
                session.execute(update(ArrivalRow).where(arrivals).values(next_at=at, turn=ArrivalRow.turn + 1)),
                session.execute(update(CircuitRow).where(circuits).values(open_until=at, probe_until=None)),
            )
            return sum(cast("CursorResult[Any]", one).rowcount for one in results)
