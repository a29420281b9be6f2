"""OMNI360's stand-in: a FHIR R4 server with CGI's public resource list, versions, If-Match and a receiver of tasks.

Which operations each resource has is not public; those of Binary, CarePlan and Task are provisional.
Source: CGI's entries in HL7 Finland's FHIR demos 2024 and 2025; FHIR R4 4.0.1 http.html; RFC 6749 §2.3.1, §4.4.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote_plus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from interop.sandboxes.bodies import TooLarge, read_body
from interop.sandboxes.faults import Faults
from interop.sandboxes.fhir import Refused, Resource, bearer, dicts, fhir, form, outcome, resource_in, searchset
from interop.sandboxes.notices import Notices

__all__ = ["BODY_LIMIT", "OFFERED", "Omni360Sandbox"]

BODY_LIMIT = 2 * 1024 * 1024
_READ_ONLY = ("read", "search-type")
OFFERED: dict[str, tuple[str, ...]] = {
    "Appointment": _READ_ONLY,
    "Binary": ("create", "read"),
    "Bundle": ("read",),
    "CarePlan": ("create", "read", "search-type", "update"),
    "Condition": _READ_ONLY,
    "Consent": _READ_ONLY,
    "Encounter": _READ_ONLY,
    "HealthcareService": _READ_ONLY,
    "Immunization": _READ_ONLY,
    "Location": _READ_ONLY,
    "Observation": _READ_ONLY,
    "Organization": _READ_ONLY,
    "Patient": _READ_ONLY,
    "Practitioner": _READ_ONLY,
    "RelatedPerson": _READ_ONLY,
    "Schedule": _READ_ONLY,
    "ServiceRequest": _READ_ONLY,
    "Slot": _READ_ONLY,
    "Task": ("create", "read", "search-type", "update"),
}
_REQUIRED = {
    "Binary": ("contentType",),
    "CarePlan": ("status", "intent", "subject"),
    "Task": ("status", "intent"),
}
_UNKNOWN_CATEGORY = ("error", "code-invalid", {"coding": [{"code": "unknown-category"}]})


@dataclass(slots=True)
class _Stored:
    """One resource and the version it is at."""

    resource: Resource
    version: int
    updated: float


@dataclass(slots=True)
class _State:
    resources: dict[str, _Stored] = field(default_factory=dict)
    pages: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    automatic: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    counter: int = 0


class Omni360Sandbox:
    """An ASGI application; give it to `Running`. The FHIR base is `/fhir`, the token endpoint `/oauth2/token`.

    In: `categories` are the CarePlan category codes it knows, None for any; `automatic` lets the receiver complete a
    task as soon as it has arrived, otherwise `settle_tasks` does; `notices` are told of each task that is filed.
    """

    path = "/fhir"
    token_path = "/oauth2/token"

    def __init__(
        self, client: tuple[str, str] = ("interop", "salainen"), *, automatic: bool = True,
        categories: Collection[str] | None = None, page_size: int = 20, clock: Callable[[], float] = time.time,
        notices: Notices | None = None,
    ) -> None:  # fmt: skip
        self.requests: list[tuple[str, str]] = []
        self.searches: list[tuple[str, tuple[str, ...]]] = []
        self._client = client
        self._automatic = automatic
        self._categories = categories
        self._page_size = page_size
        self._clock = clock
        self.notices = notices
        self._state = _State()
        self._lock = threading.RLock()
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        self.faults = Faults(Starlette(routes=[
            Route(self.token_path, self._token, methods=["POST"]),
            Route(self.path + "/{rest:path}", self._serve, methods=methods),
        ]), "omni360")  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call, or lets it meet the fault that is laid for it."""
        await self.faults(scope, receive, send)

    def held(self, kind: str) -> list[Resource]:
        """The resources of one type, oldest first."""
        with self._lock:
            return [stored.resource for at, stored in self._state.resources.items() if at.startswith(kind + "/")]

    def file(self, bundle: bytes) -> str:
        """`Task/id` of a delivery that now waits for its owner, as after a professional's save.

        In: a collection Bundle of Binary, CarePlan and Task. Raises: ValueError.
        """
        names: dict[str, str] = {}
        with self._lock:
            for entry in dicts((resource_in(bundle) or {}).get("entry")):
                stored = self._stored(_replaced(entry["resource"], names))
                names[entry["fullUrl"]] = f"{stored['resourceType']}/{stored['id']}"
            tasks = [at for at in names.values() if at.startswith("Task/")]
            if len(tasks) != 1:
                raise ValueError("A delivery holds exactly one Task.")
            if self.faults.met("webhook_early"):
                self._state.hidden.add(tasks[0])
        if self.notices:
            self.notices.tell(tasks[0], times=2 if self.faults.met("webhook_duplicate") else 1)
        return tasks[0]

    def add(self, resource: Resource) -> str:
        """`Type/id` of any resource that is now there, as after a professional's work."""
        with self._lock:
            return f"{resource['resourceType']}/{self._stored(resource)['id']}"

    def settle_tasks(self, status: str = "completed", code: str = "") -> None:
        """Nothing; the receiver has closed every task that came in and was still requested."""
        with self._lock:
            for at in sorted(self._state.automatic):
                task = dict(self._state.resources[at].resource)
                if task.get("status") == "requested":
                    reason = {"statusReason": {"coding": [{"code": code}]}} if code else {}
                    self._stored({**task, **reason, "status": status}, at)
            self._state.automatic.clear()

    def expire_tokens(self) -> None:
        """Nothing; no token that was given is good any more."""
        with self._lock:
            self._state.tokens.clear()

    async def _token(self, request: Request) -> Response:
        parameters = dict(form(request, await read_body(request, 10_000)))
        if parameters.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if not self._is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._state.tokens[token] = self._clock() + 3600
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _is_client(self, request: Request) -> bool:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, secret = base64.b64decode(shown).decode().partition(":")
        except ValueError:
            return False
        right = secrets.compare_digest(unquote_plus(secret).encode(), self._client[1].encode())
        return scheme.lower() == "basic" and unquote_plus(name) == self._client[0] and right

    async def _serve(self, request: Request) -> Response:
        try:
            body = await read_body(request, BODY_LIMIT)
            response = await run_in_threadpool(self._answer, request, body)
        except TooLarge:
            response = Refused(413, outcome(("error", "too-long", None))).response()
        except Refused as refused:
            response = refused.response()
        response.headers["X-Request-Id"] = request.headers.get("X-Request-Id", "")
        return response

    def _answer(self, request: Request, body: bytes) -> Response:
        kind, _, rest = request.path_params["rest"].partition("/")
        if (kind, rest, request.method) == ("metadata", "", "GET"):
            return fhir(_capability_statement())
        with self._lock:
            self.requests.append((request.method, request.url.path))
            if self.faults.met("token_expires"):
                self._state.tokens.clear()
            if self._state.tokens.get(bearer(request), 0) <= self._clock():
                raise Refused(401, outcome(("error", "login", None)), {"WWW-Authenticate": "Bearer"})
            if not kind and request.method == "GET":
                return self._page(request)
            if kind not in OFFERED:
                raise Refused(404 if kind else 405, outcome(("error", "not-supported", None)))
            interaction = _interaction(request.method, rest)
            if interaction not in OFFERED[kind]:
                raise Refused(405, outcome(("error", "not-supported", None)))
            return self._interact(request, interaction, f"{kind}/{rest}", body)

    def _interact(self, request: Request, interaction: str, at: str, body: bytes) -> Response:
        kind, _, name = at.partition("/")
        if interaction == "search-type":
            return self._search(request, kind, form(request, body))
        if interaction == "read":
            return self._shown(at)
        resource = self._checked(kind, body)
        if interaction == "update":
            return self._update(request, at, resource, name)
        stored = self._stored(resource)
        made = f"{kind}/{stored['id']}"
        response = self._shown(made, 201)
        response.headers["Location"] = f"{request.base_url}{self.path[1:]}/{made}/_history/1"
        if kind == "Task" and resource.get("status") == "requested":
            self._state.automatic.add(made)
            if self._automatic:
                self.settle_tasks()
        return response

    def _update(self, request: Request, at: str, resource: Resource, name: str) -> Response:
        if at not in self._state.resources:
            raise Refused(404, outcome(("error", "not-found", None)))
        if resource.get("id") != name:
            raise Refused(400, outcome(("error", "invariant", None)))
        match = request.headers.get("If-Match")
        if match is None:
            raise Refused(428, outcome(("error", "required", None)))
        if match != f'W/"{self._state.resources[at].version}"' or self.faults.met("stale_version"):
            raise Refused(412, outcome(("error", "conflict", None)))
        self._stored(resource, at)
        return self._shown(at)

    def _checked(self, kind: str, body: bytes) -> Resource:
        resource = resource_in(body)
        if resource is None or resource["resourceType"] != kind:
            raise Refused(400, outcome(("error", "structure", None)))
        issues: list[tuple[str, str, Any]] = [
            ("error", "required", None) for name in _REQUIRED[kind] if not resource.get(name)
        ]
        codings = [c for category in dicts(resource.get("category")) for c in dicts(category.get("coding"))]
        if self._categories is not None and any(c.get("code") not in self._categories for c in codings):
            issues.append(_UNKNOWN_CATEGORY)
        if kind == "CarePlan" and self.faults.met("unknown_category"):
            issues.append(_UNKNOWN_CATEGORY)
        if kind == "CarePlan" and self.faults.met("several_issues"):
            issues += [("error", "required", None), ("error", "invariant", None), _UNKNOWN_CATEGORY]
        if issues:
            raise Refused(422, outcome(*issues))
        if kind == "CarePlan" and self.faults.met("contained_dropped"):
            return {name: value for name, value in resource.items() if name != "contained"}
        return resource

    def _stored(self, resource: Resource, at: str = "") -> Resource:
        now = self._clock()
        if not at:
            self._state.counter += 1
            at = f"{resource['resourceType']}/{self._state.counter}"
        version = self._state.resources[at].version + 1 if at in self._state.resources else 1
        moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        meta = {**(resource.get("meta") or {}), "versionId": str(version), "lastUpdated": moment}
        said = {key: value for key, value in resource.items() if key not in ("id", "meta", "resourceType")}
        kept = {"resourceType": resource["resourceType"], "id": at.partition("/")[2], "meta": meta, **said}
        self._state.resources[at] = _Stored(kept, version, now)
        return kept

    def _shown(self, at: str, status: int = 200) -> Response:
        stored = self._state.resources.get(at)
        if at in self._state.hidden:
            # What has just been written becomes readable a little later.
            self._state.hidden.discard(at)
            stored = None
        if stored is None:
            raise Refused(404, outcome(("error", "not-found", None)))
        modified = format_datetime(datetime.fromtimestamp(stored.updated, UTC), usegmt=True)
        return fhir(stored.resource, status, {"ETag": f'W/"{stored.version}"', "Last-Modified": modified})

    def _search(self, request: Request, kind: str, parameters: Sequence[tuple[str, str]]) -> Response:
        if request.method != "POST":
            raise Refused(405, outcome(("error", "not-supported", None)))
        self.searches.append((kind, tuple(name for name, _ in parameters)))
        if any(name not in _SEARCHES for name, _ in parameters):
            raise Refused(400, outcome(("error", "not-supported", None)))
        found = [
            at for at, stored in self._state.resources.items()
            if at.startswith(kind + "/") and at not in self._state.hidden
            and all(_SEARCHES[name](stored, value) for name, value in parameters)
        ]  # fmt: skip
        return self._paged(request, found, len(found))

    def _page(self, request: Request) -> Response:
        found = self._state.pages.pop(request.query_params.get("page", ""), None)
        if found is None:
            raise Refused(404, outcome(("error", "not-found", None)))
        return self._paged(request, found, len(found))

    def _paged(self, request: Request, found: list[str], total: int) -> Response:
        base = f"{request.base_url}{self.path[1:]}/"
        after = None
        if len(found) > self._page_size:
            page = secrets.token_hex(8)
            self._state.pages[page] = found[self._page_size :]
            after = f"{base}?page={page}"
        shown = [(base + at, self._state.resources[at].resource, "match") for at in found[: self._page_size]]
        return fhir(searchset(shown, total, after))


