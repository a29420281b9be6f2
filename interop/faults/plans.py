"""The made-up plans of a run: any number of clients, plans and versions, each told from others by its number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interop.documents import write
from schemas.record import Record

__all__ = ["BRANCH", "OWNER", "Filed", "Plans"]

BRANCH = "1.2.246.10.99999999.11.2026"
"""The branch of the OIDs of all these plans."""
OWNER = "1.2.246.10.99999999.10.3"
"""Who OMNI360's tasks are asked of."""
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_A_DAY, _DAYS, _MONTHS = 100, 28, 12


@dataclass(frozen=True, slots=True)
class Filed:
    """One document version that was put into a sender's outbox. A `secret` one is under non-disclosure."""

    document: str
    chain: str
    version: int
    source: str = "effica"
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans made after one example. In: `clients` is how many different persons they are about."""

    example: Record = field(repr=False)
    clients: int = 80

    def filed(self, number: int, version: int, *, source: str = "effica", secret: bool = False) -> Filed:
        """What one version of one plan is known by."""
        return Filed(_document(number, version), _document(number, 1), version, source, secret)

    def record(self, number: int, version: int, *, secret: bool = False) -> Record:
        """One version of one plan."""
        changes: dict[str, Any] = {
            "document": _document(number, version),
            "original": _document(number, 1),
            "version": version,
            "non_disclosure": secret,
            "clients": [self._client(number % self.clients)],
        }
        if version > 1:
            changes["replaces"] = _document(number, version - 1)
        return replace(self.example, envelope={**self.example.envelope, **changes})

    def message(self, record: Record, source: str) -> bytes:
        """The record as the sending system writes it."""
        if source != "omni360":
            return write(record, "effica").data
        bundle = json.loads(write(record, "omni360").data)
        for entry in bundle["entry"]:
            if entry["resource"]["resourceType"] == "Task":
                owner = {"identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{OWNER}"}}
                entry["resource"] |= {"status": "requested", "owner": owner}
        return json.dumps(bundle).encode()

    def identifiers(self) -> Sequence[dict[str, str]]:
        """The identifiers of all the persons."""
        return [self._client(number)["identifier"] for number in range(self.clients)]

    def _client(self, number: int) -> dict[str, Any]:
        """One of the made-up persons; their identity codes are of the artificial 900 series."""
        (client,) = self.example.envelope["clients"]
        days, individual = divmod(number, _A_DAY)
        months, day = divmod(days, _DAYS)
        born, last = f"{day + 1:02}{months % _MONTHS + 1:02}80", 900 + individual
        code = f"{born}-{last}{_CHECK[int(f'{born}{last}') % len(_CHECK)]}"
        return {**client, "identifier": {**client["identifier"], "value": code}}


def _document(number: int, version: int) -> str:
    return f"{BRANCH}.{number}" if version == 1 else f"{BRANCH}.{number}.{version}"
