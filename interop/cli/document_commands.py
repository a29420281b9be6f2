"""The commands about single documents: validate and convert."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.cli.findings import as_json, as_text, rule_lines, summary
from interop.cli.inputs import Input, inputs
from interop.cli.reports import Result, as_html, as_junit, as_sarif
from interop.documents import Examined, Options, as_outcome, convert, convert_version, examine
from interop.errors import Invalid, NotFound
from mappings.formats import FORMATS
from schemas import json_text
from schemas.codesystem_files import NotACodeSystem
from schemas.codesystems import CodeSystems, code_systems_in, shipped_code_systems, with_site
from schemas.fhir_definitions import Definitions, shipped_definitions
from schemas.fhir_packages import PackageUnreadable, read_package
from schemas.issues import LAYERS, Language, Layer
from schemas.structures import Structure, shipped

__all__ = ["convert_command", "validate_command"]

FormatName = StrEnum("FormatName", [(known.name, known.name) for known in FORMATS])  # type: ignore[misc]
LayerName = StrEnum("LayerName", [(layer, layer) for layer in LAYERS])  # type: ignore[misc]


class Output(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    outcome = "outcome"
    sarif = "sarif"
    junit = "junit"
    html = "html"


class Lang(StrEnum):
    """The language of the findings."""

    fi = "fi"
    sv = "sv"
    en = "en"


_LANGUAGES: dict[Lang, Language] = {Lang.fi: "fi", Lang.sv: "sv", Lang.en: "en"}

_Inputs = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="Files, directories, globs, .zip, .ndjson, or - for standard input."),
]
_Language = Annotated[Lang, typer.Option("--lang", help="Language of the findings.")]
_Envelope = Annotated[
    Path | None,
    typer.Option(
        "--envelope", metavar="FILE", help="JSON with the facts that a bare content lacks (document, controller …)."
    ),
]


def validate_command(
    names: _Inputs,
    as_format: Annotated[FormatName | None, typer.Option("--as", help="The format; recognised when left out.")] = None,
    layer: Annotated[list[LayerName] | None, typer.Option(help="Report these layers only; may be repeated.")] = None,
    output: Annotated[
        Output, typer.Option(help="text for people; json; outcome for FHIR; sarif; junit; html.")
    ] = Output.text,
    language: _Language = Lang.fi,
    envelope: _Envelope = None,
    codesystems: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", envvar="INTEROP_CODESYSTEMS", help="Code systems of the site: FHIR JSON or CSV files."
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="A profile that FHIR must follow; may be repeated."),
    ] = None,
    packages: Annotated[
        list[Path] | None,
        typer.Option(
            "--package",
            metavar="PATH",
            help="FHIR definitions: a .tgz, folder or JSON; may be repeated.",
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
    explain: Annotated[bool, typer.Option("--explain", help="Show each rule's own text and source.")] = False,
) -> None:
    """Judge documents and say what is wrong, where, and by which rule.

    Exit code 0: valid. 1: at least one error was found. 2: an input could not be used. A FHIR resource that is no
    document, in JSON or XML, is judged by R4, by the profiles that it declares and by those of --profile.

    \b
    interop validate examples/plan-effica.xml
    interop validate Patient.xml --profile http://example.org/StructureDefinition/patient --package profiles.tgz
    interop convert examples/plan-effica.xml --to fhir | interop validate -
    interop validate plans/ --output json --lang sv
    """
    layers: tuple[Layer, ...] = tuple(known for known in LAYERS if layer is None or known in layer)
    options = Options(
        envelope=_facts(envelope),
        layers=layers,
        code_systems=_code_systems(codesystems),
        profiles=tuple(profile or ()),
        definitions=_definitions(packages) if packages else None,
        strictness="normal" if strict is None else "strict" if strict else "lax",
    )
    results: list[Result] = []
    for one in _shown(inputs(names), len(names)):
        examined = examine(one.data, as_format, options)
        results.append(Result(one.name, examined, one.data if output is Output.html else b""))
        _print(one.name, examined, output, _LANGUAGES[language])
        if explain and output is Output.text:
            print("\n".join(rule_lines(examined.issues, _LANGUAGES[language])))
    _print_together(results, output, _LANGUAGES[language])
    raise typer.Exit(max(_exit_code(one.examined for one in results), int(strict is True and _warned(results))))


def convert_command(
    name: Annotated[str, typer.Argument(metavar="INPUT", help="A file, or - for standard input.")],
    to: Annotated[FormatName, typer.Option(help="The format to write.")],
    from_format: Annotated[
        FormatName | None, typer.Option("--from", help="The format; recognised when left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Where to write; standard output if left out.")
    ] = None,
    envelope: _Envelope = None,
    structure: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Carry the content to this version of its structure first: 15020@2024.11.28."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what was lost, made up and unmapped, as JSON.")
    ] = None,
) -> None:
    """Write a document in another format. Findings go to standard error; what can be written is written.

    Exit code 0: valid. 1: at least one error was found. 2: the input could not be used.

    \b
    interop convert examples/plan-effica.xml --to fhir -o plan.json
    interop convert content.json --to effica --envelope envelope.json
    """
    documents = list(inputs([name]))
    if len(documents) != 1:
        raise Invalid("convert takes exactly one document; give a file.")
    result = convert(documents[0].data, to, from_format, Options(envelope=_facts(envelope)))
    if structure and result.written:
        result = convert_version(result, _version(structure))
    issues = [*result.examined.issues, *(result.written.issues if result.written else [])]
    examined = replace(result.examined, issues=issues)
    if any(issue.rule.severity != "information" for issue in issues):
        print("\n".join(as_text(name, examined, "fi")), file=sys.stderr)
    if result.written and result.written.report.unmapped:
        print(
            f"{name}: {len(result.written.report.unmapped)} places are not mapped; --report names them", file=sys.stderr
        )
    if result.written and result.written.data:
        _write(out, result.written.data)
    if result.written and report:
        report.write_bytes(json_text.dump(result.written.report.as_json(), indent=True))
    raise typer.Exit(_exit_code([examined]))


def _shown(documents: Iterable[Input], given: int) -> Iterable[Input]:
    """The documents, with a progress bar when there are many and a person is watching."""
    if given == 1 and not sys.stderr.isatty():
        return documents
    several = list(documents)
    if len(several) < 20 or not sys.stderr.isatty():
        return several
    from rich.console import Console
    from rich.progress import track

    return track(several, description="validate", console=Console(stderr=True), transient=True)


def _print(name: str, examined: Examined, output: Output, language: Language) -> None:
    match output:
        case Output.json:
            print(json_text.dump(as_json(name, examined)).decode())
        case Output.outcome:
            print(json_text.dump(as_outcome(examined, language)).decode())
        case Output.text:
            print("\n".join(as_text(name, examined, language)))


def _print_together(results: list[Result], output: Output, language: Language) -> None:
    """Prints what can be said only when all documents are known."""
    match output:
        case Output.text if len(results) != 1:
            print("\n".join(summary([(one.name, one.examined) for one in results], language)))
        case Output.sarif:
            print(json_text.dump(as_sarif(results, language)).decode())
        case Output.junit:
            print(as_junit(results, language), end="")
        case Output.html:
            print(as_html(results, language), end="")


def _warned(results: list[Result]) -> bool:
    return any(issue.rule.severity == "warning" for one in results for issue in one.examined.issues)


def _exit_code(results: Iterable[Examined]) -> int:
    """2 when an input held nothing that could be judged, 1 when there are errors, 0 otherwise."""
    return max((int(not one.valid) if one.usable else 2 for one in results), default=2)


def _write(out: Path | None, data: bytes) -> None:
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Invalid(f"The file '{out}' cannot be written.") from error


def _version(name: str) -> Structure:
    try:
        return shipped().find(name)
    except KeyError as error:
        raise NotFound(f"There is no structure '{name}'.") from error


def _code_systems(folder: Path | None) -> CodeSystems:
    """The shipped fragments, with the site's own code systems laid over them."""
    if folder is None:
        return shipped_code_systems()
    try:
        return with_site(code_systems_in(folder))
    except NotACodeSystem as error:
        raise Invalid(f"The code systems in '{folder}' cannot be used: {error}") from error
    except OSError as error:
        raise Invalid(f"The folder '{folder}' cannot be read.") from error


def _definitions(packages: Iterable[Path]) -> Definitions:
    """The definitions of this installation, with those of the packages laid over them."""
    found = []
    for path in packages:
        try:
            found += list(read_package(path).resources())
        except PackageUnreadable as error:
            raise Invalid(f"The package '{path}' cannot be used. {error}") from error
        except OSError as error:
            raise Invalid(f"The package '{path}' cannot be read.") from error
    return shipped_definitions().with_resources(found)


def _facts(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        facts, issues = json_text.parse(file.read_bytes())
    except OSError as error:
        raise Invalid(f"The envelope '{file}' cannot be read.") from error
    if issues or not isinstance(facts, dict):
        raise Invalid(f"The envelope '{file}' is not a JSON object.")
    return facts
