"""Which tasks of OMNI360 wait for us: asked for by what has changed, and by a look at everything now and then.

Only what changed since the newest change seen is asked for, as long as nothing is known to wait; what waits is asked
for until it is answered. A notification may name a task before a search finds it; it is only ever a hint to read it.
Source: FHIR R4 4.0.1 http.html (_lastUpdated, POST _search), Task.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from interop.errors import Forbidden, NotFound
from interop.systems.base import Arrival
from interop.systems.fhir import FhirServer, Resource, address
from interop.systems.omni360_delivery import URI, document_of

__all__ = ["Feed"]

_OVERLAP = timedelta(minutes=1)
"""A change may become visible a little after the time it carries."""
_WHOLE_LOOK = 3600.0
_MOST_HINTS = 1000
_LONGEST_HINT = 600.0


class Feed:
    """The tasks that are requested of one owner. Safe to share between threads.

    In: `owner` is the identifier's value by which Task.owner names us; `narrow` lets the search name it too.
    """

    def __init__(
        self, server: FhirServer, owner: str, clock: Callable[[], float] = time.monotonic, *, narrow: bool = True
    ) -> None:
        self._server, self._owner, self._clock, self._narrow = server, owner, clock, narrow
        self._lock = threading.Lock()
        self._newest: datetime | None = None
        self._waits = False
        self._whole_at: float | None = None
        self._hints: dict[str, float] = {}

    def notified(self, reference: str) -> None:
        """Nothing; the task, `Task/id`, is read at the next look. The same notification again changes nothing."""
        if address(dict(zip(("resourceType", "id"), reference.split("/"), strict=False))) == reference:
            with self._lock:
                if len(self._hints) < _MOST_HINTS:
                    self._hints.setdefault(reference, self._clock())

    def waiting(self) -> Sequence[Arrival]:
        """The tasks that wait, oldest first. Raises: Unavailable, Forbidden, Busy."""
        found = {address(task): task for task in [*self._changed(), *self._hinted()] if self._is_ours(task)}
        self._waits = bool(found)
        tasks = sorted(found.values(), key=lambda task: (str(task.get("authoredOn", "")), str(task["id"])))
        return tuple(Arrival(address(task), document_of(task) or address(task)) for task in tasks)

    def _changed(self) -> Sequence[Resource]:
        asked = [("status", "requested")]
        if self._narrow:
            asked.append(("owner:identifier", f"{URI}|{self._owner}"))
        now = self._clock()
        is_whole = self._waits or self._newest is None or self._whole_at is None or now - self._whole_at > _WHOLE_LOOK
        if not is_whole and self._newest is not None:
            asked.append(("_lastUpdated", f"ge{(self._newest - _OVERLAP).isoformat(timespec='milliseconds')}"))
        found = self._server.search("Task", asked).matches
        if is_whole:
            self._whole_at = now
        moments = [moment for task in found if (moment := _changed_at(task)) is not None]
        self._newest = max([*moments, *([self._newest] if self._newest else [])], default=None)
        return found

    def _hinted(self) -> Sequence[Resource]:
        """The tasks that notifications have named. One that cannot be read yet is tried again for a while."""
        with self._lock:
            hints = dict(self._hints)
        found = []
        for reference, since in hints.items():
            try:
                found.append(self._server.read(reference).resource)
            except (Forbidden, NotFound):
                if self._clock() - since < _LONGEST_HINT:
                    continue
            with self._lock:
                self._hints.pop(reference, None)
        return found

    def _is_ours(self, task: Resource) -> bool:
        owner = task.get("owner")
        named = owner.get("identifier") if isinstance(owner, dict) else None
        ours = isinstance(named, dict) and (named.get("system"), named.get("value")) == (URI, self._owner)
        return ours and task.get("status") == "requested" and bool(address(task))


def _changed_at(task: Resource) -> datetime | None:
    meta = task.get("meta")
    try:
        moment = datetime.fromisoformat(str(meta.get("lastUpdated"))) if isinstance(meta, dict) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None
