"""Apotti (Epic): FHIR R4 with backend services; a plan goes in as a clinical note, the only document it takes.

Epic neither recognises a repeated note nor lets a create be conditional. So a note ends in a fenced block that names
the document version, and before each send the client's notes are read back: what is there is not sent again.
Source: Apotti's public CapabilityStatement (EKO01, 2023-07-04); SMART App Launch 2.0 Backend Services; Epic's
DocumentReference.Create (Clinical Notes, R4) as seen in public sandbox reports.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from interop.errors import Conflict, Fault, Forbidden, NotFound, Unavailable, Unsupported
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.epic import TOO_MANY, Merged, Narrow, NotTaken, Restart, judged, reactions, stopped
from interop.systems.fhir import JSON, FhirServer, Page, Resource, address, dicts, reference_in
from interop.systems.http import Bounds, Http, refusal
from interop.systems.oauth import AssertionTokens, SigningKey, grants
from interop.systems.statements import Needed, compared, tried
from interop.systems.tls import Tls
from schemas import json_text

__all__ = ["BLOCK_BEGINS", "BLOCK_ENDS", "Apotti", "ApottiSettings", "marks"]

BLOCK_BEGINS = "-----BEGIN SOTE-INTEROP RECORD-----"
BLOCK_ENDS = "-----END SOTE-INTEROP RECORD-----"
_BLOCK = re.compile(rf"^{BLOCK_BEGINS}[ \t]*\r?$(.*?)^{BLOCK_ENDS}[ \t]*\r?$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^(document|version):[ \t]*([0-9.]{1,200})[ \t]*\r?$", re.MULTILINE)
_SCOPES = ("Patient.read", "Encounter.read", "DocumentReference.read", "DocumentReference.write")
_NEEDS = {
    "Patient": Needed(("read", "search-type"), ("identifier",)),
    "Encounter": Needed(("search-type",), ("date", "patient")),
    "DocumentReference": Needed(("create", "read", "search-type"), ("category", "date", "patient", "type")),
    "Binary": Needed(("read",)),
}
_MOST_HOPS = 3
_OVER = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ApottiSettings:
    """Where the FHIR server is, who we are, and which of the client's encounters may carry a note.

    Units: `encounter_days` and `readback_days` in days back from now; no `readback_days` reads back notes of any age.
    `most_notes` is how many notes of one client are read back at most.
    """

    base_url: str
    client_id: str
    key: SigningKey = field(repr=False)
    category: str = "clinical-note"
    encounter_classes: tuple[str, ...] = ("AMB", "HH", "VR")
    encounter_days: int = 365
    readback_days: int | None = None
    most_notes: int = 500
    tls: Tls = field(default_factory=Tls)
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class _Note:
    """A payload taken apart: the resource, the client it is about and what its fenced block names."""

    resource: Resource
    client: str
    mark: tuple[str, int]


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
        self._http = Http("Apotti", settings.base_url, settings.bounds, settings.tls)
        self._tokens = AssertionTokens(self._http, self._token_url, settings.client_id, settings.key, clock)
        self._server = FhirServer(self._http, self._tokens, judged)
        self._endpoint = ""

    def capabilities(self) -> Capabilities:
        """What the server offers of what this adapter uses. No plans come out: their change feed is not built.

        Raises: Unavailable, Forbidden, Busy.
        """
        told = self._server.statement()
        return Capabilities(
            reads_plans=False,
            writes_structured=told.offers("CarePlan", "create"),
            writes_documents=told.offers("DocumentReference", "create"),
            notifies=bool(told.interactions.get("Subscription")),
            versions=False,
        )

    def check(self) -> Sequence[Finding]:
        """What the adapter needs of the server's CapabilityStatement and of the scope it grants, beside what it finds.

        The statement is read anew each time: a newer Epic offers other things than the one that was published.
        """
        offered = tried("metadata", "an answer", lambda: compared(_NEEDS, self._server.statement()))
        return [*offered, *tried("granted scope", ", ".join(_SCOPES), self._scope_granted)]

    def _scope_granted(self) -> Sequence[Finding]:
        missing = self._missing_scopes()
        found = f"lacks {', '.join(missing)}" if missing else "all of it"
        return (Finding("granted scope", ", ".join(_SCOPES), found, not missing),)

    def arrivals(self) -> Sequence[Arrival]:
        """Nothing: Epic has no list of what is new, and polling client by client is not built."""
        return ()

    def fetch(self, arrival: Arrival) -> bytes:
        """Never anything. Raises: Unsupported."""
        raise Unsupported("Apotti has no inbox; nothing can be fetched from it.")

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Never anything. Raises: Unsupported."""
        raise Unsupported("Apotti has no inbox; nothing in it can be acknowledged.")

    def send(self, outgoing: Outgoing) -> Receipt:
        """The receipt of the filed note, of the one that is there already when there is one.

        Raises: Unavailable, Unknown, Forbidden, Busy; Conflict when a person must look at it; Fault for a payload that
        is no note.
        """
        note = _taken_apart(outgoing)
        self._check_scopes()
        return self._following(self._patient(note), lambda patient: self._delivered(patient, note))

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """The receipt of the note, if it is found among the client's notes by its fenced block.

        Raises: Unavailable, Busy, Conflict; Forbidden also when the answer was incomplete and nothing was found in it.
        """
        note = _taken_apart(outgoing)
        if reference and self._is_note(reference, note):
            return Receipt("delivered", reference)
        found = self._following(self._patient(note), lambda patient: self._filed(patient, note))
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

    def _following(self, patient: str, act: Callable[[str], _T]) -> _T:
        """What the act gives for the patient, or for the one that it has been merged into."""
        for _ in range(_MOST_HOPS):
            try:
                return act(patient)
            except Merged as merged:
                patient = merged.patient
        raise Conflict("Apotti leads from one merged patient to the next; a person must look at it.")

    def _delivered(self, patient: str, note: _Note) -> Receipt:
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
        return Receipt("delivered", reference_in(answer, "DocumentReference"))

    def _patient(self, note: _Note) -> str:
        """`Patient/id` of the client; of the surviving one when two have been merged."""
        try:
            matches = self._search("Patient", ("identifier", note.client)).matches
        except Merged as merged:
            return self._following(merged.patient, self._survivor)
        wanted = note.client.rpartition("|")[::2]
        found = {
            address(patient): patient
            for patient in matches
            if any((i.get("system"), i.get("value")) == wanted for i in dicts(patient.get("identifier")))
        }
        if len(found) != 1 or "" in found:
            many = "more than one patient" if found else "no patient"
            raise Conflict(f"Apotti has {many} with the client's identifier; a person must look at it.")
        ((at, patient),) = found.items()
        heir = _heir(patient)
        return self._following(heir, self._survivor) if heir else at

    def _survivor(self, patient: str) -> str:
        heir = _heir(self._server.read(patient).resource)
        if heir:
            raise Merged(heir)
        return patient

    def _encounter(self, patient: str) -> str:
        """`Encounter/id` of the client's newest encounter that may carry a note."""
        settings = self._settings
        asked = (("patient", patient.partition("/")[2]), ("date", f"ge{self._days_back(settings.encounter_days)}"))
        fit = [
            encounter
            for encounter in self._search("Encounter", *asked).matches
            if address(encounter) and encounter.get("status") in _OVER and _subject(encounter) == patient
            and (encounter.get("class") or {}).get("code") in settings.encounter_classes
        ]  # fmt: skip
        if not fit:
            raise Conflict("The client has no encounter in Apotti that may carry the note; a person must choose one.")
        return address(max(fit, key=_started))

    def _filed(self, patient: str, note: _Note) -> str:
        """`DocumentReference/id` of the note that names the same document version; empty when there is none.

        Raises: Forbidden when the server kept something back and nothing was found in the rest.
        """
        asked = [("patient", patient.partition("/")[2]), ("category", self._settings.category)]
        if self._settings.readback_days is not None:
            asked.append(("date", f"ge{self._days_back(self._settings.readback_days)}"))
        page = self._search("DocumentReference", *asked)
        found, whole = self._matching(page, patient, note)
        if not found and "narrow" in reactions(page.codes):
            kinds = dicts((note.resource.get("type") or {}).get("coding"))
            page = self._search("DocumentReference", *asked, *[("type", str(kind.get("code"))) for kind in kinds[:1]])
            found, whole = self._matching(page, patient, note)
        if not found and not whole:
            raise Forbidden("Apotti showed only a part of the client's notes; a repeated note cannot be ruled out.")
        return found

    def _days_back(self, days: int) -> str:
        return f"{datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=days):%Y-%m-%d}"

    def _matching(self, page: Page, patient: str, note: _Note) -> tuple[str, bool]:
        """The matching note on a page of results, and whether the page told all there is."""
        notes = [found for found in page.matches if address(found) and _subject(found) == patient]
        if len(notes) > self._settings.most_notes:
            raise Conflict("The client has more notes in Apotti than are read back; a person must look at it.")
        whole = not reactions(page.codes) & {"partial", "narrow"}
        for found in sorted(notes, key=lambda n: str(n.get("date", "")), reverse=True):
            try:
                if note.mark in {marks(text) for text in self._texts(found)}:
                    return address(found), whole
            except NotFound:
                continue
            except Forbidden:
                whole = False
        return "", whole

    def _is_note(self, reference: str, note: _Note) -> bool:
        try:
            return any(marks(text) == note.mark for text in self._texts(self._server.read(reference).resource))
        except NotFound:
            return False

    def _texts(self, document: Resource) -> Iterator[str]:
        """The plain texts of a note, wherever the server keeps them."""
        for content in dicts(document.get("content")):
            attachment = content.get("attachment") or {}
            if attachment.get("contentType", "text/plain").partition(";")[0] != "text/plain":
                continue
            if "data" in attachment:
                yield _decoded(attachment["data"])
            elif isinstance(attachment.get("url"), str):
                yield self._binary(attachment["url"])

    def _binary(self, url: str) -> str:
        answer = self._server.call("GET", url, headers={"Accept": JSON})
        if not answer.ok:
            raise judged(answer, repeatable=True)
        binary, _ = json_text.parse(answer.body)
        if isinstance(binary, dict) and binary.get("resourceType") == "Binary":
            return _decoded(binary.get("data"))
        return answer.body.decode("utf-8", "replace")

    def _search(self, kind: str, *parameters: tuple[str, str]) -> Page:
        """What a search gives, also when there is more than the server gives. Raises: what its codes demand."""
        try:
            page = self._whole_search(kind, parameters)
        except Narrow:
            return Page((), TOO_MANY)
        if stop := stopped(page.codes):
            raise stop
        return page

    def _whole_search(self, kind: str, parameters: Sequence[tuple[str, str]]) -> Page:
        """All pages; once more from the first when they expire on the way."""
        try:
            return self._server.search(kind, parameters)
        except Restart:
            return self._server.search(kind, parameters)


