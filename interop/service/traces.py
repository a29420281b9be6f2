"""Writes down what a person saw at the console and a client of the API was shown, before they are shown it."""

from __future__ import annotations

from collections.abc import Iterable

from interop.exchange import Parts
from interop.store import Entry, StoredDocument, What

__all__ = ["leave"]


def leave(parts: Parts, what: What, who: str, documents: Iterable[str]) -> None:
    """Nothing; the audit has an entry for each document. In: `documents` are the store's own ids.

    Raises: NotFound for an id that is not in the store.
    """
    entries = [_entry(parts, what, who, parts.store.document(one)) for one in documents]
    if entries:
        parts.store.audit.append_all(entries)


def _entry(parts: Parts, what: What, who: str, document: StoredDocument) -> Entry:
    return Entry(
        parts.clock(), who, what, document=document.document or "", version=document.version, document_id=document.id,
        clients=document.clients,
    )  # fmt: skip
