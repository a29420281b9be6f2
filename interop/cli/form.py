"""The command `form`: a structure as an empty form, or a document as a filled one, on paper or as a page.

Source: act 1301/2014 §39 (the plan is made together with the client); act 703/2023 §37, §69.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interop.bulk.inputs import one_document
from interop.cli.findings import as_text
from interop.cli.writing import hand_over
from interop.documents import Examined, Options, examine, record_of
from interop.errors import Invalid, NotFound
from interop.printing import print_sheet
from mappings.display import page
from mappings.kanta.profile import load_profile
from mappings.sheet import Sheet, blank_sheet, filled_sheet
from schemas.issues import Issue
from schemas.structures import Structure, shipped

__all__ = ["form_command"]


_PAGES = (".html", ".htm", ".xhtml")


class SheetLanguage(StrEnum):
    """The languages in which THL names the fields of its structures."""

    fi = "fi"
    sv = "sv"


def form_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="STRUCTURE|INPUT", help="A structure such as 15020, or a file, or - for standard input."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where to write: .pdf or .html.")],
    language: Annotated[
        SheetLanguage | None, typer.Option("--lang", help="Language of the form; that of the document, or fi.")
    ] = None,
    html: Annotated[
        bool, typer.Option("--html", help="Write a page for a screen, whatever the file is called.")
    ] = False,
    room: Annotated[
        bool, typer.Option("--room", help="Leave room to write in the fields of a document without value.")
    ] = False,
) -> None:
    """Print a structure as an empty form, or a document as a filled one.

    An empty form can be given to the client before the meeting; it has the fields of the structure and room to write.
    The PDF is archivable and accessible (PDF/A-2a, PDF/UA-1).

    Exit code 0: written. 1: written, and errors were found in the document. 2: nothing could be written.

    \b
    interop form 15020 -o lomake.pdf
    interop form 15020 --lang sv -o blankett.html
    interop form examples/plan.json --room -o suunnitelma.pdf
    """
    on_screen = html or _is_page(out)
    wanted = str(language.value) if language else ""
    structure = _structure(source)
    examined = Examined("", None, []) if structure else _examined(source)
    sheet = blank_sheet(structure, wanted) if structure else _filled(examined, source, wanted, room=room)
    data, issues = (page(sheet, load_profile().style), []) if on_screen else _printed(sheet)
    told = replace(examined, issues=issues)
    if issues:
        print("\n".join(as_text(source, told, "sv" if sheet.language == "sv" else "fi")), file=sys.stderr)
    if data is None:
        raise typer.Exit(2)
    hand_over(data, out)
    raise typer.Exit(0 if structure or examined.valid else 1)


def _is_page(out: Path) -> bool:
    """Whether a page is wanted and not a PDF. Raises: Invalid for a name that promises something else."""
    suffix = out.suffix.lower()
    if suffix not in ("", ".pdf", *_PAGES):
        raise Invalid(f"A form is a PDF or a page; give a name that ends with .pdf or .html, not '{suffix}'.")
    return suffix in _PAGES


def _structure(name: str) -> Structure | None:
    """The structure that the argument names, unless a file of that name is there."""
    if Path(name).exists():
        return None
    try:
        return shipped().find(name)
    except KeyError:
        return None


def _examined(name: str) -> Examined:
    """The one document of an input. Raises: NotFound, Invalid."""
    try:
        document = one_document(name)
    except NotFound as error:
        raise NotFound(f"'{name}' is neither a structure nor a file.") from error
    return examine(document.data, None, Options())


def _filled(examined: Examined, name: str, language: str, *, room: bool) -> Sheet:
    """The sheet of a document. Raises: Invalid for one without a record, or of a structure that is not known."""
    record = record_of(examined, f"'{name}'")
    if record.structure not in shipped():
        raise Invalid("The document's structure is not known, so there is nothing to print.")
    return filled_sheet(record, shipped()[record.structure], language, room=room)


def _printed(sheet: Sheet) -> tuple[bytes | None, list[Issue]]:
    printed = print_sheet(sheet, datetime.now(UTC))
    return printed.pdf, printed.issues
