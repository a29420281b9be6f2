"""What the processes of one service agree on about access: the keys that sign tokens, and the assertions used up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from interop.store.api_tables import AssertionRow, SigningKeyRow
from interop.store.database import Database
from interop.store.encryption import KeyRing, Sealed, WrappedKey, keyed_digest, open_sealed, seal

__all__ = ["Access", "StoredKey"]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key as its maker has written it down."""

    id: str
    made_at: datetime
    data: bytes = field(repr=False)


class Access:
    """Keys and assertions. Raises, from every method: Unavailable."""

    def __init__(self, database: Database, ring: KeyRing, digest_key: bytes, new_id: Callable[[], str]) -> None:
        self._database, self._ring, self._digest_key, self._new_id = database, ring, digest_key, new_id

    def use(self, client: str, assertion: str, expires: datetime, at: datetime) -> bool:
        """True the first time that a client's assertion (its `jti`) is used; False ever after, while it could count."""
        digest = keyed_digest(self._digest_key, b"assertion", client.encode(), assertion.encode())
        with self._database.write() as session:
            self._database.serialize(session, f"assertion:{digest}")
            session.execute(delete(AssertionRow).where(AssertionRow.expires_at < at))
            if session.get(AssertionRow, digest) is not None:
                return False
            session.add(AssertionRow(digest=digest, expires_at=expires))
            return True

    def keys(self, at: datetime, life: timedelta, grace: timedelta, make: Callable[[str], bytes]) -> list[StoredKey]:
        """The signing keys, the newest first: the first signs, the others only prove what they signed before.

        A key signs for `life` and proves for `grace` longer. In: `make` gives the bytes of a new key of an id.
        """
        with self._database.read() as session:
            found = _rows(session)
            if found and found[0].made_at + life > at and found[-1].made_at + life + grace > at:
                return [self._opened(row) for row in found]
        with self._database.write() as session:
            self._database.serialize(session, "signing-keys")
            session.execute(delete(SigningKeyRow).where(SigningKeyRow.made_at < at - life - grace))
            found = _rows(session)
            if not found or found[0].made_at + life <= at:
                found.insert(0, self._new(session, at, make))
            return [self._opened(row) for row in found]

    def _new(self, session: Session, at: datetime, make: Callable[[str], bytes]) -> SigningKeyRow:
        name = self._new_id()
        sealed = seal(self._ring, name, make(name))
        row = SigningKeyRow(
            id=name, made_at=at, key_id=sealed.key.key_id, wrapped_key=sealed.key.data, payload=sealed.payload
        )
        session.add(row)
        return row

    def _opened(self, row: SigningKeyRow) -> StoredKey:
        sealed = Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload)
        return StoredKey(row.id, row.made_at, open_sealed(self._ring, row.id, sealed))


def _rows(session: Session) -> list[SigningKeyRow]:
    return list(session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.made_at.desc())))
