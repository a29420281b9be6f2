"""Makes the disclosure notices of what other controllers were given, and puts them into their outbox.

What was disclosed stands in the database since the moment when the delivery arrived. A notice is made of that whenever
it is asked for, the same each time; one that was put into the outbox just before the program ended is put there under
the same name, which changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from interop.logs import log
from interop.store import Disclosed, Store
from interop.systems.notice_folder import NoticeFolder
from mappings.disclosure_notice import disclosure_notice
from schemas.json_text import dump
from schemas.record import Record
from schemas.wills import Client, client_of

__all__ = ["Outbox", "notice", "notify"]

_LOG = logging.getLogger(__name__)
_AT_A_TIME = 100

ReadRecord = Callable[[Disclosed], Record | None]
"""Gives the document that was disclosed, or None when it cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Where notices go. `names_persons`: a notice names the person by identifier, as Kanta asks; else by digest."""

    folder: NoticeFolder
    names_persons: bool = False


def notify(store: Store, outbox: Outbox, read: ReadRecord, at: datetime) -> int:
    """How many notices were put into the outbox, the oldest first; 0 when none waits. A part of them at each call.

    Raises: Unavailable, Unknown, Forbidden of the folder, when what was put there before is kept in mind.
    """
    done: list[str] = []
    try:
        for one in store.disclosures.waiting(_AT_A_TIME):
            made = notice(one, _person(store, one, read) if outbox.names_persons else None)
            outbox.folder.put(one.id, dump(made))
            done.append(one.id)
    finally:
        if done:
            store.disclosures.written(done, at)
            log(_LOG, logging.INFO, "disclosure_notices_written", count=len(done))
    return len(done)


def notice(one: Disclosed, person: Client | None = None) -> Mapping[str, Any]:
    """The notice of a disclosure. In: `person` is by whom it is named; without, by the audit's keyed digest."""
    at = one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return disclosure_notice({**asdict(one), "at": at}, person)


def _person(store: Store, one: Disclosed, read: ReadRecord) -> Client | None:
    """The identifier of the person that the disclosure is about, from the document itself; None when it tells none."""
    record = read(one) if one.client else None
    found = _clients(record) if record is not None else iter(())
    person = next((known for value, known in found if store.audit.pseudonym(value) == one.client), None)
    if one.client and person is None:
        log(_LOG, logging.WARNING, "disclosure_notice_names_nobody", document=one.document_id)
    return person


def _clients(record: Record) -> Iterator[tuple[str, Client]]:
    """The clients of a document, each by the value that the audit's digest is made of."""
    people = record.envelope.get("clients")
    for one in people if isinstance(people, list) else ():
        identifier = one.get("identifier") if isinstance(one, Mapping) else None
        known = client_of(identifier)
        if known is not None and isinstance(identifier, Mapping):
            yield str(identifier.get("value")), known
