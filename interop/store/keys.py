"""Which keys of the ring wrap what is stored, and the change from one key to another while everything goes on.

Every table that holds something encrypted has the columns `key_id`, `wrapped_key` and a primary key that the data key
is bound to, so that a new table takes part of itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Table, func, select, update

from interop.errors import Conflict, NotFound
from interop.store.database import Database
from interop.store.encryption import KeyRing, WrappedKey, rewrap
from interop.store.tables import Base

__all__ = ["Keys"]

_AT_A_TIME = 500


class Keys:
    """The keys that are in use in a database."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database, self._ring = database, ring

    def in_use(self) -> Mapping[str, int]:
        """How many stored things each key wraps, by its id; also keys that are not in the ring."""
        found: Counter[str] = Counter()
        with self._database.read() as session:
            for table in _tables():
                query = select(table.c.key_id, func.count()).group_by(table.c.key_id)
                for key_id, count in session.execute(query):
                    found[key_id] += count
        return found

    def rewrap(self, limit: int = _AT_A_TIME) -> int:
        """How many data keys were wrapped anew by the active key, of each table so many at most; 0 when none is left.

        The payloads are not touched, and whoever reads meanwhile reads on. Raises: Fault when a key in use is not in
        the ring.
        """
        return sum(self._rewrap(table, limit) for table in _tables())

    def check_unused(self, key_id: str) -> None:
        """Nothing; the key can leave the ring.

        Raises: Conflict when it is active or something needs it, NotFound when it is not in the ring.
        """
        if key_id == self._ring.active:
            raise Conflict("The key is the active one. Make another key active first.")
        if key_id not in self._ring.keys:
            raise NotFound("There is no key of this id in the ring.")
        if needed := self.in_use().get(key_id, 0):
            raise Conflict(f"The key still opens {needed} stored things. Give `interop keys rotate` first.")

    def _rewrap(self, table: Table, limit: int) -> int:
        owner = next(iter(table.primary_key.columns))
        query = select(owner, table.c.key_id, table.c.wrapped_key).where(table.c.key_id != self._ring.active)
        with self._database.write() as session:
            rows = session.execute(query.order_by(owner).limit(limit).with_for_update()).all()
            for name, key_id, wrapped in rows:
                key = rewrap(self._ring, name, WrappedKey(key_id, wrapped))
                session.execute(update(table).where(owner == name).values(key_id=key.key_id, wrapped_key=key.data))
        return len(rows)


def _tables() -> Iterator[Any]:
    return (table for table in Base.metadata.sorted_tables if "wrapped_key" in table.c)
