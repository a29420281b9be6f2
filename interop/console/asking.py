"""One request as a page sees it: who asks, in which language, with which form; and how a page answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from interop.console.access import Right, Who
from interop.console.oidc import Provider
from interop.console.rendering import rendered
from interop.console.sign_in import Door, Passwords
from interop.console.visits import Visits, form_token
from interop.console.words import said
from interop.exchange import Parts
from interop.logs import has_identity_code
from interop.store import KeyRing
from schemas.issues import Language

__all__ = ["Ask", "Desk", "local_path"]

_LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Desk:
    """What all pages of one console work with."""

    parts: Parts
    visits: Visits
    passwords: Passwords
    door: Door
    provider: Provider | None
    ring: KeyRing
    has_people: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `form` is empty unless one was sent."""

    request: Request
    desk: Desk
    who: Who | None
    language: Language
    form: FormData

    @property
    def parts(self) -> Parts:
        """The exchange's parts."""
        return self.desk.parts

    @property
    def now(self) -> datetime:
        """The time."""
        return self.desk.parts.clock()

    @property
    def name(self) -> str:
        """The name of the person who asks, empty when nobody has signed in."""
        return self.who.name if self.who else ""

    def may(self, right: Right) -> bool:
        """True when the person has the right."""
        return self.who is not None and self.who.may(right)

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the address, without outer white space."""
        return self.request.query_params.get(name, default).strip()

    def filled(self, name: str) -> str:
        """A field of the form, as text."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def url(self, path: str, **query: str | int | None) -> str:
        """The address of a page of the console, with the parameters that have a value."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return (
            f"{self.request.scope.get('root_path', '')}{path}{'?' + urlencode(given, quote_via=quote) if given else ''}"
        )

    def say(self, name: str, **slots: object) -> str:
        """A text of the catalogue in the language of the page."""
        return said(name, self.language, **slots)

    def page(self, template: str, *, status: int = 200, **shown: Any) -> Response:
        """The page that a template makes."""
        notice = self.request.session.pop("notice", None) if "notice" in self.request.session else None
        known = {"ask": self, "form_token": form_token(self.request.session), "notice": notice}
        return HTMLResponse(rendered(template, self.language, known | shown), status)

    def goto(self, path: str, *, notice: str = "", **query: str | int | None) -> Response:
        """The answer to a form that was carried out: the browser goes on to a page, which shows the notice."""
        if notice:
            self.request.session["notice"] = notice
        return RedirectResponse(self.url(path, **query), 303)

    def here(self, **changes: str) -> str:
        """The address of this very page with some parameters changed; an identity code in it is not repeated."""
        path = self.request.url.path.removeprefix(self.request.scope.get("root_path", "")) or "/"
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name not in changes]
        query = [(name, value) for name, value in (*kept, *changes.items()) if value and not has_identity_code(value)]
        return f"{self.url(path)}{'?' + urlencode(query, quote_via=quote) if query else ''}"


def local_path(text: str) -> str:
    """The path, if it leads to a page of ours; otherwise that of the first page."""
    return text if _LOCAL.fullmatch(text) else "/"
