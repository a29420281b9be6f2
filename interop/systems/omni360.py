"""OMNI360: FHIR R4 over REST, with the resources that CGI lists publicly: Binary, CarePlan with contained parts, Task.

A delivery is a collection Bundle whose parts are made one by one; a delivery that broke off is finished, not repeated.
What was made is found again by the document's OID: on CarePlan.identifier, and on Task.identifier where we put it.
Source: CGI's entries in HL7 Finland's FHIR demos 2024 and 2025; FHIR R4 4.0.1 CarePlan, Task, Binary.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop.errors import Conflict, Fault, NotFound, Unavailable
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.fhir import (
    FhirServer,
    Resource,
    address,
    dicts,
    issue_codes,
    outcome,
    reference_in,
    references,
    replaced,
)
from interop.systems.http import Answer, Bounds, Http
from interop.systems.oauth import SecretTokens
from interop.systems.statements import Needed, compared, tried
from interop.systems.tls import Tls
from schemas import json_text

__all__ = ["Omni360", "Omni360Settings"]

_URI = "urn:ietf:rfc:3986"
_VERSION = "https://sote-interop.example/fhir/StructureDefinition/document-version"
_REASONS = "https://sote-interop.example/fhir/CodeSystem/acknowledgement"
_UUIDS = uuid.UUID("6f0ab3d4-3b0c-5b8e-9d5c-0e5b7f0c9a11")
_REFUSED = frozenset({"rejected", "failed", "cancelled", "entered-in-error"})
_ANSWERS = {"AA": "completed", "AE": "failed", "AR": "rejected"}
_SERVERS_OWN = ("versionId", "lastUpdated")
_NOT_TAKEN = frozenset({400, 413, 422})
_NEEDS = {
    "Binary": Needed(("create", "read")),
    "CarePlan": Needed(("create", "read", "search-type", "update"), ("identifier",)),
    "Task": Needed(("create", "read", "search-type", "update"), ("identifier", "owner", "status")),
}


@dataclass(frozen=True, slots=True)
class Omni360Settings:
    """Where the FHIR server and its token endpoint are, and who we are.

    `owner` is the value of the identifier (system urn:ietf:rfc:3986) by which Task.owner names us, `urn:oid:...`.
    """

    base_url: str
    token_url: str
    client_id: str
    secret: str = field(repr=False)
    owner: str
    tls: Tls = field(default_factory=Tls)
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A payload taken apart; every part still names the others by their fullUrl."""

    document: str
    version: int
    binaries: dict[str, Resource]
    plan_url: str
    plan: Resource
    task: Resource


class _NotTaken(Exception):
    """The server refuses a part for its content; the argument is the reason as a sentence."""


