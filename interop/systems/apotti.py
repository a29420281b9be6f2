"""Apotti (Epic): FHIR R4 with backend services; a plan goes in as a clinical note, the only document it takes.

Epic neither recognises a repeated note nor lets a create be conditional. So a note ends in a fenced block that names
the document version, and before each send the client's notes are read back: what is there is not sent again.
Source: Apotti's public CapabilityStatement (EKO01, 2023-07-04); SMART App Launch 2.0 Backend Services; Epic's
DocumentReference.Create (Clinical Notes, R4) as seen in public sandbox reports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from interop.errors import Conflict, Forbidden, NotFound, Unavailable, Unsupported
from interop.systems.apotti_notes import Note, started, subject_of, taken_apart
from interop.systems.apotti_polling import Polling, PollingSettings
from interop.systems.apotti_reading import Reading
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.epic import NotTaken, judged, reactions
from interop.systems.fhir import FhirServer, Page, Resource, address, dicts, reference_in
from interop.systems.http import Bounds, Http, refusal
from interop.systems.oauth import AssertionTokens, SigningKey, grants
from interop.systems.pacing import Bucket
from interop.systems.statements import Needed, compared, timed, tried
from interop.systems.tls import Tls
from schemas import json_text

__all__ = ["Apotti", "ApottiSettings"]

_SCOPES = ("Patient.read", "Encounter.read", "DocumentReference.read", "DocumentReference.write")
_NEEDS = {
    "Patient": Needed(("read", "search-type"), ("identifier",)),
    "Encounter": Needed(("search-type",), ("date", "patient")),
    "DocumentReference": Needed(("create", "read", "search-type"), ("category", "date", "patient", "type")),
    "Binary": Needed(("read",)),
}
_PLANS = {
    "CarePlan": Needed(("read", "search-type"), ("category", "patient")),
    "Goal": Needed(("read",)),
    "CareTeam": Needed(("read",)),
}
_PROPAGATION = 3600.0
"""Seconds that a new client id may take to be known to every part of the server."""
_OVER = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})


@dataclass(frozen=True, slots=True)
class ApottiSettings:
    """Where the FHIR server is, who we are, and which of the client's encounters may carry a note.

    No `encounter_types` means any type. `most_notes` is how many notes of one client are read back at most.
    Units: `encounter_days` and `readback_days` in days back from now; no `readback_days` reads back notes of any age;
    `rate` in calls a second, 0 for any number.
    """

    base_url: str
    client_id: str
    key: SigningKey = field(repr=False)
    category: str = "clinical-note"
    encounter_classes: tuple[str, ...] = ("AMB", "HH", "VR")
    encounter_types: tuple[str, ...] = ()
    encounter_days: int = 365
    readback_days: int | None = None
    most_notes: int = 500
    tls: Tls = field(default_factory=Tls)
    bounds: Bounds = field(default_factory=Bounds)
    rate: float = 0.0
    polling: PollingSettings = field(default_factory=PollingSettings)


class Apotti:
    """The adapter; `format` is a DocumentReference with one plain-text attachment.

    `send` and `settle` raise Conflict when a person must look at the delivery before it can go on: the client or an
    encounter is not found or not the only one, or the record is restricted. Sending again unchanged would not help.
    """

    name = "apotti"
    format = "apotti"

    def __init__(self, settings: ApottiSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._http = Http("Apotti", settings.base_url, settings.bounds, settings.tls, pace=Bucket(settings.rate))
        self._tokens = AssertionTokens(
            self._http, self._token_url, settings.client_id, settings.key, clock, patience=_PROPAGATION
        )
        self._server = FhirServer(self._http, self._tokens, judged)
        self._reading = Reading(self._server)
        self._polling = Polling(self._server, self._reading, settings.polling, clock)
        self._endpoint = ""

    def capabilities(self) -> Capabilities:
        """What the server offers of what this adapter uses. Plans come out only in part, and by polling.

        Raises: Unavailable, Forbidden, Busy.
        """
        told = self._server.statement()
        return Capabilities(
            reads_plans=told.offers("CarePlan", "read", "search-type"),
            writes_structured=told.offers("CarePlan", "create"),
            writes_documents=told.offers("DocumentReference", "create"),
            notifies=bool(told.interactions.get("Subscription")),
            versions=False,
        )

    def check(self) -> Sequence[Finding]:
        """What the adapter needs of the server's CapabilityStatement and of the scope it grants, beside what it finds.

        The statement is read anew each time: a newer Epic offers other things than the one that was published.
        """
        needs = {**_NEEDS, **(_PLANS if self._settings.polling.clients() else {})}
        offered = tried("metadata", "an answer", lambda: compared(needs, self._server.statement()))
        granted = tried("granted scope", ", ".join(_SCOPES), self._scope_granted)
        return [*offered, *granted, *timed(self._http.ahead)]

    def _scope_granted(self) -> Sequence[Finding]:
        missing = self._missing_scopes()
        found = f"lacks {', '.join(missing)}" if missing else "all of it"
        return (Finding("granted scope", ", ".join(_SCOPES), found, not missing),)

    def arrivals(self) -> Sequence[Arrival]:
        """What is new in the records of the enrolled clients whose turn it is. Raises: Unavailable, Forbidden."""
        return self._polling.waiting()

    def fetch(self, arrival: Arrival) -> bytes:
        """A Bundle of a note, or of a plan as far as it is told. Raises: NotFound, Unavailable, Forbidden, Busy."""
        return self._polling.fetch(arrival)

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Nothing; Apotti has no place for an acknowledgement, so the document is only not listed again as it is."""
        self._polling.answered(arrival)

    def send(self, outgoing: Outgoing) -> Receipt:
        """The receipt of the filed note, of the one that is there already when there is one.

        Raises: Unavailable, Unknown, Forbidden, Busy; Conflict when a person must look at it; Fault for a payload that
        is no note.
        """
        note = taken_apart(outgoing)
        self._check_scopes()
        return self._reading.following(
            self._reading.patient(note.client), lambda patient: self._delivered(patient, note)
        )

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """The receipt of the note, if it is found among the client's notes by its fenced block.

        Raises: Unavailable, Busy, Conflict; Forbidden also when the answer was incomplete and nothing was found in it.
        """
        note = taken_apart(outgoing)
        if reference and self._is_note(reference, note):
            return Receipt("delivered", reference)
        patient = self._reading.patient(note.client)
        found = self._reading.following(patient, lambda one: self._filed(one, note))
        return Receipt("delivered", found) if found else None

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._http.close()

    def _token_url(self) -> str:
        """The token endpoint that the server names for itself; on another host it is refused."""
        if not self._endpoint:
            answer = self._http.call("GET", ".well-known/smart-configuration", headers={"Accept": "application/json"})
            if not answer.ok:
                raise refusal("Apotti", answer)
            told, _ = json_text.parse(answer.body)
            endpoint = told.get("token_endpoint") if isinstance(told, dict) else None
            if not isinstance(endpoint, str):
                raise Unavailable("The SMART configuration of Apotti names no token endpoint.")
            if "private_key_jwt" not in told.get("token_endpoint_auth_methods_supported", ["private_key_jwt"]):
                raise Unsupported("Apotti does not take signed assertions (private_key_jwt) at its token endpoint.")
            self._endpoint = self._http.url(endpoint)
        return self._endpoint

    def _check_scopes(self) -> None:
        if missing := self._missing_scopes():
            raise Forbidden(f"The scope that Apotti granted lacks {', '.join(missing)}.")

    def _missing_scopes(self) -> list[str]:
        scope = self._tokens.token().scope
        return [] if scope is None else [one for one in _SCOPES if not grants(scope, *one.split("."))]

    def _delivered(self, patient: str, note: Note) -> Receipt:
        found = self._filed(patient, note)
        if found:
            return Receipt("delivered", found)
        context = {**note.resource.get("context", {}), "encounter": [{"reference": self._encounter(patient)}]}
        resource = {**note.resource, "subject": {"reference": patient}, "context": context}
        try:
            answer = self._server.create(resource, {"Prefer": "return=representation"})
            if not answer.ok:
                raise judged(answer, repeatable=False)
        except NotTaken as refused:
            return Receipt("rejected", reason=str(refused))
        reference = reference_in(answer, "DocumentReference")
        # A note that the answer does not name is filed all the same; reading back finds it.
        return Receipt("delivered" if reference else "accepted", reference)

    def _encounter(self, patient: str) -> str:
        """`Encounter/id` of the client's newest encounter that may carry a note."""
        settings = self._settings
        asked = (("patient", patient.partition("/")[2]), ("date", f"ge{self._days_back(settings.encounter_days)}"))
        fit = [
            encounter
            for encounter in self._reading.search("Encounter", *asked).matches
            if address(encounter) and encounter.get("status") in _OVER and subject_of(encounter) == patient
            and (encounter.get("class") or {}).get("code") in settings.encounter_classes
            and (not settings.encounter_types or _types(encounter) & set(settings.encounter_types))
        ]  # fmt: skip
        if not fit:
            raise Conflict("The client has no encounter in Apotti that may carry the note; a person must choose one.")
        return address(max(fit, key=started))

    def _filed(self, patient: str, note: Note) -> str:
        """`DocumentReference/id` of the note that names the same document version; empty when there is none.

        Raises: Forbidden when the server kept something back and nothing was found in the rest.
        """
        asked = [("patient", patient.partition("/")[2]), ("category", self._settings.category)]
        if self._settings.readback_days is not None:
            asked.append(("date", f"ge{self._days_back(self._settings.readback_days)}"))
        page = self._reading.search("DocumentReference", *asked)
        found, whole = self._matching(page, patient, note)
        if not found and "narrow" in reactions(page.codes):
            kinds = dicts((note.resource.get("type") or {}).get("coding"))
            page = self._reading.search(
                "DocumentReference", *asked, *[("type", str(kind.get("code"))) for kind in kinds[:1]]
            )
            found, whole = self._matching(page, patient, note)
        if not found and not whole:
            raise Forbidden("Apotti showed only a part of the client's notes; a repeated note cannot be ruled out.")
        return found

    def _days_back(self, days: int) -> str:
        return f"{datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=days):%Y-%m-%d}"

    def _matching(self, page: Page, patient: str, note: Note) -> tuple[str, bool]:
        """The matching note on a page of results, and whether the page told all there is."""
        notes = [found for found in page.matches if address(found) and subject_of(found) == patient]
        if len(notes) > self._settings.most_notes:
            raise Conflict("The client has more notes in Apotti than are read back; a person must look at it.")
        whole = not reactions(page.codes) & {"partial", "narrow"}
        for found in sorted(notes, key=lambda n: str(n.get("date", "")), reverse=True):
            try:
                if note.mark in self._reading.marks(found):
                    return address(found), whole
            except NotFound:
                continue
            except Forbidden:
                whole = False
        return "", whole

    def _is_note(self, reference: str, note: Note) -> bool:
        try:
            return note.mark in self._reading.marks(self._server.read(reference).resource)
        except NotFound:
            return False


def _types(encounter: Resource) -> set[str]:
    return {str(coding.get("code")) for kind in dicts(encounter.get("type")) for coding in dicts(kind.get("coding"))}
