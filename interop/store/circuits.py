"""A circuit for each system: after so many failures nobody calls it for a while, then a single call probes it.

It stands in the database, so that all workers spare a system that one of them has found in trouble. The states are
closed (`open_until` is empty), open (it lies ahead) and half-open (it has passed; one caller at a time may probe).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from interop.store.database import Database
from interop.store.tables import CircuitRow

__all__ = ["Circuit", "Circuits", "Pass"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """How calls to one system have gone of late; `open_until` is None while all is well."""

    system: str
    failures: int
    openings: int
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to call a system; `until` is when to ask again where there is none. A probe is one call alone."""

    until: datetime | None = None
    is_probe: bool = False


class Circuits:
    """The circuits of all systems; one that was never in trouble has no row. Raises, from every method: Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Circuit]:
        """The circuits of the systems that have been in trouble, by name."""
        with self._database.read() as session:
            rows = session.scalars(select(CircuitRow).order_by(CircuitRow.system))
            return [Circuit(row.system, row.failures, row.openings, row.open_until) for row in rows]

    def rests_until(self, system: str, at: datetime) -> datetime | None:
        """When the system may be called again, or None when it may be now (be it by one caller alone)."""
        with self._database.read() as session:
            row = session.get(CircuitRow, system)
            return _rest(row, at) if row is not None else None

    def admit(self, system: str, at: datetime, probe: timedelta) -> datetime | None:
        """As `rests_until`; and when the circuit is half-open, the caller is now the one who probes.

        In: `probe` is how long others wait for the prober's word.
        """
        if self._is_closed(system):
            return None
        with self._database.write() as session:
            row = session.get(CircuitRow, system, with_for_update=True)
            if row is None or row.open_until is None:
                return None
            rest = _rest(row, at)
            if rest is None:
                row.probe_until = at + probe
            return rest

    def passes(self, system: str, at: datetime, probe: timedelta) -> Pass:
        """Whether calls to the system may be made now: all, only the one that probes for the others, or none."""
        if self._is_closed(system):
            return Pass()
        rest = self.admit(system, at, probe)
        return Pass(rest, is_probe=rest is None)

    def resting(self, at: datetime) -> list[str]:
        """The systems that nobody may call now."""
        with self._database.read() as session:
            return [row.system for row in session.scalars(select(CircuitRow)) if _rest(row, at) is not None]

    def failed(self, system: str, at: datetime, most: int, pause: Callable[[int], timedelta]) -> bool:
        """True when the failed call has opened the circuit.

        In: `most` is the number of failures in a row that open it; `pause` gives the rest by the number of openings.
        """
        with self._database.write() as session:
            self._database.serialize(session, f"circuit:{system}")
            row = session.get(CircuitRow, system, with_for_update=True)
            if row is None:
                row = CircuitRow(system=system, failures=0, openings=0)
                session.add(row)
            row.failures += 1
            probed = row.open_until is not None and row.open_until <= at
            if row.open_until is not None and not probed:
                return False
            if row.failures < most and not probed:
                return False
            row.openings += 1
            row.open_until, row.probe_until = at + pause(row.openings), None
            return True

    def worked(self, system: str) -> None:
        """Nothing; the system has answered, and its circuit is closed."""
        with self._database.read() as session:
            row = session.get(CircuitRow, system)
            if row is None or (row.failures == 0 and row.open_until is None):
                return
        with self._database.write() as session:
            row = session.get(CircuitRow, system, with_for_update=True)
            if row is not None:
                row.failures = row.openings = 0
                row.open_until = row.probe_until = None

    def _is_closed(self, system: str) -> bool:
        with self._database.read() as session:
            row = session.get(CircuitRow, system)
            return row is None or row.open_until is None


def _rest(row: CircuitRow, at: datetime) -> datetime | None:
    if row.open_until is None:
        return None
    if row.open_until > at:
        return row.open_until
    return row.probe_until if row.probe_until is not None and row.probe_until > at else None
