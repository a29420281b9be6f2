"""The commands that hold documents against each other: explain, diff, plan next."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.bulk.inputs import one_document
from interop.cli.document_commands import FormatName
from interop.cli.lineage_page import lineage_page, place_text
from interop.cli.writing import hand_over
from interop.documents import Explained, compare, examine, explain, record_of
from interop.documents.explaining import Way
from interop.errors import Invalid, Unsupported
from mappings.formats import Place, format_named
from mappings.succession import next_plan, takes_nothing_over
from schemas import json_text
from schemas.record import Record

__all__ = ["diff_command", "explain_command", "plan", "records_in"]

_THL = FormatName("thl")

plan = typer.Typer(help="Begin the next plan from the previous one.", no_args_is_help=True)


class Form(StrEnum):
    """How a comparison is printed."""

    text = "text"
    json = "json"


class Output(StrEnum):
    """How the lineage is printed."""

    text = "text"
    json = "json"
    html = "html"


_File = Annotated[str, typer.Argument(metavar="INPUT", help="A file of any format, or - for standard input.")]
_Out = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FILE", help="Where to write; standard output if left out.")
]


def explain_command(
    name: _File,
    to: Annotated[FormatName, typer.Option(help="The format to convert to.")],
    from_format: Annotated[
        FormatName | None, typer.Option("--from", help="The format; recognised when left out.")
    ] = None,
    output: Annotated[Output, typer.Option(help="text, json, or html with three columns.")] = Output.text,
    out: _Out = None,
) -> None:
    """Say of every value where it stands in the output, in the record and in the source, and by which codec it came.

    No value is shown, only places. Exit code 0: everything reached the output. 1: something is lost. 2: not usable.

    \b
    interop explain examples/plan-effica.xml --to fhir
    interop explain examples/plan-effica.xml --to omni360 --output html -o lineage.html
    """
    explained = explain(one_document(name).data, to, from_format)
    record_of(explained.examined, f"'{name}'")
    text = {Output.text: _ways_text, Output.json: _ways_json, Output.html: lineage_page}[output](explained)
    hand_over(text.encode(), out)
    raise typer.Exit(int(any(not way.output.path for way in explained.ways)))


def diff_command(
    left: Annotated[str, typer.Argument(metavar="A", help="A document of any format, or - for standard input.")],
    right: Annotated[str, typer.Argument(metavar="B", help="A document of any format, or - for standard input.")],
    output: Annotated[Form, typer.Option(help="text or json.")] = Form.text,
) -> None:
    """Compare two documents field by field, whatever their formats. The values that differ are shown.

    Exit code 0: the same. 1: they differ. 2: one of them cannot be read.

    \b
    interop diff examples/plan-effica.xml examples/plan.json
    """
    comparison = compare(*records_in(left, right))
    if output is Form.json:
        differences = [
            {"path": one.path, "label": one.label, "a": one.left, "b": one.right} for one in comparison.differences
        ]
        print(json_text.dump({"relation": comparison.relation, "differences": differences}).decode())
    else:
        print(_RELATIONS[comparison.relation])
        for one in comparison.differences:
            print(f"\n{one.label}  {one.path}")
            print("\n".join(f"  A: {line}" for line in _lines(one.left)))
            print("\n".join(f"  B: {line}" for line in _lines(one.right)))
    raise typer.Exit(int(bool(comparison.differences)))


@plan.command("next")
def plan_next(
    previous: Annotated[str, typer.Argument(metavar="PREVIOUS", help="The previous plan, in any format.")],
    to: Annotated[FormatName, typer.Option(help="The format of the new draft.")] = _THL,
    out: _Out = None,
) -> None:
    """Begin the next plan: its evaluation holds what THL's notes say that moves there from the previous plan.

    For people of working age these are the goals, services and methods, to be evaluated. The notes of the other client
    plans let nothing be taken over: the draft has their clients alone, and a message says so.
    The draft has placeholders for what is not known yet, each marked. Exit code 0: written. 2: not usable.

    \b
    interop plan next examples/plan-effica.xml -o next.json
    """
    before = _record_in(previous)
    draft = next_plan(before, datetime.now(UTC).isoformat(timespec="seconds"))
    if draft is None:
        raise Unsupported("Nothing says what the next plan of this structure takes over from the previous one.")
    if takes_nothing_over(before.structure):
        print("THL's notes of this structure take nothing over but whom the plan is about.", file=sys.stderr)
    hand_over(format_named(to).write(draft).data, out)


@plan.callback()
def _plan() -> None:
    """Begin the next plan from the previous one."""


_RELATIONS = {
    "same": "The same version with the same content.",
    "newer": "B is a newer version of A.",
    "older": "B is an older version of A.",
    "concurrent": "A and B are concurrent changes: a person has to decide.",
    "unrelated": "A and B are different documents.",
}


def records_in(left: str, right: str) -> tuple[Record, Record]:
    """The records of two documents. Raises: NotFound, Invalid."""
    if left == right == "-":
        raise Invalid("Only one of the two documents can come from standard input.")
    return _record_in(left), _record_in(right)


def _record_in(name: str) -> Record:
    """The record of the one document that the name stands for. Raises: NotFound, Invalid."""
    return record_of(examine(one_document(name).data), f"'{name}'")


def _lines(value: str | None) -> list[str]:
    return ["(missing)"] if value is None else value.splitlines() or [""]


def _ways_text(explained: Explained) -> str:
    lines = []
    for way in explained.ways:
        lines.append(f"{way.label}  [{way.codec}]")
        lines.append(f"  output  {place_text(way.output)}")
        lines += [f"    also  {place_text(copy.place)}  [{copy.codec}]" for copy in way.copies]
        lines += [f"  record  {way.record}", f"  source  {place_text(way.source)}"]
    lost = sum(not way.output.path for way in explained.ways)
    constants = len(explained.written.report.constants) if explained.written else 0
    lines.append(f"{len(explained.ways)} values, {lost} lost; {constants} constants in the output")
    return "\n".join(lines) + "\n"


def _way_json(way: Way) -> dict[str, Any]:
    return {
        "label": way.label,
        "codec": way.codec,
        "record": way.record,
        "output": _place_json(way.output),
        "copies": [{**_place_json(copy.place), "codec": copy.codec} for copy in way.copies],
        "source": _place_json(way.source),
    }


def _place_json(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line, "column": place.column}


def _ways_json(explained: Explained) -> str:
    report = explained.written.report.as_json() if explained.written else {}
    return json_text.dump({"ways": [_way_json(way) for way in explained.ways], "report": report}, indent=True).decode()