class Omni360:
    """The adapter; `format` is the collection Bundle."""

    name = "omni360"
    format = "omni360"

    def __init__(self, settings: Omni360Settings) -> None:
        self._http = Http("OMNI360", settings.base_url, settings.bounds, settings.tls)
        self._token_http = Http("OMNI360", settings.token_url, settings.bounds, settings.tls)
        self._tokens = SecretTokens(self._token_http, settings.token_url, settings.client_id, settings.secret)
        self._server = FhirServer(self._http, self._tokens)
        self._owner = settings.owner

    def capabilities(self) -> Capabilities:
        """What the server's own CapabilityStatement offers. Raises: Unavailable, Forbidden, Busy."""
        told = self._server.statement()
        return Capabilities(
            reads_plans=told.offers("CarePlan", "read", "search-type") and told.offers("Task", "search-type", "update"),
            writes_structured=told.offers("CarePlan", "create") and told.offers("Task", "create"),
            writes_documents=told.offers("Binary", "create"),
            notifies=bool(told.interactions.get("Subscription")),
            versions=told.offers("CarePlan", "update"),
        )

    def check(self) -> Sequence[Finding]:
        """What the adapter needs of the server's CapabilityStatement and token endpoint, beside what it finds."""
        offered = tried("metadata", "an answer", lambda: compared(_NEEDS, self._server.statement()))
        return [*offered, *tried("access token", "granted", self._token_granted)]

    def _token_granted(self) -> Sequence[Finding]:
        self._tokens.token()
        return (Finding("access token", "granted", "granted", ok=True),)

    def arrivals(self) -> Sequence[Arrival]:
        """The tasks that are requested of us, oldest first. Raises: Unavailable, Forbidden, Busy."""
        asked = (("status", "requested"), ("owner:identifier", f"{_URI}|{self._owner}"))
        tasks = self._server.search("Task", asked).matches
        waiting = [task for task in tasks if task.get("status") == "requested" and address(task)]
        waiting.sort(key=lambda task: (str(task.get("authoredOn", "")), str(task["id"])))
        return tuple(Arrival(address(task), _document_of(task) or address(task)) for task in waiting)

    def fetch(self, arrival: Arrival) -> bytes:
        """The plan, its Binaries and the task as one collection Bundle; the same bytes as long as nothing changes.

        Raises: NotFound, Unavailable, Forbidden, Busy.
        """
        task = self._server.read(arrival.id).resource
        plans = references(task.get("focus"), "CarePlan", self._http.base_url)
        if len(plans) != 1:
            raise NotFound("The task in OMNI360 names no CarePlan as its focus.")
        (plan_at,) = plans.values()
        plan = self._server.read(plan_at).resource
        binaries = references(plan, "Binary", self._http.base_url)
        parts = {target: self._server.read(target).resource for target in dict.fromkeys(binaries.values())}
        parts |= {plan_at: plan, arrival.id: task}
        names = {text: self._full_url(target) for text, target in {**binaries, **plans}.items()}
        entries = [
            {"fullUrl": self._full_url(at), "resource": replaced(_unmarked(part), names)} for at, part in parts.items()
        ]
        return json_text.dump({"resourceType": "Bundle", "type": "collection", "entry": entries})

    def acknowledge(self, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
        """Closes the task; closing it the same way twice does no harm.

        Raises: NotFound, Conflict (it was closed another way), Unavailable, Forbidden, Busy.
        """
        status = _ANSWERS[acknowledgement.type]
        for _ in range(2):
            found = self._server.read(arrival.id)
            if found.resource.get("status") == status:
                return
            if found.resource.get("status") in _REFUSED | {"completed"}:
                raise Conflict("The task in OMNI360 has been closed another way already.")
            task = {**found.resource, "status": status}
            if acknowledgement.code or acknowledgement.text:
                task["statusReason"] = _reason(acknowledgement)
            answer = self._server.update(task, found.etag)
            if answer.ok:
                return
            if answer.status != 412:
                break
        raise self._server.refuse(answer, repeatable=True)

    def send(self, outgoing: Outgoing) -> Receipt:
        """The receipt of the task that asks OMNI360 to take the plan; parts that are there already are not made again.

        A Binary that was made just before the connection broke cannot be found again, since Binary has no search: it
        stays behind without a reader.
        Raises: Unavailable, Unknown, Forbidden, Busy; Conflict when OMNI360 holds this document version with other
        content, or a newer version; Fault for a payload that is no delivery.
        """
        delivery = _taken_apart(outgoing)
        try:
            names = self._plan(delivery)
            task = self._task(delivery.document) or self._made_task(delivery, names)
        except _NotTaken as refused:
            return Receipt("rejected", reason=str(refused))
        return _receipt(task, names[delivery.plan_url])

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """What the task says; None when there is none, even if parts of the delivery are there: sending finishes them.

        Raises: Unavailable, Forbidden, Busy.
        """
        task = self._task(outgoing.document)
        if task is None:
            return None
        plans = references(task.get("focus"), "CarePlan", self._http.base_url)
        return _receipt(task, next(iter(plans.values()), reference))

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._http.close()
        self._token_http.close()

    def _plan(self, delivery: _Delivery) -> dict[str, str]:
        """Where the plan and its Binaries are, by fullUrl: found, or made, or written over the version they replace."""
        held = self._held(delivery.document)
        if held:
            return self._found_again(held[0], delivery)
        older = [plan for document in _replaced_documents(delivery.plan) for plan in self._held(document)]
        if older and _version(older[0]) >= delivery.version:
            raise Conflict("OMNI360 holds a newer version of this plan; the older one was not written over it.")
        names = {url: self._created(binary) for url, binary in delivery.binaries.items()}
        plan = replaced(delivery.plan, names)
        at = self._updated(plan, delivery.version, older[0]["id"]) if older else self._created(plan)
        return {**names, delivery.plan_url: at}

    def _updated(self, plan: Resource, version: int, plan_id: str) -> str:
        """`CarePlan/id` after the update. Another writer in between is looked at once, then left to a person."""
        at = f"CarePlan/{plan_id}"
        for _ in range(2):
            found = self._server.read(at)
            if _version(found.resource) >= version:
                break
            answer = self._server.update({**plan, "id": plan_id}, found.etag)
            if answer.ok:
                return at
            if answer.status != 412:
                raise self._refused(answer, repeatable=True)
        raise Conflict("Somebody else is writing to this plan in OMNI360; it was not written over.")

    def _held(self, document: str) -> list[Resource]:
        """The plans on the server that carry a document's OID. Raises: Conflict when there is more than one."""
        name = f"urn:oid:{document}"
        matches = self._server.search("CarePlan", (("identifier", f"{_URI}|{name}"),)).matches
        plans = [plan for plan in matches if _is_named(plan, name) and address(plan)]
        if len(plans) > 1:
            raise Conflict("OMNI360 holds more than one CarePlan with this document's OID; a person must look at it.")
        return plans

    def _found_again(self, held: Resource, delivery: _Delivery) -> dict[str, str]:
        """Where the parts are that the server holds already. Raises: Conflict when they say something else."""
        at = references(held, "Binary", self._http.base_url)
        contents = {text: self._server.read(target).resource.get("data") for text, target in at.items()}
        theirs = {text: f"Binary:{data}" for text, data in contents.items()}
        ours = {url: f"Binary:{binary.get('data')}" for url, binary in delivery.binaries.items()}
        if not _covers(replaced(held, theirs), replaced(_unmarked(delivery.plan), ours)):
            raise Conflict("OMNI360 holds this document version with other content; a person must look at it.")
        places = {content: at[text] for text, content in theirs.items()}
        names = {url: places[content] for url, content in ours.items() if content in places}
        return {**names, delivery.plan_url: f"CarePlan/{held['id']}"}

    def _made_task(self, delivery: _Delivery, names: Mapping[str, str]) -> Resource:
        task: Resource = replaced(delivery.task, names)
        name = f"urn:oid:{delivery.document}"
        if not _is_named(task, name):
            task["identifier"] = [*dicts(task.get("identifier")), {"system": _URI, "value": name}]
        self._created(task)
        return task

    def _task(self, document: str) -> Resource | None:
        name = f"urn:oid:{document}"
        matches = self._server.search("Task", (("identifier", f"{_URI}|{name}"),)).matches
        return next((task for task in matches if _is_named(task, name)), None)

    def _full_url(self, target: str) -> str:
        return f"urn:uuid:{uuid.uuid5(_UUIDS, self._http.url(target))}"

    def _created(self, resource: Resource) -> str:
        answer = self._server.create({key: value for key, value in resource.items() if key != "id"})
        if not answer.ok:
            raise self._refused(answer, repeatable=False)
        reference = reference_in(answer, resource["resourceType"])
        if not reference:
            raise Unavailable("OMNI360 made a resource and did not say which; what it made is looked for next time.")
        return reference

    def _refused(self, answer: Answer, *, repeatable: bool) -> Exception:
        if answer.status not in _NOT_TAKEN:
            return self._server.refuse(answer, repeatable=repeatable)
        codes = ", ".join(dict.fromkeys(outcome(answer)))
        return _NotTaken(f"OMNI360 did not take the document: status {answer.status}{codes and ', codes ' + codes}.")


def _taken_apart(outgoing: Outgoing) -> _Delivery:
    """The payload's parts. Raises: Fault; the payload is our own writing, so a broken one is our mistake."""
    bundle, _ = json_text.parse(outgoing.payload)
    parts: dict[str, dict[str, Resource]] = {"Binary": {}, "CarePlan": {}, "Task": {}}
    for entry in dicts(bundle.get("entry") if isinstance(bundle, dict) else None):
        resource, url = entry.get("resource"), entry.get("fullUrl")
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(url, str) or not isinstance(resource, dict) or kind not in parts:
            raise Fault("An entry of the Bundle for OMNI360 has no fullUrl, or is no Binary, CarePlan or Task.")
        parts[kind][url] = resource
    if len(parts["CarePlan"]) != 1 or len(parts["Task"]) != 1:
        raise Fault("The Bundle for OMNI360 must hold exactly one CarePlan and one Task.")
    ((url, plan),), (task,) = parts["CarePlan"].items(), parts["Task"].values()
    if not _is_named(plan, f"urn:oid:{outgoing.document}") or _version(plan) != outgoing.version:
        raise Fault("The CarePlan for OMNI360 does not carry the OID and version of the document it is sent under.")
    return _Delivery(outgoing.document, outgoing.version, parts["Binary"], url, plan, task)


def _receipt(task: Resource, plan: str) -> Receipt:
    status = task.get("status")
    if status == "completed":
        return Receipt("delivered", plan)
    if status not in _REFUSED:
        return Receipt("accepted", plan)
    codes = issue_codes({"issue": [{"details": task.get("statusReason")}]})
    code = f", code {codes[0]}" if codes else ""
    return Receipt("rejected", plan, f"OMNI360 closed the task as {status}{code}.")


def _is_named(resource: Resource, value: str) -> bool:
    return any(i.get("system") == _URI and i.get("value") == value for i in dicts(resource.get("identifier")))


def _document_of(task: Resource) -> str:
    found = [i.get("value") for i in dicts(task.get("identifier")) if i.get("system") == _URI]
    return next((value for value in found if isinstance(value, str) and value.startswith("urn:oid:")), "")


def _version(plan: Resource) -> int:
    """The document version that a plan carries; 0 for a plan that carries none, which any version is newer than."""
    found = [e.get("valueInteger") for e in dicts(plan.get("extension")) if e.get("url") == _VERSION]
    return found[0] if found and isinstance(found[0], int) else 0


def _replaced_documents(plan: Resource) -> list[str]:
    """The OIDs of the document versions that a plan says it replaces."""
    named = [r.get("identifier") for r in dicts(plan.get("replaces"))]
    values = [str(i.get("value")) for i in named if isinstance(i, dict) and i.get("system") == _URI]
    return [value.removeprefix("urn:oid:") for value in values if value.startswith("urn:oid:")]


def _covers(held: Any, ours: Any) -> bool:
    """True when all that we say stands in what is held; a server may add, as narrative or marks of its own."""
    if isinstance(ours, dict):
        return isinstance(held, dict) and all(key in held and _covers(held[key], ours[key]) for key in ours)
    if isinstance(ours, list):
        same = isinstance(held, list) and len(held) == len(ours)
        return same and all(map(_covers, held, ours))
    return bool(held == ours)


def _unmarked(resource: Resource) -> Resource:
    """The resource without what every server writes by itself."""
    said = {key: value for key, value in resource.items() if key != "id"}
    if isinstance(said.get("meta"), dict):
        said["meta"] = {key: value for key, value in said["meta"].items() if key not in _SERVERS_OWN}
        if not said["meta"]:
            del said["meta"]
    return said


def _reason(acknowledgement: Acknowledgement) -> dict[str, Any]:
    coding = {"coding": [{"system": _REASONS, "code": acknowledgement.code}]} if acknowledgement.code else {}
    return {**coding, **({"text": acknowledgement.text} if acknowledgement.text else {})}
