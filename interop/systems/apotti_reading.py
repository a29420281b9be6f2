"""What Apotti's record says: a client's patient, also after a merge, searches as Epic answers them, texts of notes.

Source: Apotti's public CapabilityStatement (EKO01, 2023-07-04); Epic's codes, `epic_errors.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from interop.errors import Conflict
from interop.systems.apotti_notes import decoded, heir_of, marks
from interop.systems.epic import TOO_MANY, Merged, Narrow, Restart, judged, stopped
from interop.systems.fhir import JSON, FhirServer, Page, Resource, address, dicts
from schemas import json_text

__all__ = ["Reading"]

_MOST_HOPS = 3
_MOST_KNOWN = 20_000
_PAGE = "50"
_T = TypeVar("_T")


class Reading:
    """Reads from one server. Safe to share between threads."""

    def __init__(self, server: FhirServer) -> None:
        self._server = server
        self._known: dict[tuple[str, ...], frozenset[tuple[str, int]]] = {}

    def following(self, patient: str, act: Callable[[str], _T]) -> _T:
        """What the act gives for the patient, or for the one that it has been merged into. Raises: Conflict."""
        for _ in range(_MOST_HOPS):
            try:
                return act(patient)
            except Merged as merged:
                patient = merged.patient
        raise Conflict("Apotti leads from one merged patient to the next; a person must look at it.")

    def patient(self, client: str) -> str:
        """`Patient/id` of the client `system|value`; of the surviving one when two have been merged.

        Raises: Conflict when there is none, or more than one.
        """
        try:
            matches = self.search("Patient", ("identifier", client)).matches
        except Merged as merged:
            return self.following(merged.patient, self._survivor)
        wanted = client.rpartition("|")[::2]
        found = {
            address(patient): patient
            for patient in matches
            if any((i.get("system"), i.get("value")) == wanted for i in dicts(patient.get("identifier")))
        }
        if len(found) != 1 or "" in found:
            many = "more than one patient" if found else "no patient"
            raise Conflict(f"Apotti has {many} with the client's identifier; a person must look at it.")
        ((at, patient),) = found.items()
        heir = heir_of(patient)
        return self.following(heir, self._survivor) if heir else at

    def search(self, kind: str, *parameters: tuple[str, str]) -> Page:
        """What a search gives, also when there is more than the server gives. Raises: what its codes demand."""
        try:
            page = self._whole_search(kind, (*parameters, ("_count", _PAGE)))
        except Narrow:
            return Page((), TOO_MANY)
        if stop := stopped(page.codes):
            raise stop
        return page

    def marks(self, document: Resource) -> frozenset[tuple[str, int]]:
        """The document versions that a note's texts name in their blocks; read once as long as the note stays as it is.

        Raises: NotFound, Forbidden and what else reading a text raises.
        """
        meta = document.get("meta") or {}
        key = (
            address(document),
            str(document.get("docStatus")),
            str(meta.get("lastUpdated")),
            str(meta.get("versionId")),
        )
        if key not in self._known:
            found = frozenset(mark for text in self.texts(document) if (mark := marks(text)) is not None)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = found
        return self._known[key]

    def texts(self, document: Resource) -> Iterator[str]:
        """The plain texts of a note, wherever the server keeps them."""
        for content in dicts(document.get("content")):
            attachment = content.get("attachment") or {}
            if attachment.get("contentType", "text/plain").partition(";")[0] != "text/plain":
                continue
            if "data" in attachment:
                yield decoded(attachment["data"])
            elif isinstance(attachment.get("url"), str):
                yield self._binary(attachment["url"])

    def _survivor(self, patient: str) -> str:
        heir = heir_of(self._server.read(patient).resource)
        if heir:
            raise Merged(heir)
        return patient

    def _binary(self, url: str) -> str:
        answer = self._server.call("GET", url, headers={"Accept": JSON})
        if not answer.ok:
            raise judged(answer, repeatable=True)
        binary, _ = json_text.parse(answer.body)
        if isinstance(binary, dict) and binary.get("resourceType") == "Binary":
            return decoded(binary.get("data"))
        return answer.body.decode("utf-8", "replace")

    def _whole_search(self, kind: str, parameters: Sequence[tuple[str, str]]) -> Page:
        """All pages; once more from the first when they expire on the way."""
        try:
            return self._server.search(kind, parameters)
        except Restart:
            return self._server.search(kind, parameters)
