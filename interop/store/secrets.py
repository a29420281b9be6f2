"""The small secrets of a database itself, encrypted like payloads: keys of digests that must outlive a ring's key."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from sqlalchemy.orm import Session

from interop.store.database import Database
from interop.store.encryption import KEY_BYTES, KeyRing, Sealed, WrappedKey, open_sealed, seal
from interop.store.tables import SecretRow

__all__ = ["secret"]


def _nothing(_session: Session, _secret: bytes) -> None:
    """What begins with most secrets."""


def secret(database: Database, ring: KeyRing, name: str, begin: Callable[[Session, bytes], None] = _nothing) -> bytes:
    """A random secret of this database, made at its first opening together with what begins with it.

    Raises: Fault when the key that it was encrypted with is not in the ring.
    """
    with database.write() as session:
        database.serialize(session, name)
        row = session.get(SecretRow, name)
        if row is None:
            sealed = seal(ring, name, token_bytes(KEY_BYTES))
            row = SecretRow(name=name, key_id=sealed.key.key_id, wrapped_key=sealed.key.data, payload=sealed.payload)
            session.add(row)
            begin(session, open_sealed(ring, name, sealed))
        return open_sealed(ring, name, Sealed(WrappedKey(row.key_id, row.wrapped_key), row.payload))
