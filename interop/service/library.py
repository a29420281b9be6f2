"""The stored documents as what they hold: decrypted and decoded when they are asked for, a few of them kept at hand."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interop.service.resources import Named, name_in, resources_of
from interop.service.served import TYPES
from interop.service.terms import terms_of
from interop.service.viewing import Viewer, view_of
from interop.store import Store, StoredDocument
from interop.store.resources import Entry, IndexedResource, IndexedTerm
from mappings.formats import format_named
from schemas.record import Record

__all__ = ["Library", "Shown"]

_AT_HAND = 64
_UNVERSIONED = frozenset({"Patient"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A stored document as one viewer may see it. `whole` is False when the gate has left something out."""

    document: StoredDocument
    record: Record = field(repr=False)
    whole: bool
    resources: Mapping[tuple[str, str], Named] = field(repr=False)


class Library:
    """The documents of a store. Safe to share between threads; what is kept at hand is gone with the process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, tuple[StoredDocument, Record | None]] = OrderedDict()
        self._lock = threading.Lock()
        self._indexing = threading.Lock()

    def record(self, document_id: str) -> tuple[StoredDocument, Record | None]:
        """A document and its record; None when it cannot be read any more. Raises: NotFound, Fault, Unavailable."""
        with self._lock:
            if document_id in self._kept:
                self._kept.move_to_end(document_id)
                return self._kept[document_id]
        document = self._store.document(document_id)
        found = document, format_named(document.format).read(self._store.payload(document_id)).record
        with self._lock:
            self._kept[document_id] = found
            while len(self._kept) > _AT_HAND:
                self._kept.popitem(last=False)
        return found

    def shown(self, document_id: str, viewer: Viewer) -> Shown | None:
        """The document as the viewer may see it, or None when it may not."""
        document, record = self.record(document_id)
        seen = view_of(record, viewer) if record is not None else None
        if seen is None:
            return None
        viewer.seen.add(document_id)
        named = resources_of(seen, document, self._store.resources.pseudonym)
        return Shown(document, seen, seen is record, {(one.type, one.name): one for one in named})

    def resource(self, entry: Entry, viewer: Viewer) -> Mapping[str, Any] | None:
        """The resource of an entry as the viewer may see it, or None."""
        shown = self.shown(entry.document_id, viewer)
        return shown_resource(shown, entry) if shown is not None else None

    def payload(self, document_id: str) -> bytes:
        """A document's bytes as they came. Raises: NotFound, Fault, Unavailable."""
        return self._store.payload(document_id)

    def catch_up(self) -> int:
        """How many documents were put into the index now, so that what was accepted before can be found."""
        done = 0
        with self._indexing:
            while waiting := self._store.resources.waiting():
                for document in waiting:
                    self._store.resources.put(document, self._indexed(document.id))
                    done += 1
        return done

    def _indexed(self, document_id: str) -> list[IndexedResource]:
        document, record = self.record(document_id)
        if record is None:
            return []
        named = [one for one in resources_of(record, document, self._store.resources.pseudonym) if one.type in TYPES]
        identifiers = {f"{one.type}/{one.name}": _identifiers(one.body) for one in named}
        found = [_indexed(one, record, identifiers) for one in named]
        return [*found, IndexedResource("Binary", name_in(record.original, "binary"), record.version)]


def shown_resource(shown: Shown, entry: Entry) -> Mapping[str, Any] | None:
    """One resource of a document that is shown, with the version that the index knows it by."""
    named = shown.resources.get((entry.type, entry.name))
    if named is None:
        return None
    return {**named.body, "meta": {"versionId": entry.version_id, **named.body["meta"]}}


def _identifiers(body: Mapping[str, Any]) -> list[Any]:
    found = body.get("identifier", [])
    return found if isinstance(found, list) else [found]


def _indexed(one: Named, record: Record, identifiers: Mapping[str, list[Any]]) -> IndexedResource:
    terms = {
        (term.parameter, term.value, term.low, term.high): IndexedTerm(term.parameter, term.value, term.low, term.high)
        for term in terms_of(one.body, identifiers)
    }
    version = None if one.type in _UNVERSIONED else record.version
    return IndexedResource(one.type, one.name, version, list(terms.values()))
