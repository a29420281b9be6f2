"""What the FHIR stand-ins share: outcomes, search bundles, request forms and the token a caller shows.

Source: FHIR R4 4.0.1 http.html, OperationOutcome, Bundle (searchset).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from schemas import json_text

__all__ = ["JSON", "Refused", "Resource", "bearer", "dicts", "fhir", "form", "outcome", "resource_in", "searchset"]

Resource = dict[str, Any]
JSON = "application/fhir+json; charset=UTF-8"


class Refused(Exception):
    """A request that is answered with a status and, unless `resource` is None, an OperationOutcome."""

    def __init__(self, status: int, resource: Resource | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.resource = resource
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer to the caller."""
        if self.resource is None:
            return Response(status_code=self.status, headers=self.headers)
        return fhir(self.resource, self.status, self.headers)


def fhir(resource: Resource, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A resource as an answer."""
    return Response(json_text.dump(resource), status, dict(headers or {}), JSON)


def outcome(*issues: tuple[str, str, Mapping[str, Any] | None]) -> Resource:
    """An OperationOutcome. In: per issue its severity, its FHIR issue type, and `details` or None."""
    said = [{"severity": s, "code": c, **({"details": dict(d)} if d else {})} for s, c, d in issues]
    return {"resourceType": "OperationOutcome", "issue": said}


def searchset(matches: Iterable[tuple[str, Resource, str]], total: int, after: str | None = None) -> Resource:
    """A Bundle of search results. In: per entry its full URL, the resource and its search mode."""
    entries = [{"fullUrl": url, "resource": r, "search": {"mode": mode}} for url, r, mode in matches]
    link = [{"relation": "next", "url": after}] if after else []
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total}
    return {**bundle, **({"link": link} if link else {}), **({"entry": entries} if entries else {})}


def form(request: Request, body: bytes) -> Sequence[tuple[str, str]]:
    """The parameters of a search or token request, of its body and of its address."""
    return [*parse_qsl(request.url.query), *parse_qsl(body.decode("utf-8", "replace"))]


def bearer(request: Request) -> str:
    """The access token that the caller shows; empty when it shows none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def resource_in(body: bytes) -> Resource | None:
    """The resource that a body holds, or None."""
    resource, _ = json_text.parse(body)
    return resource if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str) else None


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
