"""Who gives a command, for the audit; whom it asks about, and of which time."""

from __future__ import annotations

import getpass
import os
import sys
from datetime import UTC, datetime

from interop.errors import Invalid

__all__ = ["acting", "asked_code", "in_utc", "moment"]


def acting() -> str:
    """The account of the operating system that the command was given from, as the audit names it."""
    try:
        return f"user:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container's account may have a number alone.
        return f"user:{os.getuid()}"


def asked_code() -> str:
    """An identity code, asked for without showing it, or read from standard input. Raises: Invalid when none comes."""
    code = getpass.getpass("Identity code: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not code.strip():
        raise Invalid("No identity code was given.")
    return code


def in_utc(day: datetime | None) -> datetime | None:
    """The beginning of a day given on the command line, in UTC."""
    return day.replace(tzinfo=UTC) if day is not None else None


def moment(at: datetime) -> str:
    """A moment as a command prints it, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
