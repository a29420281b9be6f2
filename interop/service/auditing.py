"""The audit as FHIR: its entries as AuditEvent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from interop.store import Entry
from mappings.audit_event import audit_event

__all__ = ["event_of", "facts_of"]


def event_of(entry: Entry) -> Mapping[str, Any]:
    """The entry as an AuditEvent."""
    return audit_event(facts_of(entry))


def facts_of(entry: Entry) -> dict[str, Any]:
    """The fields of the entry as values of JSON."""
    return {**asdict(entry), "at": _moment(entry.at), "clients": list(entry.clients)}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
