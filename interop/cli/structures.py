"""`interop structures`: imports, lists, searches, shows and compares the document structures of THL's Sosmeta."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.cli.structure_files import (
    SHIPPED,
    open_library,
    read_schema,
    schema_files,
    store_structures,
)
from interop.cli.structure_text import difference, headline, label, name_of, outline
from interop.cli.writing import hand_over, write_files
from interop.errors import InteropError, NotFound
from interop.service.questionnaires import questionnaire_for
from schemas.codesystem_files import code_system_to_json
from schemas.codesystems import fragments
from schemas.json_text import dump
from schemas.structure_diff import FieldChange, diff_structures
from schemas.structures import Field, Library, Structure, structure_to_json

__all__ = ["structures"]

structures = typer.Typer(
    name="structures",
    no_args_is_help=True,
    help="Import, list, search, show and compare THL's document structures.\n\n"
    "A structure is named by its code (15020: the newest version), its code and version (15020@2024.11.28) "
    "or its whole OID. Exit codes: 0 done, 1 nothing found or a difference found, 2 not usable.",
)


class Output(StrEnum):
    """How a command writes its answer."""

    TEXT = "text"
    JSON = "json"


class NameLanguage(StrEnum):
    """A language in which THL names fields."""

    FI = "fi"
    SV = "sv"


Folders = Annotated[
    list[Path] | None,
    typer.Option(
        "--structures",
        metavar="DIR",
        envvar="INTEROP_STRUCTURES",
        help="A folder of further structures, laid over the shipped ones; may be given several times.",
    ),
]
OutputOption = Annotated[Output, typer.Option("--output", help="Text for people or JSON for programs.")]
LanguageOption = Annotated[NameLanguage, typer.Option("--lang", help="The language of names: Finnish or Swedish.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="15020, 15020@2024.11.28, 1505.8 or an OID.")]


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done is said in one sentence on standard error, and ends with exit code 2."""
    try:
        yield
    except InteropError as error:
        typer.echo(f"interop: {error}", err=True)
        raise typer.Exit(2) from error


def _find(library: Library, name: str) -> Structure:
    try:
        return library.find(name)
    except (KeyError, IndexError, ValueError) as error:
        raise NotFound(f"No structure is called {name!r}. `interop structures list` shows all of them.") from error


def _json(value: Any) -> None:
    typer.echo(dump(value, indent=True).decode(), nl=False)


@structures.command("import")
def import_(
    given: Annotated[list[Path], typer.Argument(metavar="FILE", help="THL's JSON Schema files, or folders of them.")],
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="DIR", help="The folder that the structures go to. Default: the shipped library."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the new file when the OID is there already.")
    ] = False,
) -> None:
    """Import structures from THL's schema files.

    A newer version is stored beside the older ones. The same file always gives the same bytes. All files are read and
    checked before the first is written: when one cannot be used, nothing is written and the exit code is 2.

    \b
    interop structures import sosmeta/*.json --into structures
    """
    with _told():
        read = [read_schema(file) for file in schema_files(given)]
        done = store_structures(read, into or SHIPPED, replace=replace)
    counts = Counter(done)
    typer.echo(f"{len(done)} structures: " + ", ".join(f"{counts[what]} {what}" for what in sorted(counts)))


@structures.command("list")
def list_(
    type_: Annotated[str, typer.Option("--type", metavar="TYPE", help="Only this type: Suunnitelma, Päätös, ...")] = "",
    output: OutputOption = Output.TEXT,
    lang: LanguageOption = NameLanguage.FI,
    folders: Folders = None,
) -> None:
    """List the structures: short name, type and name.

    \b
    interop structures list --type Suunnitelma
    """
    with _told():
        library = open_library(folders or ())
    found = [each for each in library if not type_ or each.type.casefold() == type_.casefold()]
    if output is Output.JSON:
        _json([_summary(each) for each in found])
    else:
        for each in found:
            typer.echo(headline(each, lang.value))
    if not found:
        types = ", ".join(sorted({each.type for each in library}))
        typer.echo(f"No structure is of the type {type_!r}. The types are {types}.", err=True)
        raise typer.Exit(1)


def _summary(structure: Structure) -> dict[str, Any]:
    names = ("oid", "code", "version", "root", "type", "author", "subject", "defined", "components")
    return {name: getattr(structure, name) for name in names} | {
        "name": name_of(structure),
        "label": dict(structure.label),
        "fields": sum(1 for _ in structure),
    }


