"""`interop align`: whether a provider's plan or summary speaks of what was agreed, and fits on its page."""

from __future__ import annotations

from enum import StrEnum
from html import escape
from typing import Annotated, Any

import typer

from interop.cli.comparison_commands import records_in
from interop.documents import Alignment, align
from interop.documents.aligning import Evidence, GoalState
from interop.printing import count_pages
from mappings.sheet import filled_sheet
from mappings.themes import theme_name
from schemas import json_text
from schemas.record import Record
from schemas.structures import shipped

__all__ = ["align_command"]

_SUMMARIES = "Yhteenveto"
"""The document type of summaries, which are agreed to take one page at most."""
_MARKS = {
    "reference": "addressed by reference",
    "text": "addressed in the same words",
    "theme": "addressed by theme",
    "none": "ADDRESSED BY NOBODY",
}


class Output(StrEnum):
    """How the alignment is printed."""

    text = "text"
    json = "json"
    html = "html"


def align_command(
    agreed: Annotated[str, typer.Argument(metavar="PLAN", help="The client plan with the agreed goals.")],
    other: Annotated[str, typer.Argument(metavar="KOONTI", help="The provider's implementation plan or summary.")],
    output: Annotated[Output, typer.Option(help="text, json (places alone, no words) or html.")] = Output.text,
) -> None:
    """Show for each agreed goal whether a provider's plan or summary addresses it, and the work that has no goal.

    By reference where there is one, otherwise by the words or the declared themes that they share: a person judges.
    Says when a summary (koonti) is longer than one printed page. Exit code 0: every goal is addressed. 1: some are
    not, or the summary is too long. 2: not usable.

    \b
    interop align examples/plan.json examples/15021.json
    interop align examples/plan.json examples/16009.json --output json
    """
    plan, document = records_in(agreed, other)
    found, pages = align(plan, document), _pages(document)
    too_long = pages > 1 and shipped()[document.structure].type == _SUMMARIES
    match output:
        case Output.json:
            print(json_text.dump(_as_json(found, pages)).decode())
        case Output.html:
            print(_as_html(found, pages, too_long=too_long), end="")
        case Output.text:
            print("\n".join(_as_text(found, pages, too_long=too_long)))
    raise typer.Exit(int(too_long or not found.complete))


def _pages(document: Record) -> int:
    structure = shipped().get(document.structure)
    return count_pages(filled_sheet(document, structure)) if structure else 0


def _as_text(found: Alignment, pages: int, *, too_long: bool) -> list[str]:
    lines = []
    for number, goal in enumerate(found.goals, 1):
        lines += [f"Goal {number}, {_MARKS[goal.kind]}: {goal.name}", f"  {goal.path}"]
        lines += [f"  - {one.label} ({_because(one)})  {one.path}" for one in goal.evidence[:3]]
        if len(goal.evidence) > 3:
            lines.append(f"  and {len(goal.evidence) - 3} more passages")
    lines += [f"Work without a goal: {work.label}  {work.path}" for work in found.without_goal]
    return [*lines, _length(pages, too_long=too_long)]


def _because(one: Evidence) -> str:
    themes = [theme_name(theme, "en") for theme in one.themes]
    words = [f"{one.shared} words shared"] if one.shared > 1 else []
    return "; ".join([*words, *themes])


def _length(pages: int, *, too_long: bool) -> str:
    said = f"The document takes {pages} printed page{'' if pages == 1 else 's'}."
    return f"{said} A summary should fit on one." if too_long else said


def _as_json(found: Alignment, pages: int) -> dict[str, Any]:
    return {
        "complete": found.complete,
        "pages": pages,
        "goals": [
            {"path": goal.path, "addressed": goal.kind, "evidence": [_evidence(one) for one in goal.evidence]}
            for goal in found.goals
        ],
        "without_goal": [{"path": one.path, "label": one.label} for one in found.without_goal],
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {"path": one.path, "label": one.label, "shared": one.shared, "themes": list(one.themes)}


def _as_html(found: Alignment, pages: int, *, too_long: bool) -> str:
    goals = "".join(_row(number, goal) for number, goal in enumerate(found.goals, 1))
    rest = "".join(f"<li>{escape(one.label)} <code>{escape(one.path)}</code></li>" for one in found.without_goal)
    style = (
        "<style>body{font:15px system-ui;margin:1.5rem;max-width:70rem}table{border-collapse:collapse;width:100%}"
        "td,th{border:1px solid #9ab;padding:.35rem .6rem;vertical-align:top;text-align:left}"
        ".none{font-weight:700;color:#a1260d}code{color:#456}</style>"
    )
    head = "<tr><th scope='col'>Goal</th><th scope='col'>Addressed</th><th scope='col'>Where</th></tr>"
    return (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Alignment</title>"
        f"{style}</head><body><h1>Goals and work</h1><table><thead>{head}</thead><tbody>{goals}</tbody></table>"
        f"<h2>Work without a goal</h2><ul>{rest}</ul><p>{_length(pages, too_long=too_long)}</p></body></html>\n"
    )


def _row(number: int, goal: GoalState) -> str:
    where = "".join(
        f"<li>{escape(one.label)} ({escape(_because(one))}) <code>{escape(one.path)}</code></li>"
        for one in goal.evidence
    )
    return (
        f"<tr><td>{number}. {escape(goal.name)}</td><td class='{goal.kind}'>{_MARKS[goal.kind]}</td>"
        f"<td><ul>{where}</ul></td></tr>"
    )
