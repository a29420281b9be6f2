"""The document structures: found by type and name, each with its fields, its empty form and its Questionnaire."""

from __future__ import annotations

from starlette.responses import Response

from interop.console.asking import Ask
from interop.errors import NotFound, Unsupported
from interop.printing import print_sheet
from interop.service.catalogue import find, named, types, versions
from interop.service.questionnaires import questionnaire_for
from mappings.formats import FORMATS
from mappings.sheet import SHEET_LANGUAGES, blank_sheet
from mappings.shipped import mapping_of
from schemas import json_text
from schemas.structures import Structure, shipped

__all__ = ["form", "index", "questionnaire", "show"]

_LONGEST = 80


def index(ask: Ask) -> Response:
    """The structures that the filters let through, and the fields by whose name they were found."""
    text, every = ask.asked("q")[:_LONGEST], types()
    wanted = ask.asked("type") if ask.asked("type") in every else ""
    hits = find(text, wanted)
    return ask.page("structures.html", hits=hits, text=text, wanted=wanted, types=every, count=len(shipped()))


def show(ask: Ask) -> Response:
    """One structure with all its fields."""
    structure = _structure(ask)
    tables = [one.name for one in FORMATS if mapping_of(one.name, structure.oid) is not None]
    return ask.page(
        "structure.html", structure=structure, versions=versions(structure), tables=tables, printed_in=SHEET_LANGUAGES
    )


def form(ask: Ask) -> Response:
    """The empty form as PDF, to be filled in by hand together with the client. Raises: NotFound, Unsupported, Fault."""
    structure, language = _structure(ask), str(ask.request.path_params["language"])
    if language not in SHEET_LANGUAGES:
        raise NotFound(ask.say("error.not_found"))
    printed = print_sheet(blank_sheet(structure, language), ask.now)
    if printed.pdf is None:
        raise Unsupported(printed.issues[0].message(ask.language))
    return _download(printed.pdf, "application/pdf", f"{_short(structure)}-{language}.pdf")


def questionnaire(ask: Ask) -> Response:
    """The FHIR Questionnaire of the structure. Raises: NotFound."""
    structure = _structure(ask)
    data = json_text.dump(questionnaire_for(structure), indent=True)
    return _download(data, "application/fhir+json", f"{_short(structure)}-questionnaire.json")


def _structure(ask: Ask) -> Structure:
    found = named(str(ask.request.path_params["structure"]))
    if found is None:
        raise NotFound(ask.say("structures.no_structure"))
    return found


def _short(structure: Structure) -> str:
    return f"{structure.code}-{structure.version}"


def _download(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
