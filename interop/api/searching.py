"""Searches, and everything of one client, page by page.

Source: FHIR R4 4.0.1 search.html, patient-operation-everything.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from interop.api.asked import Asked, asked, cursor
from interop.api.calls import Call, Reply
from interop.api.clients import allows
from interop.api.host import Host
from interop.api.outcomes import Refused
from interop.api.reading import current
from interop.service.finding import Found, Search, find
from interop.service.library import Shown
from interop.service.questionnaires import questionnaire_for
from interop.service.served import TYPES, Parameter
from interop.service.terms import values_at
from interop.store.resources import Criterion
from schemas.structures import Structure, shipped

__all__ = ["everything", "matched", "questionnaires", "search", "searchset", "self_link", "shortened"]

_MOST_COUNTED = 1_000
_MOST_OF_A_CLIENT = 500
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_OF_STRUCTURES: Mapping[str, Callable[[Structure], set[str]]] = {
    "_id": lambda one: {one.oid},
    "url": lambda one: {f"{one.oid}"},
    "code": lambda one: {one.code, f"urn:oid:{one.code_system}|{one.code}"},
    "version": lambda one: {one.version},
    "name": lambda one: {one.root},
}


def search(host: Host, call: Call) -> Reply:
    """One page of a search."""
    wish = asked(host, call)
    kind, viewer = call.path["type"], host.viewer(call)
    limit = _MOST_COUNTED if wish.is_count else wish.limit
    page = find(
        host.parts.store, host.library, Search(kind, wish.criteria, limit, wish.after, wish.oldest_first), viewer
    )
    if wish.is_count:
        if page.after is not None:
            raise Refused("search_is_too_wide")
        return Reply(resource=searchset([], [self_link(host, call, wish)], len(page.found)))
    entries = [matched(call, shortened(host, one.body, wish.elements), "match") for one in page.found]
    entries += [matched(call, body, "include") for body in _included(host, call, wish, page.found)]
    links = [self_link(host, call, wish)]
    if page.after is not None and wish.limit:
        links.append({"relation": "next", "url": cursor(host, call, wish.pairs, page.after)})
    return Reply(resource=searchset(entries, links, None))


def everything(host: Host, call: Call) -> Reply:
    """All current resources of a client that the caller may see, whole documents at a time."""
    patient = current(host, call, "Patient")
    viewer = host.viewer(call)
    kinds = [kind for value in (call.one("_type"),) if value for kind in value.split(",")]
    search_ = Search("Composition", [Criterion("subject", (f"Patient/{call.path['id']}",))], _MOST_OF_A_CLIENT)
    found: dict[tuple[str, str], Mapping[str, Any]] = {("Patient", call.path["id"]): patient.body}
    page = find(host.parts.store, host.library, search_, viewer)
    for one in page.found:
        shown = host.library.shown(one.entry.document_id, viewer)
        for entry in host.parts.store.resources.of_document(one.entry.document_id) if shown else []:
            named = shown.resources.get((entry.type, entry.name)) if shown else None
            if named is not None and entry.type != "Bundle" and allows(call.client.scopes, entry.type, "r"):
                meta = {"versionId": entry.version_id, **named.body["meta"]}
                found.setdefault((entry.type, entry.name), {**named.body, "meta": meta})
    if page.after is not None:
        raise Refused("search_is_too_wide")
    chosen = [body for (kind, _), body in found.items() if not kinds or kind in kinds]
    links = [{"relation": "self", "url": f"{call.base}/Patient/{call.path['id']}/$everything"}]
    return Reply(resource=searchset([matched(call, body, "match") for body in chosen], links, len(chosen)))


def questionnaires(_: Host, call: Call) -> Reply:
    """The structures as Questionnaires, by `_id`, `url`, `code`, `version` or `name`; a page of them at a time."""
    chosen: Iterable[Structure] = shipped()
    limit, offset = 20, 0
    for name, value in call.query:
        if name in ("_format", "_pretty"):
            continue
        if name in ("_count", "_offset"):
            if not value.isascii() or not value.isdigit() or len(value) > 6:
                raise Refused("parameter_has_no_sound_value", slots={"parameter": name})
            limit, offset = (min(int(value), 100), offset) if name == "_count" else (limit, int(value))
            continue
        if name not in _OF_STRUCTURES:
            raise Refused("parameter_is_not_offered", slots={"parameter": "?"})
        wanted = {text.rpartition("/")[2].partition("|")[0] if name == "url" else text for text in value.split(",")}
        chosen = [one for one in chosen if _OF_STRUCTURES[name](one) & wanted]
    found = list(chosen)
    page = [questionnaire_for(one) for one in found[offset : offset + limit]]
    others = [pair for pair in call.query if pair[0] not in ("_offset", "_format", "_pretty")]
    links = [{"relation": "self", "url": _address(call, [*others, ("_offset", str(offset))])}]
    if limit and offset + limit < len(found):
        links.append({"relation": "next", "url": _address(call, [*others, ("_offset", str(offset + limit))])})
    return Reply(resource=searchset([matched(call, one, "match") for one in page], links, len(found)))


def self_link(host: Host, call: Call, wish: Asked) -> dict[str, str]:
    """The search as it was understood. One that came in a body does not show in an address."""
    if call.method == "POST" or wish.after is not None:
        return {"relation": "self", "url": cursor(host, call, wish.pairs, wish.after)}
    return {"relation": "self", "url": _address(call, wish.pairs)}


def _address(call: Call, pairs: Iterable[tuple[str, str]]) -> str:
    query = urlencode(list(pairs))
    return f"{call.base}/{call.path['type']}" + (f"?{query}" if query else "")


def searchset(entries: list[dict[str, Any]], links: list[dict[str, str]], total: int | None) -> dict[str, Any]:
    """The Bundle of a page of a search."""
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    bundle |= {"total": total} if total is not None else {}
    return bundle | {"link": links} | ({"entry": entries} if entries else {})


def matched(call: Call, body: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The entry of a resource in the Bundle of a search."""
    url = f"{call.base}/{body['resourceType']}/{body['id']}"
    return {"fullUrl": url, "resource": body, "search": {"mode": mode}}


