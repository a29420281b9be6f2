"""Encrypts what is stored: AES-256-GCM under a data key per document, which a key of the ring wraps.

The document's id is authenticated with both, so that no ciphertext can be moved to another document's row. A ring holds
several keys: one is active and wraps, the others only open what they wrapped before. Source: NIST SP 800-38D (GCM),
96-bit random nonces; every data key encrypts one payload, so that nonces cannot repeat under it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from interop.errors import Fault, Invalid

__all__ = ["KEY_BYTES", "KeyRing", "Sealed", "WrappedKey", "keyed_digest", "open_sealed", "rewrap", "seal"]

KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that wrap data keys, by id. Raises: Invalid when the active key is missing or a key has another size."""

    active: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.active not in self.keys:
            raise Invalid("The active key is not in the key ring. Add it to the ring, or name another key as active.")
        if any(len(key) != KEY_BYTES for key in self.keys.values()):
            raise Invalid("A key of the ring does not have 32 bytes. Make each with: openssl rand -base64 32.")


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it is stored: the ring key's id, and the data key encrypted under it."""

    key_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload as it is stored."""

    key: WrappedKey
    payload: bytes


def seal(ring: KeyRing, owner: str, payload: bytes) -> Sealed:
    """The payload encrypted for one owner (a document's id) under a fresh data key."""
    data_key = token_bytes(KEY_BYTES)
    return Sealed(_wrap(ring, owner, data_key), _encrypt(data_key, payload, owner.encode()))


def open_sealed(ring: KeyRing, owner: str, sealed: Sealed) -> bytes:
    """The payload in the clear. Raises: Fault when the key is gone, or the bytes are not the owner's."""
    return _decrypt(_unwrap(ring, owner, sealed.key), sealed.payload, owner.encode())


def rewrap(ring: KeyRing, owner: str, key: WrappedKey) -> WrappedKey:
    """The same data key wrapped by the active key; the payload is not touched. Raises: Fault as `open_sealed`."""
    return _wrap(ring, owner, _unwrap(ring, owner, key))


def keyed_digest(key: bytes, *parts: bytes) -> str:
    """HMAC-SHA-256 over the parts, each with its length, in hexadecimal: without the key nobody can try values."""
    digest = hmac.new(key, digestmod=sha256)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _wrap(ring: KeyRing, owner: str, data_key: bytes) -> WrappedKey:
    return WrappedKey(ring.active, _encrypt(ring.keys[ring.active], data_key, _wrapping(ring.active, owner)))


def _unwrap(ring: KeyRing, owner: str, key: WrappedKey) -> bytes:
    if key.key_id not in ring.keys:
        raise Fault("The key that a stored document was encrypted with is not in the key ring. Put it back.")
    return _decrypt(ring.keys[key.key_id], key.data, _wrapping(key.key_id, owner))


def _wrapping(key_id: str, owner: str) -> bytes:
    # Another context than the payload's: a wrapped key can never pass for a payload.
    return f"key:{len(key_id)}:{key_id}:{owner}".encode()


def _encrypt(key: bytes, data: bytes, context: bytes) -> bytes:
    nonce = token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, context)


def _decrypt(key: bytes, data: bytes, context: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise Fault(
            "A stored document cannot be decrypted: its bytes or its key have been changed. Ask interop doctor which."
        ) from error
