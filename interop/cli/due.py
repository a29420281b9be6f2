"""`interop due`: the plans that are to be reviewed soon, and those whose time has passed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from interop.bulk.inputs import inputs
from interop.cli.deliveries import Form, Lang
from interop.cli.serve import SettingsFile
from interop.config import load
from interop.documents import examine, record_of
from interop.errors import Invalid
from interop.exchange.running import opened_store
from interop.service.due import Due, due_among, stored_plans
from mappings.reviews import has_reviews, reason_name
from schemas.issues import Language
from schemas.record import Record
from schemas.structures import shipped

__all__ = ["due_command"]

_SPAN = re.compile(r"(\d{1,4})([dw])", re.ASCII)
_DAYS = {"d": 1, "w": 7}
_LANGUAGES: dict[Lang, Language] = {Lang.fi: "fi", Lang.sv: "sv", Lang.en: "en"}


def due_command(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Documents; when left out, what the exchange holds.")
    ] = None,
    settings: SettingsFile = Path("interop.toml"),
    within: Annotated[str, typer.Option("--within", metavar="SPAN", help="30d: days; 6w: weeks.")] = "30d",
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day to count from; today if left out."
        ),
    ] = None,
    output: Annotated[Form, typer.Option("--output", help="text or json.")] = Form.text,
    language: Annotated[Lang, typer.Option("--lang", help="Language of names and reasons: fi, sv or en.")] = Lang.fi,
) -> None:
    """List the plans that are to be reviewed soon, the longest overdue first.

    The day is the one that the plan agrees on. A provider's implementation plan without one is due six to twelve months
    after it was made, a client plan in child welfare after a year. Of a multidisciplinary plan the end of the joint
    clienthood's term and of each permit is listed too. Plans are named by their OIDs, never by their clients.

    Exit code 0: nothing is due. 1: something is. 2: an input could not be used.

    \b
    interop due --within 30d
    interop due examples/ --within 26w --on 2026-11-26
    """
    today = on.date() if on else datetime.now().astimezone().date()
    until = today + _span(within)
    counted = _Counted(_of_files(files)) if files else None
    if counted is not None:
        found = due_among(counted, until)
    else:
        with opened_store(load(settings, os.environ)) as store:
            counted = _Counted(stored_plans(store, lambda data, form: examine(data, form).record))
            found = due_among(counted, until)
    if output is Form.json:
        print(json.dumps([_facts(one, today) for one in found], ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(found, today, counted.number, _LANGUAGES[language])))
    raise typer.Exit(int(bool(found)))


class _Counted:
    """Records, and how many of them have passed."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records, self.number = records, 0

    def __iter__(self) -> Iterator[Record]:
        for one in self._records:
            self.number += 1
            yield one


def _of_files(names: Sequence[str]) -> Iterator[Record]:
    """The plans among the documents. Raises: Invalid for one that cannot be read at all."""
    for one in inputs(names):
        record = record_of(examine(one.data), f"'{one.name}'")
        if has_reviews(record.structure):
            yield record


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Invalid("--within takes a number of days or weeks, such as 30d or 6w.")
    return timedelta(days=int(found[1]) * _DAYS[found[2]])


def _lines(found: Sequence[Due], today: date, looked_at: int, language: Language) -> Iterator[str]:
    rows = [_row(one, today, language) for one in found]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(5)]
    for left, due, document, structure, reason in rows:
        yield f"{left:>{widths[0]}}  {due}  {document:<{widths[2]}}  {structure:<{widths[3]}}  {reason}".rstrip()
    overdue = sum(one.review.due < today for one in found)
    yield f"{len(found)} due, {overdue} of them overdue; plans looked at: {looked_at}."


def _row(one: Due, today: date, language: Language) -> tuple[str, str, str, str, str]:
    known = shipped()[one.structure]
    name = known.label.get("sv" if language == "sv" else "fi", "")
    opens = f" ({one.review.opens}–)" if one.review.opens != one.review.due else ""
    return (
        f"{(one.review.due - today).days:+d} d", one.review.due.isoformat(), f"{one.document} v{one.version}",
        f"{known.code} {name}", reason_name(one.review.reason, language) + opens,
    )  # fmt: skip


def _facts(one: Due, today: date) -> dict[str, Any]:
    return {
        "document": one.document, "version": one.version, "structure": one.structure, "reason": one.review.reason,
        "opens": one.review.opens.isoformat(), "due": one.review.due.isoformat(),
        "days_left": (one.review.due - today).days, "place": one.review.place,
    }  # fmt: skip
