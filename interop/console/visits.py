"""A visit: who has signed in, since when, and the token that each form of theirs carries.

It stands in a signed cookie (HttpOnly, SameSite=Lax). The server remembers the visits that were ended, so that a copied
cookie is of no use after the sign-out; and a person who is taken out of the settings is out at once.
Source: OWASP Session Management and Cross-Site Request Forgery Prevention Cheat Sheets.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Any

from interop.config.people import ROLES, Person, Role
from interop.console.access import Who

__all__ = ["IDLE", "LONGEST", "Visits", "form_token", "is_own_form"]

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
"""How long a visit lasts without a click, and at the most."""

_LOCAL = "local"


class Visits:
    """The visits to one console. In: `people` are those who sign in with a password."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = {person.name: person for person in people}
        self._ended: dict[str, datetime] = {}
        self._lock = Lock()

    def begin(self, session: MutableMapping[str, Any], who: Who, now: datetime, *, local: bool) -> None:
        """Nothing; the visit has begun, with new ids. In: `local` says that the person stands in the settings."""
        language = session.get("language")
        session.clear()
        session.update(
            id=token_urlsafe(16), form=token_urlsafe(24), name=who.name, roles=list(who.roles),
            way=_LOCAL if local else "other", since=now.timestamp(), seen=now.timestamp(),
        )  # fmt: skip
        if language:
            session["language"] = language

    def who(self, session: MutableMapping[str, Any], now: datetime, *, clicked: bool) -> Who | None:
        """The person of a visit that goes on, or None. In: `clicked` is False for what a page asks for by itself."""
        if "id" not in session or self._is_over(session, now):
            return None
        if clicked and now.timestamp() - session["seen"] > 60:
            session["seen"] = now.timestamp()
        if session["way"] == _LOCAL:
            person = self._people.get(session["name"])
            return Who(person.name, person.roles) if person else None
        return Who(session["name"], _known(session["roles"]))

    def end(self, session: MutableMapping[str, Any], now: datetime) -> None:
        """Nothing; the visit is over, also for whoever has a copy of its cookie."""
        with self._lock:
            self._ended = {name: until for name, until in self._ended.items() if until > now}
            if "id" in session:
                self._ended[session["id"]] = now + LONGEST
        language = session.get("language")
        session.clear()
        if language:
            session["language"] = language

    def _is_over(self, session: Mapping[str, Any], now: datetime) -> bool:
        since, seen = timedelta(seconds=session["since"]), timedelta(seconds=session["seen"])
        at = timedelta(seconds=now.timestamp())
        with self._lock:
            ended = session["id"] in self._ended
        return ended or at - since > LONGEST or at - seen > IDLE


def form_token(session: MutableMapping[str, Any]) -> str:
    """The token that every form of this visit carries, made when there is none yet."""
    if "form" not in session:
        session["form"] = token_urlsafe(24)
    return str(session["form"])


def is_own_form(session: Mapping[str, Any], token: str) -> bool:
    """True when a form that came in was one of ours."""
    known = str(session.get("form", ""))
    return bool(known) and hmac.compare_digest(known.encode(), token.encode())


def _known(words: Any) -> tuple[Role, ...]:
    return tuple(role for role in ROLES if role in words)
