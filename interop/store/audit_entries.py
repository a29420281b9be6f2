"""One entry of the audit: who did what, when, to which document, why, and on which legal basis.

No entry holds an identity code: a client is a keyed digest, so that somebody who knows a code can look for it, and
nobody can read it back. Source: act 703/2023 § 39 (what was disclosed, to whom, on which ground) and its annex (logs
of use and disclosure are kept for twelve years); FHIR R4 AuditEvent (what an entry becomes on export).
"""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

__all__ = ["PURPOSES", "WHATS", "Entry", "Outcome", "Purpose", "What", "as_bytes"]

What = Literal[
    "received", "refused", "sent", "postponed", "in_doubt", "accepted", "delivered", "disclosed", "rejected", "held",
    "quarantined", "admitted", "denied", "superseded", "released", "retried", "cancelled", "confirmed", "viewed",
    "unmasked", "searched", "exported", "permits_told", "permits_revoked", "pruned",
]  # fmt: skip
Outcome = Literal["success", "failure"]
Purpose = Literal["care", "own_request", "supervision", "operation"]

WHATS: tuple[What, ...] = get_args(What)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

_FORM = "1"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down of one act. What is not known or does not apply is empty.

    `who` is `worker:`, `system:`, `user:` or `app:` and a name; `what` one of the words; `cause` our word for why and
    `reason` a person's or a receiver's sentence; `document` and `version` name the document and `document_id` its place
    in the store; `act`, `section` and `ground` are the legal basis, and `decision` and `decided_at` say which of the
    gate's decisions found it; `clients` are the persons' keyed digests. `id` and `sequence` are the store's: the latter
    is the entry's place in the chain, None until it is sealed.
    """

    at: datetime
    who: str
    what: What
    outcome: Outcome = "success"
    cause: str = ""
    reason: str = ""
    document: str = ""
    version: int | None = None
    document_id: str = ""
    delivery: int | None = None
    receiver: str = ""
    purpose: Purpose = "care"
    act: str = ""
    section: str = ""
    ground: str = ""
    decision: str = ""
    decided_at: str = ""
    clients: tuple[str, ...] = ()
    id: str = ""
    sequence: int | None = None


def as_bytes(entry: Entry) -> bytes:
    """The entry in the one form that its authentication code is taken of; its place in the chain is no part of it."""
    *facts, _sequence = astuple(entry)
    facts[0] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps([_FORM, *facts], ensure_ascii=False, separators=(",", ":")).encode()
