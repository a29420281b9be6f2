"""`interop doctor`: what is wrong with this installation and its connections, and what to do about each."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interop.cli.deliveries import Lang
from interop.cli.serve import SettingsFile
from interop.doctor import Bounds, Diagnosis, examined
from schemas.issues import Language

__all__ = ["doctor_command"]

_WIDTH = 110
_LANGUAGES: dict[Lang, Language] = {Lang.fi: "fi", Lang.sv: "sv", Lang.en: "en"}


class Form(StrEnum):
    """How the findings are written."""

    text = "text"
    json = "json"


def doctor_command(
    settings: SettingsFile = Path("interop.toml"),
    output: Annotated[Form, typer.Option("--output", help="text or json.")] = Form.text,
    timeout: Annotated[
        int,
        typer.Option(
            "--timeout", min=1, max=600, metavar="SECONDS", help="Seconds that the whole examination may take."
        ),
    ] = 20,
    days: Annotated[
        int, typer.Option("--days", min=0, max=3650, metavar="N", help="Warn of certificates that end in so many days.")
    ] = 30,
    language: Annotated[Lang, typer.Option("--lang", help="Language of the advice: fi, sv or en.")] = Lang.en,
) -> None:
    """Examine this installation and its connections, and say what to do about what is wrong.

    Looks at the settings (all mistakes at once); the database: reached, tables, write-ahead log, room, clock; the keys:
    each that is in use is in the ring and opens; the days on which certificates end, ours and the servers'; and asks
    each system, all at once, whether it lets us in, what it offers beside what its adapter needs, and what time it has.

    Nothing is changed: no document is fetched or sent, and no table made. In a drop folder one file of a temporary name
    is written and removed. No secret, identity code or name of a person is printed.

    A warning works today and will not always; a fault does not work. Exit code 0: no fault. 1: at least one fault.
    2: not usable.

    \b
    interop doctor --settings interop.toml
    interop doctor --output json --timeout 60
    """
    bounds = Bounds(timedelta(seconds=timeout), timedelta(days=days))
    found = examined(settings, os.environ, datetime.now(UTC), bounds)
    if output is Form.json:
        print(json.dumps({**_counts(found), "findings": [asdict(one) for one in found]}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(found, _LANGUAGES[language])))
    raise typer.Exit(int(any(one.level == "fault" for one in found)))


def _lines(found: Sequence[Diagnosis], language: Language) -> Iterator[str]:
    places = max((len(one.place) for one in found), default=0)
    whats = max((len(one.what) for one in found), default=0)
    for one in found:
        head = f"{one.level:<7}  {one.place:<{places}}  {one.what:<{whats}}  "
        yield from _wrapped(head, one.found)
        if one.advice:
            yield from _wrapped(" " * (len(head) - 2) + "→ ", one.advice[language])
    counts = _counts(found)
    yield ""
    yield ", ".join(f"{name}: {number}" for name, number in counts.items())


def _wrapped(head: str, text: str) -> list[str]:
    width = max(_WIDTH, len(head) + 40)
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head)) or [head.rstrip()]


def _counts(found: Sequence[Diagnosis]) -> dict[str, int]:
    levels = [one.level for one in found]
    return {"faults": levels.count("fault"), "warnings": levels.count("warning"), "ok": levels.count("ok")}
