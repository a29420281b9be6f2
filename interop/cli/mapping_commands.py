"""`interop mappings`: checks, coverage, mutation tests and starting tables, for the people who write mapping tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interop.cli.coverage_page import coverage_page
from interop.cli.writing import write_files
from interop.errors import Conflict, NotFound
from mappings.agreement import disagreements
from mappings.checks import Fault, check_format_side, check_table, one_way_maps
from mappings.coverage import Coverage, matrix
from mappings.engine import Mapping
from mappings.formats import format_named
from mappings.mutation import cases, unnoticed
from mappings.shipped import mapping_of, tables_of
from mappings.starting import starting_files
from mappings.tables import Table, describe
from mappings.written_cases import faults_of_case, written_cases
from schemas import json_text
from schemas.structures import Structure, shipped

__all__ = ["coverage_lines", "faults_of", "mappings"]

mappings = typer.Typer(help="Mapping tables: check, coverage, test, show, new.", no_args_is_help=True)

_FORMATS = ("effica", "fhir", "omni360")
"""The formats that have tables."""
_OWN_PLACES = frozenset(
    (
        "Otsake/Tunnus",
        "Otsake/Tunnus/@juuri",
        "Otsake/Tunnus/@paate",
        "Otsake/Luontiaika",
        "Asiakirja/Nakyma",
        "Asiakirja/Laajennus",
    )
)
"""The places of the Effica message that the format fills by itself."""


class Output(StrEnum):
    """How the matrix is printed."""

    text = "text"
    json = "json"
    html = "html"


_StructureName = Annotated[
    str | None, typer.Option("--structure", metavar="NAME", help="One structure: 15020, 15020@2024.11.28 or an OID.")
]
_FormatName = Annotated[
    str | None, typer.Option("--format", metavar="FORMAT", help="One format: effica, fhir or omni360.")
]


@mappings.command("check")
def check(structure: _StructureName = None, form: _FormatName = None) -> None:
    """Check every table before it runs: each field mapped or omitted with a reason; lists, codecs and codes agree.

    A code map that is not one to one is named; it is no fault, as the report of each document tells what it loses.

    Exit code 0: clean. 1: at least one table has a fault. 2: a table cannot be read.

    \b
    interop mappings check
    interop --site site mappings check --structure 15004 --format effica
    """
    if form and form not in _FORMATS:
        raise NotFound(f"There is no format '{form}' with tables; there are {', '.join(_FORMATS)}.")
    count, faults, joined = 0, [], dict[str, str]()
    for table, known in _tables(structure, form):
        count += 1
        faults += faults_of(table, known)
        joined |= one_way_maps(table)
    for line in (*faults, *joined.values()):
        print(line)
    print(f"{_number(count, 'table')}, {_number(len(faults), 'fault')}")
    raise typer.Exit(int(bool(faults)))


@mappings.command("coverage")
def coverage(
    structure: _StructureName = None,
    output: Annotated[Output, typer.Option(help="text, json or html.")] = Output.text,
) -> None:
    """Print which share of each structure's fields each format carries: in places of its own, attached, or lost.

    \b
    interop mappings coverage
    interop mappings coverage --structure 15020 --output json
    """
    wanted = [_structure(structure)] if structure else _with_tables()
    rows = list(matrix(wanted))
    if output is Output.json:
        print(json_text.dump([[_as_json(one) for one in row] for row in rows], indent=True).decode(), end="")
    elif output is Output.html:
        sys.stdout.write(coverage_page(rows))
    else:
        print("\n".join(coverage_lines(rows)))


@mappings.command("test")
def try_table(
    name: Annotated[str, typer.Argument(metavar="TABLE", help="A table: effica/15020.")],
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Remove or bend one row at a time; name rows nobody misses.")
    ] = False,
) -> None:
    """Try a table: full documents are written and read back, and the cases read as their records.

    A case is a document of the system and the record that it must read as, NAME.xml and NAME.thl.json in
    mappings/cases/effica/15004 of the site's folder. With --mutate, each row is missed when it is gone. Exit code 0:
    all holds. 1: something came back changed, a case does not hold, or a row is not noticed.

    \b
    interop mappings test effica/15020
    interop --site site mappings test effica/15004 --mutate
    """
    table, known = _named(name)
    faults = [f"{place} did not come back" for place in _changed(table, known)]
    form = format_named(table.format)
    held = written_cases(form, known)
    faults += [f"case {case.name}: {fault}" for case in held for fault in faults_of_case(case, form)]
    if mutate:
        faults += [f"nobody notices {row}" for row in unnoticed(table, cases(known))]
    for fault in faults:
        print(fault)
    rows = sum(1 for row in table.rows if row.format)
    counts = ((rows, "row"), (len(held), "case"), (len(faults), "fault"))
    print(f"{table.name}: {', '.join(_number(*one) for one in counts)}")
    raise typer.Exit(int(bool(faults)))


@mappings.command("show")
def show(name: Annotated[str, typer.Argument(metavar="TABLE", help="A table: effica/15020.")]) -> None:
    """Show a table whole, with what it includes and what is derived: one row a line, record on the left.

    \b
    interop mappings show effica/15020
    """
    table, _known = _named(name)
    for row in table.rows:
        print(describe(row))


@mappings.command("new")
def new(
    structure: Annotated[str, typer.Option("--structure", metavar="NAME", help="15003, 15003@2024.11.28 or an OID.")],
    form: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="For effica, fhir or omni360."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="DIR", help="The site's folder to write into; standard output if left out."
        ),
    ] = None,
) -> None:
    """Make a starting table with a row for every field of a structure.

    For effica every row has its derived place, and with -o the XSD of that layout is written too: change both. For
    other formats the places are yours to fill in. A file that is there already is left as it is.

    \b
    interop mappings new --structure 15003 --format effica -o site
    """
    known = _structure(structure)
    if form not in _FORMATS:
        raise NotFound(f"There is no format '{form}' with tables; there are {', '.join(_FORMATS)}.")
    made = starting_files(form, known)
    if out is None:
        print(next(iter(made.values())), end="")
        return
    present = [name for name in made if (out / name).exists()]
    if present:
        raise Conflict(f"{out / present[0]} is there already.")
    write_files({name: text.encode() for name, text in made.items()}, out)
    for name in made:
        print(out / name)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def faults_of(table: Table, structure: Structure) -> list[Fault]:
    """Everything that is wrong with a table, on both sides."""
    faults = check_table(table, structure)
    schema = format_named(table.format).schema_for(structure.oid)
    return faults + (check_format_side(table, schema.shape, _OWN_PLACES) if schema else [])


def coverage_lines(rows: Iterable[list[Coverage]]) -> list[str]:
    """The matrix as a Markdown table: the share of leaves with a place of the format's own, and what is lost."""
    rows = list(rows)
    names = [one.format for one in rows[0]] if rows else []
    lines = [f"| structure | fields | {' | '.join(names)} |", f"|---|---:|{'---:|' * len(names)}"]
    for row in rows:
        known = shipped()[row[0].structure]
        cells = [f"{one.share:.0%}" + (f" ({one.lost} lost)" if one.lost else "") for one in row]
        lines.append(f"| {known.code} {known.label['fi']} | {row[0].leaves} | {' | '.join(cells)} |")
    return lines


