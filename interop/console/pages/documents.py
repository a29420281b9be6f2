"""One document: the plan as a person reads it, its written forms, versions, findings, losses, and the gate's word."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from interop.console.asking import Ask
from interop.console.stretches import shown_lines, stretch
from interop.errors import NotFound
from interop.service.documents import Reading, changes, judgements, read, version_record, whereabouts
from interop.service.lineage import written_forms
from interop.service.traces import leave
from interop.store import StoredDocument
from schemas.structures import shipped

__all__ = ["findings", "forms", "gate", "losses", "plan", "unmasked", "versions"]


def plan(ask: Ask) -> Response:
    """The document as a person reads it."""
    document, reading = _read(ask)
    return _page(ask, "plan", document, reading=reading, opened=False, shown=shown_lines(reading, ask.asked("page")))


def unmasked(ask: Ask) -> Response:
    """The same with identity codes in the clear; that somebody asked for it is written down first."""
    document = _document(ask)
    leave(ask.parts, "unmasked", f"user:{ask.name}", [document.id])
    reading = read(ask.parts, document, opened=True)
    return _page(ask, "plan", document, reading=reading, opened=True, shown=shown_lines(reading, ask.filled("page")))


def forms(ask: Ask) -> Response:
    """The written forms side by side, and where a field stands in each. Going from field to field is one look."""
    document = _document(ask)
    if not (ask.asked("at") and ask.request.session.get("looked") == document.id):
        _seen(ask, document)
    reading = read(ask.parts, document)
    chosen, excerpts = whereabouts(reading, ask.asked("at")) if reading.record else (None, [])
    shown = shown_lines(reading, ask.asked("page"), chosen)
    return _page(ask, "forms", document, reading=reading, chosen=chosen, excerpts=excerpts, shown=shown)


def findings(ask: Ask) -> Response:
    """Every finding about the document."""
    document, reading = _read(ask)
    return _page(ask, "findings", document, shown=stretch(reading.issues, ask.asked("page")))


def losses(ask: Ask) -> Response:
    """What each form cannot hold, has made up, or does not know."""
    document, reading = _read(ask)
    return _page(ask, "losses", document, reading=reading, forms=written_forms(reading.data, reading.examined))


def versions(ask: Ask) -> Response:
    """The versions of the document, and what two of them differ in."""
    document = _document(ask)
    _seen(ask, document)
    every = ask.parts.store.figures.versions(document.chain) if document.chain else []
    others = [one for one in every if one.id != document.id]
    wanted = ask.asked("against")
    older = [one for one in others if (one.version or 0) < (document.version or 0)]
    other = next((one for one in others if one.id == wanted), next(iter(older or others), None))
    compared = None
    if other is not None:
        before, after = sorted((document, other), key=lambda one: one.version or 0)
        compared = (before, after, *changes(version_record(ask.parts, before), version_record(ask.parts, after)))
    return _page(ask, "versions", document, versions=every, other=other, compared=compared)


def gate(ask: Ask) -> Response:
    """What the gate says of sending the document to each of its receivers, and on which ground."""
    document = _document(ask)
    _seen(ask, document)
    return _page(ask, "gate", document, judged=judgements(ask.parts, document) if document.document else [])


def _page(ask: Ask, tab: str, document: StoredDocument, **shown: Any) -> Response:
    deliveries = ask.parts.store.deliveries(document=document.id)
    structure = shipped().get(document.structure or "")
    return ask.page(
        f"document_{tab}.html", tab=tab, document=document, structure=structure, deliveries=deliveries, **shown
    )


def _read(ask: Ask) -> tuple[StoredDocument, Reading]:
    document = _document(ask)
    _seen(ask, document)
    return document, read(ask.parts, document)


def _document(ask: Ask) -> StoredDocument:
    try:
        return ask.parts.store.document(str(ask.request.path_params["document"]))
    except NotFound as error:
        raise NotFound(ask.say("document.none")) from error


def _seen(ask: Ask, document: StoredDocument) -> None:
    leave(ask.parts, "viewed", f"user:{ask.name}", [document.id])
    ask.request.session["looked"] = document.id
