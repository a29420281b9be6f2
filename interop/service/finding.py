"""Finds resources: by id, by version, by search; always as far as the viewer may see the documents that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop.service.library import Library
from interop.service.viewing import Viewer
from interop.store import Store
from interop.store.resources import Criterion, Entry

__all__ = ["Found", "Page", "Search", "find", "history", "versions"]

_AT_ONCE = 100
_MOST_LOOKED_AT = 5_000
"""How many entries one search looks at before it stops and lets the caller go on from there."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search for the current resources of a type. `after` is the id of the entry that a page before ended with."""

    type: str
    criteria: Sequence[Criterion] = ()
    limit: int = 50
    after: int | None = None
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One resource that was found, as the viewer may see it."""

    entry: Entry
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found; `after` is where the next one begins, None when there is none."""

    found: list[Found]
    after: int | None


def find(store: Store, library: Library, search: Search, viewer: Viewer) -> Page:
    """One page of a search. A client's own resource shows once, from the newest document that the viewer may see."""
    library.catch_up()
    found: list[Found] = []
    seen: set[str] = set()
    for count, entry in enumerate(_entries(store, search)):
        if len(found) == search.limit or count == _MOST_LOOKED_AT:
            # The entry in hand has not been looked at: the next page begins with it.
            return Page(found, entry.id - 1 if search.oldest_first else entry.id + 1)
        if entry.name in seen or (search.after is not None and _came_before(store, library, search, entry, viewer)):
            continue
        body = library.resource(entry, viewer)
        if body is not None:
            seen.add(entry.name)
            found.append(Found(entry, body))
    return Page(found, None)


def versions(store: Store, library: Library, kind: str, name: str) -> list[Entry]:
    """Every version of a resource that there is, the newest first, whoever may see it."""
    library.catch_up()
    return store.resources.versions(kind, name)


def history(store: Store, library: Library, kind: str, name: str, viewer: Viewer) -> list[Found]:
    """The versions of a resource that the viewer may see, the newest first."""
    found = ((entry, library.resource(entry, viewer)) for entry in versions(store, library, kind, name))
    return [Found(entry, body) for entry, body in found if body is not None]


def _entries(store: Store, search: Search) -> Iterator[Entry]:
    after = search.after
    while True:
        entries = store.resources.find(
            search.type, search.criteria, after=after, limit=_AT_ONCE, oldest_first=search.oldest_first
        )
        yield from entries
        if len(entries) < _AT_ONCE:
            return
        after = entries[-1].id


def _came_before(store: Store, library: Library, search: Search, entry: Entry, viewer: Viewer) -> bool:
    """True when an earlier page has shown the resource already: only what outlives documents stands in several."""
    if entry.version is not None:
        return False
    same = [
        one
        for one in store.resources.find(
            search.type, [*search.criteria, Criterion("_id", (entry.name,))], oldest_first=search.oldest_first
        )
        if (one.id < entry.id if search.oldest_first else one.id > entry.id)
    ]
    return any(library.resource(one, viewer) is not None for one in same)
