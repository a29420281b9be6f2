"""Who asks, and what its scopes let it ask for.

Source: SMART App Launch 2.0, scopes-and-launch-context (v2 `system/CarePlan.rs`, v1 `system/CarePlan.read`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from interop.config import ClientSettings
from validators.gate import Receiver

__all__ = ["EVERY_SCOPE", "Client", "allows", "client_of", "granted_scopes", "is_scope"]

EVERY_SCOPE = "system/*.cruds system/AuditEvent.rs"
_SCOPE = re.compile(r"system/(?P<type>[A-Z][A-Za-z]*|\*)\.(?P<actions>read|write|\*|c?r?u?d?s?)", re.ASCII)
_NAMED_ALONE = frozenset({"AuditEvent"})
"""Types that a scope opens only by name: the audit tells of all clients and controllers, and no gate narrows it."""
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the API. `receiver` is what the gate judges it by; `source` is the name that its documents are
    received under.
    """

    name: str
    receiver: Receiver
    scopes: str
    source: str
    requests_per_minute: int = 600


def client_of(settings: ClientSettings, scopes: str | None = None) -> Client:
    """The client of a table of settings, with the scopes that it was granted, or with all that it may have."""
    return Client(
        settings.name,
        settings.receiver,
        settings.scopes if scopes is None else scopes,
        settings.system or settings.name,
        settings.requests_per_minute,
    )


def allows(scopes: str, resource_type: str, action: str) -> bool:
    """True when the scopes let a client do something with a type. In: `action` is one letter of `cruds`."""
    opening = (resource_type,) if resource_type in _NAMED_ALONE else (resource_type, "*")
    return any(action in letters and held in opening for held, letters in _read(scopes))


def is_scope(text: str) -> bool:
    """True for the name of a scope that this service knows."""
    found = _SCOPE.fullmatch(text)
    return found is not None and bool(found["actions"])


def granted_scopes(asked: str, allowed: str) -> str:
    """The part of the scopes asked for that the client may have; all that it may have when it asks for none."""
    if not asked.strip():
        return allowed
    granted = []
    for held, letters in _read(asked):
        kept = "".join(letter for letter in letters if allows(allowed, held, letter))
        if kept:
            granted.append(f"system/{held}.{kept}")
        elif held == "*":
            granted += [f"system/{one}.{both}" for one, other in _read(allowed) if (both := _both(letters, other))]
    return " ".join(dict.fromkeys(granted))


def _both(letters: str, others: str) -> str:
    return "".join(letter for letter in letters if letter in others)


def _read(scopes: str) -> Iterable[tuple[str, str]]:
    for word in scopes.split():
        found = _SCOPE.fullmatch(word)
        if found is not None and found["actions"]:
            yield found["type"], _VERSION_1.get(found["actions"], found["actions"])
