"""Judges a Bundle as a whole: addresses of entries, links, and that a document holds what it speaks of.

Source: FHIR R4 4.0.1, https://hl7.org/fhir/R4/bundle.html, documents.html, messaging.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from validators.fhir.findings import Place
from validators.fhir.scope import Run, Scope, entries_of

__all__ = ["check_bundle"]

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_RESTFUL = re.compile(r"https?://.*/([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})")
_SINGLE_LINKS = ("self", "first", "previous", "prev", "next", "last")
_COMPOSITION_REFERENCES = ("subject", "encounter", "author", "custodian")


def check_bundle(run: Run, bundle: Mapping[str, Any], place: Place) -> None:
    """Judges a Bundle whose entries have been walked.

    Issues: fhir_full_url_is_absolute, fhir_full_url_fits_the_id, fhir_full_url_is_present, fhir_link_occurs_once,
    fhir_reference_is_resolved_in_its_document, fhir_entry_is_reached_from_the_composition,
    fhir_resource_ids_differ
    """
    kind = bundle.get("type")
    _check_links(run, bundle, place)
    for index, entry in entries_of(bundle):
        _check_address(run, entry, kind, ((place, "entry", "entry"), index, ""))
    if kind == "document":
        _check_document(run, bundle, place)


def _check_links(run: Run, bundle: Mapping[str, Any], place: Place) -> None:
    seen = set()
    several = bundle.get("link")
    for index, link in enumerate(several if isinstance(several, list) else ()):
        relation = link.get("relation") if isinstance(link, dict) else None
        if relation in _SINGLE_LINKS and relation in seen:
            run.findings.add("fhir_link_occurs_once", ((place, "link", "link"), index, ""))
        seen.add(relation)


def _check_address(run: Run, entry: Mapping[str, Any], kind: Any, place: Place) -> None:
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    here = (place, "fullUrl", "fullUrl")
    if not isinstance(resource, dict):
        return
    if not isinstance(full_url, str):
        request = entry.get("request")
        method = request.get("method") if isinstance(request, dict) else None
        if kind not in ("batch", "transaction", "batch-response", "transaction-response") or method == "PUT":
            run.findings.add("fhir_full_url_is_present", place)
        return
    if not _ABSOLUTE.fullmatch(full_url):
        run.findings.add("fhir_full_url_is_absolute", here)
        return
    identity = resource.get("id")
    if not isinstance(identity, str):
        return
    if full_url.startswith("urn:uuid:"):
        fits = full_url == "urn:uuid:" + identity or not re.fullmatch(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity
        )
        if not fits:
            run.findings.add("fhir_uuid_full_url_is_the_id", here)
    elif (match := _RESTFUL.fullmatch(full_url)) and (match[2] != identity or match[1] != resource.get("resourceType")):
        run.findings.add("fhir_full_url_fits_the_id", here)


def _check_document(run: Run, bundle: Mapping[str, Any], place: Place) -> None:
    """The Composition's references lead into the document, and each entry is reached from the Composition."""
    entries = list(entries_of(bundle))
    resources = [entry.get("resource") for _, entry in entries]
    if not resources or not isinstance(resources[0], dict) or resources[0].get("resourceType") != "Composition":
        return
    first = entries[0][1]
    composition = resources[0]
    scope = Scope(composition, composition, _text(first.get("fullUrl")), run.scope)
    top = ((((place, "entry", "entry"), 0, "")), "resource", "resource")
    for reference, at in _composition_references(composition, top):
        target = reference.get("reference")
        if isinstance(target, str) and not target.startswith("#") and not scope.found(target):
            run.findings.add("fhir_reference_is_resolved_in_its_document", (at, "reference", "reference"))
    reached = _reached(run, entries)
    for index, entry in entries:
        resource = entry.get("resource")
        if isinstance(resource, dict) and id(resource) not in reached:
            run.findings.add("fhir_entry_is_reached_from_the_composition", ((place, "entry", "entry"), index, ""))


def _composition_references(node: Mapping[str, Any], place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    for key in _COMPOSITION_REFERENCES:
        yield from _references_at(node, key, place)
    for key, inner in (("attester", "party"), ("event", "detail")):
        for index, one in enumerate(_objects(node.get(key))):
            yield from _references_at(one, inner, ((place, key, key), index, ""))
    yield from _section_references(node, place)


def _section_references(node: Mapping[str, Any], place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    for index, section in enumerate(_objects(node.get("section"))):
        here = ((place, "section", "section"), index, "")
        for key in ("author", "focus", "entry"):
            yield from _references_at(section, key, here)
        yield from _section_references(section, here)


def _references_at(node: Mapping[str, Any], key: str, place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    value = node.get(key)
    here = (place, key, key)
    if isinstance(value, dict):
        yield value, here
    elif isinstance(value, list):
        for index, one in enumerate(value):
            if isinstance(one, dict):
                yield one, (here, index, "")


def _reached(run: Run, entries: list[tuple[int, Mapping[str, Any]]]) -> set[int]:
    """The resources that the Composition leads to, and those that lead to what is reached, as Provenance does."""
    resources = [entry["resource"] for _, entry in entries if isinstance(entry.get("resource"), dict)]
    leads: dict[int, set[int]] = {}
    for pending in run.pending:
        found = pending.scope.found(pending.node.get("reference"))
        leads.setdefault(id(pending.scope.root), set()).update(map(id, found))
    back: dict[int, set[int]] = {}
    for key, targets in leads.items():
        for target in targets:
            back.setdefault(target, set()).add(key)
    reached: set[int] = set()
    waiting = [id(resources[0])]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += leads.get(key, ())
            waiting += back.get(key, ())
    return reached


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
