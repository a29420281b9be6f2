"""The API as one ASGI application: FastAPI routes requests, one function carries each of them out."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from interop.api.calls import Call, Reply
from interop.api.clients import Client
from interop.api.edge import REQUEST_ID, Edge
from interop.api.entering import CERTIFICATE, admit, entered
from interop.api.host import Host, developer
from interop.api.limiter import Limiter
from interop.api.media import FHIR_JSON, language_of, wanted, written
from interop.api.openapi import described
from interop.api.outcomes import Refused, outcome_of, status_of
from interop.api.routes import Route, routes
from interop.config import Settings
from interop.exchange.parts import Parts
from interop.service.jobs import Runner
from interop.service.library import Library
from interop.service.served import TYPES
from interop.service.traces import leave
from schemas.fhir_definitions import shipped_definitions
from validators.gate import Receiver

__all__ = ["application"]

_FORM = "application/x-www-form-urlencoded"
_MOST_PARAMETERS = 200
_NOBODY = Client("", Receiver(), "", "")


def application(parts: Parts, settings: Settings, development: str = "") -> ASGIApp:
    """The API over the exchange's parts, to be mounted at `/fhir`. In: `development` is the token of that mode."""
    library = Library(parts.store)
    runner = Runner(parts, library, _receivers(settings, development))
    host = Host(parts, settings, shipped_definitions(), Limiter(time.monotonic), library, runner, development)
    app = FastAPI(
        title="sote-interop", version=version("sote-interop"), docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", redirect_slashes=False,
        description="Structured client plans of Finnish social care: FHIR R4, validation and conversion.",
    )  # fmt: skip
    for route in routes():
        app.add_api_route(
            route.path, _endpoint(host, route), methods=[route.method], summary=route.says, name=_called(route),
            operation_id=_called(route), tags=[route.path.split("/")[1] or "system"], **described(route),
        )  # fmt: skip
    app.add_exception_handler(HTTPException, _unrouted)
    return Edge(app, settings.http_max_body, settings.http_patience.total_seconds())


def _receivers(settings: Settings, development: str) -> Mapping[str, Receiver]:
    """The clients as the gate sees them, for what is done when nobody waits for an answer."""
    found = {client.name: client.receiver for client in settings.clients}
    return found | ({"development": developer(settings).receiver} if development else {})


def _endpoint(host: Host, route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            body = await request.body()
        except Refused as refused:
            return _refusal(refused, request)
        return await run_in_threadpool(_answered, host, route, request, body)

    return answer


def _answered(host: Host, route: Route, request: Request, body: bytes) -> Response:
    """The answer to a request whose body is whole. An error that is not ours goes on to the edge."""
    try:
        client = _NOBODY if route.is_open else entered(host, request.headers, request.scope.get(CERTIFICATE, ""))
        if not route.is_open:
            admit(host, client, route.needs)
        call = _call(host, client, request, body)
        form = wanted(request.headers, call.one("_format")) if route.answers else FHIR_JSON
        reply = route.carried(host, call)
        leave(host.parts, "viewed", f"app:{call.client.name}", sorted(call.seen))
        data, media_type = written(reply, form, host.definitions, pretty=call.one("_pretty") == "true")
    except Exception as error:
        if status_of(error) == 500:
            raise
        return _refusal(error, request)
    return Response(data, reply.status, dict(reply.headers), media_type or None)


def _call(host: Host, client: Client, request: Request, body: bytes) -> Call:
    query = _pairs(request.url.query)
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        query += _pairs(body.decode("utf-8", "replace")) if not request.url.path.endswith("/auth/token") else []
    path = {
        "type": request.url.path.removeprefix(request.scope.get("root_path", "")).split("/")[1],
        **request.path_params,
    }
    for name in ("id", "version", "job"):
        if name in path and not re.fullmatch(r"[A-Za-z0-9.-]{1,64}", path[name]):
            raise Refused("id_has_no_sound_form")
    return Call(
        client, request.method, host.base, path, query, request.headers, body,
        language_of(request.headers.get("accept-language", "")), request.scope["state"][REQUEST_ID],
    )  # fmt: skip


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except ValueError as error:
        raise Refused("parameter_has_no_sound_value", slots={"parameter": "?"}) from error


def _refusal(error: Exception, request: Request, headers: Mapping[str, str] | None = None) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    try:
        form = wanted(request.headers)
    except Refused:
        form = FHIR_JSON
    reply = Reply(status_of(error), outcome_of(error, language))
    data, media_type = written(reply, form, shipped_definitions())
    told = dict(headers or {}) | (dict(error.headers) if isinstance(error, Refused) else {})
    return Response(data, reply.status, told, media_type)


async def _unrouted(request: Request, _: Any) -> Response:
    """The answer where there is no route: nothing at the address, or not by this method."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    allowed = sorted({route.method for route in routes() if _matches(route.path, path)})
    if not allowed:
        return _refusal(Refused("route_is_unknown"), request)
    created = request.method in ("POST", "PUT") and path.split("/")[1] in TYPES
    rule = "resource_comes_in_its_document" if created else "method_is_not_offered"
    return _refusal(Refused(rule), request, {"Allow": ", ".join(allowed)})


def _matches(pattern: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern)), path) is not None


def _called(route: Route) -> str:
    words = re.findall(r"[A-Za-z]+", route.path.replace("{id}", "instance").replace("{version}", "of"))
    return "_".join([route.method.lower(), *words])
