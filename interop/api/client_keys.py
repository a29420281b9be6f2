"""The public keys of a client: from a file of the settings, or from the address where the client publishes them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from joserfc.jwk import KeySet

from interop.config import ClientSettings
from interop.errors import InteropError
from interop.systems.http import Bounds, Http
from schemas import json_text
from schemas.limits import Limits

__all__ = ["keys_of"]

_KEPT = 300.0
_BOUNDS = Bounds(connect=3.0, read=5.0, total=10.0, body=100_000)
_LIMITS = Limits(size=100_000, depth=8, nodes=5_000)
_fetched: dict[str, tuple[float, KeySet]] = {}
_lock = threading.Lock()


def keys_of(client: ClientSettings, clock: Callable[[], float] = time.monotonic) -> KeySet:
    """The keys that a client's assertions are checked by. Raises: ValueError when they cannot be had."""
    if client.jwks_file is not None:
        return _imported(client.jwks_file.read_bytes())
    if not client.jwks_url:
        raise ValueError("The client has no keys.")
    with _lock:
        kept = _fetched.get(client.jwks_url)
        if kept is None or kept[0] + _KEPT <= clock():
            kept = (clock(), _imported(_published(client.jwks_url)))
            _fetched[client.jwks_url] = kept
        return kept[1]


def _published(url: str) -> bytes:
    try:
        with Http("client", url, _BOUNDS) as http:
            answer = http.call("GET", url, headers={"Accept": "application/json"})
    except InteropError as error:
        raise ValueError("The client's keys cannot be fetched.") from error
    if not answer.ok:
        raise ValueError("The client's keys cannot be fetched.")
    return answer.body


def _imported(data: bytes) -> KeySet:
    """The keys of a JWK Set that have an id and are no secret ones."""
    value: Any = json_text.parse(data, _LIMITS)[0]
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise ValueError("This is no JWK Set.")
    usable = [one for one in listed if isinstance(one, dict) and one.get("kty") in ("RSA", "EC") and one.get("kid")]
    return KeySet.import_key_set({"keys": usable})
