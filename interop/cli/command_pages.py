"""The page of every command, made of what each says with `--help`.

`python -m interop.cli.command_pages > docs/commands.md` makes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import typer

from interop.cli import COMMANDS, application

__all__ = ["commands_page"]

_AS_WIDE = {"terminal_width": 100, "max_content_width": 100, "color": False}


def commands_page() -> str:
    """The whole page as Markdown: a list, and then each command as it explains itself."""
    rows = "\n".join(f"| [`interop {name}`](#interop-{name}) | {command.help} |" for name, command in COMMANDS.items())
    parts = "\n".join(_part(words) for name in COMMANDS for words in _commands(name))
    return (
        "# Commands\n\nMade by `python -m interop.cli.command_pages > docs/commands.md` from what each command says "
        "with `--help`.\n\n"
        "Exit codes: 0 valid or done, 1 errors or differences found, 2 not usable, 130 interrupted.\n\n"
        f"| command | what it does |\n|---|---|\n{rows}\n\n{parts}"
    )


def _commands(name: str) -> Iterator[list[str]]:
    """The words of a command, and of each command of its group and of the groups in it."""
    return _inner([name], typer.main.get_command(application(name)).commands[name])  # type: ignore[attr-defined]


def _inner(words: list[str], command: Any) -> Iterator[list[str]]:
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from _inner([*words, name], inner)


def _part(words: list[str]) -> str:
    return f"{'#' * (1 + len(words))} interop {' '.join(words)}\n\n```text\n{_help(words)}\n```\n"


def _help(words: list[str]) -> str:
    out = StringIO()
    with redirect_stdout(out):
        application(words[0])([*words, "--help"], prog_name="interop", standalone_mode=False, **_AS_WIDE)
    lines = [line.rstrip() for line in out.getvalue().strip().splitlines()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(commands_page(), end="")