def _interaction(method: str, rest: str) -> str:
    if rest == "_search" or (method == "GET" and not rest):
        return "search-type"
    if "/" in rest:
        return "other"
    named = {("GET", True): "read", ("PUT", True): "update", ("POST", False): "create"}
    return named.get((method, bool(rest)), "other")


def _by_identifier(identifiers: Any, value: str) -> bool:
    system, bar, name = value.rpartition("|")
    return any(i.get("value") == name and (not bar or i.get("system") == system) for i in dicts(identifiers))


def _owned(stored: _Stored, value: str) -> bool:
    owner = stored.resource.get("owner")
    return isinstance(owner, dict) and _by_identifier([owner.get("identifier")], value)


def _consented(stored: _Stored, value: str) -> bool:
    patient = stored.resource.get("patient")
    return isinstance(patient, dict) and _by_identifier([patient.get("identifier")], value)


def _focused(stored: _Stored, value: str) -> bool:
    focus = stored.resource.get("focus")
    return isinstance(focus, dict) and focus.get("reference") == value


def _since(stored: _Stored, value: str) -> bool:
    try:
        return value.startswith("ge") and stored.updated >= datetime.fromisoformat(value[2:]).timestamp()
    except ValueError as error:
        raise Refused(400, outcome(("error", "value", None))) from error


_SEARCHES: dict[str, Callable[[_Stored, str], bool]] = {
    "_id": lambda stored, value: stored.resource["id"] in value.split(","),
    "_lastUpdated": _since,
    "focus": _focused,
    "identifier": lambda stored, value: _by_identifier(stored.resource.get("identifier"), value),
    "owner:identifier": _owned,
    "patient:identifier": _consented,
    "status": lambda stored, value: stored.resource.get("status") in value.split(","),
}


def _capability_statement() -> Resource:
    resources = [
        {
            "type": kind, "interaction": [{"code": code} for code in codes], "versioning": "versioned-update",
            "searchParam": [{"name": name.partition(":")[0]} for name in _SEARCHES if "search-type" in codes],
        }
        for kind, codes in OFFERED.items()
    ]  # fmt: skip
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": "2025-01-01", "kind": "instance",
        "fhirVersion": "4.0.1", "format": ["json"], "software": {"name": "OMNI360 sandbox"},
        "implementation": {"description": "OMNI360 sandbox"}, "rest": [{"mode": "server", "resource": resources}],
    }  # fmt: skip


def _replaced(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value
