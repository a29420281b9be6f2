"""`interop validate`: judges any number of documents, prints what was found, and watches them when asked."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated

import typer

from interop.bulk.inputs import Input, inputs, number_of
from interop.bulk.judging import Judged, Recipe, judged
from interop.cli.document_commands import (
    LANGUAGE_OF,
    EnvelopeOption,
    FormatName,
    Lang,
    LanguageOption,
    LayerName,
    exit_code,
)
from interop.cli.findings import Tally, as_json, as_text, rule_lines
from interop.cli.package_source import package_path
from interop.cli.report_page import as_html
from interop.cli.reports import Result, as_junit, as_sarif
from interop.cli.writing import coloured
from interop.documents import Strictness, as_outcome
from interop.errors import Invalid
from schemas import json_text
from schemas.issues import LAYERS, Language
from schemas.limits import DEFAULT_LIMITS, Limits, limits_of
from schemas.site import laid_over

__all__ = ["STRICTNESS", "validate_command"]


class Output(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    outcome = "outcome"
    sarif = "sarif"
    junit = "junit"
    html = "html"


STRICTNESS: dict[bool | None, Strictness] = {None: "normal", True: "strict", False: "lax"}
"""What --strict, --lax and neither of them mean."""
_TOGETHER = (Output.sarif, Output.junit, Output.html)
"""The outputs that are one report about all documents, printed at the end."""


@dataclass(slots=True)
class _Printing:
    """How findings are printed, and what has been printed so far."""

    output: Output
    language: Language
    explain: bool
    colours: bool
    tally: Tally = field(default_factory=Tally)
    results: list[Result] = field(default_factory=list)
    worst: int = 0

    def show(self, one: Judged) -> None:
        """Prints what was found in one document, or keeps it for the report about all of them."""
        name, examined = one.input.name, one.examined
        self.tally.add(examined)
        self.worst = max(self.worst, exit_code([examined]))
        if self.output in _TOGETHER:
            self.results.append(Result(name, examined, one.input.data if self.output is Output.html else b""))
        elif self.output is Output.json:
            print(json_text.dump(as_json(name, examined)).decode())
        elif self.output is Output.outcome:
            print(json_text.dump(as_outcome(examined, self.language)).decode())
        else:
            width = get_terminal_size().columns if self.colours else 0
            print("\n".join(as_text(name, examined, self.language, colours=self.colours, width=width)))
            if self.explain:
                print("\n".join(rule_lines(examined.issues, self.language)))

    def close(self) -> None:
        """Prints what can be said only when all documents are known."""
        if self.output is Output.text and self.tally.inputs != 1:
            print("\n".join(["", *self.tally.lines(self.language)]))
        elif self.output is Output.sarif:
            print(json_text.dump(as_sarif(self.results, self.language)).decode())
        elif self.output is Output.junit:
            print(as_junit(self.results, self.language), end="")
        elif self.output is Output.html:
            print(as_html(self.results, self.language), end="")
        sys.stdout.flush()


def validate_command(
    names: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Files, directories, globs, .zip, .ndjson, or - for standard input."),
    ],
    as_format: Annotated[FormatName | None, typer.Option("--as", help="The format; recognised when left out.")] = None,
    layer: Annotated[
        list[LayerName] | None,
        typer.Option(metavar="LAYER", help=f"Report this layer alone; may be repeated: {', '.join(LAYERS)}."),
    ] = None,
    output: Annotated[
        Output, typer.Option(help="text for people; json; outcome for FHIR; sarif; junit; html.")
    ] = Output.text,
    language: LanguageOption = Lang.fi,
    envelope: EnvelopeOption = None,
    codesystems: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", envvar="INTEROP_CODESYSTEMS", help="Code systems of the site: FHIR JSON or CSV files."
        ),
    ] = None,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A profile that FHIR must follow; may be repeated.")
    ] = None,
    packages: Annotated[
        list[str] | None,
        typer.Option(
            "--package",
            metavar="PATH",
            help="FHIR definitions: a .tgz, folder or JSON, or name#version in ~/.fhir/packages; may be repeated.",
        ),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--lax",
            help="Strict: what is not known is an error, and a warning alone gives exit code 1. "
            "Lax: a code outside its list is a warning.",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each rule's own text, its source and an example that passes.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Judge again what is saved, until interrupted.")] = False,
    jobs: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many processes judge many documents; 0: one for each core.")
    ] = 0,
    limits: Annotated[
        str,
        typer.Option(
            metavar="NAME=N,...",
            envvar="INTEROP_LIMITS",
            help=f"How much of a document is read: {', '.join(DEFAULT_LIMITS.names())}.",
        ),
    ] = "",
) -> None:
    """Judge documents and say what is wrong, where, and by which rule.

    Exit code 0: valid. 1: at least one error was found. 2: an input could not be used. A FHIR resource that is no
    document, in JSON or XML, is judged by R4, by the profiles that it declares and by those of --profile.

    \b
    interop validate examples/plan-effica.xml
    interop validate Patient.xml --profile http://example.org/StructureDefinition/patient --package profiles.tgz
    interop convert examples/plan-effica.xml --to fhir | interop validate -
    interop validate plans/ --output json --lang sv
    interop validate plans/ --watch
    """
    recipe = Recipe(
        as_format,
        envelope,
        tuple(known for known in LAYERS if layer is None or known in layer),
        codesystems,
        tuple(profile or ()),
        tuple(map(package_path, packages or ())),
        STRICTNESS[strict],
        _limits(limits),
        laid_over(),
    )
    colours = output is Output.text and coloured()

    def run(given: Iterator[Input], total: int | None) -> int:
        printing = _Printing(output, LANGUAGE_OF[language], explain, colours)
        found = judged(given, recipe, jobs)
        quiet = output in _TOGETHER or not sys.stdout.isatty()
        for one in _with_progress(found, total) if quiet and sys.stderr.isatty() else found:
            printing.show(one)
        printing.close()
        strictly = int(strict is True and printing.tally.severities["warning"] > 0)
        return max(printing.worst if printing.tally.inputs else 2, strictly)

    number = number_of(names)
    code = 2 if watch and number == 0 else run(inputs(names, recipe.limits.size), number)
    if watch:
        _watch(names, recipe.limits.size, run)
    raise typer.Exit(code)


def _limits(text: str) -> Limits:
    try:
        return limits_of(text)
    except ValueError as error:
        raise Invalid(f"The limits cannot be used: {error}") from error


def _with_progress(documents: Iterator[Judged], total: int | None) -> Iterator[Judged]:
    """The documents, with a progress bar on standard error when there may be many. In: None for an unknown total."""
    if total is not None and total < 20:
        yield from documents
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(documents, "validate", total, console=Console(stderr=True), transient=True)


def _watch(names: list[str], most: int, run: Callable[[Iterator[Input], int | None], int]) -> None:
    """Judges each file again when it is saved. Ends with an interrupt."""
    from watchfiles import Change, watch

    watched = {Path(name).resolve() for name in names}
    if "-" in names or not all(path.exists() for path in watched):
        raise Invalid("Only files and directories can be watched.")

    def wanted(change: Change, name: str) -> bool:
        path = Path(name)
        return change is not Change.deleted and not watched.isdisjoint((path, *path.parents)) and path.is_file()

    # A shell that begins a command in the background lets it ignore the interrupt, and nothing else ends a watch.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folders = {path if path.is_dir() else path.parent for path in watched}
    for changes in watch(*folders, watch_filter=wanted, debounce=200, raise_interrupt=True):
        saved = sorted({name for _, name in changes})
        run(inputs(saved, most), len(saved))
