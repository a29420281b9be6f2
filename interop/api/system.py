"""What the API says of itself, and the token endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interop.api.calls import Call, Reply
from interop.api.capability import capability_statement, smart_configuration
from interop.api.host import Host
from interop.api.outcomes import Refused
from interop.api.tokens import GrantRefused, given, key_set
from schemas import json_text

__all__ = ["keys", "metadata", "smart", "token"]

_JSON = "application/json"
_UNKEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def metadata(host: Host, _: Call) -> Reply:
    """The CapabilityStatement."""
    return Reply(resource=capability_statement(host))


def smart(host: Host, _: Call) -> Reply:
    """The SMART configuration."""
    return _plain(smart_configuration(host))


def keys(host: Host, _: Call) -> Reply:
    """The public keys that access tokens are checked by."""
    return _plain(key_set(host))


def token(host: Host, call: Call) -> Reply:
    """An access token, or OAuth's word for why there is none. Raises: Refused when it is asked for too often."""
    wait = host.limiter.wait("", 600)
    if wait:
        raise Refused("too_many_requests", headers={"Retry-After": str(wait)})
    try:
        return _plain(given(host, call.body), headers=_UNKEPT)
    except GrantRefused as refused:
        return _plain({"error": refused.error}, refused.status, _UNKEPT)


def _plain(value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, data=json_text.dump(value), media_type=_JSON, headers=headers or {})
