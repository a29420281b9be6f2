"""Who may sign in to the console: names, roles and password hashes, as one text in the environment holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

__all__ = ["ROLES", "Person", "Role", "is_name", "people", "role_words", "roles"]

Role = Literal["viewer", "operator", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}", re.ASCII)
_HASH = re.compile(r"scrypt\.\d{1,2}\.\d{1,2}\.\d{1,2}\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{32,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """One who may sign in with a password. `password` is its hash, as `interop console password` makes it."""

    name: str
    roles: tuple[Role, ...]
    password: str = field(repr=False)


def is_name(text: str) -> bool:
    """Whether somebody can be called so."""
    return _NAME.fullmatch(text) is not None


def people(value: Any) -> tuple[Person, ...]:
    """The people, each name once. Raises: ValueError with what was expected."""
    expected = (
        "entries name:roles:hash parted by commas, each name once, of small letters and digits; roles of "
        f"{', '.join(ROLES)} parted by +; the hash as `interop console password` prints it"
    )
    found: dict[str, Person] = {}
    for entry in str(value).split(","):
        name, _, rest = entry.strip().partition(":")
        words, _, password = rest.partition(":")
        if not is_name(name) or name in found or not _HASH.fullmatch(password):
            raise ValueError(expected)
        found[name] = Person(name, roles(words.split("+"), expected), password)
    return tuple(found.values())


def role_words(value: Any) -> tuple[tuple[str, Role], ...]:
    """Each word of a sign-in service, with the role that it stands for. Raises: ValueError with what was expected."""
    if not isinstance(value, dict) or not value or any(role not in ROLES for role in value.values()):
        raise ValueError(f"a table of words and roles, each role one of {', '.join(ROLES)}")
    return tuple((str(word), role) for word, role in value.items())


def roles(words: list[str], expected: str) -> tuple[Role, ...]:
    """The roles that the words name. Raises: ValueError, with `expected`, for a word that names none."""
    if not words or any(word not in ROLES for word in words):
        raise ValueError(expected)
    return tuple(role for role in ROLES if role in words)
