"""What the value of a setting may be: each check gives the value, or raises ValueError with what was expected."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas.identity import is_oid
from schemas.structures import shipped

__all__ = [
    "address",
    "admission",
    "backlog",
    "codes",
    "count",
    "file",
    "fingerprint",
    "flag",
    "folder",
    "key_id",
    "keys",
    "level",
    "listening",
    "mailbox",
    "oid",
    "oids",
    "one_of",
    "password",
    "rate",
    "seconds",
    "size",
    "some_of",
    "structures",
    "system_address",
    "text",
    "texts",
    "together",
    "token_life",
]

_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_KEY_BYTES = 32
_SHORTEST_PASSWORD = 12


def one_of(*words: str) -> Callable[[Any], str]:
    """A check that takes one of the words."""

    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(", ".join(words[:-1]) + f" or {words[-1]}")
        return str(value)

    return check


def text(value: Any) -> str:
    """The text without outer white space. Raises: ValueError with what was expected."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def flag(value: Any) -> bool:
    """The truth value. Raises: ValueError with what was expected."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def seconds(value: Any) -> timedelta:
    """The time. Units: in, seconds above 0 up to a day. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise ValueError("a number of seconds above 0 and up to 86400")
    return timedelta(seconds=value)


def count(value: Any) -> int:
    """The number, 1 to 10000. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10_000:
        raise ValueError("a whole number from 1 to 10000")
    return value


def years(value: Any) -> int:
    """The number, 1 to 200. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 200:
        raise ValueError("a whole number from 1 to 200")
    return value


def rate(value: Any) -> float:
    """The calls a second, above 0 up to 1000. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise ValueError("a number above 0 and up to 1000")
    return float(value)


def together(value: Any) -> int:
    """The number, 1 to 64. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 64:
        raise ValueError("a whole number from 1 to 64")
    return value


def backlog(value: Any) -> int:
    """The number, 1 to 10 000 000. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10_000_000:
        raise ValueError("a whole number from 1 to 10000000")
    return value


admission = one_of("reject", "tag", "quarantine")
"""What is done with a system's documents that have errors."""

level = one_of("debug", "info", "warning", "error")
"""The least level of log lines that are written."""


def address(value: Any) -> str:
    """The http or https address, without a user name. Raises: ValueError with what was expected."""
    if not _is_address(value, ("http", "https")):
        raise ValueError("an address that begins with https:// or http:// and holds no user name")
    return str(value)


def system_address(value: Any) -> str:
    """The address of a system, without a user name. Raises: ValueError with what was expected."""
    if not _is_address(value, ("http", "https", "sftp", "file", "smtp", "smtps")):
        raise ValueError("an address with https://, http://, sftp://, file:///, smtp:// or smtps:// and no user name")
    return str(value)


def _is_address(value: Any, schemes: Collection[str]) -> bool:
    """True for an address that can be taken apart: with a host and a port that is none or a number, or a path."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]+://[^\s@\x00-\x1f\x7f\ud800-\udfff]+", value):
        return False
    try:
        parts = urlsplit(value)
        is_whole = parts.port is None or parts.port > 0
    except ValueError:
        return False
    place = parts.path.strip("/") and not parts.netloc if parts.scheme == "file" else parts.hostname
    return parts.scheme in schemes and is_whole and bool(place)


def some_of(words: Callable[[], Collection[str]]) -> Callable[[Any], tuple[str, ...]]:
    """A check that takes a list of the words, which are asked for only then; plain numbers are codes, and pass."""

    def check(value: Any) -> tuple[str, ...]:
        found = texts(value)
        if not all(one in words() or one.isdecimal() for one in found):
            raise ValueError(f"a list of codes, or of {', '.join(words())}")
        return found

    return check


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list. Raises: ValueError with what was expected."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise ValueError("a list of texts that are not empty")
    return tuple(one.strip() for one in value)


def structures(value: Any) -> tuple[str, ...]:
    """The structures of a list, by number or OID. Raises: ValueError with what was expected."""
    found = texts(value)
    try:
        return tuple(name for name in found if shipped().find(name).oid)
    except KeyError:
        raise ValueError("a list of structures that there are, by number or OID") from None


def mailbox(value: Any) -> str:
    """The address of a mailbox, bare. Raises: ValueError with what was expected."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}", value):
        raise ValueError("an address such as name@example.org")
    return value


