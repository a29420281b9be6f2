"""Who gives a command, for the audit."""

from __future__ import annotations

import getpass
import os

__all__ = ["acting"]


def acting() -> str:
    """The account of the operating system that the command was given from, as the audit names it."""
    try:
        return f"user:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container's account may have a number alone.
        return f"user:{os.getuid()}"
