"""The page that lists every command: `python -m interop.cli.command_pages > docs/commands.md`."""

from __future__ import annotations

from interop.cli import COMMANDS

__all__ = ["commands_page"]


def commands_page() -> str:
    """The whole page as Markdown. Each command's own `--help` says the rest."""
    rows = "\n".join(f"| `interop {name}` | {command.help} |" for name, command in COMMANDS.items())
    return (
        "# Commands\n\nMade by `python -m interop.cli.command_pages > docs/commands.md`. "
        "`--help` on each says the rest, with examples.\n\n"
        "Exit codes: 0 valid or done, 1 errors or differences found, 2 not usable.\n\n"
        f"| command | what it does |\n|---|---|\n{rows}\n"
    )


if __name__ == "__main__":
    print(commands_page(), end="")
