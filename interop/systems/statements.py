"""A FHIR server's CapabilityStatement beside what an adapter needs of the server.

Source: FHIR R4 4.0.1 CapabilityStatement (fhirVersion, rest.resource.interaction, rest.resource.searchParam).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop.errors import InteropError
from interop.systems.base import Finding

__all__ = ["Needed", "Statement", "compared", "timed", "tried"]

_VERSIONS = "4.0"
_MOST_AHEAD = 60.0
"""Seconds between two clocks that do no harm: what is signed is good for a few minutes."""


@dataclass(frozen=True, slots=True)
class Needed:
    """What an adapter needs of one resource type: interactions and search parameters, by their FHIR names."""

    interactions: tuple[str, ...]
    searches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """What a server says that it offers. `searches` is empty for a type whose parameters it does not list."""

    version: str
    interactions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    searches: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, resource: Mapping[str, Any]) -> Statement:
        """The statement in a CapabilityStatement, whatever else stands in it."""
        offers = [offer for rest in _dicts(resource.get("rest")) for offer in _dicts(rest.get("resource"))]
        return cls(
            str(resource.get("fhirVersion", "")),
            {str(o.get("type")): _named(o.get("interaction"), "code") for o in offers},
            {str(o.get("type")): _named(o.get("searchParam"), "name") for o in offers},
        )

    def offers(self, kind: str, *interactions: str) -> bool:
        """True when a resource type has all these interactions."""
        return set(interactions) <= self.interactions.get(kind, frozenset())


def compared(needs: Mapping[str, Needed], statement: Statement) -> Sequence[Finding]:
    """One finding for the FHIR version, and one for each resource type that is needed.

    A server that lists no search parameters for a type is believed to have them: many list none.
    """
    version = statement.version
    found = [Finding("FHIR version", "4.0.1", version or "not told", version.startswith(_VERSIONS))]
    for kind, needed in needs.items():
        offered, searches = statement.interactions.get(kind, frozenset()), statement.searches.get(kind, frozenset())
        missing = [one for one in needed.interactions if one not in offered]
        missing += [f"search by {one}" for one in needed.searches if searches and one not in searches]
        wanted = ", ".join((*needed.interactions, *(f"search by {one}" for one in needed.searches)))
        lacks = f"lacks {', '.join(missing)}" if offered else "not offered"
        found.append(Finding(kind, wanted, lacks if missing else "all of it", not missing))
    return found


def tried(what: str, needed: str, attempt: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    """What an attempt has found; a single finding that is not ok when it failed, in the error's own words."""
    try:
        return attempt()
    except InteropError as error:
        return (Finding(what, needed, str(error), ok=False),)


def timed(ahead: float | None) -> Sequence[Finding]:
    """One finding on the system's clock beside ours; none while the system has told no time. Units: seconds."""
    if ahead is None:
        return ()
    ok = abs(ahead) <= _MOST_AHEAD
    found = "in step" if ok else f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    return (Finding("clock", f"within {_MOST_AHEAD:.0f} s of ours", found, ok),)


def _named(value: object, key: str) -> frozenset[str]:
    return frozenset(str(one.get(key)) for one in _dicts(value))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
