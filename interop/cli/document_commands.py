"""`interop convert`: one document in another format. And the options that commands about documents share."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interop.bulk.inputs import one_document
from interop.bulk.judging import envelope_facts
from interop.cli.findings import as_text
from interop.cli.writing import hand_over, write_file
from interop.documents import Examined, Options, convert, convert_version, record_of
from interop.errors import NotFound
from mappings.formats import FORMATS
from schemas import json_text
from schemas.issues import LAYERS, Language
from schemas.structures import Structure, shipped

__all__ = [
    "LANGUAGE_OF",
    "EnvelopeOption",
    "FormatName",
    "Lang",
    "LanguageOption",
    "LayerName",
    "convert_command",
    "exit_code",
]

FormatName = StrEnum("FormatName", [(known.name, known.name) for known in FORMATS])  # type: ignore[misc]
LayerName = StrEnum("LayerName", [(layer, layer) for layer in LAYERS])  # type: ignore[misc]


class Lang(StrEnum):
    """The language of the findings."""

    fi = "fi"
    sv = "sv"
    en = "en"


LANGUAGE_OF: dict[Lang, Language] = {Lang.fi: "fi", Lang.sv: "sv", Lang.en: "en"}

LanguageOption = Annotated[Lang, typer.Option("--lang", help="Language of the findings.")]
EnvelopeOption = Annotated[
    Path | None,
    typer.Option(
        "--envelope", metavar="FILE", help="JSON with the facts that a bare content lacks (document, controller …)."
    ),
]


def convert_command(
    name: Annotated[str, typer.Argument(metavar="INPUT", help="A file, or - for standard input.")],
    to: Annotated[FormatName, typer.Option(help="The format to write.")],
    from_format: Annotated[
        FormatName | None, typer.Option("--from", help="The format; recognised when left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Where to write; standard output if left out.")
    ] = None,
    envelope: EnvelopeOption = None,
    structure: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Carry the content to this version of its structure first: 15020@2024.11.28."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what was lost, made up, unmapped and carried along, as JSON."),
    ] = None,
    language: LanguageOption = Lang.fi,
) -> None:
    """Write a document in another format. Findings go to standard error; what can be written is written.

    Exit code 0: valid. 1: at least one error was found. 2: the input could not be used.

    \b
    interop convert examples/plan-effica.xml --to fhir -o plan.json
    interop convert examples/content.json --to effica --lang en
    """
    result = convert(one_document(name).data, to, from_format, Options(envelope=envelope_facts(envelope)))
    if result.examined.resource:  # It can be judged by itself, and there is nothing in it to convert.
        record_of(result.examined, f"'{name}'")
    if structure and result.written:
        result = convert_version(result, _version(structure))
    issues = [*result.examined.issues, *(result.written.issues if result.written else [])]
    examined = replace(result.examined, issues=issues)
    if any(issue.rule.severity != "information" for issue in issues):
        print("\n".join(as_text(name, examined, LANGUAGE_OF[language])), file=sys.stderr)
    if result.written and result.written.report.unmapped:
        print(
            f"{name}: {len(result.written.report.unmapped)} places are not mapped, and are carried along as residue; "
            "--report names them",
            file=sys.stderr,
        )
    if result.written and report:
        write_file(report, json_text.dump(result.written.report.as_json(), indent=True))
    if result.written and result.written.data:
        hand_over(result.written.data, out)
    raise typer.Exit(exit_code([examined]))


def exit_code(results: Iterable[Examined]) -> int:
    """2 when an input held nothing that could be judged, 1 when there are errors, 0 otherwise."""
    return max((int(not one.valid) if one.usable else 2 for one in results), default=2)


def _version(name: str) -> Structure:
    try:
        return shipped().find(name)
    except KeyError as error:
        raise NotFound(f"There is no structure '{name}'.") from error
