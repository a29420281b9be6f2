"""The console as one ASGI application: the table of pages, and the one place that looks at rights, forms and errors."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interop.config import Settings
from interop.console.access import Right
from interop.console.asking import Ask, Desk
from interop.console.oidc import provider_of
from interop.console.pages import audit, deliveries, documents, entrance, mappings, overview, structures, trying
from interop.console.safety import Safety
from interop.console.sign_in import Door, Passwords
from interop.console.visits import LONGEST, Visits, is_own_form
from interop.console.words import chosen
from interop.errors import Busy, Conflict, Forbidden, InteropError, Invalid, NotFound, Unavailable, Unsupported
from interop.exchange import Parts
from interop.logs import log
from interop.store import KeyRing
from interop.store.encryption import keyed_digest

__all__ = ["MOUNT", "PAGES", "Page", "application"]

MOUNT = "/console"
"""Where a server mounts the console; its cookie goes nowhere else."""

_LOG = logging.getLogger(__name__)
_LARGEST = 2 * 1024**2
"""The largest form that is taken in, with the file in it. Units: bytes."""

View = Callable[[Ask], Response] | Callable[[Ask], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page or act: where it stands, what answers it, and the right that it needs; None is open to everybody.

    An `asynchronous` view speaks to another server; the others work with the database in a thread of their own.
    """

    path: str
    view: View
    needs: Right | None
    method: str = "GET"
    asynchronous: bool = False


PAGES: tuple[Page, ...] = (
    Page("/", overview.show, "look"),
    Page("/deliveries", deliveries.index, "look"),
    Page("/deliveries/{delivery:int}", deliveries.show, "look"),
    Page("/deliveries/{delivery:int}/{act}", deliveries.act, "act", "POST"),
    Page("/documents/{document:uuid}", documents.plan, "read"),
    Page("/documents/{document:uuid}/unmasked", documents.unmasked, "unmask", "POST"),
    Page("/documents/{document:uuid}/forms", documents.forms, "read"),
    Page("/documents/{document:uuid}/versions", documents.versions, "read"),
    Page("/documents/{document:uuid}/findings", documents.findings, "read"),
    Page("/documents/{document:uuid}/losses", documents.losses, "read"),
    Page("/documents/{document:uuid}/gate", documents.gate, "read"),
    Page("/audit", audit.index, "audit"),
    Page("/try", trying.begin, "look"),
    Page("/try", trying.try_it, "look", "POST"),
    Page("/try/converted", trying.converted, "look", "POST"),
    Page("/try/printed", trying.printed, "look", "POST"),
    Page("/try/{part}", trying.part, "look", "POST"),
    Page("/try/{part}", trying.again, "look"),
    Page("/mappings", mappings.matrix, "look"),
    Page("/mappings/{format}/{structure}", mappings.table, "look"),
    Page("/structures", structures.index, "look"),
    Page("/structures/{structure}", structures.show, "look"),
    Page("/structures/{structure}/form/{language}", structures.form, "look"),
    Page("/structures/{structure}/questionnaire", structures.questionnaire, "look"),
    Page("/sign-in", entrance.sign_in_page, None),
    Page("/sign-in", entrance.sign_in, None, "POST"),
    Page("/sign-out", entrance.sign_out, None, "POST"),
    Page("/enter", entrance.enter, None),
    Page("/oidc", entrance.leave_for_provider, None, asynchronous=True),
    Page("/oidc/back", entrance.back_from_provider, None, asynchronous=True),
)
"""Every page and act of the console."""

_STATUS: Mapping[type[InteropError], int] = {
    Invalid: 400, Forbidden: 403, NotFound: 404, Conflict: 409, Unsupported: 422, Busy: 503, Unavailable: 503,
}  # fmt: skip
_TITLES: Mapping[int, str] = {
    400: "invalid", 403: "forbidden", 404: "not_found", 405: "not_found", 409: "conflict", 413: "too_large",
    422: "invalid", 503: "unavailable",
}  # fmt: skip


_HELPED = ("not_found", "too_large", "invalid", "fault")
"""The titles that go with a sentence of help, where nothing more precise is known."""