def password(value: Any) -> str:
    """The password that seals copies. Raises: ValueError with what was expected."""
    found = text(value)
    if len(found) < _SHORTEST_PASSWORD:
        raise ValueError(f"a text of {_SHORTEST_PASSWORD} characters at least")
    return found


def oids(value: Any) -> tuple[str, ...]:
    """The OIDs of a list. Raises: ValueError with what was expected."""
    if not isinstance(value, list) or not all(isinstance(one, str) and is_oid(one) for one in value):
        raise ValueError("a list of OIDs in dotted form")
    return tuple(value)


def oid(value: Any) -> str:
    """The OID. Raises: ValueError with what was expected."""
    if not isinstance(value, str) or not is_oid(value):
        raise ValueError("an OID in dotted form")
    return value


def key_id(value: Any) -> str:
    """The key id. Raises: ValueError with what was expected."""
    if not isinstance(value, str) or not _KEY_ID.fullmatch(value):
        raise ValueError("a key id of letters, digits, '.', '_' and '-'")
    return value


def codes(value: Any) -> tuple[str, ...]:
    """The codes. Raises: ValueError with what was expected."""
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one.strip() for one in value):
        raise ValueError("a list of codes that is not empty")
    return tuple(one.strip() for one in value)


def file(value: Any) -> Path:
    """The path of a file that is there. Raises: ValueError with what was expected."""
    return _there(value, Path.is_file, "the path of a file that is there")


def folder(value: Any) -> Path:
    """The path of a folder that is there. Raises: ValueError with what was expected."""
    return _there(value, Path.is_dir, "the path of a folder that is there")


def _there(value: Any, is_such: Callable[[Path], bool], expected: str) -> Path:
    path = Path(text(value))
    try:
        is_there = is_such(path)
    except (OSError, ValueError):
        # Too long to be a path, or behind a folder that does not let us in.
        is_there = False
    if not is_there:
        raise ValueError(expected)
    return path


def keys(value: Any) -> Mapping[str, bytes]:
    """The keys by their ids, 32 bytes each. Raises: ValueError with what was expected."""
    found: dict[str, bytes] = {}
    expected = "pairs of a key id and 32 bytes in Base64, written id:key and parted by commas, each id once"
    for pair in text(value).split(","):
        name, _, encoded = pair.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(expected) from None
        if not _KEY_ID.fullmatch(name) or name in found or len(key) != _KEY_BYTES:
            raise ValueError(expected)
        found[name] = key
    return found


def listening(value: Any) -> tuple[str, int]:
    """The host and the port to listen at; port 0 lets the operating system pick. Raises: ValueError."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):([0-9]{1,5})", value) if isinstance(value, str) else None
    if found is None or int(found[2]) > 65_535:
        raise ValueError("a host and a port, as in 127.0.0.1:8080")
    return found[1].strip("[]"), int(found[2])


def size(value: Any) -> int:
    """The size. Units: bytes, 1024 up to 256 MB. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1024 <= value <= 256 * 1024 * 1024:
        raise ValueError("a whole number of bytes from 1024 to 268435456")
    return value


def token_life(value: Any) -> timedelta:
    """The life of an access token. Units: in, seconds, 1 to 300. Raises: ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 300:
        raise ValueError("a whole number of seconds from 1 to 300")
    return timedelta(seconds=value)


def fingerprint(value: Any) -> str:
    """The SHA-256 of a certificate in small hexadecimal, without colons. Raises: ValueError with what was expected."""
    plain = value.replace(":", "").lower() if isinstance(value, str) else ""
    if not re.fullmatch("[0-9a-f]{64}", plain):
        raise ValueError("the SHA-256 of a certificate in hexadecimal")
    return plain
