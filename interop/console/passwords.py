"""Passwords as they are kept: a salted scrypt hash that carries its own cost.

Source: RFC 7914 (scrypt); OWASP Password Storage Cheat Sheet (N=2^15, r=8, p=3: 32 MiB).
"""

from __future__ import annotations

import base64
from secrets import token_bytes

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

__all__ = ["LONGEST", "SHORTEST", "hashed", "matches"]

SHORTEST, LONGEST = 12, 200
"""How many characters a password has."""

_COST = (15, 8, 3)
_BYTES = 32


def hashed(password: str, salt: bytes | None = None) -> str:
    """The hash of a password: `scrypt.<log2 N>.<r>.<p>.<salt>.<key>`, the last two in Base64 for URLs."""
    salt = salt or token_bytes(16)
    key = _scrypt(salt, *_COST, length=_BYTES).derive(password.encode())
    return ".".join(["scrypt", *map(str, _COST), _text(salt), _text(key)])


def matches(password: str, kept: str) -> bool:
    """True when the password is the one whose hash is kept."""
    if len(password) > LONGEST:
        return False
    _, n, r, p, salt, key = kept.split(".")
    expected = _bytes(key)
    try:
        _scrypt(_bytes(salt), int(n), int(r), int(p), length=len(expected)).verify(password.encode(), expected)
    except (InvalidKey, ValueError):
        return False
    return True


def _scrypt(salt: bytes, n: int, r: int, p: int, *, length: int) -> Scrypt:
    return Scrypt(salt=salt, length=length, n=1 << n, r=r, p=p)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