def application(parts: Parts, settings: Settings, *, token: str = "") -> ASGIApp:
    """The console over an exchange, to be mounted at `MOUNT`.

    In: `token` lets the one who brings it first in with every role; it is for a server on the loopback interface alone.
    """
    secure = settings.console_address.startswith("https://") or settings.http_tls_cert is not None
    desk = Desk(
        parts, Visits(settings.console_people), Passwords(settings.console_people), Door(token),
        provider_of(settings), KeyRing(settings.active_key, settings.keys), bool(settings.console_people),
    )  # fmt: skip
    assets = StaticFiles(directory=str(files("interop.console").joinpath("assets")))
    cookie = Middleware(
        SessionMiddleware,
        secret_key=keyed_digest(settings.keys[settings.active_key], b"console"),
        session_cookie="interop_console",
        max_age=int(LONGEST.total_seconds()),
        path=MOUNT,
        https_only=secure,
    )
    app = Starlette(
        routes=[Mount("/assets", _Kept(assets)), *(_route(desk, page) for page in PAGES)],
        middleware=[cookie, Middleware(RequestBodyLimitMiddleware, max_body_size=_LARGEST)],
        exception_handlers={HTTPException: _refused(desk), Exception: _broken(desk)},
    )
    return Safety(app, secure=secure)


def _route(desk: Desk, page: Page) -> Route:
    async def answer(request: Request) -> Response:
        form = await _form(request) if page.method == "POST" else FormData()
        ask = _ask(desk, request, form)
        try:
            turned_away = _turned_away(ask, page)
            if turned_away is not None:
                return turned_away
            if page.asynchronous:
                return await cast("Awaitable[Response]", page.view(ask))
            return cast("Response", await run_in_threadpool(page.view, ask))
        except InteropError as error:
            return _told(
                ask, next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500), str(error)
            )
        finally:
            await form.close()

    return Route(page.path, answer, methods=[page.method])


def _turned_away(ask: Ask, page: Page) -> Response | None:
    """The answer to one who may not have the page, or None."""
    if page.method == "POST" and not is_own_form(ask.request.session, ask.filled("form_token")):
        raise Forbidden(ask.say("error.stale_form"))
    if page.needs is None or ask.may(page.needs):
        return None
    if ask.who is not None:
        raise Forbidden(ask.say("error.no_right"))
    if page.method == "POST":
        raise Forbidden(ask.say("error.signed_out"))
    return RedirectResponse(ask.url("/sign-in", next=ask.here().removeprefix(ask.url(""))), 303)


def _ask(desk: Desk, request: Request, form: FormData) -> Ask:
    clicked = "x-live" not in request.headers
    who = desk.visits.who(request.session, desk.parts.clock(), clicked=clicked)
    asked = request.query_params.get("language", "")
    language = chosen(asked, request.session.get("language", ""), request.headers.get("accept-language", ""))
    if asked == language and request.session.get("language") != language:
        request.session["language"] = language
    return Ask(request, desk, who, language, form)


class _InMemory(MultiPartParser):
    """Takes a form with a file in, and keeps the file in memory alone, however large: it never touches a disk."""

    spool_max_size = _LARGEST


async def _form(request: Request) -> FormData:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.form(max_files=1, max_fields=20)
    parser = _InMemory(request.headers, request.stream(), max_files=1, max_fields=20, max_part_size=_LARGEST)
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400) from error


def _told(ask: Ask, status: int, why: str = "") -> Response:
    title = _TITLES.get(status, "fault")
    help_ = ask.say(f"error.help.{title}") if title in _HELPED else ""
    return ask.page("error.html", status=status, title=ask.say(f"error.{title}"), why=why, help=help_)


def _refused(desk: Desk) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _told(_ask(desk, request, FormData()), status)

    return answer


def _broken(desk: Desk) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, _: Exception) -> Response:
        log(_LOG, logging.ERROR, "console_page_failed", error=True)
        return _told(_ask(desk, request, FormData()), 500)

    return answer


class _Kept:
    """Assets may be kept by a browser: their address changes when they do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing; the asset is sent."""

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message)["cache-control"] = "public, max-age=31536000, immutable"
            await send(message)

        await self._app(scope, receive, kept)
