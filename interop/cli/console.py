"""`interop console`: what the keeper of the console needs at the command line."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from interop.config.people import ROLES, is_name
from interop.console.passwords import LONGEST, SHORTEST, hashed
from interop.errors import Invalid

__all__ = ["console"]

console = typer.Typer(help="The console: make a password entry.", no_args_is_help=True, rich_markup_mode=None)


@console.callback()
def _console() -> None:
    """The console: make a password entry."""


@console.command("password")
def password_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user name: small letters, digits, . _ @ -.")],
    roles: Annotated[
        list[str],
        typer.Option("--role", metavar="ROLE", help=f"One of {', '.join(ROLES)}; may be given several times."),
    ],
) -> None:
    """Make the entry of one person for INTEROP_CONSOLE_USERS; entries are parted by commas.

    The password is asked for twice, or read from standard input when that is no terminal. It is not kept: the entry
    holds a salted hash of it.

    \b
    interop console password maija --role operator --role auditor
    """
    if not is_name(name):
        raise Invalid("The name cannot be used; take small letters a-z, digits and . _ @ -, 63 at most.")
    if any(role not in ROLES for role in roles):
        raise Invalid(f"--role takes one of {', '.join(ROLES)}.")
    print(f"{name}:{'+'.join(roles)}:{hashed(_password())}")


def _password() -> str:
    """The password. Raises: Invalid for one that is too short or too long."""
    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has {SHORTEST} to {LONGEST} characters.")
    return password
