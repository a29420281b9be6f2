"""The chain of the audit's entries: each link is keyed and holds the link before it.

An entry gets an authentication code when it is written, and a link when it is sealed. Who can write to the database but
has no key of the ring can neither make nor change an entry, nor take one out of the chain or move it, without being
found out. Two things the database alone cannot show: an entry removed before it was sealed (about a second; the ledger
is compared for that), and a whole database put back to an earlier state. For the latter an anchor is kept elsewhere.

Source: B. Schneier, J. Kelsey, Secure Audit Logs to Support Computer Forensics (1999), for the principle.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from interop.store.audit_entries import Entry, as_bytes
from interop.store.encryption import keyed_digest

__all__ = ["BEGINNING", "Anchor", "Chain", "Link", "Problem", "Verdict"]

Kind = Literal["altered", "removed", "reordered", "inserted", "rewound", "ends_altered", "index_altered"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One end of the chain at a time: the place of an entry and its link. Kept elsewhere, it proves what was there."""

    sequence: int
    link: str
    at: datetime


BEGINNING = Anchor(0, "0" * 64, datetime(1970, 1, 1, tzinfo=UTC))
"""What stands before the first entry."""


@dataclass(frozen=True, slots=True)
class Link:
    """One stored entry with what proves it."""

    entry: Entry
    code: str
    link: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at a place of the chain (0 when the place is not known) and with the entry's id."""

    kind: Kind
    sequence: int
    entry: str = ""


@dataclass(slots=True)
class Verdict:
    """What an examination of the audit has found. `unsealed` counts the entries that wait for their place."""

    checked: int = 0
    unsealed: int = 0
    unverifiable_anchors: int = 0
    head: Anchor | None = None
    problems: list[Problem] = field(default_factory=list)


class Chain:
    """Makes and proves codes and links under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def pseudonym(self, code: str) -> str:
        """The keyed digest that stands for a person, by the person's identifier."""
        return keyed_digest(self._key, b"client", code.strip().upper().encode())

    def code(self, entry: Entry) -> str:
        """The authentication code of an entry."""
        return keyed_digest(self._key, b"entry", as_bytes(entry))

    def link(self, before: str, sequence: int, code: str) -> str:
        """The link of an entry at its place after another link."""
        return keyed_digest(self._key, b"link", before.encode(), str(sequence).encode(), code.encode())

    def mark(self, name: str, anchor: Anchor) -> str:
        """The authentication code of an end of the chain."""
        parts = (name, str(anchor.sequence), anchor.link, anchor.at.astimezone(UTC).isoformat())
        return keyed_digest(self._key, b"mark", *(part.encode() for part in parts))

    def is_whole(self, link: Link) -> bool:
        """True when the entry is the one that was written."""
        return hmac.compare_digest(self.code(link.entry), link.code)

    def check(self, links: Iterable[Link], start: Anchor, anchors: Sequence[Anchor], verdict: Verdict) -> Anchor:
        """The end that the links lead to; what is wrong with them is added to the verdict.

        In: `links` in the order of their places; `anchors` are the ends kept elsewhere.
        """
        wanted = {anchor.sequence: anchor.link for anchor in anchors}
        before = start
        for link in links:
            sequence = link.entry.sequence or 0
            verdict.checked += 1
            verdict.problems += self._faults(link, sequence, before)
            if wanted.get(sequence, link.link) != link.link:
                verdict.problems.append(Problem("rewound", sequence, link.entry.id))
            before = Anchor(sequence, link.link, link.entry.at)
        return before

    def _faults(self, link: Link, sequence: int, before: Anchor) -> list[Problem]:
        faults = [Problem("removed", missing) for missing in range(before.sequence + 1, min(sequence, _some(before)))]
        if not self.is_whole(link):
            return [*faults, Problem("altered", sequence, link.entry.id)]
        if not faults and not hmac.compare_digest(self.link(before.link, sequence, link.code), link.link):
            faults.append(Problem("reordered", sequence, link.entry.id))
        return faults


def _some(before: Anchor) -> int:
    # A gap is told entry by entry, yet not without end.
    return before.sequence + 1001
