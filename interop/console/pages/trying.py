"""Try it: a document that somebody brings is examined, converted and explained. Nothing of it is stored or logged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from interop.console.asking import Ask
from interop.console.capsule import opened, sealed
from interop.console.stretches import shown_lines, stretch
from interop.documents import convert, examine
from interop.errors import Busy, Invalid, NotFound, Unsupported
from interop.printing import print_sheet
from interop.service.documents import Reading, read_bytes, whereabouts
from interop.service.lineage import written_forms
from interop.service.shipped_examples import example_folder
from mappings.formats import FORMATS, format_named
from mappings.sheet import filled_sheet
from schemas.structures import shipped

__all__ = ["LARGEST", "PARTS", "again", "begin", "converted", "part", "printed", "try_it"]

LARGEST = 1024 * 1024
"""The largest document that can be tried. Units: bytes."""

PARTS = ("summary", "content", "forms", "findings", "losses")
"""What is shown of a document, each on a page of its own."""

_EXAMPLE = "plan-effica.xml"
_ROOM = Semaphore(2)
_PATIENCE = 20.0
_NAMES = frozenset(form.name for form in FORMATS)


def begin(ask: Ask) -> Response:
    """The form that a document is brought with."""
    return _form(ask)


def try_it(ask: Ask) -> Response:
    """What a document is, right after it was brought; the form again when there is none, or it is too large."""
    data, named = _brought(ask), ask.filled("format")
    if not data:
        return _form(ask, mistake="empty", status=400)
    if len(data) > LARGEST:
        return _form(ask, mistake="large", status=413)
    return _page(ask, "summary", named if named in _NAMES else "", data)


def part(ask: Ask) -> Response:
    """Another page of the document, which the browser has sent along. Raises: NotFound, Invalid, Busy."""
    wanted = str(ask.request.path_params["part"])
    if wanted not in PARTS:
        raise NotFound(ask.say("error.not_found"))
    return _page(ask, wanted, *_carried(ask))


def again(ask: Ask) -> Response:
    """The way back to the form, for whoever asks for a page of a document without bringing it."""
    return ask.goto("/try")


def converted(ask: Ask) -> Response:
    """The document in another format, to be saved. Raises: Invalid, NotFound, Unsupported, Busy."""
    named, data = _carried(ask)
    to = ask.filled("to")
    if to not in _NAMES:
        raise NotFound(ask.say("error.not_found"))
    with _room(ask):
        made = convert(data, to, named or None)
    if made.written is None or not made.written.data:
        raise Unsupported(ask.say("try.not_written"))
    form = format_named(to)
    return _saved(made.written.data, form.media_type, f"{_short(made.examined.structure)}-{to}{form.suffix}")


def printed(ask: Ask) -> Response:
    """The document on paper, to be saved. Raises: Invalid, Unsupported, Busy, Fault."""
    named, data = _carried(ask)
    with _room(ask):
        record = examine(data, named or None).record
        structure = shipped().get(record.structure) if record else None
        if record is None or structure is None:
            raise Unsupported(ask.say("try.not_written"))
        made = print_sheet(filled_sheet(record, structure), ask.now)
    if made.pdf is None:
        raise Unsupported(made.issues[0].message(ask.language))
    return _saved(made.pdf, "application/pdf", f"{structure.code}.pdf")


def _brought(ask: Ask) -> bytes:
    """The file of the form, or the example when that is asked for; only the beginning of a file that is too large."""
    if ask.filled("example"):
        return (example_folder() / _EXAMPLE).read_bytes()
    brought = ask.form.get("file")
    return brought.file.read(LARGEST + 1) if isinstance(brought, UploadFile) else b""


def _page(ask: Ask, wanted: str, named: str, data: bytes) -> Response:
    with _room(ask):
        reading = read_bytes(data, named or None)
        more = _more(ask, wanted, reading)
    capsule = sealed(ask.desk.ring, _visit(ask), named, data)
    return ask.page("tried.html", part=wanted, parts=PARTS, reading=reading, capsule=capsule, size=len(data), **more)


def _more(ask: Ask, wanted: str, reading: Reading) -> dict[str, Any]:
    """What one of the pages needs beside the reading: no page pays for what another shows."""
    number = ask.filled("page")
    if wanted in ("summary", "losses"):
        return {"forms": written_forms(reading.data, reading.examined)}
    if wanted == "findings":
        return {"shown": stretch(reading.issues, number)}
    if wanted == "content" or reading.record is None:
        return {"shown": shown_lines(reading, number)}
    chosen, excerpts = whereabouts(reading, ask.filled("at"))
    return {"chosen": chosen, "excerpts": excerpts, "shown": shown_lines(reading, number, chosen)}


def _form(ask: Ask, *, mistake: str = "", status: int = 200) -> Response:
    return ask.page("try.html", status=status, formats=FORMATS, mistake=mistake, largest=LARGEST)


def _carried(ask: Ask) -> tuple[str, bytes]:
    try:
        return opened(ask.desk.ring, _visit(ask), ask.filled("document"))
    except Invalid as error:
        raise Invalid(ask.say("try.gone")) from error


def _visit(ask: Ask) -> str:
    return str(ask.request.session.get("id", ""))


@contextmanager
def _room(ask: Ask) -> Iterator[None]:
    """Two documents are worked on at a time; the next waits. Raises: Busy for one that has waited too long."""
    if not _ROOM.acquire(timeout=_PATIENCE):
        raise Busy(ask.say("try.busy"))
    try:
        yield
    finally:
        _ROOM.release()


def _short(oid: str) -> str:
    structure = shipped().get(oid)
    return structure.code if structure else "document"


def _saved(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
