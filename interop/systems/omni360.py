"""OMNI360: FHIR R4 over REST, with the resources that CGI lists publicly: Binary, CarePlan with contained parts, Task.

A delivery is a collection Bundle whose parts are made one by one; a delivery that broke off is finished, not repeated.
What was made is found again by the document's OID: on CarePlan.identifier, and on Task.identifier where we put it.
Source: CGI's entries in HL7 Finland's FHIR demos 2024 and 2025; FHIR R4 4.0.1 CarePlan, Task, Binary.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from interop.errors import Conflict, NotFound, Unavailable
from interop.systems.base import Acknowledgement, Arrival, Capabilities, Finding, Outgoing, Receipt
from interop.systems.fhir import FhirServer, Resource, address, dicts, outcome, reference_in, references, replaced
from interop.systems.http import Answer, Bounds, Http
from interop.systems.oauth import SecretTokens
from interop.systems.omni360_delivery import (
    BODY_LIMIT,
    CLOSED,
    URI,
    Delivery,
    covers,
    is_named,
    reason_of,
    receipt_of,
    replaced_documents,
    taken_apart,
    too_long,
    unmarked,
    version_of,
)
from interop.systems.omni360_feed import Feed
from interop.systems.pacing import Bucket
from interop.systems.statements import Needed, compared, timed, tried
from interop.systems.tls import Tls
from schemas import json_text

__all__ = ["Omni360", "Omni360Settings"]

_UUIDS = uuid.UUID("6f0ab3d4-3b0c-5b8e-9d5c-0e5b7f0c9a11")
_ANSWERS = {"AA": "completed", "AE": "failed", "AR": "rejected"}
_BURST = 5
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
    `asks_consent`: before a plan is sent, the client's Consents are read, where the server offers them.
    `owner_search`: a search names the owner; without it, tasks are picked by their owner after the search, for a server
    that does not know the modifier `:identifier`.
    Units: `rate` in calls a second, 0 for any number.
    """

    base_url: str
    token_url: str
    client_id: str
    secret: str = field(repr=False)
    owner: str
    tls: Tls = field(default_factory=Tls)
    bounds: Bounds = field(default_factory=Bounds)
    rate: float = 0.0
    asks_consent: bool = True
    owner_search: bool = True


class _NotTaken(Exception):
    """The server refuses a part for its content; the argument is the reason as a sentence."""