def shortened(host: Host, body: Mapping[str, Any], elements: tuple[str, ...]) -> Mapping[str, Any]:
    """The elements asked for, and those that the type cannot do without, marked so; all when none are asked for."""
    if not elements:
        return body
    kept = {"resourceType", "id", "meta", *elements, *_mandatory(host, body["resourceType"])}
    meta = {**body["meta"], "tag": [*body["meta"].get("tag", ()), _SUBSETTED]}
    return {key: value for key, value in body.items() if key in kept} | {"meta": meta}


def _mandatory(host: Host, kind: str) -> set[str]:
    definition = host.definitions.resource_type(kind)
    listed = definition["snapshot"]["element"] if definition is not None else []
    paths = [one["path"].split(".") for one in listed if one.get("min")]
    return {path[1] for path in paths if len(path) == 2}


def _included(host: Host, call: Call, wish: Asked, matches: list[Found]) -> Iterator[Mapping[str, Any]]:
    """The resources that the matches point at, and those that point at them, each once."""
    seen = {(one.entry.type, one.entry.name) for one in matches}
    for body in (*_pointed_at(host, call, wish, matches), *_pointing(host, call, wish, matches)):
        key = (body["resourceType"], body["id"])
        if key not in seen:
            seen.add(key)
            yield body


def _pointed_at(host: Host, call: Call, wish: Asked, matches: list[Found]) -> Iterator[Mapping[str, Any]]:
    viewer = host.viewer(call)
    for include in wish.includes:
        kind, _, name = include.partition(":")
        parameter = TYPES[kind].parameter(name)
        for one in matches if parameter is not None and kind == call.path["type"] else []:
            shown = host.library.shown(one.entry.document_id, viewer)
            for path in parameter.paths if parameter else ():
                for value in values_at(one.body, path):
                    target = tuple(str(value.get("reference", "")).split("/")) if isinstance(value, dict) else ()
                    if parameter and shown and _may_follow(call, parameter, target, shown):
                        yield shown.resources[target[0], target[1]].body


def _pointing(host: Host, call: Call, wish: Asked, matches: list[Found]) -> Iterator[Mapping[str, Any]]:
    targets = tuple(f"{one.entry.type}/{one.entry.name}" for one in matches)
    for revinclude in wish.revincludes if targets else ():
        kind, _, name = revinclude.partition(":")
        if allows(call.client.scopes, kind, "s"):
            search_ = Search(kind, [Criterion(name, targets)], _MOST_OF_A_CLIENT)
            yield from (one.body for one in find(host.parts.store, host.library, search_, host.viewer(call)).found)


def _may_follow(call: Call, parameter: Parameter, target: tuple[str, ...], shown: Shown) -> bool:
    """True when the document holds the target, and the caller may read its type."""
    return (
        len(target) == 2
        and target in shown.resources
        and target[0] in parameter.targets
        and allows(call.client.scopes, target[0], "r")
    )