def marks(text: str) -> tuple[str, int] | None:
    """The document OID and version that the last fenced block of a note names; None without a whole block."""
    blocks = _BLOCK.findall(text)
    said = dict(_LINE.findall(blocks[-1])) if blocks else {}
    if "document" not in said or not said.get("version", "").isdigit():
        return None
    return said["document"], int(said["version"])


def _taken_apart(outgoing: Outgoing) -> _Note:
    """The payload's parts. Raises: Fault; the payload is our own writing, so a broken one is our mistake."""
    resource, _ = json_text.parse(outgoing.payload)
    if not isinstance(resource, dict) or resource.get("resourceType") != "DocumentReference":
        raise Fault("The payload for Apotti is no DocumentReference.")
    subject, contents = resource.get("subject"), dicts(resource.get("content"))
    client = subject.get("identifier") if isinstance(subject, dict) else None
    if not isinstance(client, dict) or not client.get("system") or not client.get("value"):
        raise Fault("The note for Apotti lacks subject.identifier with a system and a value.")
    attachment = contents[0].get("attachment") if contents else None
    mark = marks(_decoded(attachment.get("data"))) if isinstance(attachment, dict) else None
    if mark != (outgoing.document, outgoing.version):
        raise Fault("The note for Apotti does not name the document version that it is sent under in its fenced block.")
    return _Note(resource, f"{client['system']}|{client['value']}", mark)


def _decoded(data: Any) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace") if isinstance(data, str) else ""
    except binascii.Error:
        return ""


def _subject(resource: Resource) -> str:
    """`Patient/id` that a resource is about, whatever address stands before it."""
    subject = resource.get("subject")
    reference = str(subject.get("reference", "")) if isinstance(subject, dict) else ""
    return "/".join(reference.split("/")[-2:])


def _heir(patient: Resource) -> str:
    """`Patient/id` of the one that has replaced this patient; empty when none has."""
    for link in dicts(patient.get("link")):
        other = link.get("other")
        if link.get("type") == "replaced-by" and isinstance(other, dict):
            kind, _, name = str(other.get("reference", "")).rpartition("/")
            return address({"resourceType": "Patient", "id": name}) if kind.endswith("Patient") else ""
    return ""


def _started(encounter: Resource) -> datetime:
    """When an encounter began; the beginning of time when that cannot be read."""
    try:
        moment = datetime.fromisoformat(str((encounter.get("period") or {}).get("start")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
