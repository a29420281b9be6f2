"""`interop demo`: a client plan goes from the Effica sandbox to the others, and what happened is shown."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from interop.cli.demonstration import Demonstration, demonstrate
from interop.cli.exchange_table import as_text, picture, progress_line
from interop.errors import Fault
from interop.exchange import Exchange
from interop.logs import configure
from interop.service.shipped_examples import example_folder
from interop.store import Delivery
from schemas.issues import Language

__all__ = ["DEFAULT_DIRECTORY", "demo", "example_plan", "run"]

DEFAULT_DIRECTORY = Path("var/demo")
_PLANS: dict[Language, str] = {"sv": "plan-sv-effica.xml"}
_DEFAULT_PLAN = "plan-effica.xml"


class Lang(StrEnum):
    """The language of the plan and of what is shown; for English the plan is the Finnish one."""

    fi = "fi"
    sv = "sv"
    en = "en"


_LANGUAGES: dict[Lang, Language] = {Lang.fi: "fi", Lang.sv: "sv", Lang.en: "en"}


def demo(
    keep: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the written forms of the plan and their loss reports go.")
    ] = DEFAULT_DIRECTORY,
    language: Annotated[Lang, typer.Option("--lang", help="Language of the plan and of the picture.")] = Lang.fi,
    with_console: Annotated[
        bool, typer.Option("--console", help="Then keep running, and show it all in the console in a browser.")
    ] = False,
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="The console's port; 0: any.")] = 0,
) -> None:
    """Exchange a client plan among three sandboxes and show what happened.

    SosiaaliEffica, OMNI360 and Apotti are stand-ins on this machine; the person is made up. With --console an address
    is printed that opens the console once; Ctrl-C ends it all.
    Exit code 0: every delivery ended as delivered. 1: one did not. 2: the demo could not start.

    \b
    interop demo
    interop demo --lang sv --keep /tmp/plans
    interop demo --console
    """
    raise typer.Exit(run(keep, _LANGUAGES[language], port if with_console else None))


def example_plan(language: Language) -> bytes:
    """The example plan as an Effica message, in Swedish for Swedish. Raises: Fault when it is not there."""
    file = example_folder() / _PLANS.get(language, _DEFAULT_PLAN)
    if file.is_file():
        return file.read_bytes()
    raise Fault(f"The example plan {file.name} is missing from this installation.")


def run(keep: Path = DEFAULT_DIRECTORY, language: Language = "fi", console_port: int | None = None) -> int:
    """The exit code: 0 when the plan has reached every system, otherwise 1. The written forms stay in `keep`.

    In: with `console_port` the console is served after that, until the process is told to stop.
    Raises: Fault, Unavailable, as `demonstrate`.
    """
    configure("error")
    console = Console(highlight=False)
    plan = example_plan(language)
    status = console.status(progress_line((), language)) if console.is_terminal else None

    def told(now: tuple[Delivery, ...]) -> None:
        if status is not None:
            status.update(progress_line(now, language))

    def then(shown: Demonstration, exchange: Exchange) -> None:
        if status is not None:
            status.stop()
            console.print(picture(shown, language))
        else:
            print(as_text(shown, language), end="", flush=True)
        if console_port is not None:
            from interop.cli.console_server import show_console

            show_console(exchange, language, console_port)

    with status or nullcontext():
        shown = demonstrate(plan, keep, told, then=then)
    return 0 if shown.succeeded else 1
