"""Signing in with a password, and with the one-time token of a console that runs on this machine alone."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock, Semaphore

from interop.config.people import ROLES, Person
from interop.console.access import Who
from interop.console.passwords import hashed, matches

__all__ = ["Door", "Passwords"]

_FREE = 5
_LONGEST = timedelta(minutes=15)
_MOST_NAMES = 10_000


class Passwords:
    """Checks passwords, one or two at a time, since each check takes memory on purpose.

    After five wrong ones for a name the next must wait, twice as long each time.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = {person.name: person for person in people}
        self._wrong: dict[str, tuple[int, datetime]] = {}
        self._lock, self._room = Lock(), Semaphore(2)
        # What the name of nobody is checked against, so that its answer takes as long.
        self._nobody = hashed("")

    def who(self, name: str, password: str, now: datetime) -> Who | None:
        """The person whose name and password these are, or None; None too for a name that has to wait."""
        with self._lock:
            count, until = self._wrong.get(name, (0, now))
        if count >= _FREE and now < until:
            return None
        person = self._people.get(name)
        with self._room:
            right = matches(password, person.password if person else self._nobody)
        if person is None or not right:
            self._note(name, now)
            return None
        with self._lock:
            self._wrong.pop(name, None)
        return Who(person.name, person.roles)

    def _note(self, name: str, now: datetime) -> None:
        with self._lock:
            if len(self._wrong) >= _MOST_NAMES:
                self._wrong.clear()
            count = self._wrong.get(name, (0, now))[0] + 1
            wait = min(timedelta(seconds=1 << max(0, min(count - _FREE, 12))), _LONGEST)
            self._wrong[name] = (count, now + wait)


class Door:
    """The one-time token that lets the person who started the console in, with every role. Empty: no such door."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self._token)

    def who(self, token: str) -> Who | None:
        """The person, the first time that the right token comes; None otherwise."""
        with self._lock:
            if not self._token or not hmac.compare_digest(self._token.encode(), token.encode()):
                return None
            self._token = ""
        return Who("local", ROLES)