class Omni360:
    """The adapter; `format` is the collection Bundle."""

    name = "omni360"
    format = "omni360"

    def __init__(self, settings: Omni360Settings) -> None:
        pace = Bucket(settings.rate, _BURST)
        self._http = Http("OMNI360", settings.base_url, settings.bounds, settings.tls, pace=pace)
        self._token_http = Http("OMNI360", settings.token_url, settings.bounds, settings.tls)
        self._tokens = SecretTokens(self._token_http, settings.token_url, settings.client_id, settings.secret)
        self._server = FhirServer(self._http, self._tokens)
        self._feed = Feed(self._server, settings.owner, narrow=settings.owner_search)
        self._asks_consent = settings.asks_consent
        self._has_consents: bool | None = None

    def capabilities(self) -> Capabilities:
        """What the server's own CapabilityStatement offers. Raises: Unavailable, Forbidden, Busy."""
        told = self._server.statement()
        return Capabilities(
            reads_plans=told.offers("CarePlan", "read", "search-type") and told.offers("Task", "search-type", "update"),
            writes_structured=told.offers("CarePlan", "create") and told.offers("Task", "create"),
            writes_documents=told.offers("Binary", "create"),
            notifies=bool(told.interactions.get("Subscription")),
            versions=told.offers("CarePlan", "update"),
            attaches=told.offers("Binary", "create"),
        )

    def check(self) -> Sequence[Finding]:
        """What the adapter needs of the server's CapabilityStatement and token endpoint, beside what it finds."""
        offered = tried("metadata", "an answer", lambda: compared(_NEEDS, self._server.statement()))
        granted = tried("access token", "granted", self._token_granted)
        return [*offered, *granted, *timed(self._http.ahead)]

    def _token_granted(self) -> Sequence[Finding]:
        self._tokens.token()
        return (Finding("access token", "granted", "granted", ok=True),)

    def arrivals(self) -> Sequence[Arrival]:
        """The tasks that are requested of us, oldest first. Raises: Unavailable, Forbidden, Busy."""
        return self._feed.waiting()

    def notified(self, reference: str) -> None:
        """Nothing; the task, `Task/id`, is read at the next look. A notification is a hint and is never believed."""
        self._feed.notified(reference)

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
            {"fullUrl": self._full_url(at), "resource": replaced(unmarked(part), names)} for at, part in parts.items()
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
            if found.resource.get("status") in CLOSED:
                raise Conflict("The task in OMNI360 has been closed another way already.")
            task = {**found.resource, "status": status}
            if acknowledgement.code or acknowledgement.text:
                task["statusReason"] = reason_of(acknowledgement)
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
        content, a newer version or the client's denial, or has dropped parts of the plan; Fault for a payload that is
        no delivery.
        """
        delivery = taken_apart(outgoing)
        if kind := too_long(delivery):
            return Receipt("rejected", reason=f"A {kind} is longer than OMNI360 takes, {BODY_LIMIT} bytes.")
        self._check_consent(delivery.plan)
        try:
            names = self._plan(delivery)
            task = self._task(delivery.document) or self._made_task(delivery, names)
        except _NotTaken as refused:
            return Receipt("rejected", reason=str(refused))
        return receipt_of(task, names[delivery.plan_url])

    def settle(self, outgoing: Outgoing, reference: str = "") -> Receipt | None:
        """What the task says; None when there is none, even if parts of the delivery are there: sending finishes them.

        Raises: Unavailable, Forbidden, Busy.
        """
        task = self._task(outgoing.document)
        if task is None:
            return None
        plans = references(task.get("focus"), "CarePlan", self._http.base_url)
        return receipt_of(task, next(iter(plans.values()), reference))

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._http.close()
        self._token_http.close()

    def _check_consent(self, plan: Resource) -> None:
        """Raises: Conflict when the client has an active denial in OMNI360. Our own gate has permitted it before."""
        if not self._asks_consent:
            return
        if self._has_consents is None:
            self._has_consents = self._server.statement().offers("Consent", "search-type")
        subject = plan.get("subject")
        client = subject.get("identifier") if isinstance(subject, dict) else None
        if not self._has_consents or not isinstance(client, dict):
            return
        asked = (("status", "active"), ("patient:identifier", f"{client.get('system')}|{client.get('value')}"))
        for consent in self._server.search("Consent", asked).matches:
            provision = consent.get("provision")
            if consent.get("status") == "active" and isinstance(provision, dict) and provision.get("type") == "deny":
                raise Conflict(
                    "OMNI360 holds an active denial of the client; a person must look before a plan is sent."
                )

    def _plan(self, delivery: Delivery) -> dict[str, str]:
        """Where the plan and its Binaries are, by fullUrl: found, or made, or written over the version they replace."""
        held = self._held(delivery.document)
        if held:
            return self._found_again(held[0], delivery)
        older = [plan for document in replaced_documents(delivery.plan) for plan in self._held(document)]
        if older and version_of(older[0]) >= delivery.version:
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
            if version_of(found.resource) >= version:
                break
            answer = self._server.update({**plan, "id": plan_id}, found.etag)
            if answer.ok:
                self._check_stored(at, answer, plan)
                return at
            if answer.status != 412:
                raise self._refused(answer, repeatable=True)
        raise Conflict("Somebody else is writing to this plan in OMNI360; it was not written over.")

    def _held(self, document: str) -> list[Resource]:
        """The plans on the server that carry a document's OID. Raises: Conflict when there is more than one."""
        name = f"urn:oid:{document}"
        matches = self._server.search("CarePlan", (("identifier", f"{URI}|{name}"),)).matches
        plans = [plan for plan in matches if is_named(plan, name) and address(plan)]
        if len(plans) > 1:
            raise Conflict("OMNI360 holds more than one CarePlan with this document's OID; a person must look at it.")
        return plans

    def _found_again(self, held: Resource, delivery: Delivery) -> dict[str, str]:
        """Where the parts are that the server holds already. Raises: Conflict when they say something else."""
        at = references(held, "Binary", self._http.base_url)
        contents = {text: self._server.read(target).resource.get("data") for text, target in at.items()}
        theirs = {text: f"Binary:{data}" for text, data in contents.items()}
        ours = {url: f"Binary:{binary.get('data')}" for url, binary in delivery.binaries.items()}
        if not covers(replaced(held, theirs), replaced(unmarked(delivery.plan), ours)):
            raise Conflict("OMNI360 holds this document version with other content; a person must look at it.")
        places = {content: at[text] for text, content in theirs.items()}
        names = {url: places[content] for url, content in ours.items() if content in places}
        return {**names, delivery.plan_url: f"CarePlan/{held['id']}"}

    def _made_task(self, delivery: Delivery, names: Mapping[str, str]) -> Resource:
        task: Resource = replaced(delivery.task, names)
        name = f"urn:oid:{delivery.document}"
        if not is_named(task, name):
            task["identifier"] = [*dicts(task.get("identifier")), {"system": URI, "value": name}]
        self._created(task)
        return task

    def _task(self, document: str) -> Resource | None:
        name = f"urn:oid:{document}"
        matches = self._server.search("Task", (("identifier", f"{URI}|{name}"),)).matches
        return next((task for task in matches if is_named(task, name)), None)

    def _full_url(self, target: str) -> str:
        return f"urn:uuid:{uuid.uuid5(_UUIDS, self._http.url(target))}"

    def _created(self, resource: Resource) -> str:
        answer = self._server.create({key: value for key, value in resource.items() if key != "id"})
        if not answer.ok:
            raise self._refused(answer, repeatable=False)
        reference = reference_in(answer, resource["resourceType"])
        if not reference:
            raise Unavailable("OMNI360 made a resource and did not say which; what it made is looked for next time.")
        if resource["resourceType"] == "CarePlan":
            self._check_stored(reference, answer, resource)
        return reference

    def _check_stored(self, at: str, answer: Answer, plan: Resource) -> None:
        """Raises: Conflict when the server has not kept all of the plan, as one that does not know contained parts."""
        told, _ = json_text.parse(answer.body)
        stored = told if isinstance(told, dict) and told.get("resourceType") == "CarePlan" else None
        if not covers(stored or self._server.read(at).resource, unmarked(plan)):
            raise Conflict("OMNI360 dropped parts of the plan when it stored it; a person must look at it.")

    def _refused(self, answer: Answer, *, repeatable: bool) -> Exception:
        if answer.status not in _NOT_TAKEN:
            return self._server.refuse(answer, repeatable=repeatable)
        codes = ", ".join(dict.fromkeys(outcome(answer)))
        return _NotTaken(f"OMNI360 did not take the document: status {answer.status}{codes and ', codes ' + codes}.")