@structures.command()
def search(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A part of a name in Finnish or Swedish, or of a property name.")
    ],
    output: OutputOption = Output.TEXT,
    folders: Folders = None,
) -> None:
    """Find structures and fields by their names. Exit code 1 when there are none.

    \b
    interop structures search asumis
    """
    with _told():
        library = open_library(folders or ())
    wanted = text.casefold()
    found = [
        (each, fields) for each in library if (fields := _hits(each, wanted)) or _named(wanted, each.root, each.label)
    ]
    if output is Output.JSON:
        _json(
            [
                {**_summary(each), "hits": [{"path": "/".join(f.path), "label": dict(f.label)} for f in fields]}
                for each, fields in found
            ]
        )
    else:
        for each, fields in found:
            typer.echo(headline(each, "fi"))
            for field in fields:
                names = " · ".join(dict.fromkeys(field.label.values()))
                typer.echo(f"    {'/'.join(field.path)}  {typer.style(names, dim=True)}")
    if not found:
        typer.echo("Nothing bears such a name.", err=True)
        raise typer.Exit(1)


def _hits(structure: Structure, wanted: str) -> list[Field]:
    return [field for field in structure if _named(wanted, field.key, field.label)]


def _named(wanted: str, key: str, labels: Any) -> bool:
    return any(wanted in name.casefold() for name in (key, *labels.values()))


@structures.command()
def show(
    name: NameArgument,
    lang: LanguageOption = NameLanguage.FI,
    keys: Annotated[bool, typer.Option("--keys", help="Show property names in the place of names.")] = False,
    codes: Annotated[bool, typer.Option("--codes", help="Show every code of the closed lists.")] = False,
    output: OutputOption = Output.TEXT,
    folders: Folders = None,
) -> None:
    """Show a structure as an outline: cardinality, name, kind, code system or codes, flags.

    Flags: conditional = mandatory in some cases; national = recorded nationally; hidden = the group is not shown, its
    fields are; untitled = shown without its name.

    \b
    interop structures show 15020 --lang sv
    """
    with _told():
        structure = _find(open_library(folders or ()), name)
    if output is Output.JSON:
        typer.echo(structure_to_json(structure).decode(), nl=False)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in outline(structure, lang.value, keys=keys, codes=codes, width=width):
        typer.echo(line)


@structures.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The older version, or another structure: 15020@2023.9.8.")],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="The newer version: 15020@2024.11.28, or 15020 for the newest.")
    ],
    lang: LanguageOption = NameLanguage.FI,
    output: OutputOption = Output.TEXT,
    folders: Folders = None,
) -> None:
    """Compare two versions of a structure: fields added (+), removed (-) and changed (~).

    `!` marks a change after which a content of the old version may not be valid in the new one. One version of each
    structure is shipped; others come from `structures import`. Exit code 0 when they are the same, 1 when they differ.

    \b
    interop structures diff 15003 15020
    interop structures diff 15020@2023.9.8 15020@2024.11.28 --structures older
    """
    with _told():
        library = open_library(folders or ())
        before, after = _find(library, old), _find(library, new)
    changes = diff_structures(before, after)
    if output is Output.JSON:
        _json({"old": before.oid, "new": after.oid, "changes": [_change(change) for change in changes]})
    else:
        typer.echo(f"{name_of(before)} → {name_of(after)}  {label(after.label, lang.value)}")
        for line in difference(changes, lang.value):
            typer.echo(line)
        counts = Counter(change.change for change in changes)
        told = ", ".join(f"{counts[what]} {what}" for what in ("added", "removed", "changed") if counts[what])
        typer.echo(told or "No differences.")
    raise typer.Exit(1 if changes else 0)


def _change(change: FieldChange) -> dict[str, Any]:
    known = {"change": change.change, "path": change.path, "breaks": change.breaks}
    if change.part:
        return known | {"part": change.part, "old": change.old, "new": change.new}
    return known | {"kind": change.field.kind, "cardinality": change.field.cardinality} if change.field else known


@structures.command()
def codesystems(
    into: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="The folder that the files go to.")],
    folders: Folders = None,
) -> None:
    """Write what the structures tell of the national code systems, each as a FHIR CodeSystem.

    They are fragments: the codes that stand in closed lists. Complete them from THL's code server, or put CSV files
    beside them that are called <OID>.csv, with the columns code, fi and sv; then hand the folder to the commands that
    take --codesystems.

    \b
    interop structures codesystems -o codesystems
    """
    with _told():
        systems = list(fragments(open_library(folders or ())))
        write_files({f"{system.oid}.json": code_system_to_json(system) for system in systems}, into)
    typer.echo(f"{len(systems)} code systems")


@structures.command()
def questionnaire(
    name: NameArgument,
    target: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file to write. Default: standard output.")
    ] = None,
    folders: Folders = None,
) -> None:
    """Write the FHIR R4 Questionnaire of a structure, with its conditional rules as enableWhen.

    \b
    interop structures questionnaire 15020 -o questionnaire.json
    """
    with _told():
        structure = _find(open_library(folders or ()), name)
        hand_over(dump(questionnaire_for(structure), indent=True), target)
