"""Apotti's stand-in: what the real server's CapabilityStatement offers and no more, with Epic's habits.

It files a second note when a create is repeated, keeps the first attachment only, gives no entity tags, and says things
by its own numeric codes. The offers stand as facts in `apotti_offers.json`.
Source: Apotti's public CapabilityStatement (EKO01, 2023-07-04); SMART App Launch 2.0 Backend Services; public reports
on Epic's DocumentReference.Create and its error codes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from interop.sandboxes.apotti_words import SEARCHES, said
from interop.sandboxes.assertions import Clients
from interop.sandboxes.bodies import TooLarge, read_body
from interop.sandboxes.faults import Faults
from interop.sandboxes.fhir import Refused, Resource, bearer, dicts, fhir, form, resource_in, searchset

__all__ = ["OFFERED", "SCOPE", "ApottiSandbox"]

SCOPE = (
    "system/Patient.read system/Encounter.read system/DocumentReference.read system/DocumentReference.write "
    "system/CarePlan.read system/Goal.read system/CareTeam.read"
)
OFFERED: dict[str, dict[str, list[str]]] = json.loads(
    files("interop.sandboxes").joinpath("apotti_offers.json").read_text("utf-8")
)
_BODY_LIMIT = 16 * 1024 * 1024
_EXCLUDED_TYPES = frozenset({"18842-5", "34105-7", "69730-0"})
_CATEGORY = {
    "coding": [
        {"system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "code": "clinical-note"}
    ]
}
_KEPT = ("status", "docStatus", "type", "subject", "context")


@dataclass(slots=True)
class _State:
    resources: dict[str, Resource] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    restricted: set[str] = field(default_factory=set)
    tokens: dict[str, tuple[float, str]] = field(default_factory=dict)
    pages: dict[str, tuple[list[str], int]] = field(default_factory=dict)
    most_results: int | None = None
    partial: bool = False


class ApottiSandbox:
    """An ASGI application; give it to `Running`. `path` is the FHIR base."""

    path = "/Interconnect-FHIR-SANDBOX/api/FHIR/R4"
    token_path = "/Interconnect-FHIR-SANDBOX/oauth2/token"

    def __init__(self, clock: Callable[[], float] = time.time, page_size: int = 100) -> None:
        self.requests: list[tuple[str, str]] = []
        self._clock = clock
        self._page_size = page_size
        self._state = _State()
        self._clients = Clients(clock)
        self._lock = threading.RLock()
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        self.faults = Faults(Starlette(routes=[
            Route(self.token_path, self._token, methods=["POST"]),
            Route(self.path + "/.well-known/smart-configuration", self._smart, methods=["GET"]),
            Route(self.path + "/{rest:path}", self._serve, methods=methods),
        ]), "apotti")  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call, or lets it meet the fault that is laid for it."""
        await self.faults(scope, receive, send)

    def register(self, client_id: str, jwks_url: str, scope: str = SCOPE) -> None:
        """Nothing; the client may now ask for tokens with the keys at its JWK Set URL."""
        with self._lock:
            self._clients.registered[client_id] = (jwks_url, scope)

    def add_patient(self, identifier: str, family: str, given: str, system: str = "urn:oid:1.2.246.21") -> str:
        """The new patient's id."""
        names = [{"family": family, "given": [given]}]
        return self._add({
            "resourceType": "Patient", "active": True, "identifier": [{"system": system, "value": identifier}],
            "name": names,
        })  # fmt: skip

    def add_encounter(self, patient_id: str, kind: str = "AMB", start: str = "", status: str = "finished") -> str:
        """The new encounter's id. In: `start` is an instant, now when empty."""
        return self._add({
            "resourceType": "Encounter", "status": status,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
            "subject": {"reference": f"Patient/{patient_id}"}, "period": {"start": start or self._now()},
        })  # fmt: skip

    def add(self, resource: Resource) -> str:
        """The id of any resource that is now there, as after a professional's work."""
        return self._add(resource)

    def merge(self, old_id: str, new_id: str) -> None:
        """Nothing; the old patient now lives on as the new one, and so does what is about it."""
        with self._lock:
            self._state.merged[f"Patient/{old_id}"] = f"Patient/{new_id}"
            for resource in self._state.resources.values():
                if resource.get("subject") == {"reference": f"Patient/{old_id}"}:
                    resource["subject"] = {"reference": f"Patient/{new_id}"}

    def restrict(self, patient_id: str) -> None:
        """Nothing; the patient's record is now behind break-the-glass."""
        with self._lock:
            self._state.restricted.add(f"Patient/{patient_id}")

    def give_at_most(self, results: int | None) -> None:
        """Nothing; a search with more results than this now says so and gives none."""
        with self._lock:
            self._state.most_results = results

    def keep_something_back(self, *, partial: bool = True) -> None:
        """Nothing; searches now say that their results are incomplete."""
        with self._lock:
            self._state.partial = partial

    def expire_tokens(self) -> None:
        """Nothing; no token that was given is good any more."""
        with self._lock:
            self._state.tokens.clear()

    def expire_pages(self) -> None:
        """Nothing; the links to further pages lead nowhere any more."""
        with self._lock:
            self._state.pages.clear()

    def held(self, kind: str) -> list[Resource]:
        """The resources of one type, oldest first."""
        with self._lock:
            return [resource for at, resource in self._state.resources.items() if at.startswith(kind + "/")]

    def texts(self) -> list[str]:
        """The texts of the notes that are filed, oldest first."""
        return [base64.b64decode(binary["data"]).decode() for binary in self.held("Binary")]

    async def _smart(self, request: Request) -> Response:
        root = str(request.base_url).rstrip("/")
        return JSONResponse({
            "token_endpoint": root + self.token_path,
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
            "capabilities": ["launch-ehr", "launch-standalone", "permission-offline", "client-confidential-asymmetric"],
        })  # fmt: skip

    async def _token(self, request: Request) -> Response:
        parameters = dict(form(request, await read_body(request, 20_000)))
        if parameters.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        url = str(request.base_url).rstrip("/") + self.token_path
        scope = await run_in_threadpool(self._clients.granted, parameters, url)
        if scope is None or self.faults.met("client_not_yet_known"):
            return JSONResponse({"error": "invalid_client"}, 400)
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._state.tokens[token] = (self._clock() + 3600, scope)
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": 3600, "scope": scope})

    async def _serve(self, request: Request) -> Response:
        try:
            body = await read_body(request, _BODY_LIMIT)
            return await run_in_threadpool(self._answer, request, body)
        except TooLarge:
            return Response(status_code=413)
        except Refused as refused:
            return refused.response()

    def _answer(self, request: Request, body: bytes) -> Response:
        kind, _, rest = request.path_params["rest"].partition("/")
        if (kind, rest, request.method) == ("metadata", "", "GET"):
            return fhir(_capability_statement())
        with self._lock:
            self.requests.append((request.method, request.url.path))
            expires, scope = self._state.tokens.get(bearer(request), (0.0, ""))
            if expires <= self._clock():
                raise Refused(401, None, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
            if not kind and request.method == "GET":
                return self._page(request)
            interaction = _interaction(request.method, rest)
            if kind not in OFFERED:
                raise Refused(404, said("not-supported", 4100))
            if interaction not in OFFERED[kind]["interactions"]:
                raise Refused(405, said("not-supported", 4100))
            action = "write" if interaction in ("create", "update") else "read"
            # A Binary is read by the right to what points to it.
            if f"system/{'DocumentReference' if kind == 'Binary' else kind}.{action}" not in scope.split():
                raise Refused(403)
            return self._interact(request, interaction, f"{kind}/{rest}", body)

    def _interact(self, request: Request, interaction: str, at: str, body: bytes) -> Response:
        kind = at.partition("/")[0]
        if interaction == "read":
            return self._shown(request, at)
        if interaction == "search-type":
            return self._search(request, kind, form(request, body))
        if (interaction, kind) != ("create", "DocumentReference"):
            raise Refused(403)
        note = self._filed(body)
        if self.faults.met("filed_twice"):
            self._filed(body)
        headers = {"Location": f"DocumentReference/{note['id']}"}
        shows = "return=representation" in request.headers.get("Prefer", "")
        if shows and not self.faults.met("created_without_body"):
            return fhir(note, 201, headers)
        return Response(status_code=201, headers=headers)

    def _filed(self, body: bytes) -> Resource:
        """The new note: what Epic keeps of what was sent."""
        sent = resource_in(body)
        if sent is None or sent["resourceType"] != "DocumentReference":
            raise Refused(400, said("structure", 59105))
        self._check_note(sent)
        attachment = sent["content"][0]["attachment"]
        text = self._add({"resourceType": "Binary", "contentType": "text/plain", "data": attachment["data"]})
        content = [{"attachment": {"contentType": "text/plain", "url": f"Binary/{text}"}}]
        kept = {name: sent[name] for name in _KEPT if name in sent}
        note = {"resourceType": "DocumentReference", **kept, "category": [_CATEGORY], "date": self._now()}
        note |= {"author": [{"display": "Taustakäyttäjä"}], "content": content}
        return self._state.resources[f"DocumentReference/{self._add(note)}"]

    def _check_note(self, sent: Resource) -> None:
        codings = dicts((sent.get("type") or {}).get("coding"))
        if sent.get("status") != "current" or not codings:
            raise Refused(400, said("required", 59108))
        excluded = any(c.get("code") in _EXCLUDED_TYPES for c in codings)
        if sent.get("docStatus") not in ("final", "preliminary") or excluded:
            raise Refused(422, said("business-rule", 59159))
        patient = (sent.get("subject") or {}).get("reference", "")
        if not patient.startswith("Patient/") or patient not in self._state.resources:
            raise Refused(400, said("value", 59144, "Invalid subject received"))
        self._check_access(patient)
        encounters = dicts((sent.get("context") or {}).get("encounter"))
        encounter = self._state.resources.get(str(encounters[0].get("reference")) if encounters else "")
        if not encounter or encounter["resourceType"] != "Encounter" or encounter["subject"]["reference"] != patient:
            raise Refused(400, said("business-rule", 59144, "Valid encounter required"))
        contents = dicts(sent.get("content"))
        attachment = contents[0].get("attachment") if contents else None
        if not isinstance(attachment, dict) or not _is_base64(attachment.get("data")):
            raise Refused(400, said("required", 59108))
        if attachment.get("contentType", "").partition(";")[0] != "text/plain":
            raise Refused(422, said("business-rule", 59159))

    def _check_access(self, patient: str) -> None:
        if patient in self._state.merged:
            heir = self._state.merged[patient]
            raise Refused(302, said("informational", 4107), {"Location": heir})
        if patient in self._state.restricted:
            raise Refused(403, said("security", 4130))

    def _shown(self, request: Request, at: str) -> Response:
        self._check_access(at)
        resource = self._state.resources.get(at)
        if resource is None:
            raise Refused(404, said("not-found", 4102))
        if resource["resourceType"] == "Binary" and "json" not in request.headers.get("Accept", ""):
            return Response(base64.b64decode(resource["data"]), media_type="text/plain; charset=UTF-8")
        return fhir(resource)

    def _search(self, request: Request, kind: str, parameters: Sequence[tuple[str, str]]) -> Response:
        given = [(name, value) for name, value in parameters if value]
        if not given:
            raise Refused(400, said("required", 4110))
        names = {name for name, _ in given}
        if "_id" in names:
            # Every other parameter is left out when an id is given.
            given = [(name, value) for name, value in given if name == "_id"]
        elif not set(OFFERED[kind].get("required", ())) <= names:
            raise Refused(400, said("required", 4111))
        known = [(name, value) for name, value in given if name in OFFERED[kind]["search"] and name in SEARCHES]
        codes = [4122] if len(known) < len(given) else []
        for name, value in known:
            if name in ("patient", "subject"):
                self._check_access(f"Patient/{value.removeprefix('Patient/')}")
        found = [
            at for at, resource in self._state.resources.items()
            if at.startswith(kind + "/") and all(SEARCHES[name](resource, value) for name, value in known)
        ]  # fmt: skip
        if kind == "Patient" and found and self.faults.met("patient_merged"):
            # The same person again under another id, as after a merge by hand.
            self.merge(found[0].partition("/")[2], self._add({**self._state.resources[found[0]], "identifier": []}))
        heirs = [self._state.merged[at] for at in found if at in self._state.merged]
        if heirs:
            raise Refused(302, said("informational", 4107), {"Location": heirs[0]})
        if self._state.most_results is not None and len(found) > self._state.most_results:
            found, codes = [], [*codes, 4127]
        codes += [4119] if self._state.partial else []
        codes += [59204] if kind == "DocumentReference" and self.faults.met("partial_result") else []
        asked = next((int(value) for name, value in known if name == "_count" and value.isdigit()), self._page_size)
        return self._paged(request, found, codes, min(asked, self._page_size))

    def _page(self, request: Request) -> Response:
        rest = self._state.pages.pop(request.query_params.get("sessionID", ""), None)
        if rest is None or self.faults.met("pages_expire"):
            raise Refused(400, said("processing", 4113))
        return self._paged(request, rest[0], [], rest[1])

    def _paged(self, request: Request, found: list[str], beside_them: Iterable[int], size: int) -> Response:
        base, after = f"{str(request.base_url).rstrip('/')}{self.path}/", None
        if len(found) > size:
            session = secrets.token_hex(8)
            self._state.pages[session] = found[size:], size
            after = f"{base}?sessionID={session}"
        codes = [*beside_them, *([] if found else [4101])]
        beside = [("", said("informational", code, severity="warning"), "outcome") for code in codes]
        matches = [(base + at, self._state.resources[at], "match") for at in found[:size]]
        return fhir(searchset([*matches, *beside], len(found), after))

    def _add(self, resource: Resource) -> str:
        with self._lock:
            digest = hashlib.sha256(str(len(self._state.resources)).encode()).digest()
            name = "e" + base64.b64encode(digest, b"AB").decode().rstrip("=")[:23]
            rest = {key: value for key, value in resource.items() if key not in ("resourceType", "id")}
            kept = {"resourceType": resource["resourceType"], "id": name, **rest}
            self._state.resources[f"{resource['resourceType']}/{name}"] = kept
            return name

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")


def _interaction(method: str, rest: str) -> str:
    if rest == "_search" or (method == "GET" and not rest):
        return "search-type"
    if "/" in rest or rest.startswith("$"):
        return "other"
    named = {("GET", True): "read", ("PUT", True): "update", ("POST", False): "create"}
    return named.get((method, bool(rest)), "other")


def _is_base64(data: object) -> bool:
    try:
        return isinstance(data, str) and bool(data) and base64.b64decode(data, validate=True) is not None
    except binascii.Error:
        return False


def _capability_statement() -> Resource:
    resources = [
        {
            "type": kind, "interaction": [{"code": code} for code in offer["interactions"]],
            "readHistory": False, "updateCreate": False, "conditionalCreate": False, "conditionalUpdate": False,
            "conditionalDelete": "not-supported", "searchParam": [{"name": name} for name in offer["search"]],
        }
        for kind, offer in OFFERED.items()
    ]  # fmt: skip
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": "2023-07-04", "kind": "instance",
        "fhirVersion": "4.0.1", "format": ["xml", "json"], "software": {"name": "Epic sandbox"},
        "implementation": {"description": "Apotti sandbox"}, "rest": [{"mode": "server", "resource": resources}],
    }  # fmt: skip
