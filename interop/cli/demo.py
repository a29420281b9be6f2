"""`interop demo`: a client plan goes from the Effica sandbox to the others, and what happened is shown."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from interop.cli.demonstration import demonstrate
from interop.cli.exchange_table import as_text, picture, progress_line
from interop.errors import Fault
from interop.logs import configure
from schemas.issues import Language

__all__ = ["DEFAULT_DIRECTORY", "demo", "example_plan", "run"]

DEFAULT_DIRECTORY = Path("var/demo")
_EXAMPLES = (Path(__file__).parents[1] / "examples", Path(__file__).parents[2] / "examples")
"""Where the examples are in an installed wheel, and in a checkout."""
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
    language: Annotated[
        Lang, typer.Option("--language", "--lang", help="Language of the plan and of the picture.")
    ] = Lang.fi,
) -> None:
    """Exchange a client plan among three sandboxes and show what happened.

    SosiaaliEffica, OMNI360 and Apotti are stand-ins on this machine; the person is made up.
    Exit code 0: every delivery ended as delivered. 1: one did not. 2: the demo could not start.

    \b
    interop demo
    interop demo --language sv --keep /tmp/plans
    """
    raise typer.Exit(run(keep, _LANGUAGES[language]))


def example_plan(language: Language) -> bytes:
    """The example plan as an Effica message, in Swedish for Swedish. Raises: Fault when it is not there."""
    name = _PLANS.get(language, _DEFAULT_PLAN)
    for folder in _EXAMPLES:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise Fault(f"The example plan {name} is missing from this installation.")


def run(keep: Path = DEFAULT_DIRECTORY, language: Language = "fi") -> int:
    """The exit code: 0 when the plan has reached every system, otherwise 1. The written forms stay in `keep`.

    Raises: Fault, Unavailable, as `demonstrate`.
    """
    configure("error")
    console = Console(highlight=False)
    plan = example_plan(language)
    if console.is_terminal:
        with console.status(progress_line((), language)) as status:
            shown = demonstrate(plan, keep, lambda now: status.update(progress_line(now, language)))
        console.print(picture(shown, language))
    else:
        shown = demonstrate(plan, keep)
        print(as_text(shown, language), end="")
    return 0 if shown.succeeded else 1
