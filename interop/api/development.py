"""The development mode: one token, made when the service starts, that stands for a client with every scope.

It is for a loopback address alone, and only the controller's own documents show to it: the gate judges it like others.
"""

from __future__ import annotations

from hmac import compare_digest
from secrets import token_urlsafe

__all__ = ["development_token", "is_development_token"]

_PREFIX = "development-"


def development_token() -> str:
    """A new token."""
    return _PREFIX + token_urlsafe(24)


def is_development_token(host_token: str, token: str) -> bool:
    """True when the token is the one of this start, and there is one."""
    return bool(host_token) and compare_digest(host_token.encode(), token.encode())
