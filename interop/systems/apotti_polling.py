"""What is new in Apotti, asked for client by client: Epic has no list of changes and no `_lastUpdated`.

Only clients who are enrolled in the exchange are asked for, in turn, within a number of looks a day (Epic counts
document queries: 4135). A note that holds a whole record is given as it is; a CarePlan with its Goals and CareTeams is
given as far as the server tells it, and what the server kept back stands beside it as an OperationOutcome.
Source: Apotti's public CapabilityStatement (EKO01, 2023-07-04): CarePlan needs `category`, DocumentReference has `date`
and `type`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from interop.errors import Busy, Conflict, Forbidden, NotFound
from interop.systems.apotti_notes import subject_of
from interop.systems.apotti_reading import Reading
from interop.systems.base import Arrival
from interop.systems.epic import SYSTEM, reactions
from interop.systems.fhir import FhirServer, Resource, address, dicts, references
from schemas import json_text

__all__ = ["Clients", "Polling", "PollingSettings"]

Clients = Callable[[], Sequence[str]]
"""The clients who are enrolled, each `system|value`."""

_DAY = 86_400.0
_MOST_KEPT = 200
_AT_ONCE = 5
"""Clients in one look: it must not last longer than others wait for their turn to look."""
_BESIDE = ("Goal", "CareTeam")
_NATIONAL = "urn:oid:1.2.246.21"


@dataclass(frozen=True, slots=True)
class PollingSettings:
    """Whose records are looked into, and how often.

    `plan_categories` are those of CarePlan; `note_category` and `note_type` those of the exchange's notes.
    Units: `every` in seconds between two looks at one client; `a_day` in looks at all clients together; `first_days` in
    days back from the first look at a client.
    """

    clients: Clients = tuple
    plan_categories: tuple[str, ...] = ("38717003",)
    note_category: str = "clinical-note"
    note_type: str = "18776-5"
    every: float = 900.0
    a_day: int = 2000
    first_days: int = 30


@dataclass(slots=True)
class _State:
    looked_at: dict[str, float] = field(default_factory=dict)
    read_to: dict[str, float] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)
    rests_until: float = 0.0
    waiting: dict[str, Arrival] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)


class Polling:
    """The records of the enrolled clients. Safe to share between threads."""

    def __init__(
        self, server: FhirServer, reading: Reading, settings: PollingSettings, clock: Callable[[], float]
    ) -> None:
        self._server, self._reading, self._settings, self._clock = server, reading, settings, clock
        self._state = _State()
        self._looking, self._lock = threading.Lock(), threading.Lock()

    def waiting(self) -> Sequence[Arrival]:
        """What waits, of the clients whose turn it is and of earlier turns. Raises: Unavailable, Forbidden.

        A client who is not found, or whose record is restricted, has nothing that could wait. When the day's queries
        are used up, nobody's turn comes before the next day.
        """
        with self._looking:
            for client in islice(self._due(), _AT_ONCE):
                try:
                    self._look(client)
                except Conflict:
                    continue
                except Busy as busy:
                    self._state.rests_until = self._clock() + (busy.retry_after or 60.0)
                    break
        with self._lock:
            return tuple(self._state.waiting.values())

    def fetch(self, arrival: Arrival) -> bytes:
        """The note or plan with what belongs to it. Raises: NotFound, Unavailable, Forbidden, Busy."""
        kept = self._state.kept.get(arrival.id)
        if kept is not None:
            return kept
        kind = arrival.id.partition("/")[0]
        if kind not in ("CarePlan", "DocumentReference"):
            raise NotFound("Apotti knows no document by this id.")
        resource = self._server.read(arrival.id).resource
        return self._note(resource) if kind == "DocumentReference" else self._plan(resource, ())

    def answered(self, arrival: Arrival) -> None:
        """Nothing; the document does not wait any more, until it changes."""
        with self._lock:
            self._state.answered[arrival.id] = arrival.message_id
            self._state.waiting.pop(arrival.id, None)
            self._state.kept.pop(arrival.id, None)

    def _due(self) -> Iterator[str]:
        """The clients whose turn it is, the one that has waited longest first, as far as the day's looks go."""
        state, settings, now = self._state, self._settings, self._clock()
        clients = settings.clients()
        state.looked_at = {client: at for client, at in state.looked_at.items() if client in set(clients)}
        state.moments = [at for at in state.moments if at > now - _DAY]
        for client in sorted(clients, key=lambda one: state.looked_at.get(one, 0.0)):
            rests = now < state.rests_until or len(state.moments) >= settings.a_day
            if rests or now - state.looked_at.get(client, float("-inf")) < settings.every:
                return
            yield client

    def _look(self, client: str) -> None:
        state, now = self._state, self._clock()
        since = state.read_to.get(client)
        state.moments.append(now)
        state.looked_at[client] = now
        self._reading.following(self._reading.patient(client), lambda patient: self._look_into(client, patient, since))
        state.read_to[client] = now

    def _look_into(self, client: str, patient: str, since: float | None) -> None:
        settings, about = self._settings, ("patient", patient.partition("/")[2])
        back = timedelta(days=settings.first_days if since is None else 1)
        first = datetime.fromtimestamp(self._clock() if since is None else since, UTC) - back
        kind = (("category", settings.note_category), ("type", settings.note_type))
        for note in self._reading.search("DocumentReference", about, *kind, ("date", f"ge{first:%Y-%m-%d}")).matches:
            if address(note) and subject_of(note) == patient and (named := self._marked(note)):
                self._found(address(note), named, partial(self._note, note))
        for category in settings.plan_categories:
            page = self._reading.search("CarePlan", about, ("category", category))
            gaps = page.codes if reactions(page.codes) & {"partial", "narrow"} else ()
            for plan in page.matches:
                if address(plan) and subject_of(plan) == patient:
                    data = self._plan(_about(plan, client), gaps)
                    self._found(address(plan), hashlib.sha256(data).hexdigest(), partial(bytes, data))

    def _marked(self, note: Resource) -> str:
        """The document versions that a note's blocks name; empty for a note that is not of the exchange."""
        try:
            return " ".join(sorted(f"{document}:{version}" for document, version in self._reading.marks(note)))
        except (Forbidden, NotFound):
            return ""

    def _found(self, at: str, content: str, data: Callable[[], bytes]) -> None:
        """Keeps what was found, unless it has been answered as it is."""
        message_id = f"{at} {content}"
        state = self._state
        if state.answered.get(at) == message_id:
            return
        content_now = data()
        with self._lock:
            state.waiting[at] = Arrival(at, message_id)
            state.kept[at] = content_now
            while len(state.kept) > _MOST_KEPT:
                del state.kept[next(iter(state.kept))]

    def _note(self, note: Resource) -> bytes:
        """A note and the Binaries that its texts stand in."""
        texts = dict.fromkeys(references(note.get("content"), "Binary", self._server.http.base_url).values())
        return self._bundle([note, *(self._server.read(at).resource for at in texts)])

    def _plan(self, plan: Resource, gaps: Sequence[str]) -> bytes:
        """A plan, its Goals and CareTeams, and the word on what the server has kept back."""
        if "identifier" not in (plan.get("subject") or {}):
            plan = self._named(plan)
        parts, lacking = [plan], list(gaps)
        for kind in _BESIDE:
            for at in dict.fromkeys(references(plan, kind, self._server.http.base_url).values()):
                try:
                    parts.append(self._server.read(at).resource)
                except NotFound:
                    continue
                except Forbidden:
                    lacking.append("59204")
        beside = [_outcome(lacking)] if lacking else []
        return self._bundle([*parts, *beside])

    def _named(self, plan: Resource) -> Resource:
        """The plan with its client's identifier, read from the patient: a reference alone names nobody outside."""
        patient = self._server.read(subject_of(plan)).resource
        codes = [i for i in dicts(patient.get("identifier")) if i.get("system") == _NATIONAL]
        return _about(plan, f"{_NATIONAL}|{codes[0].get('value')}") if codes else plan

    def _bundle(self, parts: Sequence[Resource]) -> bytes:
        entries = [
            {"fullUrl": self._server.http.url(address(part)), "resource": part} if address(part) else {"resource": part}
            for part in parts
        ]
        return json_text.dump({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _about(plan: Resource, client: str) -> Resource:
    system, _, value = client.rpartition("|")
    return {**plan, "subject": {**plan.get("subject", {}), "identifier": {"system": system, "value": value}}}


def _outcome(codes: Sequence[str]) -> Resource:
    issues: list[dict[str, Any]] = [
        {"severity": "warning", "code": "incomplete", "details": {"coding": [{"system": SYSTEM, "code": code}]}}
        for code in dict.fromkeys(codes)
    ]
    return {"resourceType": "OperationOutcome", "issue": issues}