def _as_json(one: Coverage) -> dict[str, object]:
    counts = {"structural": one.structural, "attached": one.attached, "lost": one.lost}
    return {"structure": one.structure, "format": one.format, "leaves": one.leaves} | counts


def _changed(table: Table, structure: Structure) -> list[str]:
    """The leaves that the table says it carries and that do not come back from what it writes."""
    mapping = Mapping(table)
    case = cases(structure)[0]
    back = mapping.read(
        mapping.write(case, {name: {} for name in ("Otsake", "Asiakirja", "bundle", "response")}).tree
    ).tree
    return disagreements(back, case)


def _with_tables() -> list[Structure]:
    """The structures for which a format has a table of its own, ours or the site's."""
    found = {oid for form in _FORMATS for oid in tables_of(form)}
    return sorted((shipped()[oid] for oid in found), key=lambda structure: structure.code)


def _tables(structure: str | None, form: str | None) -> Iterable[tuple[Table, Structure]]:
    """The tables that are asked for, each with its structure. Raises: NotFound, TableError."""
    found = []
    wanted = [_structure(structure)] if structure else _with_tables()
    for known in wanted:
        for name in (form,) if form else _FORMATS:
            mapping = mapping_of(name, known.oid)
            if mapping is not None:
                found.append((mapping.table, known))
    if not found:
        raise NotFound("There is no such table; `interop mappings new` begins one.")
    return found


def _named(name: str) -> tuple[Table, Structure]:
    """The table of a name, with its structure. Raises: NotFound, TableError."""
    form, _, code = name.partition("/")
    if not form or not code:
        raise NotFound(f"There is no table '{name}'; name a format and a structure, as effica/15020.")
    (found,) = _tables(code, form)
    return found


def _structure(name: str) -> Structure:
    try:
        return shipped().find(name)
    except KeyError as error:
        raise NotFound(f"There is no structure '{name}'.") from error
