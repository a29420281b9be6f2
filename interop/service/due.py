"""Which plans are to be looked at again soon, among documents of any format or all that the exchange holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from interop.store import Store
from mappings.reviews import Review, has_reviews, reviews_of
from schemas.record import Record

__all__ = ["Due", "due_among", "stored_plans"]


@dataclass(frozen=True, slots=True)
class Due:
    """A plan, by its OID and version, and why and when it is to be looked at again."""

    document: str
    version: int
    structure: str
    review: Review


def due_among(records: Iterable[Record], until: date) -> list[Due]:
    """What is due until a day, that day included, the longest overdue first.

    Of the versions of a document the newest alone counts.
    """
    newest: dict[str, tuple[int, list[Due]]] = {}
    for record in records:
        if record.version >= newest.get(record.original, (0, []))[0]:
            newest[record.original] = record.version, [_due(record, review) for review in reviews_of(record)]
    found = [one for _, reviews in newest.values() for one in reviews if one.review.due <= until]
    return sorted(found, key=lambda one: (one.review.due, one.document, one.review.reason))


def stored_plans(store: Store, read: Callable[[bytes, str], Record | None]) -> Iterator[Record]:
    """The newest version of each plan in the store, read one at a time. Raises: Unavailable; Fault for a lost key."""
    after = ""
    while page := store.figures.newest(after):
        for one in page:
            record = read(store.payload(one.id), one.format) if has_reviews(one.structure or "") else None
            if record is not None:
                yield record
        after = page[-1].id


def _due(record: Record, review: Review) -> Due:
    return Due(record.document, record.version, record.structure, review)
